//! Runs a story, and calls the judge at every step.

use std::collections::{BTreeMap, BTreeSet};

use bus::Queue;
use domain::{Month, PartnerId};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use kaseya_simulator::{Calls, Change, ContractStatus, Endpoint, Fault, Step};
use messages::{field, v1};
use proptest::test_runner::TestCaseError;

use crate::{
    judge::{Judge, Tally},
    partner::{
        ACCOUNT, Company, OTHER_ACCOUNT, PARTNER, PRODUCTS, Partner, SECOND, Target, line_again, line_of,
        tenant,
    },
    services::{Move, PASSWORD, Services},
    story::{Event, Person, Story},
};

/// For this long before the invoices no hand in Kaseya's pages edits the lines: no program can report what it cannot
/// have read in time.
const QUIET: i64 = 50;

/// An action due at an instant.
#[derive(Debug, Clone)]
enum Action {
    Count(Date),
    FinalCount(Date),
    Decide,
    Event(Event),
    Invoice(Month),
    Up,
    On,
    PasswordBack,
}

struct Life<'a> {
    story: &'a Story,
    services: Services,
    partner: Partner,
    judge: Judge,
    agenda: BTreeMap<(Timestamp, usize), Action>,
    invoices: Vec<Timestamp>,
    decisions: u32,
    requests: u32,
    strays: u32,
    part: bool,
    /// Days with an incomplete report.
    parts_missing: BTreeSet<Date>,
}

/// Runs a story. An error is a wrong invoice or a wrong colour, with the log of events before it.
pub async fn live(story: &Story) -> Result<Tally, TestCaseError> {
    let begins = Date::new(2026, story.month, story.first_day).expect("a day");
    let partner = Partner::new(story);
    let now = partner.at(begins, 0);
    let services = Services::start(now, tenant(story, begins)).await;
    services.run(&partner.settings(story, &services.kaseya.base_url(), now)).await;
    if let Some(form) = story.form {
        services.set_line_profile(&testkit::line_profiles()[form].1).await;
    }
    let mut life = Life {
        story,
        services,
        partner,
        judge: Judge::new(story),
        agenda: BTreeMap::new(),
        invoices: Vec::new(),
        decisions: 0,
        requests: 0,
        strays: 0,
        part: false,
        parts_missing: BTreeSet::new(),
    };
    life.plan(begins);
    let outcome = life.go_on().await;
    let Life { services, judge, .. } = life;
    services.end().await;
    outcome.map_err(|error| match error {
        TestCaseError::Fail(reason) => TestCaseError::fail(format!("{reason}\n{}", judge.log())),
        rejected => rejected,
    })?;
    Ok(judge.tally)
}

impl Life<'_> {
    fn put(&mut self, at: Timestamp, action: Action) {
        let place = self.agenda.len() + self.judge.log_lines();
        let free = (place..).find(|place| !self.agenda.contains_key(&(at, *place)));
        self.agenda.insert((at, free.expect("numbers go on")), action);
    }

    fn plan(&mut self, begins: Date) {
        let (story, mut month) = (self.story, Month::of(begins));
        let tenant = jiff::tz::TimeZone::get(story.zones.tenant).expect("a zone");
        for _ in 0..story.months {
            let day = month.next().first_day().with().day(story.invoice_day).build().expect("a day");
            let at = day.to_zoned(tenant.clone()).expect("a midnight").timestamp() + 8.hours();
            self.invoices.push(at);
            self.put(at, Action::Invoice(month));
            if let Some(hours) = story.final_after {
                let last = month.last_day();
                let over = self.partner.at(last.tomorrow().expect("a day"), 0);
                self.put(over + hours.hours() + 20.minutes(), Action::FinalCount(last));
            }
            month = month.next();
        }
        let ends = *self.invoices.last().expect("an invoice");
        let mut day = begins;
        while self.partner.at(day, 10) < ends {
            self.put(self.partner.at(day, 10), Action::Decide);
            self.put(self.partner.at(day, 22), Action::Count(day));
            day = day.tomorrow().expect("a day");
        }
        for (day, hour, event) in &story.events {
            let at = self.partner.at(begins, 24 * day + hour) + 30.minutes();
            if at < ends {
                self.put(at, Action::Event(event.clone()));
            }
        }
    }

    async fn go_on(&mut self) -> Result<(), TestCaseError> {
        let last = *self.invoices.last().expect("an invoice");
        self.step().await?;
        while let Some(((at, _), action)) = self.agenda.pop_first() {
            if at > last {
                break;
            }
            self.go_to(at).await?;
            self.act(action, at).await?;
        }
        Ok(())
    }

    /// Lets time pass, with a stop wherever something may be due by itself.
    async fn go_to(&mut self, until: Timestamp) -> Result<(), TestCaseError> {
        loop {
            let now = self.services.now();
            let next = self.next_stop(now).await.min(until);
            if next > now {
                self.services.clock.set(next);
                self.step().await?;
            }
            if next >= until {
                return Ok(());
            }
        }
    }

    /// The next instant at which something waiting continues, or a check is due: every hour around a freeze and
    /// before invoices, otherwise every six.
    async fn next_stop(&self, now: Timestamp) -> Timestamp {
        let frozen = self.partner.today(now);
        let near = frozen == frozen.last_of_month()
            || frozen.day() == 1
            || self.invoices.iter().any(|at| (-40..=1).contains(&now.duration_since(*at).as_hours()));
        let hours = if near { 1 } else { 6 };
        let look = now + hours.hours();
        let sql = format!(
            "select min(at) as at from (
                 select min(not_before) as at from jobs where state = 'ready' and not_before > '{now}'
                 union all select min(next_run_at) from schedules where next_run_at > '{now}') due"
        );
        let due = self.services.query(&sql).await;
        let due = due[0].get::<Option<Timestamp>>("at").expect("an instant or none");
        due.map_or(look, |due| due.min(look))
    }

    async fn step(&mut self) -> Result<(), TestCaseError> {
        self.services.settle().await?;
        self.judge.look(&self.services).await
    }

    async fn act(&mut self, action: Action, at: Timestamp) -> Result<(), TestCaseError> {
        self.judge.observe(&self.services);
        match action {
            Action::Count(day) => {
                let mut report = self.partner.count(day, at, false);
                if std::mem::take(&mut self.part) {
                    self.judge.note(at, format!("of the report of {day} a part is missing"));
                    self.parts_missing.insert(day);
                    report.parts = Some(2);
                    report.companies.truncate(1);
                }
                self.services.send(Queue::Counts, &report).await;
                if let Some(report) = self.partner.count_of_second(day, at) {
                    self.services.send(Queue::Counts, &report).await;
                }
            }
            Action::FinalCount(day) => {
                let counted_at = self.partner.at(day, 23) + 30.minutes();
                let report = self.partner.count(day, counted_at, true);
                self.judge.note(at, format!("the final count of {day}"));
                self.services.send(Queue::Counts, &report).await;
            }
            Action::Decide => self.decide(at).await,
            Action::Event(event) => {
                self.judge.note(at, format!("{event:?}"));
                self.happens(event, at).await;
            }
            Action::Invoice(month) => return self.invoice(month).await,
            Action::Up => {
                self.judge.note(at, "Kaseya is there again".to_owned());
                self.in_kaseya(|state| state.behaviour.script.clear());
            }
            Action::On => {
                self.judge.note(at, "on again".to_owned());
                self.services.switch(&partner(PARTNER), true).await;
            }
            Action::PasswordBack => {
                self.judge.note(at, "the password is right again, and saved again".to_owned());
                self.change(Change::Password(PASSWORD.to_owned()));
                let saved = "update integrations set credentials_version = credentials_version + 1,
                                 credentials_refused_code = null, credentials_refused_at = null";
                self.services.run(saved).await;
            }
        }
        self.judge.observe(&self.services);
        self.step().await
    }

    async fn invoice(&mut self, month: Month) -> Result<(), TestCaseError> {
        self.judge.note(self.services.now(), format!("{month} is invoiced"));
        let invoices = self.services.kaseya.invoice(month.first_day()).expect("a state without a file");
        let period = match self.story.billing {
            domain::Billing::Arrears => month.first_day(),
            domain::Billing::Advance => month.next().first_day(),
        };
        let mut charged: BTreeMap<Target, f64> = BTreeMap::new();
        for invoice in invoices {
            for line in invoice.lines.iter().filter(|line| line.period == period) {
                *charged.entry((invoice.contract, line.service)).or_default() += line.quantity;
            }
        }
        self.judge.invoice(&self.services, month, &self.partner.owed(), &charged).await
    }

    /// A person decides on all holds.
    async fn decide(&mut self, at: Timestamp) {
        let decision = match self.story.person {
            Person::Approves => v1::HoldDecision::Approve,
            Person::Dismisses => v1::HoldDecision::Dismiss,
            Person::Waits => return,
        };
        let held = self
            .services
            .query("select partner_id, hold_id::text as hold, from_units, to_units from holds where state = 'open'")
            .await;
        for row in &held {
            self.decisions += 1;
            let hold: String = row.get("hold").expect("an id");
            let units: i32 = row.get("to_units").expect("units");
            self.judge.note(at, format!("a person decides: {decision:?} {units}"));
            let decided = v1::HoldDecided {
                decision_id: format!("d{}", self.decisions),
                partner_id: row.get("partner_id").expect("an id"),
                hold_id: hold,
                decision: decision.into(),
                decided_by: "Anna".to_owned(),
                units: Some(units.unsigned_abs()),
                from_units: Some(row.get("from_units").expect("units")),
                ..v1::HoldDecided::default()
            };
            self.services.send(Queue::SyncRequests, &decided).await;
        }
    }

    /// The id of a false report.
    fn stray(&mut self) -> String {
        self.strays += 1;
        let id = format!("stray-{}", self.strays);
        self.services.doubtful.push(id.clone());
        id
    }

    fn target(&self, company: usize, product: usize) -> Option<Target> {
        let company = &self.partner.companies[company % self.partner.companies.len()];
        company.contract.map(|contract| (contract, PRODUCTS[product].1))
    }

    fn company(&mut self, company: usize) -> &mut Company {
        let companies = self.partner.companies.len();
        &mut self.partner.companies[company % companies]
    }

    fn in_kaseya(&self, edit: impl FnOnce(&mut kaseya_simulator::State)) {
        self.services.kaseya.edit(edit).expect("a state without a file");
    }

    /// Changes something in Kaseya's pages; a missing object is skipped.
    fn change(&self, change: Change) {
        let _ = self.services.kaseya.apply(&change);
    }

    /// Like `change`, for a line or contract, unless it is too late for any program to see it.
    fn by_hand(&mut self, contract: i32, change: Change) {
        let now = self.services.now();
        if self.invoices.iter().any(|at| (0..QUIET).contains(&at.duration_since(now).as_hours())) {
            self.judge.note(now, "not so shortly before the invoices".to_owned());
        } else {
            self.judge.edited(contract, now);
            self.change(change);
        }
    }

    async fn happens(&mut self, event: Event, at: Timestamp) {
        let today = self.partner.today(at);
        match event {
            Event::Users { company, product, users } => self.company(company).users[product] = users,
            Event::Switch { company, from, users } => {
                let of = &mut self.company(company).users;
                let users = of[from].min(users);
                of[from] -= users;
                of[1 - from] += users;
            }
            Event::Grows { company, product, by, days } => {
                self.company(company).grows = Some((product, by, today + days.days()));
            }
            Event::Uncounted { company, days } => self.company(company).uncounted_until = today + days.days(),
            Event::Empty { company, days } => self.company(company).empty_until = today + days.days(),
            Event::Licences { company, days } => self.company(company).licences_until = today + days.days(),
            Event::Part => self.part = true,
            Event::LateFinal { company, product, users } => {
                self.late_final(company, product, users, at).await
            }
            Event::ProductMapped if !self.partner.mapped[0] => {
                self.partner.mapped[0] = true;
                self.services.run(&Partner::product_mapped(PARTNER, 0)).await;
            }
            Event::ProductMapped => {}
            Event::Remapped { company } => {
                let of = self.company(company);
                if let Some(contract) = of.contract {
                    let other = Partner::other_contract(contract);
                    of.contract = Some(other);
                    let sql = of.mapped_to(other, at);
                    self.services.run(&sql).await;
                }
            }
            Event::Unmapped { company } => {
                let of = self.company(company);
                of.contract = None;
                let sql = format!(
                    "delete from company_mappings where partner_id = '{PARTNER}' and company_id = '{}'",
                    of.id
                );
                self.services.run(&sql).await;
            }
            Event::Joins { company, users } => {
                let Some(contract) = self.company(company).contract else { return };
                let joining = Company::joining(format!("n{}", self.partner.companies.len()), contract, users);
                let sql = [joining.known(), joining.mapped_to(contract, at)].concat();
                self.services.run(&sql).await;
                self.partner.companies.push(joining);
            }
            Event::SecondPartner { company, users } => {
                let Some(contract) = self.company(company).contract else { return };
                self.judge.starts_over();
                if self.partner.second.replace((contract, users)).is_none() {
                    let base = self.services.kaseya.base_url();
                    let sql = Partner::second_partner(self.story, &base, at, contract);
                    self.services.run(&sql).await;
                }
                if let Some(report) =
                    self.partner.count_of_second(today.yesterday().expect("a day"), at - 1.hour())
                {
                    self.services.send(Queue::Counts, &report).await;
                }
                self.sync_now(SECOND, None).await;
            }
            Event::SyncNow { expires } => {
                self.sync_now(PARTNER, expires.map(|minutes| at + minutes.minutes())).await
            }
            Event::AnotherKaseya { more } => {
                let contracts = Partner::contracts(self.story);
                self.judge.starts_over();
                self.services.another_kaseya(&contracts, more).await;
            }
            Event::AddressMoves { during, more } => {
                let contracts = Partner::contracts(self.story);
                self.judge.starts_over();
                self.services.moves = Some(Move { during, contracts, more });
            }
            Event::Expires { minutes, down_hours } => {
                self.put(at, Action::Event(Event::Down { hours: down_hours }));
                self.put(at, Action::Event(Event::SyncNow { expires: Some(minutes) }));
            }
            Event::OldFile { company, users } => self.old_file(company, users, at).await,
            Event::EarlyFinal { users } => {
                let id = self.stray();
                let report = self.partner.early_final(id, at, users);
                self.services.send(Queue::Counts, &report).await;
            }
            Event::StrayFinal { company, users } => {
                let month = Month::of(today).previous();
                let begins = Date::new(2026, self.story.month, 1).expect("a day");
                if month < Month::of(begins) {
                    let id = self.stray();
                    let report = self.partner.stray_final(id, month.last_day(), at, (company, users));
                    self.services.send(Queue::Counts, &report).await;
                }
            }
            Event::WrongClock { hours } => self.services.wrong_clock(SignedDuration::from_hours(hours)),
            Event::WorkerDies { writes } => self.services.dies_after = Some(writes),
            Event::Off { hours } => {
                self.services.switch(&partner(PARTNER), false).await;
                self.put(at + hours.hours(), Action::On);
            }
            Event::WriteFails { nth, how } => self.services.kaseya.fail(Endpoint::WriteLine, nth, how),
            Event::ReadFails { endpoint, nth, how } => self.services.kaseya.fail(endpoint, nth, how),
            Event::Down { hours } => {
                let down = Endpoint::ALL.map(|endpoint| Step {
                    endpoint,
                    calls: Calls::From(1),
                    fault: Fault::BadGateway,
                });
                self.in_kaseya(|state| state.behaviour.script.extend(down));
                self.put(at + hours.hours(), Action::Up);
            }
            Event::PasswordChanged { hours } => {
                self.change(Change::Password("another".to_owned()));
                self.services.kaseya.revoke_tokens();
                self.put(at + hours.hours(), Action::PasswordBack);
            }
            event => self.happens_in_kaseya(event),
        }
    }

    fn happens_in_kaseya(&mut self, event: Event) {
        match event {
            Event::Edited { company, product, units } => {
                self.change_line(company, product, |contract, line| Change::Units {
                    contract,
                    line,
                    units: units.into(),
                });
            }
            Event::LineGoes { company, product } => {
                self.change_line(company, product, |contract, line| Change::LineGoes { contract, line });
            }
            Event::LineTwice { company, product } => {
                self.change_line(company, product, |contract, line| Change::LineTwice { contract, line });
            }
            Event::Price { company, product, price } => {
                self.change_line(company, product, |contract, line| Change::Price {
                    contract,
                    line,
                    unit_price: price,
                });
            }
            Event::CountsItself { company, product, units } => {
                let units = Some(units.into());
                self.change_line(company, product, |contract, line| Change::CountsItself {
                    contract,
                    line,
                    units,
                });
            }
            Event::LineComesBack { company, product } => {
                let Some(target) = self.target(company, product) else { return };
                self.judge.starts_over();
                self.in_kaseya(|state| {
                    let contract = state.contract_mut(target.0).expect("a contract of the story");
                    if !contract.lines.iter().any(|line| line.service == target.1) {
                        let line = line_again(contract, target);
                        contract.lines.push(line);
                    }
                });
            }
            Event::Contract { company, active } => {
                let Some((contract, _)) = self.target(company, 0) else { return };
                let status = if active { ContractStatus::Active } else { ContractStatus::Inactive };
                self.by_hand(contract, Change::ContractBecomes { contract, status });
            }
            Event::ContractMoves { company, away } => {
                let Some((contract, _)) = self.target(company, 0) else { return };
                let account = if away { OTHER_ACCOUNT } else { ACCOUNT };
                self.by_hand(contract, Change::ContractMoves { contract, account });
            }
            Event::Account { active } => self.by_hand(0, Change::AccountBecomes { account: ACCOUNT, active }),
            Event::AccountRenamed { number } => self.in_kaseya(|state| {
                state.accounts[0].name = format!("Account {number}");
            }),
            other => unreachable!("{other:?} does not happen in Kaseya"),
        }
    }

    fn change_line(&mut self, company: usize, product: usize, change: impl FnOnce(i32, i32) -> Change) {
        if let Some(target) = self.target(company, product) {
            self.by_hand(target.0, change(target.0, line_of(target)));
        }
    }

    /// The provider corrects the last day of the month that ended, early enough to be seen before the invoice.
    async fn late_final(&mut self, company: usize, product: usize, users: u32, at: Timestamp) {
        let month = Month::of(self.partner.today(at)).previous();
        let next = self.invoices.iter().find(|invoice| **invoice > at);
        let soon = next.is_none_or(|invoice| invoice.duration_since(at).as_hours() < 6);
        let begun = self.invoices.first().is_some_and(|first| {
            let invoiced = Month::of(self.partner.today(*first)).previous();
            month >= invoiced
        });
        if soon || !begun {
            self.judge.note(at, "too late or too early for that".to_owned());
            return;
        }
        let company = company % self.partner.companies.len();
        self.partner.corrected(company, product, users);
        let report = self.partner.late_report(month.last_day(), at);
        self.services.send(Queue::Counts, &report).await;
    }

    /// A file with counts of the newest month's last day, or of yesterday, that the provider has since reported.
    async fn old_file(&mut self, company: usize, users: u32, at: Timestamp) {
        let today = self.partner.today(at);
        let begins = Date::new(2026, self.story.month, self.story.first_day).expect("a day");
        let ended = Month::of(today).previous().last_day();
        let day = match today {
            last if last == last.last_of_month() => last,
            _ if ended >= begins => ended,
            other => other.yesterday().expect("a day"),
        };
        if day < begins || self.parts_missing.contains(&day) || !self.partner.is_wholly_counted(day, at) {
            self.judge.note(at, "there would be nothing older than it".to_owned());
            return;
        }
        let company = company % self.story.companies.len();
        let id = self.partner.companies[company].id.clone();
        let midnight = self.partner.at(day, 0);
        self.services.apply_report(day, midnight, &id, users).await;
    }

    async fn sync_now(&mut self, partner: &str, expires_at: Option<Timestamp>) {
        use v1::company_selection::Selection;
        self.requests += 1;
        let request = v1::SyncRequested {
            request_id: format!("q{}", self.requests),
            partner_id: partner.to_owned(),
            companies: Some(v1::CompanySelection { selection: Some(Selection::All(v1::AllCompanies {})) }),
            mode: v1::SyncMode::Apply.into(),
            requested_by: "Anna".to_owned(),
            expires_at: expires_at.map(field::wire_instant),
            must_include_report_id: None,
        };
        self.services.send(Queue::SyncRequests, &request).await;
    }
}

fn partner(id: &str) -> PartnerId {
    PartnerId::new(id).expect("an id")
}

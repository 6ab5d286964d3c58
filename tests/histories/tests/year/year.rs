//! Runs a history and checks its invoices.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use domain::{ContractId, Month, ServiceId};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use kaseya_simulator::Invoice;
use messages::{field, v1};
use proptest::test_runner::TestCaseError;
use scheduler::content::{KnownTarget, contract_work};
use testkit::Clock;

use crate::{
    history::{Event, History, PRODUCTS, Person},
    partner::{CUT_OFF_HOUR, FIRST_DAY, Partner, contract_of, instant, line_of, tenant},
    services::Services,
};

/// The results of the targets at their invoices.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Charged correctly, and shown so.
    pub right: u32,
    /// Not sent, by the state and code of the rows.
    pub held: BTreeMap<String, u32>,
    /// Changes that were written.
    pub changed: usize,
}

impl Tally {
    pub fn held(&self) -> u32 {
        self.held.values().sum()
    }

    pub fn add(&mut self, other: &Self) {
        self.right += other.right;
        for (said, times) in &other.held {
            *self.held.entry(said.clone()).or_default() += times;
        }
        self.changed += other.changed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { right, changed, .. } = self;
        write!(f, "{changed} changes written; {right} charges right, {} not sent and said so:", self.held())?;
        self.held.iter().try_for_each(|(said, times)| write!(f, " {said} {times}"))
    }
}

/// The person who edits lines in Kaseya.
const BY_HAND: &str = "someone@msp.example";

/// State and code of a company's product, as its row shows them.
#[derive(Debug, Clone)]
struct Row {
    state: String,
    code: Option<String>,
    /// The row says that the line counts only from a later day.
    counts_later: bool,
}

impl Row {
    fn said(&self) -> String {
        match &self.code {
            Some(code) => format!("{}:{code}", self.state),
            None => self.state.clone(),
        }
    }
}

struct Year<'a> {
    history: &'a History,
    partner: Partner,
    services: Services,
    /// By contract and service, then by company.
    rows: BTreeMap<(i32, i32), BTreeMap<String, Row>>,
    runs: u64,
    attempts: u32,
    dies_after: Option<u32>,
    tally: Tally,
}

/// Runs a history; an error is a wrong invoice.
pub async fn live(history: &History) -> Result<Tally, TestCaseError> {
    let clock = Clock::starting(instant(FIRST_DAY, 0));
    let services = Services::start(clock, tenant(history)).await;
    let partner = Partner::new(history);
    let (rows, tally) = (BTreeMap::new(), Tally::default());
    let mut year = Year { history, partner, services, rows, runs: 0, attempts: 0, dies_after: None, tally };
    let mut month = Month::of(FIRST_DAY);
    for _ in &history.months {
        year.month(month).await?;
        month = month.next();
    }
    year.invoice(month.previous()).await?;
    year.only_what_was_permitted_was_written()?;
    Ok(year.tally)
}

impl Year<'_> {
    /// A month, with the invoices of the previous one.
    async fn month(&mut self, month: Month) -> Result<(), TestCaseError> {
        let at = usize::try_from(month.first_day().month() - 1).expect("a month");
        let mut invoiced = month.first_day() == FIRST_DAY;
        let events = &self.history.months[at].events;
        for (place, (day, event)) in events.iter().enumerate() {
            if !invoiced && *day >= self.history.invoice_day {
                self.invoice(month.previous()).await?;
                invoiced = true;
            }
            let today = month.first_day().with().day(*day).build().expect("a day of every month");
            self.services.clock.set(instant(today, 10));
            self.happens(event, today);
            let last_of_day = events.get(place + 1).is_none_or(|(next, _)| next > day);
            if last_of_day {
                self.night_after(today).await;
            }
        }
        if !invoiced {
            self.invoice(month.previous()).await?;
        }
        if self.history.months[at].person == Person::Approves {
            self.services.clock.set(instant(month.last_day(), 10));
            self.fixes();
        }
        // The month's last day, the night after it, and the freeze in the morning.
        self.night_after(month.last_day()).await;
        self.partner.freeze(month);
        self.services.clock.set(instant(month.next().first_day(), CUT_OFF_HOUR) + 5.minutes());
        self.sync().await;
        Ok(())
    }

    fn happens(&mut self, event: &Event, today: Date) {
        let companies = self.partner.companies();
        let line = |company: usize, product: usize| {
            let contract = contract_of(&self.history.companies, company % companies);
            (contract, line_of(contract, PRODUCTS[product].1))
        };
        let (kaseya, now) = (&self.services.kaseya, self.services.now());
        match event {
            Event::Users { company, product, users } => {
                self.partner.users(company % companies)[*product] = *users;
            }
            Event::Switch { company, from, users } => {
                let of = self.partner.users(company % companies);
                let users = of[*from].min(*users);
                of[*from] -= users;
                of[1 - from] += users;
            }
            Event::Edit { company, product, units, from_today } => {
                let (contract, line) = line(*company, *product);
                kaseya
                    .edit(|state| {
                        let Some(present) = state.line_mut(contract, line) else { return };
                        let mut line = present.clone();
                        line.units = *units;
                        if *from_today {
                            line.effective_date = line.effective_date.max(today);
                        }
                        // A page edit follows the same rules as our API calls; a refused edit changes nothing.
                        let _ = state.write_line(contract, line, now, BY_HAND);
                    })
                    .expect("a state without a file");
            }
            Event::CountsItself { company, product, units } => {
                let (contract, line) = line(*company, *product);
                kaseya
                    .edit(|state| {
                        if let Some(line) = state.line_mut(contract, line) {
                            line.counts_itself = Some(f64::from(*units));
                        }
                    })
                    .expect("a state without a file");
            }
            Event::LineGone { company, product } => {
                let (contract, line) = line(*company, *product);
                kaseya
                    .edit(|state| {
                        let contract = state.contract_mut(contract).expect("a contract");
                        contract.lines.retain(|present| present.id != line);
                    })
                    .expect("a state without a file");
            }
            Event::Active { company, active } => {
                let (contract, _) = line(*company, 0);
                kaseya
                    .edit(|state| {
                        state.contract_mut(contract).expect("a contract").status = if *active {
                            kaseya_simulator::ContractStatus::Active
                        } else {
                            kaseya_simulator::ContractStatus::Inactive
                        };
                    })
                    .expect("a state without a file");
            }
            Event::Uncounted { company, until } => {
                let until = today.with().day(*until).build().expect("a day of every month");
                self.partner.uncounted_until(company % companies, until);
            }
            Event::Fails { endpoint, nth, fault } => kaseya.fail(*endpoint, *nth, fault.clone()),
            Event::WorkerDies { writes } => self.dies_after = Some(*writes),
            Event::Closes { company } => self.partner.close(company % companies, today),
        }
    }

    /// A person follows the advice of the rows: contracts are active again, deleted lines are back with 0 units, and
    /// no line counts itself.
    fn fixes(&self) {
        let beginning = tenant(self.history);
        let fix = |state: &mut kaseya_simulator::State| {
            for contract in &mut state.contracts {
                contract.status = kaseya_simulator::ContractStatus::Active;
                for line in &mut contract.lines {
                    line.counts_itself = None;
                }
                let lines = beginning.lines(contract.id).expect("a contract");
                for line in lines {
                    if !contract.lines.iter().any(|present| present.id == line.id) {
                        contract.lines.push(kaseya_simulator::Line { units: 0.0, ..line.clone() });
                    }
                }
            }
        };
        self.services.kaseya.edit(fix).expect("a state without a file");
    }

    /// The day is counted in its evening, and synced in the night.
    async fn night_after(&mut self, today: Date) {
        self.partner.count(today);
        self.services.clock.set(instant(today, 25));
        self.sync().await;
    }

    /// Invoices a month: the sync in the night before, the invoices in the morning.
    async fn invoice(&mut self, month: Month) -> Result<(), TestCaseError> {
        let day = month.next().first_day().with().day(self.history.invoice_day).build().expect("a day");
        let eve = day.yesterday().expect("a day within the calendar");
        if eve > month.last_day() {
            self.night_after(eve).await;
        }
        self.services.clock.set(instant(day, 8));
        let invoices = self.services.kaseya.invoice(month.first_day()).expect("a state without a file");
        self.judge(month, &invoices)
    }

    fn judge(&mut self, month: Month, invoices: &[Invoice]) -> Result<(), TestCaseError> {
        let period = match self.history.billing {
            domain::Billing::Arrears => month.first_day(),
            domain::Billing::Advance => month.next().first_day(),
        };
        let mut charged: BTreeMap<(i32, i32), f64> = BTreeMap::new();
        for invoice in invoices {
            for line in invoice.lines.iter().filter(|line| line.period == period) {
                *charged.entry((invoice.contract, line.service)).or_default() += line.quantity;
            }
        }
        for (target, owed) in self.partner.owed().clone() {
            let rows = self.rows.get(&target);
            // A line keeps a later date that a person gave it, and the row says so: its units are the number owed.
            let told = rows.is_some_and(|rows| rows.values().any(|row| row.counts_later));
            let charged = match told {
                true => self.units(target),
                false => charged.get(&target).copied().unwrap_or_default(),
            };
            let said_in_order = rows.is_some_and(|rows| {
                rows.values().all(|row| matches!(row.state.as_str(), "changed" | "unchanged"))
            });
            if said_in_order {
                if (charged - f64::from(owed)).abs() > 1e-6 {
                    return Err(TestCaseError::fail(format!(
                        "{month}: contract and service {target:?} is charged with {charged}, {owed} is owed, and its \
                         rows say {rows:?}"
                    )));
                }
                self.tally.right += 1;
            } else {
                let without_code = rows.into_iter().flat_map(BTreeMap::values).find(|row| {
                    row.code.is_none() && matches!(row.state.as_str(), "held" | "not_sent" | "deferred")
                });
                if let Some(row) = without_code {
                    return Err(TestCaseError::fail(format!("{month}: {target:?} has no code: {row:?}")));
                }
                if rows.is_none() {
                    return Err(TestCaseError::fail(format!("{month}: {target:?} has no row")));
                }
                let said: BTreeSet<String> =
                    rows.into_iter().flat_map(BTreeMap::values).map(Row::said).collect();
                let said = said.into_iter().collect::<Vec<_>>().join("+");
                *self.tally.held.entry(said).or_default() += 1;
            }
        }
        Ok(())
    }

    /// The units on the lines of a service on a contract.
    fn units(&self, (contract, service): (i32, i32)) -> f64 {
        let state = self.services.kaseya.state();
        let lines = state.lines(contract).expect("a contract");
        lines.iter().filter(|line| line.service == service).map(|line| line.units).sum()
    }

    /// A sync, and a person's decision on its holds.
    async fn sync(&mut self) {
        self.run().await;
        let month = usize::try_from(self.services.clock_month() - 1).expect("a month");
        let person = self.history.months[month].person;
        let held = !self.services.desk().ledger.held.is_empty();
        if held && person != Person::Waits {
            self.services.desk().ledger.decide(person == Person::Approves);
            let now = self.services.now();
            self.services.clock.set(now + 5.minutes());
            self.run().await;
        }
    }

    /// A run: attempt by attempt until nothing is left, as the ledger would continue it.
    async fn run(&mut self) {
        let mut left: Option<Vec<i32>> = None;
        self.runs += 1;
        for _ in 0..12 {
            let contracts = self.work(left.as_deref());
            if contracts.is_empty() {
                return;
            }
            let all: Vec<i32> = contracts.iter().filter_map(|contract| contract.contract_id).collect();
            self.attempts += 1;
            let done =
                self.services.attempt(self.attempts, self.runs, contracts, self.dies_after.take()).await;
            let Some(done) = done else {
                // Its lease ends.
                let now = self.services.now();
                self.services.clock.set(now + 1.minutes());
                left = Some(all);
                continue;
            };
            self.services.desk().ledger.take_in(&done);
            self.note(&done);
            let Some(over) = done.left_over else { return };
            let not_before =
                field::optional_instant("not_before", over.not_before).expect("an instant or none");
            let now = self.services.now();
            self.services.clock.set(not_before.unwrap_or(now).max(now));
            self.waits(&over);
            left = Some(over.contract_ids);
        }
    }

    /// A worker's input for these contracts, or for all.
    fn work(&mut self, only: Option<&[i32]>) -> Vec<v1::ContractWork> {
        let now = self.services.now();
        let plan = self.partner.plan(now);
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let attempt = self.attempts + 1;
        let mut work = Vec::new();
        for contract in plan.contracts.values() {
            if only.is_some_and(|only| !only.contains(&contract.contract.0)) {
                continue;
            }
            if !contract.needs_worker() {
                // The scheduler itself reports what needs no worker.
                for target in &contract.targets {
                    let (state, code) = ("not_sent".to_owned(), Some("QTY-02".to_owned()));
                    let row = Row { state, code, counts_later: false };
                    let rows = self.rows.entry((contract.contract.0, target.service.0)).or_default();
                    rows.extend(
                        target.addends.iter().map(|addend| (addend.company.to_string(), row.clone())),
                    );
                }
                continue;
            }
            let desk = self.services.desk();
            let standing: BTreeMap<ServiceId, _> = contract
                .targets
                .iter()
                .map(|target| {
                    let key = (contract.contract, target.service);
                    (target.service, desk.ledger.standing(key, attempt, now))
                })
                .collect();
            let content = contract_work(contract, |service| {
                let target = (ContractId(contract.contract.0), service);
                KnownTarget {
                    seen: None,
                    line: None,
                    decided: desk.ledger.decided(target),
                    standing: standing.get(&service),
                    remembered: desk.ledger.remembered(target, today),
                    drift: self.history.drift,
                    shares: desk.ledger.shares(target),
                    changed_fields: &[],
                    begun_pair: desk.ledger.begun_pair(target),
                    invoiced: None,
                    name: None,
                    other_writer: false,
                }
            });
            work.push(v1::ContractWork::from(content));
        }
        work
    }

    fn note(&mut self, done: &v1::JobDone) {
        for outcome in &done.companies {
            let contract = outcome.contract_id.expect("a mapped company");
            for product in &outcome.products {
                let Some(service) = product.service_id else { continue };
                let counts_later = outcome.remarks.iter().any(|remark| {
                    remark.kind == "counts_later" && remark.service.as_ref() == Some(&product.product_id)
                });
                let row = Row { state: product.state.clone(), code: product.code.clone(), counts_later };
                self.rows.entry((contract, service)).or_default().insert(outcome.company_id.clone(), row);
            }
        }
    }

    /// Marks what is handed back as still to do, whatever its previous outcome.
    fn waits(&mut self, over: &v1::LeftOver) {
        let code = over.code.clone().or_else(|| Some("queued".to_owned()));
        let row = Row { state: "deferred".to_owned(), code, counts_later: false };
        for ((contract, _), rows) in &mut self.rows {
            if over.contract_ids.contains(contract) {
                rows.values_mut().for_each(|said| *said = row.clone());
            }
        }
    }

    /// Checks that every number sent to Kaseya had its permit.
    fn only_what_was_permitted_was_written(&mut self) -> Result<(), TestCaseError> {
        let mut history = self.services.kaseya.history();
        history.retain(|write| write.user != BY_HAND);
        self.tally.changed = history.len();
        let desk = self.services.desk();
        for write in &history {
            let permitted = desk.ledger.intents.iter().any(|intent| f64::from(intent.to) == write.to);
            if !permitted {
                return Err(TestCaseError::fail(format!("written without a permit: {write:?}")));
            }
        }
        if history.len() > desk.ledger.intents.len() {
            return Err(TestCaseError::fail("more was written than permitted"));
        }
        Ok(())
    }
}

impl Services {
    pub fn now(&self) -> Timestamp {
        domain::Clock::now(&self.clock)
    }

    fn clock_month(&self) -> i8 {
        self.now().to_zoned(jiff::tz::TimeZone::UTC).month()
    }
}

//! The partner: its settings, its tenant when the story begins, and its true user numbers.

use std::collections::{BTreeMap, BTreeSet};

use domain::BillingRule;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kaseya_simulator::{Billing, Contract, Line, State};
use messages::{field, v1};

use crate::{
    services::{HOST, TENANT, USER, sealed},
    story::Story,
};

pub const PARTNER: &str = "msp";
/// Shares a line with the first partner, once it exists.
pub const SECOND: &str = "msp2";
pub const PRODUCTS: [(&str, i32); 2] = [("advanced", 702), ("standard", 701)];
pub const ACCOUNT: i32 = 301;
/// The account that contracts move to.
pub const OTHER_ACCOUNT: i32 = 302;
pub const FREEZE_HOUR: i64 = 6;
const PRICE: f64 = 3.5;
/// The contract that companies are remapped to.
const SPARE: i32 = 100;

/// Contract and service.
pub type Target = (i32, i32);

/// The true state of one company.
#[derive(Debug, Clone)]
pub struct Company {
    pub id: String,
    pub users: [u32; 2],
    pub rules: [BillingRule; 2],
    /// `None` if not mapped.
    pub contract: Option<i32>,
    /// Whether the company was reported yet.
    pub reported: bool,
    pub uncounted_until: Date,
    pub empty_until: Date,
    pub licences_until: Date,
    pub grows: Option<(usize, u32, Date)>,
}

pub struct Partner {
    pub companies: Vec<Company>,
    pub mapped: [bool; 2],
    pub second: Option<(i32, u32)>,
    zone: TimeZone,
    last_day: BTreeMap<(String, usize), u32>,
    reports: u32,
}

fn first_contract(story: &Story, company: usize) -> i32 {
    if story.companies[company].shares_the_first_contract {
        5001
    } else {
        5001 + i32::try_from(company).expect("a few")
    }
}

pub fn line_of((contract, service): Target) -> i32 {
    contract * 10 + service - 700
}

/// The tenant when the story begins: each contract has a line for each service, with that day's users.
pub fn tenant(story: &Story, begins: Date) -> State {
    let second = if story.one_price { PRICE } else { PRICE + 1.5 };
    let mut builder = State::builder()
        .account(ACCOUNT, "Account")
        .account(OTHER_ACCOUNT, "Other account")
        .service(701, "Standard", PRICE)
        .service(702, "Advanced", second);
    let mut units: BTreeMap<Target, u32> = BTreeMap::new();
    for (company, start) in story.companies.iter().enumerate() {
        for (product, (_, service)) in PRODUCTS.iter().enumerate() {
            let rule = if product == 0 { start.rule } else { BillingRule::default() };
            let billed = rule.billed_units(start.users[product]).unwrap_or_default();
            let contract = first_contract(story, company);
            *units.entry((contract, *service)).or_default() += billed;
            units.entry((contract + SPARE, *service)).or_default();
        }
    }
    let mut named = None;
    for (target, units) in units {
        if named != Some(target.0) {
            builder = builder.contract(target.0, ACCOUNT, "Managed services");
            named = Some(target.0);
        }
        builder = builder.line(line_of(target), target.1, f64::from(units));
    }
    for other in 0..story.other_contracts {
        builder = builder.contract(6000 + other, ACCOUNT, "Other").line(60_000 + other, 701, 1.0);
    }
    let tenant = |state: &mut State| {
        state.time_zone = story.zones.tenant.to_owned();
        let lines = &mut state.behaviour.lines;
        if let Some(form) = story.form {
            lines.follow_profile(&testkit::line_profiles()[form].1).expect("a profile");
        }
        // A list returned whole has no pages.
        lines.largest_page = (story.full_pages && !lines.ignores_paging).then_some(1);
        lines.without_totals = story.full_pages;
        lines.waits_for_effective_date = story.shows_from_its_day;
        for contract in &mut state.contracts {
            contract.billing = match story.billing {
                domain::Billing::Arrears => Billing::Arrears,
                domain::Billing::Advance => Billing::Advance,
            };
            contract.start = begins.first_of_month();
            for line in &mut contract.lines {
                line.effective_date = contract.start;
            }
        }
    };
    builder.with(tenant).build()
}

/// A line of a contract that was deleted, as a person adds it again.
pub fn line_again(contract: &Contract, target: Target) -> Line {
    let services = State::builder().service(701, "Standard", PRICE).service(702, "Advanced", PRICE);
    let state = services.contract(target.0, ACCOUNT, "x").line(line_of(target), target.1, 0.0).build();
    let line = state.lines(target.0).expect("just made")[0].clone();
    Line { effective_date: contract.start, ..line }
}

impl Partner {
    pub fn new(story: &Story) -> Self {
        let companies = story.companies.iter().enumerate().map(|(number, start)| Company {
            id: format!("c{number}"),
            users: start.users,
            rules: [start.rule, BillingRule::default()],
            contract: Some(first_contract(story, number)),
            reported: true,
            uncounted_until: Date::MIN,
            empty_until: Date::MIN,
            licences_until: Date::MIN,
            grows: None,
        });
        Self {
            companies: companies.collect(),
            mapped: [!story.mapped_later, true],
            second: None,
            zone: TimeZone::get(story.zones.counts).expect("a zone"),
            last_day: BTreeMap::new(),
            reports: 0,
        }
    }

    /// The settings as the portal would have stored them.
    pub fn settings(&self, story: &Story, base: &str, now: Timestamp) -> String {
        let (count_zone, invoice_day) = (story.zones.counts, story.invoice_day);
        let mut sql = integration(PARTNER, story, base, now, invoice_day);
        let today = self.zone.to_datetime(now).date();
        let (frequency, weekday, first) = match story.weekly {
            None => ("daily", "null".to_owned(), today),
            Some(weekday) => {
                let ahead =
                    (i64::from(weekday) - i64::from(today.weekday().to_monday_one_offset())).rem_euclid(7);
                ("weekly", weekday.to_string(), today + ahead.days())
            }
        };
        let at = self.at(first, 1);
        let (first, at) = if at <= now {
            let next = first + if story.weekly.is_some() { 7 } else { 1 }.days();
            (next, self.at(next, 1))
        } else {
            (first, at)
        };
        sql.push_str(&format!(
            "insert into schedules (partner_id, frequency, weekday, hour, zone, version, next_nominal, next_run_at)
             values ('{PARTNER}', '{frequency}', {weekday}, 1, '{count_zone}', 1, '{first}', '{at}');
             insert into products values ('{PARTNER}', 'advanced', 'Advanced', null),
                                         ('{PARTNER}', 'standard', 'Standard', null);"
        ));
        for product in 0..2 {
            if self.mapped[product] {
                sql.push_str(&Self::product_mapped(PARTNER, product));
            }
        }
        for company in &self.companies {
            sql.push_str(&company.known());
            if let Some(contract) = company.contract {
                sql.push_str(&company.mapped_to(contract, now));
            }
            let (not_billed, minimum, free) = match company.rules[0] {
                BillingRule::NotBilled => (true, 0, 0),
                BillingRule::Billed { minimum, included_free } => (false, minimum, included_free),
            };
            if company.rules[0] != BillingRule::default() {
                sql.push_str(&format!(
                    "insert into billing_rules values ('{PARTNER}', '{}', 'advanced', {not_billed}, {minimum}, {free}, 'own');",
                    company.id
                ));
            }
        }
        sql
    }

    pub fn product_mapped(partner: &str, product: usize) -> String {
        let (id, service) = PRODUCTS[product];
        format!("insert into product_mappings values ('{partner}', '{id}', {service}, '{id}');")
    }

    /// Another partner of the installation, with its only company on a contract of the first.
    pub fn second_partner(story: &Story, base: &str, now: Timestamp, contract: i32) -> String {
        let mut sql = integration(SECOND, story, base, now, story.invoice_day);
        sql.push_str(&format!(
            "insert into products values ('{SECOND}', 'standard', 'Standard', null);
             insert into companies values ('{SECOND}', 'x1', 'Company X', null);
             insert into company_mappings values ('{SECOND}', 'x1', {ACCOUNT}, 'Account', {contract}, 'Managed services', 1,
                 '{now}');"
        ));
        sql.push_str(&Self::product_mapped(SECOND, 1));
        sql
    }

    /// An hour of a day in the time zone of the counts.
    pub fn at(&self, day: Date, hour: i64) -> Timestamp {
        day.to_zoned(self.zone.clone()).expect("a midnight").timestamp() + hour.hours()
    }

    pub fn today(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// Carries the users of a day over to the next, and returns the provider's report of the day.
    pub fn count(&mut self, day: Date, counted_at: Timestamp, is_final: bool) -> v1::UserCountsReported {
        self.reports += 1;
        for company in &mut self.companies {
            company.reported = true;
            if let Some((product, by, until)) = company.grows
                && !is_final
                && day < until
            {
                company.users[product] += by;
            }
        }
        if day == day.last_of_month() {
            self.remember_last_day(day);
        }
        let companies = self.companies.iter().map(|company| company.counts(day)).collect();
        self.report(day, counted_at, is_final, companies)
    }

    /// The report of the month's last day again, with the corrections.
    pub fn late_report(&mut self, day: Date, counted_at: Timestamp) -> v1::UserCountsReported {
        self.reports += 1;
        let last_day = &self.last_day;
        let companies = self.companies.iter().filter(|company| company.reported).map(|company| {
            let users = [0, 1].map(|product| last_day.get(&(company.id.clone(), product)).copied());
            Company { users: users.map(Option::unwrap_or_default), ..company.clone() }.counts(Date::MAX)
        });
        let companies = companies.collect();
        self.report(day, counted_at, true, companies)
    }

    /// A final report of all companies for a day that is not over: the users so far if the day has begun, otherwise
    /// these users of each product.
    pub fn early_final(&self, id: String, counted_at: Timestamp, users: u32) -> v1::UserCountsReported {
        let today = self.today(counted_at);
        let day = today.last_of_month();
        let companies = self.companies.iter().map(|company| {
            let users = if today == day { company.users } else { [users; 2] };
            Company { users, ..company.clone() }.counts(day)
        });
        let companies = companies.collect();
        v1::UserCountsReported { report_id: id, ..self.report(day, counted_at, true, companies) }
    }

    /// A final report of one company only.
    pub fn stray_final(
        &self,
        id: String,
        day: Date,
        counted_at: Timestamp,
        (company, users): (usize, u32),
    ) -> v1::UserCountsReported {
        let company = &self.companies[company % self.companies.len()];
        let counts = Company { users: [users; 2], ..company.clone() }.counts(Date::MAX);
        v1::UserCountsReported { report_id: id, ..self.report(day, counted_at, true, vec![counts]) }
    }

    /// Whether the provider's report of a day exists, with the users of every company.
    pub fn is_wholly_counted(&self, day: Date, now: Timestamp) -> bool {
        let short = |company: &Company| {
            company.uncounted_until.max(company.empty_until).max(company.licences_until) > day
        };
        self.at(day, 22) < now && !self.companies.iter().any(short)
    }

    fn report(
        &self,
        day: Date,
        counted_at: Timestamp,
        is_final: bool,
        companies: Vec<v1::CompanyCounts>,
    ) -> v1::UserCountsReported {
        v1::UserCountsReported {
            partner_id: PARTNER.to_owned(),
            report_id: format!("r{}", self.reports),
            day: day.to_string(),
            counted_at: Some(field::wire_instant(counted_at)),
            part: Some(1),
            parts: Some(1),
            r#final: Some(is_final),
            companies,
        }
    }

    pub fn count_of_second(&mut self, day: Date, counted_at: Timestamp) -> Option<v1::UserCountsReported> {
        let (_, users) = self.second?;
        self.reports += 1;
        let product = v1::ProductCount {
            product_id: "standard".to_owned(),
            product_name: None,
            users: Some(users),
            basis: v1::CountBasis::Users.into(),
        };
        let company =
            v1::CompanyCounts { company_id: "x1".to_owned(), company_name: None, products: vec![product] };
        Some(v1::UserCountsReported {
            partner_id: SECOND.to_owned(),
            report_id: format!("x{}", self.reports),
            day: day.to_string(),
            counted_at: Some(field::wire_instant(counted_at)),
            part: Some(1),
            parts: Some(1),
            r#final: Some(false),
            companies: vec![company],
        })
    }

    /// A product that a complete report does not list counts 0; a count that could not be taken is still owed.
    fn remember_last_day(&mut self, day: Date) {
        let users = self.companies.iter().flat_map(|company| {
            let users = if day < company.empty_until { [0; 2] } else { company.users };
            (0..2).map(move |product| ((company.id.clone(), product), users[product]))
        });
        self.last_day = users.collect();
    }

    /// Corrects a number of the month's last day later.
    pub fn corrected(&mut self, company: usize, product: usize, users: u32) {
        self.last_day.insert((self.companies[company].id.clone(), product), users);
    }

    /// The charge due for each mapped target, by the users of the month's last day.
    pub fn owed(&self) -> BTreeMap<Target, u32> {
        let mut owed = BTreeMap::new();
        for company in &self.companies {
            for (product, (_, service)) in PRODUCTS.iter().enumerate() {
                let (Some(contract), true) = (company.contract, self.mapped[product]) else { continue };
                let users = self.last_day.get(&(company.id.clone(), product)).copied().unwrap_or_default();
                if let Some(billed) = company.rules[product].billed_units(users) {
                    *owed.entry((contract, *service)).or_default() += billed;
                }
            }
        }
        owed
    }

    /// The story's contracts, except those that nothing is ever mapped to.
    pub fn contracts(story: &Story) -> BTreeSet<i32> {
        let first = (0..story.companies.len()).map(|company| first_contract(story, company));
        first.flat_map(|contract| [contract, contract + SPARE]).collect()
    }

    /// The other contract for a company.
    pub fn other_contract(contract: i32) -> i32 {
        if contract < 5000 + SPARE { contract + SPARE } else { contract - SPARE }
    }
}

impl Company {
    pub fn joining(id: String, contract: i32, users: u32) -> Self {
        Self {
            id,
            users: [0, users],
            rules: [BillingRule::default(); 2],
            contract: Some(contract),
            reported: false,
            uncounted_until: Date::MIN,
            empty_until: Date::MIN,
            licences_until: Date::MIN,
            grows: None,
        }
    }

    pub fn known(&self) -> String {
        let id = &self.id;
        format!("insert into companies values ('{PARTNER}', '{id}', 'Company {id}', null);")
    }

    pub fn mapped_to(&self, contract: i32, now: Timestamp) -> String {
        format!(
            "insert into company_mappings values ('{PARTNER}', '{}', {ACCOUNT}, 'Account', {contract}, 'Managed services', 1,
                 '{now}')
             on conflict (partner_id, company_id) do update
                 set contract_id = excluded.contract_id, version = company_mappings.version + 1, edited_at = '{now}';",
            self.id
        )
    }

    /// The company's counts as the provider reports them on a day.
    fn counts(&self, day: Date) -> v1::CompanyCounts {
        let basis = if day < self.licences_until { v1::CountBasis::Licences } else { v1::CountBasis::Users };
        let uncounted = day < self.uncounted_until;
        let products = PRODUCTS.iter().enumerate().map(|(product, (id, _))| v1::ProductCount {
            product_id: (*id).to_owned(),
            product_name: None,
            users: (!uncounted).then_some(self.users[product]),
            basis: basis.into(),
        });
        let products = if day < self.empty_until { Vec::new() } else { products.collect() };
        v1::CompanyCounts { company_id: self.id.clone(), company_name: None, products }
    }
}

fn integration(partner: &str, story: &Story, base: &str, now: Timestamp, invoice_day: i8) -> String {
    let billing = match story.billing {
        domain::Billing::Arrears => "arrears",
        domain::Billing::Advance => "advance",
    };
    let drift = match story.drift {
        domain::DriftPolicy::Ask => "ask",
        domain::DriftPolicy::SendOurs => "send_ours",
    };
    let (sealed, count_zone) = (sealed(partner, base), story.zones.counts);
    format!(
        "insert into partners (partner_id, name, count_zone) values ('{partner}', 'MSP', '{count_zone}');
         insert into integrations (partner_id, host, v2_base, v1_base, tenant, user_name, sealed_password,
             credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
             brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
             call_share_percent, saved_at, drift_policy)
         values ('{partner}', '{HOST}', '{base}', '{base}/api', '{TENANT}', '{USER}', '{sealed}', 1, 'on',
                 '{billing}', {invoice_day}, true, {FREEZE_HOUR}, 7, 5, 20, 25, 100, 5, 100, '{now}', '{drift}');"
    )
}

//! The partner: its settings, its counts, and the invoices it should get.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, BillingRule, CompanyId, ContractId, Credentials, IntegrationSettings, IntegrationState,
    InvoiceDay, Month, PartnerId, ProductId, ReportId, ServiceId,
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kaseya_simulator::State;
use scheduler::partner_plan::{Counts, PartnerPlan, plan_partner};
use store::{
    counts::{
        CompanyReport,
        month_ends::{FrozenCount, FrozenMonth},
    },
    settings::{
        Company, CompanyMapping, Contract, Integration, PartnerSettings, Product, ProductBilling,
        ProductMapping, StoredPassword,
    },
};

use crate::history::{CompanyStart, History, PRODUCTS};

pub const CUT_OFF_HOUR: i64 = 6;
const ACCOUNT: i32 = 301;
const PRICE: f64 = 3.5;
/// The first day of every history.
pub const FIRST_DAY: Date = jiff::civil::date(2026, 1, 1);

/// One company's users, and its day of leaving.
struct Users {
    of_product: [u32; 2],
    closed_from: Option<Date>,
    uncounted_until: Option<Date>,
    contract: i32,
    rules: [BillingRule; 2],
}

pub struct Partner {
    settings: PartnerSettings,
    users: Vec<Users>,
    newest: BTreeMap<CompanyId, CompanyReport>,
    /// The newest report of each company up to the last day of the month that ended.
    newest_of_month: BTreeMap<CompanyId, CompanyReport>,
    frozen: Option<FrozenMonth>,
    owed: BTreeMap<(i32, i32), u32>,
}

pub fn contract_of(companies: &[CompanyStart], company: usize) -> i32 {
    if companies[company].shares_the_first_contract {
        5001
    } else {
        5001 + i32::try_from(company).expect("a few")
    }
}

pub fn line_of(contract: i32, service: i32) -> i32 {
    contract * 10 + service - 700
}

fn company_id(company: usize) -> CompanyId {
    CompanyId::new(format!("c{company}")).expect("an id")
}

fn product_id(product: usize) -> ProductId {
    ProductId::new(PRODUCTS[product].0).expect("an id")
}

fn service(product: usize) -> ServiceId {
    ServiceId(PRODUCTS[product].1)
}

/// The tenant when the year begins: each contract has a line for each service, with that day's users.
pub fn tenant(history: &History) -> State {
    let mut builder = State::builder().account(ACCOUNT, "Account").service(701, "Standard", PRICE).service(
        702,
        "Advanced",
        PRICE + 1.5,
    );
    let mut units: BTreeMap<(i32, i32), u32> = BTreeMap::new();
    for (company, start) in history.companies.iter().enumerate() {
        for (product, (_, service)) in PRODUCTS.iter().enumerate() {
            let billed = rule(start, product).billed_units(start.users[product]).unwrap_or_default();
            *units.entry((contract_of(&history.companies, company), *service)).or_default() += billed;
        }
    }
    let mut contract = None;
    for ((of, service), units) in units {
        if contract != Some(of) {
            builder = builder.contract(of, ACCOUNT, "Managed services");
            contract = Some(of);
        }
        builder = builder.line(line_of(of, service), service, f64::from(units));
    }
    builder
        .with(|state| {
            for contract in &mut state.contracts {
                contract.billing = match history.billing {
                    domain::Billing::Arrears => kaseya_simulator::Billing::Arrears,
                    domain::Billing::Advance => kaseya_simulator::Billing::Advance,
                };
                contract.start = FIRST_DAY;
                for line in &mut contract.lines {
                    line.effective_date = FIRST_DAY;
                }
            }
        })
        .build()
}

fn rule(start: &CompanyStart, product: usize) -> BillingRule {
    if product == 0 { start.rule } else { BillingRule::default() }
}

impl Partner {
    pub fn new(history: &History) -> Self {
        let mapped = |product: usize| Product {
            name: PRODUCTS[product].0.to_owned(),
            mapping: Some(ProductMapping {
                service: service(product),
                service_name: PRODUCTS[product].0.to_owned(),
            }),
        };
        let companies = history.companies.iter().enumerate().map(|(number, start)| {
            let contract = Contract {
                id: ContractId(contract_of(&history.companies, number)),
                name: "Managed services".to_owned(),
            };
            let mapping = CompanyMapping {
                account: AccountId(ACCOUNT),
                account_name: "Account".to_owned(),
                contract,
                product_contracts: BTreeMap::new(),
                version: 1,
            };
            let billing = ProductBilling { rule: start.rule, note: Some("own use".to_owned()) };
            let company = Company {
                name: format!("Company {number}"),
                closed_from: None,
                mapping: Some(mapping),
                billing_rules: [(product_id(0), billing)].into(),
            };
            (company_id(number), company)
        });
        let settings = PartnerSettings {
            partner: PartnerId::new("msp").expect("an id"),
            name: "MSP".to_owned(),
            count_zone: TimeZone::UTC,
            count_basis: domain::CountBasis::Users,
            integration: Some(integration(history)),
            schedule: None,
            products: (0..2).map(|product| (product_id(product), mapped(product))).collect(),
            companies: companies.collect(),
            contract_billing: BTreeMap::new(),
        };
        let users = history.companies.iter().enumerate().map(|(company, start)| Users {
            of_product: start.users,
            closed_from: None,
            uncounted_until: None,
            contract: contract_of(&history.companies, company),
            rules: [rule(start, 0), rule(start, 1)],
        });
        let users = users.collect();
        let (newest, newest_of_month, owed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { settings, users, newest, newest_of_month, frozen: None, owed }
    }

    pub fn companies(&self) -> usize {
        self.users.len()
    }

    pub fn users(&mut self, company: usize) -> &mut [u32; 2] {
        &mut self.users[company].of_product
    }

    pub fn uncounted_until(&mut self, company: usize, until: Date) {
        self.users[company].uncounted_until = Some(until);
    }

    /// A company leaves: it has no users from the next day on.
    pub fn close(&mut self, company: usize, today: Date) {
        let from = today.tomorrow().expect("a day within the calendar");
        self.users[company].closed_from.get_or_insert(from);
        let company = self.settings.companies.get_mut(&company_id(company)).expect("a company");
        company.closed_from.get_or_insert(from);
    }

    /// The provider counts a day, late in the evening.
    pub fn count(&mut self, day: Date) {
        for (company, users) in self.users.iter().enumerate() {
            let counted_at = instant(day, 22);
            let closed = users.closed_from.is_some_and(|from| from <= day);
            let uncounted = users.uncounted_until.is_some_and(|until| day < until);
            // Nothing is reported for a company that has left.
            if closed {
                continue;
            }
            let report = CompanyReport {
                report: ReportId::new(format!("r{day}")).expect("an id"),
                day,
                counted_at,
                is_final: false,
                users: (0..2)
                    .map(|product| (product_id(product), (!uncounted).then_some(users.of_product[product])))
                    .collect(),
            };
            self.newest.insert(company_id(company), report);
        }
        if day == day.last_of_month() {
            self.newest_of_month = self.newest.clone();
            self.owed = self.owed_on(day);
        }
    }

    /// The cut-off: freezes the last day's counts.
    pub fn freeze(&mut self, month: Month) {
        let last = month.last_day();
        let frozen_at = instant(month.next().first_day(), CUT_OFF_HOUR);
        let companies = self.settings.companies.keys().map(|company| {
            let report = self.newest.get(company).filter(|report| report.day == last);
            let counts = (0..2).map(|product| {
                let count = FrozenCount {
                    users: report.and_then(|report| report.users[&product_id(product)]),
                    day: last,
                    counted_at: report.map_or(frozen_at, |report| report.counted_at),
                    report: report.map(|report| report.report.clone()),
                };
                (product_id(product), count)
            });
            (company.clone(), counts.collect())
        });
        self.frozen = Some(FrozenMonth {
            month,
            frozen_at,
            companies: companies.collect(),
            newcomers: BTreeSet::new(),
        });
    }

    /// What the contracts should hold now, by the scheduler's plan.
    pub fn plan(&self, now: Timestamp) -> PartnerPlan {
        let integration = self.settings.integration.as_ref().expect("set up");
        let frozen_at = |month| {
            self.frozen.as_ref().filter(|frozen| frozen.month == month).map(|frozen| frozen.frozen_at)
        };
        let month_end = integration.month_end();
        let phase =
            month_end.phase(now, frozen_at, integration.settings.invoice_day, self.settings.invoice_zones());
        // The first month has no month before it.
        let phase = match phase {
            domain::MonthPhase::Frozen(month) | domain::MonthPhase::Closing(month)
                if month.last_day() < FIRST_DAY =>
            {
                domain::MonthPhase::Open
            }
            phase => phase,
        };
        let (newest, frozen) = match phase {
            domain::MonthPhase::Open => (&self.newest, None),
            domain::MonthPhase::Closing(_) => (&self.newest_of_month, None),
            domain::MonthPhase::Frozen(_) => (&self.newest_of_month, self.frozen.clone()),
        };
        let counts = Counts { phase, newest: newest.clone(), frozen, other_basis: BTreeSet::new() };
        plan_partner(&self.settings, integration, &counts, now)
    }

    /// The charge due for each service on each contract for the month that ended: by the users on its last day,
    /// however that was counted. Products that are not billed are left out.
    pub fn owed(&self) -> &BTreeMap<(i32, i32), u32> {
        &self.owed
    }

    fn owed_on(&self, day: Date) -> BTreeMap<(i32, i32), u32> {
        let mut owed = BTreeMap::new();
        for users in &self.users {
            let closed = users.closed_from.is_some_and(|from| from <= day);
            for (product, (_, service)) in PRODUCTS.iter().enumerate() {
                let billed = match users.rules[product].billed_units(users.of_product[product]) {
                    Some(_) if closed => 0,
                    Some(billed) => billed,
                    None => continue,
                };
                *owed.entry((users.contract, *service)).or_default() += billed;
            }
        }
        owed
    }
}

fn integration(history: &History) -> Integration {
    Integration {
        credentials: Credentials {
            host: String::new(),
            v2_base: None,
            v1_base: None,
            tenant: String::new(),
            user_name: String::new(),
            password: StoredPassword::default(),
        },
        credentials_version: 1,
        settings: IntegrationSettings {
            freeze_hour: u32::try_from(CUT_OFF_HOUR).expect("an hour"),
            max_count_age_days: 7,
            call_share_percent: 100,
            drift: history.drift,
            ..IntegrationSettings::new(history.billing, InvoiceDay::new(history.invoice_day).expect("a day"))
        },
        state: IntegrationState::On,
        count_zone: TimeZone::UTC,
        line_profile: None,
        kaseya_zone: None,
        credentials_refused: None,
    }
}

/// An hour of a day.
pub fn instant(day: Date, hour: i64) -> Timestamp {
    day.to_zoned(TimeZone::UTC).expect("a midnight").timestamp() + hour.hours()
}

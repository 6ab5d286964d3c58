//! Advice on statuses and holds, from the facts in the store.

use std::collections::BTreeMap;

use advice::{Advice, Facts, Language, Money, Reader, advise};
use domain::{
    Brake, CompanyId, CompanyState, ContractId, CountBasis, ErrorCode, ProductOutcome, ServiceId, Wait,
};
use jiff::{Timestamp, ToSpan as _, Zoned, civil::Date, tz::TimeZone};
use store::{
    StoreError, Transaction,
    counts::{self, CompanyReport},
    holds::{self, HoldRow},
    settings::PartnerSettings,
    statuses::CompanyStatus,
    targets::{
        KnownLine, known_lines,
        leftovers::{self, TargetNames},
    },
};

/// How many days back to look for the last count.
const COUNTED: i64 = 60;

/// The facts that advice is made from.
pub struct Advising<'a> {
    settings: &'a PartnerSettings,
    lines: BTreeMap<(ContractId, ServiceId), KnownLine>,
    counts: BTreeMap<CompanyId, CompanyReport>,
    /// The targets that holds were opened for, with their names at that time: nothing may be mapped to them any
    /// more.
    held: BTreeMap<(ContractId, ServiceId), TargetNames>,
    now: Zoned,
}

impl<'a> Advising<'a> {
    /// Reads the lines' prices and the last counts.
    pub async fn read(
        tx: &Transaction<'_>,
        settings: &'a PartnerSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut contracts: Vec<ContractId> = contracts(settings).map(|contract| contract.id).collect();
        let held = holds::standing_holds(tx, &settings.partner).await?;
        let held: Vec<ContractId> = held.iter().map(|hold| hold.contract).collect();
        contracts.extend(&held);
        let today = settings.count_zone.to_datetime(now).date();
        let from = today.saturating_sub(COUNTED.days());
        Ok(Self {
            settings,
            lines: known_lines(tx, &settings.partner, &contracts).await?,
            counts: counts::newest(tx, &settings.partner, from, today).await?,
            held: leftovers::names(tx, &settings.partner, &held).await?,
            now: now.to_zoned(settings.zone().clone()),
        })
    }

    /// What the numbers count.
    pub fn count_basis(&self) -> CountBasis {
        self.settings.count_basis
    }

    /// A company's state with its facts.
    pub fn state(&self, row: &CompanyStatus, language: Language) -> String {
        let mut facts = self.company(row);
        // A company's units are shown only if exactly one of its lines changes.
        let mut moving = row.products.iter().filter(|product| product.from != product.to.map(f64::from));
        if let (Some(product), None) = (moving.next(), moving.next()) {
            facts = Facts { units_from: product.from, units_to: product.to, ..facts };
        }
        advice::state(row.state, &facts, &self.reader(language))
    }

    /// What the run waits for, in a sentence.
    pub fn wait(&self, wait: &Wait, language: Language) -> String {
        advice::wait(wait, &self.reader(language))
    }

    /// The advice on a company and contract: once for each of its codes, and once per target if the code is about a
    /// target.
    pub fn of_company(&self, row: &CompanyStatus, language: Language) -> Vec<Advice> {
        let remarks = self.remarks(row, language);
        let company = Facts {
            kaseya_says: row.kaseya_says.clone(),
            found: (!remarks.is_empty()).then(|| remarks.join(" ")),
            ..self.company(row)
        };
        self.advised(row, &company, language)
    }

    /// The same for places that show the remarks and Kaseya's words next to the advice, not in it: Kaseya's words
    /// are in a language of their own.
    pub fn alone(&self, row: &CompanyStatus, language: Language) -> Vec<Advice> {
        self.advised(row, &self.company(row), language)
    }

    fn advised(&self, row: &CompanyStatus, company: &Facts, language: Language) -> Vec<Advice> {
        let Some(of_row) = row.code else {
            return Vec::new();
        };
        let mut by_code: BTreeMap<ErrorCode, Vec<&ProductOutcome>> = BTreeMap::from([(of_row, Vec::new())]);
        for product in &row.products {
            // We have no advice for a code from a newer program.
            if let Some(code) = product.code.as_deref().and_then(|code| code.parse().ok()) {
                by_code.entry(code).or_default().push(product);
            }
        }
        let reader = self.reader(language);
        let mut all = Vec::new();
        for (code, products) in by_code {
            if !is_about_a_target(code) || products.is_empty() {
                let users = products.iter().filter_map(|product| product.users).reduce(u32::saturating_add);
                all.push(advise(code, &Facts { users, ..company.clone() }, &reader));
                continue;
            }
            all.extend(products.into_iter().map(|product| {
                let facts = self.product(row, product, code, company.clone());
                advise(code, &facts, &reader)
            }));
        }
        all
    }

    /// The remarks, one sentence each.
    pub fn remarks(&self, row: &CompanyStatus, language: Language) -> Vec<String> {
        let reader = self.reader(language);
        row.remarks.iter().map(|remark| advice::remark(remark, &reader)).collect()
    }

    /// The time zone of the times shown.
    pub fn zone(&self) -> &TimeZone {
        self.now.time_zone()
    }

    /// The advice on a hold.
    pub fn of_hold(&self, hold: &HoldRow, language: Language) -> Advice {
        let facts = Facts {
            company: self.names(hold).into_iter().next(),
            contract: self.contract_of(hold),
            service: self.service_of(hold),
            units_from: Some(hold.from_units),
            units_to: Some(hold.to_units),
            money_per_month: self.money(hold.contract, hold.service, hold.from_units, hold.to_units),
            deadline: self.deadline(),
            effective_day: Some(hold.effective_date),
            brake: Some(hold.brake),
            dismissed: hold.state == "dismissed",
            ..Facts::default()
        };
        let code = match hold.brake {
            Brake::SetElsewhere => ErrorCode::Svc04,
            _ if facts.dismissed => ErrorCode::Qty01,
            Brake::PlanSwitch => ErrorCode::Map03,
            Brake::Drift => ErrorCode::Drf01,
            Brake::BillingCycle => ErrorCode::Per01,
            Brake::LaterFinal => ErrorCode::Qty05,
            Brake::FallToZero | Brake::LargeChange | Brake::ManyCompanies | Brake::Leftover => {
                ErrorCode::Qty01
            }
        };
        advise(code, &facts, &self.reader(language))
    }

    fn reader(&self, language: Language) -> Reader {
        Reader { language, now: self.now.clone() }
    }

    /// What a held change adds to or takes from the monthly bill, if the line's price is known.
    pub fn money_of(&self, hold: &HoldRow) -> Option<Money> {
        self.money(hold.contract, hold.service, hold.from_units, hold.to_units)
    }

    /// The names of the companies whose counts make up a held number.
    pub fn names(&self, hold: &HoldRow) -> Vec<String> {
        let name = |company: &CompanyId| {
            let known = self.settings.companies.get(company);
            known.map_or_else(|| company.to_string(), |known| known.name.clone())
        };
        hold.companies.iter().map(name).collect()
    }

    /// The name of a held change's service when it was mapped.
    pub fn service_of(&self, hold: &HoldRow) -> Option<String> {
        let names = || self.held.get(&(hold.contract, hold.service));
        self.service(hold.service).or_else(|| names().map(|names| names.service_name.clone()))
    }

    fn contract_of(&self, hold: &HoldRow) -> Option<String> {
        let names = || self.held.get(&(hold.contract, hold.service));
        self.contract(hold.contract).or_else(|| names().map(|names| names.contract_name.clone()))
    }

    /// A service's name when it was mapped.
    fn service(&self, service: ServiceId) -> Option<String> {
        let mut mappings = self.settings.products.values().filter_map(|product| product.mapping.as_ref());
        mappings.find(|mapping| mapping.service == service).map(|mapping| mapping.service_name.clone())
    }

    fn contract(&self, contract: ContractId) -> Option<String> {
        contracts(self.settings).find(|known| known.id == contract).map(|known| known.name.clone())
    }

    /// The facts about the whole row, without its codes and remarks.
    fn company(&self, row: &CompanyStatus) -> Facts {
        let zone = self.now.time_zone();
        Facts {
            company: Some(row.name.clone()),
            account: row.account.as_ref().map(|(_, name)| name.clone()),
            contract: row.contract.as_ref().map(|(_, name)| name.clone()),
            host: self.settings.integration.as_ref().map(|integration| integration.credentials.host.clone()),
            last_sent_day: row.last_sync.map(|at| zone.to_datetime(at).date()),
            next_try: row.deferred_until,
            deadline: self.deadline(),
            sent: row.state.is_accepted(),
            ..Facts::default()
        }
    }

    /// The same, plus the facts about one of its products.
    fn product(
        &self,
        row: &CompanyStatus,
        product: &ProductOutcome,
        code: ErrorCode,
        company: Facts,
    ) -> Facts {
        let service = product.service.map(ServiceId);
        let contract = row.contract.as_ref().map(|(contract, _)| *contract);
        let money = || self.money(contract?, service?, product.from?, product.to?);
        let (last_count, last_count_day) = match code {
            ErrorCode::Qty02 => self.last_count(row, product),
            _ => (None, None),
        };
        // A missing count is looked for again at the next scheduled run at the latest.
        let scheduled = self.settings.schedule.as_ref().map(|schedule| schedule.next_run_at);
        let next_try = match code {
            ErrorCode::Qty02 => company.next_try.or(scheduled),
            _ => company.next_try,
        };
        let known = |known: &domain::ProductId| known.as_str() == product.product;
        Facts {
            product: self
                .settings
                .products
                .iter()
                .find(|(id, _)| known(id))
                .map_or_else(|| Some(product.product.clone()), |(_, product)| Some(product.name.clone())),
            service: service.and_then(|service| self.service(service)),
            users: product.users,
            units_from: product.from,
            units_to: product.to,
            money_per_month: money(),
            last_count,
            last_count_day,
            next_try,
            effective_day: product.effective,
            brake: product.brake.as_deref().and_then(Brake::parse),
            dismissed: product.state == CompanyState::NotSent.as_str(),
            sent: CompanyState::parse(&product.state).is_some_and(CompanyState::is_accepted),
            ..company
        }
    }

    fn last_count(&self, row: &CompanyStatus, product: &ProductOutcome) -> (Option<u32>, Option<Date>) {
        let Some(report) = self.counts.get(&row.company) else {
            return (None, None);
        };
        let listed = report.users.iter().find(|(id, _)| id.as_str() == product.product);
        // A report is complete: a product that it does not list counts 0. A product that it lists without a number
        // does not.
        (listed.map_or(Some(0), |(_, users)| *users), Some(report.day))
    }

    /// The difference at the line's price, in cents. Kaseya's lines do not state a currency.
    fn money(&self, contract: ContractId, service: ServiceId, from: f64, to: u32) -> Option<Money> {
        let price = self.lines.get(&(contract, service))?.unit_price?;
        let cents = ((f64::from(to) - from) * price * 100.0).round();
        /// Above this a double is no longer exact.
        const MOST: f64 = 9.0e15;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and its size was looked at")]
        let cents = (cents.abs() < MOST).then_some(cents as i64)?;
        Some(Money { cents, currency: None })
    }

    /// The last day on which a decision is in time: the day before the invoices are made, or the invoice day
    /// itself.
    fn deadline(&self) -> Option<Date> {
        let invoice_day = self.settings.integration.as_ref()?.settings.invoice_day.get();
        let today = self.now.date();
        let this_month = today.with().day(invoice_day).build().ok()?;
        if this_month == today {
            return Some(today);
        }
        let next = if this_month > today { this_month } else { this_month.saturating_add(1.month()) };
        next.yesterday().ok()
    }
}

/// Whether a code is about one target, not the whole contract or company.
fn is_about_a_target(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Svc01
            | ErrorCode::Svc02
            | ErrorCode::Svc03
            | ErrorCode::Svc04
            | ErrorCode::Drf01
            | ErrorCode::Prc01
            | ErrorCode::Per01
            | ErrorCode::Per03
            | ErrorCode::Qty01
            | ErrorCode::Qty02
            | ErrorCode::Qty03
            | ErrorCode::Qty04
            | ErrorCode::Qty05
            | ErrorCode::Map02
            | ErrorCode::Map03
            | ErrorCode::Map04
            | ErrorCode::Net02
            | ErrorCode::Unk01
    )
}

fn contracts(settings: &PartnerSettings) -> impl Iterator<Item = &store::settings::Contract> {
    let mappings = settings.companies.values().filter_map(|company| company.mapping.as_ref());
    mappings.flat_map(|mapping| std::iter::once(&mapping.contract).chain(mapping.product_contracts.values()))
}

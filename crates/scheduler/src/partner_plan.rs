//! Plans what a partner's contracts should hold, from the partner's settings and its counts. Pure.
//!
//! A target's wanted units are the sum over all companies and products mapped to it, each by its billing rule,
//! whichever companies were requested. A product that is not billed is no addend: a line that held only that product
//! is a leftover, and a person decides about it. A mapped company has all mapped products: a product that its newest
//! complete report does not list counts 0. A product that only the report lists becomes a note with its number, and
//! makes no target.
//!
//! A count is missing, and its target unknown, when the count could not be taken, when no report covers the company,
//! or when the report is too old. `domain::choose_count` decides which count is sent when, also around a month's end
//! and for closed companies.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Addend, BillingRule, CompanyId, ContractId, KnownCounts, Month, MonthPhase, ProductId, Remark,
    ServiceId, UserCount, Wanted, choose_count, effective_date, is_name_of, wanted_units,
};
use jiff::{Timestamp, civil::Date};
use store::{
    counts::{CompanyReport, month_ends::FrozenMonth},
    settings::{Company, CompanyMapping, Contract, Integration, PartnerSettings},
    targets::leftovers::ApprovedLeftover,
};

/// The counts that a plan is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Which counts may be sent now.
    pub phase: MonthPhase,
    /// The newest complete report of each company; while a month is closing, the newest up to its last day.
    pub newest: BTreeMap<CompanyId, CompanyReport>,
    /// The frozen counts of the month with the open window.
    pub frozen: Option<FrozenMonth>,
    /// Counts of another basis than the partner bills; they are missing for that reason.
    pub other_basis: BTreeSet<(CompanyId, ProductId)>,
}

/// What a partner's contracts should hold at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PartnerPlan {
    /// Every contract that a company or one of its products is mapped to, and every contract with a leftover that a
    /// person approved to be set to 0.
    pub contracts: BTreeMap<ContractId, ContractPlan>,
    /// Companies without account and contract. Closed companies are left out.
    pub unmapped: BTreeMap<CompanyId, UnmappedCompany>,
}

/// What one contract should hold.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractPlan {
    /// Id of the contract in Kaseya.
    pub contract: ContractId,
    /// The mapped account.
    pub account: AccountId,
    /// The account's name at the time of mapping.
    pub account_name: String,
    /// The contract's name at the time of mapping.
    pub name: String,
    /// Whether a person has chosen the billing of this very contract (D-12).
    pub billing_chosen: bool,
    /// Companies with an addend or a note here, and companies that have neither anywhere and are mapped to this
    /// contract.
    pub companies: BTreeSet<CompanyId>,
    /// One per service, ordered by service. Empty when no product is mapped.
    pub targets: Vec<TargetPlan>,
    /// Products without a service that have users, or an unknown number of them.
    pub notes: Vec<UnmappedProduct>,
    /// Products that their company's rule excludes from billing.
    pub unbilled: Vec<UnbilledProduct>,
    /// Two mappings that cannot both be right: two accounts of the contract, or two names of one id. Nothing is sent
    /// (MAP-05).
    pub contradiction: Option<Remark>,
}

/// What one service on a contract should hold.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetPlan {
    /// Id of the service in Kaseya.
    pub service: ServiceId,
    /// The service's name at the time of mapping.
    pub service_name: String,
    /// The addends of the wanted units, by company and product.
    pub addends: Vec<Addend>,
    /// Sum of the addends.
    pub wanted: Wanted,
    /// The day from which a change counts, before the start of the contract and of the line are considered. `None`
    /// without any count, and when the count's month is already invoiced (PER-01).
    pub effective_date: Option<Date>,
    /// What a person approved where nothing is mapped here any more (D-13). There is then no addend, and the wanted
    /// units are the approved 0.
    pub leftover: Option<Leftover>,
    /// Whether one of its counts was counted by another basis than the partner bills (QTY-04).
    pub other_basis: bool,
}

/// A line of ours that a person approved to be set to 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Leftover {
    /// The units on the line when the person approved.
    pub seen: f64,
    /// The companies with users on the line.
    pub companies: BTreeSet<CompanyId>,
}

/// A product of a company that is part of no target (MAP-02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedProduct {
    /// The company with the users.
    pub company: CompanyId,
    /// The product without a service.
    pub product: ProductId,
    /// Users that are not billed because of it; `None` when they could not be counted.
    pub users: Option<u32>,
}

/// A product of a company that is not billed (B-05).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnbilledProduct {
    /// The company with the users.
    pub company: CompanyId,
    /// The product that is not billed.
    pub product: ProductId,
    /// The newest count; `None` when it is missing.
    pub count: Option<UserCount>,
    /// The reason, in the partner's words.
    pub note: String,
}

/// A company without account and contract (MAP-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedCompany {
    /// The day of its newest complete report; `None` when no report is recent enough.
    pub count_day: Option<Date>,
    /// Users by product, as that report lists them.
    pub users: BTreeMap<ProductId, Option<u32>>,
    /// Products that are not billed, with the reason.
    pub not_billed: BTreeMap<ProductId, String>,
}

impl ContractPlan {
    /// Whether a worker can do anything on this contract: at least one target has a number.
    pub fn needs_worker(&self) -> bool {
        self.targets.iter().any(|target| matches!(target.wanted, Wanted::Units(_)))
    }

    /// Its weight in a slice, by the size of the worker's content and of its reply. Both name each company's count;
    /// they add a day, a state and what the line held before.
    pub(crate) fn weight(&self) -> usize {
        /// Approximate bytes of a count or note without its texts.
        const EACH: usize = 400;
        let addends = || self.targets.iter().flat_map(|target| &target.addends);
        let ids = |company: &CompanyId, product: &ProductId| company.as_str().len() + product.as_str().len();
        let counted = addends().map(|addend| EACH + 2 * ids(&addend.company, &addend.product)).sum::<usize>();
        let notes = self.notes.iter().map(|note| EACH + ids(&note.company, &note.product)).sum::<usize>();
        let unbilled =
            self.unbilled.iter().map(|free| EACH + ids(&free.company, &free.product) + free.note.len());
        let names = self.targets.iter().map(|target| 2 * EACH + target.service_name.len()).sum::<usize>()
            + self.name.len()
            + self.account_name.len();
        let counts = addends().count() + self.notes.len() + self.unbilled.len();
        domain::weight(self.targets.len(), counts, EACH + counted + notes + unbilled.sum::<usize>() + names)
    }

    /// Leftovers approved on this contract.
    pub(crate) fn leftovers(&self) -> impl Iterator<Item = &Leftover> {
        self.targets.iter().filter_map(|target| target.leftover.as_ref())
    }
}

impl PartnerPlan {
    /// Adds the leftovers that people approved to be set to 0 in this month, each from its day. A target with an
    /// addend is no leftover, whatever was approved.
    pub(crate) fn add_leftovers(
        &mut self,
        approved: &[ApprovedLeftover],
        effective_date: impl Fn(ContractId) -> Option<Date>,
    ) {
        for ApprovedLeftover { target, seen, effective_date: approved_day, companies } in approved {
            let day = effective_date(target.contract);
            if day.is_some_and(|day| Month::of(day) != Month::of(*approved_day)) {
                continue;
            }
            let contract = self.contracts.entry(target.contract).or_insert_with(|| ContractPlan {
                contract: target.contract,
                account: target.account,
                account_name: target.account_name.clone(),
                name: target.contract_name.clone(),
                // The person who approved the day from which it is 0 has chosen it.
                billing_chosen: true,
                companies: BTreeSet::new(),
                targets: Vec::new(),
                notes: Vec::new(),
                unbilled: Vec::new(),
                contradiction: None,
            });
            if contract.targets.iter().any(|known| known.service == target.service) {
                continue;
            }
            contract.targets.push(TargetPlan {
                service: target.service,
                service_name: target.service_name.clone(),
                addends: Vec::new(),
                wanted: Wanted::Units(0),
                effective_date: day,
                leftover: Some(Leftover { seen: *seen, companies: companies.clone() }),
                other_basis: false,
            });
            contract.targets.sort_by_key(|target| target.service);
        }
    }

    /// Whether a company has users of a product, as far as we know, or would have them on some line: mapped, unmapped
    /// or not billed.
    pub(crate) fn uses(&self, company: &CompanyId, product: &ProductId) -> bool {
        self.contracts.values().any(|contract| {
            let mut addends = contract.targets.iter().flat_map(|target| &target.addends);
            addends.any(|addend| (&addend.company, &addend.product) == (company, product))
                || contract.notes.iter().any(|note| (&note.company, &note.product) == (company, product))
                || contract.unbilled.iter().any(|free| (&free.company, &free.product) == (company, product))
        })
    }
}

/// Plans all contracts of a partner as of `now`.
pub fn plan_partner(
    settings: &PartnerSettings,
    integration: &Integration,
    counts: &Counts,
    now: Timestamp,
) -> PartnerPlan {
    let planner = Planner::new(settings, integration, counts, now);
    let mut plan = PartnerPlan::default();
    for (id, company) in &settings.companies {
        match &company.mapping {
            Some(mapping) => planner.add_company(&mut plan, id, company, mapping),
            None if !planner.is_closed(company) => {
                plan.unmapped.insert(id.clone(), planner.unmapped(id, company));
            }
            None => {}
        }
    }
    for contract in plan.contracts.values_mut() {
        contract.billing_chosen = settings.contract_billing.contains_key(&contract.contract);
        contract.targets.sort_by_key(|target| target.service);
        for target in &mut contract.targets {
            target.wanted = wanted_units(&target.addends);
            target.other_basis = target.addends.iter().any(|addend| {
                let of = (addend.company.clone(), addend.product.clone());
                addend.count.is_none() && counts.other_basis.contains(&of)
            });
            target.effective_date = planner.effective_date(contract.contract, &target.addends);
        }
    }
    plan
}

struct Planner<'a> {
    settings: &'a PartnerSettings,
    integration: &'a Integration,
    counts: &'a Counts,
    now: Timestamp,
    /// Today in the provider's count zone.
    count_today: Date,
}

impl<'a> Planner<'a> {
    fn new(
        settings: &'a PartnerSettings,
        integration: &'a Integration,
        counts: &'a Counts,
        now: Timestamp,
    ) -> Self {
        let count_today = integration.month_end().today(now);
        Self { settings, integration, counts, now, count_today }
    }

    fn add_company(
        &self,
        plan: &mut PartnerPlan,
        id: &CompanyId,
        company: &Company,
        mapping: &CompanyMapping,
    ) {
        let mut seen_somewhere = false;
        for (product_id, product) in &self.settings.products {
            let Some(to) = &product.mapping else { continue };
            let Some(rule) = self.billed_by(company, product_id) else { continue };
            let count = self.count(id, company, product_id);
            let addend = Addend {
                company: id.clone(),
                product: product_id.clone(),
                mapping_version: mapping.version,
                count,
                billed: count.and_then(|count| rule.billed_units(count.users)),
            };
            let contract = contract_entry(plan, mapping, mapping.contract_of(product_id));
            contract.companies.insert(id.clone());
            seen_somewhere = true;
            match contract.targets.iter_mut().find(|target| target.service == to.service) {
                Some(target) => {
                    let twice = two_names(to.service.0, &target.service_name, &to.service_name);
                    contract.contradiction = contract.contradiction.take().or(twice);
                    target.addends.push(addend);
                }
                None => contract.targets.push(TargetPlan {
                    service: to.service,
                    service_name: to.service_name.clone(),
                    addends: vec![addend],
                    wanted: Wanted::Unknown,
                    effective_date: None,
                    leftover: None,
                    other_basis: false,
                }),
            }
        }
        let notes = self.unmapped_products(id, company);
        for note in notes {
            let contract = contract_entry(plan, mapping, mapping.contract_of(&note.product));
            contract.companies.insert(id.clone());
            contract.notes.push(note);
            seen_somewhere = true;
        }
        for (product, note) in not_billed(company) {
            let contract = contract_entry(plan, mapping, mapping.contract_of(&product));
            contract.companies.insert(id.clone());
            let count = self.count(id, company, &product);
            contract.unbilled.push(UnbilledProduct { company: id.clone(), product, count, note });
            seen_somewhere = true;
        }
        if !seen_somewhere {
            contract_entry(plan, mapping, &mapping.contract).companies.insert(id.clone());
        }
    }

    fn unmapped_products(&self, id: &CompanyId, company: &Company) -> Vec<UnmappedProduct> {
        let listed = self.report(id).filter(|_| !self.is_closed(company)).map(|report| &report.users);
        listed
            .into_iter()
            .flatten()
            .filter(|(product, users)| {
                **users != Some(0)
                    && company.billing_rule(product) != BillingRule::NotBilled
                    && self.settings.products.get(product).is_none_or(|known| known.mapping.is_none())
            })
            .map(|(product, users)| UnmappedProduct {
                company: id.clone(),
                product: product.clone(),
                users: *users,
            })
            .collect()
    }

    fn unmapped(&self, id: &CompanyId, company: &Company) -> UnmappedCompany {
        let report = self.report(id);
        UnmappedCompany {
            count_day: report.map(|report| report.day),
            users: report.map(|report| report.users.clone()).unwrap_or_default(),
            not_billed: not_billed(company).collect(),
        }
    }

    /// The billing rule of a product; `None` when it is not billed. For a company that is closed by the day that is
    /// sent, 0 users are 0 units: no minimum applies after the company has left.
    fn billed_by(&self, company: &Company, product: &ProductId) -> Option<BillingRule> {
        match company.billing_rule(product) {
            BillingRule::NotBilled => None,
            rule @ BillingRule::Billed { .. } => {
                let counted_day = self.counts.phase.last_counted_day(self.count_today);
                let closed = company.closed_from.is_some_and(|day| day <= counted_day);
                Some(if closed { BillingRule::default() } else { rule })
            }
        }
    }

    fn is_closed(&self, company: &Company) -> bool {
        company.closed_from.is_some_and(|day| day <= self.count_today)
    }

    /// The company's newest report, unless it is too old.
    fn report(&self, id: &CompanyId) -> Option<&'a CompanyReport> {
        let max_age = i64::from(self.integration.settings.max_count_age_days);
        self.counts
            .newest
            .get(id)
            .filter(|report| i64::from((self.count_today - report.day).get_days()) <= max_age)
    }

    fn count(&self, id: &CompanyId, company: &Company, product: &ProductId) -> Option<UserCount> {
        let known = KnownCounts {
            newest: self.counts.newest.get(id).and_then(|report| reported_count(report, product)),
            frozen: self.counts.frozen.as_ref().and_then(|frozen| frozen_count(frozen, id, product)),
            closed_from: company.closed_from,
        };
        let max_age = self.integration.settings.max_count_age_days;
        choose_count(&known, self.counts.phase, max_age, self.count_today, self.now)
    }

    fn effective_date(&self, contract: ContractId, addends: &[Addend]) -> Option<Date> {
        let newest = addends.iter().filter_map(|addend| addend.count.map(|count| count.day)).max()?;
        let billing = self
            .settings
            .contract_billing
            .get(&contract)
            .copied()
            .unwrap_or(self.integration.settings.billing);
        let invoice_day = self.integration.settings.invoice_day;
        effective_date(billing, invoice_day, newest, self.now, self.settings.invoice_zones(), None, None)
    }
}

fn contract_entry<'p>(
    plan: &'p mut PartnerPlan,
    mapping: &CompanyMapping,
    contract: &Contract,
) -> &'p mut ContractPlan {
    let entry = plan.contracts.entry(contract.id).or_insert_with(|| ContractPlan {
        contract: contract.id,
        account: mapping.account,
        account_name: mapping.account_name.clone(),
        name: contract.name.clone(),
        billing_chosen: false,
        companies: BTreeSet::new(),
        targets: Vec::new(),
        notes: Vec::new(),
        unbilled: Vec::new(),
        contradiction: None,
    });
    if entry.contradiction.is_none() {
        entry.contradiction = contradiction(entry, mapping, contract);
    }
    entry
}

/// How a mapping contradicts the earlier mappings of a contract.
fn contradiction(known: &ContractPlan, mapping: &CompanyMapping, contract: &Contract) -> Option<Remark> {
    if known.account != mapping.account {
        let (told, named) = (known.account_name.clone(), mapping.account_name.clone());
        return Some(Remark::TwoAccounts { id: contract.id.0, told, named });
    }
    two_names(contract.id.0, &known.name, &contract.name)
        .or_else(|| two_names(mapping.account.0, &known.account_name, &mapping.account_name))
}

/// Two names of one id, unless both are the same name or one says nothing.
fn two_names(id: i32, told: &str, named: &str) -> Option<Remark> {
    let agree = is_name_of(told, named) || is_name_of(named, told);
    (!agree).then(|| Remark::TwoNames { id, told: told.to_owned(), named: named.to_owned() })
}

/// The products of a company that are not billed, with the reason.
fn not_billed(company: &Company) -> impl Iterator<Item = (ProductId, String)> {
    let rules = company.billing_rules.iter().filter(|(_, billing)| billing.rule == BillingRule::NotBilled);
    rules.map(|(product, billing)| (product.clone(), billing.note.clone().unwrap_or_default()))
}

/// What a report says of a product: 0 if it does not list it.
fn reported_count(report: &CompanyReport, product: &ProductId) -> Option<UserCount> {
    let users = report.users.get(product).copied().unwrap_or(Some(0))?;
    Some(UserCount { users, day: report.day, counted_at: report.counted_at })
}

/// A frozen count. A product without a row counts 0 if the last day's report covered the company, as in any other
/// report. A company that no report knew by that day counts 0, so that the other companies on its contract are sent.
fn frozen_count(frozen: &FrozenMonth, id: &CompanyId, product: &ProductId) -> Option<UserCount> {
    let products = frozen.companies.get(id);
    let count = products.and_then(|products| products.get(product));
    if let Some((count, users)) = count.and_then(|count| Some((count, count.users?))) {
        return Some(UserCount { users, day: count.day, counted_at: count.counted_at });
    }
    if frozen.newcomers.contains(id) {
        return Some(UserCount { users: 0, day: frozen.month.last_day(), counted_at: frozen.frozen_at });
    }
    if count.is_some() {
        return None;
    }
    let products = products?;
    let covered = products.values().find(|count| count.report.is_some())?;
    Some(UserCount { users: 0, day: covered.day, counted_at: covered.counted_at })
}

#[cfg(test)]
mod billing_tests;
#[cfg(test)]
mod leftover_tests;
#[cfg(test)]
mod tests;

//! What is known of a run's contracts before any of them is read, and which of them therefore need a call of their
//! own.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, CompanyId, ContractId, Evidence, Found, Glance, KnownContract, KnownLine, KnownTarget,
    PartnerId, Remark, Seen, SeenLine, SeenService, ServiceId, ShownContract, UnconfirmedChange,
    full_read_window, glance, is_name_of, is_recurring_services, later_start, plain_name, read_is_due,
};
use jiff::Timestamp;
use messages::job_content::Contract;
use store::{
    StoreError, Transaction,
    kaseya::{
        contracts,
        names::{self, KaseyaNames, NameOf},
        services,
    },
    statuses::readiness,
    targets::{self, Underway, shared},
};

use crate::{
    facts::Facts,
    partner_plan::{ContractPlan, PartnerPlan, TargetPlan},
};

/// What is known of some contracts of a partner, in the form a run uses.
pub(crate) struct Known {
    contracts: BTreeMap<ContractId, contracts::KnownContract>,
    lines: BTreeMap<(ContractId, ServiceId), targets::KnownLine>,
    underway: BTreeMap<ContractId, Vec<Underway>>,
    services: BTreeMap<ServiceId, SeenService>,
    /// The services that were ours at any time.
    ours: BTreeSet<(ContractId, ServiceId)>,
    /// Kaseya's names of the services, contracts and accounts, as far as they were seen.
    names: KaseyaNames,
    /// The other partners of this installation in the tenant.
    others: Vec<PartnerId>,
    /// Targets with a line that another partner of this installation writes.
    of_others: BTreeSet<(ContractId, ServiceId)>,
    window_begun: Option<Timestamp>,
    /// Anything shown before this time says nothing about the next invoice. Read for contracts that were only looked
    /// up.
    fresh_since: Option<Timestamp>,
    now: Timestamp,
}

impl Known {
    pub(crate) async fn read(
        tx: &Transaction<'_>,
        partner: &PartnerId,
        (facts, plan): (&Facts, &PartnerPlan),
        run_number: i64,
        contracts: &[ContractId],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let planned: Vec<&ContractPlan> =
            contracts.iter().filter_map(|contract| plan.contracts.get(contract)).collect();
        let targets: Vec<(ContractId, ServiceId)> = planned
            .iter()
            .flat_map(|planned| planned.targets.iter().map(|target| (planned.contract, target.service)))
            .collect();
        let window =
            full_read_window(facts.integration.settings.invoice_day, now, facts.settings.invoice_zones());
        let mut underway: BTreeMap<ContractId, Vec<Underway>> = BTreeMap::new();
        for change in targets::changes_underway(tx, partner, contracts).await? {
            underway.entry(change.contract).or_default().push(change);
        }
        let contracts_known = contracts::known(tx, partner, run_number, contracts).await?;
        let looked_up = contracts_known.values().any(is_looked_up);
        let fresh_since = match looked_up {
            true => Some(readiness::fresh_since(tx, partner, now).await?),
            false => None,
        };
        let others = shared::beside(tx, partner).await?;
        Ok(Self {
            contracts: contracts_known,
            lines: targets::known_lines(tx, partner, contracts).await?,
            underway,
            services: services::known(tx, partner, run_number).await?,
            ours: targets::known_services(tx, partner, contracts).await?.into_iter().collect(),
            names: kaseya_names_of(tx, partner, &planned).await?,
            of_others: shared::written_by_others(tx, partner, &others, &targets).await?,
            others,
            window_begun: window.map(|(_, begun)| begun),
            fresh_since,
            now,
        })
    }

    /// The line of a target as last seen.
    pub(crate) fn line(&self, target: (ContractId, ServiceId)) -> Option<&targets::KnownLine> {
        self.lines.get(&target)
    }

    /// A service as the run's survey found it in the catalogue.
    pub(crate) fn service(&self, service: ServiceId) -> Option<SeenService> {
        self.services.get(&service).copied()
    }

    /// Whether a contract's targets hold the wanted units, as far as we know without reading it.
    pub(crate) fn glance(&self, plan: &ContractPlan) -> Glance {
        let Some(known) = self.contracts.get(&plan.contract) else { return Glance::Read };
        let seen_by_run = known.seen.as_ref().filter(|_| known.seen_by_run);
        let shown = seen_by_run.and_then(|seen| seen.shown.as_ref());
        let contract = KnownContract {
            seen: match shown {
                None => Seen::Not,
                Some(_) if known.changed_since => Seen::Not,
                Some(shown) => match (shown.total, seen_by_run) {
                    (Some(total), Some(seen)) => Seen::WithTotal { total, at: seen.seen_at },
                    _ => Seen::LookedUp,
                },
            },
            in_order: shown.is_some_and(|shown| is_in_order(shown, known.owner_name.as_deref(), plan))
                && self.is_named(plan)
                && known.owner_account.is_none_or(|owner| owner == plan.account)
                && plan.contradiction.is_none(),
            evidence: known.evidence(),
            expected: known.expected,
            unconfirmed: self.unconfirmed(plan.contract),
            fresh_since: self.fresh_since,
            code_stands: known.code_stands,
            read_due: read_is_due(known.read_at, plan.contract, self.window_begun, self.now),
        };
        let targets: Vec<KnownTarget> =
            plan.targets.iter().map(|target| self.target(plan.contract, target)).collect();
        glance(&contract, &targets)
    }

    /// The last knowledge of a contract's lines; `None` before their first reading.
    pub(crate) fn remembered(&self, contract: ContractId) -> Option<Evidence> {
        self.contracts.get(&contract)?.evidence().map(Evidence::remembered)
    }

    /// The changes of a contract that no reading has shown yet.
    fn unconfirmed(&self, contract: ContractId) -> Vec<UnconfirmedChange> {
        let underway = self.underway.get(&contract).into_iter().flatten();
        let changes = underway.map(|change| {
            let price = self.line((contract, change.service)).and_then(|line| line.unit_price);
            let moves = |price: f64| (f64::from(change.to_units) - change.from_units) * price;
            UnconfirmedChange {
                moves: price.filter(|_| change.is_sent).map(moves),
                is_half: change.is_half,
                read_since: change.read_since,
            }
        });
        changes.collect()
    }

    /// A target's newest change that no reading has shown yet, and whether the result of any such change is unknown.
    fn underway(&self, (contract, service): (ContractId, ServiceId)) -> (Option<&Underway>, bool) {
        let changes = self.underway.get(&contract).into_iter().flatten();
        let of_target: Vec<&Underway> = changes.filter(|change| change.service == service).collect();
        (of_target.last().copied(), of_target.iter().any(|change| !change.is_sent))
    }

    /// Kaseya's names of the services, contracts and accounts, as far as they were seen.
    pub(crate) fn names(&self) -> &KaseyaNames {
        &self.names
    }

    /// The other partners of this installation in the tenant.
    pub(crate) fn others(&self) -> &[PartnerId] {
        &self.others
    }

    /// Whether another partner of this installation writes a target's line.
    pub(crate) fn is_of_other(&self, target: (ContractId, ServiceId)) -> bool {
        self.of_others.contains(&target)
    }

    /// Whether Kaseya's names of a contract and its account match ours, as far as they were seen (G-06).
    fn is_named(&self, plan: &ContractPlan) -> bool {
        let agrees = |named: Option<&String>, told: &str| named.is_none_or(|named| is_name_of(told, named));
        agrees(self.names.contracts.get(&plan.contract.0), &plan.name)
            && agrees(self.names.accounts.get(&plan.account.0), &plan.account_name)
    }

    /// What is known of a target.
    pub(crate) fn target(&self, contract: ContractId, planned: &TargetPlan) -> KnownTarget {
        let (target, wanted) = ((contract, planned.service), planned.wanted);
        let named = self.names.services.get(&planned.service.0);
        let barred =
            self.is_of_other(target) || named.is_some_and(|named| !is_name_of(&planned.service_name, named));
        let (newest, unclear) = self.underway(target);
        let looked_for =
            self.contracts.get(&target.0).is_some_and(|known| known.looked_for.contains(&target.1));
        let sent = newest.filter(|change| change.is_sent && !unclear);
        let found = match self.lines.get(&target) {
            // The newest reading found every known line.
            None if !looked_for => Found::NotLookedFor,
            None => Found::None,
            Some(line) if line.more => Found::Several,
            Some(line) => Found::One(KnownLine {
                units: sent.map_or(line.units, |sent| f64::from(sent.to_units)),
                unit_price: line.unit_price,
            }),
        };
        KnownTarget { wanted, found, unclear, barred }
    }

    /// Remarks on a company's lines on a contract that count from a later day than their units.
    pub(crate) fn later_starts(&self, plan: &ContractPlan, company: &CompanyId) -> Vec<Remark> {
        let shown = self.contracts.get(&plan.contract).and_then(|known| known.seen.as_ref()?.shown.as_ref());
        let contract_start = shown.and_then(|shown| shown.start);
        let of_company = plan
            .targets
            .iter()
            .filter(|target| target.addends.iter().any(|addend| addend.company == *company));
        of_company
            .filter_map(|target| {
                let line_start = self.line((plan.contract, target.service))?.effective_date;
                later_start(&target.service_name, line_start, target.effective_date, contract_start)
            })
            .collect()
    }

    /// The lines of a contract's changes that its total has just confirmed, with the units that this implies.
    pub(crate) fn implied_by_total(&self, contract: ContractId) -> Vec<SeenLine> {
        let seen = self.contracts.get(&contract).and_then(|known| known.seen.as_ref());
        let Some(seen_at) = seen.map(|seen| seen.seen_at) else { return Vec::new() };
        let confirmed = |service: ServiceId| {
            let target = (contract, service);
            let (line, (newest, unclear)) = (self.lines.get(&target)?, self.underway(target));
            let sent = newest.filter(|_| !unclear)?;
            Some(SeenLine {
                contract,
                service,
                line: line.line,
                units: f64::from(sent.to_units),
                unit_price: line.unit_price,
                effective_date: Some(sent.effective_date),
                seen_at,
                is_implied: true,
            })
        };
        let changes = self.underway.get(&contract).into_iter().flatten();
        let services: BTreeSet<ServiceId> = changes.map(|change| change.service).collect();
        services.into_iter().filter_map(confirmed).collect()
    }

    /// Adds to a contract's work what is known apart from its wanted units.
    pub(crate) fn tell(&self, work: Contract, contract: ContractId) -> Contract {
        let Some(known) = self.contracts.get(&contract) else { return work };
        let (first, last) = ((contract, ServiceId(i32::MIN)), (contract, ServiceId(i32::MAX)));
        let ours = self.ours.range(first..=last).map(|(_, service)| *service);
        let work = Contract {
            also_look_for: ours
                .filter(|ours| !work.targets.iter().any(|target| target.service == *ours))
                .collect(),
            ask_account: self.window_begun.is_some() || known.code_stands,
            ask_owner: known.owner_is_open,
            owner_account: known.owner_account,
            owner_name: known.owner_name.clone(),
            ..work
        };
        let mut seen = known.seen.clone();
        if !known.seen_by_run {
            return Contract { last_seen: seen, ..work };
        }
        // A total is no longer valid once a change has moved it.
        if let Some(shown) =
            seen.as_mut().and_then(|seen| seen.shown.as_mut()).filter(|_| known.changed_since)
        {
            shown.total = None;
        }
        Contract { seen, ..work }
    }
}

/// The accounts that share their name with another.
pub(crate) async fn account_twins(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    facts: &Facts,
) -> Result<BTreeSet<AccountId>, StoreError> {
    let shown = names::of_kind(tx, partner, NameOf::Account).await?;
    let shown = shown.iter().map(|(account, name)| (AccountId(*account), name.as_str()));
    let mapped = facts.settings.companies.values().filter_map(|company| company.mapping.as_ref());
    let mapped = mapped.map(|mapping| (mapping.account, mapping.account_name.as_str()));
    Ok(twins(mapped.chain(shown)))
}

/// The accounts that share their name with another, by the names in mappings and in Kaseya.
fn twins<'a>(names: impl Iterator<Item = (AccountId, &'a str)>) -> BTreeSet<AccountId> {
    let mut by_name: BTreeMap<String, BTreeSet<AccountId>> = BTreeMap::new();
    for (account, name) in names {
        by_name.entry(plain_name(name)).or_default().insert(account);
    }
    by_name.into_values().filter(|accounts| accounts.len() > 1).flatten().collect()
}

/// Whether a contract was shown without the total of its lines.
fn is_looked_up(known: &contracts::KnownContract) -> bool {
    known.seen.as_ref().and_then(|seen| seen.shown.as_ref()).is_some_and(|shown| shown.total.is_none())
}

/// Whether everything that a survey showed of a contract is in order. A worker looks into the rest and reports it.
fn is_in_order(shown: &ShownContract, owner_name: Option<&str>, plan: &ContractPlan) -> bool {
    let count_days = plan.targets.iter().flat_map(|target| &target.addends);
    let newest = count_days.filter_map(|addend| addend.count.map(|count| count.day)).max();
    let owner = shown.account_name.as_deref();
    shown.active == Some(true)
        && shown.contract_type.as_deref().is_none_or(is_recurring_services)
        && (owner.is_none() || owner == Some(plan.account_name.as_str()) || owner == owner_name)
        && shown.end.zip(newest).is_none_or(|(end, day)| end >= day)
}

/// Kaseya's names of the services, contracts and accounts of some contracts, as far as they were seen.
async fn kaseya_names_of(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    planned: &[&ContractPlan],
) -> Result<KaseyaNames, StoreError> {
    let targets = planned.iter().flat_map(|contract| &contract.targets);
    let services: Vec<i32> = targets.map(|target| target.service.0).collect();
    let contracts: Vec<i32> = planned.iter().map(|contract| contract.contract.0).collect();
    let accounts: Vec<i32> = planned.iter().map(|contract| contract.account.0).collect();
    Ok(KaseyaNames {
        services: names::known(tx, partner, NameOf::Service, &services).await?,
        contracts: names::known(tx, partner, NameOf::Contract, &contracts).await?,
        accounts: names::known(tx, partner, NameOf::Account, &accounts).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_a23_accounts_of_one_name_are_twins_however_it_is_written() {
        let names = [(301, "Rossi Srl"), (302, "ROSSI  srl"), (303, "Bianchi"), (303, "bianchi")];
        let found = twins(names.into_iter().map(|(account, name)| (AccountId(account), name)));
        assert_eq!(found, BTreeSet::from([AccountId(301), AccountId(302)]));
    }
}

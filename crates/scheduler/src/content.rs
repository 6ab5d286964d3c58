//! The content that a worker receives at start, as true at that moment.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ChangedField, ContractId, DriftPolicy, ErrorCode, JobKind, PairId, PartnerId, Remembered, SeenLine,
    SeenService, ServiceId, TargetShares, Trigger, Wanted, full_read_window, last_invoiced_at,
};
use jiff::ToSpan as _;
use messages::job_content::{
    Contract, Integration, JobContent, LeftBehindProduct, Leftover, Note, SurveyWork, Target, Unbilled,
    WaitingChange,
};
use store::{
    StoreError, Transaction,
    jobs::{self, JobRow},
    settings,
    targets::{
        self, Decided, KnownLine,
        permits::{self, TargetStanding},
        shared,
    },
};

use crate::{
    Context,
    admission::Admitted,
    facts::Facts,
    known::{Known, account_twins},
    partner_plan::{ContractPlan, PartnerPlan, TargetPlan},
};

/// Builds the content of a job that is starting.
pub(crate) async fn job_content(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    job: &JobRow,
    (facts, plan): (&Facts, &PartnerPlan),
    admitted: &Admitted,
) -> Result<JobContent, StoreError> {
    let integration = &facts.integration;
    let contracts = match job.kind {
        JobKind::Survey => Vec::new(),
        JobKind::Work | JobKind::Local => contracts_work(tx, context, partner, job, facts, plan).await?,
    };
    let survey = match job.kind {
        JobKind::Survey => Some(SurveyWork {
            // Pages are counted from 1.
            from_page: usize::try_from(job.survey_page).unwrap_or(1),
            contracts: jobs::unseen(tx, partner, job.run_number, &job.contracts).await?.into_iter().collect(),
            services: mapped_services(job, plan),
        }),
        JobKind::Work | JobKind::Local => None,
    };
    // Three contracts are evidence enough by themselves, unless they are left over from other attempts.
    let tells = job.kind == JobKind::Survey || job.contracts.len() >= 3 && job.attempt == 1;
    let fitting = match tells {
        true => Vec::new(),
        false => store::kaseya::contracts::last_read(tx, partner, &job.contracts, 2).await?,
    };
    Ok(JobContent {
        fitting,
        run: job.run,
        run_number: job.run_number,
        mode: job.mode,
        integration: sealed(integration),
        v2_calls: admitted.calls.v2,
        v1_calls: admitted.calls.v1,
        lease: context.settings.lease,
        issued_at: Some(context.clock.now()),
        slice: context.settings.slice,
        brakes: integration.settings.brakes,
        contracts,
        probing: admitted.probing,
        trigger: job.trigger,
        setbacks: job.setbacks.unsigned_abs(),
        confirm_by_total: survey.is_none()
            && confirms_by_total(job, plan)
            && !is_before_invoice(facts, context.clock.now()),
        survey,
    })
}

/// The services that are mapped on a run's contracts, without duplicates.
fn mapped_services(job: &JobRow, plan: &PartnerPlan) -> BTreeMap<ServiceId, String> {
    let contracts = job.contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    let targets = contracts.flat_map(|contract| &contract.targets);
    targets.map(|target| (target.service, target.service_name.clone())).collect()
}

/// The contracts of a slice, each with everything known about it. A contract that nothing is mapped to any more is
/// left out: its companies were followed to their present contracts.
async fn contracts_work(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    job: &JobRow,
    facts: &Facts,
    plan: &PartnerPlan,
) -> Result<Vec<Contract>, StoreError> {
    let now = context.clock.now();
    let known = Known::read(tx, partner, (facts, plan), job.run_number, &job.contracts, now).await?;
    let decided = targets::decided_holds(tx, partner, &job.contracts).await?;
    let today = facts.settings.zone().to_datetime(now).date();
    let remembered = targets::remembered(tx, partner, &wanted(job, plan), today).await?;
    let changed_fields = targets::changed_fields(tx, partner, &job.contracts).await?;
    let invoiced_at =
        last_invoiced_at(now, facts.integration.settings.invoice_day, facts.settings.invoice_zones());
    let invoiced = targets::invoiced_units(tx, partner, &job.contracts, invoiced_at).await?;
    let standing =
        permits::targets_standing(tx, partner, (job.job, job.attempt), &job.contracts, now).await?;
    let shares = targets::target_shares(tx, partner, &job.contracts).await?;
    let names = known.names();
    let twins = account_twins(tx, partner, facts).await?;
    let begun_pairs = targets::begun_pairs(tx, partner, &job.contracts).await?;
    // A day of Kaseya's may end later than the partner's.
    let since = today.saturating_sub(1.day());
    let waiting = shared::waiting_changes(tx, partner, known.others(), &job.contracts, (since, now)).await?;
    let contracts = job.contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    let work = contracts.map(|contract| {
        let work = contract_work(contract, |service| {
            let target = (contract.contract, service);
            KnownTarget {
                line: known.line(target),
                seen: known.service(service),
                decided: decided.get(&target).copied(),
                standing: standing.get(&target),
                remembered: remembered.get(&target).copied().unwrap_or_default(),
                changed_fields: changed_fields.get(&target).map_or(&[], Vec::as_slice),
                drift: facts.integration.settings.drift,
                shares: shares.get(&target),
                begun_pair: begun_pairs.get(&target).copied(),
                invoiced: invoiced.get(&target).copied(),
                name: names.services.get(&service.0).cloned(),
                other_writer: known.is_of_other(target),
            }
        });
        let work = Contract {
            known_name: names.contracts.get(&contract.contract.0).cloned(),
            known_account_name: names.accounts.get(&contract.account.0).cloned(),
            account_name_shared: twins.contains(&contract.account),
            waiting: waiting
                .iter()
                .filter(|change| is_in_wait(change, contract))
                .map(waiting_change)
                .collect(),
            ..work
        };
        let left_behind = left_behind(plan, contract, &shares);
        let work = known.tell(Contract { left_behind, ..work }, contract.contract);
        // A person who checks again, and the full reading, ask for the account too: no total shows that it is out of
        // use.
        let by_person = matches!(job.trigger, Trigger::Request | Trigger::FullRead);
        Contract { ask_account: by_person || work.ask_account, ..work }
    });
    Ok(work.collect())
}

/// Whether a change waits on a contract that its targets do not already report: a target reports its own changes that
/// may still land.
fn is_in_wait(change: &shared::WaitingChange, contract: &ContractPlan) -> bool {
    let is_target = || contract.targets.iter().any(|target| target.service == change.service);
    let is_reported = change.lands_until.is_some() && !change.of_other && is_target();
    change.contract == contract.contract && !is_reported
}

fn waiting_change(change: &shared::WaitingChange) -> WaitingChange {
    WaitingChange {
        line: change.line,
        to: change.to_units,
        effective_date: change.effective_date,
        lands_until: change.lands_until,
    }
}

/// The wanted units of a slice's targets, where they are known.
fn wanted(job: &JobRow, plan: &PartnerPlan) -> BTreeMap<(ContractId, ServiceId), Option<u32>> {
    let contracts = job.contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    let targets = contracts.flat_map(|contract| {
        contract.targets.iter().map(|target| {
            let units = match target.wanted {
                Wanted::Units(units) => Some(units),
                Wanted::Unknown => None,
            };
            ((contract.contract, target.service), units)
        })
    });
    targets.collect()
}

/// For a partner with at most this many contracts each change is read back at once: people see it sooner.
const READ_BACK: usize = 100;

/// Whether the next survey confirms a job's changes. After a scheduled run another survey follows, and a reading for
/// each of many changes would use up the hour's calls.
fn confirms_by_total(job: &JobRow, plan: &PartnerPlan) -> bool {
    job.trigger == Trigger::Schedule && plan.contracts.len() > READ_BACK
}

/// Whether the hours before the invoice day have begun. A change in them is read back, with its date, before the
/// invoice.
fn is_before_invoice(facts: &Facts, now: jiff::Timestamp) -> bool {
    full_read_window(facts.integration.settings.invoice_day, now, facts.settings.invoice_zones()).is_some()
}

/// What is known of a target apart from its wanted units.
pub struct KnownTarget<'a> {
    /// The target's line as last seen.
    pub line: Option<&'a KnownLine>,
    /// The service as the run's survey found it in the catalogue.
    pub seen: Option<SeenService>,
    /// The decision of a person; `None` without one.
    pub decided: Option<Decided>,
    /// What prevents a change.
    pub standing: Option<&'a TargetStanding>,
    /// What we remember of our own earlier changes.
    pub remembered: Remembered,
    /// The fields of its line that changed with our changes.
    pub changed_fields: &'a [ChangedField],
    /// What to do about a line that was edited in Kaseya.
    pub drift: DriftPolicy,
    /// The companies whose users are on the line.
    pub shares: Option<&'a TargetShares>,
    /// The plan switch with this target as its rise, if the fall was begun and the rise is still to be made.
    pub begun_pair: Option<PairId>,
    /// The line's units at the last invoice, or the units a person approved since, where we have changed the line
    /// since.
    pub invoiced: Option<f64>,
    /// Kaseya's name of the service, as far as it was seen.
    pub name: Option<String>,
    /// Whether another partner of this installation writes the line.
    pub other_writer: bool,
}

/// Builds the work on one contract as a worker receives it. Pure.
pub fn contract_work<'a>(plan: &ContractPlan, known: impl Fn(ServiceId) -> KnownTarget<'a>) -> Contract {
    let notes = plan.notes.iter().map(|note| Note {
        company: note.company.clone(),
        product: note.product.clone(),
        code: ErrorCode::Map02,
        users: note.users,
    });
    let unbilled = plan.unbilled.iter().map(|unbilled| Unbilled {
        company: unbilled.company.clone(),
        product: unbilled.product.clone(),
        users: unbilled.count.map(|count| count.users),
        count_day: unbilled.count.map(|count| count.day),
        note: unbilled.note.clone(),
    });
    Contract {
        id: plan.contract,
        account: plan.account,
        name: plan.name.clone(),
        account_name: Some(plan.account_name.clone()),
        targets: plan.targets.iter().map(|target| target_work(target, &known(target.service))).collect(),
        billing_chosen: plan.billing_chosen,
        contradiction: plan.contradiction.clone(),
        notes: notes.collect(),
        unbilled: unbilled.collect(),
        left_behind: Vec::new(),
        seen: None,
        last_seen: None,
        owner_name: None,
        owner_account: None,
        known_name: None,
        known_account_name: None,
        account_name_shared: false,
        also_look_for: BTreeSet::new(),
        ask_account: false,
        ask_owner: false,
        waiting: Vec::new(),
    }
}

fn target_work(target: &TargetPlan, known: &KnownTarget<'_>) -> Target {
    let (approved, dismissed) = match known.decided {
        Some(Decided::Approved(hold, change)) => (Some((hold, change)), None),
        Some(Decided::Dismissed(change)) => (None, Some(change)),
        None => (None, None),
    };
    let wanted = match target.wanted {
        Wanted::Units(units) => Some(units),
        Wanted::Unknown => None,
    };
    Target {
        service: target.service,
        service_name: target.service_name.clone(),
        addends: target.addends.clone(),
        wanted: target.wanted,
        effective_date: target.effective_date,
        last_known: known.line.map(line_seen),
        unsure_until: known
            .standing
            .zip(wanted)
            .and_then(|(standing, wanted)| standing.left_alone_until(wanted)),
        approved,
        dismissed,
        invoiced: known.invoiced,
        known_service_name: known.name.clone(),
        other_writer: known.other_writer,
        remembered: known.remembered,
        fields_changed: known
            .changed_fields
            .iter()
            .filter(|changed| changed.matters(target.effective_date))
            .map(|changed| changed.field.clone())
            .collect(),
        drift: known.drift,
        shares: known.shares.cloned(),
        leftover: target.leftover.as_ref().map(|left| Leftover { seen: left.seen }),
        begun_pair: known.begun_pair,
        service_seen: known.seen,
        other_basis: target.other_basis,
    }
}

/// Users of a contract's companies on lines of services that nothing on the contract is mapped to any more, if they
/// are no longer users of that product. A product that is only unmapped, or not billed, is reported in another way.
fn left_behind(
    plan: &PartnerPlan,
    contract: &ContractPlan,
    shares: &BTreeMap<(ContractId, ServiceId), TargetShares>,
) -> Vec<LeftBehindProduct> {
    let (from, to) = ((contract.contract, ServiceId(i32::MIN)), (contract.contract, ServiceId(i32::MAX)));
    // A leftover that a person approved to be set to 0 still bills them until it is 0.
    let mapped = |service: ServiceId| {
        let mut targets = contract.targets.iter().filter(|target| target.leftover.is_none());
        targets.any(|target| target.service == service)
    };
    let mut left = Vec::new();
    for ((_, service), seen) in shares.range(from..=to).filter(|((_, service), _)| !mapped(*service)) {
        let gone = seen.shares.iter().filter(|share| {
            share.units > 0
                && contract.companies.contains(&share.company)
                && !plan.uses(&share.company, &share.product)
        });
        left.extend(gone.map(|share| LeftBehindProduct {
            company: share.company.clone(),
            product: share.product.clone(),
            service: *service,
            run_number: seen.run_number,
        }));
    }
    left
}

fn line_seen(line: &KnownLine) -> SeenLine {
    SeenLine {
        contract: line.contract,
        service: line.service,
        line: line.line,
        units: line.units,
        unit_price: line.unit_price,
        effective_date: line.effective_date,
        seen_at: line.seen_at,
        is_implied: false,
    }
}

fn sealed(integration: &settings::Integration) -> Integration {
    Integration {
        credentials: integration.credentials.with_password(integration.credentials.password.sealed.clone()),
        line_profile: integration.line_profile.clone(),
        credentials_version: integration.credentials_version,
    }
}

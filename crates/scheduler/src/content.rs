//! The content that a worker receives at start, as true at that moment.

use std::collections::BTreeMap;

use domain::{
    ContractId, DriftPolicy, JobKind, PairId, PartnerId, Pending, Remembered, SeenService, ServiceId,
    Trigger, Wanted, full_read_window, last_invoiced_at,
};
use jiff::ToSpan as _;
use messages::{field::wire_instant, v1};
use store::{
    StoreError, Transaction,
    jobs::{self, JobRow},
    settings::Integration,
    targets::{
        self, Decided, KnownLine, Share, TargetShares,
        permits::{self, TargetStanding},
        shared::{self, WaitingChange},
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
) -> Result<v1::JobContent, StoreError> {
    let integration = &facts.integration;
    let contracts = match job.kind {
        JobKind::Survey => Vec::new(),
        JobKind::Work | JobKind::Local => contracts_work(tx, context, partner, job, facts, plan).await?,
    };
    let survey = match job.kind {
        JobKind::Survey => Some(v1::SurveyWork {
            from_page: Some(job.survey_page.unsigned_abs()),
            contract_ids: jobs::unseen(tx, partner, job.run_number, &job.contracts)
                .await?
                .into_iter()
                .map(|contract| contract.0)
                .collect(),
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
    Ok(v1::JobContent {
        fitting_contract_ids: fitting.into_iter().map(|contract| contract.0).collect(),
        run_id: job.run.to_string(),
        run_number: Some(job.run_number.unsigned_abs()),
        mode: v1::SyncMode::from(job.mode).into(),
        integration: Some(sealed(integration)),
        allowance: Some(v1::CallAllowance { v2: Some(admitted.calls.v2), v1: Some(admitted.calls.v1) }),
        lease_seconds: Some(whole_seconds(context.settings.lease)),
        issued_at: Some(wire_instant(context.clock.now())),
        slice_seconds: Some(whole_seconds(context.settings.slice)),
        brakes: Some(v1::Brakes {
            units: Some(integration.brakes.units),
            percent: Some(integration.brakes.percent),
            units_alone: Some(integration.brakes.units_alone),
        }),
        contracts,
        probing: Some(admitted.probing),
        trigger: job.trigger.as_str().to_owned(),
        setbacks: Some(job.setbacks.unsigned_abs()),
        confirm_by_total: Some(
            survey.is_none()
                && confirms_by_total(job, plan)
                && !is_before_invoice(facts, context.clock.now()),
        ),
        survey,
    })
}

/// The services that are mapped on a run's contracts, without duplicates.
fn mapped_services(job: &JobRow, plan: &PartnerPlan) -> Vec<v1::MappedService> {
    let contracts = job.contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    let targets = contracts.flat_map(|contract| &contract.targets);
    let services: BTreeMap<ServiceId, &str> =
        targets.map(|target| (target.service, target.service_name.as_str())).collect();
    let mapped = services.into_iter().map(|(service, name)| v1::MappedService {
        service_id: Some(service.0),
        service_name: name.to_owned(),
    });
    mapped.collect()
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
) -> Result<Vec<v1::ContractWork>, StoreError> {
    let now = context.clock.now();
    let known = Known::read(tx, partner, (facts, plan), job.run_number, &job.contracts, now).await?;
    let decided = targets::decided_holds(tx, partner, &job.contracts).await?;
    let today = facts.settings.zone().to_datetime(now).date();
    let remembered = targets::remembered(tx, partner, &wanted(job, plan), today).await?;
    let invoiced_at = last_invoiced_at(now, facts.integration.invoice_day, facts.settings.invoice_zones());
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
                drift: facts.integration.drift,
                shares: shares.get(&target),
                begun_pair: begun_pairs.get(&target).copied(),
                invoiced: invoiced.get(&target).copied(),
                name: names.services.get(&service.0).cloned(),
                other_writer: known.is_of_other(target),
            }
        });
        let work = v1::ContractWork {
            known_contract_name: names.contracts.get(&contract.contract.0).cloned(),
            known_account_name: names.accounts.get(&contract.account.0).cloned(),
            account_name_shared: Some(twins.contains(&contract.account)),
            waiting: waiting
                .iter()
                .filter(|change| is_in_wait(change, contract))
                .map(waiting_change)
                .collect(),
            ..work
        };
        let left_behind = left_behind(plan, contract, &shares);
        let work = known.tell(v1::ContractWork { left_behind, ..work }, contract.contract);
        // A person who checks again, and the full reading, ask for the account too: no total shows that it is out of
        // use.
        let by_person = matches!(job.trigger, Trigger::Request | Trigger::FullRead);
        v1::ContractWork { ask_account: Some(by_person || work.ask_account.unwrap_or(false)), ..work }
    });
    Ok(work.collect())
}

/// Whether a change waits on a contract that its targets do not already report: a target reports its own changes that
/// may still land.
fn is_in_wait(change: &WaitingChange, contract: &ContractPlan) -> bool {
    let is_target = || contract.targets.iter().any(|target| target.service == change.service);
    let is_told = change.lands_until.is_some() && !change.of_other && is_target();
    change.contract == contract.contract && !is_told
}

fn waiting_change(change: &WaitingChange) -> v1::WaitingChange {
    v1::WaitingChange {
        line_id: Some(change.line.0),
        to_units: Some(change.to_units),
        effective_date: change.effective_date.to_string(),
        lands_until: change.lands_until.map(wire_instant),
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
    full_read_window(facts.integration.invoice_day, now, facts.settings.invoice_zones()).is_some()
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
pub fn contract_work<'a>(
    plan: &ContractPlan,
    known: impl Fn(ServiceId) -> KnownTarget<'a>,
) -> v1::ContractWork {
    v1::ContractWork {
        contract_id: Some(plan.contract.0),
        account_id: Some(plan.account.0),
        contract_name: plan.name.clone(),
        account_name: Some(plan.account_name.clone()),
        targets: plan.targets.iter().map(|target| target_work(target, &known(target.service))).collect(),
        billing_chosen: Some(plan.billing_chosen),
        contradiction: plan.contradiction.clone().map(v1::Remark::from),
        notes: plan
            .notes
            .iter()
            .map(|note| v1::ProductNote {
                company_id: note.company.to_string(),
                product_id: note.product.to_string(),
                code: domain::ErrorCode::Map02.to_string(),
                users: note.users,
            })
            .collect(),
        unbilled: plan
            .unbilled
            .iter()
            .map(|unbilled| v1::UnbilledProduct {
                company_id: unbilled.company.to_string(),
                product_id: unbilled.product.to_string(),
                users: unbilled.count.map(|count| count.users),
                count_day: unbilled.count.map(|count| count.day.to_string()),
                note: unbilled.note.clone(),
            })
            .collect(),
        ..v1::ContractWork::default()
    }
}

fn target_work(target: &TargetPlan, known: &KnownTarget<'_>) -> v1::TargetWork {
    let wanted = match target.wanted {
        Wanted::Units(units) => Some(units),
        Wanted::Unknown => None,
    };
    let dismissed = match known.decided {
        Some(Decided::Dismissed(change)) => Some(change),
        Some(Decided::Approved(..)) | None => None,
    };
    v1::TargetWork {
        service_id: Some(target.service.0),
        service_name: target.service_name.clone(),
        addends: target.addends.iter().map(addend).collect(),
        wanted_units: wanted,
        effective_date: target.effective_date.map(|day| day.to_string()),
        last_known: known.line.map(line_seen),
        unsure_until: known
            .standing
            .zip(wanted)
            .and_then(|(standing, wanted)| standing.left_alone_until(wanted))
            .map(wire_instant),
        approval: match known.decided {
            Some(Decided::Approved(hold, change)) => Some(v1::Approval {
                hold_id: hold.to_string(),
                units: Some(change.to),
                from_units: Some(change.from),
                effective_date: Some(change.effective_date.to_string()),
                brake: Some(change.brake.as_str().to_owned()),
            }),
            Some(Decided::Dismissed(_)) | None => None,
        },
        dismissed_units: dismissed.map(|change| change.to),
        dismissal: dismissed.map(|change| v1::Dismissal {
            from_units: Some(change.from),
            effective_date: Some(change.effective_date.to_string()),
            brake: Some(change.brake.as_str().to_owned()),
        }),
        invoiced_units: known.invoiced,
        known_service_name: known.name.clone(),
        other_writer: known.other_writer.then_some(true),
        pending: known.remembered.pending.map(pending_change),
        last_confirmed_units: known.remembered.last_confirmed,
        rewritten_for: known.remembered.rewritten_for.map(|day| day.to_string()),
        unanswered_units: known.remembered.unanswered,
        undated: known.remembered.undated.map(|change| v1::UndatedChange {
            units: Some(change.units),
            effective_date: change.effective_date.to_string(),
        }),
        drift_policy: Some(known.drift.as_str().to_owned()),
        shares: known.shares.map(shares_seen),
        leftover: target.leftover.as_ref().map(|left| v1::Leftover { seen_units: Some(left.seen) }),
        begun_pair_id: known.begun_pair.map(|pair| pair.to_string()),
        service_seen: known.seen.map(Into::into),
        other_basis: target.other_basis.then_some(true),
    }
}

fn shares_seen(seen: &TargetShares) -> v1::SharesSeen {
    let share = |share: &Share| v1::Share {
        company_id: share.company.to_string(),
        product_id: share.product.to_string(),
        units: Some(share.units),
    };
    v1::SharesSeen {
        shares: seen.shares.iter().map(share).collect(),
        run_number: Some(seen.run_number.unsigned_abs()),
    }
}

/// Users of a contract's companies on lines of services that nothing on the contract is mapped to any more, if they
/// are no longer users of that product. A product that is only unmapped, or not billed, is reported in another way.
fn left_behind(
    plan: &PartnerPlan,
    contract: &ContractPlan,
    shares: &BTreeMap<(ContractId, ServiceId), TargetShares>,
) -> Vec<v1::LeftBehindProduct> {
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
        left.extend(gone.map(|share| v1::LeftBehindProduct {
            company_id: share.company.to_string(),
            product_id: share.product.to_string(),
            service_id: Some(service.0),
            run_number: Some(seen.run_number.unsigned_abs()),
        }));
    }
    left
}

fn pending_change(pending: Pending) -> v1::PendingChange {
    v1::PendingChange {
        from_units: Some(pending.from),
        to_units: Some(pending.to),
        effective_date: pending.effective_date.to_string(),
        due: Some(pending.due),
    }
}

fn addend(addend: &domain::Addend) -> v1::Addend {
    v1::Addend {
        company_id: addend.company.to_string(),
        product_id: addend.product.to_string(),
        mapping_version: Some(addend.mapping_version),
        users: addend.count.map(|count| count.users),
        count_day: addend.count.map(|count| count.day.to_string()),
        counted_at: addend.count.map(|count| wire_instant(count.counted_at)),
        billed_units: addend.billed,
    }
}

fn line_seen(line: &KnownLine) -> v1::LineSeen {
    v1::LineSeen {
        contract_id: Some(line.contract.0),
        service_id: Some(line.service.0),
        line_id: Some(line.line.0),
        units: Some(line.units),
        unit_price: line.unit_price,
        effective_date: line.effective_date.map(|day| day.to_string()),
        seen_at: Some(wire_instant(line.seen_at)),
        implied_by_total: None,
    }
}

fn sealed(integration: &Integration) -> v1::SealedIntegration {
    v1::SealedIntegration {
        host: integration.host.clone(),
        v2_base: integration.v2_base.clone(),
        v1_base: integration.v1_base.clone(),
        line_profile: integration.line_profile.clone(),
        tenant: integration.tenant.clone(),
        user_name: integration.user_name.clone(),
        sealed_password: integration.sealed_password.clone(),
        credentials_version: Some(integration.credentials_version),
    }
}

/// A duration on the wire.
pub(crate) fn whole_seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

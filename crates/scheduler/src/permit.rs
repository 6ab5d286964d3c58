//! `PermitWrites` and `RenewLease`: may these changes be written, and is the worker still at work?
//!
//! A permit and the switch lock the same row, so each permit comes before or after the switch-off. The switch-off
//! waits, as *switching off*, until an earlier permit has ended. After the switch-off there are no permits.

mod ask;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Brake, CompanyId, ContractId, HoldId, IntegrationState, IntentId, LineId, LoginOutcome, PairId,
    PartnerId, ProductId, RunMode, ServiceId, lines_count_since,
};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use messages::{
    field::whole_seconds,
    v1::{self, DenialReason, RefusalReason},
};
use store::{
    StoreError, Transaction,
    jobs::{self, AssignedProduct, HeldJob},
    kaseya::logins,
    settings::switch::{self, Switch},
    targets::{
        self, leftovers, lines,
        permits::{
            self, AddendMapping, ApprovedHold, BrakedTarget, ChangedCompanies, Intent, IntentsOf,
            PermitRules, TargetStanding,
        },
        shared,
    },
};

use crate::{Context, claimed_attempt::ClaimedAttempt, instant::after, refusal::Refused};
use ask::{AskedAddend, AskedChange, Count};

pub(crate) use ask::PermitAsk;

/// The decision on each change.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Permit {
    pub(crate) granted: Vec<v1::GrantedChange>,
    pub(crate) denied: Vec<(IntentId, DenialReason)>,
    pub(crate) seconds: u32,
}

impl From<Permit> for v1::Permit {
    fn from(permit: Permit) -> Self {
        let denied = permit.denied.into_iter();
        Self {
            seconds: Some(permit.seconds),
            granted_intent_ids: permit.granted.iter().map(|change| change.intent_id.clone()).collect(),
            granted: permit.granted,
            denied: denied
                .map(|(intent, reason)| v1::DeniedChange {
                    intent_id: intent.to_string(),
                    reason: reason.into(),
                })
                .collect(),
        }
    }
}

/// Answers a `PermitWrites`.
pub(crate) async fn permit_writes(
    context: &Context,
    ask: &PermitAsk,
) -> Result<Result<Permit, Refused>, StoreError> {
    context.store.transaction("permit_writes", |tx| Box::pin(decide(tx, context, ask))).await
}

async fn decide(
    tx: &Transaction<'_>,
    context: &Context,
    ask: &PermitAsk,
) -> Result<Result<Permit, Refused>, StoreError> {
    let now = context.clock.now();
    let partner = &ask.of.partner;
    let Some(switch) = switch::hold_switch(tx, partner).await? else {
        return Ok(Err(Refused::new(RefusalReason::Superseded, "the partner has no integration")));
    };
    let Some(job) = jobs::held_job(tx, partner, ask.of.job, ask.of.attempt, &ask.of.worker).await? else {
        return Ok(Err(Refused::new(RefusalReason::Superseded, "this worker does not hold this attempt")));
    };
    if let Some(refused) = refusal(&switch, &job, ask, now) {
        return Ok(Err(refused));
    }
    if ask.login_accepted {
        let attempt = (ask.of.job, ask.of.attempt);
        logins::job_login_ended(tx, partner, attempt, LoginOutcome::Accepted, None, now).await?;
    }

    let permit_until = after(now, context.settings.permit);
    let (judged, mut denied) = judge(&facts(tx, ask, &job, now).await?, &ask.changes);
    let of = IntentsOf {
        partner,
        run: job.run,
        run_number: job.run_number,
        job: ask.of.job,
        attempt: ask.of.attempt,
        permit_until,
        traceparent: job.traceparent.as_deref(),
    };
    let mut granted = Vec::new();
    for change in judged {
        if permits::store_intent(tx, &of, &intent(change), now).await? {
            granted.push(change);
        } else {
            tracing::error!(intent = %change.id, job = %ask.of.job, "a permit is asked for under another change's id");
            // The worker hands it back, and asks for it again under an id of its own.
            denied.push((change.id, DenialReason::MappingChanged));
        }
    }
    let lease_until = after(now, context.settings.lease);
    let permit_until = (!granted.is_empty()).then_some(permit_until);
    jobs::renew_lease(tx, partner, ask.of.job, lease_until, permit_until).await?;
    Ok(Ok(Permit {
        granted: granted.iter().copied().map(granted_change).collect(),
        denied,
        seconds: whole_seconds(context.settings.permit),
    }))
}

/// Whether nothing at all may be written.
fn refusal(switch: &Switch, job: &HeldJob, ask: &PermitAsk, now: Timestamp) -> Option<Refused> {
    let refused = |reason, detail| Some(Refused::new(reason, detail));
    if job.lease_until <= now {
        refused(RefusalReason::Superseded, "the lease has ended")
    } else if job.expires_at.is_some_and(|expires| expires <= now) {
        refused(RefusalReason::Superseded, "the request has expired")
    } else if switch.state != IntegrationState::On {
        refused(RefusalReason::SwitchedOff, "the integration is off")
    } else if switch.writes_stopped {
        refused(RefusalReason::WritesStopped, "all writes of the installation are stopped")
    } else if switch.must_reread || switch.reread_since > Some(job.started_at) {
        refused(
            RefusalReason::WritesStopped,
            "the database was restored: all lines are read before one is written",
        )
    } else if job.mode == RunMode::Plan {
        refused(RefusalReason::WritesStopped, "a plan writes nothing")
    } else if switch.credentials_version != ask.credentials_version
        || job.credentials_version != Some(ask.credentials_version)
    {
        refused(
            RefusalReason::CredentialsChanged,
            "the credentials are others than those the job started with",
        )
    } else if let Some(change) = ask.changes.iter().find(|change| !is_as_asked(change, job)) {
        // No worker of ours does this: the holder of the job names a change that was not asked of it (F3).
        tracing::error!(job = %ask.of.job, contract = change.contract.0, service = change.service.0,
            to_units = change.to_units, "a permit is asked for a change that the job is not about");
        refused(RefusalReason::Superseded, "a change is not what the job was asked")
    } else {
        None
    }
}

/// Whether a change sets a target of the job to the units that the job asked for, from the counts that the job was
/// sent. For a line that nothing is mapped to any more, a person's approval decides.
fn is_as_asked(change: &AskedChange, job: &HeldJob) -> bool {
    if !job.contracts.contains(&change.contract) {
        return false;
    }
    let Some(asked) = job.asked.as_ref().filter(|_| !change.is_leftover()) else { return true };
    let Some(contract) = asked.contracts.get(&change.contract.0) else { return false };
    let target = contract.products.iter().filter(|product| product.service == Some(change.service.0));
    if !target.clone().all(|product| product.wanted == Some(change.to_units)) {
        return false;
    }
    let mut asked: Vec<_> = target.map(count_of_product).collect();
    let mut told: Vec<_> = change.addends.iter().map(AskedAddend::count).collect();
    asked.sort_unstable();
    told.sort_unstable();
    asked == told
}

/// A product as it was sent to a job: company, product, users and billed units.
fn count_of_product(product: &AssignedProduct) -> Count<'_> {
    (product.company.as_str(), product.product.as_str(), product.users, product.billed)
}

/// What the changes are judged by.
struct Facts {
    run_number: i64,
    rules: PermitRules,
    mappings: BTreeMap<(CompanyId, ProductId), AddendMapping>,
    standing: BTreeMap<(ContractId, ServiceId), TargetStanding>,
    /// Leftovers among the changes that something is mapped to again.
    mapped_again: BTreeSet<(ContractId, ServiceId)>,
    /// Companies with changes granted to this run before, and companies that it would change by what the lines last
    /// showed.
    changed: ChangedCompanies,
    approved: Vec<ApprovedHold>,
    /// Targets that the run's brake holds since this run or an earlier one.
    braked: Vec<BrakedTarget>,
    /// Plan switches with the fall already made: their rise belongs to what was granted then.
    half_done: Vec<PairId>,
    /// Targets with a line that another partner of this installation writes.
    of_others: BTreeSet<(ContractId, ServiceId)>,
    /// Contracts that are written whole and on which another partner may have changed a line since the job began.
    in_the_way: BTreeSet<ContractId>,
    /// Contracts with a line id that is known on another contract.
    elsewhere: BTreeSet<ContractId>,
}

async fn facts(
    tx: &Transaction<'_>,
    ask: &PermitAsk,
    job: &HeldJob,
    now: Timestamp,
) -> Result<Facts, StoreError> {
    let partner = &ask.of.partner;
    let others = shared::beside(tx, partner).await?;
    let addends = ask.changes.iter().flat_map(|change| &change.addends).map(AskedAddend::key).collect();
    let attempt = (ask.of.job, ask.of.attempt);
    let leftovers = ask.changes.iter().filter(|change| change.is_leftover());
    let leftovers: Vec<(ContractId, ServiceId)> =
        leftovers.map(|change| (change.contract, change.service)).collect();
    let targets: Vec<(ContractId, ServiceId)> =
        ask.changes.iter().map(|change| (change.contract, change.service)).collect();
    let shown: Vec<(ContractId, LineId)> =
        ask.changes.iter().map(|change| (change.contract, change.line)).collect();
    let contracts: Vec<ContractId> = ask.changes.iter().map(|change| change.contract).collect();
    let holds: Vec<HoldId> = ask.changes.iter().filter_map(|change| change.approved_hold).collect();
    let pairs: Vec<PairId> = ask.changes.iter().filter_map(|change| change.pair).collect();
    let intents: Vec<IntentId> = ask.changes.iter().map(|change| change.id).collect();
    let braked = permits::braked_targets(tx, partner).await?;
    let of_braked = braked.iter().flat_map(|target| target.companies.iter().cloned());
    let named = of_braked.chain(ask.changes.iter().flat_map(AskedChange::companies)).collect();
    Ok(Facts {
        run_number: job.run_number,
        rules: permits::permit_rules(tx, partner).await?,
        mappings: permits::addend_mappings(tx, partner, &addends).await?,
        standing: permits::targets_standing(tx, partner, attempt, &contracts, now).await?,
        mapped_again: leftovers::mapped(tx, partner, &leftovers).await?,
        changed: permits::companies_changed(tx, partner, job.run, &named).await?,
        approved: permits::approved_holds(tx, partner, &holds).await?,
        braked,
        half_done: targets::half_done(tx, partner, &pairs, &intents).await?,
        of_others: shared::written_by_others(tx, partner, &others, &targets).await?,
        in_the_way: match ask.whole_contracts && !others.is_empty() {
            true => in_the_way(tx, ask, job, &others, &contracts, now).await?,
            false => BTreeSet::new(),
        },
        elsewhere: lines::known_elsewhere(tx, partner, &shown, &[], lines_count_since(now)).await?,
    })
}

/// Contracts on which another partner's change may still land, or was sent after the job was sent the earlier
/// changes.
async fn in_the_way(
    tx: &Transaction<'_>,
    ask: &PermitAsk,
    job: &HeldJob,
    others: &[PartnerId],
    contracts: &[ContractId],
    now: Timestamp,
) -> Result<BTreeSet<ContractId>, StoreError> {
    let since = job.started_at.to_zoned(TimeZone::UTC).date().saturating_sub(2.days());
    let waiting = shared::waiting_changes(tx, &ask.of.partner, others, contracts, (since, now)).await?;
    let news = waiting.into_iter().filter(|change| {
        change.of_other && (change.lands_until.is_some() || change.granted_at >= job.started_at)
    });
    Ok(news.map(|change| change.contract).collect())
}

/// Which changes may be written, and why the others may not. Pure.
///
/// The run's brake counts everything that would be written together with what the run was granted before, what it
/// would change later as far as we know, and what the brake still holds from earlier. When that is too much, only
/// approved changes are granted. A held change needs an approval: no later run lets it pass because fewer others are
/// with it.
///
/// The two changes of a plan switch are granted both or neither. If the fall was made before, the rise is finished:
/// the brake let both pass then.
fn judge<'a>(
    facts: &Facts,
    changes: &'a [AskedChange],
) -> (Vec<&'a AskedChange>, Vec<(IntentId, DenialReason)>) {
    let (mut candidates, mut denied) = (Vec::new(), Vec::new());
    for change in changes {
        match facts.denial(change) {
            Some(reason) => denied.push((change.id, reason)),
            None => candidates.push(change),
        }
    }
    deny_other_halves(&mut candidates, &mut denied, changes);
    let mut companies = facts.changed.named.clone();
    companies.extend(facts.braked.iter().flat_map(|target| target.companies.iter().cloned()));
    companies.extend(candidates.iter().flat_map(|change| change.companies()));
    let changed = u32::try_from(companies.len()).unwrap_or(u32::MAX).saturating_add(facts.changed.others);
    let within = facts.rules.run_brake.allows(changed, facts.rules.mapped);
    let (mut granted, held): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|change| match change.approved_hold {
            Some(hold) => facts.approval_stands(hold, change),
            None => facts.finishes_pair(change) || within && !facts.is_braked(change),
        });
    denied.extend(held.iter().map(|change| (change.id, DenialReason::ManyCompanies)));
    deny_other_halves(&mut granted, &mut denied, changes);
    (granted, denied)
}

/// When one change of a plan switch is denied, denies the other for the same reason.
fn deny_other_halves(
    granted: &mut Vec<&AskedChange>,
    denied: &mut Vec<(IntentId, DenialReason)>,
    changes: &[AskedChange],
) {
    let reason = |of: &AskedChange| {
        let other =
            changes.iter().find(|other| of.pair.is_some() && other.pair == of.pair && other.id != of.id)?;
        denied.iter().find(|(id, _)| *id == other.id).map(|(_, reason)| *reason)
    };
    let halves: Vec<(IntentId, DenialReason)> =
        granted.iter().filter_map(|change| Some((change.id, reason(change)?))).collect();
    granted.retain(|change| !halves.iter().any(|(id, _)| *id == change.id));
    denied.extend(halves);
}

impl Facts {
    fn denial(&self, change: &AskedChange) -> Option<DenialReason> {
        let as_mapped = |addend: &AskedAddend| {
            let counts_here = AddendMapping {
                version: addend.mapping_version,
                contract: change.contract,
                service: change.service,
            };
            self.mappings.get(&addend.key()) == Some(&counts_here)
        };
        let standing = self.standing.get(&(change.contract, change.service));
        if !change.addends.iter().all(as_mapped) || change.is_leftover() && !self.is_still_left(change) {
            Some(DenialReason::MappingChanged)
        } else if self.of_others.contains(&(change.contract, change.service)) {
            Some(DenialReason::OtherWriter)
        } else if self.elsewhere.contains(&change.contract) {
            Some(DenialReason::LineOfOtherContract)
        } else if standing.and_then(|standing| standing.newest_run_number) > Some(self.run_number) {
            Some(DenialReason::OlderRun)
        } else if standing.is_some_and(|standing| standing.left_alone_until(change.to_units).is_some())
            || self.in_the_way.contains(&change.contract)
        {
            Some(DenialReason::LineUnsure)
        } else {
            None
        }
    }

    /// Whether still nothing is mapped to a leftover's target and the person's approval stands. Otherwise the
    /// scheduler works on the contract again, with the facts of that time.
    fn is_still_left(&self, change: &AskedChange) -> bool {
        let mapped_again = self.mapped_again.contains(&(change.contract, change.service));
        !mapped_again && change.approved_hold.is_some_and(|hold| self.approval_stands(hold, change))
    }

    fn finishes_pair(&self, change: &AskedChange) -> bool {
        change.pair.is_some_and(|pair| self.half_done.contains(&pair))
    }

    fn is_braked(&self, change: &AskedChange) -> bool {
        let target = (change.contract, change.service);
        self.braked.iter().any(|braked| (braked.contract, braked.service) == target)
    }

    /// Whether a change's approval still exists and reaches its number. If a person has withdrawn it since the start,
    /// a person must decide about the change again.
    fn approval_stands(&self, hold: HoldId, change: &AskedChange) -> bool {
        self.approved.iter().any(|approved| {
            let leftover = approved.change.brake == Brake::Leftover;
            // For a leftover the worker has compared the line, and the changes on their way, with what the person
            // saw.
            let stands = match leftover {
                true => approved.change.is_for_month_of(change.effective_date),
                false => approved.change.is_about(change.from_units, change.effective_date),
            };
            approved.hold == hold
                && (approved.contract, approved.service) == (change.contract, change.service)
                && leftover == change.is_leftover()
                && stands
                && self.rules.brakes.approval_stands(approved.change.to, change.to_units)
        })
    }
}

fn granted_change(change: &AskedChange) -> v1::GrantedChange {
    v1::GrantedChange {
        intent_id: change.id.to_string(),
        contract_id: Some(change.contract.0),
        service_id: Some(change.service.0),
        line_id: Some(change.line.0),
        to_units: Some(change.to_units),
        effective_date: change.effective_date.to_string(),
    }
}

fn intent(change: &AskedChange) -> Intent {
    Intent {
        id: change.id,
        contract: change.contract,
        service: change.service,
        line: change.line,
        from_units: change.from_units,
        to_units: i32::try_from(change.to_units)
            .expect("checked against Kaseya's largest number when it was read"),
        effective_date: change.effective_date,
        addends: serde_json::to_value(&change.addends).expect("texts, numbers and days are JSON"),
        companies: change.companies(),
        approved_hold: change.approved_hold,
        rewrite: change.rewrite,
        pair: change.pair,
    }
}

/// Answers a `RenewLease`. A job that was switched off meanwhile keeps its lease: it writes nothing without a permit,
/// and its `JobDone` is wanted.
pub(crate) async fn renew_lease(
    context: &Context,
    of: &ClaimedAttempt,
    login_accepted: bool,
) -> Result<Result<(), Refused>, StoreError> {
    context
        .store
        .transaction("renew_lease", |tx| {
            Box::pin(async move {
                let now = context.clock.now();
                let held = jobs::held_job(tx, &of.partner, of.job, of.attempt, &of.worker).await?;
                if held.is_none() {
                    let detail = "this worker does not hold this attempt";
                    return Ok(Err(Refused::new(RefusalReason::Superseded, detail)));
                }
                if login_accepted {
                    let (attempt, accepted) = ((of.job, of.attempt), LoginOutcome::Accepted);
                    logins::job_login_ended(tx, &of.partner, attempt, accepted, None, now).await?;
                }
                let lease_until = after(now, context.settings.lease);
                jobs::renew_lease(tx, &of.partner, of.job, lease_until, None).await?;
                Ok(Ok(()))
            })
        })
        .await
}

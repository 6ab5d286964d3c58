//! One contract: what Kaseya shows, and what to do about it.

use domain::{
    Decision, ErrorCode, LeftBehind, Line, PlanContext, Remark, SeenContract, ShownContract, Wanted,
    later_start, plan_leftover, plan_target,
};
use jiff::civil::Date;
use kaseya::{BmsError, ContractLine};
use messages::job_content::{Contract, Target};

use crate::{
    attempt::Attempt,
    in_use,
    ownership::{self, Owner},
    planned::{DecidedTarget, Planned, Reading},
    shown::out_of_use,
    terms::{self, Terms},
    use_check, whole_contract,
};

/// Reads a contract's lines and decides its targets. Lines are read only if a number could be sent.
pub(crate) async fn plan_contract(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: Option<&ShownContract>,
) -> Result<Planned, BmsError> {
    let mut planned = Planned::default();
    let Some(shown) = shown else { return send_nothing_to_missing(attempt, contract).await };
    if let Some((code, remark)) = out_of_use(contract, shown) {
        planned.send_nothing(contract, code, remark);
        return Ok(planned);
    }
    let any_number = contract.targets.iter().any(|target| target.wanted != Wanted::Unknown);
    let lines = match any_number {
        false => Vec::new(),
        true => match attempt.session.lines(contract.id).await {
            // A contract that a survey saw may be gone by now, and then says nothing about the line profile.
            Err(BmsError::Unfit(_)) if contract.seen.is_some() && !is_shown(attempt, contract).await? => {
                return send_nothing_to_missing(attempt, contract).await;
            }
            read => read?,
        },
    };
    planned.reading = any_number.then(|| Reading::of(contract, &lines, attempt.clock.now()));
    planned.lines_total = lines.iter().try_fold(0.0, |sum, line| Some(sum + line.units * line.unit_price?));
    planned.total = shown.total;
    planned.lines.clone_from(&lines);
    let terms = Terms::at_hand(contract, shown);
    planned.decide(attempt, contract, &lines, &terms, shown.end);
    if planned.may_lack_lines(attempt, contract) {
        return Err(attempt.session.part_of_lines(contract.id));
    }
    for left in &contract.left_behind {
        let line = lines.iter().find(|line| line.service_id == left.service && line.units > 0.0);
        planned.left_behind.extend(line.map(|line| {
            let (company, run_number) = (left.company.clone(), left.run_number);
            (LeftBehind { company, run_number }, line.clone())
        }));
    }
    if planned.would_change()
        && terms.are_in_doubt(contract)
        && let Some(seen) = terms::ask(attempt, contract, shown).await?
    {
        match out_of_use(contract, &seen) {
            Some((code, remark)) => planned.send_nothing(contract, code, remark),
            None => {
                planned.decide(attempt, contract, &lines, &Terms::at_hand(contract, &seen), seen.end);
            }
        }
        let seen_at = attempt.clock.now();
        planned.seen = Some(SeenContract { contract: contract.id, seen_at, shown: Some(seen) });
    }
    let of_other = lines.iter().any(|line| line.names_other_account(contract.account));
    object(attempt, contract, shown, of_other, &mut planned).await?;
    Ok(planned)
}

/// The plan for a contract that Kaseya does not show.
async fn send_nothing_to_missing(attempt: &Attempt<'_>, contract: &Contract) -> Result<Planned, BmsError> {
    let mut planned = Planned::default();
    // It may be gone with its account.
    match use_check::account_out_of_use(attempt, contract).await? {
        Some(remark) => planned.send_nothing(contract, ErrorCode::Acc01, remark),
        None => {
            let remark = Remark::ContractNotShown { contract: contract.name.clone() };
            planned.send_nothing(contract, ErrorCode::Con02, remark);
        }
    }
    Ok(planned)
}

/// Whether Kaseya shows a contract now, or leaves open whether it does.
async fn is_shown(attempt: &Attempt<'_>, contract: &Contract) -> Result<bool, BmsError> {
    attempt.session.sign_in_to_reads().await?;
    let found = attempt.session.look_up_contracts(&[contract.id]).await?;
    Ok(!found.is_missing(contract.id.0))
}

/// Withdraws decisions to send if something forbids them: the contract belongs to another account, or its service
/// or account is out of use.
async fn object(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: &ShownContract,
    of_other: bool,
    planned: &mut Planned,
) -> Result<(), BmsError> {
    let contradiction = contract.contradiction.clone();
    let contradiction =
        contradiction.or_else(|| ownership::named_otherwise(contract, shown, planned.any_write()));
    // Lines that show another account: the contract has moved, or they are another client's lines.
    if of_other || ownership::is_in_doubt(contract, shown, planned.any_write()) {
        match ownership::ask(attempt, contract, shown).await? {
            Owner::Mapped(_) if of_other => {
                return Err(attempt.session.lines_of_other_account(contract.id));
            }
            Owner::Mapped(name) => {
                planned.owner_account = Some(contract.account);
                planned.owner_name = name;
            }
            Owner::Other => {
                match use_check::account_out_of_use(attempt, contract).await? {
                    Some(remark) => planned.send_nothing(contract, ErrorCode::Acc01, remark),
                    None => {
                        let remark = Remark::ContractOfOther { contract: contract.name.clone() };
                        planned.send_nothing(contract, ErrorCode::Con04, remark);
                    }
                }
                return Ok(());
            }
        }
    }
    if let Some(remark) = contradiction {
        planned.send_nothing(contract, ErrorCode::Map05, remark);
        return Ok(());
    }
    for (decided, target) in planned.decided.iter_mut().zip(&contract.targets) {
        if matches!(decided.decision, Decision::Write(_))
            && let Some(remark) = use_check::service_not_believed(attempt, target).await?
        {
            decided.decision = Decision::NotSent(ErrorCode::Map05);
            decided.remark = Some(remark);
        }
        if matches!(decided.decision, Decision::Write(_))
            && let Some(remark) = use_check::service_out_of_use(attempt, target).await?
        {
            decided.decision = Decision::NotSent(ErrorCode::Svc02);
            decided.remark = Some(remark);
        }
    }
    if use_check::account_is_asked(contract, planned.any_write())
        && let Some(remark) = use_check::account_out_of_use(attempt, contract).await?
    {
        planned.send_nothing(contract, ErrorCode::Acc01, remark);
    }
    Ok(())
}

impl Planned {
    /// Decides each target.
    fn decide(
        &mut self,
        attempt: &Attempt<'_>,
        contract: &Contract,
        lines: &[ContractLine],
        terms: &Terms<'_>,
        end: Option<Date>,
    ) {
        self.cycle_to_choose = terms.cycle_to_choose(contract).map(str::to_owned);
        let decided = contract.targets.iter().map(|target| {
            let same_service: Vec<&ContractLine> =
                lines.iter().filter(|line| line.service_id == target.service).collect();
            let context = PlanContext {
                contract_start: terms.start(),
                contract_end: end,
                cycle_to_choose: self.cycle_to_choose.is_some(),
                ..context_of(attempt, target)
            };
            let decision = decide(target, &same_service, &context);
            let line = if let [line] = same_service[..] { Some(line) } else { None };
            let sent = matches!(decision, Decision::Unchanged { .. } | Decision::Write(_));
            let line_start = line.filter(|_| sent).and_then(|line| line.effective_date);
            DecidedTarget {
                decision,
                line: line.cloned(),
                shown: same_service.iter().map(|line| line.units).sum(),
                half: None,
                waits_until: None,
                remark: later_start(
                    &target.service_name,
                    line_start,
                    context.effective_date,
                    context.contract_start,
                ),
            }
        });
        self.decided = decided.collect();
        if attempt.session.writes_whole_contracts() {
            whole_contract::stand_back(contract, lines, &mut self.decided);
        }
    }
}

fn decide(target: &Target, same_service: &[&ContractLine], context: &PlanContext) -> Decision {
    let lines: Vec<Line> = same_service
        .iter()
        .map(|line| Line { id: line.id, units: line.units, effective_date: line.effective_date })
        .collect();
    let known = target.wanted != Wanted::Unknown;
    if known && target.other_writer {
        return Decision::NotSent(ErrorCode::Map04);
    }
    if known && in_use::service_named_otherwise(target).is_some() {
        return Decision::NotSent(ErrorCode::Map05);
    }
    match &target.leftover {
        Some(leftover) => plan_leftover(&lines, leftover.seen, context),
        None => plan_target(&lines, context),
    }
}

/// The input of a plan, except for the contract's own terms.
fn context_of(attempt: &Attempt<'_>, target: &Target) -> PlanContext {
    PlanContext {
        wanted: target.wanted,
        effective_date: target.effective_date,
        contract_start: None,
        contract_end: None,
        cycle_to_choose: false,
        brakes: attempt.content.brakes,
        invoiced: target.invoiced,
        share_ends: target.share_that_ends().is_some(),
        approved: target.approved.map(|(_, change)| change),
        dismissed: target.dismissed,
        // The scheduler decides this by its own clock, which is the ledger's.
        unsure: target.unsure_until.is_some(),
        remembered: target.remembered,
        drift: target.drift,
    }
}

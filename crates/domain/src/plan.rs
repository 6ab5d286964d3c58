//! Wanted against present: what changes, what is held, what cannot be.

use jiff::civil::Date;

use crate::{
    Brake, Brakes, Change, DecidedChange, DriftPolicy, ErrorCode, LineId, Pending, Remembered, Sight, Wanted,
    target::MAX_UNITS,
};

/// A line as Kaseya shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Kaseya's line.
    pub id: LineId,
    /// Its units; Kaseya answers a decimal.
    pub units: f64,
    /// From which day they count.
    pub effective_date: Option<Date>,
}

/// What a plan needs beside the lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanContext {
    /// What the target should hold.
    pub wanted: Wanted,
    /// From which day, before the contract's and the line's own start are looked at; `None` when the count's period is
    /// already invoiced.
    pub effective_date: Option<Date>,
    /// The contract's first day, where it is known.
    pub contract_start: Option<Date>,
    /// The contract's last day, if it has one.
    pub contract_end: Option<Date>,
    /// Whether the contract is billed otherwise than monthly, and no person has chosen how.
    pub cycle_to_choose: bool,
    /// The partner's brakes.
    pub brakes: Brakes,
    /// What the line held at the last invoice, or what a person approved since: the brakes compare with it too. `None` while
    /// nothing of ours has changed the line since, for then it still shows that number.
    pub invoiced: Option<f64>,
    /// Whether a share of the number, of one company and product, falls from above 0 to 0.
    pub share_ends: bool,
    /// What a person approved for this target, if anything.
    pub approved: Option<DecidedChange>,
    /// What a person dismissed for this target, if anything.
    pub dismissed: Option<DecidedChange>,
    /// Whether the line is to be left alone for now, after a write without an answer.
    pub unsure: bool,
    /// What the ledger remembers of our changes of this target.
    pub remembered: Remembered,
    /// What becomes of a line that was edited in Kaseya.
    pub drift: DriftPolicy,
}

/// What is to be done about a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Kaseya holds our number.
    Unchanged {
        /// The line, when there is one: wanted 0 where no line exists is nothing to do.
        line: Option<Line>,
    },
    /// To be written.
    Write(Change),
    /// Waits for a person.
    Hold(Change, Brake),
    /// A person has said no to this very number: not sent, and not asked again. People see *not sent* with QTY-01.
    Dismissed(Change),
    /// Left alone after a write without an answer (NET-02).
    Wait(Line),
    /// Kaseya took our number for a later day, and shows the old one until then: sent, to be confirmed (D-14).
    Awaited(Line, Pending),
    /// Not sent.
    NotSent(ErrorCode),
}

/// Decides one target from the lines that Kaseya shows for its service on its contract.
///
/// `same_service` holds every line of the target's service on the contract. A line's present units may be a fraction
/// or negative, because a person may have typed them; what is written never is.
pub fn plan_target(same_service: &[Line], context: &PlanContext) -> Decision {
    let wanted = match context.wanted {
        Wanted::Units(units) if units <= MAX_UNITS => units,
        Wanted::Units(_) | Wanted::Unknown => return Decision::NotSent(ErrorCode::Qty02),
    };
    let line = match same_service {
        [] if wanted == 0 => return Decision::Unchanged { line: None },
        [] => return Decision::NotSent(ErrorCode::Svc01),
        [line] => *line,
        _ => return Decision::NotSent(ErrorCode::Svc03),
    };
    if context.unsure {
        return Decision::Wait(line);
    }
    let sight = context.remembered.sight(line.units, wanted);
    match sight {
        Sight::Awaited(pending) => return Decision::Awaited(line, pending),
        // The line shows the number of today, and Kaseya has another for a later day: ours is sent whatever it shows.
        // That Kaseya then forgets the earlier change is a guess: a line has one number and one effective date. If it keeps
        // both, the line shows the wrong one from its day on, and is found as one that was edited.
        Sight::Replaces(_) => {}
        _ if line.units == f64::from(wanted) => return Decision::Unchanged { line: Some(line) },
        // Somebody's half, or Kaseya's own proration, which was there before us: which whole number was meant is not ours to
        // guess. One that came into a line of ours is drift.
        Sight::AsLeft if is_fraction(line.units) => return Decision::NotSent(ErrorCode::Qty03),
        Sight::AsLeft | Sight::NotApplied(_) | Sight::LandedLate | Sight::Edited { .. } => {}
    }
    let effective_date = match effective_day(&line, context) {
        Ok(day) => day,
        Err(code) => return Decision::NotSent(code),
    };
    let rewrite = sight.rewrite();
    let once_more = rewrite.is_some() && context.remembered.rewritten_for >= Some(effective_date);
    let change =
        Change { line: line.id, from: line.units, to: wanted, effective_date, approved: false, rewrite };
    // Sent once more is only what a person was asked that very question about.
    let answers = |word: &DecidedChange| !once_more || word.brake == Brake::SetElsewhere;
    if context.dismissed.is_some_and(|word| answers(&word) && word.dismisses(&change)) {
        return Decision::Dismissed(change);
    }
    // Where a share ends, another number than the approved one may be the end of another share, which nobody saw.
    let reaches = |word: &DecidedChange| !context.share_ends || word.to == change.to;
    let approves =
        |word: &DecidedChange| answers(word) && reaches(word) && word.approves(&context.brakes, &change);
    if context.approved.as_ref().is_some_and(approves) {
        return Decision::Write(Change { approved: true, ..change });
    }
    if once_more {
        return Decision::Hold(change, Brake::SetElsewhere);
    }
    // From which day a change counts there is not ours to guess.
    if context.cycle_to_choose {
        return Decision::Hold(change, Brake::BillingCycle);
    }
    match (sight, context.drift) {
        (Sight::Edited { .. }, DriftPolicy::Ask) => Decision::Hold(change, Brake::Drift),
        _ => match brake(&change, context) {
            Some(brake) => Decision::Hold(change, brake),
            None => Decision::Write(change),
        },
    }
}

/// The brake on one line that holds a change, by what Kaseya shows, by the shares of its number and by the last invoice.
fn brake(change: &Change, context: &PlanContext) -> Option<Brake> {
    let brakes = &context.brakes;
    brakes
        .check(change.from, change.to)
        .or_else(|| context.share_ends.then_some(Brake::FallToZero))
        .or_else(|| brakes.check(context.invoiced?, change.to))
}

/// From which day a change of the line counts (D-12), or why there is no such day.
fn effective_day(line: &Line, context: &PlanContext) -> Result<Date, ErrorCode> {
    let by_rule = context.effective_date.ok_or(ErrorCode::Per01)?;
    let is_over = |day: Date| context.contract_end.is_some_and(|end| day > end);
    if is_over(by_rule) {
        return Err(ErrorCode::Con01);
    }
    let day = [context.contract_start, line.effective_date].into_iter().flatten().fold(by_rule, Date::max);
    if is_over(day) { Err(ErrorCode::Per03) } else { Ok(day) }
}

fn is_fraction(units: f64) -> bool {
    units.is_finite() && units.fract() != 0.0
}

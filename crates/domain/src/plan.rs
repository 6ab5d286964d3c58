//! Compares wanted and present units: what to change, what to hold, what cannot be sent.

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
    /// The line's units; Kaseya returns a decimal.
    pub units: f64,
    /// The day from which the units count.
    pub effective_date: Option<Date>,
}

/// What a plan needs in addition to the lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanContext {
    /// The units that the target should hold.
    pub wanted: Wanted,
    /// The effective date before the contract's and the line's own start are considered; `None` if the count's period
    /// is already invoiced.
    pub effective_date: Option<Date>,
    /// The contract's first day, if it is known.
    pub contract_start: Option<Date>,
    /// The contract's last day, if it has one.
    pub contract_end: Option<Date>,
    /// Whether the contract is not billed monthly and no person has chosen how.
    pub cycle_to_choose: bool,
    /// The partner's brakes.
    pub brakes: Brakes,
    /// What the line held at the last invoice, or what a person approved since: the brakes compare with it too.
    /// `None` while no change of ours has touched the line since, because it still shows that number then.
    pub invoiced: Option<f64>,
    /// Whether a share of the number, one company's count of one product, falls from above 0 to 0.
    pub share_ends: bool,
    /// A person's approval for this target, if any.
    pub approved: Option<DecidedChange>,
    /// A person's dismissal for this target, if any.
    pub dismissed: Option<DecidedChange>,
    /// Whether to leave the line alone for now, after a write without a response.
    pub unsure: bool,
    /// What the ledger remembers of our changes of this target.
    pub remembered: Remembered,
    /// What to do about a line that was edited in Kaseya.
    pub drift: DriftPolicy,
}

/// The decision on a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Kaseya holds our number.
    Unchanged {
        /// The line, if there is one. No line and 0 wanted units means nothing to do.
        line: Option<Line>,
    },
    /// The change must be written.
    Write(Change),
    /// The change waits for a person.
    Hold(Change, Brake),
    /// A person has dismissed exactly this number: it is not sent, and the person is not asked again. People see *not
    /// sent* with QTY-01.
    Dismissed(Change),
    /// The line is left alone after a write without a response (NET-02).
    Wait(Line),
    /// Kaseya accepted our number for a later day and shows the old one until then: sent, still to be confirmed
    /// (D-14).
    Awaited(Line, Pending),
    /// Not sent, for the reason of the code.
    NotSent(ErrorCode),
}

/// Decides one target from the lines that Kaseya shows for its service on its contract.
///
/// `same_service` holds every line of the target's service on the contract. A line's present units may be a fraction
/// or negative, because a person may have typed them; what we write never is.
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
        // The line shows today's number, and Kaseya has another for a later day: ours is sent whatever the line
        // shows. We assume that Kaseya then discards the earlier change, since a line has one number and one
        // effective date. If it keeps both, the line shows the wrong one from its day on and is detected as edited.
        Sight::Replaces(_) => {}
        _ if line.units == f64::from(wanted) => return Decision::Unchanged { line: Some(line) },
        // Someone's half unit, or Kaseya's own proration, was there before us: we must not guess which whole number
        // was meant. A fraction that appears on a line of ours is drift.
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
    // Only an approval of exactly that question allows sending once more.
    let answers = |word: &DecidedChange| !once_more || word.brake == Brake::SetElsewhere;
    if context.dismissed.is_some_and(|word| answers(&word) && word.dismisses(&change)) {
        return Decision::Dismissed(change);
    }
    // If a share ends, a number other than the approved one may mean the end of another share, which no person saw.
    let reaches = |word: &DecidedChange| !context.share_ends || word.to == change.to;
    let approves =
        |word: &DecidedChange| answers(word) && reaches(word) && word.approves(&context.brakes, &change);
    if context.approved.as_ref().is_some_and(approves) {
        return Decision::Write(Change { approved: true, ..change });
    }
    if once_more {
        return Decision::Hold(change, Brake::SetElsewhere);
    }
    // We must not guess from which day a change counts there.
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

/// The brake that holds a change of one line, by the units shown, the shares of the number and the last invoice.
fn brake(change: &Change, context: &PlanContext) -> Option<Brake> {
    let brakes = &context.brakes;
    brakes
        .check(change.from, change.to)
        .or_else(|| context.share_ends.then_some(Brake::FallToZero))
        .or_else(|| brakes.check(context.invoiced?, change.to))
}

/// The day from which a change of the line counts (D-12), or why there is no such day.
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

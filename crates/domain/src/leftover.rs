//! Leftovers (D-13): lines that were ours and that nothing is mapped to any more.
//!
//! A target is a leftover if its line has shown our number, or Kaseya accepted it, and no company's product is mapped
//! to it now: a mapping was changed or removed, or none of its counts is billed any more. A target that still has an
//! addend is not a leftover: its number is the smaller sum.
//!
//! No number follows from the absence of counts: by D-11 a 0 comes only from a complete report, and here no report
//! exists. A person decides whether the line goes to 0 or stays as it is, and that approval is what allows the 0.

use crate::{Brake, Change, DecidedChange, Decision, ErrorCode, Line, PlanContext, Wanted, plan_target};

/// Decides a leftover that a person has approved for 0 after having `seen` these units on the line.
///
/// If the line shows other units by now, it has been edited since, and the person is asked again with the shown
/// units. A number that Kaseya accepted from us earlier and shows only from a later day is not an edit.
pub fn plan_leftover(same_service: &[Line], seen: f64, context: &PlanContext) -> Decision {
    let units = same_service.first().map_or(seen, |line| line.units);
    let approved = context.approved.map(|word| DecidedChange { from: units, to: 0, ..word });
    let to_zero = PlanContext { wanted: Wanted::Units(0), approved, dismissed: None, ..*context };
    let decision = plan_target(same_service, &to_zero);
    let change = match decision {
        Decision::Write(change) => change,
        Decision::Hold(_, Brake::SetElsewhere) => return Decision::NotSent(ErrorCode::Svc04),
        // The approval was for another month.
        Decision::Hold(change, _) => return Decision::Hold(change, Brake::Leftover),
        other => return other,
    };
    let on_its_way = context.remembered.pending;
    let awaited =
        on_its_way.is_some_and(|pending| f64::from(pending.to) == seen && pending.from == change.from);
    if change.from == seen || awaited {
        return decision;
    }
    Decision::Hold(Change { approved: false, ..change }, Brake::Leftover)
}

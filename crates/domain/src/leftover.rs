//! Leftovers (D-13): lines that were ours, and that nothing is mapped to any more.
//!
//! A target is a leftover when its line was seen to hold our number, or Kaseya took it, and no company's product goes there
//! now: a mapping was changed or removed, or nothing of it is billed any more. One that still has an addend is none: its
//! number is the smaller sum.
//!
//! No number follows from nothing: by D-11 a 0 comes from a complete report alone, and here there is no report to ask. What
//! becomes of the line is a person's to say, to 0 or left as it is, and it is the person's approval that allows the 0.

use crate::{Brake, Change, DecidedChange, Decision, ErrorCode, Line, PlanContext, Wanted, plan_target};

/// Decides a leftover that a person has approved to be set to 0, having `seen` these units on the line.
///
/// Where the line shows other units by now, somebody has edited it since, and the person is asked again with what it shows.
/// What Kaseya took from us before and shows only from a later day on is no edit.
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

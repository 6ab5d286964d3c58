//! Applying a plan through the simulator and planning again changes nothing.

use domain::{
    Brake, Brakes, DecidedChange, Decision, DriftPolicy, Line, LineId, PlanContext, Remembered, Wanted,
    plan_target,
};
use jiff::{Timestamp, civil::date};
use kaseya_simulator::State;
use proptest::prelude::*;

/// A service's lines on a contract, as a reading shows them.
fn lines(state: &State, contract: i32, service: i32) -> Vec<Line> {
    let lines = state.lines(contract).expect("a contract of the state").iter();
    let same = lines.filter(|line| line.service == service);
    same.map(|line| Line {
        id: LineId(line.id),
        units: line.units,
        effective_date: Some(line.effective_date),
    })
    .collect()
}

proptest! {
    #[test]
    fn a_plan_that_was_applied_is_empty(
        seed: u64,
        wanted in prop::collection::vec(prop::option::of(0_u32..80), 8),
        approved in prop::option::of(0_u32..80),
        brakes_off: bool,
    ) {
        let mut state = State::random(seed);
        let brakes = if brakes_off {
            Brakes { units: u32::MAX, percent: u32::MAX, units_alone: u32::MAX }
        } else {
            Brakes::default()
        };
        let contracts: Vec<_> = state.contracts.iter().map(|contract| (contract.id, contract.end)).collect();
        let mut wanted = wanted.into_iter().cycle();
        for (contract, contract_end) in contracts {
            for service in 700..=706 {
                let approved = approved.map(|to| DecidedChange {
                    brake: Brake::LargeChange,
                    from: lines(&state, contract, service).first().map_or(0.0, |line| line.units),
                    to,
                    effective_date: date(2026, 11, 1),
                });
                let context = PlanContext {
                    wanted: wanted.next().flatten().map_or(Wanted::Unknown, Wanted::Units),
                    effective_date: Some(date(2026, 11, 1)),
                    contract_start: None,
                    contract_end,
                    cycle_to_choose: false,
                    brakes,
                    invoiced: None,
                    share_ends: false,
                    approved,
                    dismissed: None,
                    unsure: false,
                    remembered: Remembered::default(),
                    drift: DriftPolicy::Ask,
                };
                let before = state.clone();
                let decision = plan_target(&lines(&state, contract, service), &context);
                let Decision::Write(change) = decision else {
                    prop_assert_eq!(plan_target(&lines(&state, contract, service), &context), decision);
                    continue;
                };
                let mut line = state.line_mut(contract, change.line.0).expect("a line of the plan").clone();
                prop_assert_eq!(line.units, change.from);
                line.units = f64::from(change.to);
                line.effective_date = change.effective_date;
                prop_assert_eq!(state.write_line(contract, line, Timestamp::UNIX_EPOCH, "sync"), Ok(()));

                let again = plan_target(&lines(&state, contract, service), &context);
                prop_assert!(matches!(again, Decision::Unchanged { line: Some(_) }), "{:?}", again);
                prop_assert_eq!(Wanted::Units(change.to), context.wanted);
                // Nothing else has changed.
                let written = state.line_mut(contract, change.line.0).expect("the line");
                *written = before.clone().line_mut(contract, change.line.0).expect("the line").clone();
                state.history.clone_from(&before.history);
                prop_assert_eq!(&state, &before);
            }
        }
    }
}

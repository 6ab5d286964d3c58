//! Lines that were ours and that nothing is mapped to any more (D-13).

use domain::{
    Brake, Brakes, Change, DecidedChange, Decision, DriftPolicy, ErrorCode, Line, LineId, Pending,
    PlanContext, Remembered, Wanted, plan_leftover,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const DAY: Date = date(2026, 11, 1);

fn line(units: f64) -> Line {
    Line { id: LineId(7), units, effective_date: None }
}

fn left(remembered: Remembered) -> PlanContext {
    PlanContext {
        wanted: Wanted::Units(0),
        effective_date: Some(DAY),
        contract_start: None,
        contract_end: None,
        cycle_to_choose: false,
        brakes: Brakes::default(),
        invoiced: None,
        share_ends: false,
        approved: decided(12.0),
        dismissed: None,
        unsure: false,
        remembered,
        drift: DriftPolicy::Ask,
    }
}

/// A person's approval after seeing these units.
fn decided(from: f64) -> Option<DecidedChange> {
    Some(DecidedChange { brake: Brake::Leftover, from, to: 0, effective_date: DAY })
}

fn ours(units: u32) -> Remembered {
    Remembered { last_confirmed: Some(units), ..Remembered::default() }
}

#[test]
fn d_13_what_a_person_saw_is_set_to_zero() {
    let decision = plan_leftover(&[line(12.0)], 12.0, &left(ours(12)));
    let Decision::Write(Change { from, to, effective_date, approved, rewrite, .. }) = decision else {
        panic!("{decision:?}")
    };
    assert_eq!((from, to, effective_date, approved, rewrite), (12.0, 0, DAY, true, None));
}

#[test]
fn d_13_a_line_that_shows_another_number_than_the_person_saw_is_asked_about_again() {
    let decision = plan_leftover(&[line(15.0)], 12.0, &left(ours(12)));
    let Decision::Hold(change, Brake::Leftover) = decision else { panic!("{decision:?}") };
    assert_eq!((change.from, change.to, change.approved), (15.0, 0, false));
    // Asked again, the person has seen the edit.
    let decision = plan_leftover(&[line(15.0)], 15.0, &left(ours(12)));
    assert!(matches!(decision, Decision::Write(change) if change.from == 15.0), "{decision:?}");
}

#[test]
fn a_number_of_ours_that_is_shown_only_later_is_no_edit() {
    let pending = Pending { from: 0.0, to: 12, effective_date: date(2026, 12, 1), due: false };
    let sent = Remembered { pending: Some(pending), ..Remembered::default() };
    let decision = plan_leftover(&[line(2.0)], 12.0, &left(sent));
    assert!(matches!(decision, Decision::Hold(_, Brake::Leftover)), "{decision:?}");
    let from_two = Remembered { pending: Some(Pending { from: 2.0, ..pending }), ..sent };
    let decision = plan_leftover(&[line(2.0)], 12.0, &left(from_two));
    assert!(matches!(decision, Decision::Write(change) if change.to == 0), "{decision:?}");
}

#[test]
fn there_is_nothing_to_do_where_there_is_no_line_or_it_holds_zero_already() {
    assert_eq!(plan_leftover(&[], 12.0, &left(ours(12))), Decision::Unchanged { line: None });
    let zero = plan_leftover(&[line(0.0)], 12.0, &left(ours(12)));
    assert_eq!(zero, Decision::Unchanged { line: Some(line(0.0)) });
    let twice = plan_leftover(&[line(6.0), line(6.0)], 12.0, &left(ours(12)));
    assert_eq!(twice, Decision::NotSent(ErrorCode::Svc03));
}

#[test]
fn case_a9_the_approval_of_a_leftover_ends_with_its_month() {
    let december = PlanContext { effective_date: Some(date(2026, 12, 1)), ..left(ours(12)) };
    let decision = plan_leftover(&[line(12.0)], 12.0, &december);
    let Decision::Hold(change, Brake::Leftover) = decision else { panic!("{decision:?}") };
    assert_eq!((change.from, change.to, change.approved), (12.0, 0, false));
}

proptest! {
    #[test]
    fn d_13_a_leftover_never_gets_units_and_only_what_the_person_saw_is_written(
        shown in proptest::collection::vec(0_u32..40, 0..3), seen in 1_u32..40,
        wanted in 0_u32..40, last in proptest::option::of(0_u32..40), was_dismissed: bool,
        unsure: bool, send_ours: bool,
    ) {
        let lines: Vec<Line> = shown.iter().map(|units| line(f64::from(*units))).collect();
        let drift = if send_ours { DriftPolicy::SendOurs } else { DriftPolicy::Ask };
        let remembered = Remembered { last_confirmed: last, ..Remembered::default() };
        let dismissed = decided(f64::from(seen)).filter(|_| was_dismissed);
        let context =
            PlanContext { wanted: Wanted::Units(wanted), dismissed, unsure, drift, ..left(remembered) };
        match plan_leftover(&lines, f64::from(seen), &context) {
            Decision::Write(change) => prop_assert_eq!((change.from, change.to), (f64::from(seen), 0)),
            Decision::Hold(change, brake) => {
                prop_assert_eq!((change.to, brake), (0, Brake::Leftover));
                prop_assert!(change.from != f64::from(seen));
            }
            Decision::Unchanged { line } => prop_assert!(line.is_none_or(|line| line.units == 0.0)),
            Decision::Wait(_) => prop_assert!(unsure),
            Decision::NotSent(_) => prop_assert!(lines.len() > 1),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

//! Wanted and present units: what is written, held, or left alone.

use domain::{
    Addend, Brake, Brakes, Change, CompanyId, DecidedChange, Decision, DriftPolicy, ErrorCode, Line, LineId,
    MAX_UNITS, Pending, PlanContext, ProductId, Remembered, UserCount, Wanted, plan_target, wanted_units,
};
use jiff::{Timestamp, civil::date};
use proptest::prelude::*;

fn line(units: f64) -> Line {
    Line { id: LineId(7), units, effective_date: None }
}

fn context(wanted: Wanted) -> PlanContext {
    PlanContext {
        wanted,
        effective_date: Some(date(2026, 11, 1)),
        contract_start: None,
        contract_end: None,
        cycle_to_choose: false,
        brakes: Brakes::default(),
        invoiced: None,
        share_ends: false,
        approved: None,
        dismissed: None,
        unsure: false,
        remembered: Remembered::default(),
        drift: DriftPolicy::Ask,
    }
}

fn change(from: f64, to: u32) -> Change {
    Change { line: LineId(7), from, to, effective_date: date(2026, 11, 1), approved: false, rewrite: None }
}

/// A person's decision on a change for November.
fn decided(from: f64, to: u32) -> Option<DecidedChange> {
    Some(DecidedChange { brake: Brake::LargeChange, from, to, effective_date: date(2026, 11, 1) })
}

fn addend(users: Option<u32>) -> Addend {
    Addend {
        company: CompanyId::new("acme").expect("an id"),
        product: ProductId::new("standard").expect("an id"),
        mapping_version: 1,
        count: users.map(|users| UserCount {
            users,
            day: date(2026, 11, 30),
            counted_at: Timestamp::UNIX_EPOCH,
        }),
        billed: users,
    }
}

#[test]
fn a_small_change_is_written_and_an_equal_line_is_left() {
    assert_eq!(plan_target(&[line(10.0)], &context(Wanted::Units(12))), Decision::Write(change(10.0, 12)));
    let unchanged = Decision::Unchanged { line: Some(line(12.0)) };
    assert_eq!(plan_target(&[line(12.0)], &context(Wanted::Units(12))), unchanged);
}

#[test]
fn no_line_or_two_lines_are_named() {
    assert_eq!(plan_target(&[], &context(Wanted::Units(0))), Decision::Unchanged { line: None });
    assert_eq!(plan_target(&[], &context(Wanted::Units(1))), Decision::NotSent(ErrorCode::Svc01));
    let twice = [line(12.0), line(12.0)];
    assert_eq!(plan_target(&twice, &context(Wanted::Units(12))), Decision::NotSent(ErrorCode::Svc03));
}

#[test]
fn a_fall_to_zero_is_held_until_it_is_approved() {
    let wanted = context(Wanted::Units(0));
    assert_eq!(plan_target(&[line(1.0)], &wanted), Decision::Hold(change(1.0, 0), Brake::FallToZero));
    let approved = PlanContext { approved: decided(1.0, 0), ..wanted };
    assert_eq!(
        plan_target(&[line(1.0)], &approved),
        Decision::Write(Change { approved: true, ..change(1.0, 0) })
    );
    let other = PlanContext { approved: decided(1.0, 31), ..wanted };
    assert!(matches!(plan_target(&[line(1.0)], &other), Decision::Hold(..)));
}

#[test]
fn an_approval_stands_while_the_number_stays_within_the_brakes_tolerance() {
    let of = |approved, wanted| {
        plan_target(
            &[line(100.0)],
            &PlanContext { approved: decided(100.0, approved), ..context(Wanted::Units(wanted)) },
        )
    };
    for wanted in [27, 31, 32, 35] {
        assert_eq!(of(31, wanted), Decision::Write(Change { approved: true, ..change(100.0, wanted) }));
    }
    for wanted in [0, 20, 24, 38, 60] {
        assert!(matches!(of(31, wanted), Decision::Hold(..)), "{wanted}");
    }
}

#[test]
fn what_was_approved_passes_also_where_the_brakes_hold_everything() {
    let brakes = Brakes { units: 0, percent: 0, units_alone: 0 };
    let approved = PlanContext { brakes, approved: decided(10.0, 12), ..context(Wanted::Units(12)) };
    assert_eq!(
        plan_target(&[line(10.0)], &approved),
        Decision::Write(Change { approved: true, ..change(10.0, 12) })
    );
}

#[test]
fn an_approval_is_told_also_where_the_line_needs_none_for_the_runs_own_brake() {
    let approved = PlanContext { approved: decided(10.0, 12), ..context(Wanted::Units(12)) };
    assert_eq!(
        plan_target(&[line(10.0)], &approved),
        Decision::Write(Change { approved: true, ..change(10.0, 12) })
    );
}

#[test]
fn a_dismissed_number_is_neither_sent_nor_held_anew_but_another_is() {
    let dismissed = |wanted| PlanContext { dismissed: decided(31.0, 0), ..context(Wanted::Units(wanted)) };
    assert_eq!(plan_target(&[line(31.0)], &dismissed(0)), Decision::Dismissed(change(31.0, 0)));
    assert!(matches!(plan_target(&[line(31.0)], &dismissed(1)), Decision::Hold(..)));
    assert!(matches!(plan_target(&[line(31.0)], &dismissed(30)), Decision::Write(_)));
    assert!(matches!(plan_target(&[line(0.0)], &dismissed(0)), Decision::Unchanged { .. }));
    let also_approved = PlanContext { approved: decided(31.0, 0), ..dismissed(0) };
    assert!(matches!(plan_target(&[line(31.0)], &also_approved), Decision::Dismissed(_)));
}

#[test]
fn an_unsure_line_is_left_alone_even_when_it_looks_right() {
    for units in [10.0, 12.0] {
        let unsure = PlanContext { unsure: true, ..context(Wanted::Units(12)) };
        assert_eq!(plan_target(&[line(units)], &unsure), Decision::Wait(line(units)));
    }
}

#[test]
fn a_change_never_begins_before_its_line_or_after_its_contract() {
    let started = Line { effective_date: Some(date(2026, 11, 15)), ..line(10.0) };
    let Decision::Write(written) = plan_target(&[started], &context(Wanted::Units(12))) else {
        panic!("a small change is written")
    };
    assert_eq!(written.effective_date, date(2026, 11, 15));
    for (end, decision) in [
        (date(2026, 11, 1), Decision::Write(change(10.0, 12))),
        (date(2026, 10, 31), Decision::NotSent(ErrorCode::Con01)),
    ] {
        let ends = PlanContext { contract_end: Some(end), ..context(Wanted::Units(12)) };
        assert_eq!(plan_target(&[line(10.0)], &ends), decision);
    }
    let begins = PlanContext { contract_start: Some(date(2026, 11, 20)), ..context(Wanted::Units(12)) };
    let on_its_first_day = Change { effective_date: date(2026, 11, 20), ..change(10.0, 12) };
    assert_eq!(plan_target(&[started], &begins), Decision::Write(on_its_first_day));
}

#[test]
fn d_12_a_day_outside_the_contract_is_told_apart_from_a_contract_that_is_over() {
    let ends = PlanContext { contract_end: Some(date(2026, 11, 14)), ..context(Wanted::Units(12)) };
    let late_line = Line { effective_date: Some(date(2026, 11, 15)), ..line(10.0) };
    assert_eq!(plan_target(&[late_line], &ends), Decision::NotSent(ErrorCode::Per03));
    let begins_late = PlanContext { contract_start: Some(date(2026, 11, 15)), ..ends };
    assert_eq!(plan_target(&[line(10.0)], &begins_late), Decision::NotSent(ErrorCode::Per03));
    assert!(matches!(plan_target(&[line(10.0)], &ends), Decision::Write(_)));
    let over = PlanContext { contract_end: Some(date(2026, 10, 31)), ..begins_late };
    assert_eq!(plan_target(&[late_line], &over), Decision::NotSent(ErrorCode::Con01));
}

#[test]
fn d_12_a_contract_that_is_not_billed_monthly_waits_for_a_person() {
    let to_choose = PlanContext { cycle_to_choose: true, ..context(Wanted::Units(12)) };
    let held = Decision::Hold(change(10.0, 12), Brake::BillingCycle);
    assert_eq!(plan_target(&[line(10.0)], &to_choose), held);
    assert!(matches!(plan_target(&[line(12.0)], &to_choose), Decision::Unchanged { .. }), "nothing to count");
    let approved = PlanContext { approved: decided(10.0, 12), ..to_choose };
    let sent = Change { approved: true, ..change(10.0, 12) };
    assert_eq!(plan_target(&[line(10.0)], &approved), Decision::Write(sent), "a person has chosen this one");
    let dismissed = PlanContext { dismissed: decided(10.0, 12), ..to_choose };
    assert_eq!(plan_target(&[line(10.0)], &dismissed), Decision::Dismissed(change(10.0, 12)));
    let invoiced = PlanContext { effective_date: None, ..to_choose };
    assert_eq!(plan_target(&[line(10.0)], &invoiced), Decision::NotSent(ErrorCode::Per01));
}

#[test]
fn nothing_is_written_into_a_period_that_is_already_invoiced() {
    let invoiced = PlanContext { effective_date: None, ..context(Wanted::Units(12)) };
    assert_eq!(plan_target(&[line(10.0)], &invoiced), Decision::NotSent(ErrorCode::Per01));
    let approved = PlanContext { approved: decided(10.0, 12), ..invoiced };
    assert_eq!(plan_target(&[line(10.0)], &approved), Decision::NotSent(ErrorCode::Per01));
    assert!(matches!(plan_target(&[line(12.0)], &invoiced), Decision::Unchanged { .. }), "nothing to write");
    let missing = PlanContext { wanted: Wanted::Unknown, ..invoiced };
    assert_eq!(plan_target(&[line(10.0)], &missing), Decision::NotSent(ErrorCode::Qty02));
}

#[test]
fn a_fraction_is_not_rounded_and_a_credit_waits_for_a_person() {
    for (shown, wanted) in [(10.5, 11), (10.5, 10), (0.25, 0), (-0.5, 3)] {
        let decision = plan_target(&[line(shown)], &context(Wanted::Units(wanted)));
        assert_eq!(decision, Decision::NotSent(ErrorCode::Qty03), "{shown}");
    }
    for wanted in [0, 1, 5] {
        assert!(matches!(plan_target(&[line(-1.0)], &context(Wanted::Units(wanted))), Decision::Hold(..)));
    }
    for units in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert!(matches!(plan_target(&[line(units)], &context(Wanted::Units(5))), Decision::Hold(..)));
    }
}

#[test]
fn a_target_without_addends_has_no_wanted_units() {
    // An unmapped product adds no addend, so nothing can be planned for it.
    assert_eq!(wanted_units(&[]), Wanted::Unknown);
    for lines in [&[][..], &[line(3.0)], &[line(0.0)]] {
        assert_eq!(plan_target(lines, &context(wanted_units(&[]))), Decision::NotSent(ErrorCode::Qty02));
    }
}

#[test]
fn a_sum_beyond_kaseyas_number_is_no_number() {
    assert_eq!(wanted_units(&[addend(Some(MAX_UNITS))]), Wanted::Units(MAX_UNITS));
    assert_eq!(wanted_units(&[addend(Some(MAX_UNITS)), addend(Some(1))]), Wanted::Unknown);
    assert_eq!(wanted_units(&[addend(Some(u32::MAX)), addend(Some(u32::MAX))]), Wanted::Unknown);
    let too_many = context(Wanted::Units(MAX_UNITS + 1));
    assert_eq!(plan_target(&[line(1.0)], &too_many), Decision::NotSent(ErrorCode::Qty02));
}

fn users() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..60, 1 => any::<u32>()]
}

fn present_units() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (0_u32..60).prop_map(f64::from),
        1 => -50.0..50.0_f64,
        1 => any::<f64>(),
    ]
}

prop_compose! {
    fn any_remembered()(
        pending in prop::option::weighted(0.4, (0_u32..60, users(), 1_i8..=12, any::<bool>())),
        last_confirmed in prop::option::weighted(0.6, 0_u32..60),
        rewritten in prop::option::weighted(0.2, 1_i8..=12),
        unanswered in prop::option::weighted(0.2, users()),
    ) -> Remembered {
        Remembered {
            pending: pending.map(|(from, to, month, due)| Pending {
                from: f64::from(from),
                to,
                effective_date: date(2026, month, 1),
                due,
            }),
            last_confirmed,
            rewritten_for: rewritten.map(|month| date(2026, month, 1)),
            unanswered,
            undated: None,
        }
    }
}

prop_compose! {
    fn any_decided()(
        brake in prop::sample::select(Brake::ALL),
        from in present_units(),
        to in users(),
        month in 1_i8..=12,
    ) -> DecidedChange {
        DecidedChange { brake, from, to, effective_date: date(2026, month, 1) }
    }
}

prop_compose! {
    fn any_context()(
        wanted in prop_oneof![9 => users().prop_map(Wanted::Units), 1 => Just(Wanted::Unknown)],
        month in prop::option::weighted(0.95, 1_i8..=12),
        start in prop::option::weighted(0.2, 1_i8..=12),
        end in prop::option::weighted(0.1, 1_i8..=12),
        approved in prop::option::weighted(0.3, any_decided()),
        dismissed in prop::option::weighted(0.2, any_decided()),
        invoiced in prop::option::weighted(0.2, present_units()),
        share_ends in prop::bool::weighted(0.1),
        figures in (0_u32..10, 0_u32..100, 0_u32..40),
        unsure in prop::bool::weighted(0.1),
        remembered in any_remembered(),
        drift in prop::sample::select(DriftPolicy::ALL),
        cycle_to_choose in prop::bool::weighted(0.2),
    ) -> PlanContext {
        PlanContext {
            wanted,
            effective_date: month.map(|month| date(2026, month, 1)),
            contract_end: end.map(|month| date(2026, month, 28)),
            cycle_to_choose,
            brakes: Brakes { units: figures.0, percent: figures.1, units_alone: figures.2 },
            invoiced,
            share_ends,
            approved,
            dismissed,
            unsure,
            contract_start: start.map(|month| date(2026, month, 15)),
            remembered,
            drift,
        }
    }
}

prop_compose! {
    fn any_lines()(all in prop::collection::vec((present_units(), prop::option::of(1_i8..=28)), 0..3)) -> Vec<Line> {
        let lines = all.into_iter().zip(1..);
        lines.map(|((units, day), id)| Line {
            id: LineId(id),
            units,
            effective_date: day.map(|day| date(2026, 6, day)),
        }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn applying_a_plan_and_planning_again_gives_nothing(lines in any_lines(), context in any_context()) {
        let mut lines = lines;
        if let Decision::Write(change) = plan_target(&lines, &context) {
            let written = lines.iter_mut().find(|line| line.id == change.line);
            let written = written.expect("a change is of a line that was there");
            prop_assert_eq!(written.units, change.from);
            written.units = f64::from(change.to);
            written.effective_date = Some(change.effective_date);
            let remembered = Remembered { pending: None, last_confirmed: Some(change.to), ..context.remembered };
            let again = plan_target(&lines, &PlanContext { remembered, ..context });
            prop_assert!(matches!(again, Decision::Unchanged { line: Some(_) }), "{:?}", again);
        }
    }

    #[test]
    fn whatever_kaseya_shows_only_the_wanted_number_is_ever_written(lines in any_lines(), context in any_context()) {
        if let Decision::Write(change) | Decision::Hold(change, _) | Decision::Dismissed(change) =
            plan_target(&lines, &context)
        {
            // `to` is a u32, so it is neither negative nor a fraction; it fits Kaseya's number type.
            prop_assert_eq!(context.wanted, Wanted::Units(change.to));
            prop_assert!(change.to <= MAX_UNITS);
            // The same number is sent only if another one is on its way.
            prop_assert!(change.from != f64::from(change.to) || context.remembered.pending.is_some());
            prop_assert_eq!(lines.len(), 1);
            prop_assert!(context.contract_end.is_none_or(|end| change.effective_date <= end));
            prop_assert!(lines[0].effective_date.is_none_or(|start| change.effective_date >= start));
            prop_assert!(context.contract_start.is_none_or(|start| change.effective_date >= start));
        }
    }

    #[test]
    fn what_the_brakes_hold_is_written_only_with_an_approval(lines in any_lines(), context in any_context()) {
        if let Decision::Write(change) = plan_target(&lines, &context)
            && (context.cycle_to_choose
                || context.share_ends
                || [Some(change.from), context.invoiced].into_iter().flatten()
                    .any(|from| context.brakes.check(from, change.to).is_some()))
        {
            prop_assert!(change.approved);
            let approved = context.approved.expect("an approval");
            prop_assert!(approved.approves(&context.brakes, &change));
            prop_assert_eq!(approved.from, change.from);
            prop_assert!(!context.share_ends || approved.to == change.to);
        }
    }

    #[test]
    fn one_missing_addend_makes_no_number(counts in prop::collection::vec(users(), 0..6), at in 0_usize..6) {
        let mut addends: Vec<Addend> = counts.into_iter().map(|users| addend(Some(users))).collect();
        addends.insert(at.min(addends.len()), addend(None));
        prop_assert_eq!(wanted_units(&addends), Wanted::Unknown);
        let decision = plan_target(&[line(3.0)], &context(wanted_units(&addends)));
        prop_assert_eq!(decision, Decision::NotSent(ErrorCode::Qty02));
    }

    #[test]
    fn the_wanted_units_are_the_sum_in_any_order(counts in prop::collection::vec(0_u32..1000, 1..6)) {
        let mut addends: Vec<Addend> = counts.iter().map(|users| addend(Some(*users))).collect();
        let sum = Wanted::Units(counts.iter().sum());
        prop_assert_eq!(wanted_units(&addends), sum);
        addends.reverse();
        prop_assert_eq!(wanted_units(&addends), sum);
    }
}

#[test]
fn case_a9_an_approval_is_for_this_from_this_to_and_this_month() {
    let approved = PlanContext { approved: decided(10.0, 40), ..context(Wanted::Units(40)) };
    let written = Decision::Write(Change { approved: true, ..change(10.0, 40) });
    assert_eq!(plan_target(&[line(10.0)], &approved), written);
    let held = Decision::Hold(change(100.0, 40), Brake::LargeChange);
    assert_eq!(plan_target(&[line(100.0)], &approved), held, "nobody saw the fall of 60");
    let december = PlanContext { effective_date: Some(date(2026, 12, 1)), ..approved };
    assert!(matches!(plan_target(&[line(10.0)], &december), Decision::Hold(_, Brake::LargeChange)));
}

#[test]
fn case_a9_a_dismissal_is_for_this_from_and_this_month_too() {
    let dismissed = PlanContext { dismissed: decided(10.0, 40), ..context(Wanted::Units(40)) };
    assert_eq!(plan_target(&[line(10.0)], &dismissed), Decision::Dismissed(change(10.0, 40)));
    assert_eq!(plan_target(&[line(38.0)], &dismissed), Decision::Write(change(38.0, 40)));
    let december = PlanContext { effective_date: Some(date(2026, 12, 1)), ..dismissed };
    assert!(matches!(plan_target(&[line(10.0)], &december), Decision::Hold(_, Brake::LargeChange)));
}

#[test]
fn case_a10_a_share_that_ends_inside_a_sum_is_a_fall_to_zero() {
    let ends = PlanContext { share_ends: true, ..context(Wanted::Units(10)) };
    assert_eq!(plan_target(&[line(13.0)], &ends), Decision::Hold(change(13.0, 10), Brake::FallToZero));
    assert_eq!(plan_target(&[line(9.0)], &ends), Decision::Hold(change(9.0, 10), Brake::FallToZero));
    let approved = PlanContext { approved: decided(13.0, 10), ..ends };
    assert!(matches!(plan_target(&[line(13.0)], &approved), Decision::Write(_)));
    // One user fewer, of a company that also ends: no person approved that.
    let another = PlanContext { wanted: Wanted::Units(9), ..approved };
    assert_eq!(plan_target(&[line(13.0)], &another), Decision::Hold(change(13.0, 9), Brake::FallToZero));
    let no_other = PlanContext { share_ends: false, ..another };
    assert!(matches!(plan_target(&[line(13.0)], &no_other), Decision::Write(_)), "within the brakes");
    assert!(matches!(plan_target(&[line(10.0)], &ends), Decision::Unchanged { .. }));
}

#[test]
fn case_a11_growth_that_creeps_is_compared_with_the_last_invoice() {
    let mut shown = 10.0;
    for (wanted, passes) in [(14, true), (18, false), (22, false)] {
        let creeping = PlanContext { invoiced: Some(10.0), ..context(Wanted::Units(wanted)) };
        let decision = plan_target(&[line(shown)], &creeping);
        let expected = match passes {
            true => Decision::Write(change(shown, wanted)),
            false => Decision::Hold(change(shown, wanted), Brake::LargeChange),
        };
        assert_eq!(decision, expected);
        shown = if passes { f64::from(wanted) } else { shown };
    }
    let falling = PlanContext { invoiced: Some(30.0), ..context(Wanted::Units(23)) };
    assert!(matches!(plan_target(&[line(26.0)], &falling), Decision::Hold(_, Brake::LargeChange)));
}

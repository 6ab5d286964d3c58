//! What our own earlier changes tell about a line: on its way, never applied, edited.

use domain::{
    Brake, Brakes, Change, DecidedChange, Decision, DriftPolicy, Line, LineId, Pending, PlanContext,
    Remembered, Rewrite, Undated, Wanted, plan_target,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const PERIOD: Date = date(2027, 1, 1);

fn line(units: f64) -> Line {
    Line { id: LineId(7), units, effective_date: None }
}

fn context(wanted: u32, remembered: Remembered) -> PlanContext {
    PlanContext {
        wanted: Wanted::Units(wanted),
        effective_date: Some(PERIOD),
        contract_start: None,
        contract_end: None,
        cycle_to_choose: false,
        brakes: Brakes::default(),
        invoiced: None,
        share_ends: false,
        approved: None,
        dismissed: None,
        unsure: false,
        remembered,
        drift: DriftPolicy::Ask,
    }
}

fn change(from: f64, to: u32, rewrite: Option<Rewrite>) -> Change {
    Change { line: LineId(7), from, to, effective_date: PERIOD, approved: false, rewrite }
}

/// A person's decision on a line that shows 15.
fn decided(brake: Brake, to: u32) -> Option<DecidedChange> {
    Some(DecidedChange { brake, from: 15.0, to, effective_date: PERIOD })
}

/// 14 were sent in place of 12 for the first of January.
fn pending(due: bool) -> Pending {
    Pending { from: 12.0, to: 14, effective_date: PERIOD, due }
}

fn awaiting(due: bool) -> Remembered {
    Remembered { pending: Some(pending(due)), last_confirmed: Some(12), ..Remembered::default() }
}

fn left(units: u32) -> Remembered {
    Remembered { last_confirmed: Some(units), ..Remembered::default() }
}

#[test]
fn d_12_a_change_for_a_later_day_is_not_sent_again_until_that_day() {
    for known in [awaiting(false), Remembered { last_confirmed: None, ..awaiting(false) }] {
        let decision = plan_target(&[line(12.0)], &context(14, known));
        assert_eq!(decision, Decision::Awaited(line(12.0), pending(false)));
    }
    // Kaseya may show the change at once.
    let decision = plan_target(&[line(14.0)], &context(14, awaiting(false)));
    assert_eq!(decision, Decision::Unchanged { line: Some(line(14.0)) });
}

#[test]
fn another_number_replaces_the_one_on_its_way_also_where_the_line_shows_it_today() {
    for wanted in [13, 12] {
        let decision = plan_target(&[line(12.0)], &context(wanted, awaiting(false)));
        assert_eq!(decision, Decision::Write(change(12.0, wanted, None)));
    }
    // Once its day has come, the line shows whether it was applied.
    let decision = plan_target(&[line(12.0)], &context(12, awaiting(true)));
    assert_eq!(decision, Decision::Unchanged { line: Some(line(12.0)) });
}

#[test]
fn a_number_that_kaseya_took_and_never_showed_is_sent_once_more_in_its_period() {
    let not_applied = Some(Rewrite::NotApplied { sent: 14 });
    let decision = plan_target(&[line(12.0)], &context(14, awaiting(true)));
    assert_eq!(decision, Decision::Write(change(12.0, 14, not_applied)));
    let rewritten = Remembered { rewritten_for: Some(PERIOD), ..awaiting(true) };
    assert_eq!(
        plan_target(&[line(12.0)], &context(14, rewritten)),
        Decision::Hold(change(12.0, 14, not_applied), Brake::SetElsewhere)
    );
    let earlier = Remembered { rewritten_for: Some(date(2026, 12, 1)), ..awaiting(true) };
    assert!(matches!(plan_target(&[line(12.0)], &context(14, earlier)), Decision::Write(_)));
}

#[test]
fn b_13_an_edited_line_is_left_to_a_person_or_to_the_policy() {
    let edited = Some(Rewrite::Edited { left: 12 });
    // Also if the count has changed too.
    for wanted in [12, 13] {
        let asks = context(wanted, left(12));
        assert_eq!(
            plan_target(&[line(15.0)], &asks),
            Decision::Hold(change(15.0, wanted, edited), Brake::Drift)
        );
        let ours = PlanContext { drift: DriftPolicy::SendOurs, ..asks };
        assert_eq!(plan_target(&[line(15.0)], &ours), Decision::Write(change(15.0, wanted, edited)));
        let approved = PlanContext { approved: decided(Brake::Drift, wanted), ..asks };
        let decision = plan_target(&[line(15.0)], &approved);
        assert_eq!(decision, Decision::Write(Change { approved: true, ..change(15.0, wanted, edited) }));
        let dismissed = PlanContext { dismissed: decided(Brake::Drift, wanted), ..ours };
        let decision = plan_target(&[line(15.0)], &dismissed);
        assert_eq!(decision, Decision::Dismissed(change(15.0, wanted, edited)));
    }
    // An edit to the wanted number is fine, and a first sync knows of no edit.
    assert!(matches!(plan_target(&[line(13.0)], &context(13, left(12))), Decision::Unchanged { .. }));
    let first = context(13, Remembered::default());
    assert_eq!(plan_target(&[line(15.0)], &first), Decision::Write(change(15.0, 13, None)));
}

#[test]
fn net_02_our_own_late_number_is_nobodys_edit() {
    for drift in [DriftPolicy::Ask, DriftPolicy::SendOurs] {
        let late = Remembered { unanswered: Some(10), rewritten_for: Some(PERIOD), ..left(12) };
        let context = PlanContext { drift, ..context(12, late) };
        assert_eq!(plan_target(&[line(10.0)], &context), Decision::Write(change(10.0, 12, None)));
        assert_eq!(plan_target(&[line(12.0)], &context), Decision::Unchanged { line: Some(line(12.0)) });
        let far = Remembered { unanswered: Some(90), ..left(12) };
        let decision = plan_target(&[line(90.0)], &PlanContext { remembered: far, ..context });
        assert!(
            matches!(decision, Decision::Hold(_, Brake::LargeChange)),
            "the brakes look at it as at any other"
        );
    }
    // Any other number is an edit.
    let late = Remembered { unanswered: Some(10), ..left(12) };
    assert!(matches!(plan_target(&[line(11.0)], &context(12, late)), Decision::Hold(_, Brake::Drift)));
    // Also while a newer change is not confirmed yet.
    let taken = Remembered { unanswered: Some(10), ..awaiting(true) };
    assert!(matches!(plan_target(&[line(10.0)], &context(14, taken)), Decision::Write(_)));
}

#[test]
fn the_brakes_hold_what_the_policy_would_send() {
    let ours = PlanContext { drift: DriftPolicy::SendOurs, ..context(12, left(12)) };
    assert!(matches!(plan_target(&[line(90.0)], &ours), Decision::Hold(_, Brake::LargeChange)));
}

#[test]
fn b_13_a_line_that_changes_back_again_counts_itself() {
    let rewritten = Remembered { rewritten_for: Some(PERIOD), ..left(12) };
    for drift in [DriftPolicy::Ask, DriftPolicy::SendOurs] {
        for approved in [None, decided(Brake::Drift, 12)] {
            let again = PlanContext { drift, approved, ..context(12, rewritten) };
            let held = plan_target(&[line(15.0)], &again);
            assert!(matches!(held, Decision::Hold(_, Brake::SetElsewhere)), "{held:?}");
            // The line's next period gets its own try.
            let next = PlanContext { effective_date: Some(date(2027, 2, 1)), ..again };
            let decision = plan_target(&[line(15.0)], &next);
            assert!(!matches!(decision, Decision::Hold(_, Brake::SetElsewhere)), "{decision:?}");
        }
    }
    // A line as we left it accepts new counts as before.
    assert_eq!(plan_target(&[line(12.0)], &context(13, rewritten)), Decision::Write(change(12.0, 13, None)));
}

#[test]
fn an_edit_while_a_change_is_on_its_way_is_an_edit() {
    for due in [false, true] {
        let decision = plan_target(&[line(20.0)], &context(14, awaiting(due)));
        assert_eq!(
            decision,
            Decision::Hold(change(20.0, 14, Some(Rewrite::Edited { left: 14 })), Brake::Drift)
        );
    }
}

#[test]
fn a_fraction_that_came_into_a_line_of_ours_is_an_edit_and_not_a_rounding() {
    let decision = plan_target(&[line(12.5)], &context(12, left(12)));
    assert!(matches!(decision, Decision::Hold(_, Brake::Drift)));
}

/// A Kaseya with one line, night by night: its units are edited, are counted by Kaseya itself, or are shown only from
/// their day on; with the ledger as it would remember the line.
struct Nights {
    shown: f64,
    later: Option<(Date, u32)>,
    remembered: Remembered,
    writes: Vec<(Date, Change)>,
}

impl Nights {
    fn night(
        &mut self,
        today: Date,
        wanted: u32,
        drift: DriftPolicy,
        shows_later: bool,
        counts_itself: Option<u32>,
    ) {
        if let Some((_, units)) = self.later.take_if(|(day, _)| *day <= today) {
            self.shown = f64::from(units);
        }
        if let Some(units) = counts_itself {
            self.shown = f64::from(units);
        }
        if let Some(pending) = &mut self.remembered.pending {
            pending.due = pending.effective_date <= today;
        }
        // In advance, with the invoice on the fifth.
        let first = today.first_of_month();
        let effective =
            if today.day() < 5 { first } else { first.last_of_month().tomorrow().expect("a day") };
        let plan = PlanContext { drift, effective_date: Some(effective), ..context(wanted, self.remembered) };
        match plan_target(&[line(self.shown)], &plan) {
            Decision::Write(change) => {
                let shown_at_once = !shows_later || change.effective_date <= today;
                self.later = (!shown_at_once).then_some((change.effective_date, change.to));
                if shown_at_once {
                    self.shown = f64::from(change.to);
                }
                let confirmed = self.shown == f64::from(change.to);
                if change.rewrite.is_some() {
                    self.remembered.rewritten_for = Some(change.effective_date);
                }
                if confirmed {
                    self.remembered.last_confirmed = Some(change.to);
                }
                self.remembered.pending = (!confirmed).then_some(Pending {
                    from: change.from,
                    to: change.to,
                    effective_date: change.effective_date,
                    due: false,
                });
                self.writes.push((today, change));
            }
            Decision::Unchanged { .. } => {
                self.remembered.last_confirmed = Some(wanted);
                self.remembered.pending = None;
            }
            Decision::Hold(..)
            | Decision::Dismissed(_)
            | Decision::Wait(_)
            | Decision::Awaited(..)
            | Decision::NotSent(_) => {}
        }
    }
}

proptest! {
    #[test]
    fn over_months_no_number_is_sent_for_nothing_and_what_is_wanted_arrives(
        wanted in prop::collection::vec(8_u32..12, 120),
        shows_later: bool,
        last in 8_u32..12,
    ) {
        let mut nights = Nights { shown: 10.0, later: None, remembered: Remembered::default(), writes: Vec::new() };
        let mut today = date(2026, 11, 20);
        let mut before = None;
        for wanted in wanted.into_iter().chain(std::iter::repeat_n(last, 40)) {
            let sent = nights.writes.len();
            nights.night(today, wanted, DriftPolicy::Ask, shows_later, None);
            // An unchanged count is sent at most once more: a change kept for a later day may have hidden another.
            if before == Some(wanted) && sent > 0 && nights.writes.len() > sent {
                prop_assert_ne!(nights.writes[sent - 1].1.to, wanted, "sent again on {}", today);
            }
            prop_assert!(nights.writes.iter().all(|(_, change)| change.rewrite.is_none()));
            before = Some(wanted);
            today = today.tomorrow().expect("a day");
        }
        prop_assert_eq!(nights.shown, f64::from(last));
    }

    #[test]
    fn a_line_that_counts_itself_is_rewritten_once_a_period(
        own in 8_u32..10, wanted in 10_u32..12, nights_long in 20_usize..120,
    ) {
        let mut nights = Nights { shown: 9.0, later: None, remembered: Remembered::default(), writes: Vec::new() };
        let mut today = date(2026, 11, 20);
        for _ in 0..nights_long {
            nights.night(today, wanted, DriftPolicy::SendOurs, false, Some(own));
            today = today.tomorrow().expect("a day");
        }
        let mut periods: Vec<Date> = nights.writes.iter()
            .filter(|(_, change)| change.rewrite.is_some())
            .map(|(_, change)| change.effective_date)
            .collect();
        let rewrites = periods.len();
        periods.dedup();
        prop_assert_eq!(periods.len(), rewrites);
        prop_assert_eq!(nights.writes.len(), rewrites + 1);
    }
}

#[test]
fn case_a14_a_line_set_elsewhere_is_sent_once_more_only_if_a_person_says_so() {
    let rewritten = Remembered { rewritten_for: Some(PERIOD), ..left(12) };
    let asks = PlanContext { drift: DriftPolicy::SendOurs, ..context(12, rewritten) };
    let edited = Some(Rewrite::Edited { left: 12 });
    let held = Decision::Hold(change(15.0, 12, edited), Brake::SetElsewhere);
    assert_eq!(plan_target(&[line(15.0)], &asks), held);
    let other_question = PlanContext { approved: decided(Brake::LargeChange, 12), ..asks };
    assert_eq!(plan_target(&[line(15.0)], &other_question), held);
    let approved = PlanContext { approved: decided(Brake::SetElsewhere, 12), ..asks };
    let sent = Decision::Write(Change { approved: true, ..change(15.0, 12, edited) });
    assert_eq!(plan_target(&[line(15.0)], &approved), sent);
    let dismissed = PlanContext { dismissed: decided(Brake::SetElsewhere, 12), ..asks };
    assert_eq!(plan_target(&[line(15.0)], &dismissed), Decision::Dismissed(change(15.0, 12, edited)));
    // Nothing is remembered about a number that was never sent.
    let never_sent = PlanContext { remembered: left(12), ..context(13, rewritten) };
    let never_sent = PlanContext { drift: DriftPolicy::SendOurs, ..never_sent };
    assert!(matches!(plan_target(&[line(15.0)], &never_sent), Decision::Write(_)));
}

#[test]
fn case_e2_another_day_is_said_while_its_period_is_not_invoiced() {
    let change = Undated { units: 14, effective_date: date(2026, 11, 1) };
    let instead = |units, line_start, by_rule| change.shown_instead(units, line_start, by_rule);
    let (sent, other, next) = (Some(date(2026, 11, 1)), Some(date(2026, 12, 1)), Some(date(2026, 12, 1)));
    assert_eq!(instead(14.0, other, sent), other);
    assert_eq!(instead(14.0, Some(date(2024, 1, 1)), sent), Some(date(2024, 1, 1)));
    for (units, line_start, by_rule) in [
        (14.0, sent, sent),
        (14.0, None, sent),
        (12.0, other, sent),
        (14.0, other, next),
        (14.0, other, None),
    ] {
        assert_eq!(instead(units, line_start, by_rule), None, "{units} {line_start:?} {by_rule:?}");
    }
}

#[test]
fn case_e7_a_field_that_our_write_changed_matters_until_its_period_is_invoiced() {
    let field =
        domain::FieldChange { name: "UnitCost".to_owned(), before: Some("1.75".to_owned()), now: None };
    let changed = domain::ChangedField { effective_date: date(2026, 11, 1), field };
    for (by_rule, matters) in [
        (Some(date(2026, 10, 1)), true),
        (Some(date(2026, 11, 1)), true),
        (Some(date(2026, 12, 1)), false),
        (None, false),
    ] {
        assert_eq!(changed.matters(by_rule), matters, "{by_rule:?}");
    }
}

//! When a contract needs no API call of its own.

use domain::{
    ContractId, Evidence, ExpectedTotal, Found, Glance, InvoiceDay, KnownContract, KnownLine, KnownTarget,
    READ_EVERY, Seen, UnconfirmedChange, Wanted, full_read_window, glance, read_is_due, total_tells,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::date, tz::TimeZone};
use proptest::prelude::*;

const READ_AT: Timestamp = Timestamp::constant(1_760_000_000, 0);
const SEEN_AT: Timestamp = Timestamp::constant(1_760_086_400, 0);
const IMPLIED: Glance = Glance::Holds(Evidence::ImpliedByTotal(SEEN_AT));

fn with_total(total: f64) -> Seen {
    Seen::WithTotal { total, at: SEEN_AT }
}

fn sent(moves: f64) -> UnconfirmedChange {
    UnconfirmedChange { moves: Some(moves), is_half: false, read_since: false }
}

fn known() -> (KnownContract, KnownTarget) {
    let contract = KnownContract {
        seen: with_total(42.0),
        in_order: true,
        evidence: Some(Evidence::Read(READ_AT)),
        expected: Some(ExpectedTotal { total: 42.0, is_sum: true }),
        unconfirmed: Vec::new(),
        read_due: false,
        fresh_since: None,
        code_stands: false,
    };
    let target = KnownTarget {
        wanted: Wanted::Units(12),
        found: Found::One(KnownLine { units: 12.0, unit_price: Some(3.5) }),
        unclear: false,
        barred: false,
    };
    (contract, target)
}

#[test]
fn what_holds_by_its_total_needs_no_call() {
    let (contract, target) = known();
    assert_eq!(glance(&contract, &[target]), IMPLIED);
    let sent = KnownContract { unconfirmed: vec![sent(7.0)], ..contract };
    assert_eq!(glance(&sent, &[target]), IMPLIED, "d_14: the total confirms it");
}

#[test]
fn whatever_is_not_known_for_sure_is_read() {
    let (contract, target) = known();
    for other in [
        KnownContract { seen: Seen::Not, ..contract.clone() },
        KnownContract { seen: with_total(45.5), ..contract.clone() },
        KnownContract { expected: None, ..contract.clone() },
        KnownContract { in_order: false, ..contract.clone() },
        KnownContract { read_due: true, ..contract.clone() },
        KnownContract { code_stands: true, ..contract.clone() },
        KnownContract { evidence: None, ..contract.clone() },
        KnownContract { unconfirmed: vec![sent(7.0), sent(-7.0)], ..contract.clone() },
        KnownContract {
            unconfirmed: vec![UnconfirmedChange { read_since: true, ..sent(7.0) }],
            ..contract.clone()
        },
    ] {
        assert_eq!(glance(&other, &[target]), Glance::Read, "{other:?}");
    }
    let line = KnownLine { units: 12.0, unit_price: Some(3.5) };
    for other in [
        KnownTarget { wanted: Wanted::Units(13), ..target },
        KnownTarget { found: Found::None, ..target },
        KnownTarget { found: Found::Several, ..target },
        KnownTarget { unclear: true, ..target },
        KnownTarget { barred: true, ..target },
        KnownTarget { found: Found::One(KnownLine { unit_price: Some(0.0), ..line }), ..target },
        KnownTarget { found: Found::One(KnownLine { unit_price: None, ..line }), ..target },
        KnownTarget { found: Found::One(KnownLine { units: 12.5, ..line }), ..target },
    ] {
        assert_eq!(glance(&contract, &[target, other]), Glance::Read, "{other:?}");
    }
}

#[test]
fn a_look_up_shows_no_total_so_nothing_is_implied_and_nothing_confirmed() {
    let (contract, target) = known();
    let looked_up = KnownContract { seen: Seen::LookedUp, ..contract };
    let as_read = Glance::Holds(Evidence::Read(READ_AT));
    assert_eq!(glance(&looked_up, &[target]), as_read, "the newest reading, at its own instant");
    let sent = KnownContract { unconfirmed: vec![sent(7.0)], ..looked_up };
    assert_eq!(glance(&sent, &[target]), Glance::Read);
}

#[test]
fn case_c4_what_a_look_up_cannot_show_again_is_read_before_it_is_too_old() {
    let (contract, target) = known();
    let second = SignedDuration::from_secs(1);
    for (fresh_since, looked) in
        [(READ_AT, Glance::Holds(Evidence::Read(READ_AT))), (READ_AT + second, Glance::Read)]
    {
        let fresh_since = Some(fresh_since);
        let looked_up = KnownContract { seen: Seen::LookedUp, fresh_since, ..contract.clone() };
        assert_eq!(glance(&looked_up, &[target]), looked);
        let with_total = KnownContract { fresh_since, ..contract.clone() };
        assert_eq!(glance(&with_total, &[target]), IMPLIED, "a total shows it again");
    }
}

#[test]
fn case_a2_a_service_that_the_reading_did_not_look_for_is_read() {
    let (contract, target) = known();
    let later = KnownTarget { wanted: Wanted::Units(0), found: Found::NotLookedFor, ..target };
    for seen in [contract.seen, Seen::LookedUp] {
        let contract = KnownContract { seen, ..contract.clone() };
        assert_eq!(glance(&contract, &[target, later]), Glance::Read);
    }
}

#[test]
fn case_e11_a_total_that_the_lines_never_made_implies_nothing() {
    let (contract, target) = known();
    let as_read = Glance::Holds(Evidence::Read(READ_AT));
    for (total, is_sum) in [(0.0, true), (0.0, false), (99.0, false)] {
        let contract = KnownContract {
            seen: with_total(total),
            expected: Some(ExpectedTotal { total, is_sum }),
            ..contract.clone()
        };
        assert_eq!(glance(&contract, &[target]), as_read, "{total} {is_sum}");
        let sent = KnownContract { unconfirmed: vec![sent(7.0)], ..contract };
        assert_eq!(glance(&sent, &[target]), Glance::Read, "{total} {is_sum}");
    }
}

#[test]
fn case_a3_changes_are_left_to_the_total_only_if_every_subset_moves_it() {
    assert!(total_tells(&[sent(7.0)]));
    assert!(total_tells(&[sent(7.0), sent(3.5), sent(-1.0)]));
    assert!(!total_tells(&[sent(0.01)]));
    assert!(!total_tells(&[sent(7.0), sent(-7.0)]));
    assert!(!total_tells(&[sent(7.0), sent(3.5), sent(-10.5)]));
    assert!(!total_tells(&[sent(7.0), sent(3.5), sent(-3.49)]));
    assert!(!total_tells(&[UnconfirmedChange { moves: None, ..sent(7.0) }]));
    assert!(!total_tells(&[UnconfirmedChange { is_half: true, ..sent(7.0) }]));
    assert!(!total_tells(&[sent(1.0); 13]), "too many to look at");
}

#[test]
fn d_11_wanted_zero_without_a_line_and_a_missing_count_ask_for_no_call() {
    let (contract, target) = known();
    let nothing = KnownTarget { wanted: Wanted::Units(0), found: Found::None, ..target };
    let missing = KnownTarget { wanted: Wanted::Unknown, found: Found::None, ..target };
    assert_eq!(glance(&contract, &[target, nothing, missing]), IMPLIED);
}

proptest! {
    #[test]
    fn an_edit_by_hand_that_moves_the_total_is_never_passed_over(
        units in 1_u32..5000, by_hand in 0_u32..5000, cents in 2_u32..100_000,
        others in proptest::collection::vec((0_u32..500, 0_u32..10_000), 0..6),
    ) {
        let price = f64::from(cents) / 100.0;
        let rest: f64 = others.iter().map(|(units, cents)| f64::from(*units) * f64::from(*cents) / 100.0).sum();
        let total = |units: u32| ((f64::from(units) * price + rest) * 10_000.0).round() / 10_000.0;
        let (contract, target) = known();
        let contract = KnownContract {
            seen: with_total(total(by_hand)),
            expected: Some(ExpectedTotal { total: total(units), is_sum: true }),
            ..contract
        };
        let target = KnownTarget {
            wanted: Wanted::Units(units),
            found: Found::One(KnownLine { units: f64::from(units), unit_price: Some(price) }),
            ..target
        };
        let looked = glance(&contract, &[target]);
        prop_assert_eq!(looked == Glance::Read, units != by_hand);
    }

    #[test]
    fn case_a3_no_part_of_changes_that_a_total_tells_can_be_missing(
        moves in proptest::collection::vec(-500_i32..500, 1..7), missing in 1_u32..64,
    ) {
        // In cents, so that the sums here are exact.
        let changes: Vec<UnconfirmedChange> = moves.iter().map(|cents| sent(f64::from(*cents) / 100.0)).collect();
        let lost: i32 =
            moves.iter().enumerate().filter(|(place, _)| missing & (1 << place) != 0).map(|(_, cents)| cents).sum();
        let any_lost = moves.len() as u32 > missing.trailing_zeros();
        if total_tells(&changes) && any_lost {
            prop_assert!(lost.abs() >= 1, "{moves:?} without {missing:b}");
        }
    }

    #[test]
    fn every_contract_is_read_within_its_cycle_and_not_all_at_once(first in 1_i32..2_000_000) {
        let read_at: Timestamp = "2026-11-10T02:00:00Z".parse().unwrap();
        let at = |days: i64| read_at + SignedDuration::from_hours(24 * days);
        let due = |contract: i32, days| read_is_due(Some(read_at), ContractId(contract), None, at(days));
        let mut nights = std::collections::BTreeMap::new();
        for contract in first..first + 280 {
            prop_assert!(!due(contract, 13) && due(contract, 28));
            *nights.entry((13..=28).find(|days| due(contract, *days))).or_insert(0) += 1;
        }
        prop_assert!(nights.values().all(|contracts| *contracts < 280 / 14 * 3), "{:?}", nights);
    }
}

#[test]
fn before_the_invoice_day_everything_is_read_once_more() {
    let zone = TimeZone::get("Europe/Rome").unwrap();
    let day = InvoiceDay::new(5).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let begins = at("2026-12-03T23:00:00Z");
    for (now, window) in [
        ("2026-12-03T22:59:59Z", None),
        ("2026-12-03T23:00:00Z", Some((date(2026, 12, 5), begins))),
        ("2026-12-05T22:59:59Z", Some((date(2026, 12, 5), begins))),
        ("2026-12-05T23:00:00Z", None),
    ] {
        assert_eq!(full_read_window(day, at(now), &zone), window, "{now}");
    }
    let now = at("2026-12-04T01:00:00Z");
    assert!(read_is_due(Some(begins - 1.second()), ContractId(1), Some(begins), now));
    assert!(!read_is_due(Some(begins), ContractId(1), Some(begins), now));
    assert!(read_is_due(None, ContractId(1), None, now));
    assert!(READ_EVERY.as_secs() > 24 * 3600);
}

#[test]
fn the_first_of_a_month_as_invoice_day_has_its_window_on_the_last_day_before() {
    let zone = TimeZone::UTC;
    let day = InvoiceDay::new(1).unwrap();
    let now = "2026-11-30T06:00:00Z".parse().unwrap();
    let window = full_read_window(day, now, &zone).unwrap();
    assert_eq!(window, (date(2026, 12, 1), "2026-11-30T00:00:00Z".parse().unwrap()));
}

//! When a contract needs no call of its own.

use domain::{
    ContractId, Glance, InvoiceDay, KnownContract, KnownLine, KnownTarget, READ_EVERY, Seen, Wanted,
    full_read_window, glance, read_is_due,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::date, tz::TimeZone};
use proptest::prelude::*;

fn known() -> (KnownContract, KnownTarget) {
    let contract = KnownContract {
        seen: Seen::WithTotal(42.0),
        in_order: true,
        expected_total: Some(42.0),
        read_due: false,
    };
    let target = KnownTarget {
        wanted: Wanted::Units(12),
        line: Some(KnownLine { units: 12.0, unit_price: Some(3.5) }),
        to_be_confirmed: false,
        unclear: false,
    };
    (contract, target)
}

#[test]
fn what_holds_by_its_total_needs_no_call() {
    let (contract, target) = known();
    assert_eq!(glance(&contract, &[target]), Glance::Holds { seen: true });
    let sent = KnownTarget { to_be_confirmed: true, ..target };
    assert_eq!(glance(&contract, &[sent]), Glance::Holds { seen: true }, "d_14: the total confirms it");
}

#[test]
fn whatever_is_not_known_for_sure_is_read() {
    let (contract, target) = known();
    for other in [
        KnownContract { seen: Seen::Not, ..contract },
        KnownContract { seen: Seen::WithTotal(45.5), ..contract },
        KnownContract { expected_total: None, ..contract },
        KnownContract { in_order: false, ..contract },
        KnownContract { read_due: true, ..contract },
    ] {
        assert_eq!(glance(&other, &[target]), Glance::Read, "{other:?}");
    }
    let line = target.line.unwrap();
    for other in [
        KnownTarget { wanted: Wanted::Units(13), ..target },
        KnownTarget { line: None, ..target },
        KnownTarget { unclear: true, ..target },
        KnownTarget { line: Some(KnownLine { unit_price: Some(0.0), ..line }), ..target },
        KnownTarget { line: Some(KnownLine { unit_price: None, ..line }), ..target },
        KnownTarget { line: Some(KnownLine { units: 12.5, ..line }), ..target },
    ] {
        assert_eq!(glance(&contract, &[target, other]), Glance::Read, "{other:?}");
    }
}

#[test]
fn a_look_up_shows_no_total_so_nothing_is_seen_and_nothing_confirmed() {
    let (contract, target) = known();
    let looked_up = KnownContract { seen: Seen::LookedUp, ..contract };
    assert_eq!(glance(&looked_up, &[target]), Glance::Holds { seen: false });
    let sent = KnownTarget { to_be_confirmed: true, ..target };
    assert_eq!(glance(&looked_up, &[sent]), Glance::Read);
}

#[test]
fn d_11_wanted_zero_without_a_line_and_a_missing_count_ask_for_no_call() {
    let (contract, target) = known();
    let nothing = KnownTarget { wanted: Wanted::Units(0), line: None, ..target };
    let missing = KnownTarget { wanted: Wanted::Unknown, line: None, ..target };
    assert_eq!(glance(&contract, &[target, nothing, missing]), Glance::Holds { seen: true });
}

proptest! {
    #[test]
    fn an_edit_by_hand_that_moves_the_total_is_never_passed_over(
        units in 0_u32..5000, by_hand in 0_u32..5000, cents in 2_u32..100_000,
        others in proptest::collection::vec((0_u32..500, 0_u32..10_000), 0..6),
    ) {
        let price = f64::from(cents) / 100.0;
        let rest: f64 = others.iter().map(|(units, cents)| f64::from(*units) * f64::from(*cents) / 100.0).sum();
        let total = |units: u32| ((f64::from(units) * price + rest) * 10_000.0).round() / 10_000.0;
        let contract = KnownContract {
            seen: Seen::WithTotal(total(by_hand)), in_order: true, expected_total: Some(total(units)), read_due: false,
        };
        let target = KnownTarget {
            wanted: Wanted::Units(units),
            line: Some(KnownLine { units: f64::from(units), unit_price: Some(price) }),
            to_be_confirmed: false, unclear: false,
        };
        let looked = glance(&contract, &[target]);
        prop_assert_eq!(looked == Glance::Read, units != by_hand);
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

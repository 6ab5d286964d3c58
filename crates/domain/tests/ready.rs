//! Ready means that the next invoice would be right at its instant with the current settings (G-05).

use std::collections::BTreeSet;

use domain::{CompanyReadiness, CompanyState, ErrorCode, Level, NotReady, PartnerReadiness, not_ready};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().expect("an instant")
}

fn in_order() -> PartnerReadiness {
    PartnerReadiness {
        is_connected: true,
        is_on: true,
        writes_stopped: false,
        is_refused: false,
        must_reread: false,
        seen_since: now() - 48.hours(),
        frozen_at: None,
        corrected: BTreeSet::new(),
        misses_invoice: false,
        left_over: BTreeSet::new(),
        counting_later: BTreeSet::new(),
    }
}

fn company(states: &[CompanyState]) -> CompanyReadiness<'_> {
    CompanyReadiness {
        is_mapped: true,
        states,
        codes: &[],
        last_sync: Some(now() - 8.hours()),
        is_corrected: false,
        is_left_over: false,
        counts_later: false,
    }
}

const EQUAL: &[CompanyState] = &[CompanyState::Unchanged];

#[test]
fn case_c4_off_refused_or_stopped_nobody_is_ready_whatever_was_synced() {
    assert_eq!(not_ready(&in_order(), &company(EQUAL)), None);
    for (partner, reason) in [
        (PartnerReadiness { is_connected: false, ..in_order() }, NotReady::NotConnected),
        (PartnerReadiness { is_on: false, ..in_order() }, NotReady::Off),
        (PartnerReadiness { writes_stopped: true, ..in_order() }, NotReady::WritesStopped),
        (PartnerReadiness { is_refused: true, ..in_order() }, NotReady::CredentialsRefused),
        (PartnerReadiness { must_reread: true, ..in_order() }, NotReady::Restored),
        (PartnerReadiness { misses_invoice: true, ..in_order() }, NotReady::ScheduleMisses),
        (PartnerReadiness { frozen_at: Some(now() - 1.hours()), ..in_order() }, NotReady::MonthNotPushed),
        (PartnerReadiness { seen_since: now() - 7.hours(), ..in_order() }, NotReady::Unread),
    ] {
        assert_eq!(not_ready(&partner, &company(EQUAL)), Some(reason));
    }
}

#[test]
fn case_c4_every_state_is_ready_or_says_why_not() {
    for state in CompanyState::ALL.iter().copied() {
        let expected = match state {
            CompanyState::Changed | CompanyState::Unchanged | CompanyState::NotBilled => None,
            CompanyState::Never => Some(NotReady::NeverSynced),
            CompanyState::Queued | CompanyState::Running => Some(NotReady::UnderWay),
            CompanyState::Sent => Some(NotReady::Unconfirmed),
            CompanyState::Held => Some(NotReady::Held),
            CompanyState::NotSent => Some(NotReady::NotSent),
            CompanyState::NotMapped => Some(NotReady::NotMapped),
            CompanyState::Deferred => Some(NotReady::Deferred),
            CompanyState::Off => Some(NotReady::Off),
        };
        assert_eq!(not_ready(&in_order(), &company(&[state])), expected, "{state}");
        // One contract in order does not hide another one.
        let both = [CompanyState::Changed, state];
        assert_eq!(not_ready(&in_order(), &company(&both)), expected, "{state}");
    }
    let never_seen = CompanyReadiness { last_sync: None, ..company(EQUAL) };
    assert_eq!(not_ready(&in_order(), &never_seen), Some(NotReady::Unread));
    let unmapped = CompanyReadiness { is_mapped: false, ..company(&[CompanyState::Never]) };
    assert_eq!(not_ready(&in_order(), &unmapped), Some(NotReady::NotMapped));
    let not_billed = CompanyReadiness { last_sync: None, ..company(&[CompanyState::NotBilled]) };
    assert_eq!(not_ready(&in_order(), &not_billed), None);
    // We bill nothing, and the line still does.
    let left_over = CompanyReadiness { is_left_over: true, ..not_billed };
    assert_eq!(not_ready(&in_order(), &left_over), Some(NotReady::Held));
    let later = CompanyReadiness { counts_later: true, ..company(EQUAL) };
    assert_eq!(not_ready(&in_order(), &later), Some(NotReady::CountsLater));
    // A product with a missing count is not sent, although the others of the contract were.
    let missing = CompanyReadiness { codes: &[ErrorCode::Qty02], ..company(&[CompanyState::Changed]) };
    assert_eq!(not_ready(&in_order(), &missing), Some(NotReady::NotSent));
    // A number corrected after the push is not in Kaseya, however recently Kaseya showed the old one (G-10).
    let corrected = CompanyReadiness { is_corrected: true, last_sync: Some(now()), ..company(EQUAL) };
    assert_eq!(not_ready(&in_order(), &corrected), Some(NotReady::MonthNotPushed));
    let noted = CompanyReadiness { codes: &[ErrorCode::Map02], ..company(&[CompanyState::Changed]) };
    assert_eq!(not_ready(&in_order(), &noted), None);
}

fn state() -> impl Strategy<Value = CompanyState> {
    prop::sample::select(CompanyState::ALL)
}

fn partner() -> impl Strategy<Value = PartnerReadiness> {
    (any::<[bool; 6]>(), 0_i64..100, prop::option::of(0_i64..100)).prop_map(|(flags, seen, frozen)| {
        let [is_connected, is_on, writes_stopped, is_refused, must_reread, misses_invoice] = flags;
        PartnerReadiness {
            is_connected,
            is_on,
            writes_stopped,
            is_refused,
            must_reread,
            seen_since: now() - seen.hours(),
            frozen_at: frozen.map(|hours| now() - hours.hours()),
            misses_invoice,
            ..in_order()
        }
    })
}

proptest! {
    /// Ready only if everything was seen, recently and after the freeze, and nothing stands in the way.
    #[test]
    fn case_c4_ready_is_never_said_of_what_was_not_seen_to_be_right(
        partner in partner(), states in prop::collection::vec(state(), 0..4), is_mapped: bool, is_corrected: bool,
        codes in prop::collection::vec(prop::sample::select(ErrorCode::ALL), 0..3), seen in prop::option::of(0_i64..100),
        is_left_over: bool, counts_later: bool,
    ) {
        let last_sync = seen.map(|hours| now() - hours.hours());
        let company = CompanyReadiness {
            is_mapped, states: &states, codes: &codes, last_sync, is_corrected, is_left_over, counts_later,
        };
        if not_ready(&partner, &company).is_none() {
            prop_assert!(partner.is_connected && partner.is_on && !partner.writes_stopped && !partner.is_refused);
            prop_assert!(!partner.must_reread && is_mapped && !states.is_empty() && !is_left_over);
            prop_assert!(codes.iter().all(|code| code.level() == Level::Warning));
            let right = [CompanyState::Changed, CompanyState::Unchanged, CompanyState::NotBilled];
            prop_assert!(states.iter().all(|state| right.contains(state)));
            if states.iter().any(|state| *state != CompanyState::NotBilled) {
                prop_assert!(!partner.misses_invoice && !is_corrected && !counts_later);
                let needed = partner.seen_since.max(partner.frozen_at.unwrap_or(Timestamp::MIN));
                prop_assert!(last_sync.is_some_and(|seen| seen >= needed));
            }
        }
    }

    /// No fix makes a ready company unready.
    #[test]
    fn case_c4_newer_evidence_never_takes_ready_away(
        partner in partner(), states in prop::collection::vec(state(), 1..4), hours in 0_i64..100,
    ) {
        let at = |hours: i64| CompanyReadiness { last_sync: Some(now() - hours.hours()), ..company(&states) };
        if not_ready(&partner, &at(hours)).is_none() {
            prop_assert_eq!(not_ready(&partner, &at(hours / 2)), None);
        }
    }
}

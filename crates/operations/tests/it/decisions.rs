//! Decisions about what a person was shown.

use std::collections::BTreeMap;

use domain::HoldId;
use operations::decisions::{Decision, NotDecided, Outcome, Shown, Which};

use crate::world::World;

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";
const ALONE: &str = "00000000-0000-0000-0000-000000000003";

fn id(text: &str) -> HoldId {
    HoldId::parse(text).expect("an id")
}

/// As a person was shown it who does not say what it came from.
fn to(to: u32) -> Option<Shown> {
    Some(Shown { from: None, to })
}

/// Both halves of a plan switch, of 10 and 0 units, and one of 40 by itself.
async fn held() -> World {
    let world = World::connected().await;
    let row = |hold: &str, contract: u16, to: u16, pair: &str| {
        format!(
            "('{hold}', 'msp-1', {contract}, 701, '{{one}}', 'large_change', 20, {to}, '2026-11-01', 'open',
              '2026-11-22Z', 1, {pair})"
        )
    };
    let pair = format!("'{ONE}'");
    let rows = [row(ONE, 5001, 10, &pair), row(TWO, 5002, 0, &pair), row(ALONE, 5003, 40, "null")].join(", ");
    world
        .sql(&format!(
            "insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units,
                 effective_date, state, opened_at, run_number, pair_id) values {rows}"
        ))
        .await;
    world
}

async fn decide(world: &World, which: Which<'_>, approves: bool) -> BTreeMap<HoldId, Outcome> {
    let decision = Decision { approves, by: "a person" };
    let settings = world.settings().await;
    let decided = world.operations().decide(&settings, which, decision).await.expect("it is decided");
    decided.into_iter().map(|decided| (decided.hold.hold, decided.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_a_decision_is_about_the_number_that_was_shown_and_b_07_about_both_halves_or_none() {
    let world = held().await;
    let stale = BTreeMap::from([(id(ONE), to(10)), (id(TWO), to(3)), (id(ALONE), to(40))]);
    let decided = decide(&world, Which::Those(&stale), true).await;
    let expected = BTreeMap::from([
        (id(ONE), Outcome::OtherUnits(0)),
        (id(TWO), Outcome::OtherUnits(0)),
        (id(ALONE), Outcome::Taken),
    ]);
    assert_eq!(decided, expected);

    // With one half the other is decided too.
    let one = BTreeMap::from([(id(ONE), to(10))]);
    let decided = decide(&world, Which::Those(&one), true).await;
    assert_eq!(decided, BTreeMap::from([(id(ONE), Outcome::Taken), (id(TWO), Outcome::Taken)]));
    let again = decide(&world, Which::Those(&one), true).await;
    assert_eq!(again, BTreeMap::from([(id(ONE), Outcome::NotOpen("approved".to_owned()))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_all_that_is_open_is_decided_at_once_and_an_unknown_hold_is_an_error() {
    let world = held().await;
    let decided = decide(&world, Which::AllOpen, false).await;
    assert_eq!(decided.len(), 3);
    assert!(decided.values().all(|outcome| *outcome == Outcome::Taken), "{decided:?}");
    assert!(decide(&world, Which::AllOpen, false).await.is_empty());

    let unknown = BTreeMap::from([(id("00000000-0000-0000-0000-000000000009"), None)]);
    let decision = Decision { approves: true, by: "a person" };
    let settings = world.settings().await;
    let refused = world.operations().decide(&settings, Which::Those(&unknown), decision).await;
    assert!(matches!(refused, Err(NotDecided::UnknownHold(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a9_a_decision_about_another_from_than_is_held_is_not_taken() {
    let world = held().await;
    let seen = |from| BTreeMap::from([(id(ALONE), Some(Shown { from: Some(from), to: 40 }))]);
    // The person saw 10 → 40; meanwhile a run has found 20 in Kaseya.
    let decided = decide(&world, Which::Those(&seen(10.0)), true).await;
    assert_eq!(decided, BTreeMap::from([(id(ALONE), Outcome::OtherFrom(20.0))]));
    let decided = decide(&world, Which::Those(&seen(20.0)), true).await;
    assert_eq!(decided, BTreeMap::from([(id(ALONE), Outcome::Taken)]));
}

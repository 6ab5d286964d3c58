//! Decisions on what a person saw.

use std::collections::BTreeMap;

use domain::{CompanyId, HoldId};
use operations::{
    decisions::{Decision, NotDecided, Outcome, Shown, Which},
    sync_requests::{NotAsked, SyncOrder},
};

use crate::world::World;

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";
const ALONE: &str = "00000000-0000-0000-0000-000000000003";

fn id(text: &str) -> HoldId {
    HoldId::parse(text).expect("an id")
}

/// Shown to a person who does not say what it came from.
fn to(to: u32) -> Option<Shown> {
    Some(Shown { from: None, to })
}

/// Both halves of a plan switch, of 10 and 0 units, and a separate hold of 40.
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
    let decided = world.acting().decide(&settings, which, decision).await.expect("it is decided");
    decided.into_iter().map(|decided| (decided.hold.hold, decided.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f8_an_order_about_holds_is_kept_with_its_numbers_and_a_refused_one_is_not() {
    let world = held().await;
    let before = world.events().await;
    decide(&world, Which::Those(&BTreeMap::from([(id(ALONE), to(41))])), true).await;
    assert_eq!(world.events().await, before, "it is another number");
    decide(&world, Which::Those(&BTreeMap::from([(id(ALONE), to(40))])), true).await;
    decide(&world, Which::Those(&BTreeMap::from([(id(ONE), to(10))])), false).await;
    assert_eq!(
        world.events().await[before.len()..],
        ["holds_approved Pia holds", "holds_dismissed Pia holds"]
    );
    let sql = "select details -> 'holds' -> 0 ->> 'to' from security_events where kind = 'holds_approved'";
    assert_eq!(world.text(sql).await.as_deref(), Some("40"));
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

    // Deciding one half decides the other too.
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
    let refused = world.acting().decide(&settings, Which::Those(&unknown), decision).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn case_a9_an_approval_without_numbers_is_not_taken_once_the_hold_has_changed() {
    for (changed, outcome) in [
        ("from_units = 100, from_changed = true", Outcome::OtherFrom(100.0)),
        ("to_units = 7, to_changed = true", Outcome::OtherUnits(7)),
    ] {
        let world = held().await;
        world.sql(&format!("update holds set {changed} where hold_id = '{ALONE}'")).await;
        let alone = BTreeMap::from([(id(ALONE), None)]);
        let decided = decide(&world, Which::Those(&alone), true).await;
        assert_eq!(decided, BTreeMap::from([(id(ALONE), outcome.clone())]));
        let decided = decide(&world, Which::AllOpen, true).await;
        assert_eq!(decided[&id(ALONE)], outcome, "of all those are approved that are as they were opened");
        assert_eq!(decided[&id(ONE)], Outcome::Taken);
    }
    // An API caller who says the to but not the from.
    let world = held().await;
    world
        .sql(&format!("update holds set from_units = 100, from_changed = true where hold_id = '{ALONE}'"))
        .await;
    let decided = decide(&world, Which::Those(&BTreeMap::from([(id(ALONE), to(40))])), true).await;
    assert_eq!(decided, BTreeMap::from([(id(ALONE), Outcome::OtherFrom(100.0))]));
    let seen = BTreeMap::from([(id(ALONE), Some(Shown { from: Some(100.0), to: 40 }))]);
    let decided = decide(&world, Which::Those(&seen), true).await;
    assert_eq!(decided, BTreeMap::from([(id(ALONE), Outcome::Taken)]));

    // Both halves of a plan switch, or none.
    let world = held().await;
    world.sql(&format!("update holds set from_units = 3, from_changed = true where hold_id = '{TWO}'")).await;
    let one = BTreeMap::from([(id(ONE), to(10))]);
    let decided = decide(&world, Which::Those(&one), true).await;
    assert_eq!(decided.into_values().collect::<Vec<_>>(), [Outcome::OtherFrom(3.0), Outcome::OtherFrom(3.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a11_a_later_final_count_is_carried_out_where_no_bus_is_reached_too() {
    let later = format!(
        "insert into product_mappings values ('msp-1', 'standard', 701, 'Password Boss Standard');
         insert into company_mappings values ('msp-1', 'one', 301, 'Azienda 1', 5003, 'Fermo', 1, '2026-01-01Z');
         insert into month_ends values ('msp-1', '2026-10-01', '2026-11-01Z', true, '2026-11-01Z');
         update holds set brake = 'later_final' where hold_id = '{ALONE}';
         insert into count_corrections (partner_id, month, company_id, product_id, frozen_users, users, counted_at, report_id,
                                        state, opened_at)
         values ('msp-1', '2026-10-01', 'one', 'standard', 20, 40, '2026-10-31T22:00Z', 'later', 'open', '2026-11-02Z')"
    );
    for (approves, state, recorded) in [(true, "approved", vec![40]), (false, "dismissed", Vec::new())] {
        let world = held().await;
        world.sql(&later).await;
        let alone = BTreeMap::from([(id(ALONE), None)]);
        let decided = decide(&world, Which::Those(&alone), approves).await;
        assert_eq!(decided, BTreeMap::from([(id(ALONE), Outcome::Taken)]));
        let client = world.database.client().await;
        let row = client.query_one("select state from count_corrections", &[]).await.expect("one");
        assert_eq!(row.get::<_, String>("state"), state);
        let frozen = "select users from frozen_counts where month = '2026-10-01'";
        let frozen = client.query(frozen, &[]).await.expect("rows");
        assert_eq!(frozen.iter().map(|row| row.get::<_, i32>("users")).collect::<Vec<_>>(), recorded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a17_what_keeps_approved_units_from_being_sent_is_reported() {
    for (hindrance, expected) in [
        ("select", "None"),
        ("update integrations set state = 'off'", "Off"),
        ("update installation set writes_stopped = true", "WritesStopped"),
        (
            "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = '2026-11-22Z'",
            "Credentials",
        ),
    ] {
        let world = held().await;
        world.sql(hindrance).await;
        let (settings, operations) = (world.settings().await, world.acting());
        let alone = BTreeMap::from([(id(ALONE), None)]);
        let decision = Decision { approves: true, by: "a person" };
        let decided = operations.decide(&settings, Which::Those(&alone), decision).await.expect("decided");
        let not_yet = operations.not_yet_sent(&settings, decision, &decided).await.expect("read");
        let told = format!("{not_yet:?}");
        assert!(told.contains(expected), "{hindrance}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_e15_a_sync_of_more_companies_than_a_request_may_list_is_not_asked_for() {
    let world = World::connected().await;
    let partner = &world.partner;
    let ids = |number: usize| -> Vec<CompanyId> {
        (0..number).map(|n| CompanyId::new(format!("c{n}")).expect("an id")).collect()
    };
    let (many, mut twice) = (ids(10_001), ids(10_000));
    let order = |companies| SyncOrder { companies, plan: false, by: "a person" };
    let refused = world.acting().request_sync(partner, order(&many)).await;
    assert!(matches!(refused, Err(NotAsked::TooManyListed(10_001))), "{refused:?}");
    // A hold that is listed twice counts once.
    twice.extend(ids(10));
    world.acting().request_sync(partner, order(&twice)).await.expect("it is asked for");
    let client = world.database.client().await;
    let listed = "select jsonb_array_length(message->'companies'->'only'->'companyIds') from requests";
    assert_eq!(client.query_one(listed, &[]).await.expect("one").get::<_, i32>(0), 10_000);
}

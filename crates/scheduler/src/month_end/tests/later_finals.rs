//! Final numbers that come after the freeze and differ.

use super::{
    pushes::{frozen_world, over},
    *,
};

const HOLDS: &str =
    "select string_agg(concat_ws(' ', contract_id, brake, from_units, to_units, company_ids, state), ', '
                                       order by contract_id) from holds";
const CORRECTED: &str =
    "select string_agg(concat_ws(' ', company_id, users, reason), ', ' order by company_id)
                         from frozen_counts where correction > 0";

/// The frozen numbers are in Kaseya.
async fn pushed() -> World {
    let world = frozen_world().await;
    over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "unchanged", None)]).await;
    world
        .sql(
            "update statuses set products = jsonb_build_array(jsonb_build_object(
                 'product', 'standard', 'service', 11, 'state', 'unchanged', 'from', units, 'to', units, 'billed', units))
             from (values ('c1', 5), ('c2', 9)) as frozen (id, units)
             where id = company_id",
        )
        .await;
    world
}

/// A person has corrected c1 to 6 at 8:00.
async fn corrected(world: &World) {
    world
        .sql(
            "insert into frozen_counts (partner_id, month, company_id, product_id, correction, users, day, counted_at, reason,
                                        recorded_at)
             values ('p', '2026-11-01', 'c1', 'standard', 1, 6, '2026-11-30', '2026-12-01T08:00Z', 'one left (Anna)',
                     '2026-12-01T08:00Z')",
        )
        .await;
}

/// The frozen numbers are in Kaseya. Then the provider's final report says 7 for c1.
async fn differing() -> World {
    let world = pushed().await;
    world.clock.set("2026-12-01T08:00:00Z".parse().expect("an instant"));
    later(&world, "later", "2026-12-01T07:00:00Z", 7).await;
    world
}

async fn later(world: &World, id: &str, counted_at: &str, users: u32) {
    let counted = [("c1", &standard(users)[..]), ("c2", &standard(9)[..])];
    report(world, id, LAST_DAY, counted_at, true, &counted).await;
}

async fn decide(world: &World, verdict: &str, units: u32) {
    let hold = world.text("select hold_id from holds where contract_id = 1001").await;
    let decision = serde_json::json!({
        "decisionId": format!("{verdict} {units}"), "partnerId": "p", "holdId": hold, "decision": verdict,
        "decidedBy": "Anna", "units": units,
    });
    assert_eq!(world.send(&decision).await, Settlement::Done);
}

#[tokio::test]
async fn case_a6_a_later_final_number_is_held_beside_the_frozen_one() {
    let world = differing().await;
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 7 {c1} open");
    let row = "select string_agg(concat_ws(' ', company_id, state, code, products -> 0 ->> 'to'), ', ' order by company_id)
               from statuses";
    assert_eq!(world.text(row).await, "c1 held QTY-05 7, c2 unchanged 9");
    assert_eq!(world.text("select count(*) from events where topic = 'hold.opened'").await, "1");
    assert_eq!(world.text(CORRECTED).await, "none");
    assert_eq!(sent(&world).await, [Some(5), Some(9)], "the frozen number goes on being sent");
    // Another number is another question, and the frozen number again is no question.
    later(&world, "still later", "2026-12-01T07:30:00Z", 8).await;
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 8 {c1} open");
    later(&world, "back", "2026-12-01T07:40:00Z", 5).await;
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 8 {c1} gone");
}

#[tokio::test]
async fn case_a6_approved_it_becomes_a_second_row_with_its_reason_and_is_pushed() {
    let world = differing().await;
    decide(&world, "HOLD_DECISION_APPROVE", 7).await;
    assert_eq!(
        world.text(CORRECTED).await,
        "c1 7 the provider's later final count of that day, approved by Anna"
    );
    assert_eq!(sent(&world).await, [Some(7), Some(9)]);
    assert_eq!(world.open_jobs().await, "2 work ready {1001} {} now");
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 7 {c1} approved");
    // Withdrawn before it is used: the frozen number is the month's again.
    decide(&world, "HOLD_DECISION_DISMISS", 7).await;
    assert_eq!(sent(&world).await, [Some(5), Some(9)]);
}

#[tokio::test]
async fn case_a6_dismissed_it_is_not_asked_again_and_the_window_ends_what_waits() {
    let world = differing().await;
    decide(&world, "HOLD_DECISION_DISMISS", 7).await;
    later(&world, "the same", "2026-12-01T07:30:00Z", 7).await;
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 7 {c1} dismissed");
    assert_eq!(sent(&world).await, [Some(5), Some(9)]);

    let world = differing().await;
    for (now, state) in [("2026-12-10T22:59:59Z", "open"), ("2026-12-10T23:00:00Z", "gone")] {
        world.clock.set(now.parse().expect("an instant"));
        crate::later_finals::keep(&world.context).await.expect("a round");
        assert_eq!(world.text("select state from holds").await, state, "{now}");
    }
}

#[tokio::test]
async fn case_a6_a_later_number_that_is_not_final_changes_nothing() {
    let world = frozen_world().await;
    report(&world, "later", LAST_DAY, "2026-11-30T23:20:00Z", false, &[("c1", &standard(7))]).await;
    assert_eq!(world.text(HOLDS).await, "none");
}

#[tokio::test]
async fn case_a6_a_persons_correction_is_a_row_with_its_reason_and_is_pushed() {
    let world = differing().await;
    let (partner, month) =
        (&PartnerId::new("p").expect("an id"), Month::of("2026-11-01".parse().expect("a day")));
    let (company, product) =
        (&CompanyId::new("c1").expect("an id"), &ProductId::new("standard").expect("an id"));
    let now = world.context.clock.now();
    world
        .database
        .store
        .transaction("correct", |tx| {
            Box::pin(async move {
                let number = (company, product, 6);
                counts::corrections::correct(tx, partner, month, number, "one left (Anna)", now).await
            })
        })
        .await
        .expect("corrected");
    assert_eq!(sent(&world).await, [Some(6), Some(9)]);
    assert_eq!(round(&world, "2026-12-01T08:01:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 work ready {1001} {}");
    crate::later_finals::keep(&world.context).await.expect("a round");
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 7 {c1} gone");
    assert_eq!(world.text(CORRECTED).await, "c1 6 one left (Anna)");
}

#[tokio::test]
async fn case_a6_a_final_that_comes_after_a_persons_correction_is_held_whenever_it_was_counted() {
    let world = pushed().await;
    corrected(&world).await;
    world.clock.set("2026-12-01T09:00:00Z".parse().expect("an instant"));
    later(&world, "later", "2026-12-01T07:00:00Z", 7).await;
    assert_eq!(world.text(HOLDS).await, "1001 later_final 6 7 {c1} open");
}

#[tokio::test]
async fn case_a6_a_later_number_that_is_not_final_takes_no_held_final_away() {
    let world = differing().await;
    let counted = [("c1", &standard(4)[..]), ("c2", &standard(9)[..])];
    report(&world, "stray", LAST_DAY, "2026-12-01T07:50:00Z", false, &counted).await;
    assert_eq!(world.text(HOLDS).await, "1001 later_final 5 7 {c1} open");
}

#[tokio::test]
async fn case_a6_a_persons_correction_is_pushed_without_month_end_runs_too() {
    let world = pushed().await;
    world.sql("update integrations set month_end_run = false").await;
    assert_eq!(round(&world, "2026-12-01T08:00:00Z").await, 0);
    corrected(&world).await;
    world.sql("update month_ends set push_checked_at = null").await;
    assert_eq!(round(&world, "2026-12-01T08:01:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 work ready {1001} {}");
    assert_eq!(round(&world, "2026-12-01T10:00:00Z").await, 0, "once");
}

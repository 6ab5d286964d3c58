//! Held changes: opened once, kept up to date, ended (B-01).

use messages::v1;

use crate::{
    message::{With as _, done, intent},
    world::World,
};

async fn holds(world: &World) -> String {
    world.text("select concat_ws(' ', to_units, state, brake, run_number) from holds order by opened_at, run_number").await
}

fn held(number: u32, units: (f64, u32), brake: &str) -> v1::JobDone {
    done(number, number, 1).company("acme", 1001, "held", units).held_by(brake)
}

/// Stores a message from a run of its own.
async fn next(world: &World, message: v1::JobDone) {
    let number = u32::try_from(message.run_number.expect("a number")).expect("a small number");
    world.run(number).await;
    world.job(number, number, 1).await;
    world.store(&[message]).await;
}

async fn decide(world: &World, state: &str) {
    world
        .sql(&format!(
            "update holds set state = '{state}', decided_at = '2026-12-01T06:00Z', decided_by = 'Anna',
                              decision_id = 'd' || run_number"
        ))
        .await;
}

async fn opened(world: &World) -> String {
    world.text("select body ->> 'toUnits' from events where topic = 'hold.opened' order by number").await
}

#[tokio::test]
async fn b_01_a_hold_is_opened_once_kept_up_to_date_and_gone_when_the_numbers_are_in_order() {
    let world = World::new().await;
    next(&world, held(8, (12.0, 0), "fall_to_zero")).await;
    let id = world.text("select hold_id from holds").await;
    let told = "select body ->> 'holdId' from events where topic = 'hold.opened'";
    assert_eq!(world.text(told).await, id);
    next(&world, held(9, (12.0, 0), "fall_to_zero")).await;
    assert_eq!(holds(&world).await, "0 open fall_to_zero 9");
    next(&world, held(10, (12.0, 40), "large_change")).await;
    assert_eq!(holds(&world).await, "40 open large_change 10");
    assert_eq!(opened(&world).await, "0, 40", "told again, because another number waits");
    assert_eq!(world.text(told).await, format!("{id}, {id}"));
    assert_eq!(world.text("select hold_id from holds").await, id);
    next(&world, done(11, 11, 1).company("acme", 1001, "unchanged", (12.0, 12))).await;
    assert_eq!(holds(&world).await, "40 gone large_change 11");
    next(&world, held(12, (12.0, 0), "fall_to_zero")).await;
    assert_eq!(holds(&world).await, "40 gone large_change 11, 0 open fall_to_zero 12");
}

#[tokio::test]
async fn b_01_an_approval_is_used_by_the_change_and_one_of_another_number_no_longer_stands() {
    let world = World::new().await;
    next(&world, held(8, (12.0, 0), "fall_to_zero")).await;
    decide(&world, "approved").await;
    next(&world, held(9, (12.0, 40), "large_change")).await;
    assert_eq!(holds(&world).await, "40 open large_change 9");
    assert_eq!(opened(&world).await, "0, 40", "a person is asked anew");
    assert_eq!(world.text("select decided_by from holds where decided_by is not null").await, "");
    decide(&world, "approved").await;
    next(&world, done(10, 10, 1).company("acme", 1001, "changed", (12.0, 40))).await;
    assert_eq!(holds(&world).await, "40 used large_change 10");
}

#[tokio::test]
async fn b_01_an_approved_change_that_is_not_confirmed_keeps_its_approval() {
    let world = World::new().await;
    next(&world, held(8, (12.0, 0), "fall_to_zero")).await;
    decide(&world, "approved").await;
    next(&world, done(9, 9, 1).company("acme", 1001, "sent", (12.0, 0))).await;
    next(&world, done(10, 10, 1).company("acme", 1001, "deferred", (12.0, 0)).code("NET-02")).await;
    assert_eq!(holds(&world).await, "0 approved fall_to_zero 8");
}

#[tokio::test]
async fn b_01_what_was_dismissed_stays_so_for_its_number() {
    let world = World::new().await;
    next(&world, held(8, (12.0, 0), "fall_to_zero")).await;
    decide(&world, "dismissed").await;
    next(&world, done(9, 9, 1).company("acme", 1001, "not_sent", (12.0, 0)).code("QTY-01")).await;
    assert_eq!(holds(&world).await, "0 dismissed fall_to_zero 8");
    next(&world, held(10, (12.0, 0), "many_companies")).await;
    assert_eq!(holds(&world).await, "0 dismissed many_companies 10");
    next(&world, held(11, (12.0, 3), "large_change")).await;
    assert_eq!(holds(&world).await, "3 open large_change 11");
}

#[tokio::test]
async fn b_01_one_hold_per_target_with_all_its_companies() {
    let world = World::new().await;
    let both =
        held(8, (12.0, 0), "fall_to_zero").company("beta", 1001, "held", (12.0, 0)).held_by("fall_to_zero");
    next(&world, both).await;
    assert_eq!(world.text("select company_ids from holds").await, "{acme,beta}");
}

#[tokio::test]
async fn a_hold_of_a_target_that_is_mapped_no_more_is_gone() {
    let world = World::new().await;
    next(&world, held(8, (12.0, 0), "fall_to_zero")).await;
    world.sql("update company_mappings set contract_id = 1009, version = 2 where company_id = 'acme'").await;
    next(&world, done(9, 9, 1).company("beta", 1002, "unchanged", (3.0, 3))).await;
    assert_eq!(holds(&world).await, "0 gone fall_to_zero 8");
}

#[tokio::test]
async fn a_recovered_change_uses_its_approval() {
    let world = World::new().await;
    next(&world, held(8, (12.0, 0), "fall_to_zero")).await;
    decide(&world, "approved").await;
    world.granted(1, (7, 1, 1), (12.0, 0), "2026-12-01T05:00:05Z").await;
    world.run(9).await;
    world.job(9, 9, 1).await;
    let read = done(9, 9, 1).company("acme", 1001, "unchanged", (0.0, 0)).line(
        1001,
        9001,
        0.0,
        "2026-12-01T05:04:00Z",
    );
    world.store(&[read]).await;
    assert_eq!(holds(&world).await, "0 used fall_to_zero 9");
    let journal = format!("select standing from journal where intent_id = '{}'", intent(1));
    assert_eq!(world.text(&journal).await, "confirmed");
}

#[tokio::test]
async fn case_a9_a_decision_is_open_again_for_another_from_or_another_month() {
    for state in ["approved", "dismissed"] {
        let world = World::new().await;
        next(&world, held(8, (10.0, 40), "large_change")).await;
        decide(&world, state).await;
        next(&world, held(9, (10.0, 40), "large_change")).await;
        assert_eq!(holds(&world).await, format!("40 {state} large_change 9"));
        next(&world, held(10, (100.0, 40), "large_change")).await;
        assert_eq!(holds(&world).await, "40 open large_change 10");
        assert_eq!(opened(&world).await, "40, 40", "a person is asked again");
        decide(&world, state).await;
        world.sql("update holds set effective_date = effective_date - interval '1 month'").await;
        next(&world, held(11, (100.0, 40), "large_change")).await;
        assert_eq!(holds(&world).await, "40 open large_change 11");
    }
}

#[tokio::test]
async fn case_a14_once_more_is_another_question_and_its_approval_is_used_once() {
    let world = World::new().await;
    next(&world, held(8, (10.0, 12), "large_change")).await;
    decide(&world, "approved").await;
    next(&world, done(9, 9, 1).company("acme", 1001, "sent", (10.0, 12))).await;
    assert_eq!(holds(&world).await, "12 approved large_change 8");
    next(&world, held(10, (10.0, 12), "set_elsewhere").code("SVC-04")).await;
    assert_eq!(holds(&world).await, "12 open set_elsewhere 10", "nobody said yes to that");
    decide(&world, "approved").await;
    next(&world, done(11, 11, 1).company("acme", 1001, "sent", (10.0, 12))).await;
    assert_eq!(holds(&world).await, "12 used set_elsewhere 11");
}

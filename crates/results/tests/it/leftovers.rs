//! Lines that were ours and are no longer mapped (D-13): asked about once, and not forgotten.

use messages::v1;

use crate::{
    message::{With as _, done},
    world::World,
};

const SEEN: &str = "2026-12-01T05:00:10Z";

async fn holds(world: &World) -> String {
    let sql =
        "select concat_ws(' ', contract_id, from_units, to_units, state, brake, company_ids, effective_date)
               from holds order by opened_at, run_number, contract_id";
    world.text(sql).await
}

async fn told(world: &World) -> String {
    world.text("select body ->> 'fromUnits' from events where topic = 'hold.opened' order by number").await
}

/// Stores a message from a run of its own.
async fn next(world: &World, message: v1::JobDone) {
    let number = u32::try_from(message.run_number.expect("a number")).expect("a small number");
    world.run(number).await;
    world.job(number, number, 1).await;
    world.store(&[message]).await;
}

/// A job that says nothing about acme.
async fn other(world: &World, number: u32) {
    next(world, done(number, number, 1).company("beta", 1002, "unchanged", (3.0, 3))).await;
}

/// acme's line, read, with as many units as are counted.
fn held_by_acme(number: u32, units: f64, counted: u32) -> v1::JobDone {
    let mut read = done(number, number, 1)
        .company("acme", 1001, "unchanged", (units, counted))
        .line(1001, 9001, units, SEEN);
    read.companies[0].products[0].billed_units = Some(counted);
    read
}

/// A world in which acme's line holds twelve units of ours.
async fn synced() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into targets (partner_id, contract_id, service_id, account_id, account_name, contract_name, service_name)
             values ('msp-1', 1001, 11, 101, 'Acme', 'One', 'PB Standard')",
        )
        .await;
    next(&world, held_by_acme(8, 12.0, 12)).await;
    assert_eq!(holds(&world).await, "");
    world
}

const OPEN: &str = "1001 12 0 open leftover {acme} 2026-12-01";

#[tokio::test]
async fn d_13_whichever_edit_leaves_a_line_behind_it_is_asked_about_once() {
    for edit in [
        "delete from company_mappings where company_id = 'acme'",
        "update company_mappings set contract_id = 1009, version = 2 where company_id = 'acme'",
        "delete from product_mappings",
        "update product_mappings set service_id = 12",
        "insert into company_product_contracts values ('msp-1', 'acme', 'standard', 1009, 'Own')",
        "insert into billing_rules values ('msp-1', 'acme', 'standard', true, 0, 0, 'Trial')",
    ] {
        let world = synced().await;
        world.sql(edit).await;
        other(&world, 9).await;
        assert_eq!(holds(&world).await, OPEN, "{edit}");
        other(&world, 10).await;
        assert_eq!((holds(&world).await.as_str(), told(&world).await.as_str()), (OPEN, "12.0"), "{edit}");
    }
}

#[tokio::test]
async fn a_target_that_another_company_still_has_is_no_leftover() {
    let world = synced().await;
    world.sql("update company_mappings set contract_id = 1001 where company_id = 'beta'").await;
    world.sql("delete from company_mappings where company_id = 'acme'").await;
    other(&world, 9).await;
    assert_eq!(holds(&world).await, "");
}

#[tokio::test]
async fn d_13_mapped_again_before_a_decision_the_question_is_gone_and_a_later_removal_asks_anew() {
    for state in ["open", "dismissed", "approved"] {
        let world = synced().await;
        let edit = |contract: i32| {
            format!("update company_mappings set contract_id = {contract} where company_id = 'acme'")
        };
        world.sql(&edit(1009)).await;
        other(&world, 9).await;
        let decided =
            format!("update holds set state = '{state}', decided_at = opened_at, decided_by = 'Anna'");
        world.sql(&decided).await;
        other(&world, 10).await;
        assert_eq!(holds(&world).await, OPEN.replace("open", state), "what was decided stands");
        world.sql(&edit(1001)).await;
        other(&world, 11).await;
        assert_eq!(holds(&world).await, OPEN.replace("open", "gone"));
        world.sql(&edit(1009)).await;
        other(&world, 12).await;
        assert_eq!(holds(&world).await, format!("{}, {OPEN}", OPEN.replace("open", "gone")));
    }
}

#[tokio::test]
async fn a_line_that_was_never_ours_or_holds_nothing_is_no_leftover() {
    let world = World::new().await;
    world
        .sql(
            "insert into targets (partner_id, contract_id, service_id, account_id, account_name, contract_name, service_name)
             values ('msp-1', 1001, 11, 101, 'Acme', 'One', 'PB Standard')",
        )
        .await;
    // Held at once and never sent: the units are not ours.
    let held = done(8, 8, 1).company("acme", 1001, "held", (40.0, 12)).held_by("large_change");
    next(&world, held.line(1001, 9001, 40.0, SEEN)).await;
    world.sql("delete from company_mappings where company_id = 'acme'").await;
    other(&world, 9).await;
    assert_eq!(holds(&world).await, "1001 40 12 gone large_change {acme} 2026-11-01");

    let world = synced().await;
    let mut none = held_by_acme(9, 0.0, 0);
    none.lines[0].seen_at = done(9, 9, 1).ended("2026-12-01T05:00:15Z").finished_at;
    next(&world, none).await;
    world.sql("delete from company_mappings where company_id = 'acme'").await;
    other(&world, 10).await;
    assert_eq!(holds(&world).await, "");
}

#[tokio::test]
async fn a_number_that_kaseya_took_for_a_later_day_is_left_over_too() {
    let world = synced().await;
    world.run(9).await;
    world.job(9, 9, 1).await;
    world.granted(1, (9, 9, 1), (12.0, 15), "2026-12-01T05:00:15Z").await;
    let sent = done(9, 9, 1).company("acme", 1001, "sent", (12.0, 15));
    world.store(&[sent.change(1, v1::ChangeResult::Sent, "2026-12-01T05:00:18Z")]).await;
    world.sql("update lines set units = 0").await;
    world.sql("delete from company_mappings where company_id = 'acme'").await;
    other(&world, 10).await;
    assert_eq!(holds(&world).await, OPEN.replace(" 12 ", " 15 "));
}

#[tokio::test]
async fn d_13_the_approved_zero_uses_its_approval_and_a_line_with_another_number_is_asked_about_again() {
    let world = synced().await;
    world.sql("delete from company_mappings where company_id = 'acme'").await;
    other(&world, 9).await;
    world.sql("update holds set state = 'approved', decided_at = opened_at, decided_by = 'Anna'").await;
    let mut edited = done(10, 10, 1).company("acme", 1001, "held", (15.0, 0)).held_by("leftover");
    // The day that the leftover counts from: in another month it would be another question (G-12).
    edited.companies[0].products[0].effective_date = Some("2026-12-01".to_owned());
    next(&world, edited.line(1001, 9001, 15.0, "2026-12-01T05:00:15Z")).await;
    let asked_again = OPEN.replace(" 12 ", " 15 ");
    assert_eq!(holds(&world).await, asked_again);
    assert_eq!(told(&world).await, "12.0, 15.0");

    world.sql("update holds set state = 'approved', decided_at = opened_at, decided_by = 'Anna'").await;
    let mut gone = done(11, 11, 1).company("acme", 1001, "unchanged", (0.0, 0)).ended("2026-12-01T05:01:00Z");
    gone.companies[0].products[0].users = None;
    gone.companies[0].products[0].from_units = None;
    next(&world, gone).await;
    assert_eq!(holds(&world).await, asked_again.replace("open", "used"));
    other(&world, 12).await;
    assert_eq!(holds(&world).await, asked_again.replace("open", "used"), "its line is not there any more");
}

//! Day, instant and zone of the report that freezes a month.

use super::*;

const PACIFIC: &str = "update partners set count_zone = 'America/Los_Angeles'";

async fn refused(world: &World, part: Part<'_>, counted: &[Counted<'_>]) -> String {
    match world.counts("p", part, counted).await {
        Settlement::DeadLetter(reason) => reason,
        other => panic!("taken: {other:?}"),
    }
}

#[tokio::test]
async fn case_b1_a_last_day_that_has_not_begun_there_is_refused_and_freezes_nothing() {
    let world = World::at("2026-11-30T01:00:00Z").await;
    world.partner("p", 1).await;
    world.sql(PACIFIC).await;
    // It is the 30th in UTC, and still the 29th in Los Angeles.
    let early = Part::whole("r1", LAST_DAY, "2026-11-30T01:00:00Z").last_word();
    let reason = refused(&world, early, &[("c1", &standard(12))]).await;
    assert!(reason.contains("day:") && reason.contains("America/Los_Angeles"), "{reason}");
    assert_eq!(world.text("select count(*) from reports").await, "0");
    assert_eq!(world.text("select count(*) from month_ends").await, "0");
}

#[tokio::test]
async fn case_b1_final_is_believed_when_the_last_day_is_over_there() {
    let world = World::at("2026-12-01T01:00:00Z").await;
    world.partner("p", 1).await;
    world.sql(PACIFIC).await;
    report(&world, "r1", LAST_DAY, "2026-12-01T01:00:00Z", true, &[("c1", &standard(12))]).await;
    assert_eq!(world.text("select count(*) from month_ends").await, "0", "it is 17:00 of that day there");
    world.clock.set("2026-12-01T07:30:00Z".parse().expect("an instant"));
    report(&world, "r2", LAST_DAY, "2026-12-01T07:30:00Z", true, &[("c1", &standard(13))]).await;
    assert_eq!(round(&world, "2026-12-01T07:59:59Z").await, 0);
    assert_eq!(round(&world, "2026-12-01T08:00:00Z").await, 1);
    assert_eq!(world.text("select users from frozen_counts where product_id = 'standard'").await, "13");
    assert_eq!(world.text("select final from month_ends").await, "true");
}

#[tokio::test]
async fn case_b1_a_leap_day_ends_where_the_counts_are_taken() {
    let world = World::at("2028-02-29T12:00:00Z").await;
    world.partner("p", 1).await;
    world.sql("update partners set count_zone = 'Pacific/Auckland'").await;
    // Midnight of 1 March in Auckland has passed at 11:00 UTC.
    report(&world, "r", "2028-02-29", "2028-02-29T10:30:00Z", true, &[("c1", &standard(7))]).await;
    assert_eq!(world.text("select month from month_ends").await, "2028-02-01");
}

#[tokio::test]
async fn case_b2_a_stray_part_of_a_month_long_over_freezes_nothing() {
    let world = World::at("2026-11-29T12:00:00Z").await;
    world.partner("p", 2).await;
    let counted = [("c1", &standard(5)[..]), ("c2", &standard(9)[..])];
    report(&world, "day", "2026-11-28", "2026-11-28T22:00:00Z", true, &counted).await;
    report(&world, "stray", "2026-10-31", "2026-11-29T11:59:00Z", true, &[("c1", &standard(3))]).await;
    assert_eq!(round(&world, "2026-11-29T12:01:00Z").await, 0);
    assert_eq!(world.text("select count(*) from month_ends").await, "0");
    assert_eq!(sent(&world).await, [Some(5), Some(9)]);
}

#[tokio::test]
async fn case_b2_a_stray_part_inside_the_window_leaves_a_new_partners_counts_to_be_sent() {
    let world = World::at("2026-11-05T12:00:00Z").await;
    world.partner("p", 2).await;
    let counted = [("c1", &standard(5)[..]), ("c2", &standard(9)[..])];
    report(&world, "first", "2026-11-04", "2026-11-04T22:00:00Z", true, &counted).await;
    assert_eq!(sent(&world).await, [Some(5), Some(9)]);
    report(&world, "stray", "2026-10-31", "2026-11-05T11:59:00Z", false, &[("c1", &standard(3))]).await;
    assert_eq!(round(&world, "2026-11-05T12:01:00Z").await, 0);
    assert_eq!(world.text("select count(*) from month_ends").await, "0");
    assert_eq!(sent(&world).await, [Some(5), Some(9)]);
}

/// The units that would be sent now to service 11 of a contract.
async fn wanted(world: &World, contract: i32) -> Wanted {
    let partner = PartnerId::new("p").expect("an id");
    let now = world.context.clock.now();
    let read = world.database.store.transaction("plan", |tx| Box::pin(facts::read(tx, &partner, now)));
    let plan = read.await.expect("it can be read").facts().expect("it is set up").plan();
    plan.contracts[&domain::ContractId(contract)].targets[0].wanted
}

#[tokio::test]
async fn case_a12_a_company_first_counted_in_the_new_month_counts_0_in_the_last_one() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 1).await;
    report(&world, "final", LAST_DAY, "2026-11-30T22:50:00Z", true, &[("c1", &standard(5))]).await;
    world.clock.set("2026-12-02T12:00:00Z".parse().expect("an instant"));
    let counted = [("c1", &standard(6)[..]), ("new", &standard(7)[..])];
    report(&world, "next", "2026-12-02", "2026-12-02T10:00:00Z", false, &counted).await;
    world
        .sql(
            "insert into companies values ('p', 'uncounted', 'Not counted yet');
             insert into company_mappings values ('p', 'new', 101, 'Account 1', 1001, 'Contract 1', 1, '2026-12-02T11:00Z'),
                 ('p', 'uncounted', 101, 'Account 1', 1001, 'Contract 1', 1, '2026-12-02T11:00Z')",
        )
        .await;
    assert_eq!(wanted(&world, 1001).await, Wanted::Units(5));
    // If its own report of the last day still comes, that is its number.
    report(&world, "late", LAST_DAY, "2026-11-30T22:55:00Z", true, &[("new", &standard(2))]).await;
    assert_eq!(wanted(&world, 1001).await, Wanted::Units(7));
}

#[tokio::test]
async fn case_a12_a_company_that_was_counted_before_and_not_on_the_last_day_is_missing() {
    let world = World::at("2026-12-01T10:59:00Z").await;
    world.partner("p", 1).await;
    world
        .sql(
            "insert into companies values ('p', 'known', 'Known');
             insert into company_mappings values ('p', 'known', 101, 'Account 1', 1001, 'Contract 1', 1, '2026-11-01T00:00Z')",
        )
        .await;
    report(&world, "before", "2026-11-29", "2026-11-29T22:00:00Z", true, &[("known", &standard(3))]).await;
    report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
    assert_eq!(round(&world, "2026-12-01T11:00:00Z").await, 1);
    assert_eq!(wanted(&world, 1001).await, Wanted::Unknown);
}

#[tokio::test]
async fn case_a12_a_company_first_counted_after_midnight_does_not_keep_the_month_open() {
    let world = World::at("2026-12-01T00:30:00Z").await;
    world.partner("p", 1).await;
    report(&world, "next", "2026-12-01", "2026-12-01T00:10:00Z", false, &[("new", &standard(7))]).await;
    report(&world, "final", LAST_DAY, "2026-11-30T22:50:00Z", true, &[("c1", &standard(5))]).await;
    assert_eq!(world.text("select final from month_ends").await, "true");
}

#[tokio::test]
async fn case_b2_a_last_day_without_a_report_is_missing_at_the_cut_off_and_comes_late() {
    let world = World::at("2026-11-30T12:00:00Z").await;
    world.partner("p", 2).await;
    let counted = [("c1", &standard(5)[..]), ("c2", &standard(9)[..])];
    report(&world, "day", "2026-11-29", "2026-11-29T22:00:00Z", true, &counted).await;
    assert_eq!(round(&world, "2026-12-01T10:59:59Z").await, 0);
    assert_eq!(sent(&world).await, [Some(5), Some(9)], "the month is closing");
    assert_eq!(round(&world, "2026-12-01T11:00:00Z").await, 1);
    assert_eq!(sent(&world).await, [None, None], "another day's count is not the month's");
    assert_eq!(world.text("select concat_ws(' ', month, final) from month_ends").await, "2026-11-01 f");
    assert_eq!(
        world.open_jobs().await,
        "1 local ready {1001,1002} {}",
        "whose rows say it before the invoice"
    );
    assert_eq!(round(&world, "2026-12-01T11:01:00Z").await, 0);
    world
        .sql("update jobs set state = 'done'; update runs set state = 'finished', finished_at = created_at")
        .await;

    // Counted after the cut-off, and only for one company: it is that company's number.
    world.clock.set("2026-12-01T12:00:00Z".parse().expect("an instant"));
    report(&world, "late", LAST_DAY, "2026-12-01T11:30:00Z", true, &[("c1", &standard(6))]).await;
    assert_eq!(
        sent(&world).await,
        [Some(6), None],
        "the company without a report keeps no other's number back"
    );
    assert_eq!(world.open_jobs().await, "2 work ready {1001} {}");
}

#[tokio::test]
async fn case_b2_a_month_whose_window_is_over_is_not_frozen_without_a_number() {
    let world = World::at("2026-11-30T12:00:00Z").await;
    world.partner("p", 1).await;
    report(&world, "day", "2026-11-29", "2026-11-29T22:00:00Z", true, &[("c1", &standard(5))]).await;
    // Midnight in Rome after the invoice day.
    assert_eq!(round(&world, "2026-12-10T23:00:00Z").await, 0);
    assert_eq!(world.text("select count(*) from month_ends").await, "0");
}

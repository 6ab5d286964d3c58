use bus::Settlement;

use super::*;
use crate::world::{Counted, Part, World};

mod count_days;
mod kaseya_zones;
mod later_finals;
mod pushes;

const LAST_DAY: &str = "2026-11-30";
const REFUSED: &str = "update integrations set credentials_refused_code = 'AUTH-02', credentials_refused_at = '2026-12-01T03:00Z'";
const ACCEPTED: &str =
    "update integrations set credentials_refused_code = null, credentials_refused_at = null";
const OFF: &str = "update integrations set state = 'off'";
const ON: &str = "update integrations set state = 'on'";

fn standard(users: u32) -> [(&'static str, Option<u32>); 1] {
    [("standard", Some(users))]
}

async fn report(
    world: &World,
    id: &str,
    day: &str,
    counted_at: &str,
    is_final: bool,
    counted: &[Counted<'_>],
) {
    let part = Part { is_final, ..Part::whole(id, day, counted_at) };
    assert_eq!(world.counts("p", part, counted).await, Settlement::Done);
}

async fn frozen_rows(world: &World) -> String {
    world
        .text(
            "select string_agg(concat_ws(' ', company_id, product_id, coalesce(users::text, 'missing'), day), ', '
                               order by company_id, product_id) from frozen_counts",
        )
        .await
}

/// The units that would be sent now for product standard of each company.
async fn sent(world: &World) -> Vec<Option<u32>> {
    let partner = PartnerId::new("p").expect("an id");
    let now = world.context.clock.now();
    let facts = world
        .database
        .store
        .transaction("plan", |tx| Box::pin(facts::read(tx, &partner, now)))
        .await
        .expect("the partner can be read")
        .facts()
        .expect("it is set up");
    let plan = facts.plan();
    plan.contracts
        .values()
        .map(|contract| contract.targets[0].addends[0].count.map(|count| count.users))
        .collect()
}

#[tokio::test]
async fn s_27_a_final_report_freezes_its_month_and_its_count_is_pushed() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    report(
        &world,
        "early",
        LAST_DAY,
        "2026-11-30T20:00:00Z",
        false,
        &[("c1", &standard(4)), ("c2", &standard(8))],
    )
    .await;
    assert_eq!(world.text("select count(*) from month_ends").await, "0");
    report(
        &world,
        "final",
        LAST_DAY,
        "2026-11-30T22:50:00Z",
        true,
        &[("c1", &standard(5)), ("c2", &standard(9))],
    )
    .await;
    assert_eq!(world.text("select concat_ws(' ', month, final) from month_ends").await, "2026-11-01 t");
    assert_eq!(
        frozen_rows(&world).await,
        "c1 advanced 0 2026-11-30, c1 standard 5 2026-11-30, c2 advanced 0 2026-11-30, c2 standard 9 2026-11-30"
    );
    let run = "select concat_ws(' ', trigger, mode, month, all_companies, runs.run_id = month_ends.run_id)
               from runs join month_ends using (month)";
    assert_eq!(world.text(run).await, "month_end apply 2026-11-01 t t");
    assert_eq!(world.open_jobs().await, "1 survey ready {1001,1002} {}");
}

#[tokio::test]
async fn s_27_the_cut_off_freezes_what_was_counted_that_day_and_nothing_else() {
    let world = World::at("2026-12-01T10:59:00Z").await;
    world.partner("p", 3).await;
    world.sql("update companies set closed_from = '2026-11-30' where company_id = 'c3'").await;
    report(
        &world,
        "before",
        "2026-11-29",
        "2026-11-29T22:00:00Z",
        true,
        &[("c1", &standard(1)), ("c2", &standard(2))],
    )
    .await;
    // Not final, and without c2.
    report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
    report(
        &world,
        "after",
        "2026-12-01",
        "2026-12-01T09:00:00Z",
        false,
        &[("c1", &standard(7)), ("c2", &standard(7))],
    )
    .await;
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 0);
    assert_eq!(sent(&world).await, [Some(5), Some(2), Some(0)], "the closing month's counts are sent");
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 1);
    assert_eq!(world.text("select final from month_ends").await, "false");
    assert_eq!(
        frozen_rows(&world).await,
        "c1 advanced 0 2026-11-30, c1 standard 5 2026-11-30, c2 advanced missing 2026-11-30, \
         c2 standard missing 2026-11-30, c3 advanced 0 2026-11-30, c3 standard 0 2026-11-30"
    );
    assert_eq!(
        sent(&world).await,
        [Some(5), None, Some(0)],
        "missing is never another day's count, and never 0"
    );
}

#[tokio::test]
async fn only_the_frozen_count_is_sent_until_the_invoice_day_is_over() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 1).await;
    report(&world, "final", LAST_DAY, "2026-11-30T22:50:00Z", true, &[("c1", &standard(5))]).await;
    for (now, expected) in [
        ("2026-12-01T08:00:00Z", 5),
        ("2026-12-09T12:00:00Z", 5),
        ("2026-12-10T22:59:59Z", 5),
        ("2026-12-10T23:00:00Z", 8),
    ] {
        world.clock.set(now.parse().expect("an instant"));
        let day = now.split('T').next().expect("a day");
        report(&world, &format!("r{now}"), day, now, false, &[("c1", &standard(8))]).await;
        assert_eq!(sent(&world).await, [Some(expected)], "at {now}");
    }
    // A correction is a row of its own.
    world.clock.set("2026-12-05T00:00:00Z".parse().expect("an instant"));
    world
        .sql(
            "insert into frozen_counts values ('p', '2026-11-01', 'c1', 'standard', 1, 6, '2026-11-30',
                 '2026-12-02T00:00Z', null, 'one was forgotten', '2026-12-02T00:00Z')",
        )
        .await;
    assert_eq!(sent(&world).await, [Some(6)]);
}

#[tokio::test]
async fn two_schedulers_freeze_a_month_once() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    report(
        &world,
        "last",
        LAST_DAY,
        "2026-11-30T22:00:00Z",
        false,
        &[("c1", &standard(5)), ("c2", &standard(6))],
    )
    .await;
    world.clock.set("2026-12-01T12:00:00Z".parse().expect("an instant"));
    let other = world.replica().await;
    let rounds = (0..8).map(|n| freeze_due(if n % 2 == 0 { &world.context } else { &other }));
    let frozen = futures::future::try_join_all(rounds).await.expect("every round ends well");
    assert_eq!(frozen.iter().sum::<usize>(), 1);
    assert_eq!(world.text("select count(*) from month_ends").await, "1");
    assert_eq!(world.text("select count(*) from frozen_counts").await, "4");
    assert_eq!(world.text("select count(*) from runs").await, "1");
    // A later report, final or not, changes nothing either.
    report(
        &world,
        "late",
        LAST_DAY,
        "2026-11-30T23:00:00Z",
        true,
        &[("c1", &standard(50)), ("c2", &standard(60))],
    )
    .await;
    assert_eq!(world.text("select sum(users) from frozen_counts").await, "11");
}

#[tokio::test]
async fn s_28_frozen_counts_stand_for_ever() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 1).await;
    report(&world, "final", LAST_DAY, "2026-11-30T22:50:00Z", true, &[("c1", &standard(5))]).await;
    let before = frozen_rows(&world).await;
    let client = world.database.client().await;
    for change in [
        "update frozen_counts set users = 6",
        "delete from frozen_counts",
        "truncate frozen_counts",
        "delete from month_ends",
        "insert into frozen_counts select * from frozen_counts",
    ] {
        assert!(client.batch_execute(change).await.is_err(), "{change} went through");
    }
    assert_eq!(frozen_rows(&world).await, before);
}

#[tokio::test]
async fn no_run_is_made_for_a_partner_that_is_off_or_refused_or_wants_none_or_was_invoiced() {
    for (setting, now) in [
        ("update integrations set state = 'off'", "2026-12-01T12:00:00Z"),
        (REFUSED, "2026-12-01T12:00:00Z"),
        ("update integrations set month_end_run = false", "2026-12-01T12:00:00Z"),
        ("update integrations set invoice_day = 1", "2026-12-01T23:30:00Z"),
    ] {
        let world = World::at("2026-11-30T23:30:00Z").await;
        world.partner("p", 1).await;
        report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
        world.sql(setting).await;
        world.clock.set(now.parse().expect("an instant"));
        assert_eq!(freeze_due(&world.context).await.expect("a round"), 1, "{setting}");
        assert_eq!(world.text("select count(*) from runs").await, "0", "{setting}");
        assert_eq!(world.text("select count(run_id) from month_ends").await, "0", "{setting}");
    }
}

#[tokio::test]
async fn a_partner_that_was_not_counted_in_the_month_is_not_frozen_and_syncs_what_it_has() {
    let world = World::at("2026-12-02T12:00:00Z").await;
    world.partner("p", 1).await;
    report(&world, "first", "2026-12-02", "2026-12-02T10:00:00Z", false, &[("c1", &standard(5))]).await;
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 0);
    assert_eq!(sent(&world).await, [Some(5)]);
}

#[tokio::test]
async fn the_month_end_run_takes_the_place_of_a_scheduled_one_that_has_not_begun() {
    let world = World::at("2026-11-30T22:00:00Z").await;
    world.partner("p", 1).await;
    report(&world, "day", "2026-11-29", "2026-11-29T22:00:00Z", true, &[("c1", &standard(3))]).await;
    world.daily("p", "2026-11-30", "2026-11-30T01:00:00Z").await;
    crate::due::run_due(&world.context).await.expect("it is due");
    world.clock.set("2026-11-30T23:30:00Z".parse().expect("an instant"));
    report(&world, "final", LAST_DAY, "2026-11-30T22:50:00Z", true, &[("c1", &standard(5))]).await;
    let runs = "select string_agg(concat_ws(' ', trigger, state), ', ' order by run_number) from runs";
    assert_eq!(world.text(runs).await, "schedule superseded, month_end running");
}

#[test]
fn every_zone_finds_its_month() {
    let months = ended_somewhere("2026-11-30T23:00:00Z".parse().expect("an instant"));
    let names: Vec<String> = months.iter().map(Month::to_string).collect();
    assert_eq!(names, ["2026-10", "2026-11", "2026-12"]);
}

#[tokio::test]
async fn a_count_that_comes_late_fills_what_was_missing_and_changes_no_number() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
    world.clock.set("2026-12-01T11:00:00Z".parse().expect("an instant"));
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 1);
    assert_eq!(sent(&world).await, [Some(5), None]);
    world
        .sql("update jobs set state = 'done'; update runs set state = 'finished', finished_at = created_at")
        .await;

    world.clock.advance(std::time::Duration::from_secs(3600));
    let late = [("c1", &standard(50)[..]), ("c2", &standard(6)[..]), ("c3", &standard(7)[..])];
    report(&world, "late", LAST_DAY, "2026-11-30T23:00:00Z", true, &late).await;
    assert_eq!(sent(&world).await, [Some(5), Some(6)]);
    let added = "select string_agg(concat_ws(' ', company_id, users, correction, reason is not null), ', ' order by company_id)
                 from frozen_counts where report_id = 'late' and product_id = 'standard'";
    assert_eq!(world.text(added).await, "c2 6 1 t, c3 7 0 f");
    assert_eq!(world.open_jobs().await, "2 work ready {1002} {}; 2 local ready {} {c3}");
    let runs =
        "select string_agg(concat_ws(' ', trigger, all_companies), ', ' order by run_number) from runs";
    assert_eq!(world.text(runs).await, "month_end t, month_end f");
    // The round finds nothing more, and it finds what was not stored at once.
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 0);
    assert_eq!(world.text("select looked_at = '2026-12-01T12:00Z' from month_ends").await, "true");
}

#[tokio::test]
async fn the_round_finds_a_late_report_that_nobody_looked_at() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
    world.clock.set("2026-12-01T11:00:00Z".parse().expect("an instant"));
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 1);
    world
        .sql(
            "insert into reports values ('p', 'late', '2026-11-30', '2026-11-30T23:00Z', true, 1, '2026-12-01T11:00:01Z');
             insert into report_companies values ('p', 'late', 'c2');
             insert into user_counts values ('p', 'late', 'c2', 'standard', 6, 'users')",
        )
        .await;
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 1);
    assert_eq!(sent(&world).await, [Some(5), Some(6)]);
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 0);
}

#[tokio::test]
async fn a_report_that_was_stored_only_after_its_instant_is_found_too() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
    world.clock.set("2026-12-01T11:00:00Z".parse().expect("an instant"));
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 1);
    // Stored during the freeze: its instant is before the freeze, its commit after it.
    world
        .sql(
            "insert into reports values ('p', 'late', '2026-11-30', '2026-11-30T23:00Z', true, 1, '2026-12-01T10:59:30Z');
             insert into report_companies values ('p', 'late', 'c2');
             insert into user_counts values ('p', 'late', 'c2', 'standard', 6, 'users')",
        )
        .await;
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(freeze_due(&world.context).await.expect("a round"), 1);
    assert_eq!(sent(&world).await, [Some(5), Some(6)]);
    // Five minutes later no round looks at it any more.
    for (minutes, looked_at) in [(5, "2026-12-01 11:06:00+00"), (60, "2026-12-01 11:06:00+00")] {
        world.clock.advance(std::time::Duration::from_secs(60 * minutes));
        assert_eq!(freeze_due(&world.context).await.expect("a round"), 0);
        assert_eq!(world.text("select looked_at from month_ends").await, looked_at);
    }
}

/// How many months a round at this instant freezes or pushes.
async fn round(world: &World, now: &str) -> usize {
    world.clock.set(now.parse().expect("an instant"));
    freeze_due(&world.context).await.expect("a round")
}

#[tokio::test]
async fn s_30_what_could_not_be_pushed_at_the_freeze_is_pushed_once_as_soon_as_it_can_be() {
    for (obstacle, its_end) in [(OFF, ON), (REFUSED, ACCEPTED)] {
        let world = World::at("2026-11-30T23:30:00Z").await;
        world.partner("p", 1).await;
        report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
        world.sql(obstacle).await;
        assert_eq!(round(&world, "2026-12-01T11:00:00Z").await, 1, "frozen");
        assert_eq!(round(&world, "2026-12-01T12:59:00Z").await, 0);
        assert_eq!(world.text("select count(*) from runs").await, "0", "{obstacle}");

        world.sql(its_end).await;
        world.clock.set("2026-12-01T13:00:00Z".parse().expect("an instant"));
        let other = world.replica().await;
        let rounds = (0..6).map(|n| freeze_due(if n % 2 == 0 { &world.context } else { &other }));
        let pushed = futures::future::try_join_all(rounds).await.expect("every round ends well");
        assert_eq!(pushed.iter().sum::<usize>(), 1);
        let run = "select concat_ws(' ', trigger, all_companies, runs.run_id = month_ends.run_id)
                   from runs join month_ends using (month)";
        assert_eq!(world.text(run).await, "month_end t t");
        assert_eq!(world.open_jobs().await, "1 survey ready {1001} {}");
        assert_eq!(round(&world, "2026-12-02T12:00:00Z").await, 0);
    }
}

#[tokio::test]
async fn s_30_after_the_invoice_nothing_is_pushed_any_more() {
    // Midnight in Rome after the 10th.
    for (now, pushed) in [("2026-12-10T22:59:59Z", 1), ("2026-12-10T23:00:00Z", 0)] {
        let world = World::at("2026-11-30T23:30:00Z").await;
        world.partner("p", 1).await;
        report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
        world.sql(OFF).await;
        assert_eq!(round(&world, "2026-12-01T11:00:00Z").await, 1);
        world.sql(ON).await;
        assert_eq!(round(&world, now).await, pushed, "{now}");
        assert_eq!(world.text("select count(*) from runs").await, pushed.to_string());
    }
}

#[tokio::test]
async fn s_30_a_month_end_run_that_is_stopped_before_its_end_is_made_again() {
    for switched_off in [true, false] {
        let world = World::at("2026-11-30T23:30:00Z").await;
        world.partner("p", 1).await;
        report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
        assert_eq!(round(&world, "2026-12-01T11:00:00Z").await, 1);
        let (partner, now) = (&PartnerId::new("p").expect("an id"), world.context.clock.now());
        let stopped: Result<(), StoreError> = world
            .database
            .store
            .transaction("stop", |tx| {
                Box::pin(async move {
                    if switched_off {
                        settings::switch::switch_off(tx, partner, now).await.map(drop)
                    } else {
                        settings::refused_credentials::refuse_credentials(tx, partner, 1, "AUTH-02", now)
                            .await
                            .map(drop)
                    }
                })
            })
            .await;
        stopped.expect("stopped");
        world
            .sql(
                "update jobs set state = 'done';
                 update runs set state = 'finished', finished_at = created_at where state = 'running'",
            )
            .await;
        assert_eq!(round(&world, "2026-12-01T12:00:00Z").await, 0);
        world.sql(if switched_off { ON } else { ACCEPTED }).await;
        assert_eq!(round(&world, "2026-12-01T14:00:00Z").await, 1);
        assert_eq!(world.open_jobs().await, "2 survey ready {1001} {}");
        assert_eq!(round(&world, "2026-12-01T15:00:00Z").await, 0);
    }
}

#[tokio::test]
async fn s_30_a_late_count_that_comes_while_it_is_off_is_pushed_when_it_is_on() {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    report(&world, "last", LAST_DAY, "2026-11-30T22:00:00Z", false, &[("c1", &standard(5))]).await;
    assert_eq!(round(&world, "2026-12-01T11:00:00Z").await, 1);
    world
        .sql("update jobs set state = 'done'; update runs set state = 'finished', finished_at = created_at")
        .await;
    world.sql(OFF).await;
    report(&world, "late", LAST_DAY, "2026-11-30T23:00:00Z", true, &[("c2", &standard(6))]).await;
    assert_eq!(world.open_jobs().await, "none");
    world.sql(ON).await;
    assert_eq!(round(&world, "2026-12-01T14:00:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 survey ready {1001,1002} {}");
}

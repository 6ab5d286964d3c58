//! A frozen month is pushed until every company has a lasting outcome.

use super::*;

/// The outcome of a company: its id, contract, state and code.
type CameOut<'a> = (&'a str, u32, &'a str, Option<&'a str>);

/// Ends the newest run with these outcomes of its companies.
pub(super) async fn over(world: &World, companies: &[CameOut<'_>]) {
    world
        .sql(
            "update jobs set state = 'done', holder = null;
             update runs set state = 'finished', finished_at = created_at where state = 'running'",
        )
        .await;
    for (company, contract, state, code) in companies {
        let code = code.map_or("null".to_owned(), |code| format!("'{code}'"));
        world
            .sql(&format!(
                "insert into statuses (partner_id, company_id, contract_id, state, code, products, run_id, run_number,
                                       attempt, updated_at)
                 select 'p', '{company}', {contract}, '{state}', {code},
                        jsonb_build_array(jsonb_build_object('product', 'standard', 'service', 11, 'state', '{state}',
                            'code', {code}::text, 'billed', (
                                select users from frozen_counts where company_id = '{company}' and product_id = 'standard'
                                order by correction desc limit 1))),
                        run_id, run_number, 1, created_at
                 from runs order by run_number desc limit 1
                 on conflict (partner_id, company_id, contract_id) do update
                 set state = excluded.state, code = excluded.code, products = excluded.products,
                     run_id = excluded.run_id, run_number = excluded.run_number"
            ))
            .await;
    }
}

/// Freezes November of two companies at 00:30 in Rome, and makes its month-end run.
pub(super) async fn frozen_world() -> World {
    let world = World::at("2026-11-30T23:30:00Z").await;
    world.partner("p", 2).await;
    let counted = [("c1", &standard(5)[..]), ("c2", &standard(9)[..])];
    report(&world, "final", LAST_DAY, "2026-11-30T22:50:00Z", true, &counted).await;
    assert_eq!(world.open_jobs().await, "1 survey ready {1001,1002} {}");
    world
}

#[tokio::test]
async fn case_a4_what_an_outage_kept_back_is_pushed_again_each_hour() {
    let world = frozen_world().await;
    over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "not_sent", Some("NET-01"))]).await;
    assert_eq!(round(&world, "2026-12-01T00:29:59Z").await, 0);
    assert_eq!(round(&world, "2026-12-01T00:30:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 work ready {1002} {}");
    assert_eq!(round(&world, "2026-12-01T01:30:00Z").await, 0, "the push is still going on");
    over(&world, &[("c2", 1002, "sent", None)]).await;
    assert_eq!(round(&world, "2026-12-01T01:31:00Z").await, 1, "no read has shown it yet");
    over(&world, &[("c2", 1002, "changed", None)]).await;
    for now in ["2026-12-01T02:31:00Z", "2026-12-01T12:00:00Z"] {
        assert_eq!(round(&world, now).await, 0, "{now}");
    }
    assert_eq!(world.text("select count(*) from runs where trigger = 'month_end'").await, "3");
}

#[tokio::test]
async fn case_a4_nothing_is_pushed_again_once_the_window_is_over() {
    for (now, pushed) in [("2026-12-10T22:59:59Z", 1), ("2026-12-10T23:00:00Z", 0)] {
        let world = frozen_world().await;
        over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "not_sent", Some("JOB-03"))]).await;
        assert_eq!(round(&world, now).await, pushed, "{now}");
    }
}

#[tokio::test]
async fn case_a4_what_only_a_person_can_fix_is_not_pushed_again() {
    let world = frozen_world().await;
    over(&world, &[("c1", 1001, "held", Some("QTY-01")), ("c2", 1002, "not_sent", Some("SVC-01"))]).await;
    assert_eq!(round(&world, "2026-12-01T05:00:00Z").await, 0);
    // But a product behind it may still come through.
    world
        .sql(
            "update statuses set products = products || '[{\"product\":\"advanced\",\"state\":\"not_sent\",\"code\":\"NET-01\"}]'
             where company_id = 'c2'",
        )
        .await;
    assert_eq!(round(&world, "2026-12-01T06:00:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 work ready {1002} {}");
}

#[tokio::test]
async fn case_a4_an_outcome_of_a_run_begun_before_the_freeze_is_not_enough() {
    let world = frozen_world().await;
    over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "unchanged", None)]).await;
    world.sql("update runs set created_at = '2026-11-30T23:29:59Z'").await;
    assert_eq!(round(&world, "2026-12-01T00:30:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 work ready {1001,1002} {}");
}

#[tokio::test]
async fn case_a5_a_month_end_run_superseded_by_one_that_is_stopped_is_made_up_for() {
    let world = frozen_world().await;
    world.daily("p", "2026-12-01", "2026-12-01T01:00:00Z").await;
    world.clock.set("2026-12-01T01:00:00Z".parse().expect("an instant"));
    crate::due::run_due(&world.context).await.expect("it is due");
    let runs = "select string_agg(concat_ws(' ', trigger, state), ', ' order by run_number) from runs";
    assert_eq!(world.text(runs).await, "month_end superseded, schedule running");
    let (partner, now) = (&PartnerId::new("p").expect("an id"), world.context.clock.now());
    world
        .database
        .store
        .transaction("stop", |tx| Box::pin(settings::switch::switch_off(tx, partner, now)))
        .await
        .expect("switched off");
    world.sql(OFF).await;
    assert_eq!(round(&world, "2026-12-01T01:40:00Z").await, 0, "nothing is made while it is off");
    world.sql(ON).await;
    assert_eq!(round(&world, "2026-12-01T02:00:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "3 work ready {1001,1002} {}");
    assert_eq!(world.text("select trigger from runs where state = 'running'").await, "month_end");
}

#[tokio::test]
async fn case_a4_what_is_billed_otherwise_since_is_pushed_again() {
    let world = frozen_world().await;
    over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "unchanged", None)]).await;
    assert_eq!(round(&world, "2026-12-01T03:00:00Z").await, 0, "nobody is left behind");
    world.sql("insert into billing_rules values ('p', 'c1', 'standard', false, 20, 0, 'a minimum')").await;
    assert_eq!(round(&world, "2026-12-01T05:00:00Z").await, 1);
    assert_eq!(world.open_jobs().await, "2 work ready {1001} {}");
}

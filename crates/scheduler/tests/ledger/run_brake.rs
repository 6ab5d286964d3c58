//! The run's brake before the first write: it counts what the lines last showed when a run's jobs are made and
//! started.

use messages::v1::{self, DenialReason};

use crate::world::{NOON, World};

/// The last reading of the lines of companies `c1` … showed these units; every company wants 10.
async fn lines_show(world: &World, units: &[u32]) {
    for (contract, units) in (101..).zip(units) {
        let line = contract + 900;
        world
            .run(&format!(
                "insert into lines values ('p1', {contract}, {line}, 7, {units}, 3.5, null, '{NOON}', 0)"
            ))
            .await;
    }
}

/// A partner of ten companies with these lines, and a scheduler.
async fn ten(units: &[u32]) -> World {
    let world = World::running().await;
    world.partner("p1", 10).await;
    lines_show(&world, units).await;
    world
}

const EXPECTED: &str = "expected_company_ids from runs";

fn denials(permit: &v1::Permit) -> Vec<DenialReason> {
    permit.denied.iter().map(v1::DeniedChange::reason).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_a_run_of_many_jobs_is_held_from_its_first_change_on() {
    let world = ten(&[9; 10]).await;
    let run = world.make_run("p1").await;
    for contract in 101..=105 {
        world.make_job(&run, &[contract]).await;
    }
    let (ticket, _) = world.started("w1").await;
    assert_eq!(world.text(EXPECTED).await.as_deref(), Some("{c1,c2,c3,c4,c5}"));
    let permit = world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_few_expected_changes_go_and_more_than_was_expected_are_held() {
    let world = ten(&[9, 9, 9, 9, 10, 10, 10, 10, 10, 10]).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &(101..=110).collect::<Vec<_>>()).await;
    let (ticket, _) = world.started("w1").await;
    assert_eq!(world.text(EXPECTED).await.as_deref(), Some("{c1,c2,c3,c4}"));
    let permit = world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
    assert_eq!(denials(&permit), []);
    // A line that was edited in Kaseya makes a fifth company.
    let permit = world.permit(&ticket, "w1", vec![world.change(7, 10)]).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_what_is_not_known_is_no_change_and_neither_is_what_goes_otherwise() {
    let hold = |company: u32, state: &str, to: u32| {
        format!(
            "insert into holds values ('01930000-0000-7000-8000-0000000000{company:02}', 'p1', {contract}, 7, '{{c{company}}}',
                 'many_companies', 9, {to}, '2026-11-01', '{state}', '2026-11-19T12:00:00Z', 0, '2026-11-19T13:00:00Z',
                 'Anna', 'd{company}')",
            contract = 100 + company,
        )
    };
    // c1 wants what it has; c2 falls by much, and its own brake holds it; c3 has half a unit; c4 to c6 were decided
    // on, c6 on another number; Kaseya accepted 10 for c7; the state of c8 is unknown; c9 goes; no line of c10 was
    // ever read.
    let world = ten(&[10, 100, 9, 9, 9, 9, 9, 9, 9]).await;
    world.run("update lines set units = 9.5 where contract_id = 103").await;
    world.run(&[hold(4, "approved", 10), hold(5, "dismissed", 10), hold(6, "dismissed", 11)].join(";")).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &(101..=110).collect::<Vec<_>>()).await;
    world.earlier_write(107, 10, "sent", "2026-11-20T11:00:00Z").await;
    world.earlier_write(108, 10, "open", "2026-11-20T11:00:00Z").await;
    world.started("w1").await;
    assert_eq!(world.text(EXPECTED).await.as_deref(), Some("{c6,c9}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_it_is_counted_when_the_jobs_are_made_and_again_with_what_is_known_at_each_start() {
    let world = World::new().await;
    world.partner("p1", 10).await;
    lines_show(&world, &[9; 10]).await;
    let run = world.make_run("p1").await;
    let job = world.make_job(&run, &(101..=106).collect::<Vec<_>>()).await;
    world
        .run(&format!(
            "update runs set all_companies = true;
             update jobs set kind = 'survey', survey_result = 'given_up' where job_id = '{job}';
             update installation set writes_stopped = true"
        ))
        .await;
    world.start_scheduler();
    world.until(EXPECTED, "{c1,c2,c3,c4,c5,c6}").await;
    // Five of them have other counts by the time the job starts.
    world.run("update user_counts set users = 9 where company_id > 'c1'; update installation set writes_stopped = false").await;
    world.started("w1").await;
    assert_eq!(world.text(EXPECTED).await.as_deref(), Some("{c1}"));
}

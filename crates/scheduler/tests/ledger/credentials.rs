//! Logins as the ledger allows them: shared over partners and with Authenticate, once after a lock, and probed every
//! day.

use std::time::Duration;

use domain::{JobId, LoginOutcome, PartnerId, RunMode};
use jiff::{Timestamp, ToSpan as _};
use messages::v1::{self, RefusalReason};

use crate::world::{HOST, NOON, World};

/// A daily schedule with this next run; its last run was two days ago.
async fn schedule(world: &World, partner: &str, next_run_at: &str) {
    world
        .run(&format!(
            "insert into schedules (partner_id, frequency, hour, zone, version, last_nominal, next_nominal, next_run_at)
             values ('{partner}', 'daily', 2, 'UTC', 1, '2026-11-18', '2026-11-29', '{next_run_at}')"
        ))
        .await;
}

fn at(instant: &str) -> Timestamp {
    instant.parse().expect("an instant")
}

/// What results does with a refusal under this code.
async fn refuse(world: &World, ticket: &v1::JobReady, code: &'static str) {
    let partner = &PartnerId::new(ticket.partner_id.clone()).expect("an id");
    let job = JobId::parse(&ticket.job_id).expect("an id");
    let (attempt, now) =
        (ticket.attempt.expect("an attempt").cast_signed(), domain::Clock::now(&world.clock));
    world
        .in_transaction(|tx| {
            Box::pin(async move {
                let refused = LoginOutcome::Refused;
                store::settings::refused_credentials::refuse_credentials(tx, partner, 1, code, now).await?;
                store::kaseya::logins::job_login_ended(tx, partner, (job, attempt), refused, Some(code), now)
                    .await?;
                store::jobs::job_end::close_job(tx, partner, job, attempt, None, true, now).await?;
                store::jobs::job_end::end_run(
                    tx,
                    partner,
                    domain::RunId(run_of(tx, partner, job).await?),
                    now,
                )
                .await?;
                tx.notify("ledger").await
            })
        })
        .await;
}

async fn run_of(
    tx: &store::Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
) -> Result<uuid::Uuid, store::StoreError> {
    let sql = "select run_id from jobs where partner_id = $1 and job_id = $2";
    tx.query_one(sql, &[&partner.as_str(), &job.0]).await?.get("run_id")
}

/// The first instant after noon at which the partner's turn of the day has come.
fn turn(partner: &str) -> Timestamp {
    let partner = PartnerId::new(partner).expect("an id");
    let day = Duration::from_secs(24 * 60 * 60);
    let offset = i64::try_from(domain::spread_offset(&partner, day).as_secs()).expect("under a day");
    let since = (at(NOON).as_second() - offset).rem_euclid(24 * 60 * 60);
    at(NOON) + (24 * 60 * 60 - since).seconds()
}

/// Waits until a scheduler has looked at all logins in their present state. A new scheduler has done so once it has
/// made the probe of a partner that comes after all others. Nothing else is due then.
async fn all_logins_are_looked_at(world: &World) {
    let now = domain::Clock::now(&world.clock);
    assert!(now > at(NOON), "no turn comes before noon is over");
    let partners = world.number("count(*) from partners").await;
    let name = (0..).map(|number| format!("z{partners}-{number}")).find(|name| turn(name) <= now);
    let name = name.expect("some name's turn is early");
    world.partner(&name, 1).await;
    schedule(world, &name, "2026-11-29T02:00:00Z").await;
    world.start_scheduler();
    let (ticket, content) = world.started("marker").await;
    assert_eq!((ticket.partner_id.as_str(), content.trigger.as_str()), (name.as_str(), "probe"));
    finish(world, &ticket, &content.run_id).await;
    world.nothing_else_is_due().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_another_partner_was_refused_with_are_not_tried_and_stop_this_one() {
    let world = World::running().await;
    for partner in ["p1", "p2"] {
        world.partner(partner, 1).await;
    }
    world.run("update integrations set tenant = 'One Srl', password_marks = '{shared}'").await;
    for partner in ["p1", "p2"] {
        let run = world.make_run(partner).await;
        world.make_job(&run, &[101]).await;
    }
    let (first, _) = world.started("w1").await;
    refuse(&world, &first, "AUTH-01").await;
    let second = world.ticket().await;
    assert_ne!(first.partner_id, second.partner_id);
    assert_eq!(world.start(&second, "w1").await, Err(RefusalReason::Credentials));
    let refused = "string_agg(credentials_refused_code, ' ') from integrations";
    assert_eq!(world.text(refused).await.as_deref(), Some("AUTH-01 AUTH-01"));
    assert_eq!(world.number("count(*) from login_tries").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_a_person_met_at_the_page_keep_the_workers_waiting() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let refused = ["2026-11-20T11:40Z", "2026-11-20T11:50Z", "2026-11-20T11:55Z"];
    world.refused_logins("p1", "p1 srl", refused).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    assert_eq!(world.start(&world.ticket().await, "w1").await, Err(RefusalReason::Credentials));
    world.nothing_else_is_due().await;
    world.clock.set(at("2026-11-20T12:10:00Z"));
    world.started("w1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth_03_after_a_lock_the_sync_is_made_once_more_by_itself_and_never_twice() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    schedule(&world, "p1", "2026-11-29T02:00:00Z").await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, _) = world.started("w1").await;
    refuse(&world, &ticket, "AUTH-03").await;
    world.clock.set(at("2026-11-20T12:34:59Z"));
    all_logins_are_looked_at(&world).await;
    assert_eq!(world.number("count(*) from runs where partner_id = 'p1'").await, 1);

    world.clock.set(at("2026-11-20T12:35:00Z"));
    world.start_scheduler(); // its first round is now
    let (again, content) = world.started("w1").await;
    assert_eq!((content.trigger.as_str(), content.mode()), ("schedule", v1::SyncMode::Apply));
    refuse(&world, &again, "AUTH-03").await;
    world.clock.set(at("2026-11-20T18:00:00Z"));
    all_logins_are_looked_at(&world).await;
    assert_eq!(world.number("count(*) from runs where partner_id = 'p1'").await, 2);
    assert_eq!(
        world.text("credentials_refused_code from integrations where partner_id = 'p1'").await.as_deref(),
        Some("AUTH-03")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_a_weekly_partner_is_probed_every_day_by_a_job_without_contracts_that_may_write_nothing() {
    let world = World::new().await;
    world.partner("p1", 2).await;
    schedule(&world, "p1", "2026-11-29T02:00:00Z").await;
    let turn = turn("p1");
    world.clock.set(turn - 1.second());
    all_logins_are_looked_at(&world).await;

    world.clock.set(turn);
    world.start_scheduler();
    let (ticket, content) = world.started("w1").await;
    assert_eq!((content.trigger.as_str(), content.contracts.len()), ("probe", 0));
    assert_eq!(content.mode(), v1::SyncMode::Plan);
    assert_eq!(
        world.permit(&ticket, "w1", vec![world.change(1, 10)]).await,
        Err(RefusalReason::WritesStopped)
    );
    world.done(&ticket, LoginOutcome::Accepted).await;
    let tries = "string_agg(outcome, ' ') from login_tries where partner_id = 'p1'";
    assert_eq!(world.text(tries).await.as_deref(), Some("accepted"));
    assert_eq!(world.number("count(*) from statuses").await, 0);
    // The login is proven and a probe was made: no other today.
    world.run("update runs set state = 'finished', finished_at = created_at where trigger = 'probe'").await;
    world.clock.set(at("2026-11-21T11:59:59Z"));
    all_logins_are_looked_at(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_probe_is_made_where_it_would_tell_nothing_new() {
    for (what, sql) in [
        ("the schedule logs in by then", "update schedules set next_run_at = '2026-11-21T12:30:00Z'"),
        ("it is off", "update integrations set state = 'off'"),
        (
            "it stands refused",
            "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = saved_at",
        ),
        (
            "a run is under way",
            "insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at)
             values (gen_random_uuid(), 'p1', 'request', 'apply', 'running', false, '2026-11-20T12:00:00Z')",
        ),
    ] {
        let world = World::new().await;
        world.partner("p1", 1).await;
        schedule(&world, "p1", "2026-11-29T02:00:00Z").await;
        world.run(sql).await;
        world.clock.set(at("2026-11-21T11:00:00Z"));
        all_logins_are_looked_at(&world).await;
        let probes = "count(*) from runs where trigger = 'probe' and partner_id = 'p1'";
        assert_eq!(world.number(probes).await, 0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_14_after_a_restore_nothing_is_written_until_every_line_was_read_again() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (before, _) = world.started("w1").await;
    let now = domain::Clock::now(&world.clock);
    let since = world.in_transaction(|tx| Box::pin(store::settings::installation::restored(tx, now))).await;
    assert_eq!(since, at("2026-11-20T12:11:00Z"), "what may still land is waited out");
    // Neither an earlier attempt nor a new one.
    assert_eq!(
        world.permit(&before, "w1", vec![world.change(1, 10)]).await,
        Err(RefusalReason::WritesStopped)
    );
    world.clock.advance(world.settings.lease);
    world.until("attempt from jobs", "2").await;
    world.nothing_else_is_due().await;
    world.run("update integrations set state = 'off' where partner_id <> 'p1'").await;
    assert_eq!(
        world.start(&v1::JobReady { attempt: Some(2), ..before }, "w1").await,
        Err(RefusalReason::WritesStopped)
    );

    world.clock.set(since);
    let (reading, content) = world.started("w1").await;
    assert_eq!((content.trigger.as_str(), content.mode()), ("full_read", v1::SyncMode::Plan));
    assert_eq!(content.contracts.len(), 1);
    // A run in which a contract could not be reached has not read everything: it is made again, after an hour.
    let failed = format!(
        "insert into run_companies (run_id, partner_id, company_id, contract_id, state, code, products, attempt)
         values ('{}', 'p1', 'c1', 101, 'not_sent', 'NET-01', '[]', 1)",
        content.run_id
    );
    world.run(&failed).await;
    finish(&world, &reading, &content.run_id).await;
    assert_eq!(must_reread(&world).await.as_deref(), Some("true"));
    world.clock.advance(Duration::from_secs(60 * 60));
    let (reading, content) = world.started("w1").await;
    assert_eq!(content.trigger, "full_read");
    let made =
        "string_agg(to_char(created_at at time zone 'UTC', 'HH24:MI'), ' ' order by run_number) from runs
                where trigger = 'full_read'";
    assert_eq!(world.text(made).await.as_deref(), Some("12:11 13:11"));
    finish(&world, &reading, &content.run_id).await;
    assert_eq!(must_reread(&world).await.as_deref(), Some("false"));

    // The waiting work goes on by itself, and may write.
    let (ticket, content) = world.started("w1").await;
    assert_eq!(content.mode(), v1::SyncMode::from(RunMode::Apply));
    let permit = world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
    assert_eq!(permit.denied, []);
}

async fn must_reread(world: &World) -> Option<String> {
    world.text("must_reread('p1') from installation").await
}

/// A run's only job is done, and with it the run.
async fn finish(world: &World, ticket: &v1::JobReady, run: &str) {
    world.done(ticket, LoginOutcome::Accepted).await;
    world
        .run(&format!("update runs set state = 'finished', finished_at = created_at where run_id = '{run}'"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c3_a_persons_refusals_leave_proven_credentials_alone() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    world
        .run(&format!(
            "update integrations set password_marks = '{{stored}}';
             insert into login_tries (host, tenant, user_name, partner_id, marks, begun_at, outcome, heard_at)
             select '{HOST}', 'p1 srl', 'api', 'p1', case outcome when 'accepted' then '{{stored}}'::text[] else '{{typed}}' end,
                    at, outcome, at
             from (values ('2026-11-20T11:40Z'::timestamptz, 'accepted'), ('2026-11-20T11:50Z', 'refused'),
                          ('2026-11-20T11:55Z', 'refused'), ('2026-11-20T11:58Z', 'refused')) as tries (at, outcome)"
        ))
        .await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    world.started("w1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c7_once_refused_credentials_prove_right_a_run_follows_by_itself_and_once() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    schedule(&world, "p1", "2026-11-29T02:00:00Z").await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, _) = world.started("w1").await;
    refuse(&world, &ticket, "AUTH-01").await;
    // What an accepted login of the stored credentials does.
    world.run("delete from refused_logins").await;
    let p1 = PartnerId::new("p1").expect("an id");
    let follows = world
        .in_transaction(|tx| Box::pin(store::settings::refused_credentials::forget_refusal(tx, &p1)))
        .await;
    assert!(follows, "the integration is on");
    world.start_scheduler(); // its first round is now
    let (again, content) = world.started("w1").await;
    assert_eq!((content.trigger.as_str(), content.mode()), ("schedule", v1::SyncMode::Apply));
    finish(&world, &again, &content.run_id).await;
    world.clock.set(at(NOON) + 1.hour());
    all_logins_are_looked_at(&world).await;
    assert_eq!(world.number("count(*) from runs where partner_id = 'p1'").await, 2);
}

//! `StartJob`: which workers are admitted, and what they receive.

use std::time::Duration;

use domain::{Clock as _, IntegrationState, JobId, LoginOutcome, PartnerId, Wait, WaitReason};
use messages::v1::{self, RefusalReason};

use crate::world::{HOST, SERVICE, World};

/// A ticket that the scheduler did not emit, or not now.
fn forged(partner: &str, job: &str, attempt: u32) -> v1::JobReady {
    v1::JobReady { partner_id: partner.to_owned(), job_id: job.to_owned(), attempt: Some(attempt) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_content_is_what_is_true_at_the_start() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102, 999]).await;
    let ticket = world.ticket().await;
    // All this happens after the ticket.
    world
        .run(
            "update user_counts set users = 12 where company_id = 'c1';
             update user_counts set users = null, basis = null where company_id = 'c2';
             update company_mappings set version = 4 where company_id = 'c1';
             update jobs set setbacks = 2;
             insert into user_counts values ('p1', 'r1', 'c1', 'adv', 3, 'users');
             insert into lines values ('p1', 101, 55, 7, 8.5, 3.0, '2026-01-01', '2026-11-19T12:00:00Z', 1);
             insert into holds values ('01930000-0000-7000-8000-000000000001', 'p1', 101, 7, '{c1}', 'large_change', 8, 12,
                '2026-11-01', 'approved', '2026-11-19T12:00:00Z', 1, '2026-11-20T11:00:00Z', 'Anna', 'd1')",
        )
        .await;
    world.earlier_write(101, 14, "unsure", "2026-11-20T11:55:00Z").await;
    let content = world.start(&ticket, "w1").await.expect("the job starts");

    assert_eq!((content.run_id, content.trigger.as_str()), (run, "schedule"));
    assert_eq!(content.setbacks, Some(2));
    assert_eq!(
        (content.lease_seconds, content.slice_seconds, content.probing),
        (Some(60), Some(30), Some(false))
    );
    // All that three contracts can need over V2; over V1, after two setbacks, all that the hour has for a job.
    assert_eq!(content.allowance, Some(v1::CallAllowance { v2: Some(26), v1: Some(150) }));
    let integration = content.integration.expect("an integration");
    assert_eq!((integration.host.as_str(), integration.sealed_password.as_str()), (HOST, "sealed"));
    assert_eq!(integration.credentials_version, Some(1));
    // Contract 999 no longer belongs to anything.
    let [first, second] = &content.contracts[..] else { panic!("{:?}", content.contracts) };
    assert_eq!((first.contract_id, first.account_id), (Some(101), Some(201)));
    assert_eq!((first.notes[0].product_id.as_str(), first.notes[0].users), ("adv", Some(3)));
    let target = &first.targets[0];
    assert_eq!((target.service_id, target.wanted_units), (Some(SERVICE), Some(12)));
    assert_eq!(target.addends[0].mapping_version, Some(4));
    assert_eq!(target.effective_date.as_deref(), Some("2026-11-01"));
    assert_eq!(target.last_known.as_ref().and_then(|line| line.units), Some(8.5));
    assert!(target.unsure_until.is_some());
    assert_eq!(target.approval.as_ref().and_then(|approval| approval.units), Some(12));
    assert_eq!(target.dismissed_units, None);
    // A count that could not be taken is no number.
    assert_eq!(second.targets[0].wanted_units, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c2_an_unsendable_job_refuses_the_start_and_is_reported() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102]).await;
    // Stored before texts had bounds; on a slow disk it takes longer than the store allows for a statement.
    let sql = "insert into billing_rules values ('p1', 'c2', 'adv', true, 0, 0, repeat('x', 52000000))";
    world.database.client().await.batch_execute(sql).await.expect("the row is stored");
    let ticket = world.ticket().await;
    assert_eq!(world.start(&ticket, "w1").await, Err(RefusalReason::TooLarge));
    // The slice is cut: the small part goes on, and people are informed of the rest.
    let mut refused = 0;
    for _ in 0..2 {
        let ticket = world.ticket().await;
        match world.start(&ticket, "w1").await {
            Ok(content) => {
                assert_eq!(content.contracts[0].contract_id, Some(101));
                world.done(&ticket, LoginOutcome::Accepted).await;
            }
            Err(reason) => {
                assert_eq!(reason, RefusalReason::TooLarge);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 1);
    let told = world.result().await;
    let [company] = &told.companies[..] else { panic!("{} companies", told.companies.len()) };
    assert_eq!((company.company_id.as_str(), company.code.as_deref()), ("c2", Some("JOB-03")));
    let remarks: Vec<&str> = company.remarks.iter().map(|remark| remark.kind.as_str()).collect();
    assert_eq!(remarks, ["too_large"], "which of the two causes of JOB-03 it was");
    world.nothing_else_is_due().await;
    assert_eq!(world.text("count(*) from login_tries where outcome is null").await.as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a11_a_job_is_told_what_its_lines_held_at_the_last_invoice() {
    let world = World::running().await;
    world.partner("p1", 3).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102, 103]).await;
    // c1 grew twice since the invoices of November, c2 only before them, and a person approved c3's second number.
    for (contract, to, at) in [
        (101, 12, "2026-11-08T12:00:00Z"),
        (101, 16, "2026-11-15T12:00:00Z"),
        (102, 14, "2026-10-25T12:00:00Z"),
        (103, 12, "2026-11-08T12:00:00Z"),
        (103, 17, "2026-11-15T12:00:00Z"),
    ] {
        world.earlier_write(contract, to, "confirmed", at).await;
    }
    world
        .run(
            "update intents set taken_at = granted_at;
             update intents set from_units = 12 where to_units > 14;
             update intents set approved_hold_id = intent_id where to_units = 17",
        )
        .await;
    let (_, content) = world.started("w1").await;
    let invoiced: Vec<Option<f64>> =
        content.contracts.iter().map(|contract| contract.targets[0].invoiced_units).collect();
    assert_eq!(invoiced, [Some(8.0), None, Some(17.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_attempt_or_of_a_job_that_is_over_is_superseded() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let ticket = world.ticket().await;
    let superseded = Err(RefusalReason::Superseded);
    assert_eq!(world.start(&forged("p1", &ticket.job_id, 2), "w1").await, superseded);
    assert_eq!(world.start(&forged("p2", &ticket.job_id, 1), "w1").await, superseded);
    assert_eq!(world.start(&forged("p1", &run, 1), "w1").await, superseded);
    assert!(world.start(&ticket, "w1").await.is_ok());
    assert_eq!(world.start(&ticket, "w1").await, Err(RefusalReason::Held));
    world.done(&ticket, LoginOutcome::Accepted).await;
    assert_eq!(world.start(&ticket, "w1").await, superseded);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_at_a_time_calls_a_kaseya() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let other = world.make_job(&run, &[102]).await;
    let (first, _) = world.started("w1").await;
    assert_eq!(world.start(&forged("p1", &other, 1), "w2").await, Err(RefusalReason::Busy));
    world.done(&first, LoginOutcome::Accepted).await;
    let (second, _) = world.started("w2").await;
    assert_eq!(second.job_id, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_attempt_starts_while_an_older_permit_is_out() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    let job = world.make_job(&run, &[101]).await;
    world.run("update jobs set attempt = 2, permit_until = '2026-11-20T12:00:20Z'").await;
    world.start_scheduler();
    assert_eq!(world.start(&forged("p1", &job, 2), "w2").await, Err(RefusalReason::Busy));
    world.nothing_else_is_due().await;
    world.clock.advance(Duration::from_secs(20));
    assert_eq!(world.started("w2").await.0.attempt, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_writes_are_stopped_only_a_plan_starts() {
    let world = World::running().await;
    for (partner, mode) in [("p1", "apply"), ("p2", "plan")] {
        world.partner(partner, 1).await;
        let run = world.make_run_of(partner, "schedule", mode).await;
        world.make_job(&run, &[101]).await;
    }
    let tickets = [world.ticket().await, world.ticket().await];
    world.run("update installation set writes_stopped = true").await;
    for ticket in tickets {
        let started = world.start(&ticket, "w1").await;
        match ticket.partner_id.as_str() {
            "p1" => assert_eq!(started, Err(RefusalReason::WritesStopped)),
            _ => assert!(started.is_ok()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_hour_defers_until_it_is_an_hour_old() {
    let world = World::running().await;
    world.partner("p1", 15).await;
    // We have 250 of 500 V1 calls, 200 of them for work that no person waits for.
    world
        .run(&format!(
            "insert into calls_made values ('{HOST}', 'p1 srl', 'GET /api/lines', '2026-11-20T11:20:00Z', 198, 'p1'),
                                           ('{HOST}', 'p1 srl', 'GET /v2/finance/contracts/lookup', '2026-11-20T11:21:00Z', 9, 'p1'),
                                           ('{HOST}', 'p1 srl', 'GET /api/lines', '2026-11-20T10:30:00Z', 400, 'p1')"
        ))
        .await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let ticket = world.ticket().await;
    assert_eq!(world.start(&ticket, "w1").await, Err(RefusalReason::BudgetSpent));
    assert_eq!(world.text("deferred_code from jobs").await.as_deref(), Some("LIM-01"));
    let not_before = world.text("to_char(not_before at time zone 'UTC', 'HH24:MI:SS') from jobs").await;
    assert_eq!(not_before.as_deref(), Some("12:21:00"));
    assert_eq!(world.start(&ticket, "w1").await, Err(RefusalReason::Superseded));

    // The part reserved for people is available to them at once.
    let asked = world.make_run_of("p1", "request", "apply").await;
    world.make_job(&asked, &Vec::from_iter(102..=115)).await;
    let persons = world.ticket_now().await;
    let content = world.start(&persons, "w1").await.expect("the job starts");
    assert_eq!(content.allowance.and_then(|allowed| allowed.v1), Some(52));
    assert_eq!(world.text("v1 from call_debits").await.as_deref(), Some("52"));
    world.done(&persons, LoginOutcome::Accepted).await;
    assert_eq!(world.text("count(*) from call_debits").await.as_deref(), Some("0"));

    world.nothing_else_is_due().await;
    world.clock.set("2026-11-20T12:21:00Z".parse().expect("an instant"));
    assert!(world.start(&world.ticket().await, "w1").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debit_whose_attempt_never_reports_expires_after_an_hour() {
    let world = World::running().await;
    world.partner("p1", 15).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &Vec::from_iter(101..=115)).await;
    // The first attempt is allowed 150 V1 calls, the second the rest of 200; the third finds nothing.
    for _ in 0..2 {
        let (ticket, _) = world.started("w1").await;
        world.renew(&ticket, "w1", true).await.expect("the lease goes on");
        world.clock.advance(world.settings.lease);
    }
    assert_eq!(world.start(&world.ticket().await, "w1").await, Err(RefusalReason::BudgetSpent));
    world.nothing_else_is_due().await;
    world.clock.set("2026-11-20T13:00:00Z".parse().expect("an instant"));
    let (_, content) = world.started("w1").await;
    assert_eq!(content.allowance.and_then(|allowed| allowed.v1), Some(150));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_two_logins_without_outcome_the_next_waits_half_an_hour() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    world.start_and_fall_silent().await;
    // One more try is allowed; it also ends without any report.
    world.start_and_fall_silent().await;
    let third = world.ticket().await;
    assert_eq!(world.start(&third, "w1").await, Err(RefusalReason::Credentials));
    world.nothing_else_is_due().await;
    world.clock.set("2026-11-20T12:31:59Z".parse().expect("an instant"));
    world.nothing_else_is_due().await;
    // This test is not about the hour's calls.
    world.run("delete from call_debits").await;
    world.clock.set("2026-11-20T12:32:00Z".parse().expect("an instant"));
    let (fourth, _) = world.started("w1").await;
    // Accepted at last: the account is clear.
    world.renew(&fourth, "w1", true).await.expect("the lease goes on");
    let tries = "string_agg(outcome, ' ' order by login_try) from login_tries where partner_id = 'p1'";
    assert_eq!(world.text(tries).await.as_deref(), Some("unknown unknown accepted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_stop_the_partner_and_every_contract_says_so() {
    let world = World::running().await;
    world.partner("p1", 3).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    world.make_job(&run, &[102, 103]).await;
    let (first, _) = world.started("w1").await;
    world.done(&first, LoginOutcome::Refused).await;
    let told = world.result().await;
    assert!(told.worker_id.starts_with("scheduler-"), "{}", told.worker_id);
    assert_eq!(told.run_id, run);
    assert_eq!(told.login(), v1::LoginOutcome::NotTried);
    let seen: Vec<_> = told
        .companies
        .iter()
        .map(|company| {
            (
                company.company_id.as_str(),
                company.contract_id,
                company.state.as_str(),
                company.code.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [("c2", Some(102), "not_sent", Some("AUTH-01")), ("c3", Some(103), "not_sent", Some("AUTH-01"))]
    );
    // A ticket that was on its way is useless.
    assert_eq!(world.start(&forged("p1", &told.job_id, 1), "w2").await, Err(RefusalReason::Superseded));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_breaker_lets_one_through() {
    let world = World::running().await;
    for partner in ["p1", "p2"] {
        world.partner(partner, 1).await;
    }
    world.run(&format!("insert into breakers values ('{HOST}', 3, '2026-11-20T12:05:00Z', null)")).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    assert_eq!(world.start(&world.ticket().await, "w1").await, Err(RefusalReason::BreakerOpen));
    assert_eq!(world.text("deferred_code from jobs").await.as_deref(), Some("NET-01"));
    world.nothing_else_is_due().await;

    world.clock.set("2026-11-20T12:05:00Z".parse().expect("an instant"));
    let (probe, content) = world.started("w1").await;
    assert_eq!(content.probing, Some(true));
    let run = world.make_run("p2").await;
    world.make_job(&run, &[101]).await;
    assert_eq!(world.start(&world.ticket().await, "w2").await, Err(RefusalReason::BreakerOpen));

    let (partner, job) = (PartnerId::new("p1").expect("an id"), JobId::parse(&probe.job_id).expect("an id"));
    let (partner, job) = (&partner, &job);
    world.in_transaction(|tx| Box::pin(store::kaseya::breakers::host_answered(tx, partner, *job))).await;
    world.done(&probe, LoginOutcome::Accepted).await;
    world.clock.advance(Duration::from_secs(120));
    let (_, content) = world.started("w2").await;
    assert_eq!(content.probing, Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_refused_credentials_are_tried_once_more_when_a_person_switches_on() {
    for begin in ["on", "off"] {
        let world = World::running().await;
        world.partner("p1", 1).await;
        let run = world.make_run("p1").await;
        world.make_job(&run, &[101]).await;
        let (ticket, _) = world.started("w1").await;
        world.done(&ticket, LoginOutcome::Refused).await;
        world.run(&format!("update integrations set state = '{begin}'")).await;

        let partner = &PartnerId::new("p1").expect("an id");
        let switch_on = async || {
            world.in_transaction(|tx| Box::pin(store::settings::switch::switch_on(tx, partner))).await
        };
        assert_eq!(switch_on().await, Some(IntegrationState::On));
        let run = world.make_run("p1").await;
        world.make_job(&run, &[101]).await;
        let (ticket, content) = world.started("w1").await;
        assert_eq!(content.integration.expect("an integration").credentials_version, Some(2));

        // After a second refusal the credentials stand refused: only a person may try a third time.
        let job = JobId::parse(&ticket.job_id).expect("a job id");
        let now = world.clock.now();
        world
            .in_transaction(|tx| {
                Box::pin(async move {
                    let (attempt, refused) = ((job, 1), LoginOutcome::Refused);
                    store::kaseya::logins::job_login_ended(
                        tx,
                        partner,
                        attempt,
                        refused,
                        Some("AUTH-01"),
                        now,
                    )
                    .await?;
                    store::settings::refused_credentials::refuse_credentials(tx, partner, 2, "AUTH-01", now)
                        .await
                })
            })
            .await;
        assert_eq!(
            world.text("credentials_refused_code from integrations").await.as_deref(),
            Some("AUTH-01")
        );
        assert_eq!(
            world.text("mark || ' ' || code from refused_logins").await.as_deref(),
            Some("p1-mark AUTH-01")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_on_leaves_credentials_alone_that_are_not_refused() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let partner = &PartnerId::new("p1").expect("an id");
    for state in ["on", "off"] {
        world.run(&format!("update integrations set state = '{state}'")).await;
        world.in_transaction(|tx| Box::pin(store::settings::switch::switch_on(tx, partner))).await;
        assert_eq!(world.number("credentials_version from integrations").await, 1);
    }
}

/// The wait of a run, as every page, answer and command reads it.
async fn wait_of(world: &World, partner: &str) -> Option<Wait> {
    let (partner, now) = (PartnerId::new(partner).expect("an id"), world.clock.now());
    let waits = world.in_transaction(|tx| Box::pin(store::jobs::waiting::runs(tx, &partner, now))).await;
    waits.into_values().next()
}

/// Each arranges one thing that prevents a start.
const IN_THE_WAY: &[(WaitReason, &str, Option<&str>)] = &[
    (
        WaitReason::Logins,
        "insert into login_tries (host, tenant, user_name, partner_id, marks, begun_at, outcome, heard_at)
         select 'bms.example.com', 'p1 srl', 'api', 'p1', '{stored}', at, 'unknown', at
         from unnest(array['2026-11-20T11:50Z', '2026-11-20T11:55Z']::timestamptz[]) at",
        Some("2026-11-20T12:25:00Z"),
    ),
    (
        WaitReason::UserLocked,
        "update integrations set password_marks = '{stored}';
         insert into refused_logins (host, tenant, user_name, mark, code, refused_at)
         values ('bms.example.com', 'p1 srl', 'api', 'stored', 'AUTH-03', '2026-11-20T11:55:00Z')",
        Some("2026-11-20T12:30:00Z"),
    ),
    (
        WaitReason::CallLimit,
        "insert into calls_made (host, tenant, alone, endpoint, minute, calls)
         values ('bms.example.com', 'p1 srl', 'p1', 'GET /api/x', '2026-11-20T11:20:00Z', 250)",
        Some("2026-11-20T12:21:00Z"),
    ),
    (
        WaitReason::KaseyaDown,
        "insert into breakers values ('bms.example.com', 3, '2026-11-20T12:05:00Z', null)",
        Some("2026-11-20T12:05:00Z"),
    ),
    (WaitReason::WritesStopped, "update installation set writes_stopped = true", None),
    (WaitReason::Restored, "update installation set reread_since = '2026-11-20T11:00:00Z'", None),
];

#[tokio::test(flavor = "multi_thread")]
async fn case_c1_whatever_the_scheduler_puts_a_job_off_for_is_shown_with_its_instant() {
    for (reason, in_the_way, until) in IN_THE_WAY {
        let world = World::running().await;
        world.partner("p1", 1).await;
        let run = world.make_run("p1").await;
        world.make_job(&run, &[101]).await;
        let ticket = world.ticket().await;
        world.run(in_the_way).await;
        world.start(&ticket, "w1").await.expect_err("something is in the way");
        let wait = wait_of(&world, "p1").await.expect("it says so");
        let until = until.map(|until| until.parse().expect("an instant"));
        assert_eq!((wait.reason, wait.code, wait.until), (*reason, reason.code(), until), "{reason}");
        assert_eq!(wait.since, world.clock.now(), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c1_a_busy_lane_is_shown_while_another_job_uses_the_same_kaseya() {
    let world = World::running().await;
    for partner in ["p1", "p2"] {
        world.partner(partner, 1).await;
    }
    // Kaseya has let both in: a partner that was never let in blocks no other.
    world
        .run(&format!(
            "update integrations set tenant = 'One Srl';
             insert into login_tries (host, tenant, user_name, partner_id, marks, begun_at, outcome, heard_at)
             select '{HOST}', plain_tenant, plain_user, partner_id, password_marks, '2026-11-20T02:00Z', 'accepted',
                    '2026-11-20T02:00Z' from integrations"
        ))
        .await;
    for partner in ["p1", "p2"] {
        let run = world.make_run(partner).await;
        world.make_job(&run, &[101]).await;
    }
    let (first, _) = world.started("w1").await;
    let other = if first.partner_id == "p1" { "p2" } else { "p1" };
    let wait = wait_of(&world, other).await.expect("it waits");
    assert_eq!((wait.reason, wait.until), (WaitReason::KaseyaBusy, None));
    assert_eq!(wait_of(&world, &first.partner_id).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a21_a_request_is_asked_for_its_expiry_at_each_start_and_permit() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run_of("p1", "request", "apply").await;
    world.make_job(&run, &[101]).await;
    world.run("update runs set expires_at = '2026-11-20T12:00:20Z'").await;
    let ticket = world.ticket_now().await;
    world.start(&ticket, "w1").await.expect("started");
    let change = || vec![world.change(1, 10)];
    assert_eq!(world.permit(&ticket, "w1", change()).await.expect("a permit").denied, []);
    // Its time ends while a worker works on it; its next attempt has no time either.
    world.clock.set("2026-11-20T12:00:20Z".parse().expect("an instant"));
    assert_eq!(world.permit(&ticket, "w1", change()).await, Err(RefusalReason::Superseded));
    world.hand_back(&ticket, &[101]).await;
    let again = world.ticket_now().await;
    assert_eq!(world.start(&again, "w1").await, Err(RefusalReason::Superseded));
    // The row says why.
    let told = world.result().await;
    let company = &told.companies[0];
    assert_eq!((company.state.as_str(), company.code.as_deref()), ("not_sent", Some("JOB-01")));
    assert_eq!(company.remarks[0].kind, "request_expired");
    assert_eq!(company.remarks[0].expired_at.as_deref(), Some("2026-11-20T12:00:20Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b3_a_job_is_told_what_kaseya_calls_its_ids_and_who_owns_the_contract() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    world
        .run(
            "insert into kaseya_names values ('p1', 'service', 7, 'Another service', '2026-11-19T12:00:00Z'),
                 ('p1', 'contract', 101, 'Contract', '2026-11-19T12:00:00Z');
             insert into contracts (partner_id, contract_id, owner_account_id) values ('p1', 101, 201)",
        )
        .await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (_, content) = world.started("w1").await;
    let contract = &content.contracts[0];
    assert_eq!(contract.targets[0].known_service_name.as_deref(), Some("Another service"));
    assert_eq!(contract.known_contract_name.as_deref(), Some("Contract"));
    assert_eq!((contract.known_account_name.as_deref(), contract.owner_account_id), (None, Some(201)));
}

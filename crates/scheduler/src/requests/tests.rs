use std::time::Duration;

use bus::{EventTopic, Settlement};
use messages::v1;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::world::{Part, World, incoming};

/// A partner with `companies` companies, all of them counted.
async fn counted(companies: u32) -> World {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", companies).await;
    report(&world, "r", "2026-11-23T10:00:00Z", companies).await;
    world
}

async fn report(world: &World, id: &str, counted_at: &str, companies: u32) {
    let names: Vec<String> = (1..=companies).map(|n| format!("c{n}")).collect();
    let counted: Vec<_> = names.iter().map(|name| (name.as_str(), &[("standard", Some(3))][..])).collect();
    assert_eq!(
        world.counts("p", Part::whole(id, "2026-11-22", counted_at), &counted).await,
        Settlement::Done
    );
}

fn all() -> serde_json::Value {
    json!({ "all": {} })
}

fn only(companies: &[&str]) -> serde_json::Value {
    json!({ "only": { "companyIds": companies } })
}

#[tokio::test]
async fn a_request_is_accepted_and_its_run_is_prompt() {
    let world = counted(2).await;
    assert_eq!(world.request("p", "q", only(&["c2"])).await, Settlement::Done);
    assert_eq!(world.answer("p", "q").await, "accepted run 1");
    assert_eq!(world.open_jobs().await, "1 work ready {1002} {} now");
    let run = "select concat_ws(' ', trigger, mode, all_companies, requested_by) from runs";
    assert_eq!(world.text(run).await, "request apply f Anna");
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_again_and_makes_nothing() {
    let world = counted(2).await;
    let stop = CancellationToken::new();
    let mut events =
        world.context.bus.listen(EventTopic::SyncAnswered, stop).await.expect("the bus is there");
    for _ in 0..2 {
        assert_eq!(world.request("p", "q", all()).await, Settlement::Done);
    }
    let mut heard = Vec::new();
    for _ in 0..2 {
        let event = events.next().await.expect("two answers");
        heard.push(event.message.decode::<v1::SyncAnswered>().expect("an answer"));
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0].answer(), v1::SyncAnswer::Accepted);
    assert_eq!(heard[0].run_id.as_deref(), Some(world.text("select run_id from runs").await.as_str()));
    assert_eq!(world.text("select count(*) from runs").await, "1");
    assert_eq!(world.text("select count(*) from requests where announced_at is null").await, "0");
}

#[tokio::test]
async fn s_33_pressing_twice_makes_one_run() {
    let world = counted(3).await;
    world.sql("insert into companies values ('p', 'new', 'New')").await;
    world.request("p", "first", all()).await;
    // Work without a worker is done at once.
    world.sql("update jobs set state = 'done' where kind = 'local'").await;
    world.request("p", "second", all()).await;
    world.request("p", "third", only(&["c2", "new"])).await;
    assert_eq!(world.answer("p", "first").await, "accepted run 1");
    assert_eq!(world.answer("p", "second").await, "joined JOB-02 run 1");
    assert_eq!(world.answer("p", "third").await, "joined JOB-02 run 1");
    assert_eq!(world.text("select count(*) from runs").await, "1");
}

#[tokio::test]
async fn s_33_two_presses_at_once_on_two_schedulers_make_one_run() {
    let world = counted(3).await;
    let other = world.replica().await;
    let press = |id: &str| {
        incoming(&json!({
            "partnerId": "p", "requestId": id, "companies": all(), "mode": "SYNC_MODE_APPLY", "requestedBy": "Anna",
        }))
    };
    // No run can be made until both have come as far as they can.
    let gate = world.database.client().await;
    gate.batch_execute("begin; lock table runs in share mode").await.expect("the gate is shut");
    let open = async {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        testkit::until("both wait", async || world.text(waiting).await == "2").await;
        gate.batch_execute("commit").await.expect("the gate is open");
    };
    let (first, second) = (press("a"), press("b"));
    let settled = tokio::join!(
        handle_portal_message(&world.context, &first),
        handle_portal_message(&other, &second),
        open
    );
    assert_eq!((settled.0, settled.1), (Handled::DONE, Handled::DONE));
    let answers = "select string_agg(answer, ' ' order by answer) from requests";
    assert_eq!(world.text(answers).await, "accepted joined");
    assert_eq!(world.text("select count(*) from runs").await, "1");
}

#[tokio::test]
async fn s_33_joining_makes_what_waits_prompt_and_leaves_the_schedule() {
    let world = counted(60).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    crate::due::run_due(&world.context).await.expect("it is due");
    world.spread().await;
    let schedule = "select next_nominal || ' ' || next_run_at from schedules";
    let before = world.text(schedule).await;
    world
        .sql(
            "update jobs set state = 'emitted', emitted_at = '2026-11-23T12:00Z' where kind = 'work';
             update jobs set state = 'ready', emitted_at = null, not_before = '2026-11-23T20:00Z', deferred_code = 'NET-01'
             where 1060 = any(contract_ids) and kind = 'work'",
        )
        .await;
    world.request("p", "q", only(&["c60"])).await;
    assert_eq!(world.answer("p", "q").await, "joined JOB-02 run 1");
    let jobs =
        "select string_agg(concat_ws(' ', state, now_job, not_before), ', ' order by contract_ids) from jobs
         where kind = 'work'";
    assert_eq!(world.text(jobs).await, "emitted f, ready t");
    assert_eq!(world.text(schedule).await, before);
}

#[tokio::test]
async fn case_a21_a_request_that_joins_a_run_prolongs_nobody_elses() {
    let world = counted(2).await;
    let ask = |id: &str, companies: serde_json::Value, until: Option<&str>| {
        let mut request = json!({
            "partnerId": "p", "requestId": id, "companies": companies, "mode": "SYNC_MODE_APPLY", "requestedBy": "Anna",
        });
        if let Some(until) = until {
            request["expiresAt"] = json!(until);
        }
        request
    };
    let ends = "select string_agg(coalesce(to_char(expires_at at time zone 'UTC', 'HH24:MI'), 'open'), ' '
                                  order by run_number) from runs";
    world.send(&ask("first", all(), Some("2026-11-23T12:05:00Z"))).await;
    assert_eq!(world.answer("p", "first").await, "accepted run 1");
    // This request expires earlier: the run goes on for the first.
    world.send(&ask("shorter", only(&["c1"]), Some("2026-11-23T12:01:00Z"))).await;
    assert_eq!(world.answer("p", "shorter").await, "joined JOB-02 run 1");
    assert_eq!(world.text(ends).await, "12:05");
    // This request wants c1 for longer, and has no say over c2.
    world.send(&ask("longer", only(&["c1"]), Some("2026-11-23T12:30:00Z"))).await;
    assert_eq!(world.answer("p", "longer").await, "accepted run 2");
    assert_eq!(world.text(ends).await, "12:05 12:30");
    // This request wants everything that the run still does, without an end.
    world.send(&ask("all", all(), None)).await;
    assert_eq!(world.answer("p", "all").await, "joined JOB-02 run 1");
    assert_eq!(world.text(ends).await, "open 12:30");
}

#[tokio::test]
async fn g_04_a_deferred_run_is_announced_once_per_instant_with_its_code() {
    let world = counted(60).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    crate::due::run_due(&world.context).await.expect("it is due");
    world.spread().await;
    let told = async || {
        crate::deferrals::tell(&world.context).await.expect("a round");
        world
            .text(
                "select coalesce(string_agg(concat_ws(' ', body -> 'wait' ->> 'code', body -> 'wait' ->> 'until',
                                                      body ->> 'jobs'), ', ' order by number), '') from events
                 where topic = 'run.deferred' and kind = 'kaseya_sync.v1.RunDeferred'",
            )
            .await
    };
    assert_eq!(told().await, "");
    let put_off = |until: &str| {
        format!(
            "update jobs set not_before = '{until}', deferred_code = 'LIM-01', deferred_at = '2026-11-23T12:00Z' where kind = 'work'"
        )
    };
    world.sql(&put_off("2026-11-23T20:00Z")).await;
    let jobs = world.text("select count(*) from jobs where kind = 'work'").await;
    let first = format!("LIM-01 2026-11-23T20:00:00+00:00 {jobs}");
    assert_eq!(told().await, first);
    assert_eq!(told().await, first, "not twice");
    world.sql(&put_off("2026-11-23T21:00Z")).await;
    assert_eq!(told().await, format!("{first}, LIM-01 2026-11-23T21:00:00+00:00 {jobs}"));
    // A job that may go on is no longer deferred.
    world.sql(&put_off("2026-11-23T01:00Z")).await;
    assert_eq!(told().await, format!("{first}, LIM-01 2026-11-23T21:00:00+00:00 {jobs}"));
}

#[tokio::test]
async fn s_33_what_was_started_before_the_press_is_done_again() {
    let world = counted(60).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    crate::due::run_due(&world.context).await.expect("it is due");
    world.spread().await;
    world.start_job_of(1001).await;
    world.request("p", "q", only(&["c1", "c60"])).await;
    assert_eq!(world.answer("p", "q").await, "joined JOB-02 run 1 then 2");
    assert!(world.open_jobs().await.ends_with("; 2 work ready {1001} {} now"));
    // A second press finds both runs unchanged.
    world.request("p", "again", only(&["c1", "c60"])).await;
    assert_eq!(world.answer("p", "again").await.split(' ').next(), Some("joined"));
    assert_eq!(world.text("select count(*) from runs").await, "2");
    // With both of the company's jobs begun there is nothing left to join.
    world.sql("update jobs set state = 'done', holder = null where state = 'started'").await;
    world.start_job_of(1001).await;
    world.request("p", "later", only(&["c1"])).await;
    assert_eq!(world.answer("p", "later").await, "accepted run 3");
}

#[tokio::test]
async fn a_company_mapped_during_a_run_goes_into_a_follow_up() {
    let world = counted(2).await;
    world.sql("delete from company_mappings where company_id = 'c2'").await;
    world.request("p", "first", all()).await;
    world
        .sql("insert into company_mappings values ('p', 'c2', 102, 'A', 1002, 'C', 2, '2026-11-23T12:00Z')")
        .await;
    world.request("p", "second", all()).await;
    assert_eq!(world.answer("p", "second").await, "joined JOB-02 run 1 then 2");
    assert!(world.open_jobs().await.ends_with("; 2 work ready {1002} {} now"));
}

#[tokio::test]
async fn a_plan_does_not_join_a_run_that_writes() {
    let world = counted(1).await;
    world.request("p", "apply", all()).await;
    let plan = json!({
        "partnerId": "p", "requestId": "plan", "companies": all(), "mode": "SYNC_MODE_PLAN", "requestedBy": "Anna",
    });
    world.send(&plan).await;
    assert_eq!(world.answer("p", "plan").await, "accepted run 2");
    assert_eq!(world.text("select mode from runs where run_number = 2").await, "plan");
}

#[tokio::test]
async fn a_request_for_all_on_a_run_that_is_all_started_makes_its_own() {
    let world = counted(1).await;
    world.request("p", "first", all()).await;
    world.start_job_of(1001).await;
    world.request("p", "second", all()).await;
    assert_eq!(world.answer("p", "second").await, "accepted run 2");
    let runs = "select string_agg(run_number || ' ' || state || ' ' || all_companies, ', ' order by run_number) from runs";
    assert_eq!(world.text(runs).await, "1 running false, 2 running true");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_reason() {
    let world = counted(1).await;
    world.sql("insert into partners values ('bare', 'Bare', 'Europe/Rome', 0)").await;
    let request = |partner: &str, id: &str, companies: serde_json::Value| {
        json!({
            "partnerId": partner, "requestId": id, "companies": companies, "mode": "SYNC_MODE_APPLY",
            "requestedBy": "Anna", "expiresAt": "2026-11-23T12:00:01Z",
        })
    };
    world.send(&request("bare", "q", all())).await;
    assert_eq!(world.answer("bare", "q").await, "refused NOT-SET-UP");
    world.send(&request("p", "unknown", only(&["c1", "nobody"]))).await;
    assert_eq!(world.answer("p", "unknown").await, "refused UNKNOWN-COMPANY");
    assert!(world.text("select reason from requests where request_id = 'unknown'").await.contains("nobody"));
    world.sql("update installation set writes_stopped = true").await;
    world.send(&request("p", "stopped", all())).await;
    assert_eq!(world.answer("p", "stopped").await, "refused WRITES-STOPPED");
    for state in ["off", "switching_off"] {
        world.sql(&format!("update integrations set state = '{state}'")).await;
        world.send(&request("p", state, all())).await;
        assert_eq!(world.answer("p", state).await, "refused JOB-01");
    }
    world.clock.advance(Duration::from_secs(1));
    world.send(&request("p", "late", all())).await;
    assert_eq!(world.answer("p", "late").await, "refused EXPIRED");
    assert_eq!(world.text("select count(*) from runs").await, "0");
}

#[tokio::test]
async fn an_unknown_partner_is_answered_by_event() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    let stop = CancellationToken::new();
    let mut events =
        world.context.bus.listen(EventTopic::SyncAnswered, stop).await.expect("the bus is there");
    assert_eq!(world.request("nobody", "q", all()).await, Settlement::Done);
    let event = events.next().await.expect("an answer");
    let answer = event.message.decode::<v1::SyncAnswered>().expect("an answer");
    assert_eq!(answer.answer(), v1::SyncAnswer::Refused);
    assert_eq!(answer.code.as_deref(), Some("UNKNOWN-PARTNER"));
    assert_eq!((answer.partner_id.as_str(), answer.request_id.as_str()), ("nobody", "q"));
}

#[tokio::test]
async fn what_is_no_request_is_put_aside() {
    let world = counted(1).await;
    for body in [
        json!({}),
        json!({ "partnerId": "p", "requestId": "q", "companies": {}, "mode": "SYNC_MODE_APPLY", "requestedBy": "A" }),
        json!({ "partnerId": "p", "requestId": "q", "companies": all(), "requestedBy": "A" }),
    ] {
        assert!(matches!(world.send(&body).await, Settlement::DeadLetter(_)), "{body} was taken");
    }
}

fn waiting(id: &str, expires_at: Option<&str>) -> serde_json::Value {
    let mut request = json!({
        "partnerId": "p", "requestId": id, "companies": all(), "mode": "SYNC_MODE_APPLY", "requestedBy": "Anna",
        "mustIncludeReportId": "r2",
    });
    if let Some(at) = expires_at {
        request["expiresAt"] = json!(at);
    }
    request
}

#[tokio::test]
async fn a_request_waits_until_its_report_has_come_in_whole() {
    let world = counted(1).await;
    world.send(&waiting("q", None)).await;
    assert_eq!(world.answer("p", "q").await, "waiting");
    world.send(&waiting("q", None)).await;
    assert_eq!(world.text("select count(*) from requests").await, "1");
    let part = |part| Part { part, parts: 2, ..Part::whole("r2", "2026-11-23", "2026-11-23T11:00:00Z") };
    world.counts("p", part(2), &[("c1", &[("standard", Some(9))])]).await;
    assert_eq!(wake_waiting(&world.context).await.expect("a round"), 0);
    assert_eq!(world.answer("p", "q").await, "waiting");
    world.counts("p", part(1), &[]).await;
    assert_eq!(world.answer("p", "q").await, "accepted run 1");
    assert_eq!(world.text("select message from requests").await, "none");
    // A report that is already there is not waited for.
    world
        .sql("update jobs set state = 'done'; update runs set state = 'finished', finished_at = created_at")
        .await;
    world.send(&waiting("there", None)).await;
    assert_eq!(world.answer("p", "there").await, "accepted run 2");
}

#[tokio::test]
async fn a_wait_ends_after_two_minutes_or_at_the_expiry() {
    let world = counted(1).await;
    world.send(&waiting("long", None)).await;
    world.send(&waiting("short", Some("2026-11-23T12:00:30Z"))).await;
    world.clock.advance(Duration::from_secs(30));
    wake_waiting(&world.context).await.expect("a round");
    assert_eq!(world.answer("p", "short").await, "refused EXPIRED");
    assert_eq!(world.answer("p", "long").await, "waiting");
    world.clock.advance(Duration::from_secs(90));
    wake_waiting(&world.context).await.expect("a round");
    assert_eq!(world.answer("p", "long").await, "refused EXPIRED");
    assert!(world.text("select reason from requests where request_id = 'long'").await.contains("r2"));
    assert_eq!(world.text("select count(*) from runs").await, "0");
}

#[tokio::test]
async fn an_answer_that_was_not_announced_is_announced_by_the_round() {
    let world = counted(1).await;
    world.request("p", "q", all()).await;
    world.sql("update requests set announced_at = null").await;
    let stop = CancellationToken::new();
    let mut events =
        world.context.bus.listen(EventTopic::SyncAnswered, stop).await.expect("the bus is there");
    assert_eq!(announce_answers(&world.context).await.expect("a round"), 1);
    assert!(events.next().await.is_some());
    assert_eq!(announce_answers(&world.context).await.expect("a round"), 0);
}

#[tokio::test]
async fn case_c1_a_sync_that_cannot_begin_says_so_with_its_answer() {
    let world = counted(2).await;
    let stop = CancellationToken::new();
    let mut events =
        world.context.bus.listen(EventTopic::SyncAnswered, stop).await.expect("the bus is there");
    world
        .sql(
            "insert into breakers (host, failures, open_until)
             select lower(host), 3, '2026-11-23T12:07:00Z' from integrations",
        )
        .await;
    world.request("p", "q", all()).await;
    let event = events.next().await.expect("an answer");
    let heard = event.message.decode::<v1::SyncAnswered>().expect("an answer");
    let wait = heard.wait.clone().expect("it says what it waits for");
    assert_eq!(heard.answer(), v1::SyncAnswer::Accepted);
    assert_eq!((wait.reason.as_str(), wait.code.as_deref()), ("kaseya_down", Some("NET-01")));
    let instants =
        [wait.since, wait.until].map(|at| messages::field::optional_instant("at", at).expect("an instant"));
    let expected = ["2026-11-23T12:00:00Z", "2026-11-23T12:07:00Z"].map(|at| at.parse().ok());
    assert_eq!(instants, expected);
    let jobs = "select string_agg(concat_ws(' ', kind, deferred_code), ', ' order by kind) from jobs where kind <> 'local'";
    assert_eq!(world.text(jobs).await, "survey NET-01");
}

#[tokio::test]
async fn case_e15_a_request_id_used_again_with_other_content_is_refused() {
    let world = counted(2).await;
    let mut events =
        world.context.bus.listen(EventTopic::SyncAnswered, Default::default()).await.expect("a bus");
    let mut answered = async || {
        let event = events.next().await.expect("an answer");
        event.message.decode::<v1::SyncAnswered>().expect("an answer to a request")
    };
    assert_eq!(world.request("p", "q", only(&["c1"])).await, Settlement::Done);
    let first = answered().await;
    assert_eq!(first.answer(), v1::SyncAnswer::Accepted);
    for other in [all(), only(&["c2"]), only(&["c1", "c2"])] {
        assert_eq!(world.request("p", "q", other).await, Settlement::Done);
        let refused = answered().await;
        assert_eq!((refused.answer(), refused.code.as_deref()), (v1::SyncAnswer::Refused, Some("ID-USED")));
        assert!(refused.reason.is_some_and(|reason| reason.contains("requestId q")));
    }
    // The first answer stands, and is announced again when the request is sent again.
    assert_eq!(world.request("p", "q", only(&["c1"])).await, Settlement::Done);
    assert_eq!(answered().await, first);
    assert_eq!(world.text("select count(*) from runs").await, "1");
}

#[tokio::test]
async fn case_e15_a_waiting_request_keeps_its_id_to_itself() {
    let world = counted(1).await;
    let waiting = json!({ "partnerId": "p", "requestId": "w", "companies": all(), "mode": "SYNC_MODE_APPLY",
                          "requestedBy": "Anna", "mustIncludeReportId": "later" });
    assert_eq!(world.send(&waiting).await, Settlement::Done);
    let mut events =
        world.context.bus.listen(EventTopic::SyncAnswered, Default::default()).await.expect("a bus");
    assert_eq!(world.request("p", "w", all()).await, Settlement::Done);
    let event = events.next().await.expect("an answer");
    let refused: v1::SyncAnswered = event.message.decode().expect("an answer to a request");
    assert_eq!(refused.code.as_deref(), Some("ID-USED"));
    assert_eq!(world.answer("p", "w").await, "waiting");
}

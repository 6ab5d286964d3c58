//! Messages that the ledger does not confirm (F3): forged with a worker's broker password, or stale.
//!
//! The story: run 6 is over, and its job 3 held gamma's fall to zero for a person. Job 1 of run 7 is at attempt 2; attempt 1 was
//! granted a change of acme's line and lost its lease. Jobs 4 and 5 of run 7 are the scheduler's own and a survey.

use domain::{ContractId, SeenContract, ShownContract};
use messages::v1::{self, ChangeResult::Confirmed};
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::{
    message::{SCHEDULER, With as _, at, done, intent, job, run},
    world::World,
};

/// Everything that a `JobDone` can change, except the letters.
const MORE_TABLES: [&str; 6] = [
    "select * from contracts where partner_id = 'msp-1' order by contract_id",
    "select * from services where partner_id = 'msp-1' order by service_id",
    "select * from kaseya_names where partner_id = 'msp-1' order by kind, id",
    "select * from breakers order by host",
    "select topic, body from events where partner_id = 'msp-1' and topic <> 'message.dead_lettered' order by number",
    "select * from kaseya_zones",
];

async fn everything(world: &World) -> Vec<String> {
    let mut everything = world.dump().await;
    for table in MORE_TABLES {
        everything.push(world.text(&format!("select q::text from ({table}) q")).await);
    }
    everything
}

/// What differs from before.
fn differences(before: &[String], after: &[String]) -> Vec<String> {
    let tables = before.iter().zip(after).filter(|(before, after)| before != after);
    tables.map(|(before, after)| format!("{before}\n  became {after}")).collect()
}

fn read(contract: i32, at: &str) -> v1::ContractRead {
    v1::ContractRead {
        contract_id: Some(contract),
        read_at: Some(messages::field::wire_instant(at.parse().expect("an instant"))),
        owner_account_id: Some(contract - 900),
        found: vec![v1::ServiceFound { service_id: Some(11), lines: Some(1) }],
        ..v1::ContractRead::default()
    }
}

/// What job 1's second attempt saw and did.
fn truth() -> v1::JobDone {
    let mut done = done(7, 1, 2)
        .company("acme", 1001, "changed", (12.0, 14))
        .company("beta", 1002, "unchanged", (3.0, 3))
        .line(1001, 9001, 14.0, "2026-12-01T05:00:18Z")
        .line(1002, 9002, 3.0, "2026-12-01T05:00:18Z")
        .change(2, Confirmed, "2026-12-01T05:00:18Z");
    for company in &mut done.companies {
        company.products[0].billed_units = company.products[0].users;
    }
    done.contracts_read = vec![read(1001, "2026-12-01T05:00:18Z"), read(1002, "2026-12-01T05:00:18Z")];
    let shown = ShownContract { name: "One".to_owned(), ..ShownContract::default() };
    let seen =
        SeenContract { contract: ContractId(1001), seen_at: at("2026-12-01T05:00:18Z"), shown: Some(shown) };
    done.contracts_seen = vec![seen.into()];
    done.accounts_seen = vec![v1::AccountSeen { account_id: Some(101), name: "Acme".to_owned() }];
    done.services_named = vec![v1::ServiceNamed { service_id: Some(11), name: "PB Standard".to_owned() }];
    done.calls = vec![v1::CallsMade { endpoint: "GET /v2/x".to_owned(), calls: Some(9) }];
    v1::JobDone { worker_id: "worker-2".to_owned(), ..done }
}

/// What attempt 1 reports, late: its write was made.
fn former() -> v1::JobDone {
    done(7, 1, 1)
        .company("acme", 1001, "changed", (12.0, 13))
        .line(1001, 9001, 13.0, "2026-12-01T05:00:10Z")
        .change(1, Confirmed, "2026-12-01T05:00:10Z")
}

/// The message of job 3, with gamma in order: the case of F3, except for the run's number.
fn of_finished_job() -> v1::JobDone {
    done(6, 3, 1)
        .company("gamma", 1003, "unchanged", (9.0, 9))
        .line(1003, 9003, 9.0, "2026-12-01T05:00:20Z")
        .company("acme", 1001, "held", (12.0, 0))
        .held_by("fall_to_zero")
}

async fn story() -> World {
    let world = World::without_service().await;
    world.start(world.database.another_store().await);
    world.run(6).await;
    world.job(6, 3, 1).await;
    let held = done(6, 3, 1).company("gamma", 1003, "held", (9.0, 0)).held_by("fall_to_zero");
    world.hand_over(&[held.line(1003, 9003, 9.0, "2026-12-01T05:00:00Z")]).await;
    assert_eq!(world.status("gamma", 1003).await, "held QTY-01 6 1");
    world.granted(1, (7, 1, 1), (12.0, 13), "2026-12-01T05:00:05Z").await;
    world.next_attempt(1, 2).await;
    world.granted(2, (7, 1, 2), (12.0, 14), "2026-12-01T05:00:15Z").await;
    world.job(7, 4, 1).await;
    world.needs_no_worker(4).await;
    world.job(7, 5, 1).await;
    let asked = json!({"contracts": {
        "1001": {"account": 101, "services": [11],
                 "products": [{"c": "acme", "p": "standard", "s": 11, "u": 14, "b": 14, "w": 14}]},
        "1002": {"account": 102, "services": [11],
                 "products": [{"c": "beta", "p": "standard", "s": 11, "u": 3, "b": 3, "w": 3}]},
    }});
    world
        .sql(&format!(
            "update jobs set holder = 'worker-2', holders = '{{worker-1,worker-2}}', contract_ids = '{{1001,1002}}', asked = '{asked}'
             where job_id = '{}';
             update jobs set kind = 'survey', asked = '{{\"contracts\": {{}}, \"services\": [11]}}' where job_id = '{}';
             insert into login_tries (host, tenant, user_name, partner_id, job_id, attempt, marks, begun_at)
             values ('bms.example.com', 'Example MSP', 'api', 'msp-1', '{0}', 2, '{{mark-1}}', '2026-12-01T05:00:06Z')",
            job(1),
            job(5),
        ))
        .await;
    world
}

/// The reason of the letter that a message results in; it changes nothing else.
async fn refused(world: &World, name: &str, message: v1::JobDone) -> String {
    let before = everything(world).await;
    world.hand_over(&[message]).await;
    assert_eq!(differences(&before, &everything(world).await), Vec::<String>::new(), "{name}");
    let reason = world.letters(1).await.remove(0);
    assert!(reason.starts_with("the ledger does not confirm it"), "{name}: {reason}");
    reason
}

type Forgery = (&'static str, fn(&mut v1::JobDone), &'static str);

/// True messages with one thing wrong that the ledger knows better, each with the text of its letter.
const FORGERIES: [Forgery; 40] = [
    ("another partner", |done| done.partner_id = "marker".into(), "no such job"),
    ("another job", |done| done.job_id = job(99).to_string(), "no such job"),
    ("another run", |done| done.run_id = run(6).to_string(), "run_id"),
    ("a run number of the far future", |done| done.run_number = Some(4_000_000), "run_number"),
    ("an older run number", |done| done.run_number = Some(6), "run_number"),
    ("another mode", |done| done.mode = v1::SyncMode::Plan.into(), "mode"),
    ("another trigger", |done| done.trigger = "request".into(), "trigger"),
    ("a coming attempt", |done| done.attempt = Some(3), "never started"),
    ("an attempt before the first", |done| done.attempt = Some(0), "never started"),
    ("a former attempt", |done| done.attempt = Some(1), "never held"),
    ("another worker", |done| done.worker_id = "worker-9".into(), "never held"),
    ("the former worker", |done| done.worker_id = "worker-1".into(), "never held"),
    ("other credentials", |done| done.credentials_version = Some(2), "credentials"),
    ("no credentials", |done| done.credentials_version = None, "credentials"),
    ("a change of another attempt", |done| done.changes[0].intent_id = intent(1).to_string(), "not granted"),
    ("a change of nobody", |done| done.changes[0].intent_id = intent(77).to_string(), "not granted"),
    ("more calls than it may make", |done| done.calls[0].calls = Some(251), "calls were made"),
    (
        "calls until no more fit",
        |done| {
            done.calls = vec![done.calls[0].clone(); 4]
                .into_iter()
                .map(|made| v1::CallsMade { calls: Some(i32::MAX.unsigned_abs()), ..made })
                .collect()
        },
        "calls were made",
    ),
    ("a status on another contract", |done| done.companies[0].contract_id = Some(1003), "contract 1003"),
    ("a status without a contract", |done| done.companies[0].contract_id = None, "without a contract"),
    ("another company", |done| done.companies[0].company_id = "gamma".into(), "gamma"),
    ("a company of the job's other contract", |done| done.companies[0].company_id = "beta".into(), "beta"),
    ("another account", |done| done.companies[0].account_id = Some(103), "account 103"),
    ("another product", |done| done.companies[0].products[0].product_id = "advanced".into(), "not about it"),
    ("another service", |done| done.companies[0].products[0].service_id = Some(12), "not about it"),
    ("a product left out", |done| done.companies[1].products.clear(), "not all of its products"),
    (
        "a product twice",
        |done| {
            let twice = done.companies[1].products[0].clone();
            done.companies[1].products.push(twice);
        },
        "told twice",
    ),
    (
        "other units than were granted",
        |done| done.companies[0].products[0].to_units = Some(15),
        "other units",
    ),
    ("other users than were counted", |done| done.companies[0].products[0].users = Some(15), "counted"),
    (
        "other units than it is billed as",
        |done| done.companies[0].products[0].billed_units = Some(15),
        "counted",
    ),
    (
        "a change that was not confirmed",
        |done| done.changes[0].result = v1::ChangeResult::Sent.into(),
        "no such change",
    ),
    ("a change without its intent", |done| done.changes.clear(), "no such change"),
    ("equal to another number", |done| done.companies[1].products[0].from_units = Some(4.0), "not equal"),
    (
        "a greener company than its products",
        |done| {
            done.companies[0].state = "unchanged".into();
        },
        "not what its products make",
    ),
    ("a line on another contract", |done| done.lines[0].contract_id = Some(1003), "contract 1003"),
    ("a line of another service", |done| done.lines[0].service_id = Some(12), "service 12"),
    (
        "a reading of another contract",
        |done| done.contracts_read[0].contract_id = Some(1003),
        "contract 1003",
    ),
    ("a sight of another contract", |done| done.contracts_seen[0].contract_id = Some(1003), "contract 1003"),
    (
        "the name of an account that is not ours",
        |done| done.accounts_seen[0].account_id = Some(999),
        "account 999",
    ),
    ("the name of another service", |done| done.services_named[0].service_id = Some(12), "service 12"),
];

/// The same, with one thing added that a true message does not have.
const ADDITIONS: [Forgery; 8] = [
    (
        "a zone that it did not ask for",
        |done| done.kaseya_time_zone = Some("Pacific/Auckland".into()),
        "Kaseya's zone",
    ),
    ("what is left over of another job", |done| *done = done.clone().left(&[1003], None), "contract 1003"),
    (
        "a survey's end",
        |done| done.survey = Some(v1::SurveyDone { next_page: None, given_up: Some(false) }),
        "a survey",
    ),
    (
        "a total",
        |done| {
            done.contracts_implied =
                vec![v1::ContractImplied { contract_id: Some(1001), implied_at: done.finished_at }]
        },
        "a total",
    ),
    ("a line by its total", |done| done.lines[0].implied_by_total = Some(true), "by its total"),
    (
        "a hold of a target that is not in the job",
        |done| *done = done.clone().company("acme", 1003, "held", (9.0, 0)).held_by("fall_to_zero"),
        "contract 1003",
    ),
    (
        "a hold of another service",
        |done| {
            *done = done.clone().company("acme", 1001, "held", (9.0, 0)).held_by("fall_to_zero");
            done.companies[2].products[0].service_id = Some(12);
        },
        "not about it",
    ),
    (
        "services, which only a survey sees",
        |done| {
            done.services_seen = vec![v1::ServiceSeen {
                service_id: Some(12),
                state: "inactive".into(),
                seen_at: done.finished_at,
            }];
        },
        "all services",
    ),
];

#[tokio::test]
async fn case_f3_a_message_is_refused_by_each_thing_that_the_ledger_knows_better() {
    let world = story().await;
    for (name, forge, says) in FORGERIES.into_iter().chain(ADDITIONS) {
        let mut forged = truth();
        forge(&mut forged);
        assert_ne!(forged, truth(), "{name}");
        let reason = refused(&world, name, forged).await;
        assert!(reason.contains(says), "{name}: {reason}");
    }
    world.hand_over(&[truth()]).await;
    assert_eq!(world.status("acme", 1001).await, "changed 7 2", "the true message is still believed");
    assert_eq!(world.status("beta", 1002).await, "unchanged 7 2");
    let settled = "select result from intents order by intent_id";
    assert_eq!(world.text(settled).await, "open, confirmed", "the other may land yet");
    let kept =
        "select string_agg(endpoint || ' ' || calls, ', ') from calls_made where tenant = 'Example MSP'";
    assert_eq!(world.text(kept).await, "GET /v2/x 9");
}

#[tokio::test]
async fn case_f3_a_finished_job_and_a_high_run_number_turn_no_held_row_green_and_stop_nobody() {
    let world = story().await;
    let refusal = |message: v1::JobDone| v1::JobDone {
        login: v1::LoginOutcome::Refused.into(),
        credentials_code: Some("AUTH-01".to_owned()),
        ..message
    };
    let seen = v1::JobDone { run_number: Some(4_000_000), ..refusal(of_finished_job()) };
    refused(&world, "as it was seen", seen).await;
    // Even if everything is right that a worker which saw the job can know, the attempt has already reported.
    let before = everything(&world).await;
    world.hand_over(&[refusal(of_finished_job()), refusal(former())]).await;
    let changed = differences(&before, &everything(&world).await);
    // The former attempt's granted write is on record: its journal row, its intent, its target, its calls.
    assert_eq!(world.text("select result from intents order by intent_id").await, "confirmed, open");
    assert_eq!(changed.len(), 4, "{changed:?}");
    assert_eq!(world.status("gamma", 1003).await, "held QTY-01 6 1");
    assert_eq!(world.text("select state from holds").await, "open");
    assert_eq!(world.text("select credentials_refused_code from integrations where partner_id = 'msp-1' and credentials_refused_code is not null").await, "");
    assert_eq!(world.text("select mark from refused_logins").await, "");
    world.hand_over(&[truth()]).await;
    assert_eq!(world.status("acme", 1001).await, "changed 7 2");
}

#[tokio::test]
async fn case_f3_a_former_holders_write_is_journalled_and_nothing_it_saw_is_kept() {
    let world = story().await;
    world.hand_over(&[former(), former()]).await;
    let journal = "select concat_ws(' ', from_units, to_units, standing) from journal";
    assert_eq!(world.text(journal).await, "12 13 confirmed");
    assert_eq!(world.status("acme", 1001).await, "");
    assert_eq!(world.text("select line_id from lines").await, "9003", "what it saw, the holder sees again");
    assert_eq!(world.text("select concat_ws(' ', state, attempt, holder) from jobs where run_number = 7 and kind = 'work'").await, "started 2 worker-2");
    // It cannot settle a change that it was not granted.
    let stolen = former().change(2, v1::ChangeResult::NotBegun, "2026-12-01T05:00:10Z");
    assert!(refused(&world, "a change of the holder's", stolen).await.contains("not granted"));
}

#[tokio::test]
async fn case_f3_only_the_scheduler_tells_of_its_own_jobs_and_a_survey_tells_of_no_company() {
    let world = story().await;
    let local = |worker: &str| v1::JobDone {
        login: v1::LoginOutcome::NotTried.into(),
        host: v1::HostHealth::NotCalled.into(),
        worker_id: worker.to_owned(),
        ..done(7, 4, 1).company("gamma", 1003, "not_sent", (0.0, 1)).code("QTY-02")
    };
    for worker in ["scheduler", "worker-1"] {
        assert!(refused(&world, worker, local(worker)).await.contains("never held"));
    }
    let called = v1::JobDone { host: v1::HostHealth::Failed.into(), ..local(SCHEDULER) };
    assert!(refused(&world, "a call", called).await.contains("tells nothing of the host"));
    let survey = |message: v1::JobDone| v1::JobDone {
        job_id: job(5).to_string(),
        attempt: Some(1),
        worker_id: "worker-1".into(),
        changes: Vec::new(),
        ..message
    };
    assert!(
        refused(&world, "companies of a survey", survey(truth()))
            .await
            .contains("tells nothing of companies")
    );
    let seen = |contract: i32| v1::JobDone {
        contracts_seen: vec![
            SeenContract { contract: ContractId(contract), seen_at: at("2026-12-01T05:00:18Z"), shown: None }
                .into(),
        ],
        survey: Some(v1::SurveyDone { next_page: None, given_up: Some(false) }),
        ..done(7, 5, 1)
    };
    assert!(refused(&world, "another contract", seen(1004)).await.contains("contract 1004"));
    world.hand_over(&[local(SCHEDULER), seen(1002)]).await;
    assert_eq!(world.status("gamma", 1003).await, "not_sent QTY-02 7 1");
    let surveyed = format!("select survey_result from jobs where job_id = '{}'", job(5));
    assert_eq!(world.text("select contract_id from contracts where shown = false").await, "1002");
    assert!(["seen", ""].contains(&world.text(&surveyed).await.as_str()));
}

#[tokio::test]
async fn case_f3_a_probe_and_an_unstarted_job_tell_of_no_contract() {
    let world = story().await;
    world
        .sql(&format!(
            "update jobs set contract_ids = '{{}}', asked = '{{\"contracts\": {{}}}}' where job_id = '{}'",
            job(1)
        ))
        .await;
    assert!(refused(&world, "a probe", truth()).await.contains("contract 1001"));
    world
        .sql(&format!("update jobs set state = 'emitted', attempt = 3, holder = null, contract_ids = '{{1001,1002}}' where job_id = '{}'", job(1)))
        .await;
    let unstarted = v1::JobDone { attempt: Some(3), ..truth() };
    assert!(refused(&world, "a ticket that nobody has shown", unstarted).await.contains("never started"));
}

#[tokio::test]
async fn case_f3_nothing_is_put_off_until_a_year_that_nobody_sees() {
    let world = story().await;
    let mut late = truth();
    late.companies[0] =
        done(7, 1, 2).company("acme", 1001, "deferred", (12.0, 14)).code("NET-01").companies.remove(0);
    late.companies[0].products[0].billed_units = Some(14);
    late.companies[0].deferred_until = Some(messages::field::wire_instant(at("2126-12-01T05:00:00Z")));
    late.changes[0].result = v1::ChangeResult::NotBegun.into();
    world.hand_over(&[late.left(&[1001], Some("2126-12-01T05:00:00Z"))]).await;
    let until = "select deferred_until from statuses where company_id = 'acme' union all select not_before from jobs where attempt = 3";
    assert_eq!(world.text(until).await, "2026-12-02 05:00:30+00, 2026-12-02 05:00:30+00");
}

/// The places in a JSON text: each value without members, and each list.
fn places(value: &Value, here: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, format!("{here}/{name}"), found));
        }
        Value::Array(items) => {
            found.push(here.clone());
            items.iter().enumerate().for_each(|(place, item)| places(item, format!("{here}/{place}"), found));
        }
        _ => found.push(here),
    }
}

/// Values that an attacker may put there who has seen tickets and contents of other jobs, but knows only its own
/// worker's name.
fn values() -> impl Strategy<Value = Value> {
    let known = [
        json!(""),
        json!("worker-9"),
        json!("scheduler"),
        json!("marker"),
        json!("gamma"),
        json!("beta"),
        json!("unchanged"),
        json!("held"),
        json!("changed"),
        json!("sent"),
        json!("deferred"),
        json!("off"),
        json!("fall_to_zero"),
        json!("AUTH-01"),
        json!("SVC-01"),
        json!("LOGIN_OUTCOME_REFUSED"),
        json!("LOGIN_OUTCOME_ACCEPTED"),
        json!("SYNC_MODE_PLAN"),
        json!("HOST_HEALTH_FAILED"),
        json!("probe"),
        json!("2030-01-01T00:00:00Z"),
        json!("2020-01-01T00:00:00Z"),
        json!("2026-12-31"),
        json!(0),
        json!(1),
        json!(3),
        json!(7),
        json!(11),
        json!(12),
        json!(1002),
        json!(1003),
        json!(4_000_000),
        json!(-1),
        json!(2_147_483_647),
        json!(0.5),
        json!(true),
        json!(false),
        json!(null),
        json!([]),
    ];
    let ids = (1_u32..6).prop_flat_map(|number| {
        prop::sample::select(vec![json!(run(number + 3)), json!(job(number)), json!(intent(number))])
    });
    prop_oneof![4 => prop::sample::select(known.to_vec()), 1 => ids, 1 => any::<u32>().prop_map(|number| json!(number))]
}

#[derive(Debug, Clone)]
struct Forging {
    base: usize,
    edits: Vec<(Index, Value)>,
}

fn forgings() -> impl Strategy<Value = Forging> {
    let edits = prop::collection::vec((any::<Index>(), values()), 0..4);
    (0..4_usize, edits).prop_map(|(base, edits)| Forging { base, edits })
}

/// A message of a finished job, of an attempt that has reported, of another's attempt, or a duplicate, with these
/// edits.
fn forged(forging: &Forging) -> Option<v1::JobDone> {
    let message = match forging.base {
        0 => of_finished_job(),
        1 => former(),
        2 => v1::JobDone { worker_id: "worker-9".to_owned(), ..truth() },
        _ => done(6, 3, 1).company("gamma", 1003, "held", (9.0, 0)).held_by("fall_to_zero"),
    };
    let mut value = serde_json::to_value(&message).expect("JSON");
    for (place, new) in &forging.edits {
        let mut found = Vec::new();
        places(&value, String::new(), &mut found);
        let place = found[place.index(found.len())].clone();
        *value.pointer_mut(&place).expect("a place of it") = new.clone();
    }
    // If the decoder refuses it, the ledger is not asked.
    serde_json::from_value(value).ok()
}

#[test]
fn case_f3_whatever_is_forged_or_stale_changes_no_status_hold_or_refusal() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let world = runtime.block_on(async {
        let world = story().await;
        // Attempt 1 has reported, so all of these are stale.
        world.hand_over(&[former()]).await;
        world
    });
    let before = runtime.block_on(everything(&world));
    let cases = if std::env::var_os("KASEYA_SYNC_LONG").is_some() { 5_000 } else { 160 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&forgings(), |forging| {
            let Some(message) = forged(&forging) else { return Ok(()) };
            runtime.block_on(world.hand_over(std::slice::from_ref(&message)));
            let changed = differences(&before, &runtime.block_on(everything(&world)));
            prop_assert!(changed.is_empty(), "{changed:?} by {message:?}");
            Ok(())
        })
        .expect("nothing changes");
    runtime.block_on(async {
        world.hand_over(&[truth()]).await;
        assert_eq!(world.status("acme", 1001).await, "changed 7 2", "the true message is still believed");
        assert_eq!(world.status("beta", 1002).await, "unchanged 7 2");
        assert_eq!(world.status("gamma", 1003).await, "held QTY-01 6 1");
    });
}

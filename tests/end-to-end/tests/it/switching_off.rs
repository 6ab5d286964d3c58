//! Once an integration is off, not one write begins; and a permit and the switch-off always come one after the
//! other.

use end_to_end_tests::{ADVANCED, BRISK, CALM, Installation, Kind, PATIENT, Partner, STANDARD, Tuning, line};
use kaseya_simulator::{Endpoint, HoldAt};

/// More companies than one job takes: each has two targets, and a job takes a hundred.
const COMPANIES: i32 = 60;

/// Waits until a transaction of this name waits for a lock.
async fn until_waiting(installation: &Installation<'_>, transaction: &str) {
    let waiting = format!(
        "select count(*) > 0 from pg_stat_activity
         where datname = current_database() and application_name like '%{transaction}%' and wait_event_type = 'Lock'"
    );
    installation.until_text(&waiting, "true").await;
}

/// Waits until the scheduler has checked all partners that are being switched off.
async fn until_looked_through(installation: &Installation<'_>) {
    // A partner with nothing in progress is off at once: a partner that is not off by then has an outstanding
    // permit.
    let idle = installation.partner("idle", 1).await;
    installation.switch_off(&idle).await;
    installation.until_text("select state from integrations where partner_id = 'idle'", "off").await;
}

fn begun(partner: &Partner) -> u64 {
    partner.calls(Endpoint::WriteLine)
}

/// The company of a written line.
fn company_of(write: &str) -> i32 {
    (1..=COMPANIES)
        .find(|company| write.starts_with(&line(*company, STANDARD).to_string()))
        .expect("the first line of a contract")
}

#[tokio::test]
async fn with_jobs_queued_and_a_slow_write_under_way_nothing_is_begun_once_it_is_off() {
    let installation = Installation::new(PATIENT).await;
    let partner = installation.partner("rossi", COMPANIES).await;
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 12, 13).await;
    let slow = partner.kaseya.hold(Endpoint::WriteLine, 3, HoldAt::BeforeApply);
    installation.due_now(&partner).await;
    slow.reached().await;
    let queued = "select count(*) from jobs where kind = 'work' and state in ('ready', 'emitted')";
    assert_eq!(installation.text(queued).await, "1");

    installation.switch_off(&partner).await;
    until_looked_through(&installation).await;
    assert_eq!(installation.switch(&partner).await, "switching_off");
    slow.release();
    installation.until_text("select state from integrations where partner_id = 'rossi'", "off").await;
    let (begun_when_off, writes_when_off) = (begun(&partner), partner.writes());

    // The contract in progress had its permit; no other contract got one.
    let of_contract = |first: usize| {
        let [standard, advanced] =
            [STANDARD, ADVANCED].map(|service| line(company_of(&writes_when_off[first]), service));
        [format!("{standard} 10→12"), format!("{advanced} 10→13")]
    };
    assert_eq!(writes_when_off, [of_contract(0), of_contract(2)].concat());
    installation.until_text("select count(*) from jobs where state <> 'done'", "0").await;
    installation.until_runs(&partner, "schedule switched_off").await;
    // A new request is refused, and a republished ticket starts nothing.
    installation.wire.publish("sync.requests", &partner.request("too-late"));
    installation
        .until_text(
            "select concat_ws(' ', answer, code) from requests where request_id = 'too-late'",
            "refused JOB-01",
        )
        .await;
    let ticket = installation
        .text(
            "select json_build_object('partnerId', partner_id, 'jobId', job_id, 'attempt', attempt)
             from jobs where kind = 'work' and started_at is null",
        )
        .await;
    installation.wire.publish("jobs", &serde_json::from_str(&ticket).expect("a ticket"));
    installation.programs_say(Kind::Worker, "ticket refused").await;
    assert_eq!((begun(&partner), &partner.writes()), (begun_when_off, &writes_when_off));
    let confirmed: Vec<String> = writes_when_off.iter().map(|write| format!("{write} confirmed")).collect();
    assert_eq!(installation.journal(&partner).await, confirmed.join(", "));
}

#[tokio::test]
async fn a_worker_lost_in_a_write_keeps_it_switching_off_until_its_permit_has_ended() {
    // The write must not time out before the worker is killed.
    let tuning = Tuning { lease: "20s", permit: "20s", write_timeout: "15s", ..BRISK };
    let installation = Installation::new(tuning).await;
    let partner = installation.partner("rossi", 2).await;
    let [_scheduler, worker, _results] = installation.start_all();
    installation.report(&partner, "r1", 12, 10).await;
    let slow = partner.kaseya.hold(Endpoint::WriteLine, 1, HoldAt::BeforeApply);
    installation.due_now(&partner).await;
    slow.reached().await;
    installation.switch_off(&partner).await;
    worker.kill();
    slow.lose();

    let permit_ends = installation.text("select permit_until from jobs where kind = 'work'").await;
    let _another = installation.start(Kind::Worker);
    installation.until_text("select state from integrations where partner_id = 'rossi'", "off").await;
    let over = format!("select clock_timestamp() > '{permit_ends}'");
    assert_eq!(installation.text(&over).await, "true", "off while a permit was out");
    installation.until_runs(&partner, "schedule switched_off").await;
    assert_eq!(begun(&partner), 1);
    assert_eq!(partner.units(), ["10/10", "10/10"]);
}

#[tokio::test]
async fn a_switch_off_that_commits_before_the_permit_leaves_none() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("rossi", 1).await;
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 12, 13).await;
    let read = partner.kaseya.hold(Endpoint::ContractLines, 1, HoldAt::AfterApply);
    installation.due_now(&partner).await;
    read.reached().await;

    let mut owner = installation.database.client().await;
    let switch_off = owner.transaction().await.expect("a transaction");
    let sql = "update integrations set state = 'switching_off' where partner_id = 'rossi'";
    switch_off.execute(sql, &[]).await.expect("the switch is turned");
    read.release();
    until_waiting(&installation, "permit_writes").await;
    switch_off.commit().await.expect("the switch is stored");

    installation.until_text("select state from integrations where partner_id = 'rossi'", "off").await;
    installation.until_text("select count(*) from jobs where state <> 'done'", "0").await;
    assert_eq!(begun(&partner), 0);
    assert_eq!(installation.text("select count(*) from intents").await, "0");
    assert_eq!(installation.statuses(&partner).await, "c1 off JOB-01");
}

#[tokio::test]
async fn a_permit_that_commits_before_the_switch_off_is_waited_out() {
    let installation = Installation::new(PATIENT).await;
    let partner = installation.partner("rossi", 2).await;
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 12, 10).await;
    let read = partner.kaseya.hold(Endpoint::ContractLines, 1, HoldAt::AfterApply);
    let write = partner.kaseya.hold(Endpoint::WriteLine, 1, HoldAt::BeforeApply);
    installation.due_now(&partner).await;
    read.reached().await;

    // The permit holds the integration's lock and waits for its job's, so the switch-off waits for the permit.
    let mut bystander = installation.database.client().await;
    let in_the_way = bystander.transaction().await.expect("a transaction");
    in_the_way.execute("select from jobs for update", &[]).await.expect("the jobs are held");
    read.release();
    until_waiting(&installation, "permit_writes").await;
    let switched_off = installation.switch_off(&partner);
    let let_go = async {
        until_waiting(&installation, "switch_off").await;
        in_the_way.commit().await.expect("the jobs are let go");
    };
    tokio::join!(switched_off, let_go);

    write.reached().await;
    assert_eq!(installation.text("select count(*) from intents").await, "1");
    until_looked_through(&installation).await;
    assert_eq!(installation.switch(&partner).await, "switching_off");
    write.release();
    installation.until_text("select state from integrations where partner_id = 'rossi'", "off").await;
    assert_eq!(partner.writes(), ["90011 10→12"]);
    installation.until_text("select count(*) from jobs where state <> 'done'", "0").await;
    assert_eq!(begun(&partner), 1);
    assert_eq!(installation.journal(&partner).await, "90011 10→12 confirmed");
}

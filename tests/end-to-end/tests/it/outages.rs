//! What the programs depend on fails in the middle of a run and comes back: everything is done, nothing twice.

use std::process::Command;

use end_to_end_tests::{BRISK, CALM, Installation, Kind, PATIENT, Partner, Program, database_at};
use kaseya_simulator::{Endpoint, HoldAt};
use local_postgres::Options;
use testkit::RabbitMq;

const COMPANIES: i32 = 12;

/// Every line has its number, was written once, and has one row in the journal.
async fn assert_all_done_once(installation: &Installation<'_>, partner: &Partner) {
    let companies = usize::try_from(COMPANIES).expect("a few");
    assert_eq!(partner.units(), vec!["12/13"; companies]);
    assert_eq!(partner.writes().len(), 2 * companies);
    let journal = "select count(*) || ' ' || count(distinct line_id) || ' ' || string_agg(distinct standing, ' ') from journal";
    assert_eq!(installation.text(journal).await, format!("{0} {0} confirmed", 2 * companies));
    let states = "select count(*) || ' ' || string_agg(distinct state, ' ') from statuses";
    assert_eq!(installation.text(states).await, format!("{companies} changed"));
}

/// Waits until scheduler, worker and results report this; all of them stay alive meanwhile.
async fn until_ready(programs: &[Program; 3], ready: [bool; 3]) {
    for (program, ready) in programs.iter().zip(ready) {
        program.until_ready(ready).await;
        assert!(program.page("/livez").0, "{} is not alive", program.kind().name());
    }
}

#[tokio::test]
async fn the_broker_is_killed_in_the_middle_of_a_run() {
    let broker = RabbitMq::start().await.expect("a broker");
    let installation = Installation::on(&broker, testkit::database().await, PATIENT).await;
    let partner = installation.partner("rossi", COMPANIES).await;
    let programs = installation.start_all();
    let [_scheduler, worker, _results] = &programs;
    installation.report(&partner, "r1", 12, 13).await;
    until_ready(&programs, [true; 3]).await;
    let write = partner.kaseya.hold(Endpoint::WriteLine, 5, HoldAt::AfterApply);
    installation.due_now(&partner).await;
    write.reached().await;

    broker.kill().await.expect("it ran");
    // A worker that is not ready knows that its deliveries are lost.
    until_ready(&programs, [false; 3]).await;
    write.release();
    // It begins no further write, and keeps its JobDone.
    worker.until_it_says("the JobDone waits for the bus").await;
    assert_eq!(partner.calls(Endpoint::WriteLine), 5);

    broker.start_again().await.expect("it starts on what it has on disk");
    until_ready(&programs, [true; 3]).await;
    installation.until_runs(&partner, "schedule finished").await;
    assert_all_done_once(&installation, &partner).await;
}

#[tokio::test]
async fn the_database_crashes_in_the_middle_of_a_run() {
    let directory = tempfile::Builder::new().prefix("kept-").tempdir().expect("a directory");
    let options = Options::kept(directory.path());
    let server = local_postgres::start(options.clone()).await.expect("a Postgres starts");
    let broker = RabbitMq::shared().await.expect("a broker");
    let installation = Installation::on(broker, database_at(server.url()).await, BRISK).await;
    let partner = installation.partner("rossi", COMPANIES).await;
    let programs = installation.start_all();
    installation.report(&partner, "r1", 12, 13).await;
    until_ready(&programs, [true; 3]).await;
    let write = partner.kaseya.hold(Endpoint::WriteLine, 5, HoldAt::AfterApply);
    installation.due_now(&partner).await;
    write.reached().await;

    let crash = Command::new("kill").args(["-KILL", "--", &server.process_id().to_string()]).status();
    assert!(crash.expect("kill runs").success());
    drop(server);
    write.release();
    // The worker never uses the database.
    until_ready(&programs, [false, true, false]).await;

    let _server = local_postgres::start(options).await.expect("it starts on what it has on disk");
    until_ready(&programs, [true; 3]).await;
    installation.until_runs(&partner, "schedule finished").await;
    assert_all_done_once(&installation, &partner).await;
}

#[tokio::test]
async fn results_is_killed_while_job_done_messages_queue_up_and_come_twice() {
    let installation = Installation::new(CALM).await;
    let mut partners = Vec::new();
    for number in 1..=5 {
        partners.push(installation.partner(&format!("msp{number}"), COMPANIES).await);
    }
    let mut copies = installation.wire.duplicate("results");
    let _programs = [Kind::Scheduler, Kind::Worker].map(|kind| installation.start(kind));
    for partner in &partners {
        installation.report(partner, "r1", 12, 13).await;
        installation.due_now(partner).await;
    }
    testkit::until("five JobDone wait, each twice", async || installation.wire.messages_in("results") == 10)
        .await;
    copies.kill().expect("it copied to the end");
    copies.wait().expect("it is our child");
    assert_eq!(installation.text("select count(*) from statuses").await, "0");

    // Killed in the middle of its transaction, and then as soon as the transaction's first effect is visible.
    let mut bystander = installation.database.client().await;
    let in_the_way = bystander.transaction().await.expect("a transaction");
    in_the_way.execute("lock table events in access exclusive mode", &[]).await.expect("the table is locked");
    let first = installation.start(Kind::Results);
    let waits = "select count(*) > 0 from pg_locks where relation = 'events'::regclass and not granted";
    installation.until_text(waits, "true").await;
    first.kill();
    in_the_way.rollback().await.expect("the table is let go");
    assert_eq!(installation.text("select count(*) from statuses").await, "0");
    let second = installation.start(Kind::Results);
    installation.until_text("select count(*) > 0 from statuses", "true").await;
    second.kill();

    let _third = installation.start(Kind::Results);
    installation.until_text("select count(*) from runs where state = 'finished'", "5").await;
    testkit::until("nothing waits", async || installation.wire.messages_in("results") == 0).await;
    let journal = "select count(*) || ' ' || count(distinct (partner_id, line_id)) || ' ' || string_agg(distinct standing, ' ')
                   from journal";
    assert_eq!(installation.text(journal).await, "120 120 confirmed");
    let states = "select count(*) || ' ' || string_agg(distinct state, ' ') from statuses";
    assert_eq!(installation.text(states).await, "60 changed");
    let totals =
        "select string_agg(distinct concat_ws(' ', companies, changed, unchanged, failed), ', ') from runs";
    assert_eq!(installation.text(totals).await, "12 12 0 0");
    let gaps = "select count(*) from partners where last_event <> (select count(*) from events
                where events.partner_id = partners.partner_id)";
    assert_eq!(installation.text(gaps).await, "0");
    let ended_twice = "select count(*) from events where kind like '%RunFinished'";
    assert_eq!(installation.text(ended_twice).await, "5");
}

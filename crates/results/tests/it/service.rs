//! The service itself: bad messages, an unavailable database, replicas, kills, and the outbox of events.

use std::path::Path;

use bus::{Bus as _, EventTopic, Outgoing, Queue, Settlement, TraceContext};
use messages::{Message as _, v1};
use store::{Settings, Store};
use testkit::{Proxy, Upstream};
use uuid::Uuid;

use crate::{
    message::{With as _, done, job},
    world::World,
};

/// Jobs 10 and up of run 7, each reporting one company.
async fn jobs(world: &World, count: u32) -> Vec<v1::JobDone> {
    let mut messages = Vec::new();
    for number in 10..10 + count {
        let company = format!("c{number}");
        world
            .sql(&format!(
                "insert into companies values ('msp-1', '{company}', '{company}');
                 insert into company_mappings values ('msp-1', '{company}', 1, 'A', {number}, 'C', 1, '2026-01-01Z')"
            ))
            .await;
        world.job(7, number, 1).await;
        world
            .sql(&format!("update jobs set contract_ids = '{{{number}}}' where job_id = '{}'", job(number)))
            .await;
        messages.push(done(7, number, 1).company(&company, number.cast_signed(), "changed", (1.0, 2)));
    }
    messages
}

fn raw(body: &'static str) -> Outgoing {
    Outgoing { id: Uuid::nil(), kind: v1::JobDone::KIND, trace: TraceContext::default(), body: body.into() }
}

#[tokio::test]
async fn bad_messages_in_a_batch_go_to_the_dead_letters_and_the_rest_is_stored() {
    let world = World::without_service().await;
    let good = jobs(&world, 3).await;
    // Unreadable; an attempt without a number; an unknown company; another run than the job's.
    world.publish(&good[0]).await;
    world.bus.publish(Queue::Results, raw("{")).await.expect("room");
    world.publish(&v1::JobDone { attempt: None, ..done(7, 1, 1) }).await;
    world.publish(&good[1]).await;
    world.publish(&done(7, 1, 1).company("nobody", 1001, "changed", (1.0, 2))).await;
    world.publish(&done(99, 1, 1).company("acme", 1001, "changed", (1.0, 2))).await;
    world.publish(&good[2]).await;
    world.start(world.database.store.clone());
    world.store(&[]).await;
    let stored = "select company_id from statuses where partner_id = 'msp-1' order by 1";
    assert_eq!(world.text(stored).await, "c10, c11, c12");
    let reasons = world.letters(4).await;
    assert!(reasons.iter().any(|reason| reason.contains("attempt")), "{reasons:?}");
    for says in ["the database refused it", "the ledger does not confirm it: run_id"] {
        assert_eq!(reasons.iter().filter(|reason| reason.contains(says)).count(), 1, "{reasons:?}");
    }
    assert_eq!(
        world.text("select state from jobs where job_id = (select min(job_id::text)::uuid from jobs)").await,
        "started"
    );
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_lost_and_nothing_dead_lettered() {
    let world = World::without_service().await;
    let messages = jobs(&world, 5).await;
    // The server listens on a socket of this machine; the service reaches it through a network that the test
    // breaks.
    let directory = world.text("select current_setting('unix_socket_directories')").await;
    let proxy = Proxy::start(Upstream::Unix(Path::new(&directory).join(".s.PGSQL.5432"))).await;
    let (before, _) = world.database.url.split_once("&host=").expect("an address of a socket");
    let url = format!("{before}&host=127.0.0.1&port={}&sslmode=disable", proxy.address().port());
    let store = Store::connect(Settings::new(url), testkit::entropy(6)).await.expect("the way is open");
    world.start(store);
    // In the middle of its transaction, which waits for a row that we lock.
    let ours = world.database.client().await;
    let lock = "begin; select from partners where partner_id = 'msp-1' for update";
    ours.batch_execute(lock).await.expect("the row is free");
    world.publish(&messages[0]).await;
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock' and application_name like '%:store_results'";
    testkit::until("the service waits for the row", async || world.text(waiting).await == "1").await;
    proxy.break_connections();
    ours.batch_execute("rollback").await.expect("the row is let go");
    for message in &messages[1..] {
        world.publish(message).await;
    }
    testkit::until("the broken transaction is gone", async || world.text(waiting).await == "0").await;
    let stored = "select count(*) from statuses where partner_id = 'msp-1'";
    assert_eq!(world.text(stored).await, "0");
    proxy.restore();
    testkit::until("all are stored", async || world.text(stored).await == "5").await;
    world.store(&[]).await;
    // The only letter is the one put there now.
    world.bus.publish(Queue::DeadLetters, raw("{}")).await.expect("room");
    let mut letters = world.bus.consume(Queue::DeadLetters, 1, world.stop.clone()).await.expect("a bus");
    let letter = letters.next().await.expect("a letter");
    assert_eq!(letter.message.kind.as_deref(), Some(v1::JobDone::KIND), "no dead letter of the service's");
}

#[tokio::test]
async fn killed_between_commit_and_acknowledgement_it_stores_the_same_again() {
    let world = World::without_service().await;
    let service = world.start(world.database.another_store().await);
    let message = done(7, 1, 1).company("acme", 1001, "changed", (12.0, 14)).left(&[1002], None);
    world.store(std::slice::from_ref(&message)).await;
    let once = (world.dump().await, world.events().await);
    service.abort();
    // The broker delivers this again after such a kill, to the program that takes over.
    world.start(world.database.another_store().await);
    world.store(&[message]).await;
    assert_eq!((world.dump().await, world.events().await), once);
}

#[tokio::test]
async fn two_replicas_store_each_message_once_and_end_the_run_once() {
    let world = World::without_service().await;
    let messages = jobs(&world, 30).await;
    world
        .sql(&format!(
            "delete from call_debits where job_id = '{0}'; delete from jobs where job_id = '{0}'",
            job(1)
        ))
        .await;
    let mut finished = world.listen(EventTopic::RunFinished).await;
    let mut statuses = world.listen(EventTopic::CompanyStatusChanged).await;
    world.start(world.database.another_store().await);
    world.start(world.database.another_store().await);
    for message in messages.iter().chain(messages.iter().rev()) {
        world.publish(message).await;
    }
    let run = "select concat_ws(' ', state, companies, changed) from runs where run_number = 7";
    testkit::until("the run has ended", async || world.text(run).await == "finished 30 30").await;
    testkit::until("all is announced", async || {
        world.text("select count(*) from events where announced_at is null").await == "0"
    })
    .await;
    let numbers =
        "select concat_ws(' ', count(*), min(number), max(number)) from events where partner_id = 'msp-1'";
    assert_eq!(world.text(numbers).await, "31 1 31");
    assert_eq!(world.text("select last_event from partners where partner_id = 'msp-1'").await, "31");
    let heard = finished.next().await.expect("an event");
    let event: v1::RunFinished = heard.message.decode().expect("a RunFinished");
    assert_eq!((event.number, event.totals.and_then(|totals| totals.changed)), (Some(31), Some(30)));
    heard.settle(Settlement::Done).await.expect("settled");
    for number in 1..=30 {
        let heard = statuses.next().await.expect("an event");
        let event: v1::CompanyStatusChanged = heard.message.decode().expect("a CompanyStatusChanged");
        assert_eq!(event.number, Some(number), "announced in their order");
        heard.settle(Settlement::Done).await.expect("settled");
    }
}

#[tokio::test]
async fn a_run_that_ended_without_a_job_done_is_announced_once() {
    let world = World::without_service().await;
    let mut finished = world.listen(EventTopic::RunFinished).await;
    world
        .sql("update runs set state = 'superseded', finished_at = '2026-12-01Z', all_companies = false where run_number = 7")
        .await;
    world.start(world.database.another_store().await);
    world.start(world.database.another_store().await);
    let heard = finished.next().await.expect("an event");
    let event: v1::RunFinished = heard.message.decode().expect("a RunFinished");
    assert_eq!((event.number, event.totals.and_then(|totals| totals.companies)), (Some(1), Some(0)));
    heard.settle(Settlement::Done).await.expect("settled");
    testkit::until("it counts as told", async || world.text("select told from runs").await == "true").await;
    assert_eq!(world.text("select count(*) from events").await, "1");
}

#[tokio::test]
async fn b_03_each_step_of_a_passwords_age_is_announced_once() {
    let world = World::without_service().await;
    let mut told = world.listen(EventTopic::PasswordAging).await;
    // 180 days before 2026-12-11: ten days are left. The other partner's password is young.
    world
        .sql("update integrations set password_changed_at = '2026-06-14T05:00Z' where partner_id = 'msp-1'")
        .await;
    world
        .sql("update integrations set password_changed_at = '2026-11-14T05:00Z' where partner_id = 'marker'")
        .await;
    world.start(world.database.another_store().await);
    world.start(world.database.another_store().await);
    let mut next = async || {
        let heard = told.next().await.expect("an event");
        let event: v1::PasswordAging = heard.message.decode().expect("a PasswordAging");
        heard.settle(Settlement::Done).await.expect("settled");
        (event.partner_id, event.number, event.days_left)
    };
    assert_eq!(next().await, ("msp-1".to_owned(), Some(1), Some(10)));
    world.clock.set("2026-12-05T04:00:00Z".parse().expect("an instant"));
    assert_eq!(next().await, ("msp-1".to_owned(), Some(2), Some(7)));
    // A new password is announced again.
    world
        .sql("update integrations set password_changed_at = '2026-06-10T05:00Z', password_warned = null where partner_id = 'msp-1'")
        .await;
    assert_eq!(next().await, ("msp-1".to_owned(), Some(3), Some(3)));
    assert_eq!(world.text("select count(*) from events").await, "3");
}

#[tokio::test]
async fn a_refusal_that_no_job_met_is_announced_once() {
    let world = World::without_service().await;
    let mut told = world.listen(EventTopic::CredentialsRefused).await;
    world
        .sql("update integrations set credentials_refused_code = 'AUTH-02', credentials_refused_at = '2026-12-01Z' where partner_id = 'msp-1'")
        .await;
    world.start(world.database.another_store().await);
    world.start(world.database.another_store().await);
    let heard = told.next().await.expect("an event");
    let event: v1::CredentialsRefused = heard.message.decode().expect("a CredentialsRefused");
    assert_eq!((event.code.as_str(), event.credentials_version), ("AUTH-02", Some(1)));
    heard.settle(Settlement::Done).await.expect("settled");
    testkit::until("it counts as told", async || {
        world.text("select refusal_told from integrations where partner_id = 'msp-1'").await == "true"
    })
    .await;
    assert_eq!(world.text("select count(*) from events").await, "1");
}

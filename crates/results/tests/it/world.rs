//! A database with a partner, its runs and jobs, and the service.

use std::{sync::Arc, time::Duration};

use bus::{Bus as _, Consumer, EventTopic, InProcess, Outgoing, Queue, Settlement, TraceContext};
use domain::Clock as _;
use jiff::Timestamp;
use messages::{Message, v1};
use results::{Results, ResultsSettings};
use store::{DatabaseRole, Store};
use testkit::{Clock, TestDatabase};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::message::{SCHEDULER, With as _, done, intent, job, run};

pub const PARTNER: &str = "msp-1";
pub const NOW: &str = "2026-12-01T05:00:30Z";
/// The partner's tables, without random columns, each with its order.
const TABLES: [&str; 14] = [
    "select * from statuses where partner_id = 'msp-1' order by company_id, contract_id",
    "select * from run_companies where partner_id = 'msp-1' order by run_id, company_id, contract_id",
    "select * from lines where partner_id = 'msp-1' order by contract_id, line_id",
    "select intent_id, run_id, from_units, to_units, standing, written_at, confirmed_at from journal
     where partner_id = 'msp-1' order by intent_id",
    "select * from intents where partner_id = 'msp-1' order by intent_id",
    "select * from targets where partner_id = 'msp-1' order by contract_id, service_id",
    "select contract_id, service_id, company_ids, brake, from_units, to_units, state, run_number from holds
     where partner_id = 'msp-1' order by contract_id, service_id, state",
    "select * from jobs where partner_id = 'msp-1' order by job_id",
    "select * from runs where partner_id = 'msp-1' order by run_number",
    "select * from integrations where partner_id = 'msp-1'",
    "select * from login_tries where partner_id = 'msp-1'",
    "select * from refused_logins",
    "select endpoint, calls from calls_made where tenant = 'Example MSP' order by endpoint",
    "select job_id, attempt from call_debits where tenant = 'Example MSP' order by 1, 2",
];

pub struct World {
    pub database: TestDatabase,
    pub bus: InProcess,
    pub clock: Clock,
    pub stop: CancellationToken,
    markers: std::sync::atomic::AtomicU32,
}

impl World {
    /// A partner with companies acme, beta and gamma on contracts 1001 to 1003, one product on service 11, run 7 with
    /// job 1 started at attempt 1 for all three contracts, and the service.
    pub async fn new() -> Self {
        let world = Self::without_service().await;
        world.start(world.database.store.clone());
        world
    }

    pub async fn without_service() -> Self {
        let world = Self {
            database: testkit::database_as(DatabaseRole::Results).await,
            bus: InProcess::new(),
            clock: Clock::at(NOW),
            stop: CancellationToken::new(),
            markers: std::sync::atomic::AtomicU32::new(0),
        };
        for (partner, tenant) in [(PARTNER, "Example MSP"), ("marker", "Marker")] {
            world
                .sql(&format!(
                    "insert into partners values ('{partner}', 'The MSP', 'Europe/Rome', 0);
                     insert into integrations values ('{partner}', 'bms.example.com', null, null, '{tenant}', 'api',
                         'sealed', 1, 'on', 'arrears', 10, true, 12, 7, 5, 20, 25, 20, 5, 50, null, null, '2026-01-01Z')"
                ))
                .await;
        }
        world
            .sql(
                "insert into products values ('msp-1', 'standard', 'Standard', null);
                 insert into product_mappings values ('msp-1', 'standard', 11, 'PB Standard');
                 insert into companies select 'msp-1', name, name from unnest(array['acme', 'beta', 'gamma']) name;
                 insert into company_mappings values
                     ('msp-1', 'acme', 101, 'Acme', 1001, 'One', 1, '2026-01-01Z'),
                     ('msp-1', 'beta', 102, 'Beta', 1002, 'Two', 1, '2026-01-01Z'),
                     ('msp-1', 'gamma', 103, 'Gamma', 1003, 'Three', 1, '2026-01-01Z')",
            )
            .await;
        // These tests have many jobs of one Kaseya at work; the tests of job starts check which may start.
        world.sql("drop index one_started_job_per_kaseya").await;
        world.run(7).await;
        world.job(7, 1, 1).await;
        world
    }

    /// Another service, on this store.
    pub fn start(&self, store: Store) -> JoinHandle<()> {
        let settings = ResultsSettings { prefetch: 1000, announce_every: Duration::from_millis(50) };
        let (bus, clock) = (Arc::new(self.bus.clone()), Arc::new(self.clock.clone()));
        let results = Results::new(store, bus, clock, testkit::entropy(5), settings);
        let stop = self.stop.clone();
        let health = runtime::Health::new(Arc::new(self.clock.clone()));
        tokio::spawn(async move { results.run(stop, &health).await.expect("a bus") })
    }

    pub async fn sql(&self, sql: &str) {
        self.database.client().await.batch_execute(sql).await.expect("the statements are right");
    }

    /// The first column of a statement's rows as text, joined by commas.
    pub async fn text(&self, sql: &str) -> String {
        let sql = format!("select string_agg(t::text, ', ') from ({sql}) as q (t)");
        let row = self.database.client().await.query_one(&sql, &[]).await.expect("the statement is right");
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }

    /// A run for all companies.
    pub async fn run(&self, number: u32) {
        self.sql(&format!(
            "insert into runs (run_id, run_number, partner_id, trigger, mode, state, all_companies, created_at)
             overriding system value
             values ('{}', {number}, 'msp-1', 'schedule', 'apply', 'running', false, '2026-12-01T05:00Z')",
            run(number)
        ))
        .await;
    }

    /// A job of a run at an attempt, started, with its calls debited and its login pending.
    pub async fn job(&self, of_run: u32, number: u32, attempt: u32) {
        let (run, job) = (run(of_run), job(number));
        self.sql(&format!(
            "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, attempt, contract_ids, host,
                               tenant, holder, holders[{attempt}], lease_until, credentials_version, started_at, created_at)
             values ('{job}', '{run}', {of_run}, 'msp-1', 'work', 'started', false, {attempt}, '{{1001,1002,1003}}',
                     'bms.example.com', 'Example MSP', 'worker-1', 'worker-1', '2026-12-01T05:01Z', 1,
                     '2026-12-01T05:00Z', '2026-12-01T05:00Z');
             insert into call_debits values ('{job}', {attempt}, 'bms.example.com', 'Example MSP', 100, 150,
                                             '2026-12-01T05:00Z');
             insert into login_tries (host, tenant, user_name, partner_id, job_id, attempt, marks, begun_at)
             values ('bms.example.com', 'Example MSP', 'api', 'msp-1', '{job}', {attempt}, '{{mark-1}}',
                     '2026-12-01T05:00Z')"
        ))
        .await;
    }

    /// Makes a job one that needs no worker; [`With::by_scheduler`] reports it.
    pub async fn needs_no_worker(&self, number: u32) {
        let job = job(number);
        self.sql(&format!(
            "update jobs set kind = 'local', state = 'emitted', emitted_at = '2026-12-01T05:00Z', holder = null, host = null,
                             tenant = null, holders = '{{{SCHEDULER}}}'
             where job_id = '{job}'"
        ))
        .await;
    }

    /// The next attempt of a job, as after an expired lease.
    pub async fn next_attempt(&self, number: u32, attempt: u32) {
        let job = job(number);
        self.sql(&format!(
            "update jobs set attempt = {attempt}, state = 'started', done_at = null, holder = 'worker-1',
                             holders[{attempt}] = 'worker-1', lease_until = '2026-12-01T05:03Z'
             where job_id = '{job}';
             insert into call_debits values ('{job}', {attempt}, 'bms.example.com', 'Example MSP', 100, 150,
                                             '2026-12-01T05:02Z')"
        ))
        .await;
    }

    /// A granted change of line 9001 of contract 1001, for acme.
    pub async fn granted(&self, number: u32, of: (u32, u32, u32), units: (f64, u32), granted_at: &str) {
        let (of_run, of_job, attempt) = of;
        self.sql(&format!(
            "insert into intents (intent_id, partner_id, run_id, run_number, job_id, attempt, contract_id, service_id,
                                  line_id, from_units, to_units, effective_date, addends, company_ids, granted_at,
                                  permit_until, result)
             values ('{}', 'msp-1', '{}', {of_run}, '{}', {attempt}, 1001, 11, 9001, {}, {}, '2026-11-01', '[]',
                     '{{acme}}', '{granted_at}', timestamptz '{granted_at}' + interval '30 seconds', 'open');
             insert into targets values ('msp-1', 1001, 11, {of_run}, null, null)
             on conflict (partner_id, contract_id, service_id)
             do update set newest_run_number = greatest(targets.newest_run_number, excluded.newest_run_number)",
            intent(number),
            run(of_run),
            job(of_job),
            units.0,
            units.1
        ))
        .await;
    }

    pub async fn publish<M: Message>(&self, message: &M) {
        let message = Outgoing::new(Uuid::nil(), TraceContext::default(), message);
        self.bus.publish(Queue::Results, message).await.expect("room on the queue");
    }

    /// Makes the ledger start the attempts in these messages, each for its contents, unless already started.
    async fn start_attempts(&self, messages: &[v1::JobDone]) {
        for message in messages {
            let attempt = message.attempt.expect("an attempt");
            let of_companies = message.companies.iter().filter_map(|company| company.contract_id);
            let read = message.lines.iter().filter_map(|line| line.contract_id);
            let contracts: std::collections::BTreeSet<i32> = of_companies.chain(read).collect();
            let contracts = contracts.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
            self.sql(&format!(
                "update jobs set attempt = {attempt}, state = 'started', done_at = null, holder = 'worker-1',
                        holders[{attempt}] = 'worker-1', lease_until = '2026-12-01T05:03Z'
                 where job_id = '{0}' and attempt <= {attempt} and holders[{attempt}] is null and kind = 'work';
                 update jobs set contract_ids = contract_ids || '{{{contracts}}}' where job_id = '{0}' and attempt = {attempt}",
                message.job_id
            ))
            .await;
        }
    }

    /// Passes messages to the one service and waits until all of them are stored, by sending one more after them.
    pub async fn store(&self, messages: &[v1::JobDone]) {
        self.start_attempts(messages).await;
        // A message never reports the future.
        let told = messages.iter().flat_map(instants).max().unwrap_or(Timestamp::MIN);
        self.clock.set(self.clock.now().max(told));
        self.hand_over(messages).await;
    }

    /// The same, leaving ledger and clock as they are.
    pub async fn hand_over(&self, messages: &[v1::JobDone]) {
        for message in messages {
            self.publish(message).await;
        }
        let number = 900_000 + self.markers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (run_id, job_id) = (run(number), job(number));
        self.sql(&format!(
            "insert into runs (run_id, run_number, partner_id, trigger, mode, state, all_companies, created_at)
             overriding system value
             values ('{run_id}', {number}, 'marker', 'schedule', 'apply', 'running', false, '2026-12-01Z');
             insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, holder, holders, lease_until,
                               credentials_version, host, tenant, created_at)
             values ('{job_id}', '{run_id}', {number}, 'marker', 'work', 'started', false, 'worker-1', '{{worker-1}}',
                     '2026-12-01Z', 1, 'h', 't', '2026-12-01Z')"
        ))
        .await;
        let marker = v1::JobDone { partner_id: "marker".into(), ..done(number, number, 1) };
        self.publish(&marker.ended(NOW)).await;
        let state = format!("select state from jobs where job_id = '{job_id}'");
        testkit::until("the messages are stored", async || self.text(&state).await == "done").await;
    }

    /// Everything stored for the partner, except its events.
    pub async fn dump(&self) -> Vec<String> {
        let mut dump = Vec::new();
        for table in TABLES {
            dump.push(self.text(&format!("select q::text from ({table}) q")).await);
        }
        dump
    }

    /// The partner's events: number and topic, joined.
    pub async fn events(&self) -> String {
        self.text("select number || ' ' || topic from events where partner_id = 'msp-1' order by number")
            .await
    }

    /// State, code, last sync and last change of a company on a contract.
    pub async fn status(&self, company: &str, contract: i32) -> String {
        self.text(&format!(
            "select concat_ws(' ', state, code, run_number, attempt) from statuses
             where partner_id = 'msp-1' and company_id = '{company}' and contract_id = {contract}"
        ))
        .await
    }

    pub async fn listen(&self, topic: EventTopic) -> Consumer {
        self.bus.listen(topic, self.stop.clone()).await.expect("a bus")
    }

    /// The reasons of this many dead letters.
    pub async fn letters(&self, count: usize) -> Vec<String> {
        let stop = CancellationToken::new();
        let mut consumer = self.bus.consume(Queue::DeadLetters, 10, stop).await.expect("a bus");
        let mut reasons = Vec::new();
        while reasons.len() < count {
            let delivery = tokio::time::timeout(Duration::from_secs(60), consumer.next());
            let delivery =
                delivery.await.expect("a letter within a minute").expect("a consumer that goes on");
            let letter: v1::DeadLetter = delivery.message.decode().expect("a dead letter");
            delivery.settle(Settlement::Done).await.expect("settled");
            reasons.push(letter.reason);
        }
        reasons
    }
}

/// When a message says that it saw or did something.
fn instants(message: &v1::JobDone) -> impl Iterator<Item = Timestamp> {
    let lines = message.lines.iter().map(|line| &line.seen_at);
    let changes = message.changes.iter().map(|change| &change.at);
    let all = std::iter::once(&message.finished_at).chain(lines).chain(changes);
    all.flatten().filter_map(|at| Timestamp::new(at.seconds, at.nanos).ok())
}

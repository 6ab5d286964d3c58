//! The real scheduler, worker, results and store on a private Postgres, stepped by hand on a clock that the test turns.

use std::{sync::Arc, time::Duration};

use bus::{Bus as _, Incoming, Outgoing, Queue, Settlement, SharedBus, TraceContext};
use domain::{Backoff, Clock as _, PartnerId};
use egress::{Egress, EgressSettings};
use jiff::Timestamp;
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Endpoint, HoldAt, Running, Simulator, State};
use messages::Message;
use proptest::test_runner::TestCaseError;
use results::{Results, ResultsSettings};
use runtime::Health;
use scheduler::{Context, Scheduler, SchedulerSettings};
use secrecy::SecretString;
use store::{Row, StoreError, status_reading::CompanyStatus};
use testkit::{Clock, TestDatabase};
use tokio_util::sync::CancellationToken;
use vault::{Associated, KeyRing};
use worker::{Worker, WorkerSettings};

use crate::stepped_bus::SteppedBus;

pub const HOST: &str = "bms.example.com";
pub const TENANT: &str = "Example MSP";
pub const USER: &str = "sync@msp.example";
pub const PASSWORD: &str = "correct horse";
/// More rounds than any hour needs; beyond it the services turn in a circle.
const MOST_ROUNDS: usize = 200;

pub struct Services {
    pub clock: Clock,
    pub kaseya: Running,
    database: TestDatabase,
    bus: SteppedBus,
    scheduler: Scheduler,
    worker: Worker,
    results: Results,
    health: Health,
    workers: u64,
    messages: u64,
    /// The worker of the next job dies with its so manieth write, which is made, before it hears so.
    pub dies_after: Option<u32>,
    /// Reasons of dead letters.
    pub dead_letters: Vec<String>,
}

impl Services {
    pub async fn start(now: Timestamp, state: State) -> Self {
        let clock = Clock::starting(now);
        let kaseya = simulator(&clock, state).await;
        let database = testkit::database().await;
        let bus = SteppedBus::new();
        let shared: SharedBus = Arc::new(bus.clone());
        let shown: Arc<dyn domain::Clock> = Arc::new(clock.clone());
        let entropy = testkit::entropy(5);
        let program = runtime::Program { name: "test", version: "0", defaults: "" };
        let config = runtime::Config::compiled_in().expect("the defaults are well formed");
        let surroundings = runtime::Context::new(&program, config, Arc::clone(&shown), entropy.clone());
        let health = surroundings.health.clone();
        let context = Context {
            store: database.store.clone(),
            bus: Arc::clone(&shared),
            clock: Arc::clone(&shown),
            entropy: entropy.clone(),
            settings: SchedulerSettings { spread: Duration::ZERO, ..SchedulerSettings::default() },
        };
        let scheduler = Scheduler::new(context, &surroundings.meter, &health);
        bus.answered_by(Some(scheduler.clone()));
        let settings = ResultsSettings { prefetch: 100, announce_every: Duration::from_secs(5) };
        let results = Results::new(database.store.clone(), shared, shown, entropy, settings);
        let worker = start_worker(&bus, &clock, 0);
        Self {
            clock,
            kaseya,
            database,
            bus,
            scheduler,
            worker,
            results,
            health,
            workers: 0,
            messages: 0,
            dies_after: None,
            dead_letters: Vec::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets the services go on until none of them has anything to do now.
    pub async fn settle(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..MOST_ROUNDS {
            let stepped = self.scheduler.step().await;
            stepped.map_err(|error| TestCaseError::fail(format!("a round of the scheduler: {error}")))?;
            let mut any = false;
            while let Some((queue, message)) = self.bus.take() {
                any = true;
                self.deal_with(queue, message).await?;
            }
            if !any {
                return Ok(());
            }
        }
        Err(TestCaseError::fail(format!("the services find no rest at {}", self.now())))
    }

    async fn deal_with(&mut self, queue: Queue, message: Incoming) -> Result<(), TestCaseError> {
        match queue {
            Queue::Jobs | Queue::JobsNow => self.work(queue, message).await,
            Queue::Results => {
                let delivery = self.bus.delivery(queue, message);
                self.results.handle(delivery, &self.health).await;
            }
            Queue::SyncRequests | Queue::Counts => match self.scheduler.take(queue, &message).await {
                Settlement::Done => {}
                Settlement::DeadLetter(reason) => {
                    self.dead_letters.push(format!("{}: {reason}", queue.name()))
                }
                Settlement::Again => {
                    return Err(TestCaseError::fail(format!("a message of {} waits", queue.name())));
                }
            },
            Queue::DeadLetters => self.dead_letters.extend(message.id),
            Queue::SchedulerCalls => {}
        }
        Ok(())
    }

    async fn work(&mut self, queue: Queue, ticket: Incoming) {
        let delivery = self.bus.delivery(queue, ticket);
        let worker = self.worker.clone();
        let work = worker.handle(delivery, CancellationToken::new());
        let Some(writes) = self.dies_after.take() else { return work.await };
        let held = self.kaseya.hold(Endpoint::WriteLine, writes, HoldAt::AfterApply);
        let died = tokio::select! {
            () = work => false,
            () = held.reached() => true,
        };
        held.release();
        if died {
            self.workers += 1;
            self.worker = start_worker(&self.bus, &self.clock, self.workers);
            // Its lease ends.
            self.clock.advance(Duration::from_secs(61));
        }
    }

    /// Puts a message on a queue, as a portal or the provider does.
    pub async fn send<M: Message>(&mut self, queue: Queue, message: &M) {
        self.messages += 1;
        let id = testkit::entropy(self.messages).uuid(self.now());
        let message = Outgoing::new(id, TraceContext::default(), message);
        self.bus.publish(queue, message).await.expect("the bus takes everything");
    }

    /// Turns a partner's switch, as its owner does.
    pub async fn switch(&self, partner: &PartnerId, on: bool) {
        let now = self.now();
        let turned: Result<(), StoreError> = self
            .database
            .store
            .transaction("switch", |tx| {
                Box::pin(async move {
                    match on {
                        true => store::switch::switch_on(tx, partner).await.map(drop),
                        false => store::switch::switch_off(tx, partner, now).await.map(drop),
                    }
                })
            })
            .await;
        turned.expect("the switch is turned");
    }

    /// Runs statements, one after the other.
    pub async fn run(&self, statements: &str) {
        for sql in statements.split(';').filter(|sql| !sql.trim().is_empty()) {
            let done: Result<u64, StoreError> =
                self.database.store.transaction("test", |tx| Box::pin(tx.execute(sql, &[]))).await;
            done.unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
    }

    pub async fn query(&self, sql: &str) -> Vec<Row> {
        let rows: Result<Vec<Row>, StoreError> =
            self.database.store.transaction("test", |tx| Box::pin(tx.query(sql, &[]))).await;
        rows.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// Every company as a person sees it.
    pub async fn rows(&self, partner: &PartnerId) -> Vec<CompanyStatus> {
        let now = self.now();
        let rows: Result<Vec<CompanyStatus>, StoreError> = self
            .database
            .store
            .transaction("rows", |tx| {
                Box::pin(async move {
                    match store::settings::read(tx, partner).await? {
                        Some(settings) => store::status_reading::companies(tx, &settings, now).await,
                        None => Ok(Vec::new()),
                    }
                })
            })
            .await;
        rows.expect("the rows can be read")
    }

    /// Ends everything, the database too.
    pub async fn end(self) {
        self.bus.answered_by(None);
        let database = self.database;
        drop((self.scheduler, self.worker, self.results, self.kaseya));
        database.remove().await;
    }
}

/// The password of a partner as it is stored.
pub fn sealed(partner: &str) -> String {
    let associated = Associated { partner, host: HOST, tenant: TENANT, user: USER };
    let entropy = testkit::entropy(8);
    let password = SecretString::from(PASSWORD);
    key_ring().seal(&associated, &password, |bytes| entropy.fill(bytes)).as_str().to_owned()
}

async fn simulator(clock: &Clock, state: State) -> Running {
    let shown = clock.clone();
    Simulator::new(state, kaseya_simulator::Clock::following(move || shown.now()))
        .without_call_limits()
        .start(([127, 0, 0, 1], 0).into())
        .await
        .expect("a free port")
}

fn start_worker(bus: &SteppedBus, clock: &Clock, number: u64) -> Worker {
    let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
    let read_again = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
    let shown: Arc<dyn domain::Clock> = Arc::new(clock.clone());
    let bms = Bms::new(egress, Arc::clone(&shown), BmsSettings { read_again });
    let settings = WorkerSettings {
        jobs: 1,
        jobs_now: 1,
        login_timeout: Duration::from_secs(30),
        read_timeout: Duration::from_secs(20),
        write_timeout: Duration::from_secs(15),
        scheduler_timeout: Duration::from_secs(20),
    };
    let entropy = testkit::entropy(100 + number);
    Worker::new(Arc::new(bus.clone()), bms, Arc::new(key_ring()), shown, entropy, settings)
}

fn key_ring() -> KeyRing {
    let text = KeyRing::generate("test", |bytes| testkit::entropy(7).fill(bytes)).expect("an id");
    KeyRing::parse(&text).expect("a key ring")
}

//! The real scheduler, worker, results and store on a private Postgres, stepped by hand on a clock that the test
//! controls.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bus::{Bus as _, Incoming, Outgoing, Queue, Settlement, SharedBus, TraceContext};
use domain::{
    Backoff, Clock as _, CompanyId, CountBasis, Credentials, IntegrationSettings, PartnerId,
    PartnerReadiness, ProductId, ReportId,
};
use egress::{Egress, EgressSettings};
use jiff::{SignedDuration, Timestamp, civil::Date};
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Endpoint, HoldAt, Running, Simulator, State};
use messages::Message;
use proptest::test_runner::TestCaseError;
use results::{Results, ResultsSettings};
use runtime::Health;
use scheduler::{Context, Scheduler, SchedulerSettings};
use secrecy::SecretString;
use store::{
    DatabaseRole, Row, StoreError,
    counts::reports::{self, ReportHead, ReportedCompany, ReportedCount},
    settings::{self, NewIntegration, StoredPassword, installation, switch},
    statuses::{CompanyStatus, readiness},
};
use testkit::{Clock, TestDatabase};
use tokio_util::sync::CancellationToken;
use vault::{Associated, KeyRing};
use worker::{Worker, WorkerSettings};

use crate::{
    partner::{FREEZE_HOUR, PARTNER, PRODUCTS, SECOND},
    stepped_bus::SteppedBus,
};

pub const HOST: &str = "bms.example.com";
pub const TENANT: &str = "Example MSP";
pub const USER: &str = "sync@msp.example";
pub const PASSWORD: &str = "correct horse";
/// More rounds than any hour needs; beyond it the services loop.
const MOST_ROUNDS: usize = 200;

/// A saved address of another Kaseya during a call, and how that Kaseya differs.
#[derive(Debug, Clone)]
pub struct Move {
    pub during: Endpoint,
    pub contracts: BTreeSet<i32>,
    pub more: u32,
}

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
    /// The worker of the next job dies with this write, which is applied, before it gets the response.
    pub dies_after: Option<u32>,
    /// Another address is saved during the next call of this kind.
    pub moves: Option<Move>,
    /// Reasons of dead letters.
    pub dead_letters: Vec<String>,
    /// Reports that may be refused.
    pub doubtful: Vec<String>,
    /// How far the worker's clock is ahead.
    ahead: SignedDuration,
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
            store: database.store_as(DatabaseRole::Scheduler).await,
            bus: Arc::clone(&shared),
            clock: Arc::clone(&shown),
            entropy: entropy.clone(),
            settings: SchedulerSettings { spread: Duration::ZERO, ..SchedulerSettings::default() },
        };
        let scheduler = Scheduler::new(context, &surroundings.meter, &health);
        bus.answered_by(Some(scheduler.clone()));
        let settings = ResultsSettings { prefetch: 100, announce_every: Duration::from_secs(5) };
        let results =
            Results::new(database.store_as(DatabaseRole::Results).await, shared, shown, entropy, settings);
        let worker = start_worker(&bus, Arc::new(clock.clone()), 0);
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
            moves: None,
            dead_letters: Vec::new(),
            doubtful: Vec::new(),
            ahead: SignedDuration::ZERO,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs the services until none has anything to do now.
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
                Settlement::DeadLetter(_) if self.is_doubtful(&message) => {}
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
        if let Some(moves) = self.moves.take() {
            return self.move_during(work, moves).await;
        }
        let Some(writes) = self.dies_after.take() else { return work.await };
        let held = self.kaseya.hold(Endpoint::WriteLine, writes, HoldAt::AfterApply);
        let died = tokio::select! {
            () = work => false,
            () = held.reached() => true,
        };
        held.release();
        if died {
            self.another_worker();
            // Its lease ends.
            self.clock.advance(Duration::from_secs(61));
        }
    }

    /// Runs a job and replaces its Kaseya at its next call of this kind; without such a call, replaces that of the
    /// next job.
    async fn move_during(&mut self, work: impl Future<Output = ()>, moves: Move) {
        let held = self.kaseya.hold(moves.during, 1, HoldAt::BeforeApply);
        let mut work = std::pin::pin!(work);
        let reached = tokio::select! {
            () = &mut work => false,
            () = held.reached() => true,
        };
        if !reached {
            held.release();
            self.moves = Some(moves);
            return;
        }
        let old = self.another_kaseya(&moves.contracts, moves.more).await;
        held.release();
        work.await;
        drop(old);
    }

    fn is_doubtful(&self, message: &Incoming) -> bool {
        let body = String::from_utf8_lossy(&message.body);
        self.doubtful.iter().any(|report| body.contains(&format!("\"{report}\"")))
    }

    fn another_worker(&mut self) {
        self.workers += 1;
        let clock = WrongClock { right: self.clock.clone(), ahead: self.ahead };
        self.worker = start_worker(&self.bus, Arc::new(clock), self.workers);
    }

    /// Sets the clock of the worker's machine this far ahead from now on. The other programs use the database's
    /// clock.
    pub fn wrong_clock(&mut self, ahead: SignedDuration) {
        self.ahead = ahead;
        self.another_worker();
    }

    /// Starts another Kaseya with the same ids, with more units on the first line of each of these contracts, and
    /// saves its address as the page does. Returns the previous one.
    pub async fn another_kaseya(&mut self, contracts: &BTreeSet<i32>, more: u32) -> Running {
        let mut state = self.kaseya.state();
        let ours = state.contracts.iter_mut().filter(|contract| contracts.contains(&contract.id));
        for line in ours.flat_map(|contract| contract.lines.first_mut()) {
            line.units += f64::from(more);
        }
        let before = std::mem::replace(&mut self.kaseya, simulator(&self.clock, state).await);
        let (base, now) = (self.kaseya.base_url(), self.now());
        for partner in [PARTNER, SECOND] {
            let partner = PartnerId::new(partner).expect("an id");
            let saved: Result<(), StoreError> = self
                .database
                .store
                .transaction("save", |tx| Box::pin(save_address(tx, &partner, &base, now)))
                .await;
            saved.expect("the address is saved");
        }
        before
    }

    /// Applies a settings file with a report of a day and no instant: these are the company's users of each product.
    pub async fn apply_report(&mut self, day: Date, begins: Timestamp, company: &str, users: u32) {
        self.messages += 1;
        let (now, partner) = (self.now(), PartnerId::new(PARTNER).expect("an id"));
        let report = ReportId::new(format!("applied-{}", self.messages)).expect("an id");
        let head = ReportHead {
            report: report.clone(),
            day,
            counted_at: begins,
            is_final: false,
            parts: 1,
            from_file: true,
        };
        let company = CompanyId::new(company).expect("an id");
        let counts: Vec<ReportedCount> = PRODUCTS
            .iter()
            .map(|(product, _)| ReportedCount {
                company: company.clone(),
                product: ProductId::new(*product).expect("an id"),
                product_name: None,
                users: Some((users, CountBasis::Users)),
            })
            .collect();
        let companies = [ReportedCompany { company, name: None }];
        let stored: Result<(), StoreError> = self
            .database
            .store
            .transaction("apply", |tx| {
                Box::pin(async {
                    reports::note_part(
                        tx,
                        &partner,
                        &head,
                        (1, ""),
                        &store::counts::senders::Sender::File,
                        now,
                    )
                    .await?;
                    reports::add_companies(tx, &partner, &report, &companies).await?;
                    reports::add_counts(tx, &partner, &report, &counts).await?;
                    reports::complete(tx, &partner, &report, now).await.map(drop)
                })
            })
            .await;
        stored.expect("the report is stored");
    }

    /// Puts a message on a queue, as a portal or the provider does.
    pub async fn send<M: Message>(&mut self, queue: Queue, message: &M) {
        self.messages += 1;
        let id = testkit::entropy(self.messages).uuid(self.now());
        let message = Outgoing::new(id, TraceContext::default(), message);
        self.bus.publish(queue, message).await.expect("the bus takes everything");
    }

    /// Turns a partner's switch, as the partner's staff does.
    pub async fn switch(&self, partner: &PartnerId, on: bool) {
        let now = self.now();
        let turned: Result<(), StoreError> = self
            .database
            .store
            .transaction("switch", |tx| {
                Box::pin(async move {
                    match on {
                        true => switch::switch_on(tx, partner).await.map(drop),
                        false => switch::switch_off(tx, partner, now).await.map(drop),
                    }
                })
            })
            .await;
        turned.expect("the switch is turned");
    }

    /// Sets the installation's line profile, as `kaseya-sync line-profile` does.
    pub async fn set_line_profile(&self, profile: &str) {
        let set: Result<bool, StoreError> = self
            .database
            .store
            .transaction("set_line_profile", |tx| {
                Box::pin(installation::set_line_profile(tx, None, Some(profile)))
            })
            .await;
        assert!(set.expect("the tables are there"), "it is stored");
    }

    /// Runs statements in order.
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

    /// All company rows as people see them.
    pub async fn rows(&self, partner: &PartnerId) -> Vec<CompanyStatus> {
        let now = self.now();
        let rows: Result<Vec<CompanyStatus>, StoreError> = self
            .database
            .store
            .transaction("rows", |tx| {
                Box::pin(async move {
                    match settings::read(tx, partner).await? {
                        Some(settings) => store::statuses::companies(tx, &settings, now).await,
                        None => Ok(Vec::new()),
                    }
                })
            })
            .await;
        rows.expect("the rows can be read")
    }

    /// The companies with a next invoice shown as right.
    pub async fn ready(&self, partner: &PartnerId) -> BTreeSet<CompanyId> {
        let (rows, now) = (self.rows(partner).await, self.now());
        let read: Result<PartnerReadiness, StoreError> = self
            .database
            .store
            .transaction("ready", |tx| Box::pin(readiness::partner(tx, partner, now)))
            .await;
        let of_partner = read.expect("it can be read");
        let mut companies: BTreeMap<CompanyId, Vec<CompanyStatus>> = BTreeMap::new();
        for row in rows {
            companies.entry(row.company.clone()).or_default().push(row);
        }
        let ready = companies.into_iter().filter(|(_, rows)| {
            let is_mapped = rows.iter().any(|row| row.contract.is_some());
            readiness::of_statuses(&of_partner, is_mapped, rows).is_none()
        });
        ready.map(|(company, _)| company).collect()
    }

    /// Ends everything, including the database.
    pub async fn end(self) {
        self.bus.answered_by(None);
        let database = self.database;
        drop((self.scheduler, self.worker, self.results, self.kaseya));
        database.remove().await;
    }
}

/// A partner's password as stored for this address.
pub fn sealed(partner: &str, base: &str) -> String {
    let v1 = format!("{base}/api");
    let (v2_base, v1_base) = (Some(base), Some(v1.as_str()));
    let associated = Associated { partner, host: HOST, v2_base, v1_base, tenant: TENANT, user: USER };
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

/// A clock that differs from the installation's.
struct WrongClock {
    right: Clock,
    ahead: SignedDuration,
}

impl domain::Clock for WrongClock {
    fn now(&self) -> Timestamp {
        self.right.now() + self.ahead
    }

    fn monotonic(&self) -> Duration {
        self.right.monotonic()
    }
}

async fn save_address(
    tx: &store::Transaction<'_>,
    partner: &PartnerId,
    base: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    settings::hold(tx, partner).await?;
    let stored = settings::read(tx, partner).await?;
    let Some(known) = stored.and_then(|stored| stored.integration) else { return Ok(()) };
    let new = NewIntegration {
        credentials: Credentials {
            v2_base: Some(base.to_owned()),
            v1_base: Some(format!("{base}/api")),
            password: StoredPassword {
                sealed: sealed(partner.as_str(), base),
                ..known.credentials.password.clone()
            },
            ..known.credentials
        },
        credentials_version: known.credentials_version + 1,
        settings: IntegrationSettings {
            freeze_hour: u32::try_from(FREEZE_HOUR).expect("an hour"),
            call_share_percent: 100,
            ..known.settings
        },
    };
    settings::store_integration(tx, partner, &new, now).await
}

fn start_worker(bus: &SteppedBus, shown: Arc<dyn domain::Clock>, number: u64) -> Worker {
    let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
    let read_again = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
    let bms = Bms::new(egress, Arc::clone(&shown), BmsSettings { read_again, ..BmsSettings::default() });
    let settings = WorkerSettings {
        jobs: 1,
        jobs_now: 1,
        login_timeout: Duration::from_secs(30),
        read_timeout: Duration::from_secs(20),
        write_timeout: Duration::from_secs(15),
        scheduler_timeout: Duration::from_secs(300),
    };
    let entropy = testkit::entropy(100 + number);
    Worker::new(Arc::new(bus.clone()), bms, Arc::new(key_ring()), shown, entropy, settings)
}

fn key_ring() -> KeyRing {
    let text = KeyRing::generate("test", |bytes| testkit::entropy(7).fill(bytes)).expect("an id");
    KeyRing::parse(&text).expect("a key ring")
}

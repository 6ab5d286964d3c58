//! A worker, its client and its Kaseya, and a scheduler that answers from a plan and the test's own ledger.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bus::{Bus as _, Consumer, InProcess, Incoming, Outgoing, Queue, Settlement, TraceContext};
use domain::{Backoff, Clock as _};
use egress::{Egress, EgressSettings};
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Endpoint, HoldAt, Running, Simulator, State};
use messages::{Message, v1};
use secrecy::SecretString;
use testkit::Clock;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{Associated, KeyRing};
use worker::{Worker, WorkerSettings};

use crate::ledger::Ledger;

const PARTNER: &str = "msp";
const HOST: &str = "bms.example.com";
const TENANT: &str = "Example MSP";
const USER: &str = "sync@msp.example";

/// The data that the scheduler answers from.
#[derive(Default)]
pub struct Desk {
    pub ledger: Ledger,
    content: v1::JobContent,
    attempt: u32,
}

/// The services of one history.
pub struct Services {
    pub clock: Clock,
    pub kaseya: Running,
    desk: Arc<Mutex<Desk>>,
    bus: InProcess,
    done: Consumer,
    worker: JoinHandle<()>,
    scheduler: JoinHandle<()>,
    jobs: u32,
}

impl Drop for Services {
    fn drop(&mut self) {
        self.worker.abort();
        self.scheduler.abort();
    }
}

impl Services {
    pub async fn start(clock: Clock, state: State) -> Self {
        let bus = InProcess::new();
        let shown = clock.clone();
        let kaseya = Simulator::new(state, kaseya_simulator::Clock::following(move || shown.now()))
            .without_call_limits()
            .start(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let desk = Arc::new(Mutex::new(Desk::default()));
        let scheduler = tokio::spawn(answer_calls(bus.clone(), Arc::clone(&desk), clock.clone()));
        let done = bus.consume(Queue::Results, 10, CancellationToken::new()).await.expect("a bus");
        let worker = start_worker(&bus, &clock, 0);
        Self { clock, kaseya, desk, bus, done, worker, scheduler, jobs: 0 }
    }

    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a worker run an attempt of a job. With `dies_after`, that many of its writes are applied, and the worker
    /// dies before it gets the response of the last; nothing is then reported of the attempt.
    pub async fn attempt(
        &mut self,
        attempt: u32,
        run_number: u64,
        contracts: Vec<v1::ContractWork>,
        dies_after: Option<u32>,
    ) -> Option<v1::JobDone> {
        let content = self.content(run_number, contracts);
        {
            let mut desk = self.desk();
            (desk.content, desk.attempt) = (content, attempt);
        }
        let ticket = v1::JobReady {
            partner_id: PARTNER.to_owned(),
            job_id: Uuid::from_u128(1).to_string(),
            attempt: Some(attempt),
        };
        let held = dies_after.map(|writes| self.kaseya.hold(Endpoint::WriteLine, writes, HoldAt::AfterApply));
        self.bus.publish(Queue::Jobs, outgoing(&ticket)).await.expect("room on the queue");
        let Some(held) = held else { return Some(self.done().await) };
        tokio::select! {
            done = async { self.done.next().await.expect("a consumer that goes on") } => {
                let message = done.message.decode().expect("a JobDone");
                done.settle(Settlement::Done).await.expect("settled");
                Some(message)
            }
            () = held.reached() => {
                self.worker.abort();
                let ended = (&mut self.worker).await;
                assert!(ended.is_err_and(|error| error.is_cancelled()), "a worker runs until it is killed");
                held.release();
                self.jobs += 1;
                self.worker = start_worker(&self.bus, &self.clock, self.jobs);
                None
            }
        }
    }

    async fn done(&mut self) -> v1::JobDone {
        let next = tokio::time::timeout(Duration::from_secs(60), self.done.next());
        let delivery = next.await.expect("a JobDone within a minute").expect("a consumer that goes on");
        let message = delivery.message.decode().expect("a JobDone");
        delivery.settle(Settlement::Done).await.expect("settled");
        message
    }

    fn content(&self, run_number: u64, contracts: Vec<v1::ContractWork>) -> v1::JobContent {
        let base = self.kaseya.base_url();
        v1::JobContent {
            run_id: Uuid::from_u128(100).to_string(),
            run_number: Some(run_number),
            mode: v1::SyncMode::Apply.into(),
            integration: Some(v1::SealedIntegration {
                host: HOST.to_owned(),
                v2_base: Some(base.clone()),
                v1_base: Some(format!("{base}/api")),
                tenant: TENANT.to_owned(),
                user_name: USER.to_owned(),
                sealed_password: sealed(&base),
                credentials_version: Some(1),
                ..v1::SealedIntegration::default()
            }),
            allowance: Some(v1::CallAllowance { v2: Some(1000), v1: Some(1000) }),
            lease_seconds: Some(60),
            slice_seconds: Some(30),
            brakes: Some(v1::Brakes { units: Some(5), percent: Some(20), units_alone: Some(25) }),
            contracts,
            probing: Some(false),
            trigger: "schedule".to_owned(),
            setbacks: Some(0),
            ..v1::JobContent::default()
        }
    }
}

fn start_worker(bus: &InProcess, clock: &Clock, number: u32) -> JoinHandle<()> {
    let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
    let read_again = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
    let clock: Arc<dyn domain::Clock> = Arc::new(clock.clone());
    let bms = Bms::new(egress, Arc::clone(&clock), BmsSettings { read_again, ..BmsSettings::default() });
    let settings = WorkerSettings {
        jobs: 1,
        jobs_now: 1,
        login_timeout: Duration::from_secs(30),
        read_timeout: Duration::from_secs(20),
        write_timeout: Duration::from_secs(15),
        scheduler_timeout: Duration::from_secs(300),
    };
    let entropy = testkit::entropy(u64::from(number));
    let worker =
        Worker::new(Arc::new(bus.clone()), bms, Arc::new(key_ring()), Arc::clone(&clock), entropy, settings);
    tokio::spawn(async move {
        let health = runtime::Health::new(clock);
        worker.run(CancellationToken::new(), &health).await.expect("a bus");
    })
}

async fn answer_calls(bus: InProcess, desk: Arc<Mutex<Desk>>, clock: Clock) {
    let calls = bus.consume(Queue::SchedulerCalls, 10, CancellationToken::new()).await;
    let mut calls = calls.expect("a bus");
    while let Some(delivery) = calls.next().await {
        let answer =
            desk.lock().unwrap_or_else(PoisonError::into_inner).answer(&delivery.message, clock.now());
        bus.reply(&delivery.message, answer).await.expect("answered");
        delivery.settle(Settlement::Done).await.expect("settled");
    }
}

impl Desk {
    fn answer(&mut self, message: &Incoming, now: jiff::Timestamp) -> Outgoing {
        match message.kind.as_deref() {
            Some(v1::StartJob::KIND) => {
                let asked: v1::StartJob = message.decode().expect("a StartJob");
                // The ticket of a dead worker arrives again.
                let answer = if asked.attempt == Some(self.attempt) {
                    v1::start_job_answer::Answer::Content(self.content.clone())
                } else {
                    let reason = v1::RefusalReason::Superseded.into();
                    v1::start_job_answer::Answer::Refused(v1::Refusal { reason, detail: String::new() })
                };
                outgoing(&v1::StartJobAnswer { answer: Some(answer), of: None })
            }
            Some(v1::PermitWrites::KIND) => {
                let asked: v1::PermitWrites = message.decode().expect("a PermitWrites");
                self.ledger.permit(&asked, now);
                let permit = v1::Permit {
                    seconds: Some(30),
                    granted_intent_ids: asked.changes.iter().map(|change| change.intent_id.clone()).collect(),
                    ..v1::Permit::default()
                };
                outgoing(&v1::PermitAnswer {
                    answer: Some(v1::permit_answer::Answer::Permit(permit)),
                    of: None,
                })
            }
            Some(v1::RenewLease::KIND) => outgoing(&v1::RenewLeaseAnswer {
                answer: Some(v1::renew_lease_answer::Answer::Renewed(v1::LeaseRenewed::default())),
                of: None,
            }),
            other => panic!("the worker asked {other:?}"),
        }
    }
}

fn outgoing<M: Message>(message: &M) -> Outgoing {
    Outgoing::new(Uuid::nil(), TraceContext::default(), message)
}

fn key_ring() -> KeyRing {
    let text = KeyRing::generate("test", |bytes| testkit::entropy(7).fill(bytes)).expect("an id");
    KeyRing::parse(&text).expect("a key ring")
}

fn sealed(base: &str) -> String {
    let v1 = format!("{base}/api");
    let (v2_base, v1_base) = (Some(base), Some(v1.as_str()));
    let associated =
        Associated { partner: PARTNER, host: HOST, v2_base, v1_base, tenant: TENANT, user: USER };
    let entropy = testkit::entropy(8);
    let password = SecretString::from("correct horse");
    key_ring().seal(&associated, &password, |bytes| entropy.fill(bytes)).as_str().to_owned()
}

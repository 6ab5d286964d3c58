//! A worker, its Kaseya, and a scripted scheduler.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bus::{Bus, Consumer, InProcess, Incoming, Outgoing, Queue, Settlement, SharedBus, TraceContext};
use bytes::Bytes;
use domain::{Backoff, Clock as _};
use egress::{Egress, EgressSettings};
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Endpoint, Running, Simulator, State};
use messages::{Message, v1};
use secrecy::SecretString;
use testkit::Clock;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{Associated, KeyRing};
use worker::{Worker, WorkerSettings};

use crate::job;

pub const PARTNER: &str = "msp-1";
pub const HOST: &str = "bms.example.com";
pub const NOW: &str = "2026-12-01T05:00:00Z";

/// Long timeouts: only the machine is slow here.
pub const SETTINGS: WorkerSettings = WorkerSettings {
    jobs: 8,
    jobs_now: 2,
    login_timeout: Duration::from_secs(30),
    read_timeout: Duration::from_secs(20),
    write_timeout: Duration::from_secs(15),
    scheduler_timeout: Duration::from_secs(300),
};

type OnPermit = Box<dyn FnMut(&v1::PermitWrites) -> v1::permit_answer::Answer + Send>;

/// Makes the attempt that a response names from the one it is for; `None` names none.
type AnsweredFor = fn(v1::AnsweredAttempt) -> Option<v1::AnsweredAttempt>;

pub struct Script {
    pub content: v1::JobContent,
    pub refuse_start: Option<v1::RefusalReason>,
    pub on_permit: OnPermit,
    pub refuse_renewal: bool,
    /// Receives everything and never responds.
    pub silent: bool,
    /// The attempt that a response names.
    pub answered_for: AnsweredFor,
    /// The same, for responses after the first start.
    pub after_start: Option<AnsweredFor>,
    pub starts: Vec<v1::StartJob>,
    pub permits: Vec<v1::PermitWrites>,
    pub renewals: Vec<v1::RenewLease>,
    /// Every message body from the worker.
    pub heard: Vec<Bytes>,
}

pub struct World {
    pub bus: InProcess,
    pub kaseya: Running,
    pub clock: Clock,
    pub script: Arc<Mutex<Script>>,
    /// Stops the worker as its program would.
    pub stop: CancellationToken,
    pub worker: tokio::task::JoinHandle<()>,
    pub health: runtime::Health,
    results: Consumer,
    letters: Consumer,
}

/// A tenant with three contracts of 12 units each, and more lines on the first.
pub fn state() -> State {
    State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .service(702, "Password Boss Advanced", 5.0)
        .contract(5001, 301, "Managed services")
        .line(90011, 701, 12.0)
        .line(90012, 702, 3.0)
        .contract(5002, 301, "Second")
        .line(90021, 701, 12.0)
        .contract(5003, 301, "Third")
        .line(90031, 701, 12.0)
        .build()
}

/// Grants everything for 30 seconds.
pub fn grant_all(asked: &v1::PermitWrites) -> v1::permit_answer::Answer {
    v1::permit_answer::Answer::Permit(v1::Permit {
        seconds: Some(30),
        granted_intent_ids: asked.changes.iter().map(|change| change.intent_id.clone()).collect(),
        denied: Vec::new(),
        granted: asked.changes.iter().map(granted).collect(),
    })
}

/// A change as the scheduler stores it.
pub fn granted(change: &v1::IntendedChange) -> v1::GrantedChange {
    v1::GrantedChange {
        intent_id: change.intent_id.clone(),
        contract_id: change.contract_id,
        service_id: change.service_id,
        line_id: change.line_id,
        to_units: change.to_units,
        effective_date: change.effective_date.clone(),
    }
}

fn key_ring() -> KeyRing {
    let text = KeyRing::generate("test", |bytes| testkit::entropy(7).fill(bytes)).expect("an id");
    KeyRing::parse(&text).expect("a key ring")
}

/// The password as the scheduler would send it, sealed for the partner's own host, tenant and user, and this
/// address.
pub fn sealed(password: &str, base: &str) -> String {
    sealed_at(password, (base, &format!("{base}/api")))
}

/// The same for these addresses of V2 and V1.
pub fn sealed_at(password: &str, (v2, v1): (&str, &str)) -> String {
    let (v2_base, v1_base) = (Some(v2), Some(v1));
    let (tenant, user) = ("Example MSP", "sync@msp.example");
    let associated = Associated { partner: PARTNER, host: HOST, v2_base, v1_base, tenant, user };
    let entropy = testkit::entropy(8);
    let sealed = key_ring().seal(&associated, &SecretString::from(password), |bytes| entropy.fill(bytes));
    sealed.as_str().to_owned()
}

impl World {
    /// A normal world on an in-process bus.
    pub async fn new(state: State) -> Self {
        let bus = InProcess::new();
        Self::on(bus.clone(), Arc::new(bus), state, SETTINGS).await
    }

    /// The worker uses `workers_bus`; the others use `bus`.
    pub async fn on(bus: InProcess, workers_bus: SharedBus, state: State, settings: WorkerSettings) -> Self {
        let clock = Clock::at(NOW);
        let shown = clock.clone();
        let kaseya_clock = kaseya_simulator::Clock::following(move || shown.now());
        let kaseya = Simulator::new(state, kaseya_clock).start(([127, 0, 0, 1], 0).into()).await;
        let kaseya = kaseya.expect("a free port");
        let script = Arc::new(Mutex::new(script(&kaseya.base_url())));
        tokio::spawn(schedule(bus.clone(), Arc::clone(&script)));

        let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
        let read_again = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
        let bms_settings = BmsSettings { read_again, ..BmsSettings::default() };
        let bms = Bms::new(egress, Arc::new(clock.clone()), bms_settings);
        let stop = CancellationToken::new();
        let worker = Worker::new(
            workers_bus,
            bms,
            Arc::new(key_ring()),
            Arc::new(clock.clone()),
            testkit::entropy(3),
            settings,
        );
        let until = stop.clone();
        let health = runtime::Health::new(Arc::new(clock.clone()));
        let seen = health.clone();
        let worker = tokio::spawn(async move { worker.run(until, &seen).await.expect("a bus") });
        let never = CancellationToken::new();
        let results = bus.consume(Queue::Results, 10, never.clone()).await.expect("a bus");
        let letters = bus.consume(Queue::DeadLetters, 10, never).await.expect("a bus");
        Self { bus, kaseya, clock, script, stop, worker, health, results, letters }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the scheduler's response to permit requests.
    pub fn on_permit(
        &self,
        answer: impl FnMut(&v1::PermitWrites) -> v1::permit_answer::Answer + Send + 'static,
    ) {
        self.script().on_permit = Box::new(answer);
    }

    /// Publishes a ticket for these contracts.
    pub async fn ticket(&self, contracts: Vec<v1::ContractWork>, attempt: u32) {
        self.script().content.contracts = contracts;
        self.publish(Queue::Jobs, &ticket(1, attempt)).await;
    }

    pub async fn publish<M: Message>(&self, queue: Queue, message: &M) {
        let message = Outgoing::new(Uuid::nil(), TraceContext::default(), message);
        self.bus.publish(queue, message).await.expect("room on the queue");
    }

    /// Executes a first attempt with these contracts.
    pub async fn work(&mut self, contracts: Vec<v1::ContractWork>) -> v1::JobDone {
        self.ticket(contracts, 1).await;
        self.done().await
    }

    /// One attempt of a survey of these contracts, from this page on.
    pub async fn survey(&mut self, contracts: &[i32], from_page: u32) -> v1::JobDone {
        self.script().content.survey = Some(survey_work(contracts, from_page));
        let done = self.work(Vec::new()).await;
        self.script().content.survey = None;
        done
    }

    /// The next `JobDone`.
    pub async fn done(&mut self) -> v1::JobDone {
        take(&mut self.results, &self.script).await
    }

    /// The next dead letter.
    pub async fn letter(&mut self) -> v1::DeadLetter {
        take(&mut self.letters, &self.script).await
    }

    /// Number of calls to an endpoint.
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.kaseya.calls().get(&endpoint).copied().unwrap_or(0)
    }

    /// Kaseya's units on a line.
    pub fn units(&self, contract: i32, line: i32) -> f64 {
        let state = self.kaseya.state();
        let lines = state.lines(contract).expect("a contract");
        lines.iter().find(|present| present.id == line).expect("a line").units
    }
}

/// A survey of these contracts, from this page on, with the first service only.
pub fn survey_work(contracts: &[i32], from_page: u32) -> v1::SurveyWork {
    let service = v1::MappedService { service_id: Some(701), service_name: "Password Boss Standard".into() };
    v1::SurveyWork { from_page: Some(from_page), contract_ids: contracts.to_vec(), services: vec![service] }
}

/// A ticket for the job with this number.
pub fn ticket(job: u128, attempt: u32) -> v1::JobReady {
    v1::JobReady {
        partner_id: PARTNER.to_owned(),
        job_id: Uuid::from_u128(job).to_string(),
        attempt: Some(attempt),
    }
}

async fn take<M: Message>(consumer: &mut Consumer, script: &Mutex<Script>) -> M {
    let next = tokio::time::timeout(Duration::from_secs(60), consumer.next());
    let delivery = next.await.expect("a message within a minute").expect("a consumer that goes on");
    let message = delivery.message.decode().expect("a message of its type");
    script.lock().unwrap_or_else(PoisonError::into_inner).heard.push(delivery.message.body.clone());
    delivery.settle(Settlement::Done).await.expect("settled");
    message
}

fn script(base: &str) -> Script {
    let content = v1::JobContent {
        run_id: Uuid::from_u128(100).to_string(),
        run_number: Some(7),
        mode: v1::SyncMode::Apply.into(),
        integration: Some(v1::SealedIntegration {
            host: HOST.to_owned(),
            v2_base: Some(base.to_owned()),
            v1_base: Some(format!("{base}/api")),
            tenant: "Example MSP".to_owned(),
            user_name: "sync@msp.example".to_owned(),
            sealed_password: sealed("correct horse", base),
            credentials_version: Some(1),
            ..v1::SealedIntegration::default()
        }),
        allowance: Some(v1::CallAllowance { v2: Some(100), v1: Some(150) }),
        lease_seconds: Some(60),
        slice_seconds: Some(30),
        brakes: Some(v1::Brakes { units: Some(5), percent: Some(20), units_alone: Some(25) }),
        contracts: vec![job::simple(5001, "acme", 14)],
        probing: Some(false),
        trigger: "schedule".to_owned(),
        setbacks: Some(0),
        ..v1::JobContent::default()
    };
    Script {
        content,
        refuse_start: None,
        on_permit: Box::new(grant_all),
        answered_for: Some,
        after_start: None,
        refuse_renewal: false,
        silent: false,
        starts: Vec::new(),
        permits: Vec::new(),
        renewals: Vec::new(),
        heard: Vec::new(),
    }
}

async fn schedule(bus: InProcess, script: Arc<Mutex<Script>>) {
    let calls = bus.consume(Queue::SchedulerCalls, 10, CancellationToken::new()).await;
    let mut calls = calls.expect("a bus");
    while let Some(delivery) = calls.next().await {
        let answer = script.lock().unwrap_or_else(PoisonError::into_inner).answer(&delivery.message);
        if let Some(answer) = answer {
            bus.reply(&delivery.message, answer).await.expect("answered");
        }
        delivery.settle(Settlement::Done).await.expect("settled");
    }
}

fn refusal(reason: v1::RefusalReason) -> v1::Refusal {
    v1::Refusal { reason: reason.into(), detail: String::new() }
}

impl Script {
    /// The attempt that the response is for, or the script's substitute.
    fn of(
        &self,
        partner: &str,
        job: &str,
        attempt: Option<u32>,
        worker: &str,
    ) -> Option<v1::AnsweredAttempt> {
        let (partner_id, job_id, worker_id) = (partner.to_owned(), job.to_owned(), worker.to_owned());
        (self.answered_for)(v1::AnsweredAttempt { partner_id, job_id, attempt, worker_id })
    }

    fn answer(&mut self, message: &Incoming) -> Option<Outgoing> {
        self.heard.push(message.body.clone());
        let answer = match message.kind.as_deref() {
            Some(v1::StartJob::KIND) => {
                let asked: v1::StartJob = message.decode().expect("a StartJob");
                let of = self.of(&asked.partner_id, &asked.job_id, asked.attempt, &asked.worker_id);
                self.starts.push(asked);
                let answer = match self.refuse_start {
                    Some(reason) => v1::start_job_answer::Answer::Refused(refusal(reason)),
                    None => v1::start_job_answer::Answer::Content(self.content.clone()),
                };
                self.answered_for = self.after_start.unwrap_or(self.answered_for);
                outgoing(&v1::StartJobAnswer { answer: Some(answer), of })
            }
            Some(v1::PermitWrites::KIND) => {
                let asked: v1::PermitWrites = message.decode().expect("a PermitWrites");
                let answer = (self.on_permit)(&asked);
                let of = self.of(&asked.partner_id, &asked.job_id, asked.attempt, &asked.worker_id);
                self.permits.push(asked);
                outgoing(&v1::PermitAnswer { answer: Some(answer), of })
            }
            Some(v1::RenewLease::KIND) => {
                let asked: v1::RenewLease = message.decode().expect("a RenewLease");
                let of = self.of(&asked.partner_id, &asked.job_id, asked.attempt, &asked.worker_id);
                self.renewals.push(asked);
                let answer = match self.refuse_renewal {
                    true => v1::renew_lease_answer::Answer::Refused(refusal(v1::RefusalReason::Superseded)),
                    false => v1::renew_lease_answer::Answer::Renewed(v1::LeaseRenewed::default()),
                };
                outgoing(&v1::RenewLeaseAnswer { answer: Some(answer), of })
            }
            other => panic!("the worker asked {other:?}"),
        };
        (!self.silent).then_some(answer)
    }
}

fn outgoing<M: Message>(message: &M) -> Outgoing {
    Outgoing::new(Uuid::nil(), TraceContext::default(), message)
}

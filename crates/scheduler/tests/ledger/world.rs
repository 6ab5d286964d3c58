//! One installation: a database, a bus, a clock that stands still, and as many schedulers as a test starts.

use std::{sync::Arc, time::Duration};

use bus::{Bus as _, Consumer, InProcess, Outgoing, Queue, Settlement, SharedBus, TraceContext};
use domain::{Clock as _, Entropy, JobId, LeftOver, LoginOutcome, PartnerId};
use messages::{
    Message,
    v1::{self, RefusalReason, permit_answer, renew_lease_answer, start_job_answer},
};
use scheduler::{Context, Scheduler, SchedulerSettings};
use store::{DatabaseRole, StoreError, Transaction};
use testkit::TestDatabase;
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";
pub(crate) const HOST: &str = "bms.example.com";
/// The service that product `std` is mapped to.
pub(crate) const SERVICE: i32 = 7;
const ASK_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) bus: InProcess,
    pub(crate) clock: testkit::Clock,
    pub(crate) settings: SchedulerSettings,
    pub(crate) stop: CancellationToken,
    tickets: Mutex<Consumer>,
    tickets_now: Mutex<Consumer>,
    results: Mutex<Consumer>,
    entropy: Entropy,
}

impl World {
    /// Without any scheduler.
    pub(crate) async fn new() -> Self {
        let bus = InProcess::new();
        let stop = CancellationToken::new();
        let consumer =
            async |queue| Mutex::new(bus.consume(queue, 100, stop.clone()).await.expect("a consumer"));
        Self {
            database: testkit::database_as(DatabaseRole::Scheduler).await,
            clock: testkit::Clock::at(NOON),
            settings: SchedulerSettings { poll: Duration::from_millis(20), ..SchedulerSettings::default() },
            tickets: consumer(Queue::Jobs).await,
            tickets_now: consumer(Queue::JobsNow).await,
            results: consumer(Queue::Results).await,
            entropy: testkit::entropy(7),
            bus,
            stop,
        }
    }

    /// With one scheduler.
    pub(crate) async fn running() -> Self {
        let world = Self::new().await;
        world.start_scheduler();
        world
    }

    pub(crate) fn start_scheduler(&self) -> JoinHandle<()> {
        self.start_scheduler_on(Arc::new(self.bus.clone()))
    }

    /// Another scheduler; aborting its handle kills it wherever it is.
    pub(crate) fn start_scheduler_on(&self, bus: SharedBus) -> JoinHandle<()> {
        self.start_scheduler_with(bus, self.database.store.clone(), Arc::new(self.clock.clone())).0
    }

    /// A scheduler with a store and a clock of its own, and its readiness.
    pub(crate) fn start_scheduler_with(
        &self,
        bus: SharedBus,
        store: store::Store,
        clock: Arc<dyn domain::Clock>,
    ) -> (JoinHandle<()>, runtime::Health) {
        let context = Context {
            store,
            bus,
            clock: Arc::clone(&clock),
            entropy: self.entropy.clone(),
            settings: self.settings.clone(),
        };
        let program = runtime::Program { name: "test", version: "0", defaults: "" };
        let config = runtime::Config::compiled_in().expect("the defaults are well formed");
        let surroundings = runtime::Context::new(&program, config, clock, self.entropy.clone());
        let scheduler = Scheduler::new(context, &surroundings.meter, &surroundings.health);
        let stop = self.stop.clone();
        surroundings.health.started();
        let running = tokio::spawn(async move {
            scheduler.run(stop).await.expect("the scheduler runs until it is told to stop")
        });
        (running, surroundings.health)
    }

    /// Runs statements, one after the other.
    pub(crate) async fn run(&self, statements: &str) {
        for sql in statements.split(';').filter(|sql| !sql.trim().is_empty()) {
            let done: Result<u64, StoreError> =
                self.database.owner.transaction("test", |tx| Box::pin(tx.execute(sql, &[]))).await;
            done.unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
    }

    /// The text of an expression, such as `state from jobs where …`; `None` without a row, or for null.
    pub(crate) async fn text(&self, expression: &str) -> Option<String> {
        let (value, rest) = expression.split_once(" from ").expect("an expression and where it is from");
        let sql = format!("select ({value})::text as value from {rest}");
        let row: Result<_, StoreError> =
            self.database.owner.transaction("test", |tx| Box::pin(tx.query_opt(&sql, &[]))).await;
        row.unwrap_or_else(|error| panic!("{error}: {sql}")).and_then(|row| row.get("value").expect("a text"))
    }

    pub(crate) async fn number(&self, expression: &str) -> i64 {
        self.text(expression).await.expect("a number").parse().expect("a number")
    }

    /// Waits until an expression has this text.
    pub(crate) async fn until(&self, expression: &str, wanted: &str) {
        testkit::until(&format!("{expression} is {wanted}"), async || {
            self.text(expression).await.as_deref() == Some(wanted)
        })
        .await;
    }

    pub(crate) async fn in_transaction<'env, T>(
        &self,
        work: impl for<'t> Fn(&'t Transaction<'env>) -> store::Work<'t, T, StoreError>,
    ) -> T {
        self.database.owner.transaction("test", work).await.expect("the transaction commits")
    }

    /// A partner with its integration on and `companies` companies `c1` … on contracts 101 …, counted today. Each has
    /// ten users of product `std`, mapped to [`SERVICE`].
    pub(crate) async fn partner(&self, partner: &str, companies: u32) {
        self.run(&format!(
            "insert into partners (partner_id, name, count_zone) values ('{partner}', 'MSP', 'Europe/Rome');
             insert into integrations (partner_id, host, tenant, user_name, sealed_password, password_marks, credentials_version,
                 state,
                 billing, invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                 brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
             values ('{partner}', '{HOST}', '{partner} Srl', 'api', 'sealed', '{{{partner}-mark}}', 1, 'on', 'arrears', 5, true, 6, 7, 5, 20, 25,
                     20, 5, 50, '{NOON}');
             insert into products values ('{partner}', 'std', 'Standard', null), ('{partner}', 'adv', 'Advanced', null);
             insert into product_mappings values ('{partner}', 'std', {SERVICE}, 'Password manager');
             insert into reports values ('{partner}', 'r1', '2026-11-20', '2026-11-20T03:00:00Z', false, 1, '{NOON}')"
        ))
        .await;
        for number in 1..=companies {
            self.run(&format!(
                "insert into companies values ('{partner}', 'c{number}', 'Company {number}', null);
                 insert into company_mappings values ('{partner}', 'c{number}', {account}, 'Account', {contract},
                                                      'Contract', 1, '{NOON}');
                 insert into report_companies values ('{partner}', 'r1', 'c{number}');
                 insert into user_counts values ('{partner}', 'r1', 'c{number}', 'std', 10, 'users')",
                account = 200 + number,
                contract = 100 + number,
            ))
            .await;
        }
    }

    /// Makes a scheduled run; returns its id.
    pub(crate) async fn make_run(&self, partner: &str) -> String {
        self.make_run_of(partner, "schedule", "apply").await
    }

    pub(crate) async fn make_run_of(&self, partner: &str, trigger: &str, mode: &str) -> String {
        let run = self.entropy.uuid(self.clock.now()).to_string();
        self.run(&format!(
            "insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at)
             values ('{run}', '{partner}', '{trigger}', '{mode}', 'running', false, '{NOON}')"
        ))
        .await;
        run
    }

    /// Makes a job for a worker; returns its id.
    pub(crate) async fn make_job(&self, run: &str, contracts: &[i32]) -> String {
        let job = self.entropy.uuid(self.clock.now()).to_string();
        self.run(&format!(
            "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, host, tenant,
                               alone, created_at)
             select '{job}', run_id, run_number, partner_id, 'work', 'ready', trigger = 'request', '{{{contracts}}}', called_hosts,
                    plain_tenant, alone_at(partner_id, called_hosts, plain_tenant), '{NOON}'::timestamptz + (select count(*) from jobs) * interval '1 millisecond'
             from runs join integrations using (partner_id) where run_id = '{run}'",
            contracts = contracts.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
        ))
        .await;
        job
    }

    pub(crate) async fn make_local(&self, run: &str, contracts: &[i32], companies: &[&str]) -> String {
        let job = self.entropy.uuid(self.clock.now()).to_string();
        self.run(&format!(
            "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, company_ids,
                               created_at)
             select '{job}', run_id, run_number, partner_id, 'local', 'ready', false, '{{{contracts}}}', '{{{companies}}}',
                    '{NOON}'
             from runs where run_id = '{run}'",
            contracts = contracts.iter().map(i32::to_string).collect::<Vec<_>>().join(","),
            companies = companies.join(","),
        ))
        .await;
        job
    }

    /// The next ticket of the queue `jobs`.
    pub(crate) async fn ticket(&self) -> v1::JobReady {
        take(&self.tickets).await
    }

    /// The next ticket of the queue `jobs.now`.
    pub(crate) async fn ticket_now(&self) -> v1::JobReady {
        take(&self.tickets_now).await
    }

    /// The next `JobDone` that the scheduler sent.
    pub(crate) async fn result(&self) -> v1::JobDone {
        take(&self.results).await
    }

    async fn ask<Q: Message, A: Message>(&self, question: &Q) -> A {
        let message = Outgoing::new(self.entropy.uuid(self.clock.now()), TraceContext::default(), question);
        let answer = self.bus.request(Queue::SchedulerCalls, message, ASK_TIMEOUT).await.expect("an answer");
        answer.decode().expect("an answer of ours")
    }

    pub(crate) async fn start(
        &self,
        ticket: &v1::JobReady,
        worker: &str,
    ) -> Result<v1::JobContent, RefusalReason> {
        let ask = v1::StartJob {
            partner_id: ticket.partner_id.clone(),
            job_id: ticket.job_id.clone(),
            attempt: ticket.attempt,
            worker_id: worker.to_owned(),
        };
        let answer: v1::StartJobAnswer = self.ask(&ask).await;
        let of = answer.of.expect("whose answer it is");
        assert_eq!(
            (&of.partner_id, &of.job_id, of.attempt, &of.worker_id),
            (&ask.partner_id, &ask.job_id, ask.attempt, &ask.worker_id)
        );
        match answer.answer.expect("content or refusal") {
            start_job_answer::Answer::Content(content) => Ok(content),
            start_job_answer::Answer::Refused(refusal) => Err(refusal.reason()),
        }
    }

    /// Starts the next ticket, which must be admitted.
    pub(crate) async fn started(&self, worker: &str) -> (v1::JobReady, v1::JobContent) {
        let ticket = self.ticket().await;
        let content = self.start(&ticket, worker).await.expect("the job starts");
        (ticket, content)
    }

    /// Logins of a partner in a tenant that Kaseya has refused at these instants.
    pub(crate) async fn refused_logins(&self, partner: &str, tenant: &str, at: [&str; 3]) {
        self.run(&format!(
            "insert into login_tries (host, tenant, user_name, partner_id, marks, begun_at, outcome, heard_at)
             select '{HOST}', '{tenant}', 'api', '{partner}', '{{typed}}', at, 'refused', at
             from unnest('{{{}}}'::timestamptz[]) at",
            at.join(",")
        ))
        .await;
    }

    /// Asks for changes to any units: the content of the job is not noted.
    pub(crate) async fn permit(
        &self,
        ticket: &v1::JobReady,
        worker: &str,
        changes: Vec<v1::IntendedChange>,
    ) -> Result<v1::Permit, RefusalReason> {
        self.permit_of(ticket, worker, changes, false).await
    }

    /// The same for changes that each send the whole contract.
    pub(crate) async fn permit_of(
        &self,
        ticket: &v1::JobReady,
        worker: &str,
        changes: Vec<v1::IntendedChange>,
        whole_contracts: bool,
    ) -> Result<v1::Permit, RefusalReason> {
        self.run(&format!("update jobs set asked = null where job_id = '{}'", ticket.job_id)).await;
        self.ask_permit(ticket, worker, changes, whole_contracts).await
    }

    pub(crate) async fn permit_as_asked(
        &self,
        ticket: &v1::JobReady,
        worker: &str,
        changes: Vec<v1::IntendedChange>,
    ) -> Result<v1::Permit, RefusalReason> {
        self.ask_permit(ticket, worker, changes, false).await
    }

    async fn ask_permit(
        &self,
        ticket: &v1::JobReady,
        worker: &str,
        changes: Vec<v1::IntendedChange>,
        whole_contracts: bool,
    ) -> Result<v1::Permit, RefusalReason> {
        let answer: v1::PermitAnswer = self
            .ask(&v1::PermitWrites {
                partner_id: ticket.partner_id.clone(),
                job_id: ticket.job_id.clone(),
                attempt: ticket.attempt,
                worker_id: worker.to_owned(),
                credentials_version: Some(1),
                changes,
                login_accepted: Some(true),
                whole_contracts: Some(whole_contracts),
            })
            .await;
        match answer.answer.expect("permit or refusal") {
            permit_answer::Answer::Permit(permit) => Ok(permit),
            permit_answer::Answer::Refused(refusal) => Err(refusal.reason()),
        }
    }

    pub(crate) async fn renew(
        &self,
        ticket: &v1::JobReady,
        worker: &str,
        login_accepted: bool,
    ) -> Result<(), RefusalReason> {
        let answer: v1::RenewLeaseAnswer = self
            .ask(&v1::RenewLease {
                partner_id: ticket.partner_id.clone(),
                job_id: ticket.job_id.clone(),
                attempt: ticket.attempt,
                worker_id: worker.to_owned(),
                login_accepted: Some(login_accepted),
            })
            .await;
        match answer.answer.expect("renewed or refusal") {
            renew_lease_answer::Answer::Renewed(_) => Ok(()),
            renew_lease_answer::Answer::Refused(refusal) => Err(refusal.reason()),
        }
    }

    /// The change that brings company `c{number}`'s line to `to`.
    pub(crate) fn change(&self, number: i32, to: u32) -> v1::IntendedChange {
        v1::IntendedChange {
            intent_id: self.entropy.uuid(self.clock.now()).to_string(),
            contract_id: Some(100 + number),
            service_id: Some(SERVICE),
            line_id: Some(1000 + number),
            from_units: Some(8.0),
            to_units: Some(to),
            effective_date: "2026-11-01".to_owned(),
            addends: vec![v1::Addend {
                company_id: format!("c{number}"),
                product_id: "std".to_owned(),
                mapping_version: Some(1),
                users: Some(to),
                count_day: Some("2026-11-20".to_owned()),
                counted_at: None,
                billed_units: None,
            }],
            approved_hold_id: None,
            pair_id: None,
            rewrite: None,
        }
    }

    /// A worker that starts the partner's only job and is killed: its lease ends, and the next ticket comes.
    pub(crate) async fn start_and_fall_silent(&self) -> v1::JobReady {
        let (ticket, _) = self.started("w1").await;
        self.clock.advance(self.settings.lease);
        let (job, attempt) = (&ticket.job_id, ticket.attempt.expect("an attempt") + 1);
        self.until(&format!("attempt from jobs where job_id = '{job}'"), &attempt.to_string()).await;
        ticket
    }

    /// What results does with the `JobDone` of an attempt that left nothing to do.
    pub(crate) async fn done(&self, ticket: &v1::JobReady, login: LoginOutcome) {
        let partner = PartnerId::new(ticket.partner_id.clone()).expect("a partner id");
        let job = JobId::parse(&ticket.job_id).expect("a job id");
        let attempt = i32::try_from(ticket.attempt.expect("an attempt")).expect("a small number");
        let now = self.clock.now();
        let (partner, minute) = (&partner, now);
        self.database
            .store
            .transaction("done", |tx| {
                Box::pin(async move {
                    store::kaseya::calls::credit_calls(tx, partner, job, attempt, &[], minute).await?;
                    let refused = (login == LoginOutcome::Refused).then_some("AUTH-01");
                    store::kaseya::logins::job_login_ended(tx, partner, (job, attempt), login, refused, now)
                        .await?;
                    if let Some(code) = refused {
                        store::settings::refused_credentials::refuse_credentials(tx, partner, 1, code, now)
                            .await?;
                    }
                    store::jobs::job_end::close_job(tx, partner, job, attempt, None, true, now).await?;
                    tx.notify("ledger").await
                })
            })
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
    }

    /// A write of an earlier attempt, with the instant of its last sign: the end of its permit, or its worker's
    /// report.
    pub(crate) async fn earlier_write(&self, contract: i32, to: u32, result: &str, last_sign: &str) {
        let intent = self.entropy.uuid(self.clock.now());
        self.run(&format!(
            "insert into intents (intent_id, partner_id, run_id, run_number, job_id, attempt, contract_id, service_id,
                                  line_id, from_units, to_units, effective_date, addends, company_ids, granted_at,
                                  permit_until, result, settled_at)
             select '{intent}', partner_id, run_id, run_number, job_id, attempt + 1, {contract}, {SERVICE}, {line}, 8, {to},
                    '2026-11-01', '[]', '{{}}', timestamptz '{last_sign}' - interval '30 seconds', '{last_sign}',
                    '{result}', case when '{result}' <> 'open' then timestamptz '{last_sign}' end
             from jobs order by created_at limit 1;
             insert into targets (partner_id, contract_id, service_id, newest_run_number)
             select partner_id, {contract}, {SERVICE}, run_number from jobs order by created_at limit 1
             on conflict (partner_id, contract_id, service_id) do update set newest_run_number = excluded.newest_run_number",
            line = contract + 900,
        ))
        .await;
    }

    /// What results does with the `JobDone` of an attempt that left these contracts to be retried at once.
    pub(crate) async fn hand_back(&self, ticket: &v1::JobReady, contracts: &[i32]) {
        let partner = &PartnerId::new(ticket.partner_id.clone()).expect("a partner id");
        let job = JobId::parse(&ticket.job_id).expect("a job id");
        let attempt = i32::try_from(ticket.attempt.expect("an attempt")).expect("a small number");
        let left = &LeftOver { contracts: contracts.to_vec(), not_before: None, code: None };
        let now = self.clock.now();
        self.in_transaction(|tx| {
            Box::pin(async move {
                let (attempt_of, accepted) = ((job, attempt), LoginOutcome::Accepted);
                store::kaseya::logins::job_login_ended(tx, partner, attempt_of, accepted, None, now).await?;
                store::jobs::job_end::close_job(tx, partner, job, attempt, Some(left), true, now).await?;
                tx.notify("ledger").await
            })
        })
        .await;
    }

    /// Waits until everything that is due now has been emitted: a job of another partner, made now, gets its ticket.
    /// That ticket must be the next in its queue, and its job is then done.
    pub(crate) async fn nothing_else_is_due(&self) {
        let canary = format!("canary{}", self.entropy.uuid(self.clock.now()).simple());
        self.partner(&canary, 1).await;
        self.run(&format!(
            "update integrations set host = 'other.example.com' where partner_id = '{canary}'"
        ))
        .await;
        // A plan is due even while nothing may be written.
        let run = self.make_run_of(&canary, "schedule", "plan").await;
        let job = self.make_job(&run, &[101]).await;
        let (ticket, _) = self.started("canary").await;
        assert_eq!(ticket.job_id, job, "something else was due: {ticket:?}");
        self.done(&ticket, LoginOutcome::NotTried).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn take<M: Message>(consumer: &Mutex<Consumer>) -> M {
    let mut consumer = consumer.lock().await;
    let delivery = tokio::time::timeout(Duration::from_secs(60), consumer.next())
        .await
        .expect("a message within a minute")
        .expect("the consumer goes on");
    let message = delivery.message.decode().expect("a message of ours");
    delivery.settle(Settlement::Done).await.expect("the delivery stands");
    message
}

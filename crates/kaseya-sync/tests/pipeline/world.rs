//! All services in one process on a clock that the test controls, with a partner of any size.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bus::{InProcess, Outgoing, Queue, SharedBus, TraceContext};
use domain::{Backoff, Clock as _, ContractId, Credentials, IntegrationSettings, Month, PartnerId, Wait};
use egress::{Egress, EgressSettings};
use jiff::{Timestamp, ToSpan as _};
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{ContractPrices, Endpoint, Fault, Line, Running, Simulator, State};
use messages::v1;
use results::{Results, ResultsSettings};
use scheduler::{Context, Scheduler, SchedulerSettings};
use secrecy::SecretString;
use store::{
    StoreError,
    settings::{self, NewIntegration, StoredPassword},
    statuses::{self, CompanyStatus},
};
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use vault::{Associated, KeyRing};
use worker::{Worker, WorkerSettings};

const PARTNER: &str = "msp";
const HOST: &str = "bms.example.com";
/// The first night's sync is due an hour later.
const START: &str = "2026-11-10T00:00:00Z";
const PRICE: f64 = 3.5;
const SERVICE: i32 = 701;

pub struct World {
    database: TestDatabase,
    clock: testkit::Clock,
    kaseya: Running,
    bus: SharedBus,
    companies: u32,
    _stop: tokio_util::sync::DropGuard,
}

/// The calls of one night.
pub struct Figures {
    calls: BTreeMap<Endpoint, u64>,
    /// Number of contracts with lines that were read at least once.
    pub contracts_read: i64,
}

impl Figures {
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.calls.get(&endpoint).copied().unwrap_or(0)
    }

    fn all(&self) -> u64 {
        self.calls.values().sum()
    }

    pub fn at_most(&self, most: u32) {
        assert!(self.all() <= u64::from(most), "{} calls, at most {most}: {:?}", self.all(), self.calls);
    }

    #[expect(clippy::print_stdout, reason = "the table is what this is run for")]
    pub fn print(&self, night: &str) {
        let each: Vec<String> =
            self.calls.iter().map(|(endpoint, calls)| format!("{calls} {endpoint}")).collect();
        println!("| {night} | {} | {} |", self.all(), each.join(", "));
    }
}

fn contract_of(company: u32) -> i32 {
    5_000 + i32::try_from(company).expect("a small number")
}

fn line_of(company: u32) -> i32 {
    contract_of(company) + 100_000
}

/// Ten users each; every third line holds one unit less.
fn state(contracts: u32) -> State {
    let mut builder = State::builder()
        .account(301, "Account")
        .service(SERVICE, "Password manager", PRICE)
        .service(SERVICE + 1, "Other", PRICE);
    for number in 1..=contracts {
        let units = if number % 3 == 1 { 9.0 } else { 10.0 };
        builder = builder
            .contract(contract_of(number), 301, "Managed services")
            .line(line_of(number), SERVICE, units)
            .line(line_of(number) + 500_000, SERVICE + 1, 1.0);
    }
    builder.build()
}

impl World {
    /// `companies` companies, each mapped to one of `contracts` contracts.
    pub async fn new(companies: u32, contracts: u32) -> Self {
        let clock = testkit::Clock::at(START);
        let shown = clock.clone();
        let kaseya_clock = kaseya_simulator::Clock::following(move || shown.now());
        let kaseya = Simulator::new(state(contracts), kaseya_clock)
            .without_call_limits()
            .start(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let database = testkit::database().await;
        let stop = CancellationToken::new();
        let bus: SharedBus = Arc::new(InProcess::new());
        let world = Self { database, clock, kaseya, bus, companies, _stop: stop.clone().drop_guard() };
        world.store_partner().await;
        world.start_services(&stop).await;
        world
    }

    /// Three companies with a contract each. Their V1 has this form, and their lines fill several pages: ours is
    /// the last.
    pub async fn serving(profile: &str) -> Self {
        let world = Self::new(3, 3).await;
        world.edit_lines(|lines| lines.follow_profile(profile).expect("a profile"));
        for company in 1..=3 {
            world.edit_contract(company, |contract| {
                let ours = contract.lines.remove(0);
                let other = contract.lines[0].clone();
                let more = (1..=60).map(|number| Line {
                    id: other.id + number,
                    service: 900 + number,
                    units: f64::from(number),
                    extras: [("Note".to_owned(), format!("kept {number}").into())].into_iter().collect(),
                    ..other.clone()
                });
                contract.lines.extend(more.chain([ours]));
            });
        }
        world
    }

    /// Runs `kaseya-sync line-profile` for the partner, as a person types it.
    pub async fn set_line_profile(&self, profile: &str) {
        let folder = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("the file is written");
            path.display().to_string()
        };
        let url = file("database-url", &self.database.url);
        let config = file("config.toml", &format!("[database]\nurl_file = \"{url}\"\n"));
        let profile = file("profile.toml", profile);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kaseya-sync"));
        command.args(["--config", &config, "line-profile", "--partner", PARTNER, "--set", &profile]);
        let ended = tokio::task::spawn_blocking(move || command.output()).await;
        let output = ended.expect("it is waited for").expect("the program starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains("set for this partner"), "{told}");
    }

    /// Changes how Kaseya returns and accepts lines.
    pub fn edit_lines(&self, edit: impl FnOnce(&mut kaseya_simulator::LineBehaviour)) {
        self.kaseya
            .edit(|state| edit(&mut state.behaviour.lines))
            .expect("a state without a file is always kept");
    }

    /// How Kaseya returns and accepts lines.
    pub fn lines_behaviour(&self) -> kaseya_simulator::LineBehaviour {
        self.kaseya.state().behaviour.lines
    }

    /// All contracts in Kaseya, with their contents.
    pub fn contracts(&self) -> Vec<kaseya_simulator::Contract> {
        self.kaseya.state().contracts
    }

    /// A change from before the start of the test.
    pub fn past_change(&self, change: kaseya_simulator::UnitWrite) {
        self.kaseya.edit(|state| state.history.push(change)).expect("a state without a file is always kept");
    }

    /// The company's line, wherever it is in the list.
    pub fn line(&self, company: u32) -> Line {
        let state = self.kaseya.state();
        let lines = state.lines(contract_of(company)).expect("a contract");
        lines.iter().find(|line| line.id == line_of(company)).expect("its line").clone()
    }

    async fn start_services(&self, stop: &CancellationToken) {
        let bus = Arc::clone(&self.bus);
        let clock: Arc<dyn domain::Clock> = Arc::new(self.clock.clone());
        let entropy = testkit::entropy(5);
        let program = runtime::Program { name: "test", version: "0", defaults: "" };
        let config = runtime::Config::compiled_in().expect("the defaults are well formed");
        let surroundings = runtime::Context::new(&program, config, Arc::clone(&clock), entropy.clone());
        let health = surroundings.health.clone();

        let settings = SchedulerSettings {
            poll: Duration::from_millis(500),
            spread: Duration::ZERO,
            ..SchedulerSettings::default()
        };
        let context = Context {
            store: self.database.store_as(store::DatabaseRole::Scheduler).await,
            bus: Arc::clone(&bus),
            clock: Arc::clone(&clock),
            entropy: entropy.clone(),
            settings,
        };
        let scheduler = Scheduler::new(context, &surroundings.meter, &health);
        let until = stop.clone();
        tokio::spawn(
            async move { scheduler.run(until).await.expect("the scheduler runs until it is stopped") },
        );

        let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
        let read_again = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
        let bms = Bms::new(egress, Arc::clone(&clock), BmsSettings { read_again, ..BmsSettings::default() });
        let settings = WorkerSettings {
            jobs: 4,
            jobs_now: 2,
            login_timeout: Duration::from_secs(30),
            read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(15),
            scheduler_timeout: Duration::from_secs(300),
        };
        let worker = Worker::new(
            Arc::clone(&bus),
            bms,
            Arc::new(key_ring()),
            Arc::clone(&clock),
            entropy.clone(),
            settings,
        );
        let (until, healthy) = (stop.clone(), health.clone());
        tokio::spawn(async move {
            worker.run(until, &healthy).await.expect("the worker runs until it is stopped")
        });

        let settings = ResultsSettings { prefetch: 100, announce_every: Duration::from_secs(5) };
        let results = Results::new(
            self.database.store_as(store::DatabaseRole::Results).await,
            bus,
            clock,
            entropy,
            settings,
        );
        let until = stop.clone();
        tokio::spawn(async move {
            results.run(until, &health).await.expect("results run until they are stopped")
        });
    }

    async fn store_partner(&self) {
        let base = self.kaseya.base_url();
        let sealed = sealed(&base);
        self.run(&format!(
            "insert into partners (partner_id, name, count_zone) values ('{PARTNER}', 'MSP', 'UTC');
             insert into integrations (partner_id, host, v2_base, v1_base, tenant, user_name, sealed_password,
                 credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
                 brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
                 call_share_percent, saved_at)
             values ('{PARTNER}', '{HOST}', '{base}', '{base}/api', 'Example MSP', 'sync@msp.example', '{sealed}', 1, 'on',
                     'arrears', 25, true, 6, 7, 5, 20, 25, 100, 5, 100, '{START}');
             insert into products values ('{PARTNER}', 'std', 'Standard', null);
             insert into product_mappings values ('{PARTNER}', 'std', {SERVICE}, 'Password manager');
             insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
             values ('{PARTNER}', 'daily', 1, 'UTC', 1, '2026-11-10', '2026-11-10T01:00:00Z');
             insert into companies select '{PARTNER}', 'c' || n, 'Company ' || n, null
                 from generate_series(1, {companies}) as n;
             insert into company_mappings select '{PARTNER}', 'c' || n, 301, 'Account', 5000 + n, 'Managed services', 1,
                 '{START}' from generate_series(1, {companies}) as n",
            companies = self.companies,
        ))
        .await;
    }

    /// Counts all companies, with one user more for these companies from now on, and waits for the night's sync to
    /// finish.
    pub async fn night(&self, one_more: &[u32]) -> Figures {
        let before = self.kaseya.calls();
        let begun = self.clock.now();
        self.count(one_more).await;
        self.rest_of_night(begun, &before).await
    }

    /// A night in which a company has no users, from now on.
    pub async fn night_of_a_fall(&self, company: u32) -> Figures {
        let (begun, before) = (self.clock.now(), self.kaseya.calls());
        self.count(&[]).await;
        self.run(&format!(
            "update user_counts set users = 0
             where company_id = 'c{company}' and report_id = (select max(report_id) from reports)"
        ))
        .await;
        self.rest_of_night(begun, &before).await
    }

    async fn rest_of_night(&self, begun: Timestamp, before: &BTreeMap<Endpoint, u64>) -> Figures {
        self.clock.set(begun + 1.hour());
        self.until_through().await;
        let calls = self
            .kaseya
            .calls()
            .into_iter()
            .map(|(endpoint, calls)| (endpoint, calls - before.get(&endpoint).copied().unwrap_or(0)));
        let calls = calls.filter(|(_, calls)| *calls > 0).collect();
        let contracts_read = self.number(&format!("count(*) from contracts where read_at > '{begun}'")).await;
        // A run that had to wait for the hour's calls has continued into the day.
        self.next_day();
        Figures { calls, contracts_read }
    }

    /// Quiet nights until this company's line is read again: their number, and the calls of the last one.
    pub async fn nights_until_read(&self, company: u32) -> (u32, Figures) {
        let contract = ContractId(contract_of(company));
        let read_at = format!("read_at from contracts where contract_id = {contract}");
        let before = self.text(&read_at).await;
        for nights in 1.. {
            let figures = self.night(&[]).await;
            if self.text(&read_at).await != before {
                return (nights, figures);
            }
        }
        unreachable!("an endless count ends only by a return")
    }

    async fn count(&self, one_more: &[u32]) {
        let (now, day) = (self.clock.now(), self.clock.now().strftime("%Y-%m-%d").to_string());
        let more = one_more.iter().map(|company| format!("'c{company}'")).collect::<Vec<_>>();
        let more = if more.is_empty() { "''".to_owned() } else { more.join(",") };
        self.run(&format!(
            "insert into reports values ('{PARTNER}', 'r{day}', '{day}', '{now}', false, 1, '{now}');
             insert into report_companies select '{PARTNER}', 'r{day}', company_id from companies;
             insert into user_counts
                 select '{PARTNER}', 'r{day}', company_id, 'std',
                        coalesce(before.users, 10) + case when company_id in ({more}) then 1 else 0 end, 'users'
                 from companies left join (select distinct on (company_id) company_id, users from user_counts
                                           order by company_id, report_id desc, product_id desc) before
                                          using (company_id)"
        ))
        .await;
    }

    /// Waits until the night's run is over; advances the clock for jobs that wait for their hour.
    async fn until_through(&self) {
        testkit::until_at_most(Duration::from_secs(600), "the night's run is over", async || {
            // In this order: the transaction that advances the schedule creates the jobs.
            let due = self.text("next_run_at from schedules").await;
            let claimed = due.is_some_and(|due| timestamp(&due) > self.clock.now());
            let open = self.number("count(*) from jobs where state <> 'done'").await;
            if claimed && open == 0 {
                return true;
            }
            let waiting = self
                .text(
                    "min(not_before) from jobs where state = 'ready' and emitting_until is null
                     and not exists (select from jobs going where state in ('started', 'emitted')
                                     or emitting_until is not null)",
                )
                .await;
            if let Some(not_before) = waiting.map(|waiting| timestamp(&waiting))
                && not_before > self.clock.now()
            {
                self.clock.set(not_before);
            }
            false
        })
        .await;
    }

    /// Changes how Kaseya returns and accepts lines from now on.
    pub fn lines(&self, edit: impl FnOnce(&mut kaseya_simulator::LineBehaviour)) {
        self.kaseya
            .edit(|state| edit(&mut state.behaviour.lines))
            .expect("a state without a file is always kept");
    }

    /// Edits a company's line by hand.
    pub fn edit(&self, company: u32, edit: impl FnOnce(&mut Line)) {
        self.kaseya
            .edit(|state| edit(state.line_mut(contract_of(company), line_of(company)).expect("a line")))
            .expect("a state without a file is always kept");
    }

    /// Makes the nth call to an endpoint from now on fail this way.
    pub fn fail(&self, endpoint: Endpoint, nth: u32, fault: Fault) {
        self.kaseya.fail(endpoint, nth, fault);
    }

    /// Sets the brake on a run: it may change this share of the companies.
    pub async fn allow_run(&self, percent: u32) {
        self.run(&format!("update integrations set run_brake_percent = {percent}")).await;
    }

    /// The next count: this many users of a company from now on.
    pub async fn recount(&self, company: u32, users: u32) {
        self.run(&format!("update user_counts set users = {users} where company_id = 'c{company}'")).await;
    }

    /// Counts all companies and runs the night's sync until all remaining jobs wait for a later hour; returns that
    /// hour.
    pub async fn night_until_it_waits(&self) -> Timestamp {
        self.night_with_more_until_it_waits(&[]).await
    }

    /// The same with one user more for these companies.
    pub async fn night_with_more_until_it_waits(&self, one_more: &[u32]) -> Timestamp {
        self.count(one_more).await;
        self.clock.set(self.clock.now() + 1.hour());
        testkit::until("all that is left waits", async || {
            let waiting =
                self.number("count(*) from jobs where state = 'ready' and not_before is not null").await;
            waiting > 0 && waiting == self.number("count(*) from jobs where state <> 'done'").await
        })
        .await;
        timestamp(&self.text("min(not_before) from jobs where state = 'ready'").await.expect("an instant"))
    }

    /// What the partner's runs wait for.
    pub async fn waits(&self) -> Vec<Wait> {
        let (partner, now) = (PartnerId::new(PARTNER).expect("an id"), self.clock.now());
        let read: Result<_, StoreError> = self
            .database
            .store
            .transaction("waits", |tx| Box::pin(store::jobs::waiting::runs(tx, &partner, now)))
            .await;
        read.expect("the tables are there").into_values().collect()
    }

    /// The state of the companies, as every page and command reads it.
    pub async fn rows(&self) -> Vec<CompanyStatus> {
        let (partner, now) = (&PartnerId::new(PARTNER).expect("an id"), self.clock.now());
        let read: Result<_, StoreError> = self
            .database
            .store
            .transaction("rows", |tx| {
                Box::pin(async move {
                    let settings = settings::read(tx, partner).await?.ok_or(StoreError::NoRow)?;
                    statuses::companies(tx, &settings, now).await
                })
            })
            .await;
        read.expect("the tables are there")
    }

    /// Lets the night's sync run to its end.
    pub async fn rest_of_the_night(&self) {
        self.until_through().await;
    }

    /// Advances the clock to the next midnight.
    pub fn next_day(&self) {
        self.clock.set(next_midnight(self.clock.now()));
    }

    /// Sets the clock to this instant.
    pub fn go_to(&self, instant: Timestamp) {
        self.clock.set(instant);
    }

    /// Kaseya's units on a company's line.
    pub fn units(&self, company: u32) -> f64 {
        let state = self.kaseya.state();
        state.lines(contract_of(company)).expect("a contract")[0].units
    }

    /// Asserts that every line holds its count.
    pub async fn all_right(&self) {
        let state = self.kaseya.state();
        for company in 1..=self.companies {
            let counted = self
                .number(&format!(
                    "users from user_counts where company_id = 'c{company}' order by report_id desc limit 1"
                ))
                .await;
            let lines = state.lines(contract_of(company)).expect("a contract");
            assert_eq!(lines[0].units, counted as f64, "company {company}");
        }
    }

    /// Removes a company's mapping.
    pub async fn unmap(&self, company: u32) {
        self.run(&format!("delete from company_mappings where company_id = 'c{company}'")).await;
    }

    /// Maps a company to the contract with this number.
    pub async fn map(&self, company: u32, contract: u32) {
        let contract = contract_of(contract);
        self.run(&format!(
            "update company_mappings set contract_id = {contract}, version = version + 1 where company_id = 'c{company}'"
        ))
        .await;
    }

    /// Maps all companies to the contract with this number.
    pub async fn map_all(&self, contract: u32) {
        let contract = contract_of(contract);
        self.run(&format!("update company_mappings set contract_id = {contract}, version = version + 1"))
            .await;
    }

    /// Excludes a company from billing from now on.
    pub async fn not_billed(&self, company: u32) {
        self.run(&format!(
            "insert into billing_rules values ('{PARTNER}', 'c{company}', 'std', true, 0, 0, 'Trial')"
        ))
        .await;
    }

    /// Removes a company's line from its contract, by hand.
    pub fn remove_line(&self, company: u32) {
        self.kaseya
            .edit(|state| {
                let contract = state.contract_mut(contract_of(company)).expect("a contract");
                contract.lines.retain(|line| line.id != line_of(company));
            })
            .expect("a state without a file is always kept");
    }

    /// A person's decision about the open holds of the contract with this number.
    pub async fn decide(&self, contract: u32, approves: bool) {
        let contract = contract_of(contract);
        let hold = format!("hold_id from holds where contract_id = {contract} and state = 'open'");
        let id = testkit::entropy(self.clock.now().as_second().unsigned_abs()).uuid(self.clock.now());
        let shown = format!("from_units from holds where contract_id = {contract} and state = 'open'");
        let verdict = if approves { v1::HoldDecision::Approve } else { v1::HoldDecision::Dismiss };
        let message = v1::HoldDecided {
            decision_id: format!("{id} {}", self.announced_holds().await),
            partner_id: PARTNER.to_owned(),
            hold_id: self.text(&hold).await.expect("an open hold"),
            decision: verdict.into(),
            decided_by: "Anna".to_owned(),
            units: Some(0),
            other_units: None,
            from_units: self.text(&shown).await.map(|units| units.parse().expect("units")),
            other_from_units: None,
        };
        let message = Outgoing::new(id, TraceContext::default(), &message);
        self.bus.publish(Queue::SyncRequests, message).await.expect("room on the queue");
    }

    /// Every hold with its contract, in the order in which they were opened.
    pub async fn holds(&self) -> String {
        let held = "string_agg(contract_id || ': ' || concat_ws(' ', from_units, 'to', to_units, state, brake, company_ids,
            effective_date), ', ' order by contract_id, opened_at) from holds";
        self.text(held).await.unwrap_or_default()
    }

    /// Waits until these are the holds, and no run is in progress.
    pub async fn until_holds(&self, wanted: &str) {
        testkit::until(&format!("the holds are {wanted}"), async || {
            self.holds().await == wanted && self.number("count(*) from jobs where state <> 'done'").await == 0
        })
        .await;
    }

    /// Number of notifications to listeners about a hold.
    pub async fn announced_holds(&self) -> i64 {
        self.number("count(*) from events where topic = 'hold.opened'").await
    }

    /// Number of writes sent to Kaseya.
    pub fn writes(&self) -> u64 {
        self.kaseya.calls().get(&Endpoint::WriteLine).copied().unwrap_or(0)
    }

    /// A company's remarks, in addition to its state.
    pub async fn remarks(&self, company: u32) -> Option<String> {
        self.text(&format!("remarks::text from statuses where company_id = 'c{company}'")).await
    }

    /// Number of companies per state.
    pub async fn states(&self) -> Vec<(String, i64)> {
        self.counted("state from statuses").await
    }

    /// Number of changes per standing in the journal.
    pub async fn journal(&self) -> Vec<(String, i64)> {
        self.counted("standing from journal").await
    }

    async fn counted(&self, of: &str) -> Vec<(String, i64)> {
        let (column, _) = of.split_once(' ').expect("a column");
        let sql = format!("select {of} group by 1 order by 1").replacen(
            column,
            &format!("{column}, count(*) as n"),
            1,
        );
        let rows: Result<Vec<store::Row>, StoreError> =
            self.database.store.transaction("test", |tx| Box::pin(tx.query(&sql, &[]))).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.iter().map(|row| (row.get(column).expect("a text"), row.get("n").expect("a number"))).collect()
    }

    /// Edits the contract of a company by hand.
    pub fn edit_contract(&self, company: u32, edit: impl FnOnce(&mut kaseya_simulator::Contract)) {
        self.kaseya
            .edit(|state| edit(state.contract_mut(contract_of(company)).expect("a contract")))
            .expect("a state without a file is always kept");
    }

    /// Adds another line of our service to a company's contract, by hand, with no units.
    pub fn add_line(&self, company: u32, id: i32) {
        self.edit_contract(company, |contract| {
            let other = contract.lines[0].clone();
            contract.lines.insert(0, Line { id, service: SERVICE, units: 0.0, unit_price: PRICE, ..other });
        });
    }

    /// Limits the brakes on a line to a fall to 0.
    pub async fn allow_large_changes(&self) {
        self.run("update integrations set brake_units = 1000000, brake_units_alone = 1000000").await;
    }

    /// The total of each contract in the survey.
    pub fn show_totals(&self, totals: ContractPrices) {
        self.kaseya
            .edit(|state| state.behaviour.lists.contract_prices = totals)
            .expect("a state without a file is always kept");
    }

    /// The effective date that Kaseya stores for a write.
    pub fn store_dates(&self, stored: kaseya_simulator::StoredDate) {
        self.kaseya
            .edit(|state| state.behaviour.lines.stored_date = stored)
            .expect("a state without a file is always kept");
    }

    /// Edits the only account by hand.
    pub fn edit_account(&self, edit: impl FnOnce(&mut kaseya_simulator::Account)) {
        self.kaseya
            .edit(|state| edit(&mut state.accounts[0]))
            .expect("a state without a file is always kept");
    }

    /// Edits the product's service by hand.
    pub fn edit_service(&self, edit: impl FnOnce(&mut kaseya_simulator::Service)) {
        self.kaseya
            .edit(|state| edit(&mut state.services[0]))
            .expect("a state without a file is always kept");
    }

    /// A person's [Check again] of a company, until it is done.
    pub async fn check_again(&self, company: u32) {
        let id = testkit::entropy(self.clock.now().as_second().unsigned_abs()).uuid(self.clock.now());
        let only = v1::CompanyList { company_ids: vec![format!("c{company}")] };
        let message = v1::SyncRequested {
            request_id: id.to_string(),
            partner_id: PARTNER.to_owned(),
            companies: Some(v1::CompanySelection {
                selection: Some(v1::company_selection::Selection::Only(only)),
            }),
            mode: v1::SyncMode::Apply.into(),
            requested_by: "Anna".to_owned(),
            ..v1::SyncRequested::default()
        };
        let message = Outgoing::new(id, TraceContext::default(), &message);
        self.bus.publish(Queue::SyncRequests, message).await.expect("room on the queue");
        testkit::until("the request's run is over", async || {
            let answered =
                format!("count(*) from requests where request_id = '{id}' and answer <> 'waiting'");
            self.number(&answered).await == 1
                && self.number("count(*) from jobs where state <> 'done'").await == 0
        })
        .await;
    }

    /// Another Kaseya with the same contracts and other units on their lines.
    pub async fn another_kaseya(&self, contracts: u32, units: f64) -> Running {
        let shown = self.clock.clone();
        let kaseya_clock = kaseya_simulator::Clock::following(move || shown.now());
        let mut state = state(contracts);
        for number in 1..=contracts {
            state.line_mut(contract_of(number), line_of(number)).expect("a line").units = units;
        }
        let simulator = Simulator::new(state, kaseya_clock).without_call_limits();
        simulator.start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
    }

    /// Saves the integration with these custom addresses, as the page and `apply` do.
    pub async fn save_address(&self, base: &str) {
        let (partner, now) = (&PartnerId::new(PARTNER).expect("an id"), self.clock.now());
        let saved: Result<(), StoreError> = self
            .database
            .store
            .transaction("save", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let stored = settings::read(tx, partner).await?.expect("a partner");
                    let known = stored.integration.expect("an integration");
                    let new = NewIntegration {
                        credentials: Credentials {
                            v2_base: Some(base.to_owned()),
                            v1_base: Some(format!("{base}/api")),
                            password: StoredPassword {
                                sealed: sealed(base),
                                ..known.credentials.password.clone()
                            },
                            ..known.credentials
                        },
                        credentials_version: known.credentials_version + 1,
                        settings: IntegrationSettings {
                            freeze_hour: 6,
                            max_count_age_days: 7,
                            call_share_percent: 100,
                            ..known.settings
                        },
                    };
                    settings::store_integration(tx, partner, &new, now).await
                })
            })
            .await;
        saved.expect("it is saved");
    }

    /// The overview's amount at risk per month.
    pub async fn money_at_risk(&self) -> f64 {
        let (partner, now) = (&PartnerId::new(PARTNER).expect("an id"), self.clock.now());
        let month = Month::last(now, &jiff::tz::TimeZone::UTC);
        let seen: Result<_, StoreError> = self
            .database
            .store
            .transaction("overview", |tx| Box::pin(statuses::overview::overview(tx, partner, 5, month, now)))
            .await;
        seen.expect("the overview").at_risk.money
    }

    /// Maps another product to the service of the second line that every contract has.
    pub async fn map_second_product(&self) {
        self.run(&format!(
            "insert into products values ('{PARTNER}', 'adv', 'Advanced', null);
             insert into product_mappings values ('{PARTNER}', 'adv', {}, 'Other')",
            SERVICE + 1
        ))
        .await;
    }

    /// A company's state, code and evidence.
    pub async fn row(&self, company: u32) -> String {
        let row =
            format!("concat_ws(' ', state, code, evidence) from statuses where company_id = 'c{company}'");
        self.text(&row).await.unwrap_or_default()
    }

    /// When Kaseya was last seen to hold a company's number.
    pub async fn last_sync(&self, company: u32) -> Option<Timestamp> {
        let last_sync = self.text(&format!("last_sync from statuses where company_id = 'c{company}'")).await;
        last_sync.map(|instant| timestamp(&instant))
    }

    /// A night in which one company also has this many users of the second product, from now on.
    pub async fn night_with_second_product(&self, company: u32, standard: u32, advanced: u32) -> Figures {
        let begun = self.clock.now();
        let before = self.kaseya.calls();
        self.count(&[]).await;
        let newest = "(select max(report_id) from reports)";
        self.run(&format!(
            "update user_counts set users = {standard}
             where company_id = 'c{company}' and product_id = 'std' and report_id = {newest};
             insert into user_counts select '{PARTNER}', {newest}, 'c{company}', 'adv', {advanced}, 'users'"
        ))
        .await;
        self.rest_of_night(begun, &before).await
    }

    pub async fn run(&self, statements: &str) {
        for sql in statements.split(';').filter(|sql| !sql.trim().is_empty()) {
            let done: Result<u64, StoreError> =
                self.database.store.transaction("test", |tx| Box::pin(tx.execute(sql, &[]))).await;
            done.unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
    }

    pub async fn text(&self, expression: &str) -> Option<String> {
        let (value, rest) = expression.split_once(" from ").expect("an expression and where it is from");
        let sql = format!("select ({value})::text as value from {rest}");
        let row: Result<_, StoreError> =
            self.database.store.transaction("test", |tx| Box::pin(tx.query_opt(&sql, &[]))).await;
        row.unwrap_or_else(|error| panic!("{error}: {sql}")).and_then(|row| row.get("value").expect("a text"))
    }

    async fn number(&self, expression: &str) -> i64 {
        self.text(expression).await.expect("a number").parse().expect("a number")
    }
}

/// The stored password for this address.
fn sealed(base: &str) -> String {
    let v1 = format!("{base}/api");
    let (v2_base, v1_base) = (Some(base), Some(v1.as_str()));
    let (tenant, user) = ("Example MSP", "sync@msp.example");
    let associated = Associated { partner: PARTNER, host: HOST, v2_base, v1_base, tenant, user };
    let entropy = testkit::entropy(8);
    let password = SecretString::from("correct horse");
    key_ring().seal(&associated, &password, |bytes| entropy.fill(bytes)).as_str().to_owned()
}

fn key_ring() -> KeyRing {
    let text = KeyRing::generate("test", |bytes| testkit::entropy(7).fill(bytes)).expect("an id");
    KeyRing::parse(&text).expect("a key ring")
}

/// Parses an instant as Postgres prints it.
fn timestamp(text: &str) -> Timestamp {
    let text = text.replacen(' ', "T", 1);
    let text = text.strip_suffix("+00").map_or(text.clone(), |text| format!("{text}Z"));
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn next_midnight(now: Timestamp) -> Timestamp {
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let next = day.tomorrow().expect("a day within the calendar");
    next.to_zoned(jiff::tz::TimeZone::UTC).expect("a midnight").timestamp()
}

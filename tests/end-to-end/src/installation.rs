//! One installation: a database, a vhost on a broker, a key ring, and the programs that a test starts.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use secrecy::ExposeSecret as _;
use store::{DatabaseRole, RoleLogin, Settings, Store};
use tempfile::TempDir;
use testkit::{RabbitMq, TestDatabase};
use vault::KeyRing;

use crate::{Kind, Partner, Program, Wire};

const OPERATOR: &str = "kaseya-sync";
/// The configuration of `migrate`.
const OWNER: &str = "owner";

/// Settings that tests change: the scheduler's times, a worker's timeout for a write, the log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// `scheduler.lease`.
    pub lease: &'static str,
    /// `scheduler.permit`.
    pub permit: &'static str,
    /// `scheduler.ticket_timeout`.
    pub ticket_timeout: &'static str,
    /// `worker.write_timeout`.
    pub write_timeout: &'static str,
    /// `log.filter`.
    pub log: &'static str,
}

/// As deployed: nothing expires during a test.
pub const CALM: Tuning =
    Tuning { lease: "60s", permit: "30s", ticket_timeout: "60s", write_timeout: "15s", log: "info" };

/// For tests that lose a worker: its lease expires soon.
pub const BRISK: Tuning =
    Tuning { lease: "10s", permit: "10s", ticket_timeout: "10s", write_timeout: "6s", log: "info" };

/// For tests that hold a write for as long as something else takes: neither its timeout nor its permit expires
/// meanwhile.
pub const PATIENT: Tuning = Tuning { lease: "150s", permit: "150s", write_timeout: "120s", ..BRISK };

/// An installation.
pub struct Installation<'b> {
    /// Its tables.
    pub database: TestDatabase,
    /// Its vhost on the broker.
    pub wire: Wire<'b>,
    tuning: Tuning,
    keys: KeyRing,
    files: TempDir,
    started: AtomicU32,
}

impl Installation<'static> {
    /// An installation on the broker and the database server that all tests share.
    pub async fn new(tuning: Tuning) -> Self {
        let broker = RabbitMq::shared().await.expect("a broker");
        Self::on(broker, testkit::database().await, tuning).await
    }

    /// An installation before its first day: no table and no queue.
    pub async fn bare(tuning: Tuning) -> Self {
        let broker = RabbitMq::shared().await.expect("a broker");
        Self::of(Wire::empty(broker), testkit::empty_database().await, tuning)
    }
}

impl<'b> Installation<'b> {
    /// An installation on this broker and this database.
    pub async fn on(broker: &'b RabbitMq, database: TestDatabase, tuning: Tuning) -> Self {
        Self::of(Wire::new(broker).await, database, tuning)
    }

    fn of(wire: Wire<'b>, database: TestDatabase, tuning: Tuning) -> Self {
        let files =
            tempfile::Builder::new().prefix("installation-").tempdir().expect("a temporary directory");
        let ring = KeyRing::generate("test", |bytes| testkit::entropy(5).fill(bytes)).expect("a ring");
        let keys = KeyRing::parse(&ring).expect("it was just made");
        let write =
            |name: &str, text: &str| fs::write(files.path().join(name), text).expect("a file is written");
        write("key-ring", ring.expose_secret());
        write("bus-uri", &wire.uri());
        write("database-url", &database.owner_url);
        for role in DatabaseRole::ALL {
            write(&url_file(role), &database.url_as(role));
        }
        let this = Self { database, wire, tuning, keys, files, started: AtomicU32::new(0) };
        for kind in Kind::ALL {
            fs::write(this.config(kind.name()), this.config_text(kind)).expect("a configuration is written");
        }
        for (program, url) in [(OPERATOR, &*url_file(DatabaseRole::Operator)), (OWNER, "database-url")] {
            fs::write(this.config(program), this.operators_config(url)).expect("a configuration is written");
        }
        this
    }

    /// Runs `migrate` as the owner of the tables, and gives each program its role.
    pub async fn migrate(&self) -> (i32, String) {
        let role = |role| format!("--role={}={}", DatabaseRole::as_str(role), self.path(&url_file(role)));
        let roles = DatabaseRole::ALL.map(role);
        let arguments: Vec<&str> = ["migrate"].into_iter().chain(roles.iter().map(String::as_str)).collect();
        self.run(OWNER, &arguments).await
    }

    /// Runs the operator's program and returns its exit code and all its output.
    pub async fn operator(&self, arguments: &[&str]) -> (i32, String) {
        self.run(OPERATOR, arguments).await
    }

    async fn run(&self, config: &str, arguments: &[&str]) -> (i32, String) {
        let mut command = tokio::process::Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(testkit::program(OPERATOR));
        command.arg("--config").arg(self.config(config)).args(arguments).stdin(Stdio::null());
        let output = command.kill_on_drop(true).output().await.expect("setpriv, of util-linux, starts it");
        let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        (output.status.code().expect("it ended by itself"), said.concat())
    }

    /// A file of the test's own next to the configuration.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.files.path().join(name);
        fs::write(&path, text).expect("a file is written");
        path.display().to_string()
    }

    /// Starts one of the programs.
    pub fn start(&self, kind: Kind) -> Program {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = self.files.path().join(format!("{number}-{}.log", kind.name()));
        Program::start(kind, &self.config(kind.name()), log)
    }

    /// Starts one program of each kind.
    pub fn start_all(&self) -> [Program; 3] {
        Kind::ALL.map(|kind| self.start(kind))
    }

    /// A partner that is not in the tables, with its Kaseya.
    pub async fn stranger(&self, id: &str, companies: i32) -> Partner {
        Partner::new(id, companies).await
    }

    /// A partner that is on, with its Kaseya. Nothing is counted and nothing is due yet.
    pub async fn partner(&self, id: &str, companies: i32) -> Partner {
        self.store(Partner::new(id, companies).await).await
    }

    /// The same, with a Kaseya of its own under another partner's host, company name and user.
    pub async fn partner_under_label(&self, id: &str, label: &str, companies: i32) -> Partner {
        self.store(Partner::under_label(id, label, companies).await).await
    }

    async fn store(&self, partner: Partner) -> Partner {
        let entropy = testkit::entropy(9);
        self.sql(&partner.settings(&self.keys, |bytes| entropy.fill(bytes))).await;
        partner
    }

    /// Reports users for all companies of a partner and waits until the report is stored.
    pub async fn report(&self, partner: &Partner, report: &str, standard: u32, advanced: u32) {
        self.wire.publish("counts", &partner.report(report, standard, advanced));
        let known = format!(
            "select count(*) from reports where partner_id = '{}' and report_id = '{report}' and complete_at is not null",
            partner.id
        );
        self.until_text(&known, "1").await;
    }

    /// Makes the partner's daily schedule due now.
    pub async fn due_now(&self, partner: &Partner) {
        self.sql(&format!(
            "insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
             values ('{}', 'daily', 0, 'UTC', 1, '{today}', '{today}T00:00Z')",
            partner.id,
            today = crate::now().strftime("%F")
        ))
        .await;
    }

    /// Begins to switch a partner off, as its owner does.
    pub async fn switch_off(&self, partner: &Partner) {
        switch_off(&self.database.store, &partner.id).await;
    }

    /// Waits until one of the programs of this kind has logged this.
    pub async fn programs_say(&self, kind: Kind, words: &str) {
        testkit::until(&format!("{} says {words:?}", kind.name()), async || {
            let of_kind = |path: &PathBuf| path.display().to_string().contains(kind.name());
            self.logs().iter().any(|(path, log)| of_kind(path) && log.contains(words))
        })
        .await;
    }

    /// The logs of all programs so far.
    pub fn logs(&self) -> Vec<(PathBuf, String)> {
        let files = fs::read_dir(self.files.path()).expect("the directory is there");
        let paths = files.map(|file| file.expect("a file").path());
        paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .map(|path| (path.clone(), fs::read_to_string(&path).expect("the log is text")))
            .collect()
    }

    fn config(&self, program: &str) -> PathBuf {
        self.files.path().join(format!("{program}.toml"))
    }

    fn path(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }

    fn operators_config(&self, url: &str) -> String {
        format!(
            "[bus]\nuri_file = '{}'\n[database]\nurl_file = '{}'\n[vault]\nkey_ring_file = '{}'\n\
             [kaseya]\nallow_loopback_http = true\n",
            self.path("bus-uri"),
            self.path(url),
            self.path("key-ring")
        )
    }

    fn config_text(&self, kind: Kind) -> String {
        let Tuning { lease, permit, ticket_timeout, write_timeout, log } = self.tuning;
        let bus = format!(
            "[log]\nfilter = '{log}'\n[health]\nlisten = '127.0.0.1:0'\n[bus]\nuri_file = '{}'\n",
            self.path("bus-uri")
        );
        let url = kind.role().map(url_file).unwrap_or_default();
        let database = format!("[database]\nurl_file = '{}'\npool_size = 4\n", self.path(&url));
        match kind {
            Kind::Scheduler => format!(
                "{bus}{database}[scheduler]\nspread = '0s'\npoll = '200ms'\nlease = '{lease}'\npermit = '{permit}'\n\
                 ticket_timeout = '{ticket_timeout}'\n"
            ),
            Kind::Worker => format!(
                "{bus}[vault]\nkey_ring_file = '{}'\n[kaseya]\nallow_loopback_http = true\n\
                 [worker]\nwrite_timeout = '{write_timeout}'\n",
                self.path("key-ring")
            ),
            Kind::Results => format!("{bus}{database}[results]\nannounce_every = '200ms'\n"),
        }
    }
}

/// The file with the URL of a role.
fn url_file(role: DatabaseRole) -> String {
    format!("database-url-{}", role.as_str())
}

/// Begins to switch a partner off, in a transaction of its own.
pub(crate) async fn switch_off(store: &Store, partner: &str) {
    let partner = domain::PartnerId::new(partner).expect("an id");
    store
        .transaction("switch_off", |tx| {
            let partner = partner.clone();
            Box::pin(async move { store::settings::switch::switch_off(tx, &partner, crate::now()).await })
        })
        .await
        .expect("the switch is stored")
        .expect("the partner has an integration");
}

/// A migrated database on a server of the test's own.
pub async fn database_at(url: String) -> TestDatabase {
    let store = Store::connect(Settings::new(&url), testkit::entropy(1)).await.expect("the server is there");
    store.migrate().await.expect("the migrations apply");
    let database = TestDatabase {
        owner: store.clone(),
        store,
        owner_url: url.clone(),
        url,
        name: "postgres".to_owned(),
    };
    let login =
        |role| RoleLogin::from_url(role, &database.url_as(role).into()).expect("a URL names its user");
    database.store.set_roles(&DatabaseRole::ALL.map(login)).await.expect("the roles are made");
    database
}

//! A service as a process.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use serde_json::Value;
use store::DatabaseRole;

/// How long a program may take to end; its own timeout is shorter.
const ENDS_WITHIN: Duration = Duration::from_secs(120);
/// How long one of its health pages may take.
const PAGE_WITHIN: Duration = Duration::from_secs(30);
/// What it logs, with the address, once its health pages are there.
const PAGES_SERVED: &str = "health pages are served";
/// How many log lines a failing test shows.
const SHOWN_LINES: usize = 60;

/// The kind of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `kaseya-sync-scheduler`.
    Scheduler,
    /// `kaseya-sync-worker`.
    Worker,
    /// `kaseya-sync-results`.
    Results,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Scheduler, Self::Worker, Self::Results];

    /// The program's database role; `None` for the one that never reaches the database.
    pub fn role(self) -> Option<DatabaseRole> {
        match self {
            Self::Scheduler => Some(DatabaseRole::Scheduler),
            Self::Worker => None,
            Self::Results => Some(DatabaseRole::Results),
        }
    }

    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduler => "kaseya-sync-scheduler",
            Self::Worker => "kaseya-sync-worker",
            Self::Results => "kaseya-sync-results",
        }
    }
}

/// A running service. It is killed when this value is dropped or the test ends, even if the test's process is
/// killed.
#[derive(Debug)]
pub struct Program {
    kind: Kind,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it with this configuration file; its output goes to `log`.
    pub(crate) fn start(kind: Kind, config: &Path, log: PathBuf) -> Self {
        let said = File::create(&log).expect("a file for the log");
        // The kernel kills it when the thread that started it ends, which is the test's own.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(testkit::program(kind.name()))
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a second handle of the log"))
            .stderr(said)
            .spawn()
            .expect("setpriv, of util-linux, starts the program");
        Self { kind, child, log }
    }

    /// The kind of service.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has logged this.
    pub async fn until_it_says(&self, words: &str) {
        testkit::until(&format!("{} says {words:?}", self.kind.name()), async || self.log().contains(words))
            .await;
    }

    /// One of its health pages: whether it reports success, and its text.
    pub fn page(&self, path: &str) -> (bool, String) {
        let mut stream = TcpStream::connect(self.health_address()).expect("it listens");
        stream.set_read_timeout(Some(PAGE_WITHIN)).expect("a time-out");
        // HTTP/1.0, so that the response ends with the connection.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer of HTTP");
        (head.contains(" 200 "), body.to_owned())
    }

    /// Waits until it reports ready, or not ready.
    pub async fn until_ready(&self, ready: bool) {
        let what = format!("{} is ready: {ready}", self.kind.name());
        testkit::until(&what, async || self.log().contains(PAGES_SERVED) && self.page("/readyz").0 == ready)
            .await;
    }

    /// The address of its health pages, from its log.
    fn health_address(&self) -> String {
        let log = self.log();
        let line = log.lines().find(|line| line.contains(PAGES_SERVED));
        let line: Value =
            serde_json::from_str(line.expect("it has started")).expect("a line of the log is JSON");
        line["fields"]["address"].as_str().expect("an address").to_owned()
    }

    /// Ends it as a power cut would, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("it ran");
        let status = self.child.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(9), "{} had ended by itself: {status}", self.kind.name());
    }

    /// Stops it in the middle of whatever it does, until [`Program::resume`].
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Resumes it.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Asks it to end.
    pub fn ask_to_end(&self) {
        self.signal("-TERM");
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        testkit::until_at_most(ENDS_WITHIN, &format!("{} has ended", self.kind.name()), async || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        })
        .await;
        status.expect("just seen")
    }

    fn signal(&self, which: &str) {
        let status = Command::new("kill").args([which, "--", &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success(), "kill {which} {}", self.child.id());
    }
}

impl Drop for Program {
    #[expect(clippy::print_stderr, reason = "what the programs said belongs to a failed test's output")]
    fn drop(&mut self) {
        // A process that has already ended is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
            eprintln!("--- {} ended with:\n{}", self.log.display(), shown.join("\n"));
        }
    }
}

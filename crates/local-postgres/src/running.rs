//! Start, readiness and stop.

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::{
    LocalPostgresError,
    account::Account,
    programs::Programs,
    watchdog::{Ending, POLL, Watchdog},
};

/// Everything but slashes and what a URL never reserves (RFC 3986).
const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Where the data lives, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In this directory, created if missing; survives the process and the machine (`fsync` on).
    Kept(PathBuf),
    /// In a new directory under the system's temporary one, removed on stop (`fsync` off).
    Throwaway,
}

/// How to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the data lives.
    pub storage: Storage,
    /// Maximum number of connections.
    pub max_connections: u16,
}

impl Options {
    /// Keeps the data in `directory`.
    pub fn kept(directory: impl Into<PathBuf>) -> Self {
        Self { storage: Storage::Kept(directory.into()), max_connections: 100 }
    }

    /// Discards the data on stop.
    pub fn throwaway() -> Self {
        Self { storage: Storage::Throwaway, max_connections: 200 }
    }
}

/// The superuser, and the database that always exists.
const SUPERUSER: &str = "postgres";
/// How long an earlier Postgres on the same directory may take to end.
const HANDOVER: Duration = Duration::from_secs(60);
/// How long a start may take: after a crash it reads its log first.
const START: Duration = Duration::from_secs(300);
/// How long a clean stop may take.
const STOP: Duration = Duration::from_secs(120);
/// Longest path of a Unix socket that every system accepts, without `/run/.s.PGSQL.5432` and the terminator.
const LONGEST_DIRECTORY: usize = 103 - "/run/.s.PGSQL.5432".len();

/// A Postgres that runs until [`Running::stop`], or until this value is dropped or this process ends.
#[derive(Debug)]
pub struct Running {
    watchdog: Watchdog,
    directory: PathBuf,
    process_id: u32,
}

impl Running {
    /// The URL to connect by: through the socket, as the superuser, to the database that always exists.
    pub fn url(&self) -> String {
        self.url_of(SUPERUSER)
    }

    /// The same for another database.
    pub fn url_of(&self, database: &str) -> String {
        let host = percent_encoded(&self.socket_directory());
        format!("postgresql:///{database}?user={SUPERUSER}&host={host}&port=5432&sslmode=disable")
    }

    /// The directory of the socket `.s.PGSQL.5432`, as `psql -h` takes it.
    pub fn socket_directory(&self) -> PathBuf {
        self.directory.join("run")
    }

    /// The process id of the server's main process.
    pub fn process_id(&self) -> u32 {
        self.process_id
    }

    /// Stops Postgres and returns when it has stopped: a kept one cleanly, a throwaway one with its directory.
    pub async fn stop(mut self) -> Result<(), LocalPostgresError> {
        self.watchdog.let_go();
        if self.watchdog.wait(STOP).await? {
            Ok(())
        } else {
            Err(LocalPostgresError::TooSlow { what: "stopped", log: self.directory.join("postgres.log") })
        }
    }
}

/// Starts a Postgres, creates its data directory first if missing, and returns when it accepts connections.
pub async fn start(options: Options) -> Result<Running, LocalPostgresError> {
    let throwaway = options.storage == Storage::Throwaway;
    let directory = match options.storage {
        Storage::Kept(directory) => std::path::absolute(&directory)
            .map_err(LocalPostgresError::system(format!("find {}", directory.display())))?,
        Storage::Throwaway => tempfile::Builder::new()
            .prefix("postgres-")
            .tempdir()
            .map_err(LocalPostgresError::system("make a temporary directory"))?
            .keep(),
    };
    match Start::prepare(&directory, throwaway).await {
        Ok(start) => start.run(options.max_connections).await,
        Err(error) => {
            if throwaway {
                // The directory holds nothing useful, and the error already says what went wrong.
                let _ = fs::remove_dir_all(&directory);
            }
            Err(error)
        }
    }
}

/// A directory that is ours, locked and initialised.
struct Start {
    directory: PathBuf,
    throwaway: bool,
    account: Account,
    programs: Programs,
    lock: File,
}

impl Start {
    async fn prepare(directory: &Path, throwaway: bool) -> Result<Self, LocalPostgresError> {
        if directory.as_os_str().len() > LONGEST_DIRECTORY {
            return Err(LocalPostgresError::PathTooLong { directory: directory.to_owned() });
        }
        let data = directory.join("data");
        let version = fs::read_to_string(data.join("PG_VERSION")).ok().map(|text| text.trim().to_owned());
        let programs = Programs::find(version.as_deref())?;
        let account = Account::choose(version.is_some().then_some(data.as_path()))?;
        account.make_private(directory)?;
        account.make_private(&directory.join("run"))?;
        account.require_reach(directory)?;
        let lock = lock(directory).await?;
        let start = Self { directory: directory.to_owned(), throwaway, account, programs, lock };
        if !data.join("PG_VERSION").exists() {
            start.initialise(&data).await?;
        }
        // We hold the lock, so the process that wrote this file has ended. Left there, its process id could by now
        // belong to any other process of the same user, and Postgres would refuse to start.
        remove_if_there(&data.join("postmaster.pid"))?;
        Ok(start)
    }

    /// Creates the data directory next to its final place and moves it there once complete.
    async fn initialise(&self, data: &Path) -> Result<(), LocalPostgresError> {
        let unfinished = self.directory.join("data.unfinished");
        match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(LocalPostgresError::system(format!("remove {}", unfinished.display()))(error));
            }
            _ => {}
        }
        let mut command = self.account.command(&self.programs.initdb);
        command
            .arg("--pgdata")
            .arg(&unfinished)
            .args(["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(self.throwaway.then_some("--no-sync"))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(self.lock_handle()?);
        let output = tokio::task::spawn_blocking(move || command.stderr(Stdio::piped()).output())
            .await
            .map_err(|error| LocalPostgresError::system("wait for initdb")(io::Error::other(error)))?
            .map_err(LocalPostgresError::system("run initdb"))?;
        if !output.status.success() {
            return Err(LocalPostgresError::ProgramFailed {
                program: "initdb",
                output: tail(&output.stderr),
            });
        }
        fs::rename(&unfinished, data)
            .map_err(LocalPostgresError::system(format!("move {}", unfinished.display())))
    }

    async fn run(self, max_connections: u16) -> Result<Running, LocalPostgresError> {
        let log_path = self.directory.join("postgres.log");
        let log = File::create(&log_path)
            .map_err(LocalPostgresError::system(format!("write {}", log_path.display())))?;
        self.account.own(&log_path)?;
        let mut postgres = std::process::Command::new(&self.programs.postgres);
        postgres.arg("-D").arg(self.directory.join("data"));
        let mut sockets = OsString::from("unix_socket_directories=");
        sockets.push(self.directory.join("run"));
        postgres.arg("-c").arg(sockets);
        let max_connections = format!("max_connections={max_connections}");
        let mut settings = vec![
            "listen_addresses=",
            "port=5432",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            // Standard error is our log file.
            "logging_collector=off",
            max_connections.as_str(),
        ];
        if self.throwaway {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        }
        for setting in settings {
            postgres.arg("-c").arg(setting);
        }
        let ending = if self.throwaway { Ending::Removed(&self.directory) } else { Ending::Clean };
        let shell = self.account.command("/bin/sh");
        let mut watchdog = Watchdog::start(shell, &postgres, ending, self.lock_handle()?, log)?;
        let status = self.directory.join("data/postmaster.pid");
        let ready = async {
            loop {
                if let Some(process_id) = ready_process(&status) {
                    return Ok(process_id);
                }
                if watchdog.ended()?.is_some() {
                    let output = tail(&fs::read(&log_path).unwrap_or_default());
                    return Err(LocalPostgresError::ProgramFailed { program: "postgres", output });
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let process_id = tokio::time::timeout(START, ready)
            .await
            .map_err(|_| LocalPostgresError::TooSlow { what: "ready", log: log_path.clone() })??;
        tracing::debug!(process_id, directory = %self.directory.display(), "Postgres is ready");
        Ok(Running { watchdog, directory: self.directory, process_id })
    }

    fn lock_handle(&self) -> Result<File, LocalPostgresError> {
        self.lock.try_clone().map_err(LocalPostgresError::system("share the lock"))
    }
}

/// Locks the directory, waiting for an earlier Postgres that is just ending.
async fn lock(directory: &Path) -> Result<File, LocalPostgresError> {
    let path = directory.join("lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(LocalPostgresError::system(format!("open {}", path.display())))?;
    let locked = async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(POLL).await,
                Err(TryLockError::Error(error)) => {
                    return Err(LocalPostgresError::system(format!("lock {}", path.display()))(error));
                }
            }
        }
    };
    match tokio::time::timeout(HANDOVER, locked).await {
        Ok(locked) => locked.map(|()| file),
        Err(_) => Err(LocalPostgresError::InUse { directory: directory.to_owned() }),
    }
}

/// The main process id, once the server's status file says that it accepts connections.
fn ready_process(status: &Path) -> Option<u32> {
    let text = fs::read_to_string(status).ok()?;
    let mut lines = text.lines();
    let process_id = lines.next()?.trim().parse().ok()?;
    // Seven lines after the process comes the state, the eighth of the file.
    (lines.nth(6)?.trim() == "ready").then_some(process_id)
}

fn remove_if_there(path: &Path) -> Result<(), LocalPostgresError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LocalPostgresError::system(format!("remove {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

/// The last lines of a program's output.
fn tail(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

/// Encodes a path for a URL's query.
fn percent_encoded(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    percent_encode(path.as_os_str().as_bytes(), RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_and_signs_can_stand_in_a_url() {
        assert_eq!(percent_encoded(Path::new("/tmp/a b&c=ü")), "/tmp/a%20b%26c%3D%C3%BC");
    }

    #[test]
    fn only_a_server_that_says_so_is_ready() {
        let directory = tempfile::tempdir().expect("a directory");
        let status = directory.path().join("postmaster.pid");
        assert_eq!(ready_process(&status), None);
        fs::write(&status, "42\n/data\n1700000000\n5432\n/run\n\n 123 456\nstarting\n").expect("written");
        assert_eq!(ready_process(&status), None);
        fs::write(&status, "42\n/data\n1700000000\n5432\n/run\n\n 123 456\nready   \n").expect("written");
        assert_eq!(ready_process(&status), Some(42));
    }
}

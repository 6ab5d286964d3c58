//! The shell between us and Postgres: it ends Postgres when we end, however we end.

use std::{
    fs::File,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::Duration,
};

use crate::LocalPostgresError;

/// The kernel closes our end of the pipe even if we are killed; then `read` returns and the shell stops Postgres
/// with the signal `$1`. If `$2` is not empty, it is removed afterwards. The rest is the command of Postgres.
/// Standard output is the lock on the directory, held as long as the shell or any process of Postgres lives; the
/// reader does not inherit it, since it may outlive a Postgres that crashed.
const SCRIPT: &str = r#"
signal=$1 remove=$2
shift 2
trap '' HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- &
postgres=$!
( trap - TERM; read -r _ <&3; kill -"$signal" "$postgres" ) >/dev/null 2>&1 &
reader=$!
exec 3<&-
wait "$postgres"
status=$?
kill "$reader" 2>/dev/null
[ -z "$remove" ] || rm -rf -- "$remove"
exit "$status"
"#;

/// A Postgres with its watchdog.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    lifeline: Option<ChildStdin>,
}

/// How Postgres ends when it is no longer needed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending<'a> {
    /// Cleanly: committed data is flushed, and the next start needs no recovery.
    Clean,
    /// Immediately, and the directory is removed.
    Removed(&'a Path),
}

impl Watchdog {
    /// Starts `postgres` (program and arguments) through a shell made from `shell`, a command that runs as the
    /// right user.
    pub(crate) fn start(
        mut shell: Command,
        postgres: &Command,
        ending: Ending<'_>,
        lock: File,
        log: File,
    ) -> Result<Self, LocalPostgresError> {
        let (signal, remove) = match ending {
            Ending::Clean => ("INT", Path::new("")),
            Ending::Removed(directory) => ("QUIT", directory),
        };
        let mut shell = shell
            .args(["-c", SCRIPT, "sh", signal])
            .arg(remove)
            .arg(postgres.get_program())
            .args(postgres.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(lock)
            .stderr(log)
            // Ctrl-C at a terminal is for us; Postgres ends after us, not together with us.
            .process_group(0)
            .spawn()
            .map_err(LocalPostgresError::system("run /bin/sh"))?;
        let lifeline = shell.stdin.take();
        Ok(Self { shell, lifeline })
    }

    /// The exit status, once it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, LocalPostgresError> {
        self.shell.try_wait().map_err(LocalPostgresError::system("look after Postgres"))
    }

    /// Tells Postgres to stop. Returns at once.
    pub(crate) fn let_go(&mut self) {
        self.lifeline = None;
    }

    /// Waits for the end; false if it did not come within `at_most`.
    pub(crate) async fn wait(&mut self, at_most: Duration) -> Result<bool, LocalPostgresError> {
        let ended = async {
            loop {
                if self.ended()?.is_some() {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(at_most, ended).await.map_or(Ok(false), |ended| ended.map(|()| true))
    }
}

/// How often to check a child or a file.
pub(crate) const POLL: Duration = Duration::from_millis(10);

//! The driver's process, with the browser below it.

use std::{
    fs::File,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};

/// How long the driver may take to listen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Runs the driver as the leader of a process group, to which the browser belongs too. When our end of the pipe
/// closes, it kills the group and removes the directory `$1`; the kernel closes the pipe however we end. Some of a
/// killed browser's processes may still be writing during the first removal.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
exec 3<&0 </dev/null
setsid chromedriver --port=0 3<&- &
driver=$!
read -r _ <&3
kill -KILL "-$driver"
wait
until rm -rf -- "$1"; do :; done
"#;

/// A chromedriver of our own on a free loopback port, with a directory of its own. It ends with the test's process,
/// even if that is killed.
#[derive(Debug)]
pub(crate) struct Driver {
    directory: PathBuf,
    watchdog: Child,
    url: String,
}

impl Driver {
    /// Starts it and waits until it listens.
    pub async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("browser-").tempdir()?.keep();
        let log = File::create(directory.join("log"))?;
        let watchdog = Command::new("/bin/sh")
            .args(["-c", WATCHDOG, "sh"])
            .arg(&directory)
            .envs([("HOME", &directory), ("TMPDIR", &directory)])
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C at a terminal is for us; the browser ends after us.
            .process_group(0)
            .spawn()
            .context("run /bin/sh")?;
        let mut driver = Self { directory, watchdog, url: String::new() };
        let said = async {
            loop {
                if let Some(port) = driver.port() {
                    return port;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let Ok(port) = tokio::time::timeout(PATIENCE, said).await else {
            bail!("chromedriver did not start (`tests/run` installs it); it said: {}", driver.log());
        };
        driver.url = format!("http://127.0.0.1:{port}");
        Ok(driver)
    }

    /// The URL that it listens on.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A directory for this browser only, removed when it ends.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The output of the driver and the browser.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn port(&self) -> Option<u16> {
        let log = self.log();
        let (port, _) = log.split_once("started successfully on port ")?.1.split_once('.')?;
        port.parse().ok()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // It ends by itself now; a failed wait changes nothing.
        let _ = self.watchdog.wait();
    }
}

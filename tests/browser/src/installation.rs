//! The whole product in one process, as `kaseya-sync standalone` runs it, with a simulated Kaseya in the test's
//! process.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};
use kaseya_simulator::{Clock, Running, Simulator, State};
use store::{Settings, Store};
use tempfile::TempDir;

use crate::identity_provider::{CLIENT, IdentityProvider, SECRET};

const PROGRAM: &str = "kaseya-sync";

/// The machine's time.
pub fn now() -> jiff::Timestamp {
    domain::Clock::now(&domain::SystemClock::start())
}

/// A running standalone. It ends when this value is dropped, and with the test.
pub struct Installation {
    /// Its Kaseya.
    pub kaseya: Running,
    process: Child,
    directory: TempDir,
    portal: String,
    /// The provider by which people may sign in, if there is one.
    _identity_provider: Option<IdentityProvider>,
}

impl Installation {
    /// Starts it next to a Kaseya with this state.
    pub async fn start(kaseya: State) -> anyhow::Result<Self> {
        Self::configured(kaseya, tempfile::tempdir()?, "", None).await
    }

    /// Starts it next to an identity provider of its own, by which people sign in.
    pub async fn start_with_people(kaseya: State) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        // Each must know the other's address before it starts.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let portal = format!("http://{address}");
        let provider = IdentityProvider::start(&portal)?;
        let secret = directory.path().join("client-secret");
        std::fs::write(&secret, SECRET)?;
        let section = format!(
            "[portal]\naddress = '{address}'\n[portal.oidc]\nissuer = '{}'\nclient_id = '{CLIENT}'\n\
             client_secret_file = '{}'\npublic_url = '{portal}'\n",
            provider.issuer(),
            secret.display(),
        );
        Self::configured(kaseya, directory, &section, Some(provider)).await
    }

    async fn configured(
        kaseya: State,
        directory: TempDir,
        section: &str,
        identity_provider: Option<IdentityProvider>,
    ) -> anyhow::Result<Self> {
        let kaseya = Simulator::new(kaseya, Clock::following(now)).start(([127, 0, 0, 1], 0).into()).await?;
        let config = directory.path().join("config.toml");
        std::fs::write(
            &config,
            format!("[health]\nlisten = \"127.0.0.1:0\"\n[kaseya]\nallow_loopback_http = true\n{section}"),
        )?;
        // The kernel kills it when the thread that started it ends, which is the test's own.
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(testkit::program(PROGRAM))
            .args(["standalone", "--config"])
            .arg(&config)
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("setpriv, of util-linux, starts the program")?;
        let said = process.stderr.take().context("it is piped")?;
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let mut told = Vec::new();
        let portal = lines.by_ref().find_map(|line| {
            told.push(line);
            told.last().and_then(|line| line.trim().strip_prefix("portal: ")).map(str::to_owned)
        });
        let Some(portal) = portal else { bail!("standalone did not start:\n{}", told.join("\n")) };
        // Unless the output is read, the process would block.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { kaseya, process, directory, portal, _identity_provider: identity_provider })
    }

    /// The URL of one of the portal's pages.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.portal, path.trim_start_matches('/'))
    }

    /// The simulated Kaseya's host, as a user of the portal types it.
    pub fn kaseya_host(&self) -> String {
        self.kaseya.address().to_string()
    }

    /// The output of the operator's program, which must exit with one of these codes.
    pub fn operator(&self, codes: &[i32], arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(testkit::program(PROGRAM))
            .arg("--data-dir")
            .arg(self.data())
            .args(arguments)
            .env("USER", "Pia")
            .env("KASEYA_SYNC_KASEYA__ALLOW_LOOPBACK_HTTP", "true")
            .stdin(Stdio::null())
            .output()?;
        let [said, told] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let as_wanted = output.status.code().is_some_and(|code| codes.contains(&code));
        ensure!(as_wanted, "{arguments:?} ended with {}\n{said}\n{told}", output.status);
        Ok(said)
    }

    /// Stores a settings file.
    pub fn apply(&self, settings: &str) -> anyhow::Result<()> {
        let file = self.directory.path().join("settings.toml");
        std::fs::write(&file, settings)?;
        self.operator(&[0], &["apply", &file.to_string_lossy()]).map(drop)
    }

    /// An administrator's token for a partner.
    pub fn token(&self, partner: &str) -> anyhow::Result<String> {
        let said = self.operator(&[0], &["token", "new", partner, "--name", "Pia", "--role", "admin"])?;
        Ok(said.trim().to_owned())
    }

    /// Its tables, for data that arrives over the bus if there is one.
    pub async fn store(&self) -> anyhow::Result<Store> {
        let url = std::fs::read_to_string(self.data().join("database-url"))?;
        Ok(Store::connect(Settings::new(url.trim()), testkit::entropy(7)).await?)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // Its Postgres ends with it. A process that has already ended is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

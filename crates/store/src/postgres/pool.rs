//! The connection pool and the settings of every connection.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use deadpool_postgres::{Client as Pooled, Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use domain::Entropy;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    StoreError,
    postgres::{
        metrics::{Measure, Metrics},
        tls,
    },
};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `postgresql://user:password@host:port/database`, or the form `host=… user=…`. Secret, because it may hold a
    /// password.
    pub url: SecretString,
    /// The file that the URL came from. User and password are read from it again for each connection, so a changed
    /// password needs no restart. `None` keeps those of `url`.
    pub url_file: Option<std::path::PathBuf>,
    /// The connections' `application_name` on the server.
    pub application: String,
    /// Maximum number of connections.
    pub pool_size: usize,
    /// The timeouts.
    pub timeouts: Timeouts,
    /// Certificate authorities trusted for the server, a PEM file. `None` uses the platform's.
    pub authorities: Option<std::path::PathBuf>,
    /// Allows `sslmode=disable` to another machine, for a private network.
    pub allow_plaintext: bool,
    /// Where transactions and pool report what they do; `None` reports nothing.
    pub measure: Option<Measure>,
}

impl Settings {
    /// Default settings for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            url_file: None,
            application: "kaseya-sync".to_owned(),
            pool_size: 8,
            timeouts: Timeouts::default(),
            authorities: None,
            allow_plaintext: false,
            measure: None,
        }
    }
}

/// The timeouts of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For opening a connection.
    pub connect: Duration,
    /// For waiting until a connection of the pool is free.
    pub pool: Duration,
    /// For one statement.
    pub statement: Duration,
    /// For waiting for a lock.
    pub lock: Duration,
    /// For an idle transaction.
    pub idle_in_transaction: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            pool: Duration::from_secs(10),
            statement: Duration::from_secs(10),
            lock: Duration::from_secs(3),
            idle_in_transaction: Duration::from_secs(30),
        }
    }
}

/// How long to wait past the server's own timeout before we consider the connection dead.
const GRACE: Duration = Duration::from_secs(2);

/// The database: a connection pool and everything done through it. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) login: FreshLogin,
    pub(crate) application: String,
    pub(crate) timeouts: Timeouts,
    pub(crate) entropy: Entropy,
    pub(crate) metrics: Option<Metrics>,
}

impl Store {
    /// Checks the settings and reaches the database once, so that a wrong password shows at start.
    pub async fn connect(settings: Settings, entropy: Entropy) -> Result<Self, StoreError> {
        let store = Self::prepare(settings, entropy)?;
        drop(store.inner.connection().await?);
        Ok(store)
    }

    /// Like `connect`, but does not reach the database: for a service that must start, unready, while the database
    /// is down.
    pub fn prepare(settings: Settings, entropy: Entropy) -> Result<Self, StoreError> {
        let invalid = |reason: String| StoreError::Settings { reason };
        let mut config: Config = settings
            .url
            .expose_secret()
            .parse()
            // The parser's message may quote the URL, which may hold the password.
            .map_err(|_| invalid("the URL cannot be read".to_owned()))?;
        let mode = tls::mode(&config, settings.allow_plaintext).map_err(invalid)?;
        let tls = tls::connector(mode, settings.authorities.as_deref()).map_err(invalid)?;
        let timeouts = settings.timeouts;
        let told = [
            ("statement_timeout", timeouts.statement),
            ("lock_timeout", timeouts.lock),
            ("idle_in_transaction_session_timeout", timeouts.idle_in_transaction),
        ];
        let mut options = config.get_options().unwrap_or_default().to_owned();
        for (name, limit) in told {
            options.push_str(&format!(" -c {name}={}", limit.as_millis()));
        }
        config
            .ssl_mode(mode)
            .options(options.trim())
            .application_name(&settings.application)
            .connect_timeout(timeouts.connect)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(10));
        let login = FreshLogin { url_file: settings.url_file, tls, accepted: Arc::default() };
        let manager = Manager::from_connect(
            config.clone(),
            login.clone(),
            // A connection that died in the pool is detected before it is handed out.
            ManagerConfig { recycling_method: RecyclingMethod::Verified },
        );
        let pool = Pool::builder(manager)
            .runtime(Runtime::Tokio1)
            .max_size(settings.pool_size)
            .wait_timeout(Some(timeouts.pool))
            .create_timeout(Some(timeouts.connect + GRACE))
            .recycle_timeout(Some(timeouts.connect))
            .build()
            .map_err(|error| invalid(error.to_string()))?;
        let application = settings.application;
        let metrics = settings.measure.map(|measure| Metrics::new(measure, &pool));
        Ok(Self { inner: Arc::new(Inner { pool, config, login, application, timeouts, entropy, metrics }) })
    }

    /// Whether the database replies now and accepts changes; for readiness.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.transaction("ping", |tx| {
            Box::pin(async move {
                let sql = "select current_setting('transaction_read_only') = 'on' as read_only";
                let read_only: bool = tx.query_one(sql, &[]).await?.get("read_only")?;
                // The error that the first change would get.
                let told = || StoreError::Database {
                    sqlstate: "25006".to_owned(),
                    reason: "the database is read-only".to_owned(),
                };
                if read_only {
                    // A connection opened while the database was read-only stays read-only.
                    tx.spoil();
                    return Err(told());
                }
                Ok(())
            })
        })
        .await
    }

    /// Closes the pool. Connections in use close when their work ends.
    pub fn close(&self) {
        self.inner.pool.close();
    }
}

impl Inner {
    /// A connection of the pool.
    pub(crate) async fn connection(&self) -> Result<Pooled, StoreError> {
        let since = self.metrics.as_ref().map(Metrics::now).unwrap_or_default();
        let got = self.pool.get().await.map_err(StoreError::from);
        if let Some(metrics) = &self.metrics {
            metrics.waited(since, matches!(got, Err(StoreError::PoolBusy)));
        }
        got
    }

    /// Waits for the server's reply only as long as the server's own timeout allows: a frozen server, or a network
    /// that drops everything, never replies.
    pub(crate) async fn answered<T>(
        &self,
        call: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.timeouts.statement + GRACE, call).await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(_) => Err(StoreError::Unreachable { reason: "no answer in time".to_owned() }),
        }
    }

    /// A connection outside the pool, for work that needs one to itself.
    pub(crate) async fn own_connection(
        &self,
    ) -> Result<(Client, tokio_postgres::Connection<tokio_postgres::Socket, TlsStream>), StoreError> {
        self.in_time(self.login.open(&self.config)).await
    }

    /// Logs in once as somebody else.
    pub(crate) async fn log_in(&self, config: &Config) -> Result<Client, StoreError> {
        let (client, connection) = self.in_time(config.connect(self.login.tls.clone())).await?;
        // It ends with the client.
        tokio::spawn(connection);
        Ok(client)
    }

    async fn in_time<T>(
        &self,
        opening: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        tokio::time::timeout(self.timeouts.connect + GRACE, opening)
            .await
            .map_err(|_| StoreError::Unreachable { reason: "no connection in time".to_owned() })?
            .map_err(|error| StoreError::connecting(&error))
    }
}

/// Logs each connection in with the file's current user and password, or with the last ones that the server accepted
/// while it refuses those: a new password is in the file before the server knows it, or after.
#[derive(Clone)]
pub(crate) struct FreshLogin {
    url_file: Option<std::path::PathBuf>,
    tls: MakeRustlsConnect,
    accepted: Arc<Mutex<Option<Config>>>,
}

impl FreshLogin {
    /// The configuration with the user and password now in the file. An unreadable file changes nothing.
    fn of(&self, config: &Config) -> Config {
        let mut config = config.clone();
        let text = self.url_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        if let Some(fresh) = text.and_then(|text| text.trim().parse::<Config>().ok()) {
            if let Some(user) = fresh.get_user() {
                config.user(user);
            }
            if let Some(password) = fresh.get_password() {
                config.password(password);
            }
        }
        config
    }

    async fn open(
        &self,
        config: &Config,
    ) -> Result<(Client, tokio_postgres::Connection<tokio_postgres::Socket, TlsStream>), tokio_postgres::Error>
    {
        let fresh = self.of(config);
        let accepted = || self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let error = match fresh.connect(self.tls.clone()).await {
            Ok(opened) => {
                *accepted() = Some(fresh);
                return Ok(opened);
            }
            Err(error) => error,
        };
        let is_refused = error.code().is_some_and(|code| refuses_login(code.code()));
        let before = accepted().clone().filter(|before| is_refused && *before != fresh);
        match before {
            // What the file says now is what a person must fix, if anything.
            Some(before) => before.connect(self.tls.clone()).await.map_err(|_| error),
            None => Err(error),
        }
    }
}

/// Whether the server refuses user or password: class 28.
pub(crate) fn refuses_login(sqlstate: &str) -> bool {
    sqlstate.starts_with("28")
}

impl Connect for FreshLogin {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>>
    {
        let config = config.clone();
        Box::pin(async move {
            let (client, connection) = self.open(&config).await?;
            let driven = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection to the database has ended");
                }
            });
            Ok((client, driven))
        })
    }
}

/// The TLS stream of an encrypted connection.
pub(crate) type TlsStream =
    <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream;

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("application", &self.inner.application).finish_non_exhaustive()
    }
}

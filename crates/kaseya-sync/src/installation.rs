//! The installation that a command works on: the configured one, or the one running in a data directory.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use bus::SharedBus;
use connection::Authenticator;
use domain::{Clock, Entropy, NOTABLE_SKEW, PartnerId};
use kaseya::{AllowedHosts, KaseyaSection};
use operations::Operations;
use runtime::{Config, Context, Database, VaultSection};
use scheduler::SchedulerSettings;
use store::{
    DatabaseSection, Store,
    access::Actor,
    settings::{self, PartnerSettings},
};
use tokio_util::sync::CancellationToken;
use vault::KeyRing;

use crate::{data_dir::DataDir, output};

/// `[kaseya]`. Its development switch is accepted only if no other machine can reach the program.
pub(crate) fn kaseya_section(config: &Config) -> anyhow::Result<KaseyaSection> {
    let section: KaseyaSection = config.section("kaseya")?;
    if section.allow_loopback_http {
        let reached_by = ["portal.address", "portal.proxies"];
        config.take_development_switch(KaseyaSection::ALLOW_LOOPBACK_HTTP, &reached_by)?;
    }
    Ok(section)
}

/// An installation with an open database connection.
pub(crate) struct Installation {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub entropy: Entropy,
    /// Cancelled when the command must end.
    pub stop: CancellationToken,
    context: Context,
    data_dir: Option<DataDir>,
}

impl Installation {
    /// Connects to its database; the tables must exist.
    pub async fn reach(context: &Context, data_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let data_dir = data_dir.map(DataDir::at);
        let mut section: DatabaseSection = context.config.section("database")?;
        if let Some(directory) = &data_dir {
            section.url_file = directory.url_file();
        }
        let reached = Database::connect(context, section.settings(context.name)?).await;
        let store = match &data_dir {
            Some(directory) => reached.with_context(|| {
                format!(
                    "is `kaseya-sync standalone --data-dir {0}` or `demo` running on {0}?",
                    directory.path().display()
                )
            })?,
            None => reached?,
        };
        let Database { store, clock } = Database::open(context, store).await?;
        let skew = clock.skew();
        if skew.unsigned_abs() > NOTABLE_SKEW {
            let side = if skew.is_negative() { "behind" } else { "ahead of" };
            output::tell(&format_args!(
                "this machine's clock is {} s {side} the installation's, which counts",
                skew.unsigned_abs().as_secs()
            ));
        }
        Ok(Self {
            store,
            clock,
            entropy: context.entropy.clone(),
            stop: context.shutdown.soft(),
            context: context.clone(),
            data_dir,
        })
    }

    /// The configured bus; `None` if everything runs in one process, because no other program can reach its bus.
    pub fn bus(&self) -> anyhow::Result<Option<SharedBus>> {
        if self.data_dir.is_some() {
            return Ok(None);
        }
        Ok(Some(self.context.broker()?))
    }

    /// The operations that execute orders; orders that need no bus can pass `None`.
    pub fn operations(&self, bus: Option<SharedBus>) -> anyhow::Result<Operations> {
        let (store, clock, entropy) = (self.store.clone(), Arc::clone(&self.clock), self.entropy.clone());
        Ok(Operations { store, bus, clock, entropy, spread: self.spread()? })
    }

    /// The actor of a command, for the security events.
    pub fn actor(name: &str) -> Actor {
        Actor { name: name.to_owned(), identity: None, address: None, trace_id: None }
    }

    /// The keys that seal passwords.
    pub fn keys(&self) -> anyhow::Result<KeyRing> {
        key_ring(&self.context.config, self.data_dir.as_ref())
    }

    /// Tries credentials, with the workers' settings.
    pub fn authenticator(&self, keys: Arc<KeyRing>) -> anyhow::Result<Authenticator> {
        let bms = kaseya_section(&self.context.config)?.client(Arc::clone(&self.clock))?;
        Ok(Authenticator { store: self.store.clone(), bms, keys, clock: Arc::clone(&self.clock) })
    }

    /// The hosts that custom API addresses may use, as for the workers.
    pub fn allowed_hosts(&self) -> anyhow::Result<AllowedHosts> {
        Ok(kaseya_section(&self.context.config)?.allowed_hosts())
    }

    /// The period over which the scheduler spreads partners due at the same hour.
    pub fn spread(&self) -> anyhow::Result<std::time::Duration> {
        Ok(self.context.config.section::<SchedulerSettings>("scheduler")?.spread)
    }

    /// A partner's settings; a helpful error if the partner does not exist.
    pub async fn partner(&self, id: &str) -> anyhow::Result<PartnerSettings> {
        let partner = PartnerId::new(id)?;
        let settings =
            self.store.transaction("read_partner", |tx| Box::pin(settings::read(tx, &partner))).await?;
        match settings {
            Some(settings) => Ok(settings),
            None => {
                let known = self
                    .store
                    .transaction("list_partners", |tx| Box::pin(settings::partners(tx, 10)))
                    .await?;
                let known: Vec<String> = known.iter().map(ToString::to_string).collect();
                anyhow::bail!(
                    "there is no partner {partner}{}",
                    if known.is_empty() {
                        "; `kaseya-sync apply FILE` stores one".to_owned()
                    } else {
                        format!("; there are: {}", known.join(", "))
                    }
                )
            }
        }
    }
}

/// The keys of the data directory, otherwise of the configuration.
pub(crate) fn key_ring(config: &Config, data_dir: Option<&DataDir>) -> anyhow::Result<KeyRing> {
    let file = match data_dir {
        Some(directory) => directory.key_ring_file(),
        None => config.section::<VaultSection>("vault")?.key_ring_file,
    };
    KeyRing::read(&file).with_context(|| {
        format!("{} is no key ring; `kaseya-sync keys new --file FILE` makes one", file.display())
    })
}

//! The database of a program: the store, its schema, and the installation's clock.

use std::sync::Arc;

use domain::Clock;
use store::{CalibratedClock, DatabaseSection, Measure, Settings, Store, StoreError};

use crate::config_error::ConfigError;
use crate::context::Context;

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// `[database]` is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be reached, or its tables are not those of this program.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not tell the time.
    #[error("asking the database for the time")]
    Clock(#[source] StoreError),
}

/// An open database with current tables, and the installation's clock.
#[derive(Debug, Clone)]
pub struct Database {
    /// The database.
    pub store: Store,
    /// Its time: the installation's.
    pub clock: Arc<CalibratedClock>,
}

impl Database {
    /// For a service: opens the database of `[database]` and shows it on `/readyz` and `/metrics`.
    ///
    /// # Errors
    /// If the section is invalid, or the database cannot be reached or has no current tables.
    pub async fn serve(context: &Context) -> Result<Self, DatabaseError> {
        let section: DatabaseSection = context.config.section("database")?;
        let store = Self::connect(context, section.settings(context.name)?).await?;
        Ok(Self::open(context, store).await?.shown(context))
    }

    /// Reaches a database, whatever tables it has. What its transactions do is shown on `/metrics`.
    ///
    /// # Errors
    /// If the settings are invalid, or the database cannot be reached.
    pub async fn connect(context: &Context, settings: Settings) -> Result<Store, StoreError> {
        let measure = Measure { meter: context.meter.clone(), clock: Arc::clone(&context.clock) };
        Store::connect(Settings { measure: Some(measure), ..settings }, context.entropy.clone()).await
    }

    /// Requires current tables and starts the installation's clock, which runs until the program stops.
    ///
    /// # Errors
    /// If the tables are not current, or the database does not tell the time.
    pub async fn open(context: &Context, store: Store) -> Result<Self, DatabaseError> {
        store.require_current_schema().await?;
        let clock = CalibratedClock::start(&store, Arc::clone(&context.clock), context.shutdown.soft())
            .await
            .map_err(DatabaseError::Clock)?;
        Ok(Self { store, clock: Arc::new(clock) })
    }

    /// Shows the database and how far its clock is from this machine's on `/readyz`, until the program stops.
    #[must_use]
    pub fn shown(self, context: &Context) -> Self {
        context.watch_clock(Arc::clone(&self.clock) as Arc<dyn Clock>);
        context.health.dependency_with_fault("postgres", self.store.fault(context.shutdown.soft()));
        self
    }
}

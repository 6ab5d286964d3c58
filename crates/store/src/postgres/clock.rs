//! The installation's time. It is Postgres's, so that all programs agree.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{Clock, NOTABLE_SKEW};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{Store, StoreError};

/// How often to ask the database.
const REFRESH: Duration = Duration::from_secs(10);
/// A slower reply is discarded: it says too little about when the database read its clock.
const SLOWEST: Duration = Duration::from_secs(1);

/// A clock that shows the database's time. Between replies it counts on with this machine's monotonic clock, so a
/// step of this machine's wall clock moves nothing, and programs on several machines agree to a fraction of a
/// second.
#[derive(Clone)]
pub struct CalibratedClock {
    base: Arc<dyn Clock>,
    /// The database's time (first) when `base.monotonic()` read the second.
    mark: Arc<RwLock<(Timestamp, Duration)>>,
}

impl CalibratedClock {
    /// Asks the database now, then every ten seconds until `stop`. `base` supplies the monotonic time.
    pub async fn start(
        store: &Store,
        base: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let (mark, _) = ask(store, &*base).await?;
        let clock = Self { base, mark: Arc::new(RwLock::new(mark)) };
        clock.tell_of_skew();
        let (store, kept) = (store.clone(), clock.clone());
        tokio::spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(REFRESH)).await.is_some() {
                if let Err(error) = kept.calibrate(&store).await {
                    tracing::warn!(%error, "the clock runs on without the database's time");
                }
                kept.tell_of_skew();
            }
        });
        Ok(clock)
    }

    /// Logs a warning if this machine's clock is off.
    fn tell_of_skew(&self) {
        let skew = self.skew();
        if skew.unsigned_abs() > NOTABLE_SKEW {
            tracing::warn!(
                seconds_ahead = skew.as_secs(),
                "this machine's clock is not the database's; what is stored goes by the database's"
            );
        }
    }

    /// Asks the database for the time again.
    pub async fn calibrate(&self, store: &Store) -> Result<(), StoreError> {
        let (mark, took) = ask(store, &*self.base).await?;
        if took <= SLOWEST {
            *self.mark.write().unwrap_or_else(PoisonError::into_inner) = mark;
        }
        Ok(())
    }
}

/// The only place where a statement asks the database for the time. Returns the mark and how long the reply took.
async fn ask(store: &Store, base: &dyn Clock) -> Result<((Timestamp, Duration), Duration), StoreError> {
    store
        .transaction("clock", |tx| {
            Box::pin(async move {
                // Prepared first, so that only one round trip lies between the two readings of the clock.
                let sql = "select clock_timestamp() as now";
                tx.query_one(sql, &[]).await?;
                let asked = base.monotonic();
                let row = tx.query_one(sql, &[]).await?;
                let took = base.monotonic().saturating_sub(asked);
                Ok(((row.get("now")?, asked + took / 2), took))
            })
        })
        .await
}

impl Clock for CalibratedClock {
    fn now(&self) -> Timestamp {
        let (time, at) = *self.mark.read().unwrap_or_else(PoisonError::into_inner);
        let since = self.base.monotonic().saturating_sub(at);
        // Overflows only after thousands of years of uptime.
        time.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.base.monotonic()
    }

    fn skew(&self) -> SignedDuration {
        self.base.now().duration_since(self.now())
    }
}

impl std::fmt::Debug for CalibratedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalibratedClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

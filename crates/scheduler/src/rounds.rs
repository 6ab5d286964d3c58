//! Loops that look at the tables periodically.

use std::{fmt::Display, time::Duration};

use bus::BusError;
use domain::{Backoff, Entropy};
use runtime::Progress;
use store::WakeUps;
use tokio_util::sync::CancellationToken;

/// Waits between tries while database or bus are away.
pub(crate) const RETRY: Backoff =
    Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(5) };

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// Nothing more is due.
    Through,
    /// There may be more.
    More,
    /// The bus did not accept everything: the next round comes after a pause.
    BusFailed,
}

impl Round {
    /// The result of a round that takes at most `most`: a full one may have left some.
    pub(crate) fn after(taken: usize, most: i64) -> Self {
        let is_full = i64::try_from(taken).is_ok_and(|taken| taken >= most);
        if is_full { Self::More } else { Self::Through }
    }
}

/// A loop of rounds.
pub(crate) struct Rounds {
    pub(crate) name: &'static str,
    /// The interval without a wake-up.
    pub(crate) every: Duration,
    pub(crate) progress: Progress,
    pub(crate) entropy: Entropy,
    pub(crate) stop: CancellationToken,
}

/// What else begins a round.
pub(crate) enum Wake {
    /// Nothing.
    Never,
    /// The ledger has changed.
    Ledger(WakeUps),
}

impl Wake {
    async fn wait(&mut self, at_most: Duration) {
        match self {
            Self::Never => tokio::time::sleep(at_most).await,
            Self::Ledger(wake_ups) => wake_ups.wait(at_most).await,
        }
    }
}

impl Rounds {
    /// Runs rounds until it is stopped: at once when there is more to do, after `every` when all is done, and after a
    /// growing backoff when something failed.
    pub(crate) async fn go<F, E>(self, mut wake: Wake, round: impl Fn() -> F) -> Result<(), BusError>
    where
        F: Future<Output = Result<Round, E>>,
        E: Display,
    {
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            let result = round().await;
            self.progress.mark();
            let wait = match result {
                Ok(Round::More) => continue,
                Ok(Round::Through) => {
                    failures = 0;
                    self.stop.run_until_cancelled(wake.wait(self.every)).await;
                    continue;
                }
                Ok(Round::BusFailed) => RETRY.wait(failures, self.entropy.fraction()),
                Err(error) => {
                    let wait = RETRY.wait(failures, self.entropy.fraction());
                    tracing::warn!(round = self.name, %error, ?wait, "a round failed; again");
                    wait
                }
            };
            failures = failures.saturating_add(1);
            self.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        }
        Ok(())
    }
}

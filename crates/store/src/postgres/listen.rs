//! Wake-ups: another program signals that there is work to do.

use std::{future::poll_fn, time::Duration};

use domain::Backoff;
use tokio::sync::watch;
use tokio_postgres::AsyncMessage;
use tokio_util::sync::CancellationToken;

use crate::{Store, StoreError};

/// How long to wait before listening again.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };

/// Wake-ups of one channel. They are only hints and may get lost, so the caller also checks from time to time.
#[derive(Debug)]
pub struct WakeUps(watch::Receiver<()>);

impl WakeUps {
    /// Waits for a wake-up, at most `at_most`. A wake-up since the last wait counts.
    pub async fn wait(&mut self, at_most: Duration) {
        let woken = async {
            if self.0.changed().await.is_err() {
                // The listener has ended: the caller can only check from time to time.
                std::future::pending::<()>().await;
            }
        };
        // With or without a wake-up, the caller checks now.
        let _ = tokio::time::timeout(at_most, woken).await;
    }
}

/// What a listener receives.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Heard<'a> {
    /// Listening starts now; earlier notifications may be lost.
    Listening,
    /// A notification with this payload.
    Said(&'a str),
}

impl Store {
    /// Listens on `channel` until `stop`, on a connection of its own that is opened again whenever it breaks. Each
    /// reconnect counts as a wake-up, because one may have been lost.
    pub fn listen(&self, channel: &'static str, stop: CancellationToken) -> WakeUps {
        let (wake, wake_ups) = watch::channel(());
        let store = self.clone();
        tokio::spawn(async move {
            let wake = |_: Heard<'_>| wake.send_replace(());
            stop.run_until_cancelled(store.keep_listening(channel, &wake)).await;
        });
        WakeUps(wake_ups)
    }

    /// Passes every notification on `channel` to `heard`, and every (re)start of listening.
    pub(crate) async fn keep_listening(&self, channel: &str, heard: &(dyn Fn(Heard<'_>) + Sync)) {
        let mut failures = 0;
        loop {
            let Err(error) = self.listen_once(channel, heard, &mut failures).await;
            let wait = BACKOFF.wait(failures, self.inner.entropy.fraction());
            failures = failures.saturating_add(1);
            tracing::warn!(channel, %error, ?wait, "no longer listening; again");
            tokio::time::sleep(wait).await;
        }
    }

    /// Returns only on failure.
    async fn listen_once(
        &self,
        channel: &str,
        heard: &(dyn Fn(Heard<'_>) + Sync),
        failures: &mut u32,
    ) -> Result<std::convert::Infallible, StoreError> {
        let (client, mut connection) = self.inner.own_connection().await?;
        let command = format!("listen \"{}\"", channel.replace('"', "\"\""));
        let listening = self.inner.answered(client.batch_execute(&command));
        tokio::pin!(listening);
        let mut listens = false;
        loop {
            // The connection makes progress only while polled, so both run concurrently.
            tokio::select! {
                answer = &mut listening, if !listens => {
                    answer?;
                    listens = true;
                    *failures = 0;
                    heard(Heard::Listening);
                }
                message = poll_fn(|context| connection.poll_message(context)) => match message {
                    Some(Ok(AsyncMessage::Notification(said))) => heard(Heard::Said(said.payload())),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(StoreError::connecting(&error)),
                    None => return Err(StoreError::Unreachable { reason: "the connection ended".to_owned() }),
                },
            }
        }
    }
}

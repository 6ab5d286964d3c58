//! Whether the database can be reached, for readiness.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Store;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(2);

impl Store {
    /// Follows whether the database answers, until `stop`.
    pub fn reachable(&self, stop: CancellationToken) -> watch::Receiver<bool> {
        let (tell, told) = watch::channel(true);
        let store = self.clone();
        tokio::spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
                let answers = store.ping().await.is_ok();
                tell.send_if_modified(|told| std::mem::replace(told, answers) != answers);
            }
        });
        told
    }
}

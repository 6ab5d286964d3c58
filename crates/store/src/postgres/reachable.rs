//! Whether the database serves, for readiness.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Store;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(2);

impl Store {
    /// Follows why the database cannot be worked with, until `stop`; `None` while it can.
    pub fn fault(&self, stop: CancellationToken) -> watch::Receiver<Option<String>> {
        let (tell, told) = watch::channel(None);
        let store = self.clone();
        tokio::spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
                let fault = store.ping().await.err().map(|error| error.to_string());
                tell.send_if_modified(|told| {
                    let changed = *told != fault;
                    *told = fault;
                    changed
                });
            }
        });
        told
    }
}

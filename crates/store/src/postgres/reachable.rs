//! Whether the database is ready.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Store;

/// How often to check the database.
const EVERY: Duration = Duration::from_secs(2);

impl Store {
    /// Watches the reason why the database is unusable, until `stop`; `None` while it is usable.
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

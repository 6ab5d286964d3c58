//! Notifications of changes, for pages that update without a reload.

use domain::PartnerId;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{Store, postgres::listen::Heard};

/// Triggers on the tables that pages show notify this channel.
const CHANNEL: &str = "portal";

/// More than arrive while one page is rendered. A listener that falls further behind learns that it may have missed
/// some.
const KEPT: usize = 256;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerChange {
    /// Something of this partner: a status, a run, a hold, the integration.
    Of(PartnerId),
    /// Possibly anything: the connection was opened again, or too many changes came in between.
    Unknown,
}

/// One listener's stream of changes.
#[derive(Debug)]
pub struct PartnerChanges {
    sender: broadcast::Sender<PartnerChange>,
    receiver: broadcast::Receiver<PartnerChange>,
}

impl Clone for PartnerChanges {
    /// Another listener on the same connection. It receives changes from now on.
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), receiver: self.sender.subscribe() }
    }
}

impl PartnerChanges {
    /// Waits for the next change.
    pub async fn next(&mut self) -> PartnerChange {
        // Nothing more arrives after the stop: we own the sender, so the channel never closes.
        self.receiver.recv().await.unwrap_or(PartnerChange::Unknown)
    }
}

impl Store {
    /// Listens until `stop` for changes of any partner, on a connection of its own that is opened again whenever it
    /// breaks. Each reconnect yields a [`PartnerChange::Unknown`].
    pub fn partner_changes(&self, stop: CancellationToken) -> PartnerChanges {
        let (sender, receiver) = broadcast::channel(KEPT);
        let changes = PartnerChanges { sender: sender.clone(), receiver };
        let store = self.clone();
        tokio::spawn(async move {
            let tell = |heard: Heard<'_>| {
                let change = match heard {
                    Heard::Said(partner) => PartnerId::new(partner).map(PartnerChange::Of).ok(),
                    Heard::Listening => None,
                };
                // An error means no listener, so nothing is missed.
                let _ = sender.send(change.unwrap_or(PartnerChange::Unknown));
            };
            stop.run_until_cancelled(store.keep_listening(CHANNEL, &tell)).await;
        });
        changes
    }
}

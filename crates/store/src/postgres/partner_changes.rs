//! Word of what has changed, for pages that show it without being loaded again.

use domain::PartnerId;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{Store, postgres::listen::Heard};

/// Told by triggers of the tables that pages show.
const CHANNEL: &str = "portal";

/// More than come in while one page is drawn; who falls further behind is told that it may have missed some.
const KEPT: usize = 256;

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerChange {
    /// Something of this partner: a status, a run, a hold, its integration.
    Of(PartnerId),
    /// Perhaps anything: the connection was made anew, or too much has happened meanwhile.
    Unknown,
}

/// One listener's changes.
#[derive(Debug)]
pub struct PartnerChanges {
    sender: broadcast::Sender<PartnerChange>,
    receiver: broadcast::Receiver<PartnerChange>,
}

impl Clone for PartnerChanges {
    /// Another listener on the same connection, who hears what is said from now on.
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), receiver: self.sender.subscribe() }
    }
}

impl PartnerChanges {
    /// The next change.
    pub async fn next(&mut self) -> PartnerChange {
        // Nobody says anything else once it is stopped: the sender is our own, so the channel never closes.
        self.receiver.recv().await.unwrap_or(PartnerChange::Unknown)
    }
}

impl Store {
    /// Listens until `stop` for what changes of any partner, on a connection of its own that is made again whenever it
    /// breaks; each time it is made is a [`PartnerChange::Unknown`].
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
                // Without a listener nothing is missed.
                let _ = sender.send(change.unwrap_or(PartnerChange::Unknown));
            };
            stop.run_until_cancelled(store.keep_listening(CHANNEL, &tell)).await;
        });
        changes
    }
}

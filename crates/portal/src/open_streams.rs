//! The open streams of changes, counted by session and by network.

use std::net::IpAddr;

use crate::{
    client_address::ClientAddress,
    slots::{Most, Slot, Slots},
    visit::Visit,
};

/// Each open page keeps one; a browser opens no more than six of HTTP/1.1 to one host.
const OF_A_SESSION: Most = Most { of_one: 20, in_all: 4_000 };
/// An office behind one address.
const OF_A_NETWORK: Most = Most { of_one: 400, in_all: 4_000 };

/// The streams that are open.
#[derive(Debug, Clone)]
pub(crate) struct OpenStreams {
    of_sessions: Slots<[u8; 32]>,
    of_networks: Slots<IpAddr>,
}

impl Default for OpenStreams {
    fn default() -> Self {
        Self { of_sessions: Slots::new(OF_A_SESSION), of_networks: Slots::new(OF_A_NETWORK) }
    }
}

/// The slots of one stream.
pub(crate) type Taken = (Slot<[u8; 32]>, Slot<IpAddr>);

impl OpenStreams {
    pub(crate) fn take(&self, visit: &Visit, client: ClientAddress) -> Option<Taken> {
        let of_session = self.of_sessions.take(visit.person.session())?;
        Some((of_session, self.of_networks.take(client.network())?))
    }
}

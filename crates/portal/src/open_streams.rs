//! The open streams of changes, counted by session and by network.

use std::net::IpAddr;

use crate::slots::{Most, Slot, Slots};

/// Each open page holds one stream; a browser opens at most six HTTP/1.1 connections to a host.
const OF_A_SESSION: Most = Most { of_one: 20, in_all: 4_000 };
/// An office behind one address.
const OF_A_NETWORK: Most = Most { of_one: 400, in_all: 4_000 };

/// The open streams.
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
    /// Takes the slots of one more stream for this session and network; `None` if either has reached its limit.
    pub(crate) fn take(&self, session: [u8; 32], network: IpAddr) -> Option<Taken> {
        let of_session = self.of_sessions.take(session)?;
        Some((of_session, self.of_networks.take(network)?))
    }
}

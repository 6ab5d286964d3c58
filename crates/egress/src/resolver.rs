//! Resolves names and checks the addresses: the connection gets only those that passed.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{GuardRefusal, address::is_public, guard::LOOPBACK_NAME};

/// Asks the system, or a table in tests.
pub(crate) type Lookup =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

pub(crate) struct CheckedResolver {
    pub(crate) lookup: Lookup,
    pub(crate) allow_loopback: bool,
}

/// The machine's own resolver.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.allow_loopback && name.as_str() == LOOPBACK_NAME;
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = found.await?;
            let fits = |address: &IpAddr| if loopback { address.is_loopback() } else { is_public(*address) };
            // One address inside is enough to refuse: an honest name has none.
            if addresses.is_empty() || !addresses.iter().all(fits) {
                return Err(GuardRefusal::Address.into());
            }
            // Port 0 means the address's own port.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok::<Addrs, Box<dyn std::error::Error + Send + Sync>>(Box::new(addresses))
        })
    }
}

//! The client's address: the peer or, behind our own proxies, the address that the outermost of them saw.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

use crate::{Portal, failure::Failure};

/// The caller's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The network that limits count by: for IPv6 the first 64 bits, since one client owns every address below
    /// them.
    pub fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
            address => address,
        }
    }
}

impl FromRequestParts<Portal> for ClientAddress {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, portal).await;
        let ConnectInfo(peer) = peer.map_err(|error| Failure::Unavailable(error.to_string()))?;
        // A dual-stack socket shows an IPv4 client as IPv4-mapped IPv6; it must have the same address everywhere.
        Ok(Self(seen(&parts.headers, peer.ip(), portal.proxies).to_canonical()))
    }
}

fn seen(headers: &HeaderMap, peer: IpAddr, proxies: usize) -> IpAddr {
    let Some(before) = proxies.checked_sub(1) else { return peer };
    let seen = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let seen: Vec<&str> = seen.flat_map(|value| value.split(',')).map(str::trim).collect();
    // Anything before the addresses that our own proxies added can be forged.
    let ours = seen.iter().rev().nth(before);
    ours.and_then(|address| address.parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_client_is_whom_our_own_proxies_saw() {
        let peer: IpAddr = [10, 0, 0, 1].into();
        let told = |forwarded: &'static str, proxies| {
            let mut headers = HeaderMap::new();
            let _ = headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            seen(&headers, peer, proxies).to_string()
        };
        assert_eq!(told("1.1.1.1, 2.2.2.2", 0), "10.0.0.1");
        assert_eq!(told("1.1.1.1, 2.2.2.2", 1), "2.2.2.2");
        assert_eq!(told("9.9.9.9, 1.1.1.1, 2.2.2.2", 2), "1.1.1.1");
        assert_eq!(told("made up", 1), "10.0.0.1");
        assert_eq!(told("1.1.1.1", 2), "10.0.0.1");
    }

    #[test]
    fn case_f6_an_ipv6_client_counts_by_its_64_bit_network() {
        let network = |text: &str| ClientAddress(text.parse().expect("an address")).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:3::1"), "2001:db8:1:3::");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }
}

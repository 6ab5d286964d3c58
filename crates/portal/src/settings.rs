//! The section `[portal]`.

use std::{net::SocketAddr, time::Duration};

use runtime::SecretFile;
use serde::Deserialize;
use url::Url;

/// The configuration of the portal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalSettings {
    /// The listen address.
    pub address: SocketAddr,
    /// Whether browsers reach it over plain HTTP: only for a browser on this machine.
    pub plain_http: bool,
    /// The number of proxies in front of it. Required unless `plain_http` is set, where it may be absent.
    pub proxies: Option<usize>,
    /// The scheduler's spread of partners due in the same hour.
    #[serde(with = "runtime::duration")]
    pub spread: Duration,
    /// Sign-in by OpenID Connect; absent if not offered.
    #[serde(default)]
    pub oidc: Option<OidcSettings>,
}

/// The section `[portal.oidc]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// The identity provider's issuer URL; its metadata is read there.
    pub issuer: String,
    /// The portal's client id at the provider.
    pub client_id: String,
    /// The file with the client secret.
    pub client_secret_file: SecretFile,
    /// The portal's URL for browsers; the provider redirects back to it.
    pub public_url: Url,
}

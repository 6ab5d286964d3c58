//! The section `[portal]`.

use std::{net::SocketAddr, time::Duration};

use runtime::SecretFile;
use serde::Deserialize;
use url::Url;

/// What is configured of the portal itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether browsers reach it over plain http: for one on this very machine alone.
    pub plain_http: bool,
    /// How many proxies stand in front of it. It must be set unless `plain_http`, where there may be none.
    pub proxies: Option<usize>,
    /// The scheduler's spread of partners that are due at one hour.
    #[serde(with = "runtime::duration")]
    pub spread: Duration,
    /// Sign-in by OpenID Connect, where it is offered.
    #[serde(default)]
    pub oidc: Option<OidcSettings>,
}

/// The section `[portal.oidc]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// The identity provider, by the name that it has itself; what it offers is read there.
    pub issuer: String,
    /// As what the portal is registered there.
    pub client_id: String,
    /// The secret that belongs to it.
    pub client_secret_file: SecretFile,
    /// The portal, as browsers reach it: the provider leads them back there.
    pub public_url: Url,
}

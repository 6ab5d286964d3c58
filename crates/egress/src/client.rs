//! The HTTP client.

use std::{io::Read as _, time::Duration};

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use reqwest::{Client, header, redirect};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    Body, EgressError, GuardRefusal, Method, Request, Response, guard,
    resolver::{CheckedResolver, Lookup, system_lookup},
};

/// Maximum size of a response in bytes, both as sent and unpacked.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// Time limit for resolution, connection and TLS together. Without a connection by then, the request was certainly
/// not sent.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Our user agent.
pub(crate) const USER_AGENT: &str = concat!("kaseya-sync/", env!("CARGO_PKG_VERSION"));

/// Shorter than most servers' idle timeout, so that a kept connection is seldom found closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct EgressSettings {
    /// Development only: allows http to loopback with a port.
    pub allow_loopback_http: bool,
}

/// The only way out for requests to customers' hosts. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Egress {
    client: Client,
    settings: EgressSettings,
}

/// The client could not be set up: the machine's TLS roots are unreadable.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub struct SetupError(#[from] reqwest::Error);

impl Egress {
    /// A client with its own connections.
    pub fn new(settings: EgressSettings) -> Result<Self, SetupError> {
        Self::with_lookup(settings, system_lookup())
    }

    fn with_lookup(settings: EgressSettings, lookup: Lookup) -> Result<Self, SetupError> {
        #[expect(clippy::disallowed_methods, reason = "this is the network's owner")]
        let client = Client::builder()
            .dns_resolver(CheckedResolver { lookup, allow_loopback: settings.allow_loopback_http })
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self { client, settings })
    }

    /// Whether plain http to loopback is allowed.
    pub fn allows_loopback_http(&self) -> bool {
        self.settings.allow_loopback_http
    }

    /// Sends `request` once and reads the whole response.
    pub async fn send(&self, request: Request) -> Result<Response, EgressError> {
        guard::check(&request.url, self.settings.allow_loopback_http)?;
        let built = self.build(request)?;
        let response = self.client.execute(built).await.map_err(|error| classify(&error))?;
        if response.status().is_redirection() {
            return Err(EgressError::Redirect);
        }
        let text =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (content_type, retry_after) = (text(header::CONTENT_TYPE), text(header::RETRY_AFTER));
        let packed = text(header::CONTENT_ENCODING).is_some_and(|kind| kind.eq_ignore_ascii_case("gzip"));
        let status = response.status().as_u16();
        let sent = body(response).await?;
        let body = if packed { unpacked(&sent)? } else { sent };
        Ok(Response { status, content_type, retry_after, body })
    }

    fn build(&self, request: Request) -> Result<reqwest::Request, EgressError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut builder = self.client.request(method, request.url).timeout(request.timeout);
        builder = builder.header(header::ACCEPT, "application/json").header(header::ACCEPT_ENCODING, "gzip");
        if !request.query.is_empty() {
            builder = builder.query(&request.query);
        }
        // The library marks the token's header as sensitive, so no trace shows it.
        if let Some(token) = &request.bearer {
            builder = builder.bearer_auth(token.expose_secret());
        }
        builder = match request.body {
            Body::None => builder,
            Body::Form(fields) => builder.form(&exposed(&fields)),
            Body::Json(value) => builder.json(&value),
            Body::JsonText(text) => builder.header(header::CONTENT_TYPE, "application/json").body(text),
        };
        builder.build().map_err(|_| EgressError::Request)
    }
}

fn exposed<'a>(fields: &'a [(&'static str, SecretString)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.expose_secret())).collect()
}

pub(crate) async fn body(mut response: reqwest::Response) -> Result<Bytes, EgressError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(EgressError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Unpacked here and not by the HTTP library, which counts only the unpacked bytes: a stream that never yields any
/// would never end.
fn unpacked(sent: &[u8]) -> Result<Bytes, EgressError> {
    let mut body = Vec::new();
    let most = MAX_BODY as u64 + 1;
    MultiGzDecoder::new(sent).take(most).read_to_end(&mut body).map_err(|_| EgressError::Broken)?;
    if body.len() > MAX_BODY { Err(EgressError::TooLarge) } else { Ok(body.into()) }
}

/// A request that is not certainly unsent counts as possibly arrived.
pub(crate) fn classify(error: &reqwest::Error) -> EgressError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<GuardRefusal>() {
            return EgressError::Guard(*refusal);
        }
        cause = inner.source();
    }
    if error.is_dns() {
        EgressError::Resolve
    } else if error.is_connect() {
        EgressError::Connect
    } else if error.is_builder() {
        EgressError::Request
    } else if error.is_timeout() {
        EgressError::TimedOut
    } else {
        EgressError::Broken
    }
}

#[cfg(test)]
mod tests;

//! The client.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, header, redirect};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    Body, EgressError, GuardRefusal, Method, Request, Response, guard,
    resolver::{CheckedResolver, Lookup, system_lookup},
};

/// The largest answer that is taken, decompressed.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// How long name, connection and TLS may take together; what is not connected by then was surely not sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than servers' usual patience, so that a kept connection is seldom found closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// What can be set.
#[derive(Debug, Clone, Copy, Default)]
pub struct EgressSettings {
    /// Development only: http to loopback with a port is let out.
    pub allow_loopback_http: bool,
}

/// The one way out. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Egress {
    client: Client,
    settings: EgressSettings,
}

/// The client could not be set up: the machine's TLS roots cannot be read.
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
            .gzip(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("kaseya-sync/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, settings })
    }

    /// Sends `request` once and takes the whole answer.
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
        let status = response.status().as_u16();
        Ok(Response { status, content_type, retry_after, body: body(response).await? })
    }

    fn build(&self, request: Request) -> Result<reqwest::Request, EgressError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut builder = self.client.request(method, request.url).timeout(request.timeout);
        builder = builder.header(header::ACCEPT, "application/json");
        if !request.query.is_empty() {
            builder = builder.query(&request.query);
        }
        // The token's header is marked sensitive by the library, so that no trace shows it.
        if let Some(token) = &request.bearer {
            builder = builder.bearer_auth(token.expose_secret());
        }
        builder = match &request.body {
            Body::None => builder,
            Body::Form(fields) => builder.form(&exposed(fields)),
            Body::Json(value) => builder.json(value),
        };
        builder.build().map_err(|_| EgressError::Request)
    }
}

fn exposed<'a>(fields: &'a [(&'static str, SecretString)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.expose_secret())).collect()
}

async fn body(mut response: reqwest::Response) -> Result<Bytes, EgressError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(EgressError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whatever is not surely unsent counts as perhaps arrived.
fn classify(error: &reqwest::Error) -> EgressError {
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
mod tests {
    use std::{
        net::IpAddr,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use url::Url;

    use super::*;

    fn get(url: &str) -> Request {
        Request {
            method: Method::Get,
            url: Url::parse(url).unwrap(),
            query: Vec::new(),
            bearer: None,
            body: Body::None,
            timeout: Duration::from_secs(30),
        }
    }

    /// Answers a name's lookups with these addresses in turn, the last one for ever.
    fn names(answers: Vec<Vec<&'static str>>) -> Lookup {
        let asked = AtomicUsize::new(0);
        let answers: Vec<Vec<IpAddr>> =
            answers.iter().map(|list| list.iter().map(|text| text.parse().unwrap()).collect()).collect();
        Arc::new(move |_| {
            let nth = asked.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
            let answer = answers[nth].clone();
            Box::pin(async move { Ok(answer) })
        })
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_each_time_it_is_asked() {
        for inside in
            ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1", "fd00::1"]
        {
            for allow_loopback_http in [false, true] {
                let settings = EgressSettings { allow_loopback_http };
                let egress = Egress::with_lookup(settings, names(vec![vec![inside]])).unwrap();
                for _ in 0..2 {
                    let error = egress.send(get("https://bms.evil.example/")).await.unwrap_err();
                    assert_eq!(error, EgressError::Guard(GuardRefusal::Address), "{inside}");
                    assert!(!error.may_have_arrived());
                }
            }
        }
    }

    #[tokio::test]
    async fn only_the_public_ones_of_mixed_addresses_reach_the_connection() {
        use std::str::FromStr as _;

        use reqwest::dns::{Name, Resolve as _};

        let lookup = names(vec![vec!["127.0.0.1", "1.1.1.1", "::1", "2606:4700::1"]]);
        let resolver = CheckedResolver { lookup, allow_loopback: true };
        let passed = resolver.resolve(Name::from_str("bms.example.com").unwrap()).await.unwrap();
        let passed: Vec<String> = passed.map(|address| address.ip().to_string()).collect();
        assert_eq!(passed, ["1.1.1.1", "2606:4700::1"]);
    }

    #[tokio::test]
    async fn a_name_that_turns_inside_after_it_was_public_is_refused_then() {
        use std::str::FromStr as _;

        use reqwest::dns::{Name, Resolve as _};

        let lookup = names(vec![vec!["1.1.1.1"], vec!["127.0.0.1"]]);
        let resolver = CheckedResolver { lookup, allow_loopback: true };
        let resolve = || resolver.resolve(Name::from_str("rebinding.example").unwrap());
        assert_eq!(resolve().await.unwrap().count(), 1);
        let refusal = resolve().await.err().and_then(|error| error.downcast::<GuardRefusal>().ok());
        assert_eq!(refusal.as_deref(), Some(&GuardRefusal::Address));
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_was_not_sent() {
        let lookup: Lookup = Arc::new(|_| Box::pin(async { Err(std::io::Error::other("no such name")) }));
        let egress = Egress::with_lookup(EgressSettings::default(), lookup).unwrap();
        let error = egress.send(get("https://nowhere.example/")).await.unwrap_err();
        assert_eq!(error, EgressError::Resolve);
        assert!(!error.may_have_arrived());
    }
}

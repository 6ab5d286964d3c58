//! The client for hosts that the operator sets, e.g. an identity provider: they may be in our own networks.

use std::time::Duration;

use reqwest::{Client, redirect};

use crate::{
    EgressError, GuardRefusal, SetupError,
    client::{CONNECT_TIMEOUT, USER_AGENT, body, classify},
};

/// A person waits in a browser for the response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client for addresses from the configuration, or from a document read there. It does not check where they lead,
/// but requires https except on this machine.
#[derive(Debug, Clone)]
pub struct OperatorSet {
    client: Client,
}

impl OperatorSet {
    /// A client with its own connections.
    pub fn new() -> Result<Self, SetupError> {
        #[expect(clippy::disallowed_methods, reason = "this is the network's owner")]
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self { client })
    }

    /// Sends `request` once and reads the whole response. Redirects are not followed.
    pub async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, EgressError> {
        let request = reqwest::Request::try_from(request).map_err(|_| EgressError::Request)?;
        if !is_private(request.url()) {
            return Err(GuardRefusal::Scheme.into());
        }
        let response = self.client.execute(request).await.map_err(|error| classify(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut answer = http::Response::new(body(response).await?.to_vec());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

/// Whether the request cannot be read on the way: it uses TLS, or stays on this machine.
fn is_private(url: &url::Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_leaves_the_machine_over_tls_alone() {
        let private = |text: &str| is_private(&text.parse().expect("an address"));
        assert!(private("https://login.example/token"));
        assert!(private("https://10.0.0.7:8443/token"));
        assert!(private("http://127.0.0.1:8080/token"));
        assert!(private("http://[::1]:8080/token"));
        assert!(!private("http://login.example/token"));
        assert!(!private("http://10.0.0.7/token"));
        assert!(!private("http://localhost.example/token"));
    }
}

//! `/log-filter`: the log filter, read by GET and changed by PUT, as plain text.
//!
//! At `trace` libraries write what they send, passwords included, so only a caller on the program's own machine (or in
//! its pod) is answered, wherever the port is open to. A page in a browser there is such a caller too: it may reach the
//! port under a name of its own that it lets resolve to this machine, so any name but `localhost` is refused.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::log_filter::{ADVICE, LogFilter};

/// Maximum size of a filter.
const MAX_FILTER_BYTES: usize = 4096;

#[derive(Clone)]
struct Page {
    filter: LogFilter,
    /// The program's own address: callers from it are on the same machine.
    own: IpAddr,
}

/// The page of a program that listens at `own`.
pub(crate) fn router(filter: LogFilter, own: IpAddr) -> Router {
    Router::new()
        .route("/log-filter", get(read).put(change))
        .layer(DefaultBodyLimit::max(MAX_FILTER_BYTES))
        .layer(middleware::from_fn(refuse_other_names))
        .with_state(Page { filter, own })
}

async fn read(State(page): State<Page>, ConnectInfo(caller): ConnectInfo<SocketAddr>) -> Response {
    if !page.is_own(caller) { elsewhere() } else { in_force(&page) }
}

async fn change(
    State(page): State<Page>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    text: String,
) -> Response {
    if !page.is_own(caller) {
        return elsewhere();
    }
    let text = text.trim();
    match page.filter.set(text) {
        Ok(()) => in_force(&page),
        Err(error) => {
            (StatusCode::BAD_REQUEST, format!("log filter `{text}`: {error}; {ADVICE}\n")).into_response()
        }
    }
}

async fn refuse_other_names(request: Request, next: Next) -> Response {
    if names_other_host(request.headers()) {
        let why =
            "the log filter is read and changed at an IP address or at `localhost`, under no other name\n";
        return (StatusCode::MISDIRECTED_REQUEST, why).into_response();
    }
    next.run(request).await
}

/// Whether the request is for a host name that DNS decides about. Browsers always send one; other callers need not.
fn names_other_host(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return false };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_none_or(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        !name.eq_ignore_ascii_case("localhost") && name.parse::<IpAddr>().is_err()
    })
}

impl Page {
    fn is_own(&self, caller: SocketAddr) -> bool {
        let caller = caller.ip().to_canonical();
        caller.is_loopback() || caller == self.own.to_canonical()
    }
}

fn in_force(page: &Page) -> Response {
    format!("{}\n", page.filter.text()).into_response()
}

fn elsewhere() -> Response {
    let why = "the log filter is for callers on the program's own machine: run `PROGRAM log-filter` there, or \
               forward the port\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::connect_info::MockConnectInfo;
    use axum::http::Method;
    use tower::ServiceExt as _;

    use super::*;

    /// The status of a request, with the filter after it.
    async fn answer(method: Method, caller: &str, body: &str) -> (StatusCode, String) {
        answer_at("localhost:9090", method, caller, body).await
    }

    async fn answer_at(host: &str, method: Method, caller: &str, body: &str) -> (StatusCode, String) {
        let (filter, _layer) = LogFilter::new::<tracing_subscriber::Registry>("info").unwrap();
        let caller: IpAddr = caller.parse().unwrap();
        let page = router(filter.clone(), IpAddr::from([192, 0, 2, 7]))
            .layer(MockConnectInfo(SocketAddr::from((caller, 4711))));
        let request = Request::builder().method(method).uri("/log-filter").header(header::HOST, host);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        (page.oneshot(request).await.unwrap().status(), filter.text())
    }

    #[tokio::test]
    async fn only_callers_of_the_programs_own_machine_read_and_change_the_log_filter() {
        for own in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.7"] {
            assert_eq!(answer(Method::GET, own, "").await.0, StatusCode::OK, "{own}");
            assert_eq!(
                answer(Method::PUT, own, "debug").await,
                (StatusCode::OK, "debug".to_owned()),
                "{own}"
            );
        }
        for other in ["192.0.2.8", "10.0.0.1", "2001:db8::1"] {
            let refused = (StatusCode::FORBIDDEN, "info".to_owned());
            assert_eq!(answer(Method::GET, other, "").await, refused, "{other}");
            assert_eq!(answer(Method::PUT, other, "trace").await, refused, "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_that_somebody_lets_resolve_to_this_machine_is_refused() {
        for own in ["localhost", "LOCALHOST:9090", "127.0.0.1:9090", "[::1]:9090", "192.0.2.7"] {
            assert_eq!(answer_at(own, Method::GET, "127.0.0.1", "").await.0, StatusCode::OK, "{own}");
        }
        for other in
            ["evil.example", "evil.example:9090", "localhost.evil.example", "127.0.0.1.evil.example", ""]
        {
            let refused = (StatusCode::MISDIRECTED_REQUEST, "info".to_owned());
            assert_eq!(answer_at(other, Method::PUT, "127.0.0.1", "trace").await, refused, "{other}");
        }
    }

    #[tokio::test]
    async fn a_filter_beyond_the_limit_is_refused() {
        let long = format!("info,{}=debug", "x".repeat(MAX_FILTER_BYTES));
        let refused = (StatusCode::PAYLOAD_TOO_LARGE, "info".to_owned());
        assert_eq!(answer(Method::PUT, "127.0.0.1", &long).await, refused);
    }
}

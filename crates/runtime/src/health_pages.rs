//! The pages on the port `health.listen`, and how a program requests them from itself.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::health::{Health, Report};
use crate::log_filter::LogFilter;
use crate::log_filter_page;
use crate::metrics::Metrics;

/// How long a program waits for its own response.
const OWN_ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Maximum size of the response that it reads.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// What the pages show.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) log_filter: LogFilter,
}

/// The pages of a program that listens at `own`.
fn router(pages: Pages, own: IpAddr) -> Router {
    let log_filter = log_filter_page::router(pages.log_filter.clone(), own);
    Router::new()
        .route("/livez", get(async |State(pages): State<Pages>| answer(pages.health.live())))
        .route("/readyz", get(async |State(pages): State<Pages>| answer(pages.health.ready())))
        .route("/metrics", get(async |State(pages): State<Pages>| text(&pages.metrics)))
        .with_state(pages)
        .merge(log_filter)
}

/// Serves the pages until the process ends: they are needed most while it stops.
pub(crate) async fn serve(address: SocketAddr, pages: Pages) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let service = router(pages, address.ip()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(%error, "the health pages are gone");
        }
    });
    Ok(address)
}

/// A request to a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    method: &'static str,
    page: &'static str,
    body: &'a str,
}

impl<'a> Request<'a> {
    pub(crate) fn get(page: &'static str) -> Self {
        Self { method: "GET", page, body: "" }
    }

    pub(crate) fn put(page: &'static str, body: &'a str) -> Self {
        Self { method: "PUT", page, body }
    }
}

/// Sends the request to the program at `address`; returns whether the status is OK, and the body.
pub(crate) fn ask(address: SocketAddr, request: Request<'_>) -> std::io::Result<(bool, String)> {
    let mut stream = TcpStream::connect_timeout(&reachable(address), OWN_ANSWER_TIMEOUT)?;
    stream.set_read_timeout(Some(OWN_ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(OWN_ANSWER_TIMEOUT))?;
    // HTTP/1.0, so that the response ends with the connection.
    let Request { method, page, body } = request;
    let length = body.len();
    write!(stream, "{method} {page} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_BYTES).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let yes = head.split_ascii_whitespace().nth(1) == Some("200");
    Ok((yes, body.to_owned()))
}

/// Replaces an address that listens everywhere by loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn answer(report: Report) -> Response {
    let status = if report.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

fn text(metrics: &Metrics) -> Response {
    match metrics.text() {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use domain::{Clock, SystemClock};
    use opentelemetry::KeyValue;
    use tokio::sync::watch;

    use super::*;
    use crate::config::Config;
    use crate::telemetry::{Telemetry, resource};

    /// A clock with a monotonic time that moves only when a test turns it.
    struct TurnedClock(SystemClock, Mutex<Duration>);

    impl TurnedClock {
        fn turn(&self, by: Duration) {
            *self.1.lock().unwrap() += by;
        }
    }

    impl Clock for TurnedClock {
        fn now(&self) -> jiff::Timestamp {
            self.0.now()
        }

        fn monotonic(&self) -> Duration {
            *self.1.lock().unwrap()
        }
    }

    struct Served {
        clock: Arc<TurnedClock>,
        health: Health,
        metrics: Metrics,
        address: SocketAddr,
        /// Keeps the log filter settable.
        _lines: Box<dyn tracing::Subscriber + Send + Sync>,
    }

    async fn served() -> Served {
        let clock = Arc::new(TurnedClock(SystemClock::start(), Mutex::default()));
        let health = Health::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let metrics = Metrics::new(resource("pages-test", "1.2.3"));
        let config = Config::compiled_in().unwrap();
        let (telemetry, lines) =
            Telemetry::build("pages-test", "1.2.3", &config, clock.clone(), std::io::sink).unwrap();
        let pages =
            Pages { health: health.clone(), metrics: metrics.clone(), log_filter: telemetry.log_filter };
        let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let address = serve(anywhere, pages).await.unwrap();
        Served { clock, health, metrics, address, _lines: Box::new(lines) }
    }

    impl Served {
        async fn page(&self, page: &'static str) -> (bool, String) {
            self.answer(Request::get(page)).await
        }

        async fn answer(&self, request: Request<'static>) -> (bool, String) {
            let address = self.address;
            tokio::task::spawn_blocking(move || ask(address, request)).await.unwrap().unwrap()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_loop_that_stands_still_is_not_live_until_it_goes_round() {
        let served = served().await;
        let progress = served.health.progress("poll", Duration::from_secs(10));
        served.clock.turn(Duration::from_secs(10));
        assert!(served.page("/livez").await.0, "as old as it may be");
        served.clock.turn(Duration::from_millis(1));
        let (live, said) = served.page("/livez").await;
        assert!(!live && said.contains("poll"), "{said}");
        progress.mark();
        assert!(served.page("/livez").await.0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_idle_loop_stays_live_and_is_measured_again_once_it_works() {
        let served = served().await;
        let progress = served.health.progress("consume", Duration::from_secs(10));
        progress.idle();
        served.clock.turn(Duration::from_secs(100_000));
        assert!(served.page("/livez").await.0);
        progress.mark();
        served.clock.turn(Duration::from_secs(11));
        assert!(!served.page("/livez").await.0);
        drop(progress);
        assert!(served.page("/livez").await.0, "a loop that has ended is not waited for");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn ready_follows_start_dependencies_and_stop() {
        let served = served().await;
        let (up, watched) = watch::channel(true);
        served.health.dependency("postgres", watched);
        assert!(!served.page("/readyz").await.0, "not before it has started");
        served.health.started();
        assert!(served.page("/readyz").await.0);
        up.send(false).unwrap();
        let (ready, said) = served.page("/readyz").await;
        assert!(!ready && said.contains(r#"{"name":"postgres","ok":false,"detail":"down"}"#), "{said}");
        assert!(served.page("/livez").await.0, "a restart would fix nothing");
        up.send(true).unwrap();
        assert!(served.page("/readyz").await.0);
        served.health.stopping();
        assert!(!served.page("/readyz").await.0);
        assert!(served.page("/livez").await.0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g_11_a_dependency_says_why_it_is_down() {
        let served = served().await;
        let (fault, watched) = watch::channel(None);
        served.health.dependency_with_fault("postgres", watched);
        served.health.started();
        assert!(served.page("/readyz").await.0);
        fault.send(Some("the database is read-only".to_owned())).unwrap();
        let (ready, said) = served.page("/readyz").await;
        assert!(!ready && said.contains(r#""detail":"down: the database is read-only""#), "{said}");
        fault.send(None).unwrap();
        assert!(served.page("/readyz").await.0);
        drop(fault);
        assert!(!served.page("/readyz").await.0, "nobody watches over it any more");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_dependency_that_nobody_watches_over_any_more_is_down() {
        let served = served().await;
        let (up, watched) = watch::channel(true);
        served.health.dependency("broker", watched);
        served.health.started();
        assert!(served.page("/readyz").await.0);
        drop(up);
        assert!(!served.page("/readyz").await.0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn metrics_are_shown_as_prometheus_text() {
        let served = served().await;
        let meter = served.metrics.meter("pages-test");
        meter.u64_counter("jobs_taken").build().add(3, &[KeyValue::new("kind", "work")]);
        let (ok, text) = served.page("/metrics").await;
        assert!(ok);
        assert!(text.contains(r#"jobs_taken_total{kind="work"} 3"#), "{text}");
        assert!(text.contains(r#"service_name="pages-test""#), "{text}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_other_page_exists() {
        let served = served().await;
        assert!(!served.page("/").await.0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_filter_is_read_and_changed_and_a_bad_one_is_refused_with_the_fix() {
        let served = served().await;
        let first = (true, "info,opentelemetry=warn\n".to_owned());
        assert_eq!(served.page("/log-filter").await, first);
        for (bad, why) in [("info,store=debgu", "error parsing level filter"), (" \n", "it is empty")] {
            let (taken, said) = served.answer(Request::put("/log-filter", bad)).await;
            assert!(!taken && said.contains(why) && said.contains("such as `info,store=debug`"), "{said}");
        }
        assert_eq!(served.page("/log-filter").await, first, "a refused one changes nothing");
        let second = (true, "info,store=debug\n".to_owned());
        assert_eq!(served.answer(Request::put("/log-filter", "info,store=debug\n")).await, second);
        assert_eq!(served.page("/log-filter").await, second);
    }
}

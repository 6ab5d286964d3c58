//! Spans reach a collector, and an unreachable collector does no harm.

#![expect(clippy::unwrap_used, reason = "in a test that is how it fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::{Clock, SystemClock};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use runtime::{Config, Telemetry, trace};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tracing::{Instrument as _, dispatcher, info_span};

type Exported = mpsc::UnboundedSender<ExportTraceServiceRequest>;

/// A collector on a free port.
async fn collector() -> (SocketAddr, mpsc::UnboundedReceiver<ExportTraceServiceRequest>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let take = async |State(exported): State<Exported>, headers: HeaderMap, body: Bytes| {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        exported.send(ExportTraceServiceRequest::decode(body).unwrap()).unwrap();
        StatusCode::OK
    };
    let pages = Router::new().route("/v1/traces", post(take)).with_state(sender);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, pages).await });
    (address, receiver)
}

fn telemetry(endpoint: SocketAddr, flush_timeout: &str) -> (Telemetry, tracing::Dispatch) {
    let settings =
        format!("[telemetry]\notlp_endpoint = \"http://{endpoint}/\"\nflush_timeout = \"{flush_timeout}\"\n");
    let config = Config::load(&settings, None).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let (telemetry, lines) = Telemetry::build("export-test", "1.2.3", &config, clock, std::io::sink).unwrap();
    (telemetry, tracing::Dispatch::new(lines))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_receives_spans_with_service_parent_and_link() {
    let (address, mut exported) = collector().await;
    let (telemetry, dispatch) = telemetry(address, "60s");
    let expected = {
        let _default = dispatcher::set_default(&dispatch);
        let job = info_span!("process jobs", job = "j-1");
        trace::link(&job, Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), None);
        let _job = job.enter();
        info_span!("read lines").in_scope(|| {});
        trace::trace_id(&job).unwrap()
    };
    telemetry.shutdown().await;

    let request = exported.recv().await.unwrap();
    let of_us = &request.resource_spans[0];
    let service = format!("{:?}", of_us.resource.as_ref().unwrap().attributes);
    assert!(service.contains("export-test") && service.contains("1.2.3"), "{service}");
    let spans = &of_us.scope_spans[0].spans;
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (job, lines) = (named("process jobs"), named("read lines"));
    assert_eq!(lines.parent_span_id, job.span_id);
    assert!(job.parent_span_id.is_empty());
    let id: String = job.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(id, expected);
    assert_eq!(job.links[0].span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    assert_eq!(spans.len(), 2, "nothing about the sending itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_silent_does_not_keep_the_program_from_ending() {
    // One port that was free a moment ago, and one that accepts a connection and never responds.
    let away = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for address in [away, silent.local_addr().unwrap()] {
        let (telemetry, dispatch) = telemetry(address, "1s");
        {
            let _default = dispatcher::set_default(&dispatch);
            async { tokio::task::yield_now().await }.instrument(info_span!("process jobs")).await;
        }
        tokio::time::timeout(Duration::from_secs(60), telemetry.shutdown()).await.expect("bounded");
    }
}

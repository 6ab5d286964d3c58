//! What a log line holds, and trace context on its way over the bus.

#![expect(clippy::unwrap_used, reason = "in a test that is how it fails")]

use std::io;
use std::sync::{Arc, Mutex};

use domain::{Clock, SystemClock};
use runtime::{Config, Telemetry, trace};
use serde_json::Value;
use tracing::{info_span, subscriber};
use tracing_subscriber::fmt::MakeWriter;

/// Collects the output.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The lines that `work` writes under these settings.
fn written(settings: &str, work: impl FnOnce()) -> String {
    let captured = Captured::default();
    let config = Config::load(settings, None).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let (_telemetry, lines) =
        Telemetry::build("lines-test", "1.2.3", &config, clock, captured.clone()).unwrap();
    subscriber::with_default(lines, work);
    String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
}

fn json(settings: &str, work: impl FnOnce()) -> Vec<Value> {
    written(settings, work).lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn every_line_is_json_with_the_required_keys() {
    let lines = json("", || {
        tracing::info!(units = 12, exact = true, "line\nbreak and \"quotes\"");
        tracing::warn!(target: "elsewhere", "second");
        tracing::debug!("below the filter");
    });
    assert_eq!(lines.len(), 2);
    let first = &lines[0];
    first["ts"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(first["ts"].as_str().unwrap().ends_with('Z'));
    assert_eq!(first["level"], "INFO");
    assert_eq!(first["target"], "log_lines");
    assert_eq!(first["message"], "line\nbreak and \"quotes\"");
    assert_eq!(first["service"], "lines-test");
    assert_eq!(first["version"], "1.2.3");
    assert_eq!(first["fields"]["units"], 12);
    assert_eq!(first["fields"]["exact"], true);
    assert_eq!(first.get("trace_id"), None);
    assert_eq!(lines[1]["target"], "elsewhere");
}

#[test]
fn inside_a_span_a_line_has_the_trace_and_the_fields_of_the_spans() {
    let mut expected = None;
    let lines = json("", || {
        let outer = info_span!("run", run = "r-1", attempt = 1, company = tracing::field::Empty);
        expected = trace::trace_id(&outer);
        let _outer = outer.enter();
        outer.record("company", "c-9");
        tracing::info!("in the outer");
        let _inner = info_span!("job", attempt = 2, otel.kind = "consumer").entered();
        tracing::info!(job = "j-1", "in the inner");
    });
    let expected = expected.unwrap();
    assert_eq!(expected.len(), 32);
    assert_eq!((&lines[0]["trace_id"], &lines[1]["trace_id"]), (&expected.clone().into(), &expected.into()));
    assert_eq!(lines[0]["span_id"].as_str().unwrap().len(), 16);
    assert_ne!(lines[0]["span_id"], lines[1]["span_id"]);
    assert_eq!((&lines[0]["span"], &lines[1]["span"]), (&"run".into(), &"job".into()));
    let inner = serde_json::json!({"run": "r-1", "attempt": 2, "company": "c-9", "job": "j-1"});
    assert_eq!(lines[1]["fields"], inner);
}

#[test]
fn a_strict_filter_drops_lines_but_no_ids_and_no_fields_of_spans() {
    let lines = json("[log]\nfilter = \"warn\"\n", || {
        let _span = info_span!("job", job = "j-1").entered();
        tracing::info!("dropped");
        tracing::warn!("kept");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["fields"]["job"], "j-1");
    assert!(lines[0]["trace_id"].is_string());
}

#[test]
fn an_error_is_written_with_its_causes() {
    let lines = json("", || {
        let cause = io::Error::other("connection refused");
        let error = io::Error::other(Wrapped(cause));
        tracing::error!(error = &error as &dyn std::error::Error, "failed");
    });
    assert_eq!(lines[0]["fields"]["error"], "the broker is away: connection refused");
}

#[derive(Debug, thiserror::Error)]
#[error("the broker is away")]
struct Wrapped(#[source] io::Error);

#[test]
fn text_is_for_people() {
    let text = written("[log]\nformat = \"text\"\n", || tracing::info!(units = 3, "hello"));
    assert!(text.contains("hello") && text.contains("units"), "{text}");
    assert!(serde_json::from_str::<Value>(&text).is_err());
}

#[test]
fn a_filter_or_a_format_that_is_none_is_refused_by_key() {
    for (settings, key) in
        [("[log]\nfilter = \"a=b=c\"\n", "log.filter"), ("[log]\nformat = \"xml\"\n", "log.format")]
    {
        let config = Config::load(settings, None).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let error = Telemetry::build("lines-test", "1.2.3", &config, clock, io::sink).err().unwrap();
        assert!(error.to_string().contains(key), "{error}");
    }
}

#[test]
fn a_parent_goes_over_the_bus_and_a_link_starts_its_own_trace() {
    written("", || {
        let sender = info_span!("publish");
        let (traceparent, tracestate) = trace::inject(&sender);
        let traceparent = traceparent.unwrap();
        assert!(traceparent.contains(&trace::trace_id(&sender).unwrap()));

        let receiver = info_span!("process");
        trace::parent(&receiver, Some(&traceparent), tracestate.as_deref());
        assert_eq!(trace::trace_id(&receiver), trace::trace_id(&sender));
        let (onwards, _) = trace::inject(&receiver);
        assert_ne!(onwards.unwrap(), traceparent, "same trace, another span");

        let stranger = info_span!("request");
        trace::link(&stranger, Some(&traceparent), None);
        assert!(trace::trace_id(&stranger).is_some());
        assert_ne!(trace::trace_id(&stranger), trace::trace_id(&sender));
    });
}

#[test]
fn a_state_travels_with_its_parent_unless_it_is_too_long() {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let onwards = |state: &str| {
        let span = info_span!("process");
        trace::parent(&span, Some(traceparent), Some(state));
        assert_eq!(trace::trace_id(&span).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        trace::inject(&span).1
    };
    written("", || {
        assert_eq!(onwards("vendor=value").as_deref(), Some("vendor=value"));
        assert_eq!(onwards(&format!("vendor={}", "x".repeat(600))), None);
    });
}

#[test]
fn headers_that_are_no_context_leave_a_span_its_own_root() {
    written("", || {
        let around = info_span!("around");
        let _around = around.enter();
        let long = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01{}", "-00".repeat(50));
        let headers =
            ["", "00-zz", "00-00000000000000000000000000000000-0000000000000000-01", "ü", long.as_str()];
        for header in headers.into_iter().map(Some).chain([None]) {
            let span = info_span!(parent: None, "process");
            trace::parent(&span, header, None);
            let own = trace::trace_id(&span).unwrap();
            assert_ne!(Some(own.clone()), trace::trace_id(&around), "{header:?}");
            assert_ne!(own, "4bf92f3577b34da6a3ce929d0e0e4736", "{header:?}");
        }
    });
}

#[test]
fn without_telemetry_there_is_no_context_and_no_harm() {
    let span = info_span!("alone");
    trace::parent(&span, Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), None);
    assert_eq!(trace::inject(&span), (None, None));
    assert_eq!(trace::trace_id(&span), None);
}

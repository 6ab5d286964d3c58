//! "Too many calls" in every shape, and the connections made for many calls.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    serve::ListenerExt as _,
};
use domain::{ContractId, ErrorCode, FailureClass};
use jiff::{Timestamp, civil::date};
use kaseya::{Login, WriteError};
use serde_json::json;
use tokio::net::TcpListener;

use crate::partner::{HandClock, access, bms, limits};

const NOON: &str = "2026-03-01T12:00:00Z";
const CONTRACT: ContractId = ContractId(5012);

/// An answer that says "too many calls".
#[derive(Debug, Clone, Copy)]
struct Shape {
    status: u16,
    retry_after: Option<&'static str>,
    kind: &'static str,
    body: &'static str,
}

impl Shape {
    fn response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("a status");
        let mut response = (status, [(header::CONTENT_TYPE, self.kind)], self.body).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, wait.parse().expect("a header's text"));
        }
        response
    }
}

/// The answers of a Kaseya that gives tokens, one line, and nothing else.
fn usual(path: &str) -> serde_json::Value {
    let line = json!({"Id": 90021, "ServiceId": 701, "Units": 12.0});
    match path {
        "/v2/security/authenticate" => json!({"success": true, "result": {"accessToken": "access-1"}}),
        "/api/token" => json!({"access_token": "v1-1", "expires_in": 3600}),
        "/v2/finance/contracts/lookup" => {
            json!({"success": true, "result": [{"id": CONTRACT.0, "name": "One", "isActive": true}]})
        }
        _ => json!({"Status": "OK", "Error": "None", "Result": [line], "TotalRecords": 1}),
    }
}

struct Served {
    base: String,
    calls: Arc<Mutex<BTreeMap<String, usize>>>,
    connections: Arc<AtomicUsize>,
}

impl Served {
    fn calls(&self, of: &str) -> usize {
        self.calls.lock().expect("nobody panics with it").get(of).copied().unwrap_or_default()
    }
}

/// Serves a Kaseya where this call (method and path) is limited.
async fn serve(limited: &'static str, shape: Option<Shape>) -> Served {
    let calls: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let connections = Arc::new(AtomicUsize::new(0));
    let (counter, accepted) = (Arc::clone(&calls), Arc::clone(&connections));
    let router = Router::new().fallback(move |request: Request| {
        let call = format!("{} {}", request.method(), request.uri().path());
        *counter.lock().expect("nobody panics with it").entry(call.clone()).or_default() += 1;
        let response = match shape {
            Some(shape) if call == limited => shape.response(),
            _ => axum::Json(usual(request.uri().path())).into_response(),
        };
        async move {
            // The connection is reused only after the body has been read.
            let _ = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            response
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let listener = listener.tap_io(move |_| {
        accepted.fetch_add(1, Ordering::SeqCst);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Served { base, calls, connections }
}

const HTML: &str = "<html><body><h1>429 Too Many Requests</h1></body></html>";
const V2: &str =
    r#"{"success":false,"error":{"code":429,"message":"API calls quota exceeded"},"result":null}"#;
const V1: &str = r#"{"ResponseCode":429,"Status":"TooManyRequests","Error":"QuotaExceeded","Result":null}"#;

/// Each shape, and until when the endpoint is left alone.
fn shapes() -> Vec<(Shape, &'static str)> {
    let unknown = "2026-03-01T12:10:00Z";
    let with = |retry_after, until| {
        let bodies =
            [("application/json", V2), ("application/json", V1), ("text/html", HTML), ("text/plain", "")];
        bodies.map(|(kind, body)| (Shape { status: 429, retry_after, kind, body }, until))
    };
    let mut shapes: Vec<(Shape, &str)> = [
        with(None, unknown),
        with(Some("120"), "2026-03-01T12:02:00Z"),
        with(Some("Sun, 01 Mar 2026 12:05:00 GMT"), "2026-03-01T12:05:00Z"),
        // Over already, or hardly a wait: it is a minute all the same.
        with(Some("Sun, 01 Mar 2026 11:00:00 GMT"), "2026-03-01T12:01:00Z"),
        with(Some("0"), "2026-03-01T12:01:00Z"),
        // No limit lasts longer than its hour.
        with(Some("86400"), "2026-03-01T13:00:00Z"),
        with(Some("99999999999999999999"), "2026-03-01T13:00:00Z"),
        with(Some("Sun, 01 Mar 2099 12:00:00 GMT"), "2026-03-01T13:00:00Z"),
        with(Some("-5"), unknown),
        with(Some("in a while"), unknown),
    ]
    .into_iter()
    .flatten()
    .collect();
    // A success by its status alone (a guess).
    for body in [V2, V1] {
        shapes.push((Shape { status: 200, retry_after: None, kind: "application/json", body }, unknown));
    }
    shapes
}

fn until(at: &str) -> FailureClass {
    FailureClass::LimitedUntil(at.parse::<Timestamp>().expect("an instant"))
}

#[tokio::test]
async fn a_limited_read_waits_as_told_and_is_not_sent_again() {
    for (shape, at) in shapes() {
        // V2's body belongs to V2 and V1's to V1; any other body comes from a proxy before either.
        let routes = [
            ("GET /v2/finance/contracts/lookup", shape.status == 429 || shape.body == V2),
            ("GET /api/finance/contracts/5012/services", shape.status == 429 || shape.body == V1),
        ];
        for (route, _) in routes.into_iter().filter(|(_, fits)| *fits) {
            let kaseya = serve(route, Some(shape)).await;
            let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base), limits());
            let error = match route {
                "GET /v2/finance/contracts/lookup" => session.contracts(&[CONTRACT]).await.unwrap_err(),
                _ => session.lines(CONTRACT).await.unwrap_err(),
            };
            assert_eq!((error.code(), error.class()), (ErrorCode::Lim01, until(at)), "{route} {shape:?}");
            assert_eq!(kaseya.calls(route), 1, "{shape:?}");
        }
    }
}

#[tokio::test]
async fn case_e10_a_limited_write_was_sent_and_is_not_sent_again() {
    for (shape, at) in shapes().into_iter().filter(|(shape, _)| shape.status == 429 || shape.body == V1) {
        let route = "PUT /api/finance/contracts/5012/services/90021";
        let kaseya = serve(route, Some(shape)).await;
        let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base), limits());
        session.sign_in().await.unwrap();
        let line = session.lines(CONTRACT).await.unwrap().remove(0);
        let error = session.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap_err();
        assert!(matches!(error, WriteError::Limited(_)), "{shape:?}");
        assert_eq!((error.code(), error.class()), (ErrorCode::Lim01, until(at)), "{shape:?}");
        assert_eq!(kaseya.calls(route), 1, "{shape:?}");
    }
}

#[tokio::test]
async fn a_limited_login_is_no_refusal_and_not_sent_again() {
    for (shape, at) in shapes() {
        let routes = [
            ("POST /v2/security/authenticate", shape.status == 429 || shape.body == V2),
            ("POST /api/token", shape.status == 429),
        ];
        for (route, _) in routes.into_iter().filter(|(_, fits)| *fits) {
            let kaseya = serve(route, Some(shape)).await;
            let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base), limits());
            let error = session.sign_in().await.unwrap_err();
            assert_eq!((error.code(), error.class()), (ErrorCode::Lim01, until(at)), "{route} {shape:?}");
            assert_eq!(kaseya.calls(route), 1, "{shape:?}");
            assert!(!matches!(session.login(), Login::Refused(_) | Login::Unknown), "{route} {shape:?}");
        }
    }
}

#[tokio::test]
async fn many_calls_one_after_the_other_make_one_connection() {
    let kaseya = serve("", None).await;
    let bms = bms(&HandClock::at(NOON));
    for _ in 0..10 {
        let session = bms.session(access(&kaseya.base), limits());
        session.sign_in().await.unwrap();
        for _ in 0..5 {
            let line = session.lines(CONTRACT).await.unwrap().remove(0);
            session.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap();
            session.contracts(&[CONTRACT]).await.unwrap();
        }
    }
    let made: usize = kaseya.calls.lock().unwrap().values().sum();
    assert_eq!((made, kaseya.connections.load(Ordering::SeqCst)), (152, 1));
}

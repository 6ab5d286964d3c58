//! Exchanges with servers on loopback.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body as AxumBody, Bytes},
    extract::{RawQuery, Request as AxumRequest},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse as _,
    routing::{any, get, post},
};
use egress::{Body, Egress, EgressError, EgressSettings, GuardRefusal, MAX_BODY, Method, Request};
use secrecy::SecretString;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
};
use url::Url;

fn egress() -> Egress {
    Egress::new(EgressSettings { allow_loopback_http: true }).expect("the machine has TLS roots")
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    (listener, Url::parse(&format!("http://{address}/")).expect("an address makes a URL"))
}

async fn serve(router: Router) -> Url {
    let (listener, url) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Serves each connection with `answer`, as raw bytes over TCP.
async fn serve_raw<F: Future<Output = ()> + Send>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> Url {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(stream).await;
        }
    });
    url
}

fn request(method: Method, url: Url) -> Request {
    Request {
        method,
        url,
        query: Vec::new(),
        bearer: None,
        body: Body::None,
        timeout: Duration::from_secs(30),
    }
}

#[tokio::test]
async fn query_token_and_json_arrive_and_the_answer_is_whole() {
    let echo = |RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes| async move {
        let token = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        let text = format!("{} {token} {}", query.unwrap_or_default(), String::from_utf8_lossy(&body));
        (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "120")], text)
    };
    let url = serve(Router::new().route("/x", post(echo))).await;
    let sent = Request {
        query: vec![("Ids", "1".into()), ("Ids", "2".into()), ("Name", "a b&c".into())],
        bearer: Some(SecretString::from("token-1")),
        body: Body::Json(serde_json::json!({"units": 14})),
        ..request(Method::Post, url.join("x").unwrap())
    };
    let response = egress().send(sent).await.unwrap();
    assert_eq!(response.status, 429);
    assert_eq!(response.retry_after.as_deref(), Some("120"));
    assert_eq!(response.content_type.as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(response.body, r#"Ids=1&Ids=2&Name=a+b%26c Bearer token-1 {"units":14}"#);
}

#[tokio::test]
async fn a_form_arrives_encoded() {
    let url = serve(Router::new().route("/", post(|body: String| async { body }))).await;
    let form = vec![("UserName", SecretString::from("a@b")), ("Password", SecretString::from("p&=ü +%"))];
    let sent = Request { body: Body::Form(form), ..request(Method::Post, url) };
    assert_eq!(egress().send(sent).await.unwrap().body, "UserName=a%40b&Password=p%26%3D%C3%BC+%2B%25");
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let reached = Arc::new(AtomicUsize::new(0));
    let trap = Arc::clone(&reached);
    let target = any(move || async move { trap.fetch_add(1, Ordering::SeqCst).to_string() });
    let elsewhere = serve(Router::new().route("/", target)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = elsewhere.to_string();
        let redirect = any(move || async move {
            (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, to)]).into_response()
        });
        let url = serve(Router::new().route("/", redirect)).await;
        assert_eq!(egress().send(request(Method::Get, url)).await.unwrap_err(), EgressError::Redirect);
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn d_07_no_redirect_leads_inside() {
    for to in [
        "http://127.0.0.1:80/",
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "//localhost/",
        "/elsewhere",
        "file:///etc/passwd",
        "https://bms.kaseya.com/",
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let redirect = any(move || async move {
            counter.fetch_add(1, Ordering::SeqCst);
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        });
        let url = serve(Router::new().fallback(redirect)).await;
        let error = egress().send(request(Method::Post, url)).await.unwrap_err();
        assert_eq!(error, EgressError::Redirect, "{to}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{to}");
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_refused_and_one_at_the_limit_is_taken() {
    let sized = |request: AxumRequest| async move {
        let size: usize = request.uri().path()[1..].parse().unwrap();
        // Streamed, so that no content-length gives the size away.
        let chunks = (0..size).step_by(1 << 20).map(move |at| vec![b'x'; (size - at).min(1 << 20)]);
        AxumBody::from_stream(futures::stream::iter(chunks.map(Ok::<_, std::io::Error>)))
    };
    let url = serve(Router::new().route("/{size}", get(sized))).await;
    let egress = egress();
    let of_size = |size: usize| request(Method::Get, url.join(&size.to_string()).unwrap());
    assert_eq!(egress.send(of_size(MAX_BODY)).await.unwrap().body.len(), MAX_BODY);
    assert_eq!(egress.send(of_size(MAX_BODY + 1)).await.unwrap_err(), EgressError::TooLarge);
}

#[tokio::test]
async fn a_packed_answer_is_asked_for_unpacked_and_counted_both_ways() {
    let packed = |size: usize| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![b'x'; size]).expect("memory takes all");
        packer.finish().expect("memory takes all")
    };
    let (small, bomb) = (packed(1000), packed(MAX_BODY + 1));
    // Packed empty streams: they unpack to no byte, however many there are.
    let empties = packed(0).repeat(MAX_BODY / packed(0).len() + 1);
    assert!(bomb.len() < MAX_BODY / 100);
    let gzip = || [(header::CONTENT_ENCODING, "gzip")];
    let asked = move |headers: HeaderMap| async move {
        assert_eq!(headers[header::ACCEPT_ENCODING], "gzip");
        (gzip(), small)
    };
    let router = Router::new()
        .route("/small", get(asked))
        .route("/bomb", get(move || async move { (gzip(), bomb) }))
        .route("/empties", get(move || async move { (gzip(), empties) }))
        .route("/broken", get(move || async move { (gzip(), "not packed at all") }));
    let url = serve(router).await;
    let to = |path| request(Method::Get, url.join(path).expect("a path"));
    assert_eq!(egress().send(to("small")).await.unwrap().body, vec![b'x'; 1000]);
    assert_eq!(egress().send(to("bomb")).await.unwrap_err(), EgressError::TooLarge);
    assert_eq!(egress().send(to("empties")).await.unwrap_err(), EgressError::TooLarge);
    assert_eq!(egress().send(to("broken")).await.unwrap_err(), EgressError::Broken);
}

#[tokio::test]
async fn a_closed_port_was_not_sent() {
    let (listener, url) = listen().await;
    drop(listener);
    let error = egress().send(request(Method::Put, url)).await.unwrap_err();
    assert_eq!(error, EgressError::Connect);
    assert!(!error.may_have_arrived());
}

#[tokio::test]
async fn silence_and_a_broken_connection_may_have_arrived() {
    let silent = serve_raw(|mut stream| async move {
        // Reads until the client gives up, and sends nothing.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let sent = Request { timeout: Duration::from_millis(200), ..request(Method::Put, silent) };
    let error = egress().send(sent).await.unwrap_err();
    assert_eq!(error, EgressError::TimedOut);
    assert!(error.may_have_arrived());

    let broken = serve_raw(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let error = egress().send(request(Method::Put, broken)).await.unwrap_err();
    assert_eq!(error, EgressError::Broken);
    assert!(error.may_have_arrived());
}

#[tokio::test]
async fn an_answer_cut_short_may_have_arrived() {
    use tokio::io::AsyncWriteExt as _;
    let cut = serve_raw(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"success\":").await;
    })
    .await;
    let error = egress().send(request(Method::Put, cut)).await.unwrap_err();
    assert_eq!(error, EgressError::Broken);
    assert!(error.may_have_arrived());
}

#[tokio::test]
async fn without_the_switch_nothing_reaches_loopback() {
    let reached = Arc::new(AtomicUsize::new(0));
    let trap = Arc::clone(&reached);
    let url = serve(
        Router::new().route("/", any(move || async move { trap.fetch_add(1, Ordering::SeqCst).to_string() })),
    )
    .await;
    let port = url.port().unwrap();
    let egress = Egress::new(EgressSettings::default()).unwrap();
    for (text, refusal) in [
        (format!("http://127.0.0.1:{port}/"), GuardRefusal::Scheme),
        (format!("https://127.0.0.1:{port}/"), GuardRefusal::Literal),
        (format!("https://localhost:{port}/"), GuardRefusal::Name),
    ] {
        let error = egress.send(request(Method::Get, Url::parse(&text).unwrap())).await.unwrap_err();
        assert_eq!(error, EgressError::Guard(refusal), "{text}");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn connections_are_used_again() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let (listener, url) = listen().await;
    let counter = Arc::clone(&accepted);
    let counted = axum::serve::ListenerExt::tap_io(listener, move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    tokio::spawn(async move { axum::serve(counted, Router::new().route("/", get(|| async { "ok" }))).await });
    let egress = egress();
    for _ in 0..5 {
        assert_eq!(egress.send(request(Method::Get, url.clone())).await.unwrap().body, "ok");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}

#[test]
fn debug_shows_no_secret() {
    let answer = egress::Response {
        status: 200,
        content_type: None,
        retry_after: None,
        body: Bytes::from_static(b"{\"accessToken\":\"canary-answer\"}"),
    };
    assert!(!format!("{answer:?}").contains("canary"));
    let sent = Request {
        bearer: Some(SecretString::from("canary-token")),
        body: Body::Form(vec![("Password", SecretString::from("canary-password"))]),
        ..request(Method::Post, Url::parse("https://bms.kaseya.com/").unwrap())
    };
    assert!(!format!("{sent:?}").contains("canary"));
}

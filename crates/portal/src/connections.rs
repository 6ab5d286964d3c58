//! Incoming connections: how many may be open, and how long one may stay silent.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::StatusCode,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::timeout::{TimeoutBody, TimeoutLayer};

use crate::slots::{Most, Slot, Slots};

/// Time limit for the whole request head, and for the next request on a keep-alive connection.
const HEAD: Duration = Duration::from_secs(30);
/// The same behind a proxy. A proxy that keeps connections longer than we do sends requests into one that we are
/// closing.
const HEAD_OF_A_PROXY: Duration = Duration::from_secs(150);
/// Between two chunks of a body.
const PIECE_OF_BODY: Duration = Duration::from_secs(30);
/// From the request head to the response head: enough for the largest file over a slow line, and for the slowest
/// look-up.
const ANSWER: Duration = Duration::from_secs(300);
/// A browser opens six connections to a host; an office behind one address has dozens of browsers.
const MOST: Most = Most { of_one: 256, in_all: 8_000 };
/// The cause of a failed accept, such as too many open files, may be gone by then.
const AGAIN: Duration = Duration::from_secs(1);

/// Serves until `stop`, then finishes the requests it has already received. Behind `proxies` the peers are the
/// proxies, so only the total number of connections is limited.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    proxies: usize,
    stop: CancellationToken,
) -> io::Result<()> {
    let router = router.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER));
    let slots = Slots::new(MOST);
    let graceful = GracefulShutdown::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        let holder = (proxies == 0).then(|| peer.ip().to_canonical());
        let slot = slots.take(holder.map_or(Peer::Proxy(peer), Peer::Client));
        let Some(slot) = slot else {
            tracing::warn!(%peer, "a connection was closed: there are too many");
            continue;
        };
        let head = if proxies == 0 { HEAD } else { HEAD_OF_A_PROXY };
        answer(stream, (peer, slot), head, &router, &graceful);
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

/// The holder of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Peer {
    Client(IpAddr),
    /// One of our proxies, which carries many clients' connections.
    Proxy(SocketAddr),
}

fn answer(
    stream: TcpStream,
    (peer, slot): (SocketAddr, Slot<Peer>),
    head: Duration,
    router: &Router,
    graceful: &GracefulShutdown,
) {
    let service = router.clone().map_request(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimeoutBody::new(PIECE_OF_BODY, body)));
        let _ = request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        // A peer that disconnected, or stayed silent for too long, is not our error.
        if let Err(error) = connection.await {
            tracing::debug!(%peer, %error, "a connection ended");
        }
        drop(slot);
    });
}

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn served(proxies: usize) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", post(async |body: String| body));
        tokio::spawn(serve(listener, router, proxies, CancellationToken::new()));
        address
    }

    /// Sends this text and nothing more, then reads until the connection ends.
    async fn sent(address: SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(text.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        // A reset ends the connection too.
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    /// With the clock paused, each timeout fires as soon as nothing else is left to do.
    #[tokio::test(start_paused = true)]
    async fn case_f5_half_a_request_and_an_idle_connection_end() {
        let address = served(0).await;
        assert!(!sent(address, "POST / HTTP/1.1\r\nhost: a\r\n").await.contains("200"), "half a head");
        assert_eq!(sent(address, "").await, "", "nothing at all");
        let half = sent(address, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf").await;
        assert!(half.starts_with("HTTP/1.1 4"), "half a body: {half}");
        let whole = sent(address, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nwhole").await;
        assert!(whole.starts_with("HTTP/1.1 200") && whole.ends_with("whole"), "and then idle: {whole}");
    }

    #[tokio::test]
    async fn case_f5_one_address_has_so_many_connections_and_proxies_have_more() {
        let open = async |address: SocketAddr| {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            let request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx";
            let mut answer = [0; 12];
            let answered = stream.write_all(request.as_bytes()).await.is_ok()
                && stream.read_exact(&mut answer).await.is_ok();
            answered.then_some(stream)
        };
        for (proxies, more) in [(0, false), (1, true)] {
            let address = served(proxies).await;
            let mut kept = Vec::new();
            for _ in 0..MOST.of_one {
                kept.push(open(address).await.expect("there is a slot"));
            }
            assert_eq!(open(address).await.is_some(), more, "behind {proxies}");
        }
    }
}

//! A network that tests can break.

use std::{io, net::SocketAddr, path::PathBuf};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};
use tokio_util::task::AbortOnDropHandle;

/// The target of a proxy.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// A TCP address, `host:port`.
    Tcp(String),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// The state of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// Forwards data.
    Fair,
    /// Forwards nothing, without an error.
    Stalled,
    /// Refuses connections.
    Broken,
}

/// A TCP proxy on a free port of this machine, which a test can break, stall and restore. It ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    _accepting: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Starts a proxy to `upstream`.
    pub async fn start(upstream: Upstream) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (weather, seen) = watch::channel(Weather::Fair);
        let accepting = tokio::spawn(accept(listener, upstream, seen));
        Self { address, weather, _accepting: AbortOnDropHandle::new(accepting) }
    }

    /// The address to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks all connections and refuses new ones, until [`Proxy::restore`].
    pub fn break_connections(&self) {
        self.weather.send_replace(Weather::Broken);
    }

    /// Stops forwarding in both directions without closing anything, until [`Proxy::restore`].
    pub fn stall(&self) {
        self.weather.send_replace(Weather::Stalled);
    }

    /// Forwards again. Stalled data arrives; broken connections stay broken.
    pub fn restore(&self) {
        self.weather.send_replace(Weather::Fair);
    }
}

async fn accept(listener: TcpListener, upstream: Upstream, weather: watch::Receiver<Weather>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let (upstream, weather) = (upstream.clone(), weather.clone());
        connections.spawn(async move {
            // The two ends notice for themselves how a connection through a broken network ends.
            let _ = serve(client, upstream, weather).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(client: TcpStream, upstream: Upstream, weather: watch::Receiver<Weather>) -> io::Result<()> {
    let mut until_broken = weather.clone();
    let carried = async {
        fair(&weather).await;
        client.set_nodelay(true)?;
        let (from_client, to_client) = client.into_split();
        match upstream {
            Upstream::Tcp(address) => {
                let server = TcpStream::connect(address).await?;
                server.set_nodelay(true)?;
                let (from_server, to_server) = server.into_split();
                both(carry(from_client, to_server, &weather), carry(from_server, to_client, &weather)).await
            }
            Upstream::Unix(path) => {
                let (from_server, to_server) = UnixStream::connect(path).await?.into_split();
                both(carry(from_client, to_server, &weather), carry(from_server, to_client, &weather)).await
            }
        }
    };
    tokio::select! {
        biased;
        _ = until_broken.wait_for(|weather| *weather == Weather::Broken) => Ok(()),
        carried = carried => carried,
    }
}

async fn both(
    one: impl Future<Output = io::Result<()>>,
    other: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    tokio::try_join!(one, other).map(drop)
}

/// Forwards one direction until its end.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    weather: &watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        fair(weather).await;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

async fn fair(weather: &watch::Receiver<Weather>) {
    // An error means that the proxy was dropped, and its connections go with it.
    let _ = weather.clone().wait_for(|weather| *weather == Weather::Fair).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that echoes its input.
    async fn echo() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        Upstream::Tcp(address)
    }

    async fn say(stream: &mut TcpStream, word: &[u8; 4]) -> io::Result<()> {
        stream.write_all(word).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, word);
        Ok(())
    }

    #[tokio::test]
    async fn it_carries_breaks_and_lets_in_again() {
        let proxy = Proxy::start(echo().await).await;
        let mut stream = TcpStream::connect(proxy.address()).await.expect("let in");
        say(&mut stream, b"one.").await.expect("carried");

        proxy.break_connections();
        say(&mut stream, b"two.").await.expect_err("broken");
        let mut refused = TcpStream::connect(proxy.address()).await.expect("the port is open");
        say(&mut refused, b"new.").await.expect_err("nobody is let in");

        proxy.restore();
        let mut again = TcpStream::connect(proxy.address()).await.expect("let in");
        say(&mut again, b"thre").await.expect("carried");
    }

    #[tokio::test]
    async fn what_is_stalled_arrives_when_restored() {
        let proxy = Proxy::start(echo().await).await;
        let mut stream = TcpStream::connect(proxy.address()).await.expect("let in");
        say(&mut stream, b"one.").await.expect("carried");
        proxy.stall();
        {
            let stalled = say(&mut stream, b"two.");
            tokio::pin!(stalled);
            let waited = tokio::time::timeout(std::time::Duration::from_millis(200), &mut stalled).await;
            assert!(waited.is_err(), "it was carried");
            proxy.restore();
            stalled.await.expect("carried at last");
        }
    }
}

//! Connections with incoming bytes that pass the [`FrameFilter`] before lapin reads them, encrypted ones after
//! decryption.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use async_rs::{Runtime, Tokio, traits::Reactor, util::RuntimeParts};
use futures::{AsyncRead, AsyncWrite, Stream};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties, uri::AMQPUri};

use crate::{
    frame_filter::FrameFilter,
    socket::{self, Socket},
};

/// How many bytes one read takes.
const CHUNK: usize = 16 * 1024;

/// Like [`Connection::connect_uri`], through the filter.
pub(crate) async fn connect(uri: AMQPUri, properties: ConnectionProperties) -> lapin::Result<Connection> {
    let tokio = Tokio::current();
    let runtime = Runtime::new(RuntimeParts::new(tokio.clone(), FilteringReactor(tokio)));
    let connect = async |uri: AMQPUri, _| {
        // The filter wraps TCP and TLS, so the stream is a plain one to lapin.
        let socket = socket::connect(&uri).await.map_err(lapin::Error::from)?;
        Ok(AsyncTcpStream::Plain(FilteredStream::new(socket)))
    };
    Connection::connector(uri, runtime, connect, properties).await
}

/// Tokio's reactor with filtered streams.
#[derive(Debug, Clone)]
struct FilteringReactor(Tokio);

impl Reactor for FilteringReactor {
    type TcpStream = FilteredStream<Socket>;
    type Sleep = <Tokio as Reactor>::Sleep;

    /// lapin registers no handles of its own.
    fn register<H>(&self, _: H) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static>
    where
        H: io::Read + io::Write + Send + 'static,
    {
        Err::<Self::TcpStream, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.0.sleep(time)
    }

    fn interval(&self, time: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(time)
    }

    fn tcp_connect_addr(
        &self,
        address: std::net::SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let socket = socket::connect_plain(address);
        async move { Ok(FilteredStream::new(socket.await?)) }
    }
}

/// Reads through a filter, writes straight through. It reads more only once all ready bytes are taken, so it holds at
/// most one frame and one chunk.
pub(crate) struct FilteredStream<S> {
    stream: S,
    filter: FrameFilter,
    chunk: Vec<u8>,
}

impl<S> FilteredStream<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, filter: FrameFilter::default(), chunk: vec![0; CHUNK] }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FilteredStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let Self { stream, filter, chunk } = &mut *self;
        loop {
            if let Some(read) = filter.give(out) {
                return Poll::Ready(Ok(read));
            }
            match ready!(Pin::new(&mut *stream).poll_read(cx, chunk))? {
                0 => {
                    filter.end();
                    return Poll::Ready(Ok(filter.give(out).unwrap_or(0)));
                }
                read => filter.take(&chunk[..read])?,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FilteredStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

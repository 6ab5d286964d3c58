//! Connections that can be closed at any moment without a response.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Accepts connections, each with its own switch.
#[derive(Debug)]
pub(crate) struct Door {
    pub listener: TcpListener,
    /// Closes all connections.
    pub closing: CancellationToken,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = Switch;

    async fn accept(&mut self) -> (Connection, Switch) {
        let (stream, _) = Listener::accept(&mut self.listener).await;
        let switch = self.closing.child_token();
        let closed = Box::pin(switch.clone().cancelled_owned());
        (Connection { stream, closed }, Switch(switch))
    }

    fn local_addr(&self) -> io::Result<Switch> {
        Ok(Switch(self.closing.clone()))
    }
}

/// Closes one connection.
#[derive(Debug, Clone)]
pub(crate) struct Switch(CancellationToken);

impl Switch {
    pub fn close(&self) {
        self.0.cancel();
    }
}

impl Connected<IncomingStream<'_, Door>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A connection that fails in both directions once its switch is thrown.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connection {
    fn open(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        match self.closed.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(Pin::new(&mut self.stream)),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.open(cx)?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.open(cx)?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

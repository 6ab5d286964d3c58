//! The socket to the broker: TCP, and TLS for amqps.

use std::{io, sync::Arc};

use lapin::uri::{AMQPScheme, AMQPUri};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    net::{TcpStream, ToSocketAddrs},
    task::spawn_blocking,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::{
    compat::{Compat, TokioAsyncReadCompatExt as _},
    either::Either,
};

/// An open socket, plain or encrypted.
pub(crate) type Socket = Compat<Either<TcpStream, TlsStream<TcpStream>>>;

/// Connects to the URI's host. For amqps its certificate must be for that host and of an authority that this machine
/// trusts.
pub(crate) async fn connect(uri: &AMQPUri) -> io::Result<Socket> {
    let host = uri.authority.host.as_str();
    let stream = tcp((host, uri.authority.port)).await?;
    let socket = match uri.scheme {
        AMQPScheme::AMQP => Either::Left(stream),
        AMQPScheme::AMQPS => Either::Right(encrypted(host, stream).await?),
    };
    Ok(socket.compat())
}

/// A socket without TLS.
pub(crate) async fn connect_plain(address: impl ToSocketAddrs) -> io::Result<Socket> {
    Ok(Either::Left(tcp(address).await?).compat())
}

async fn tcp(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn encrypted(host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    // The authorities are files, read again for each connection.
    let config = spawn_blocking(config).await??;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn config() -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "certificate authorities cannot be read");
    }
    let (_, ignored) = roots.add_parsable_certificates(found.certs);
    if ignored > 0 {
        tracing::warn!(ignored, "certificate authorities that are not valid are left out");
    }
    if roots.is_empty() {
        return Err(io::Error::other(
            "no certificate authorities could be read; install ca-certificates, or set SSL_CERT_FILE",
        ));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

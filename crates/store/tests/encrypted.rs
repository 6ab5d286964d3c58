//! Encryption towards the database: it works only with the right certificate.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use local_postgres::Options;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};
use store::{Settings, Store};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_rustls::TlsAcceptor;

/// The client's request in the protocol before it switches to TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Offers TLS with this certificate in front of a server that has only a socket. Returns the port.
async fn encrypt(socket: &Path, certificate: &CertifiedKey<KeyPair>) -> Result<u16> {
    let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key.into())?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let socket = socket.to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, acceptor.clone(), socket.clone()));
        }
    });
    Ok(port)
}

async fn serve(mut client: TcpStream, acceptor: TlsAcceptor, socket: std::path::PathBuf) -> Result<()> {
    let mut request = [0; 8];
    client.read_exact(&mut request).await?;
    ensure!(request == SSL_REQUEST, "it began without asking for TLS");
    client.write_all(b"S").await?;
    let mut client = acceptor.accept(client).await?;
    let mut server = UnixStream::connect(socket).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

#[tokio::test]
async fn only_the_right_certificate_for_the_right_name_is_trusted() -> Result<()> {
    let server = local_postgres::start(Options::throwaway()).await?;
    let socket = server.socket_directory().join(".s.PGSQL.5432");
    let directory = tempfile::tempdir()?;
    let certificate = |name: &str| -> Result<_> {
        let certificate = generate_simple_self_signed(vec![name.to_owned()])?;
        let file = directory.path().join(name);
        std::fs::write(&file, certificate.cert.pem())?;
        Ok((certificate, file))
    };
    let (right, right_file) = certificate("localhost")?;
    let (misnamed, misnamed_file) = certificate("db.example")?;

    let reach = async |presented: &CertifiedKey<KeyPair>, authorities: Option<&Path>| -> Result<()> {
        let port = encrypt(&socket, presented).await?;
        let url = format!("postgresql://postgres@localhost:{port}/postgres?sslmode=require");
        let mut settings = Settings::new(url);
        settings.authorities = authorities.map(Path::to_owned);
        Store::connect(settings, testkit::entropy(1)).await?.ping().await.context("ping")
    };
    reach(&right, Some(&right_file)).await?;
    let refused = [
        ("another authority", &right, Some(misnamed_file.as_path())),
        ("the platform's authorities", &right, None),
        ("another name", &misnamed, Some(misnamed_file.as_path())),
    ];
    for (what, presented, authorities) in refused {
        let refusal = reach(presented, authorities).await.expect_err(what).to_string();
        ensure!(refusal.contains("certificate"), "{what}: {refusal}");
    }
    server.stop().await?;
    Ok(())
}

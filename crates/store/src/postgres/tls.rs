//! When a connection is encrypted, and which certificates it trusts.

use std::{net::IpAddr, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Encrypted and verified to any other machine; to this machine as the URL says. `sslmode=prefer` is not offered,
/// because it falls back to plain text silently.
pub(crate) fn mode(config: &Config, allow_plaintext: bool) -> Result<SslMode, String> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err("the URL names no host".to_owned());
    }
    let stays_here =
        config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    match config.get_ssl_mode() {
        SslMode::Disable if stays_here || allow_plaintext => Ok(SslMode::Disable),
        SslMode::Disable => Err("sslmode=disable to another machine would send everything in clear text; \
             remove it, or allow plaintext for a network that nobody else is on"
            .to_owned()),
        SslMode::Prefer if stays_here => Ok(SslMode::Disable),
        _ => Ok(SslMode::Require),
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Verifies the server's certificate and name.
pub(crate) fn connector(mode: SslMode, authorities: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore::empty();
    match (mode, authorities) {
        (SslMode::Disable, _) => {}
        (_, Some(file)) => {
            let unreadable =
                |error: &dyn std::fmt::Display| format!("authorities in {}: {error}", file.display());
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
            if roots.is_empty() {
                return Err(unreadable(&"there is no certificate in it"));
            }
        }
        (_, None) => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                return Err(
                    "this machine has no certificate authorities; install ca-certificates, or name a file"
                        .to_owned(),
                );
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(url: &str, allow_plaintext: bool) -> Result<SslMode, String> {
        mode(&url.parse().expect("a URL"), allow_plaintext)
    }

    #[test]
    fn another_machine_is_reached_encrypted_or_not_at_all() {
        for url in
            ["postgresql://u@db.example/x", "postgresql://u@db.example/x?sslmode=prefer", "host=10.0.0.7"]
        {
            assert_eq!(mode_of(url, false), Ok(SslMode::Require), "{url}");
            assert_eq!(mode_of(url, true), Ok(SslMode::Require), "{url}");
        }
        assert!(mode_of("postgresql://u@db.example/x?sslmode=disable", false).is_err());
        assert!(mode_of("host=localhost hostaddr=10.0.0.7 sslmode=disable", false).is_err());
        assert!(mode_of("host=localhost,db.example sslmode=disable", false).is_err());
        assert_eq!(mode_of("postgresql://u@db/x?sslmode=disable", true), Ok(SslMode::Disable));
    }

    #[test]
    fn this_machine_needs_no_encryption_unless_it_is_asked_for() {
        for url in [
            "host=/run/postgresql",
            "postgresql://u@127.0.0.1/x",
            "postgresql://u@localhost/x?sslmode=disable",
        ] {
            assert_eq!(mode_of(url, false), Ok(SslMode::Disable), "{url}");
        }
        assert_eq!(mode_of("postgresql://u@localhost/x?sslmode=require", false), Ok(SslMode::Require));
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let refusal =
            connector(SslMode::Require, Some(Path::new("/dev/null"))).map(drop).expect_err("nothing in it");
        assert!(refusal.contains("no certificate"), "{refusal}");
    }
}

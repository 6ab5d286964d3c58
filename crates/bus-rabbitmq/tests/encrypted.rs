//! The bus over TLS.

mod support;

use std::{os::unix::ffi::OsStrExt as _, process::Command};

use bus::{Queue, SharedBus};
use bus_rabbitmq::declare_topology;
use rcgen::generate_simple_self_signed;
use testkit::{
    RabbitMq,
    bus_contract::{consumer, message, next, take},
    until,
};

/// Where the platform's verifier finds its authorities. It reads the variable once, so the test needs a separate
/// process.
const AUTHORITIES: &str = "SSL_CERT_FILE";
/// The broker's address for that process.
const BROKER: &str = "KASEYA_SYNC_TEST_BROKER";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_d3_properties_that_are_not_utf8_cost_no_encrypted_connection() {
    if let Ok(uri) = std::env::var(BROKER) {
        return over_tls(&uri).await;
    }
    let certificate = generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (public, key) = (certificate.cert.pem(), certificate.signing_key.serialize_pem());
    let broker = RabbitMq::start_encrypted(&public, &key).await.expect("a broker");
    let vhost = broker.vhost(support::DEFINITIONS).await.expect("a vhost");
    let uri = broker.encrypted_uri(&vhost).expect("TLS");
    let untrusted =
        declare_topology(&uri, testkit::entropy(1)).await.expect_err("nobody trusts it").to_string();
    assert!(untrusted.contains("certificate"), "{untrusted}");

    let sent = Command::new("amqp-publish")
        .args(["--exchange=counts", "--routing-key=x", "--persistent", "--body=latin", "--url"])
        .arg(broker.uri(&vhost))
        .arg("--content-type")
        .arg(std::ffi::OsStr::from_bytes(b"Caf\xe9"))
        .status();
    assert!(sent.expect("amqp-publish runs").success());
    let trusting = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "case_d3_properties_that_are_not_utf8_cost_no_encrypted_connection", "--nocapture"])
        .env(AUTHORITIES, broker.directory().join("certificate.pem"))
        .env(BROKER, uri)
        .output()
        .await
        .expect("it runs");
    let said = [trusting.stdout, trusting.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(trusting.status.success() && said.contains("1 passed"), "{said}");
}

async fn over_tls(uri: &str) {
    let bus: SharedBus = support::connect(uri);
    let mut connected = bus.connected();
    until("a connection", async || *connected.borrow()).await;
    connected.mark_unchanged();
    let mut counts = consumer(&bus, Queue::Counts, 4).await;
    // Larger than a frame and than one read.
    let large = "l".repeat(200_000);
    until("a confirm", async || bus.publish(Queue::Counts, message(&large)).await.is_ok()).await;
    take(&mut counts, &large).await;
    let letter = next(&mut consumer(&bus, Queue::DeadLetters, 1).await).await;
    let said: messages::v1::DeadLetter = letter.message.decode().expect("a dead letter");
    assert!(said.reason.starts_with("content_type: "), "{said:?}");
    assert!(!connected.has_changed().expect("a bus"), "a connection was lost");
}

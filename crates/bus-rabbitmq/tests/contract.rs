//! RabbitMQ fulfils the contract with the policies of the definitions file.

mod support;

/// A bus on a fresh vhost of the shared broker.
async fn fresh() -> bus::SharedBus {
    let broker = testkit::RabbitMq::shared().await.expect("a broker");
    let vhost = broker.vhost(support::DEFINITIONS).await.expect("a vhost");
    support::connect(&broker.uri(&vhost))
}

testkit::bus_contract!(fresh());

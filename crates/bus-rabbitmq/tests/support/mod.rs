//! What the tests of this crate share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bus_rabbitmq::RabbitMq;

/// The definitions that are deployed.
pub const DEFINITIONS: &str = include_str!("../../../../deploy/rabbitmq-definitions.json");

/// A bus there.
pub fn connect(uri: &str) -> Arc<RabbitMq> {
    // Queues of a connection's own are named at random: two connections of one broker must not draw the same names.
    static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
    let seed = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    RabbitMq::connect(uri, "test", testkit::entropy(seed)).expect("a URI")
}

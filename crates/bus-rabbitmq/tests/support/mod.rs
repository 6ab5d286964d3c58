//! Shared by this crate's tests.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bus_rabbitmq::RabbitMq;

/// The deployed definitions.
pub const DEFINITIONS: &str = include_str!("../../../../deploy/rabbitmq-definitions.json");

/// A bus there.
pub fn connect(uri: &str) -> Arc<RabbitMq> {
    // A connection's own queues have random names: two connections of one broker must not draw the same names.
    static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
    let seed = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    RabbitMq::connect(uri, "test", testkit::entropy(seed)).expect("a URI")
}

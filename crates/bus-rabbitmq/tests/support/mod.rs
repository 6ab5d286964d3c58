//! What the tests of this crate share.

use std::sync::Arc;

use bus_rabbitmq::RabbitMq;

/// The definitions that are deployed.
pub const DEFINITIONS: &str = include_str!("../../../../deploy/rabbitmq-definitions.json");

/// A bus there.
pub fn connect(uri: &str) -> Arc<RabbitMq> {
    RabbitMq::connect(uri, "test", testkit::entropy(1)).expect("a URI")
}

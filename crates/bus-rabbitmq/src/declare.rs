//! Declares the topology on the broker, at deployment and never at runtime.

use bus::{
    Queue,
    topology::{self, ExchangeKind},
};
use domain::Entropy;
use lapin::{
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use crate::{ConnectError, link::Broker};

/// Declares exchanges, queues and bindings. Existing ones stay as they are; a difference from the topology is an
/// error. Limits and dead-lettering are policies, which come with the definitions file.
pub async fn declare_topology(uri: &str, entropy: Entropy) -> Result<(), ConnectError> {
    let connection = Broker::new(uri, entropy)?.connect("kaseya-sync migrate").await?;
    let channel = connection.create_channel().await?;
    for (name, kind) in topology::exchanges() {
        let kind = match kind {
            ExchangeKind::Fanout => lapin::ExchangeKind::Fanout,
            ExchangeKind::Direct => lapin::ExchangeKind::Direct,
            ExchangeKind::Topic => lapin::ExchangeKind::Topic,
        };
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await?;
    }
    for queue in Queue::ALL {
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        channel.queue_declare(queue.name().into(), durable, arguments).await?;
        channel
            .queue_bind(
                queue.name().into(),
                queue.exchange().into(),
                queue.name().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
    }
    connection.close(200, "declared".into()).await?;
    Ok(())
}

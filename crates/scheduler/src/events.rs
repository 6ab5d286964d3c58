//! Events for the outbox.

use bus::EventTopic;
use messages::Message;
use store::messages::events::NewEvent;

pub(crate) fn event<M: Message>(topic: EventTopic, message: &M) -> NewEvent {
    let body = serde_json::to_value(message)
        .expect("a generated type serializes: its fields come from typed values");
    NewEvent { topic: topic.routing_key(), kind: M::KIND, body }
}

//! Messages that the database keeps: events to announce, dead letters, and parts of messages on their way.

pub mod dead_letters;
pub mod events;
pub mod parts;

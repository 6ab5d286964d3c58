//! Messages stored in the database: events to announce, dead letters, and parts of incomplete messages.

pub mod dead_letters;
pub mod events;
pub mod parts;

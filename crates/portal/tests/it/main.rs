//! The portal's pages and API as served, on a real Postgres and a simulated Kaseya.

mod access;
mod away;
mod document;
mod intake;
mod languages;
mod limits;
mod live;
mod looking_up;
mod mapping_file;
mod ordering;
mod reading;
mod ready;
mod security_events;
mod senders;
mod sessions;
mod setup;
mod suggestions;
mod texts;
mod waiting;
mod walk;
mod weight;
mod world;
mod writing;

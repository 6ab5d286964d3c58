//! The real service on a real Postgres and the in-process bus.

mod forged;
mod holds;
mod journal;
mod ledger;
mod leftovers;
mod letters;
mod message;
mod pairs;
mod remembered;
mod service;
mod statuses;
mod world;

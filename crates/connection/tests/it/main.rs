//! Authenticate against a simulated Kaseya and a real Postgres.

mod authenticate;
mod shared_addresses;
mod world;

//! What people do in an installation, on a real Postgres and a simulated Kaseya.

mod billing_rules;
mod company_mapping;
mod connection_settings;
mod decisions;
mod kaseya_reading;
mod key_rotation;
mod mapping_file;
mod product_mappings;
mod schedule;
mod security_events;
mod shared_calls;
mod world;

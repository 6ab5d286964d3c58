//! The portal: the pages on which an MSP's billing person sets up the integration, follows it and fixes problems
//! without help.
//!
//! The server renders the pages, and they work without JavaScript; a small script of our own makes them live. All
//! texts are in `words`, both languages side by side. Every request checks access: a partner that the visitor may
//! not see does not exist for the visitor (404).

mod addresses;
mod api;
mod arrival;
mod assets;
mod client_address;
mod company_query;
mod connection_attempts;
mod connections;
mod download;
mod entries;
mod failure;
mod forms;
mod frame;
mod identity_provider;
mod kaseya_says;
mod language;
mod named;
mod open_streams;
mod pages;
mod pending_sign_in;
mod portal;
mod ready;
mod refusals;
mod request_metrics;
mod router;
mod said;
mod senders;
mod service;
mod session;
mod settings;
mod shown;
mod slots;
mod upload;
mod visit;
mod words;

pub use api::document as api_document;
pub use identity_provider::ProviderSetupError;
pub use portal::{Context, Portal, SetupError};
pub use settings::{OidcSettings, PortalSettings};

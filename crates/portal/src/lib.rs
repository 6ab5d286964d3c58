//! The portal: the pages by which an MSP's billing person sets the integration up, sees how it goes and mends what is
//! wrong, alone.
//!
//! Pages are rendered here and work without JavaScript; a little script of our own makes them live. What a page says in
//! words stands in `words`, both languages side by side. Who may see what is asked with each request: a partner that is
//! not the visitor's does not exist for it (404).

mod addresses;
mod api;
mod arrival;
mod assets;
mod client_address;
mod company_query;
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
mod router;
mod said;
mod senders;
mod serving;
mod session;
mod settings;
mod shown;
mod slots;
mod trying;
mod upload;
mod visit;
mod words;

pub use api::document as api_document;
pub use identity_provider::ProviderSetupError;
pub use portal::{Context, Portal, SetupError};
pub use settings::{OidcSettings, PortalSettings};

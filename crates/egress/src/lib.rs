//! The guarded HTTP client: it checks addresses, refuses redirects, and limits sizes and times.
//!
//! A host that a customer types is a request target of our servers, so every request passes one guard: https on
//! port 443 only, no address literals, and the connection uses exactly the addresses that were checked after
//! resolution, which closes rebinding. Redirects are not followed, and no proxy is taken from the environment.
//!
//! The development switch adds one thing: plain http to loopback, with a port.
//!
//! Addresses that the operator sets, and no customer can, use a client of their own, [`OperatorSet`]: they may be
//! in our own networks.

mod address;
mod client;
mod error;
mod exchange;
mod guard;
mod operator_set;
mod resolver;

pub use client::{Egress, EgressSettings, MAX_BODY, SetupError};
pub use error::{EgressError, GuardRefusal};
pub use exchange::{Body, Method, Request, Response};
pub use guard::is_loopback_http;
pub use operator_set::OperatorSet;

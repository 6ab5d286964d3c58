//! The guarded HTTP client: addresses checked, redirects refused, sizes and times limited.
//!
//! A host that a customer types is a request target of our servers, so every request passes one door: https on port
//! 443 only, no address literals, and the connection gets exactly the addresses that were checked after resolution,
//! which closes rebinding. Redirects are not followed, and no proxy is taken from the environment.
//!
//! The development switch adds one thing: plain http to loopback, with a port.
//!
//! What the operator has set, and no customer can, goes by a door of its own, [`OperatorSet`]: it may be in our own networks.

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

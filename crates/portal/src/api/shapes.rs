//! What several documents of the API say alike.

mod billing_rule;
mod comparison;
mod service;

pub(crate) use billing_rule::Rule;
pub(crate) use comparison::Comparison;
pub(crate) use service::Service;

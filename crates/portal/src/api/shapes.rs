//! What several documents of the API say alike.

mod advice;
mod billing_rule;
mod company;
mod comparison;
mod connection;
mod leftovers;
mod numbers;
mod service;

pub(crate) use advice::Advice;
pub(crate) use billing_rule::Rule;
pub(crate) use company::{Company, Mapping, ProductStatus, Status};
pub(crate) use comparison::Comparison;
pub(crate) use connection::{Check, Refused, last_try_until, not_before, state_word};
pub(crate) use leftovers::{Left, NotYetKnown};
pub(crate) use numbers::Numbers;
pub(crate) use service::Service;

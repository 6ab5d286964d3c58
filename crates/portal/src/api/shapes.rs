//! What several documents of the API say alike.

mod billing_rule;
mod comparison;
mod service;
mod setting_numbers;

pub(crate) use billing_rule::Rule;
pub(crate) use comparison::Comparison;
pub(crate) use service::Service;
pub(crate) use setting_numbers::{NewSettingNumbers, SettingNumbers};

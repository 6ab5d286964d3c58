//! What is known of each Kaseya: how to call it and log in, and its contracts, services and names.

pub mod breakers;
pub mod calls;
pub mod contracts;
pub mod logins;
pub mod look_ups;
pub mod names;
pub mod never_shown;
pub mod places;
pub mod services;
pub mod zones;

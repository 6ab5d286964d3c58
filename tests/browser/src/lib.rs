//! A headless Chromium to test pages with: what is found in it is found by role and name, as a screen reader tells them,
//! and not by the page's markup. Each browser is private to its test, with an empty profile.

mod accessibility;
mod browser;
mod dev_tools;
mod driver;
mod elements;

pub use browser::{Browser, Language, Scheme, Script};
pub use elements::Role;

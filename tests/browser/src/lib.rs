//! The whole product, and a headless Chromium to use it. Tests find elements by role and name, as a screen reader
//! does, not by the page's markup. Each browser is private to its test, with an empty profile.

mod accessibility;
mod browser;
mod dev_tools;
mod driver;
mod elements;
mod identity_provider;
mod installation;
mod partners;
mod portal;

pub use browser::{Browser, Language, Scheme, Script};
pub use elements::Role;
pub use installation::{Installation, now};
pub use partners::{EMPTY, LOGIN, NEWCOMER, READY, kaseya};

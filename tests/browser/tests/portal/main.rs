//! The portal as people use it, and the browser that shows it.

mod browser;
mod looks;
mod newcomer;
mod people;
mod walk;

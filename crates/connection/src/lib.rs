//! Authenticate (S-12 to S-14): whether the values that somebody has typed, saved or not, open a Kaseya.
//!
//! It logs in for real and makes one read per right that a sync needs. It stores nothing of the values, sends no billing
//! data and changes nothing in Kaseya. Its logins are counted with the workers', by what is called, tenant and user: what Kaseya has
//! refused is not tried again, and no user is locked out by all of us together (B-03). So are those of a person who looks
//! something up in Kaseya ([`Reader`]).

mod authenticate;
mod counting;
mod look_up;
mod not_tried;
mod reading;
mod values;

pub use authenticate::{Authenticated, Authenticator};
pub use kaseya::{Check, Checked, Finding};
pub use not_tried::NotTried;
pub use reading::{NotRead, Reader};
pub use values::{NoAddress, Values};

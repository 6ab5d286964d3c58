//! Authenticate (S-12 to S-14): checks whether typed values, saved or not, give access to a Kaseya.
//!
//! It logs in for real and makes one read per right that a sync needs. It stores none of the values, sends no
//! billing data and changes nothing in Kaseya. Its logins are counted together with the workers', by called
//! address, tenant and user: what Kaseya has refused is not tried again, and all of us together never lock a user
//! (B-03). The same holds for people who look something up in Kaseya ([`Reader`]).

mod authenticate;
mod call_count;
pub mod credentials;
mod look_up;
mod not_tried;
mod reading;

pub use authenticate::{Authenticated, Authenticator};
pub use credentials::{NoAddress, OpenCredentials};
pub use kaseya::{Check, Checked, Finding};
pub use not_tried::NotTried;
pub use reading::{NotRead, Reader};

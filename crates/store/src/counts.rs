//! Companies, products and user counts as the provider reports them, frozen months, and the provider's charges.

pub mod billed_month;
pub mod corrections;
pub mod incomplete_reports;
pub mod intake;
pub mod month_ends;
pub mod month_pushes;
mod newest;
pub mod reports;
pub mod senders;

pub use newest::{CompanyReport, Users, counted_in_time, counted_since, newest, of_other_basis};
pub(crate) use newest::{sum_again, users};

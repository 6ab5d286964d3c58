//! The Kaseya BMS client: sessions, V2 reads, contract lines (read and written), errors with their class.
//!
//! V2 reads use the vendor's published API. Units are read and written through V1. Nobody has published its contract
//! routes, so they are a guess, kept as data: a [`LineProfile`].
//!
//! A [`Session`] belongs to one job: it counts its calls, keeps to its limits and remembers the result of its login.
//! All sessions of a [`Bms`] with the same credentials share tokens and refusals.

mod access;
mod allowed_hosts;
mod answer;
mod bases;
mod bms;
mod call_metrics;
mod calls;
mod catalogue;
mod door;
mod error;
mod fields;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod host;
mod lines;
mod login;
mod login_outcome;
mod look_up;
mod look_up_kind;
mod preflight;
mod probe;
mod raw_object;
mod reads;
mod section;
mod session;
mod shared;
mod survey;
mod user_info;
mod words;

pub use access::{Access, Allowance, Limits};
pub use allowed_hosts::{AllowedHosts, BasesError};
pub use bases::Bases;
pub use bms::Bms;
pub use catalogue::Catalogue;
pub use error::{BmsError, WriteError};
pub use host::{Cleaned, Host, HostError, HostFault, Note};
pub use lines::{ChangeInWait, ContractLine, LineProfile, LineProfileError};
pub use login_outcome::Login;
pub use look_up::LookUp;
pub use preflight::{Check, Checked, Finding, Preflight};
pub use probe::{
    Assumption, Candidate, CandidateAnswer, Effect, MOST_V1_CALLS, Outcome, ProbeOrder, ProbeReport, Probed,
    PutBack, Search, SumCheck, Trial, TrialOrder, TrialStep,
};
pub use reads::{Account, Contract, Service};
pub use section::KaseyaSection;
pub use session::{Session, SignedIn};
pub use shared::BmsSettings;
pub use survey::{SURVEY_PAGE, SurveyPage, SurveyedContract};
pub use user_info::UserInfo;
pub use words::Words;

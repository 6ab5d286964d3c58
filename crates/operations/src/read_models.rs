//! Read models: what is shown of a partner, with one name per field.
//!
//! The portal's API, `--json` of the operator's program, the demo's document and the spreadsheet files all use these
//! types, so a field that one of them shows has the same name and meaning in the others. The doc comments are the
//! descriptions in the API's document.

mod run;
mod waiting;

pub use run::{Run, Waits};
pub use waiting::Waiting;

//! The error catalogue for people: for each code a title and help in five parts, in English and Italian.
//!
//! [`advise`] takes a code, the known [`Facts`], and a [`Reader`]. The parts: what happened; what it means for this
//! company's next invoice; what we did; what to do, with the click path in Kaseya; and the button that checks again.
//! [`Advice::brief`] fits in a row. [`remark`] gives the facts that accompany a code.
//!
//! The texts are in `src/texts/`, one file per group of codes, with both languages next to each other;
//! `src/template.rs` describes their syntax. A missing fact removes the words around it: no text ever shows a gap.

mod advice;
mod facts;
mod language;
pub mod number;
mod reader;
mod ready;
mod remark;
mod state;
mod template;
mod text;
mod texts;
mod vocabulary;
mod waiting;
mod zones;

pub use advice::{Advice, advise};
pub use facts::{Facts, Money};
pub use language::{Button, Language, UnknownLanguage};
pub use reader::Reader;
pub use ready::not_ready;
pub use remark::{answer_fault, remark};
pub use state::state;
pub use waiting::wait;
pub use zones::zones;

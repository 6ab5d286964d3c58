//! The wire: types generated from `proto-schemas`, their envelope, and the checked way to domain.
//!
//! [`encode`] and [`decode`] are the envelope. [`inbound`] converts external senders' messages to domain types;
//! [`job_content`] and [`job_done`] convert what scheduler, worker and results tell each other, one function each way.
//! The services read the other messages with [`field`]. Nowhere does an absent field become a value.

mod addend;
mod contract_seen;
mod envelope;
mod evidence;
pub mod field;
#[cfg(test)]
mod golden;
mod hold_opened;
pub mod inbound;
pub mod job_content;
pub mod job_done;
mod line_seen;
mod remark;
#[cfg(test)]
mod schemas;
mod service_seen;
mod stranger;
mod ticket;

pub use envelope::{DecodeError, Message, SchedulerCall, decode, encode};
pub use field::FieldError;
pub use ticket::Ticket;

/// The generated types, in proto3 JSON through serde. Each is documented in `proto-schemas/`.
#[expect(missing_docs, clippy::all, clippy::allow_attributes, unused_qualifications, reason = "generated")]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/kaseya_sync.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/strict/kaseya_sync.v1.serde.rs"));
    include!(concat!(env!("OUT_DIR"), "/lenient/kaseya_sync.v1.serde.rs"));
}

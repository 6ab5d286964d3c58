//! Messages from the bus.

use bus::{Incoming, TraceContext};
use messages::{
    Message, SchedulerCall, decode, encode,
    inbound::{CountsReport, HoldDecision, SyncRequest},
    job_done::JobDone,
    v1,
};

/// What is decoded is encoded and decoded again the same.
fn round<M: Message + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<M> {
    let message: M = decode(None, bytes).ok()?;
    let again: M = decode(Some(M::KIND), &encode(&message)).expect("what we encode is decoded");
    assert_eq!(message, again);
    Some(message)
}

pub(crate) fn sync_requested(bytes: &[u8]) {
    if let Some(message) = round::<v1::SyncRequested>(bytes) {
        let _ = SyncRequest::try_from(message);
    }
}

pub(crate) fn counts(bytes: &[u8]) {
    let Some(message) = round::<v1::UserCountsReported>(bytes) else { return };
    if let Ok(report) = CountsReport::try_from(message) {
        assert!((1..=report.parts).contains(&report.part), "part {} of {}", report.part, report.parts);
    }
}

pub(crate) fn hold_decided(bytes: &[u8]) {
    if let Some(message) = round::<v1::HoldDecided>(bytes) {
        let _ = HoldDecision::try_from(message);
    }
}

pub(crate) fn job_ready(bytes: &[u8]) {
    round::<v1::JobReady>(bytes);
}

pub(crate) fn job_done(bytes: &[u8]) {
    let Some(message) = round::<v1::JobDone>(bytes) else { return };
    if let Ok(done) = JobDone::try_from(message) {
        assert_eq!(JobDone::try_from(v1::JobDone::from(done.clone())), Ok(done));
    }
}

pub(crate) fn scheduler_call(bytes: &[u8]) {
    for kind in [v1::StartJob::KIND, v1::PermitWrites::KIND, v1::RenewLease::KIND] {
        let _ = SchedulerCall::decode(Some(kind), bytes);
    }
}

pub(crate) fn scheduler_answer(bytes: &[u8]) {
    round::<v1::StartJobAnswer>(bytes);
    round::<v1::PermitAnswer>(bytes);
    round::<v1::RenewLeaseAnswer>(bytes);
}

/// The first line is the type that the message says it has.
pub(crate) fn envelope(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (kind, body) = (crate::text(&bytes[..end]), bytes.get(end + 1..).unwrap_or_default());
    let read = decode::<v1::JobReady>(kind, body);
    assert!(
        read.is_err() || kind.is_none_or(|kind| kind == v1::JobReady::KIND),
        "taken for a JobReady: {kind:?}"
    );
    let _ = SchedulerCall::decode(kind, body);
}

/// A message that can never be worked on: its letter is decoded again, with its whole length and no more than the start.
pub(crate) fn dead_letter(bytes: &[u8]) {
    let message = Incoming {
        id: crate::text(bytes).map(str::to_owned),
        kind: crate::text(bytes).map(str::to_owned),
        user: None,
        app: None,
        trace: TraceContext::default(),
        body: bytes.to_vec().into(),
        reply_to: None,
        correlation_id: None,
        redelivered: false,
    };
    let letter = bus::dead_letter("jobs", "any", &message);
    let read: v1::DeadLetter = decode(Some(letter.kind), &letter.body).expect("a letter of ours is decoded");
    assert_eq!(read.body_bytes, Some(bytes.len() as u64));
    let kept = match read.body_start.expect("it has a start") {
        v1::dead_letter::BodyStart::Text(text) => text.into_bytes(),
        v1::dead_letter::BodyStart::Binary(bytes) => bytes,
    };
    assert!(bytes.starts_with(&kept), "what is kept is the start");
    round::<v1::DeadLetter>(bytes);
}

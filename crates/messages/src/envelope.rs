//! The envelope: which bytes are which message.

use bytes::Bytes;
use domain::FailureClass;
use serde::{Serialize, de::DeserializeOwned};

use crate::{FieldError, stranger, v1};

/// What all types of this version begin with.
const PACKAGE: &str = "kaseya_sync.v1.";
/// What all versions begin with.
const FAMILY: &str = "kaseya_sync.";

/// A type that is a message of its own on the bus.
pub trait Message: Serialize + DeserializeOwned {
    /// Its full type with version, e.g. `kaseya_sync.v1.JobReady`: the value of the AMQP property `type`.
    const KIND: &'static str;
}

macro_rules! travelling {
    ($($name:ident),* $(,)?) => {
        $(impl Message for v1::$name {
            const KIND: &'static str = concat!("kaseya_sync.v1.", stringify!($name));
        })*

        #[cfg(test)]
        pub(crate) const KINDS: &[&str] = &[$(<v1::$name as Message>::KIND),*];

        /// Decodes bytes as the type `kind` and encodes them again.
        #[cfg(test)]
        pub(crate) fn round_trip(kind: &str, body: &[u8]) -> Result<Bytes, DecodeError> {
            match kind {
                $(<v1::$name as Message>::KIND => decode::<v1::$name>(Some(kind), body).map(|message| encode(&message)),)*
                other => panic!("{other} does not travel"),
            }
        }
    };
}

travelling! {
    SyncRequested, SyncAnswered, UserCountsReported, ReportAnswered, HoldDecided, DecisionAnswered, MessageDeadLettered,
    RunFinished, CompanyStatusChanged, CredentialsRefused, PasswordAging, HoldOpened,
    ReportRefused, ReportIncomplete, RunDeferred,
    JobReady, StartJob, StartJobAnswer, PermitWrites, PermitAnswer, RenewLease, RenewLeaseAnswer, JobDone, DeadLetter,
    MessagePart,
}

/// Why the bytes are not the expected message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A type of ours in a version that this program does not know.
    #[error("unknown version: {0:?}; this program reads kaseya_sync.v1")]
    UnknownVersion(String),
    /// A type other than the expected one.
    #[error("type: the property says {found:?}; write {expected} or leave it out")]
    OtherType {
        /// The expected type.
        expected: &'static str,
        /// The type that the message states.
        found: String,
    },
    /// The queue carries several types, and the message does not state its type.
    #[error("the message does not say its type: set the property `type`")]
    TypeMissing,
    /// Not UTF-8.
    #[error("the body is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    /// Not JSON or not of this type, with serde's own words.
    #[error("the body is not a {expected}: {problem}")]
    Malformed {
        /// The expected type.
        expected: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
    /// A field without a usable value.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A field from an external sender that is not of this type, under the name that the sender wrote.
    #[error(transparent)]
    Unfit(FieldError),
}

impl DecodeError {
    /// The error for the sender of the JSON: fields have their JSON names.
    pub fn for_sender(&self) -> String {
        match self {
            Self::Field(error) => error.in_json().to_string(),
            other => other.to_string(),
        }
    }

    /// The failure class: the same bytes never become a message.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::UnknownVersion(_)
            | Self::OtherType { .. }
            | Self::TypeMissing
            | Self::NotUtf8(_)
            | Self::Malformed { .. }
            | Self::Field(_)
            | Self::Unfit(_) => FailureClass::Poison,
        }
    }
}

/// The message as proto3 JSON.
pub fn encode<M: Message>(message: &M) -> Bytes {
    let json = serde_json::to_vec(message)
        .expect("a generated type serializes: its enums and timestamps are only ever set from typed values");
    Bytes::from(json)
}

/// Decodes a message. `kind` is the AMQP property `type`: external senders may omit it, but it must be right if
/// present.
pub fn decode<M: Message>(kind: Option<&str>, body: &[u8]) -> Result<M, DecodeError> {
    if let Some(kind) = kind {
        check_kind(M::KIND, kind)?;
    }
    let text = std::str::from_utf8(body).map_err(|error| DecodeError::NotUtf8(error.valid_up_to()))?;
    serde_json::from_str(text)
        .map_err(|error| DecodeError::Malformed { expected: M::KIND, problem: shortened(&error.to_string()) })
}

/// Decodes an external sender's message: as lenient as the proto3 JSON mapping, and each error names the field and
/// the fix.
pub(crate) fn decode_strangers<M: Message>(kind: Option<&str>, body: &[u8]) -> Result<M, DecodeError> {
    if let Some(kind) = kind {
        check_kind(M::KIND, kind)?;
    }
    let text = std::str::from_utf8(body).map_err(|error| DecodeError::NotUtf8(error.valid_up_to()))?;
    let malformed = |error: serde_json::Error| DecodeError::Malformed {
        expected: M::KIND,
        problem: shortened(&error.to_string()),
    };
    let mut document = stranger::read(text).map_err(malformed)?;
    let name = M::KIND.trim_start_matches(PACKAGE);
    stranger::fit(name, &mut document).map_err(DecodeError::Unfit)?;
    serde_json::from_value(document).map_err(malformed)
}

fn check_kind(expected: &'static str, found: &str) -> Result<(), DecodeError> {
    if found == expected {
        Ok(())
    } else if found.starts_with(FAMILY) && !found.starts_with(PACKAGE) {
        Err(DecodeError::UnknownVersion(shortened(found)))
    } else {
        Err(DecodeError::OtherType { expected, found: shortened(found) })
    }
}

/// An external sender's text, cut to a length fit for a reason.
fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

/// A worker's request to the scheduler, on the queue `scheduler.calls`.
#[derive(Debug, Clone, PartialEq)]
pub enum SchedulerCall {
    /// The response is `StartJobAnswer`.
    Start(v1::StartJob),
    /// The response is `PermitAnswer`.
    Permit(v1::PermitWrites),
    /// The response is `RenewLeaseAnswer`.
    Renew(v1::RenewLease),
}

impl SchedulerCall {
    /// Decodes the one of the three that `kind` states.
    pub fn decode(kind: Option<&str>, body: &[u8]) -> Result<Self, DecodeError> {
        match kind {
            None => Err(DecodeError::TypeMissing),
            Some(v1::PermitWrites::KIND) => decode(kind, body).map(Self::Permit),
            Some(v1::RenewLease::KIND) => decode(kind, body).map(Self::Renew),
            Some(_) => decode(kind, body).map(Self::Start),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const READY: &[u8] = br#"{"partnerId":"p","jobId":"j","attempt":1}"#;

    fn ready(kind: Option<&str>, body: &[u8]) -> Result<v1::JobReady, DecodeError> {
        decode(kind, body)
    }

    #[test]
    fn the_type_is_optional_and_must_be_right_when_given() {
        assert!(ready(None, READY).is_ok());
        assert!(ready(Some("kaseya_sync.v1.JobReady"), READY).is_ok());
        assert_eq!(
            ready(Some("kaseya_sync.v2.JobReady"), READY),
            Err(DecodeError::UnknownVersion("kaseya_sync.v2.JobReady".into()))
        );
        for other in ["kaseya_sync.v1.JobDone", "JobReady", "", "x"] {
            assert!(
                matches!(ready(Some(other), READY), Err(DecodeError::OtherType { .. })),
                "{other:?} was taken for a JobReady"
            );
        }
    }

    #[test]
    fn what_is_no_text_or_no_json_is_refused() {
        assert_eq!(ready(None, b"{\"\xff\":1}"), Err(DecodeError::NotUtf8(2)));
        for body in [
            &b""[..],
            b"{",
            b"[]",
            b"null",
            b"{} {}",
            b"\xef\xbb\xbf{}",
            br#"{"attempt":-1}"#,
            br#"{"attempt":1.5}"#,
        ] {
            assert!(matches!(ready(None, body), Err(DecodeError::Malformed { .. })), "{body:?} was taken");
        }
    }

    #[test]
    fn the_same_field_twice_is_refused() {
        assert!(ready(None, br#"{"attempt":1,"attempt":2}"#).is_err());
        assert!(ready(None, br#"{"jobId":"a","job_id":"b"}"#).is_err());
    }

    #[test]
    fn unknown_fields_are_refused_in_what_strangers_send_and_ignored_among_ourselves() {
        let misspelt = br#"{"partnerId":"p","expireAt":"2026-01-01T00:00:00Z"}"#;
        assert!(decode::<v1::SyncRequested>(None, misspelt).is_err());
        assert!(decode::<v1::UserCountsReported>(None, br#"{"reports":1}"#).is_err());
        let nested = br#"{"companies":[{"companyId":"c","products":[{"productId":"p","user":3}]}]}"#;
        assert!(decode::<v1::UserCountsReported>(None, nested).is_err());
        assert!(decode::<v1::HoldDecided>(None, br#"{"unit":1}"#).is_err());
        assert!(ready(None, br#"{"partnerId":"p","fromTheFuture":{"a":[1]}}"#).is_ok());
    }

    #[test]
    fn absent_numbers_stay_absent() {
        let ready = ready(None, br#"{"partnerId":"p","jobId":"j"}"#).expect("lawful");
        assert_eq!(ready.attempt, None);
    }

    #[test]
    fn a_deeply_nested_body_is_refused_and_not_a_stack_overflow() {
        let body = "[".repeat(200_000);
        assert!(ready(None, body.as_bytes()).is_err());
        let nested = format!("{{\"x\":{body}");
        assert!(ready(None, nested.as_bytes()).is_err());
    }

    #[test]
    fn a_long_complaint_is_shortened() {
        let body = format!("{{\"{}\":1}}", "x".repeat(100_000));
        let error = decode::<v1::HoldDecided>(None, body.as_bytes()).expect_err("unknown field");
        assert!(error.to_string().len() < 500);
    }

    #[test]
    fn scheduler_calls_are_told_apart_by_their_type() {
        let read = |kind| SchedulerCall::decode(kind, br#"{"partnerId":"p"}"#);
        assert!(matches!(read(Some(v1::StartJob::KIND)), Ok(SchedulerCall::Start(_))));
        assert!(matches!(read(Some(v1::PermitWrites::KIND)), Ok(SchedulerCall::Permit(_))));
        assert!(matches!(read(Some(v1::RenewLease::KIND)), Ok(SchedulerCall::Renew(_))));
        assert_eq!(read(None), Err(DecodeError::TypeMissing));
        assert!(matches!(read(Some("kaseya_sync.v1.JobDone")), Err(DecodeError::OtherType { .. })));
        assert!(matches!(read(Some("kaseya_sync.v9.StartJob")), Err(DecodeError::UnknownVersion(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_an_error(which in 0..KINDS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Err(error) = round_trip(KINDS[which], &bytes) {
                prop_assert_eq!(error.class(), FailureClass::Poison);
            }
        }

        #[test]
        fn any_json_is_a_message_or_an_error(
            which in 0..KINDS.len(),
            key in "partner_?[iI]d|companies|mode|units|day|countedAt|left_over|[a-z]{1,8}",
            value in "null|true|-?[0-9]{1,30}|[0-9]e[0-9]{1,4}|\"[A-Z_a-z0-9]{0,20}\"|\\[[0-9,]{0,9}\\]|\\{\\}|\"NaN\"",
        ) {
            // The property is that decoding ends: the result is a message or an error and never a panic.
            let _ = round_trip(KINDS[which], format!("{{\"{key}\":{value}}}").as_bytes());
        }
    }
}

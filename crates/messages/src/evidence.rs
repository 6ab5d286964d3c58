//! Evidence: decoding and encoding.

use domain::Evidence;

use crate::{
    FieldError,
    field::{instant, named, wire_instant},
    v1,
};

impl TryFrom<v1::Evidence> for Evidence {
    type Error = FieldError;

    fn try_from(evidence: v1::Evidence) -> Result<Self, FieldError> {
        let at = instant("at", evidence.at)?;
        named("kind", &evidence.kind, |kind| Self::of_kind(kind, at))
    }
}

impl From<Evidence> for v1::Evidence {
    fn from(evidence: Evidence) -> Self {
        Self { kind: evidence.kind().to_owned(), at: Some(wire_instant(evidence.at())) }
    }
}

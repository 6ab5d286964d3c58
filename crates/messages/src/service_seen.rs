//! A service as Kaseya's catalogue showed it: decoding and encoding.

use domain::{SeenService, ServiceId, ServiceState};

use crate::{
    FieldError,
    field::{instant, named, required, wire_instant},
    v1,
};

impl TryFrom<v1::ServiceSeen> for SeenService {
    type Error = FieldError;

    fn try_from(seen: v1::ServiceSeen) -> Result<Self, FieldError> {
        Ok(Self {
            service: ServiceId(required("service_id", seen.service_id)?),
            state: named("state", &seen.state, ServiceState::parse)?,
            seen_at: instant("seen_at", seen.seen_at)?,
        })
    }
}

impl From<SeenService> for v1::ServiceSeen {
    fn from(seen: SeenService) -> Self {
        Self {
            service_id: Some(seen.service.0),
            state: seen.state.as_str().to_owned(),
            seen_at: Some(wire_instant(seen.seen_at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_was_seen_comes_back_as_it_went_and_an_unknown_word_is_refused() {
        for state in ServiceState::ALL {
            let seen = SeenService { service: ServiceId(7), state: *state, seen_at: Timestamp::UNIX_EPOCH };
            let wire = v1::ServiceSeen::from(seen);
            assert_eq!(SeenService::try_from(wire.clone()), Ok(seen));
            let unknown = v1::ServiceSeen { state: "retired".to_owned(), ..wire };
            assert_eq!(SeenService::try_from(unknown).map_err(|error| error.field), Err("state".to_owned()));
        }
    }
}

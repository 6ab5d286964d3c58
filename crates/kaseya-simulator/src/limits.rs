//! How many calls an hour allows.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{Counted, Endpoint, LimitBehaviour, endpoint::Api};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The current hours, each starting with its first call.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// Per route, or per API.
    hours: HashMap<(Api, Option<Endpoint>), (Timestamp, u32)>,
}

impl Limits {
    /// Counts a call.
    ///
    /// # Errors
    /// The limit of the hour is reached: returns the time at which the hour ends.
    pub fn admit(
        &mut self,
        endpoint: Endpoint,
        now: Timestamp,
        behaviour: &LimitBehaviour,
    ) -> Result<(), Timestamp> {
        let most = match endpoint.api() {
            Api::V2 => behaviour.v2_per_hour,
            Api::V1 => behaviour.v1_per_hour,
        };
        let route = (behaviour.counted == Counted::PerRoute).then_some(endpoint);
        let (since, used) = self.hours.entry((endpoint.api(), route)).or_insert((now, 0));
        if now.duration_since(*since) >= HOUR {
            (*since, *used) = (now, 0);
        }
        *used = used.saturating_add(1);
        if *used <= most { Ok(()) } else { Err(*since + HOUR) }
    }
}

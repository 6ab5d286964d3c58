//! How many calls an hour a route takes.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{Endpoint, LimitBehaviour, endpoint::Api};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The hours that are running, one per route, each from its first call on.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    hours: HashMap<Endpoint, (Timestamp, u32)>,
}

impl Limits {
    /// Counts a call.
    ///
    /// # Errors
    /// When the route's hour is used up: the instant at which it ends.
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
        let (since, used) = self.hours.entry(endpoint).or_insert((now, 0));
        if now.duration_since(*since) >= HOUR {
            (*since, *used) = (now, 0);
        }
        *used = used.saturating_add(1);
        if *used <= most { Ok(()) } else { Err(*since + HOUR) }
    }
}

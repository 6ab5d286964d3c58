//! How many calls an hour a route takes.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{Endpoint, endpoint::Api};

/// The hours that are running, one per route, each from its first call on.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    hours: HashMap<Endpoint, (Timestamp, u32)>,
}

impl Limits {
    /// Counts a call; false when the route's hour is used up.
    pub fn admit(&mut self, endpoint: Endpoint, now: Timestamp) -> bool {
        let most = match endpoint.api() {
            Api::V2 => 1500,
            Api::V1 => 500,
        };
        let (since, used) = self.hours.entry(endpoint).or_insert((now, 0));
        if now.duration_since(*since) >= SignedDuration::from_hours(1) {
            (*since, *used) = (now, 0);
        }
        *used = used.saturating_add(1);
        *used <= most
    }
}

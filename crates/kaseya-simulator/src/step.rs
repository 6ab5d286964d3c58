//! What goes wrong with which calls, as a file or another program can say it.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, Fault};

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// With a call of this endpoint.
    pub endpoint: Endpoint,
    /// With which of its calls.
    pub calls: Calls,
    /// What goes wrong.
    pub fault: Fault,
}

/// Some calls of an endpoint, counted from 1 on since the start or since the counts were last set to 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Calls {
    /// This one.
    Nth(u64),
    /// This one and all after it.
    From(u64),
    /// One of so many, at even distances: with 3 the third, the sixth and so on.
    Every(u64),
    /// One of so many, by chance.
    OneIn(u32),
}

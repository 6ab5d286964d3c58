//! Which calls fail, and how, as a file or another program states it.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, Fault};

/// One fault with the calls it applies to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Which of its calls.
    pub calls: Calls,
    /// The fault.
    pub fault: Fault,
}

/// Some calls of an endpoint, counted from 1 since the start or the last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Calls {
    /// This call only.
    Nth(u64),
    /// This call and all after it.
    From(u64),
    /// Every nth call: with 3 the third, the sixth and so on.
    Every(u64),
    /// One call in this many, at random.
    OneIn(u32),
}

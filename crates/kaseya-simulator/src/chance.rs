//! Random choices: the same for the same seed and call, whatever the order of calls to different endpoints.

use rand::{SeedableRng, rngs::StdRng};

use crate::Endpoint;

/// The kind of choice: two choices for one call must be independent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    Latency,
    /// Whether the step at this place of the script applies.
    Step(usize),
}

/// The random generator for one choice of one call, identified by its endpoint and number.
pub(crate) fn chance(seed: u64, endpoint: Endpoint, turn: u64, choice: Choice) -> StdRng {
    let choice = match choice {
        Choice::Latency => 0,
        Choice::Step(place) => place as u64 + 1,
    };
    let mut whole = [0; 32];
    for (part, bytes) in [seed, endpoint as u64, turn, choice].into_iter().zip(whole.chunks_exact_mut(8)) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    StdRng::from_seed(whole)
}

//! Choices by chance: the same for the same seed and the same call, in whatever order the calls of several endpoints come.

use rand::{SeedableRng, rngs::StdRng};

use crate::Endpoint;

/// What is chosen; two choices for one call must not go together.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    Latency,
    /// Whether the step at this place of the script strikes.
    Step(usize),
}

/// The chance of one choice for the call that is this one of its endpoint.
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

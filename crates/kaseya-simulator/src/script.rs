//! What goes wrong with which calls, as a file or another program can say it.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::{
    Behaviour, Endpoint, Fault,
    chance::{Choice, chance},
};

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

impl Behaviour {
    /// What the script has for the call that is this one of its endpoint.
    pub(crate) fn scripted(&self, endpoint: Endpoint, turn: u64) -> Vec<Fault> {
        let strikes = |place: usize, calls: Calls| match calls {
            Calls::Nth(nth) => turn == nth,
            Calls::From(first) => turn >= first,
            Calls::Every(distance) => turn.is_multiple_of(distance),
            Calls::OneIn(many) => {
                chance(self.seed, endpoint, turn, Choice::Step(place)).random_ratio(1, many.max(1))
            }
        };
        let steps = self.script.iter().enumerate();
        steps
            .filter(|(place, step)| step.endpoint == endpoint && strikes(*place, step.calls))
            .map(|(_, step)| step.fault.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(calls: Calls, seed: u64) -> Vec<u64> {
        let step = Step { endpoint: Endpoint::WriteLine, calls, fault: Fault::BadGateway };
        let behaviour = Behaviour { seed, script: vec![step], ..Behaviour::default() };
        assert_eq!((1..9).flat_map(|turn| behaviour.scripted(Endpoint::ContractLines, turn)).count(), 0);
        (1..=1000).filter(|turn| !behaviour.scripted(Endpoint::WriteLine, *turn).is_empty()).collect()
    }

    #[test]
    fn a_step_strikes_the_calls_that_it_names() {
        assert_eq!(struck(Calls::Nth(3), 1), [3]);
        assert_eq!(struck(Calls::From(998), 1), [998, 999, 1000]);
        assert_eq!(struck(Calls::Every(250), 1), [250, 500, 750, 1000]);
        assert_eq!(struck(Calls::Every(0), 1), [0_u64; 0]);
        assert_eq!(struck(Calls::OneIn(0), 1).len(), 1000);
    }

    #[test]
    fn by_chance_a_seed_strikes_the_same_calls_and_another_seed_others() {
        let one = struck(Calls::OneIn(10), 1);
        assert_eq!(one, struck(Calls::OneIn(10), 1));
        assert_ne!(one, struck(Calls::OneIn(10), 2));
        assert!((60..140).contains(&one.len()), "one of ten is struck: {}", one.len());
    }
}

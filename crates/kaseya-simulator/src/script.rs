//! The script: which faults apply to which calls.

use rand::RngExt;

use crate::{
    Behaviour, Calls, Endpoint, Fault,
    chance::{Choice, chance},
};

impl Behaviour {
    /// The script's faults for a call, identified by its endpoint and number.
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
    use crate::Step;

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

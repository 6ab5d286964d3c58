//! How long a response takes.

use std::time::Duration;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// How fast the long tail thins out: of a hundred calls about six take ten times the minimum or more.
const TAIL: f64 = 1.2;

/// How long responses take, by tokio's time: a runtime with a paused clock does not wait for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub enum Latency {
    /// No time.
    #[default]
    AtOnce,
    /// Always the same.
    Fixed {
        /// Milliseconds.
        millis: u64,
    },
    /// Any time between two limits, both included.
    Uniform {
        /// Milliseconds.
        least: u64,
        /// Milliseconds.
        most: u64,
    },
    /// Mostly little more than the minimum, now and then many times that.
    LongTail {
        /// Milliseconds.
        least: u64,
        /// Milliseconds.
        most: u64,
    },
}

impl Latency {
    pub(crate) fn draw(self, chance: &mut impl Rng) -> Duration {
        Duration::from_millis(match self {
            Self::AtOnce => 0,
            Self::Fixed { millis } => millis,
            Self::Uniform { least, most } => chance.random_range(least..=most.max(least)),
            Self::LongTail { least, most } => {
                // A Pareto distribution, from a number above 0 and up to 1.
                let share = 1.0 - chance.random::<f64>();
                let millis = least.max(1) as f64 * share.powf(-1.0 / TAIL);
                (millis as u64).clamp(least, most.max(least))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Endpoint,
        chance::{Choice, chance},
    };

    fn millis(latency: Latency, seed: u64) -> Vec<u128> {
        let draw = |turn| {
            latency.draw(&mut chance(seed, Endpoint::ContractLines, turn, Choice::Latency)).as_millis()
        };
        let mut drawn: Vec<u128> = (0..1000).map(draw).collect();
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn a_seed_draws_the_same_times_and_another_seed_others() {
        for latency in
            [Latency::Uniform { least: 10, most: 500 }, Latency::LongTail { least: 10, most: 5000 }]
        {
            assert_eq!(millis(latency, 1), millis(latency, 1));
            assert_ne!(millis(latency, 1), millis(latency, 2));
        }
    }

    #[test]
    fn each_distribution_has_its_shape() {
        assert_eq!(millis(Latency::AtOnce, 1), [0; 1000]);
        assert_eq!(millis(Latency::Fixed { millis: 70 }, 1), [70; 1000]);
        let uniform = millis(Latency::Uniform { least: 100, most: 200 }, 1);
        assert_eq!((uniform[0], uniform[999]), (100, 200));
        assert!((140..160).contains(&uniform[500]), "the middle of {uniform:?}");
        let tail = millis(Latency::LongTail { least: 100, most: 20_000 }, 1);
        assert!(tail[0] >= 100 && tail[999] <= 20_000, "{} to {}", tail[0], tail[999]);
        assert!(tail[500] < 250, "half of the calls are fast, not {}", tail[500]);
        assert!(tail[980] > 1000, "two of a hundred take ten times as long, not {}", tail[980]);
    }

    #[test]
    fn limits_the_wrong_way_round_give_the_least() {
        assert_eq!(millis(Latency::Uniform { least: 9, most: 3 }, 1), [9; 1000]);
        assert_eq!(millis(Latency::LongTail { least: 9, most: 3 }, 1), [9; 1000]);
    }
}

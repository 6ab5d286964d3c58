//! The brakes: the figures from which a change waits for a person.

use domain::{Brake, Brakes, RunBrake};
use proptest::prelude::*;

#[test]
fn the_figures_of_the_requirements_hold_exactly_from_where_they_say() {
    let brakes = Brakes::default();
    let holds = |from: f64, to| brakes.check(from, to) == Some(Brake::LargeChange);
    // At least 5 units and 20 percent of what Kaseya shows.
    assert!(!holds(10.0, 14) && holds(10.0, 15));
    assert!(!holds(10.0, 6) && holds(10.0, 5));
    assert!(holds(25.0, 30) && !holds(26.0, 31) && holds(30.0, 24));
    assert!(!holds(4.0, 1), "few units are never held for their share");
    // 25 units, whatever percent they are.
    assert!(!holds(1000.0, 1024) && holds(1000.0, 1025) && holds(1000.0, 975));
    // Where Kaseya shows 0, five units exceed any percent.
    assert!(!holds(0.0, 4) && holds(0.0, 5));
    assert_eq!(brakes.check(1.0, 0), Some(Brake::FallToZero));
    assert_eq!(brakes.check(0.0, 0), None);
}

#[test]
fn a_run_is_held_above_the_percent_and_from_the_number_of_companies_on() {
    let brake = RunBrake::default();
    assert!(brake.allows(4, 4), "fewer than five are never held");
    assert!(!brake.allows(5, 5) && !brake.allows(5, 24) && brake.allows(5, 25));
    assert!(brake.allows(20, 100) && !brake.allows(21, 100));
    assert!(brake.allows(0, 0) && !brake.allows(u32::MAX, u32::MAX));
}

fn figures() -> impl Strategy<Value = Brakes> {
    (0_u32..50, 0_u32..200, 0_u32..100).prop_map(|(units, percent, units_alone)| Brakes {
        units,
        percent,
        units_alone,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_further_from_what_kaseya_shows_is_held_too(
        brakes in figures(), from in 0.0..200.0_f64, to in 0_u32..200, further in 1_u32..200,
    ) {
        if brakes.check(from, to).is_some() {
            let beyond = if f64::from(to) >= from { to + further } else { to.saturating_sub(further) };
            prop_assert!(brakes.check(from, beyond).is_some());
        }
    }

    #[test]
    fn looser_figures_hold_nothing_more(
        brakes in figures(), looser in (0_u32..50, 0_u32..50, 0_u32..50), from in -50.0..200.0_f64, to in 0_u32..200,
    ) {
        let loose = Brakes {
            units: brakes.units + looser.0,
            percent: brakes.percent + looser.1,
            units_alone: brakes.units_alone + looser.2,
        };
        if brakes.check(from, to).is_none() {
            prop_assert_eq!(loose.check(from, to), None);
        }
    }

    #[test]
    fn any_fall_to_zero_is_held_whatever_the_figures(brakes in figures(), from in 0.0001..1e9_f64) {
        prop_assert_eq!(brakes.check(from, 0), Some(Brake::FallToZero));
    }

    #[test]
    fn a_run_that_is_held_stays_held_with_more_companies(
        percent in 0_u32..120, companies in 0_u32..20, changed in 0_u32..500, more in 0_u32..500, mapped in 0_u32..500,
    ) {
        let brake = RunBrake { percent, companies };
        if !brake.allows(changed, mapped) {
            prop_assert!(!brake.allows(changed + more, mapped));
        }
    }
}

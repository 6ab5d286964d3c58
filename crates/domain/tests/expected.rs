//! The changes that the run's brake counts before anything is read.

use domain::{Brakes, Found, KnownLine, KnownTarget, Wanted, would_change};
use proptest::prelude::*;

fn known(units: f64, wanted: u32) -> KnownTarget {
    KnownTarget {
        wanted: Wanted::Units(wanted),
        found: Found::One(KnownLine { units, unit_price: Some(3.5) }),
        unclear: false,
        barred: false,
    }
}

fn counted(target: KnownTarget) -> bool {
    would_change(&target, &Brakes::default())
}

#[test]
fn b_01_only_what_would_be_written_counts_as_a_change() {
    assert!(counted(known(10.0, 11)));
    for other in [
        known(10.0, 10),
        known(10.0, 0),
        known(10.0, 40),
        known(10.5, 11),
        KnownTarget { found: Found::None, ..known(10.0, 11) },
        KnownTarget { found: Found::NotLookedFor, ..known(10.0, 11) },
        KnownTarget { found: Found::Several, ..known(10.0, 11) },
        KnownTarget { wanted: Wanted::Unknown, ..known(10.0, 11) },
        KnownTarget { unclear: true, ..known(10.0, 11) },
        KnownTarget { barred: true, ..known(10.0, 11) },
    ] {
        assert!(!counted(other), "{other:?}");
    }
}

proptest! {
    #[test]
    fn b_01_what_counts_passes_the_brakes_on_the_line(units in 0_u32..200, wanted in 0_u32..200) {
        let passes = Brakes::default().check(f64::from(units), wanted).is_none();
        prop_assert_eq!(counted(known(f64::from(units), wanted)), passes && units != wanted);
    }
}

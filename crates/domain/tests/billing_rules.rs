//! Billing rules (B-05): counted users to billed units.

use domain::{BillingRule, MAX_UNITS};
use proptest::prelude::*;

fn billed(minimum: u32, included_free: u32) -> BillingRule {
    BillingRule::Billed { minimum, included_free }
}

#[test]
fn free_users_are_taken_off_before_the_minimum_is_looked_at() {
    let rule = billed(5, 2);
    assert_eq!(rule.billed_units(12), Some(10));
    assert_eq!(rule.billed_units(7), Some(5));
    assert_eq!(rule.billed_units(6), Some(5), "a minimum is charged whatever is free");
    assert_eq!(rule.billed_units(0), Some(5));
    assert_eq!(billed(0, 2).billed_units(1), Some(0), "never less than none");
}

#[test]
fn what_is_not_billed_is_no_number_and_not_0() {
    assert_eq!(BillingRule::NotBilled.billed_units(12), None);
    assert_eq!(BillingRule::NotBilled.billed_units(0), None);
}

proptest! {
    #[test]
    fn without_a_rule_every_user_is_a_unit(counted in 0..=MAX_UNITS) {
        prop_assert_eq!(BillingRule::default().billed_units(counted), Some(counted));
    }

    #[test]
    fn no_less_than_the_minimum_and_no_more_than_the_minimum_or_the_count(
        minimum in 0..=MAX_UNITS, free in 0..=MAX_UNITS, counted in 0..=MAX_UNITS,
    ) {
        let units = billed(minimum, free).billed_units(counted).expect("it is billed");
        prop_assert!(units >= minimum);
        prop_assert!(units <= minimum.max(counted));
        prop_assert!(units >= counted.saturating_sub(free));
    }

    #[test]
    fn one_user_more_is_at_most_one_unit_more_and_never_less(
        minimum in 0_u32..50, free in 0_u32..50, counted in 0_u32..200,
    ) {
        let rule = billed(minimum, free);
        let (now, then) = (rule.billed_units(counted).unwrap(), rule.billed_units(counted + 1).unwrap());
        prop_assert!(then == now || then == now + 1);
    }
}

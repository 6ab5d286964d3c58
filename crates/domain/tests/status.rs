//! The outcome that represents a company on a contract, and when Kaseya last showed our number.

use domain::{CompanyState, ErrorCode, Outcome, aggregate, seen_equal};
use proptest::prelude::*;

use CompanyState::{Changed, Deferred, Held, NotBilled, NotMapped, NotSent, Sent, Unchanged};

#[test]
fn the_worst_product_stands_for_the_company() {
    let held = Outcome::with(Held, ErrorCode::Qty01);
    let failed = Outcome::with(NotSent, ErrorCode::Svc01);
    assert_eq!(aggregate(&[Outcome::of(Changed), held]), Some(held));
    assert_eq!(aggregate(&[failed, Outcome::of(Unchanged), held]), Some(failed));
    assert_eq!(aggregate(&[]), None);
}

#[test]
fn a_warning_is_shown_where_nothing_is_worse() {
    let unmapped = Outcome::with(NotMapped, ErrorCode::Map02);
    let changed = Outcome::of(Changed);
    assert_eq!(aggregate(&[changed, unmapped]), Some(Outcome::with(Changed, ErrorCode::Map02)));
    assert_eq!(aggregate(&[unmapped, unmapped]), Some(unmapped));
    let failed = Outcome::with(NotSent, ErrorCode::Svc03);
    assert_eq!(aggregate(&[unmapped, changed, failed]), Some(failed));
}

#[test]
fn of_two_codes_in_the_worst_state_the_graver_is_shown() {
    let later = Outcome::with(NotSent, ErrorCode::Qty02);
    let dismissed = Outcome::with(NotSent, ErrorCode::Qty01);
    assert_eq!(aggregate(&[dismissed, later]), Some(later));
    let first = Outcome::with(NotSent, ErrorCode::Svc01);
    assert_eq!(aggregate(&[later, first]), Some(first));
}

#[test]
fn seen_equal_needs_every_target_changed_or_found_equal() {
    let of = |states: &[CompanyState]| {
        seen_equal(&states.iter().map(|state| Outcome::of(*state)).collect::<Vec<_>>())
    };
    assert!(of(&[Changed]) && of(&[Unchanged]) && of(&[Changed, Unchanged]));
    assert!(of(&[Unchanged, NotMapped]) && of(&[Changed, NotBilled]), "what has no target does not count");
    assert!(!of(&[]) && !of(&[NotMapped]) && !of(&[NotBilled, NotMapped]));
    for state in [Held, NotSent, Deferred, Sent, CompanyState::Off, CompanyState::Never] {
        assert!(!of(&[Unchanged, state]), "{state}");
    }
}

proptest! {
    #[test]
    fn the_order_of_products_does_not_matter(
        products in prop::collection::vec(
            (prop::sample::select(CompanyState::ALL), prop::option::of(prop::sample::select(ErrorCode::ALL)))
                .prop_map(|(state, code)| Outcome { state, code }),
            0..6,
        ),
    ) {
        let mut reversed = products.clone();
        reversed.reverse();
        prop_assert_eq!(aggregate(&products), aggregate(&reversed));
        prop_assert_eq!(seen_equal(&products), seen_equal(&reversed));
        let any_code = products.iter().any(|product| product.code.is_some());
        prop_assert_eq!(aggregate(&products).and_then(|company| company.code).is_some(), any_code);
    }
}

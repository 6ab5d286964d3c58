//! The brakes (B-01): a held change is not written until a person has approved it.

use domain::Remark;
use messages::v1;
use uuid::Uuid;

use crate::{
    job::{addend, approval, came_out, contract, dismissal, outcome, remarks, target},
    world::{World, state},
};

/// One company that wants `wanted` units on a line that shows 12.
fn wanting(wanted: u32) -> v1::TargetWork {
    target(701, vec![addend("acme", "standard", wanted)])
}

fn hold(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

#[tokio::test]
async fn b_01_each_brake_holds_and_nothing_is_written() {
    let mut world = World::new(state()).await;
    for (wanted, brake) in
        [(0, "fall_to_zero"), (17, "large_change"), (7, "large_change"), (40, "large_change")]
    {
        let done = world.work(vec![contract(5001, vec![wanting(wanted)])]).await;
        assert_eq!(came_out(&done, "acme", 5001), "held QTY-01");
        let product = &outcome(&done, "acme", 5001).products[0];
        assert_eq!(product.brake.as_deref(), Some(brake));
        assert_eq!((product.from_units, product.to_units), (Some(12.0), Some(wanted)));
        assert!(product.effective_date.is_some());
        assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false));
    }
    assert!(world.kaseya.history().is_empty());
    assert!(world.script().permits.is_empty(), "what is held asks for no permit");
}

#[tokio::test]
async fn b_01_what_was_approved_passes_and_says_by_which_approval() {
    let mut world = World::new(state()).await;
    let approval = approval(12.0, 0);
    let done = world.work(vec![contract(5001, vec![v1::TargetWork { approval, ..wanting(0) }])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.units(5001, 90_011), 0.0);
    assert_eq!(world.script().permits[0].changes[0].approved_hold_id, Some(hold(9)));
}

#[tokio::test]
async fn b_01_an_approval_of_a_far_number_does_not_reach() {
    let mut world = World::new(state()).await;
    let approval = approval(12.0, 40);
    let done = world.work(vec![contract(5001, vec![v1::TargetWork { approval, ..wanting(0) }])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01");
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn b_01_what_was_dismissed_is_not_sent_and_not_held_anew() {
    let mut world = World::new(state()).await;
    let dismissed =
        |target| v1::TargetWork { dismissed_units: Some(0), dismissal: dismissal(12.0), ..target };
    let done = world.work(vec![contract(5001, vec![dismissed(wanting(0))])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent QTY-01");
    assert_eq!(outcome(&done, "acme", 5001).products[0].brake, None);
    let done = world.work(vec![contract(5001, vec![dismissed(wanting(40))])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01", "another number is another question");
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn case_a9_an_approval_from_another_number_is_held_again() {
    let mut world = World::new(state()).await;
    for (from, brake) in [(10.0, "large_change"), (12.0, "large_change")] {
        let said = approval(from, 40);
        let old_month =
            said.clone().map(|said| v1::Approval { effective_date: Some("2026-10-01".to_owned()), ..said });
        let approval = if from == 10.0 { said } else { old_month };
        let work = v1::TargetWork { approval, ..wanting(40) };
        let done = world.work(vec![contract(5001, vec![work])]).await;
        assert_eq!(came_out(&done, "acme", 5001), "held QTY-01", "{from}");
        assert_eq!(outcome(&done, "acme", 5001).products[0].brake.as_deref(), Some(brake));
    }
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn case_a10_a_companys_share_that_ends_inside_a_sum_is_held() {
    let mut world = World::new(state()).await;
    let share = |company: &str, units| v1::Share {
        company_id: company.to_owned(),
        product_id: "standard".to_owned(),
        units: Some(units),
    };
    let shares =
        Some(v1::SharesSeen { shares: vec![share("acme", 9), share("beta", 3)], run_number: Some(5) });
    let both = vec![addend("acme", "standard", 9), addend("beta", "standard", 0)];
    let done = world.work(vec![contract(5001, vec![v1::TargetWork { shares, ..target(701, both) }])]).await;
    for company in ["acme", "beta"] {
        assert_eq!(came_out(&done, company, 5001), "held QTY-01");
        assert_eq!(outcome(&done, company, 5001).products[0].brake.as_deref(), Some("fall_to_zero"));
    }
    let ends = Remark::ShareEnds { company: "beta".to_owned(), left: 3 };
    assert_eq!(remarks(&done, "acme", 5001), [ends]);
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn case_a11_units_that_creep_away_from_the_last_invoice_are_held() {
    let mut world = World::new(state()).await;
    let creeping = v1::TargetWork { invoiced_units: Some(8.0), ..wanting(14) };
    let done = world.work(vec![contract(5001, vec![creeping])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01");
    assert_eq!(remarks(&done, "acme", 5001), [Remark::FarFromInvoiced { invoiced: 8.0 }]);
    let near = v1::TargetWork { invoiced_units: Some(11.0), ..wanting(14) };
    let done = world.work(vec![contract(5001, vec![near])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}

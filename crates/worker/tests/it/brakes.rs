//! The brakes (B-01): what is held is not written until a person has approved it.

use messages::v1;
use uuid::Uuid;

use crate::{
    job::{addend, came_out, contract, outcome, target},
    world::{World, state},
};

/// One company that wants `wanted` where Kaseya shows 12.
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
    let approval = Some(v1::Approval { hold_id: hold(9), units: Some(0) });
    let done = world.work(vec![contract(5001, vec![v1::TargetWork { approval, ..wanting(0) }])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.units(5001, 90_011), 0.0);
    assert_eq!(world.script().permits[0].changes[0].approved_hold_id, Some(hold(9)));
}

#[tokio::test]
async fn b_01_an_approval_of_a_far_number_does_not_reach() {
    let mut world = World::new(state()).await;
    let approval = Some(v1::Approval { hold_id: hold(9), units: Some(40) });
    let done = world.work(vec![contract(5001, vec![v1::TargetWork { approval, ..wanting(0) }])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01");
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn b_01_what_was_dismissed_is_not_sent_and_not_held_anew() {
    let mut world = World::new(state()).await;
    let dismissed_units = Some(0);
    let done = world.work(vec![contract(5001, vec![v1::TargetWork { dismissed_units, ..wanting(0) }])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent QTY-01");
    assert_eq!(outcome(&done, "acme", 5001).products[0].brake, None);
    let other = v1::TargetWork { dismissed_units: Some(0), ..wanting(40) };
    let done = world.work(vec![contract(5001, vec![other])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01", "another number is another question");
    assert!(world.kaseya.history().is_empty());
}

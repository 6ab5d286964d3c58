//! Lines as we left them, in transit, edited, or counting themselves: how the worker treats what the scheduler
//! sends.

use domain::Remark;
use jiff::civil::date;
use kaseya_simulator::{Endpoint, Fault};
use messages::v1;

use crate::{
    job::{addend, came_out, contract, last_known, outcome, remarks, results, target},
    world::{World, state},
};

/// Company `acme` with `users` users, on the line that shows 12.
fn wanting(users: u32) -> v1::TargetWork {
    target(701, vec![addend("acme", "standard", users)])
}

fn pending(to: u32, due: bool) -> Option<v1::PendingChange> {
    Some(v1::PendingChange {
        from_units: Some(12.0),
        to_units: Some(to),
        effective_date: "2027-01-01".to_owned(),
        due: Some(due),
    })
}

async fn work(world: &mut World, target: v1::TargetWork) -> v1::JobDone {
    world.work(vec![contract(5001, vec![target])]).await
}

#[tokio::test]
async fn d_14_a_change_on_its_way_is_sent_and_to_be_confirmed_and_not_sent_again() {
    let mut world = World::new(state()).await;
    let done = work(&mut world, v1::TargetWork { pending: pending(14, false), ..wanting(14) }).await;
    assert_eq!(came_out(&done, "acme", 5001), "sent");
    let acme = outcome(&done, "acme", 5001);
    assert_eq!(acme.seen_equal, Some(false));
    let awaited = Remark::Awaited { sent: 14, from_day: date(2027, 1, 1), shown: 12.0 };
    assert_eq!(remarks(&done, "acme", 5001), [awaited]);
    assert_eq!(acme.products[0].effective_date.as_deref(), Some("2027-01-01"));
    assert_eq!((world.kaseya.history().len(), world.script().permits.len()), (0, 0));
}

#[tokio::test]
async fn d_12_another_number_than_the_one_on_its_way_is_sent_also_where_the_line_shows_it() {
    let mut world = World::new(state()).await;
    let done = work(&mut world, v1::TargetWork { pending: pending(14, false), ..wanting(12) }).await;
    assert_eq!(results(&done), [v1::ChangeResult::Confirmed]);
    let history = world.kaseya.history();
    assert_eq!((history.len(), history[0].from, history[0].to), (1, 12.0, 12.0));
    assert_eq!(world.script().permits[0].changes[0].rewrite, Some(false));
}

#[tokio::test]
async fn a_change_whose_day_has_come_and_that_is_not_shown_is_sent_once_more_and_then_not() {
    let mut world = World::new(state()).await;
    let late = v1::TargetWork { pending: pending(14, true), ..wanting(14) };
    let again = v1::TargetWork { rewritten_for: Some("2026-11-01".to_owned()), ..late.clone() };
    let done = work(&mut world, again).await;
    assert_eq!(came_out(&done, "acme", 5001), "held SVC-04");
    assert_eq!(outcome(&done, "acme", 5001).products[0].brake.as_deref(), Some("set_elsewhere"));
    assert!(world.kaseya.history().is_empty());
    let done = work(&mut world, late).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.script().permits[0].changes[0].rewrite, Some(true));
}

#[tokio::test]
async fn b_13_an_edited_line_is_held_or_rewritten_and_reported_with_both_numbers() {
    let mut world = World::new(state()).await;
    let edited = v1::TargetWork { last_confirmed_units: Some(14), ..wanting(14) };
    let done = work(&mut world, edited.clone()).await;
    assert_eq!(came_out(&done, "acme", 5001), "held DRF-01");
    let acme = outcome(&done, "acme", 5001);
    assert_eq!(acme.products[0].brake.as_deref(), Some("drift"));
    let left_with = Remark::LineEdited { left: 14, shown: 12.0 };
    assert_eq!(remarks(&done, "acme", 5001), std::slice::from_ref(&left_with));
    assert!(world.kaseya.history().is_empty());

    let ours = v1::TargetWork { drift_policy: Some("send_ours".to_owned()), ..edited };
    let done = work(&mut world, ours).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed DRF-01");
    assert_eq!(remarks(&done, "acme", 5001), [left_with]);
    assert_eq!(world.units(5001, 90_011), 14.0);
    assert_eq!(world.script().permits[0].changes[0].rewrite, Some(true));
}

#[tokio::test]
async fn b_13_a_changed_price_is_a_note_and_never_touched() {
    let mut world = World::new(state()).await;
    let last_known = last_known(12.0, Some(3.25));
    let done = work(&mut world, v1::TargetWork { last_known, ..wanting(14) }).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let note = Remark::PriceChanged { service: "Service 701".to_owned(), before: 3.25, now: 3.5 };
    assert_eq!(remarks(&done, "acme", 5001), [note]);
    let state = world.kaseya.state();
    assert_eq!(state.lines(5001).expect("a contract")[0].unit_price, 3.5);
}

#[tokio::test]
async fn d_14_a_change_that_is_not_shown_at_once_and_whose_day_is_to_come_is_sent_without_a_code() {
    let mut world = World::new(state()).await;
    let taken = serde_json::json!({"ResponseCode": 200, "Status": "OK", "Error": "None", "Result": {}});
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 200, body: taken });
    let later = v1::TargetWork { effective_date: Some("2027-01-01".to_owned()), ..wanting(14) };
    let done = work(&mut world, later).await;
    assert_eq!(results(&done), [v1::ChangeResult::Sent]);
    assert_eq!(came_out(&done, "acme", 5001), "sent");
}

//! Lines that are no longer mapped and that a person approved to be set to 0 (D-13).

use messages::v1;

use crate::{
    job::{addend, approval, came_out, contract, outcome, results, target},
    world::{World, state},
};

/// acme's leftover on a line that showed the person these units.
fn left_behind(seen: f64) -> v1::TargetWork {
    let share = |product: &str| v1::Share {
        company_id: "acme".to_owned(),
        product_id: product.to_owned(),
        units: Some(6),
    };
    v1::TargetWork {
        wanted_units: Some(0),
        approval: approval(seen, 0),
        shares: Some(v1::SharesSeen { shares: vec![share("standard"), share("trial")], run_number: Some(3) }),
        leftover: Some(v1::Leftover { seen_units: Some(seen) }),
        last_confirmed_units: Some(12),
        ..target(701, Vec::new())
    }
}

#[tokio::test]
async fn d_13_it_is_set_to_zero_by_the_approval_and_told_of_whoever_left_it() {
    let mut world = World::new(state()).await;
    let done = world.work(vec![contract(5001, vec![left_behind(12.0)])]).await;
    assert_eq!(world.units(5001, 90_011), 0.0);
    assert_eq!(results(&done), [v1::ChangeResult::Confirmed]);
    let asked = &world.script().permits[0].changes[0];
    assert_eq!((asked.addends.len(), asked.to_units), (0, Some(0)));
    assert_eq!(asked.approved_hold_id, Some(uuid::Uuid::from_u128(9).to_string()));
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let products = &outcome(&done, "acme", 5001).products;
    let told: Vec<_> =
        products.iter().map(|told| (told.product_id.as_str(), told.users, told.to_units)).collect();
    assert_eq!(told, [("standard", None, Some(0)), ("trial", None, Some(0))]);
    assert_eq!(done.lines.last().and_then(|line| line.units), Some(0.0));
}

#[tokio::test]
async fn d_13_a_line_that_shows_another_number_is_held_with_both() {
    let mut world = World::new(state()).await;
    let done = world.work(vec![contract(5001, vec![left_behind(10.0)])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01");
    let product = &outcome(&done, "acme", 5001).products[0];
    assert_eq!(
        (product.brake.as_deref(), product.from_units, product.to_units),
        (Some("leftover"), Some(12.0), Some(0))
    );
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn d_13_it_is_no_half_of_a_plan_switch() {
    let mut world = World::new(state()).await;
    let rise = target(701, vec![addend("acme", "standard", 14)]);
    let done = world.work(vec![contract(5001, vec![left_behind(12.0)]), contract(5002, vec![rise])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert!(
        done.companies.iter().flat_map(|company| &company.products).all(|product| product.pair_id.is_none())
    );
}

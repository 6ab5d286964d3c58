//! The brake on a run (B-01), through the whole pipeline.

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b_01_a_run_that_would_change_too_many_companies_changes_none() {
    let world = World::new(10, 10).await;
    world.night(&[]).await;
    world.all_right().await;

    // Every company has one user more: each contract requests its own permit, and the first is held like the last.
    world.allow_run(20).await;
    world.night(&(1..=10).collect::<Vec<_>>()).await;
    assert_eq!(world.states().await, [("held".to_owned(), 10)]);
    assert!((1..=10).all(|company| world.units(company) == 10.0));

    // The next run does not let some of them pass either.
    world.night(&[]).await;
    assert_eq!(world.states().await, [("held".to_owned(), 10)]);
    assert!((1..=10).all(|company| world.units(company) == 10.0));
}

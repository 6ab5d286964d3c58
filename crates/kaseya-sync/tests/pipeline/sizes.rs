//! Contracts with thousands of companies added together: one that cannot be split is still reported, in parts.

use crate::world::World;

fn all(state: &str) -> Vec<(String, i64)> {
    vec![(state.to_owned(), 5_000)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_c2_five_thousand_companies_on_one_contract_sync_with_their_statuses() {
    let world = World::new(5_000, 1).await;
    world.map_all(1).await;
    world.edit(1, |line| line.units = 49_999.0);

    // The worker receives 5,000 counts, requests a permit with all of them, and reports 5,000 companies.
    world.night(&[]).await;
    assert_eq!(world.states().await, all("changed"));
    assert_eq!(world.units(1), 50_000.0);

    // The scheduler reports all of them on its own.
    world.night(&[]).await;
    assert_eq!(world.states().await, all("unchanged"));

    world.night(&[7]).await;
    assert_eq!(world.states().await, all("changed"));
    assert_eq!(world.units(1), 50_001.0);
    assert_eq!(world.text("count(*) from message_parts").await.as_deref(), Some("0"));
}

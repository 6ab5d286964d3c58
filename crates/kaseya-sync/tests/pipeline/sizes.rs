//! Contracts that thousands of companies are added together on: one that cannot be cut is still told of, in parts.

use crate::world::World;

fn all(state: &str) -> Vec<(String, i64)> {
    vec![(state.to_owned(), 5_000)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_c2_five_thousand_companies_on_one_contract_sync_with_their_statuses() {
    let world = World::new(5_000, 1).await;
    world.map_all(1).await;
    world.edit(1, |line| line.units = 49_999.0);

    // The worker is told of 5,000 counts, asks for a permit with all of them, and tells of 5,000 companies.
    world.night(&[]).await;
    assert_eq!(world.states().await, all("changed"));
    assert_eq!(world.units(1), 50_000.0);

    // The scheduler tells of all of them by itself.
    world.night(&[]).await;
    assert_eq!(world.states().await, all("unchanged"));

    world.night(&[7]).await;
    assert_eq!(world.states().await, all("changed"));
    assert_eq!(world.units(1), 50_001.0);
    assert_eq!(world.text("count(*) from message_parts").await.as_deref(), Some("0"));
}

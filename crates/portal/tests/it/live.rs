//! Notifications of changes, for open pages.

use axum::body::BodyDataStream;
use futures::StreamExt as _;
use http::StatusCode;

use crate::world::World;

/// The stream of a page of the partner's viewer.
async fn stream(world: &World, cookie: &str) -> BodyDataStream {
    let answer = world.open("/partners/msp/changes", &[("cookie", cookie)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().into_data_stream()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f5_a_stream_ends_with_its_session() {
    let world = World::new().await;
    let changes = "update integrations set saved_at = saved_at where partner_id = 'msp'";
    for over in [
        "update sessions set ended_at = created_at",
        "update api_tokens set revoked_at = created_at where role = 'viewer'",
    ] {
        let cookie = world.sign_in(&world.viewer).await;
        let mut open = stream(&world, &cookie).await;
        told(&mut open).await;
        world.sql(changes).await;
        told(&mut open).await;
        world.sql(over).await;
        world.sql(changes).await;
        assert!(open.next().await.is_none(), "it goes on after: {over}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f5_a_session_keeps_twenty_streams_open_and_another_its_own() {
    let world = World::new().await;
    let (cookie, other) = (world.sign_in(&world.viewer).await, world.sign_in(&world.viewer).await);
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(stream(&world, &cookie).await);
    }
    let refused = world.open("/partners/msp/changes", &[("cookie", &cookie)]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(http::header::RETRY_AFTER));
    let _others = stream(&world, &other).await;
    open.pop();
    let _again = stream(&world, &cookie).await;
}

async fn told(stream: &mut BodyDataStream) {
    let part = stream.next().await.expect("it goes on").expect("it is read");
    // A browser drops an event without data.
    assert_eq!(part, "event: changed\ndata: something\n\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_misses_nothing_that_changes_while_it_is_loaded() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.viewer).await;
    let mut open = stream(&world, &cookie).await;
    told(&mut open).await;
    world.sql("update integrations set saved_at = saved_at where partner_id = 'msp'").await;
    told(&mut open).await;
    // Earlier changes are old news by now, except to a page that was rendered before them.
    told(&mut stream(&world, &cookie).await).await;
}

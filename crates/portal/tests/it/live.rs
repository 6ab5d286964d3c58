//! Word of what changes, for pages that are open.

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
    // Whatever changed before is old news by now, but to a page that was drawn before it.
    told(&mut stream(&world, &cookie).await).await;
}

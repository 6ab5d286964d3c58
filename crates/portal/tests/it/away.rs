//! What people see while the database or the broker is down. Once it is back, no action is needed.

use std::path::Path;

use bus::SharedBus;
use bus_rabbitmq::declare_topology;
use http::{StatusCode, header};
use store::{Settings, Store};
use testkit::{Proxy, RabbitMq, Upstream, entropy, until};

use crate::{
    walk::{of, pages},
    world::World,
};

/// A world in which the portal reaches its database through a network that the test can break.
async fn behind_a_network() -> (World, Proxy) {
    let world = World::new().await;
    let client = world.database.client().await;
    let asked = client.query_one("select current_setting('unix_socket_directories')", &[]).await;
    let directory: String = asked.expect("it answers").get(0);
    let proxy = Proxy::start(Upstream::Unix(Path::new(&directory).join(".s.PGSQL.5432"))).await;
    let (before, _) = world.database.url.split_once("&host=").expect("an address of a socket");
    let url = format!("{before}&host=127.0.0.1&port={}&sslmode=disable", proxy.address().port());
    let store = Store::connect(Settings::new(url), entropy(6)).await.expect("the way is open");
    let bus = world.bus.clone();
    (world.reached_by(store, bus), proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_every_page_says_so_and_is_well_again_when_it_is_back() {
    let (world, proxy) = behind_a_network().await;
    let cookie = world.sign_in(&world.admin).await;
    assert_eq!(world.page(&cookie, "/partners/msp").await.status, StatusCode::OK);
    proxy.break_connections();
    for (method, path) in of("msp", pages()) {
        for (language, title, rest) in [
            ("en", "Our database cannot be reached right now", "Nothing is lost"),
            ("it", "Il nostro database non è raggiungibile in questo momento", "Nulla è andato perso"),
        ] {
            let headers = [("cookie", &*cookie), ("accept-language", language)];
            let answer = world.request(method.clone(), &path, None, &headers, "").await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{method} {path}: {}", answer.text);
            assert!(answer.headers.contains_key(header::RETRY_AFTER), "{method} {path}");
            assert!(answer.text.contains(title) && answer.text.contains(rest), "{}", answer.text);
        }
    }
    let sign_in = world.sign_in_from([127, 0, 0, 1], &world.admin, "en").await;
    assert_eq!(sign_in.status, StatusCode::SERVICE_UNAVAILABLE, "{}", sign_in.text);
    proxy.restore();
    until("the page is well again, and who was signed in still is", async || {
        world.page(&cookie, "/partners/msp").await.status == StatusCode::OK
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_broker_pages_say_so_and_sync_now_that_it_was_not_asked_for() {
    const BANNER: &str = "The message broker cannot be reached right now: syncs wait, and nothing is lost.";
    let broker = RabbitMq::start().await.expect("a broker");
    let vhost = broker.empty_vhost().expect("a vhost");
    let uri = broker.uri(&vhost);
    declare_topology(&uri, entropy(8)).await.expect("the topology is new");
    let bus: SharedBus = bus_rabbitmq::RabbitMq::connect(&uri, "a portal", entropy(9)).expect("an address");
    let mut connected = bus.connected();
    let world = World::new().await;
    let store = world.database.store.clone();
    let world = world.reached_by(store, bus.clone());
    let cookie = world.sign_in(&world.admin).await;
    let holds = async || world.page(&cookie, "/partners/msp/holds").await;
    let sync_now = async || {
        let answer =
            world.post(&cookie, "/partners/msp/sync-now", &[], "back=%2Fpartners%2Fmsp%2Fholds").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.headers[header::LOCATION].to_str().expect("a text").to_owned()
    };
    connected.wait_for(|now| *now).await.expect("it connects");
    assert!(!holds().await.text.contains(BANNER));

    broker.kill().await.expect("killed");
    connected.wait_for(|now| !*now).await.expect("it notices");
    let shown = holds().await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains(BANNER), "{}", shown.text);
    let back = sync_now().await;
    let answer = world.page(&cookie, &back).await;
    let sentence = "The message broker cannot be reached: nothing was asked for.";
    assert!(answer.text.contains(sentence), "{back}: {}", answer.text);

    broker.start_again().await.expect("back");
    broker.wait_for_leaders(&vhost).await.expect("leaders");
    connected.wait_for(|now| *now).await.expect("it connects again");
    assert!(!holds().await.text.contains(BANNER));
    // No scheduler responds here: the sync is requested and waits.
    assert_eq!(sync_now().await, "/partners/msp/holds?said=unanswered");
}

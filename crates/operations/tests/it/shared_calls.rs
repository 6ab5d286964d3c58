//! F1 c and f: look-ups have a rate and a share per partner, and a first save is tried like any other.

use connection::{NotRead, NotTried};
use domain::PartnerId;
use kaseya_simulator::Endpoint;
use operations::not_saved::{Field, MistakeKind, NotSaved};

use crate::world::{RIGHT, World};

async fn number(world: &World, sql: &str) -> i64 {
    world.database.client().await.query_one(sql, &[]).await.expect("the statement is right").get(0)
}

/// The world's partner, saved and off, and a second partner of the same tenant.
async fn two_of_one_tenant() -> (World, PartnerId) {
    let world = World::new().await;
    let mut form = world.form(RIGHT);
    form.enabled = false;
    world.connections.save(&world.actor, &world.partner, &form).await.expect("it is right");
    let sql = "insert into partners (partner_id, name, count_zone) values ('msp-2', 'Good', 'Europe/Rome')";
    world.sql(sql).await;
    let good = PartnerId::new("msp-2").expect("an id");
    form.share_tenant = true;
    world.connections.save(&world.actor, &good, &form).await.expect("it is right");
    (world, good)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_c_look_ups_of_one_partner_leave_the_others_their_hour() {
    let (world, good) = two_of_one_tenant().await;
    let mut refused = None;
    // Like a program that keeps to the rate per minute.
    for _ in 0..400 {
        world.sql("update look_ups set begun_at = '2026-11-23T09:50:00Z' where ended_at is not null").await;
        if let Err(error) = world.connections.services(&world.partner, "p").await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(refused, Some(NotRead::NotTried(NotTried::CallLimit))), "{refused:?}");
    let looked_up = world.kaseya.calls().values().sum::<u64>();
    assert!(looked_up < 340, "{looked_up}: 40 % of our 750");
    // The neighbour looks up, and its jobs have more than half of the hour.
    world.connections.services(&good, "p").await.expect("it answers");
    let made = "select max(calls)::bigint from (select sum(calls) as calls from calls_made group by endpoint) as sums";
    assert!(number(&world, made).await < 350);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_c_look_ups_have_a_rate_and_cancelled_ones_count() {
    let (world, good) = two_of_one_tenant().await;
    let mut answered = 0;
    let refused = loop {
        match world.connections.services(&world.partner, "p").await {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, NotRead::NotTried(NotTried::TooOften { .. })), "{refused:?}");
    assert!(answered < 60, "{answered}");
    world.connections.services(&good, "p").await.expect("it answers");

    // A caller who leaves before the reply has made its calls all the same.
    world.sql("delete from look_ups").await;
    let before = number(&world, "select count(*) from look_ups where ended_at is not null").await;
    let held = world.kaseya.hold(Endpoint::ServicesSearch, 1, kaseya_simulator::HoldAt::BeforeApply);
    {
        let look_up = world.connections.services(&world.partner, "p");
        tokio::select! {
            _ = look_up => panic!("it is held"),
            () = held.reached() => {}
        }
    }
    held.release();
    testkit::until("the look-up is counted", async || {
        number(&world, "select count(*) from look_ups where ended_at is not null and v2 > 0").await
            == before + 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_f_a_first_save_is_tried_like_any_other() {
    let world = World::new().await;
    let refused = world.connections.save(&world.actor, &world.partner, &world.form("mistyped")).await;
    assert!(matches!(refused, Err(NotSaved::NotProven(_))), "{refused:?}");
    assert!(world.settings().await.integration.is_none(), "nothing is stored");
    let saved =
        world.connections.save(&world.actor, &world.partner, &world.form(RIGHT)).await.expect("it is right");
    assert!(saved.is_first);
    assert_eq!((world.kaseya.logins().v2_refused, world.kaseya.logins().v2_accepted), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_own_addresses_are_the_operators_to_allow_in_the_form_and_in_authenticate() {
    let world = World::new().await;
    let mut form = world.form(RIGHT);
    form.credentials.v2_base = "https://api.evil.example".to_owned();
    form.credentials.v1_base = "https://bmsemea.kaseya.com/api".to_owned();
    let expected =
        MistakeKind::NotAllowed { host: "api.evil.example".to_owned(), domain: "kaseya.com".to_owned() };
    let saved = world.connections.save(&world.actor, &world.partner, &form).await;
    let tried = world.connections.authenticate(&world.partner, &form.credentials, false).await;
    for refused in [saved.map(drop), tried.map(drop)] {
        let Err(NotSaved::Mistakes(mistakes)) = refused else { panic!("{refused:?}") };
        let found: Vec<_> = mistakes.iter().map(|mistake| (mistake.field, &mistake.kind)).collect();
        assert_eq!(found, [(Field::V2Base, &expected)]);
        let said = mistakes[0].to_string();
        assert!(said.contains("allowed_hosts in [kaseya]") && said.contains("kaseya.com"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_a_stored_address_that_is_not_allowed_any_more_is_not_called_and_says_so() {
    let world = World::connected().await;
    let calls = world.kaseya.calls();
    // The password is bound to the addresses: seal it again, like a program that still allowed them.
    let base = "https://api.evil.example";
    world.reseal_at(base).await;
    let refused = world.connections.services(&world.partner, "p").await.expect_err("it is not called");
    assert_eq!(refused.code(), Some(domain::ErrorCode::Host01));
    assert!(refused.to_string().contains("api.evil.example is not under kaseya.com"), "{refused}");
    assert_eq!(world.kaseya.calls(), calls);
}

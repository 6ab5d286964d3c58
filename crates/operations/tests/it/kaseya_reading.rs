//! What a page looks up live: also while the integration is off, with one counted login, and never with credentials
//! that Kaseya refuses.

use connection::NotRead;
use domain::{AccountId, ErrorCode};

use crate::world::{RIGHT, World};

async fn count(world: &World, sql: &str) -> i64 {
    world.database.client().await.query_one(sql, &[]).await.expect("the statement is right").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn s_18_look_ups_work_while_off_and_s_19_not_before_the_first_save() {
    let world = World::new().await;
    let refused = world.connections.services(&world.partner, "boss").await;
    assert!(matches!(refused, Err(NotRead::NotConnected)), "{refused:?}");
    let mut form = world.form(RIGHT);
    form.enabled = false;
    world.connections.save(&world.actor, &world.partner, &form).await.expect("it is right");
    let services = world.connections.services(&world.partner, " BOSS ").await.expect("it answers");
    assert_eq!(services[0].name, "Password Boss Standard");
    let accounts = world.connections.accounts(&world.partner, "zienda").await.expect("it answers");
    assert_eq!(accounts[0].id, AccountId(301));
    let zone = world.connections.time_zone(&world.partner).await.expect("it answers");
    assert_eq!(zone.as_deref(), Some("Europe/Rome"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_38_an_accounts_contracts_each_say_why_they_cannot_be_chosen() {
    let world = World::connected().await;
    let choices =
        world.connections.contracts(&world.partner, AccountId(301), "Azienda 1").await.expect("it answers");
    let shown: Vec<_> =
        choices.iter().map(|choice| (choice.id.0, choice.refused, choice.ends_soon)).collect();
    let expected = [
        (5005, None, true),
        (5001, None, false),
        (5003, Some(ErrorCode::Con02), false),
        (5002, Some(ErrorCode::Con01), false),
        (5004, Some(ErrorCode::Con03), false),
    ];
    assert_eq!(shown, expected);
    assert_eq!(choices[0].contract_type.as_deref(), Some("Recurring Services"));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_many_look_ups_at_once_are_one_login_counted_with_the_workers_and_debited() {
    let world = World::connected().await;
    let tried = count(&world, "select sum(calls)::bigint from calls_made").await;
    let search = |part: &'static str| world.connections.services(&world.partner, part);
    let (one, two, three) = tokio::join!(search("p"), search("pa"), search("pas"));
    for found in [one, two, three] {
        assert_eq!(found.expect("it answers").len(), 1);
    }
    // One login besides that of the first save.
    assert_eq!(world.kaseya.logins().v2_accepted, 2);
    assert_eq!(count(&world, "select count(*) from login_tries where outcome = 'accepted'").await, 2);
    assert_eq!(count(&world, "select sum(calls)::bigint from calls_made").await - tried, 4);

    // After Kaseya revokes a token, one more login follows.
    world.kaseya.revoke_tokens();
    search("pass").await.expect("it answers");
    assert_eq!(world.kaseya.logins().v2_accepted, 3);
    assert_eq!(count(&world, "select count(*) from login_tries").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_what_kaseya_refuses_is_tried_once_and_stops_the_partner() {
    let world = World::connected().await;
    world.kaseya.edit(|state| state.login.password = "changed".to_owned()).expect("nothing is kept");
    let search = |part: &'static str| world.connections.services(&world.partner, part);
    let (one, two) = tokio::join!(search("p"), search("pa"));
    for refused in [one, two] {
        assert_eq!(refused.expect_err("it is refused").code(), Some(ErrorCode::Auth01));
    }
    let again = search("pas").await.expect_err("it is refused");
    assert!(matches!(again, NotRead::Refused { code: ErrorCode::Auth01, .. }), "{again:?}");
    assert_eq!(world.kaseya.logins().v2_refused, 1);
    let settings = world.settings().await;
    assert!(settings.integration.expect("an integration").credentials_refused.is_some());
}

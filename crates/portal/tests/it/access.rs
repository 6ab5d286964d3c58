//! Access: members and tokens, by page and API.

use std::sync::Arc;

use domain::{Clock as _, NOTABLE_SKEW};
use http::{Method, StatusCode, header};
use serde_json::json;
use store::CalibratedClock;
use tokio_util::sync::CancellationToken;

use crate::world::{Answer, World};

const PAGE: &str = "/partners/msp/access";

/// The target of a redirect.
fn to(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().expect("a text")
}

/// The value of the last hidden field with this name.
fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.rsplit_once(&format!("name=\"{name}\" value=\"")).expect("the field");
    rest.split('"').next().expect("its end")
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_once_and_removed_and_another_partners_are_not() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    let post = async |path: &str, form: &str| world.post(&cookie, &format!("{PAGE}{path}"), &[], form).await;
    let added = post("/members", "email=Pia%40Example.com&role=editor").await;
    assert_eq!(to(&added), "/partners/msp/access?said=saved");
    let shown = world.page(&cookie, PAGE).await;
    assert!(shown.text.contains("pia@example.com") && shown.text.contains("has not configured an identity"));
    for (form, sentence) in [
        ("email=pia%40example.COM&role=admin", "This address is a member already."),
        ("email=pia&role=viewer", "Enter one e-mail address."),
    ] {
        let refused = post("/members", form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(sentence), "{}", refused.text);
    }
    assert_eq!(post("/members", "email=a%40b&role=king").await.status, StatusCode::BAD_REQUEST);

    let remove = format!("member={}", hidden(&shown.text, "member"));
    let stranger = world.sign_in(&world.stranger).await;
    let theirs = "/partners/other/access/members/remove";
    assert_eq!(world.post(&stranger, theirs, &[], &remove).await.status, StatusCode::NOT_FOUND);
    assert_eq!(to(&post("/members/remove", &remove).await), "/partners/msp/access?said=saved");
    assert_eq!(
        post("/members/remove", &remove).await.status,
        StatusCode::NOT_FOUND,
        "there is none any more"
    );
    assert!(!world.page(&cookie, PAGE).await.text.contains("pia@example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_the_last_admins_is_not_revoked() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    let revoke = async |token: &str| {
        world.post(&cookie, &format!("{PAGE}/revoke"), &[], &format!("token={token}")).await
    };
    let own = "00000000-0000-0000-0000-000000000003";
    assert_eq!(to(&revoke(own).await), "/partners/msp/access?said=last-admin");
    let nameless = world.post(&cookie, PAGE, &[], "name=+&role=admin&days=90").await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nameless.text.contains("Give it a name."), "{}", nameless.text);

    let made = world.post(&cookie, PAGE, &[], "name=Nightly&role=admin&days=90").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let (_, secret) = made.text.split_once("<code>ks_").expect("the token");
    let secret = format!("ks_{}", secret.split('<').next().expect("its end"));
    assert!(!world.page(&cookie, PAGE).await.text.contains(&secret));
    let other = world.sign_in(&secret).await;

    assert_eq!(to(&revoke(own).await), "/partners/msp/access?said=saved");
    assert_eq!(world.page(&cookie, PAGE).await.status, StatusCode::SEE_OTHER, "who used it is signed out");
    let shown = world.page(&other, PAGE).await;
    assert!(shown.text.contains("revoked on"), "{}", shown.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_let_members_in_and_out() {
    let world = World::new().await;
    let list = async || {
        let path = "/v1/partners/msp/members";
        world.request(Method::GET, path, Some(&world.admin), &[], "").await.json["members"].clone()
    };
    let pia = json!({ "email": "Pia@example.com", "role": "admin" });
    let key = [("idempotency-key", "pia")];
    let added = world.send_with(Method::POST, "/members", &key, &pia).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let again = world.send_with(Method::POST, "/members", &key, &pia).await;
    assert_eq!((again.status, &again.json), (StatusCode::CREATED, &added.json), "it is done once");
    let known = list().await;
    assert_eq!(known.as_array().map(Vec::len), Some(1));
    assert_eq!((&known[0]["email"], &known[0]["added_by"]), (&json!("pia@example.com"), &json!("admin")));
    for (new, field, code) in [
        (pia, "email", "known"),
        (json!({ "email": "pia", "role": "viewer" }), "email", "address"),
        (json!({ "email": "ugo@example.com", "role": "king" }), "role", "unknown"),
    ] {
        let refused = world.send(Method::POST, "/members", &new).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        let mistake = &refused.json["errors"][0];
        assert_eq!((&mistake["field"], &mistake["code"]), (&json!(field), &json!(code)));
    }
    let member = format!("/members/{}", added.json["member_id"].as_str().expect("an id"));
    assert_eq!(world.send(Method::DELETE, &member, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(Method::DELETE, &member, &json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(list().await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_make_tokens_shown_once_and_revoke_all_but_the_last_admins() {
    let world = World::new().await;
    let own = "/tokens/00000000-0000-0000-0000-000000000003";
    let last = world.send(Method::DELETE, own, &json!({})).await;
    assert_eq!((last.status, &last.json["title"]), (StatusCode::CONFLICT, &json!("The last administrator")));
    let nameless = world.send(Method::POST, "/tokens", &json!({ "name": " ", "role": "admin" })).await;
    assert_eq!(nameless.json["errors"][0]["field"], "name", "{}", nameless.text);

    let new = json!({ "name": "Nightly", "role": "admin" });
    let key = [("idempotency-key", "nightly")];
    let made = world.send_with(Method::POST, "/tokens", &key, &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let secret = made.json["token"].as_str().expect("a token");
    let kept = "select from idempotency_keys where body like '%ks_%'";
    let kept = world.database.client().await.query(kept, &[]).await.expect("it answers");
    assert!(kept.is_empty(), "a secret is kept");
    let tokens = world.request(Method::GET, "/v1/partners/msp/tokens", Some(secret), &[], "").await;
    assert_eq!((tokens.status, &tokens.json["tokens"][0]["name"]), (StatusCode::OK, &json!("Nightly")));
    assert!(!tokens.text.contains("ks_"), "{}", tokens.text);

    assert_eq!(world.send(Method::DELETE, own, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(Method::DELETE, own, &json!({})).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_d4_a_portal_whose_clock_is_wrong_stores_the_installations_time() {
    let world = World::new().await;
    let store = world.database.another_store().await;
    // The machine's clock is days behind the database's, which is the installation's clock.
    let machine = Arc::new(world.clock.clone());
    let clock = CalibratedClock::start(&store, machine, CancellationToken::new()).await.expect("it answers");
    assert!(clock.skew().unsigned_abs() > NOTABLE_SKEW, "{:?}", clock.skew());
    let world = world.timed_by(store, Arc::new(clock));
    let made = world.send(Method::POST, "/tokens", &json!({ "name": "Nightly", "role": "admin" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let sql = "select abs(extract(epoch from created_at - clock_timestamp())) < 600
               from api_tokens where name = 'Nightly'";
    let row = world.database.client().await.query_one(sql, &[]).await.expect("a row");
    assert!(row.get::<_, bool>(0), "stored by the machine's clock");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_last_admin_is_kept_and_everybody_else_is_let_out() {
    let world = World::new().await;
    let let_out = async |path: &str| world.send(Method::DELETE, path, &json!({})).await.status;
    let own = "/tokens/00000000-0000-0000-0000-000000000003";
    assert_eq!(let_out(own).await, StatusCode::CONFLICT);

    let new = json!({ "name": "Reports", "role": "viewer" });
    let made = world.send(Method::POST, "/tokens", &new).await;
    let token = format!("/tokens/{}", made.json["token_id"].as_str().expect("an id"));
    assert_eq!(let_out(&token).await, StatusCode::NO_CONTENT);
    let added =
        world.send(Method::POST, "/members", &json!({ "email": "pia@example.com", "role": "editor" })).await;
    let member = format!("/members/{}", added.json["member_id"].as_str().expect("an id"));
    assert_eq!(let_out(&member).await, StatusCode::NO_CONTENT);
    let unknown = "/members/00000000-0000-0000-0000-00000000ffff";
    assert_eq!(let_out(unknown).await, StatusCode::NOT_FOUND);
    assert_eq!(let_out(own).await, StatusCode::CONFLICT);
}

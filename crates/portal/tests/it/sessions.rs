//! How long a sign-in is trusted: tokens expire, sessions are listed and ended, and keys are changed only with a
//! recently confirmed identity (F10).

use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::json;

use crate::world::{Answer, RIGHT, World};

const MINUTE: Duration = Duration::from_secs(60);
const ACCESS: &str = "/partners/msp/access";
const CONNECTION: &str = "/partners/msp/integrations/kaseya-bms";

fn to(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f10_keys_are_changed_only_by_who_has_just_proven_who_it_is() {
    let world = World::new().await;
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let calls = world.kaseya.calls();
    let cookie = world.sign_in(&world.admin).await;
    let page = async |path: &str| world.page(&cookie, path).await.text;
    let post = async |path: &str, form: &str| world.post(&cookie, path, &[], form).await;
    let confirm = "/confirm?next=%2Fpartners%2Fmsp%2Faccess";
    let (make, add) = ("name=Nightly&role=viewer&days=90", "email=pia%40example.com&role=viewer");
    let (shown, host) = (page(ACCESS).await, "readonly");
    assert!(shown.contains("Make a token") && !shown.contains(confirm), "{shown}");
    assert!(!page(CONNECTION).await.contains(host));

    // Later the forms are hidden; a form that was filled in meanwhile is still accepted.
    world.clock.advance(16 * MINUTE);
    let shown = page(ACCESS).await;
    assert!(!shown.contains("Make a token") && shown.contains(confirm), "{shown}");
    assert!(!shown.contains("access/revoke") && !shown.contains("access/members"), "{shown}");
    let shown = page(CONNECTION).await;
    assert_eq!(shown.matches(host).count(), 6, "{shown}");
    assert_eq!(post(ACCESS, make).await.status, StatusCode::OK);

    // Still later no form is accepted.
    world.clock.advance(45 * MINUTE);
    let revoke = "token=00000000-0000-0000-0000-000000000001";
    for (path, form) in [
        (ACCESS.to_owned(), make),
        (format!("{ACCESS}/revoke"), revoke),
        (format!("{ACCESS}/members"), add),
        (format!("{ACCESS}/members/remove"), "member=00000000-0000-0000-0000-000000000001"),
    ] {
        let refused = post(&path, form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text.contains("Confirm first that it is you"), "{path}: {}", refused.text);
    }
    let others = "host=bms.kaseya.com&user_name=another&password=x&company_name=Example+MSP&action=save";
    let refused = post(CONNECTION, others).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("confirm first that it is you"), "{}", refused.text);
    assert_eq!(world.kaseya.calls(), calls, "nothing was tried");

    // The switch and settings that are not keys need no confirmation: it must not delay switching off.
    let client = world.database.client().await;
    let sql = "select host, user_name, tenant, coalesce(v2_base, ''), coalesce(v1_base, '') from integrations where partner_id = 'msp'";
    let row = client.query_one(sql, &[]).await.expect("an integration");
    let [host, user, tenant, v2, v1]: [String; 5] = [0, 1, 2, 3, 4].map(|column| row.get(column));
    let same = serde_html_form(&[
        ("host", &host),
        ("user_name", &user),
        ("company_name", &tenant),
        ("v2_base", &v2),
        ("v1_base", &v1),
        ("billing", "arrears"),
        ("invoice_day", "5"),
        ("action", "save"),
    ]);
    let saved = post(CONNECTION, &same).await;
    assert!(to(&saved).contains("said=saved"), "{}", to(&saved));
    let sql = "select state from integrations where partner_id = 'msp'";
    let state: String = client.query_one(sql, &[]).await.expect("an integration").get(0);
    assert_ne!(state, "on", "nobody is kept from switching off");

    // Neither another token nor an empty one confirms the identity.
    for token in [&world.editor, &world.stranger, world.unknown(), "", "nonsense"] {
        let refused = post("/confirm", &format!("token={token}&next={ACCESS}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{token}");
    }
    assert!(page(ACCESS).await.contains(confirm));
    let confirmed = post("/confirm", &format!("token={}&next={ACCESS}", world.admin)).await;
    assert_eq!(to(&confirmed), ACCESS);
    assert!(page(ACCESS).await.contains("Make a token"));
    assert_eq!(to(&post(&format!("{ACCESS}/members"), add).await), "/partners/msp/access?said=saved");
    // A confirmation does not redirect to another site either.
    let led = post("/confirm", &format!("token={}&next=https://evil.example", world.admin)).await;
    assert_eq!(to(&led), "/");
}

fn serde_html_form(pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.replace(':', "%3A").replace('/', "%2F").replace(' ', "+");
    pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f10_a_token_ends_by_itself_and_whoever_is_signed_in_by_it_is_out() {
    let world = World::new().await;
    for days in [0, 366, 65_535] {
        let new = json!({ "name": "Nightly", "role": "editor", "days": days });
        let refused = world.send(Method::POST, "/tokens", &new).await;
        let mistake = &refused.json["errors"][0];
        assert_eq!((&mistake["field"], &mistake["code"]), (&json!("days"), &json!("out_of_range")));
    }
    let made = world.send(Method::POST, "/tokens", &json!({ "name": "Nightly", "role": "editor" })).await;
    assert_eq!(made.json["expires_at"], "2027-02-21T10:00:00Z", "90 days: {}", made.text);
    let new = json!({ "name": "Tomorrow", "role": "admin", "days": 1 });
    let made = world.send(Method::POST, "/tokens", &new).await;
    assert_eq!(made.json["expires_at"], "2026-11-24T10:00:00Z", "{}", made.text);
    let secret = made.json["token"].as_str().expect("a token");
    let call =
        async || world.request(Method::GET, "/v1/partners/msp/members", Some(secret), &[], "").await.status;
    world.clock.advance(23 * 60 * MINUTE);
    let cookie = world.sign_in(secret).await;
    assert_eq!((call().await, world.page(&cookie, ACCESS).await.status), (StatusCode::OK, StatusCode::OK));
    world.clock.advance(60 * MINUTE);
    assert_eq!(call().await, StatusCode::UNAUTHORIZED);
    assert_eq!(to(&world.page(&cookie, ACCESS).await), "/sign-in?next=%2Fpartners%2Fmsp%2Faccess");
    let refused = world.sign_in_from([127, 0, 0, 1], secret, "en").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("has expired"), "{}", refused.text);
    // The page says so, and an administrator with an expired token does not count.
    let admin = world.sign_in(&world.admin).await;
    let shown = world.page(&admin, ACCESS).await.text;
    assert!(shown.contains("expired"), "{shown}");
    let own = "token=00000000-0000-0000-0000-000000000003";
    let last = world.post(&admin, &format!("{ACCESS}/revoke"), &[], own).await;
    assert_eq!(to(&last), "/partners/msp/access?said=last-admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f10_everybody_sees_its_own_sessions_and_ends_them() {
    let world = World::new().await;
    let (here, there, yonder) = (
        world.sign_in(&world.admin).await,
        world.sign_in(&world.admin).await,
        world.sign_in(&world.admin).await,
    );
    let editor = world.sign_in(&world.editor).await;
    let shown = world.page(&here, "/sessions").await.text;
    assert_eq!(shown.matches("action=\"/sessions/end\"").count(), 2, "{shown}");
    assert!(shown.contains("127.0.0.1") && shown.contains("this browser"), "{shown}");
    let is_in = async |cookie: &str| world.page(cookie, ACCESS).await.status == StatusCode::OK;

    // Another person's session cannot be ended, whatever the form says.
    let (_, rest) = shown.split_once("name=\"session\" value=\"").expect("a session");
    let theirs = rest.split('"').next().expect("its end");
    let ended = world.post(&editor, "/sessions/end", &[], &format!("session={theirs}")).await;
    assert_eq!(to(&ended), "/sessions");
    assert!(is_in(&there).await && is_in(&yonder).await);

    let ended = world.post(&here, "/sessions/end", &[], &format!("session={theirs}")).await;
    assert_eq!(to(&ended), "/sessions");
    assert!(is_in(&there).await != is_in(&yonder).await, "one of them is out");
    assert_eq!(to(&world.post(&here, "/sessions/end-others", &[], "").await), "/sessions");
    assert!(is_in(&here).await && !is_in(&there).await && !is_in(&yonder).await);
    let left = world.page(&editor, "/sessions").await;
    assert_eq!(left.status, StatusCode::OK, "nobody else's ended");
    assert!(!left.text.contains("/sessions/end-others"), "{}", left.text);

    // Signing in again leaves one session in the browser.
    let form = format!("token={}", world.admin);
    let again = world.request(Method::POST, "/sign-in", None, &[("cookie", &*here)], &form).await;
    assert_eq!(to(&again), "/");
    assert!(!is_in(&here).await);
}

//! Security events: sign-ins, refusals and changes are recorded for the partner's administrators (F8).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{RIGHT, World};

const EVENTS: &str = "/v1/partners/msp/security-events";

/// The partner's events, the oldest first: kind, actor, object.
async fn events(world: &World, token: &str) -> Vec<Value> {
    let read = world.request(Method::GET, EVENTS, Some(token), &[], "").await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text);
    let mut events = read.json["events"].as_array().expect("a list").clone();
    events.reverse();
    events
}

fn names(events: &[Value]) -> Vec<(&str, &str)> {
    let mut names = Vec::new();
    for event in events {
        let [what, by] = ["event", "by"].map(|field| event[field].as_str().expect("a text"));
        names.push((what, by));
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f8_what_somebody_changes_is_kept_with_who_changed_it() {
    let world = World::new().await;
    let weekly = json!({ "frequency": "weekly", "weekday": "monday", "hour": 2, "zone": "Europe/Rome" });
    let send = async |method: Method, path: &str, body: &Value| {
        let answer = world.send(method, path, body).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
        answer
    };
    send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    send(Method::PUT, "/connection/switch", &json!({ "on": false })).await;
    send(Method::PUT, "/connection/switch", &json!({ "on": true })).await;
    send(Method::PUT, "/schedule", &weekly).await;
    let made = send(Method::POST, "/tokens", &json!({ "name": "Nightly", "role": "viewer" })).await;
    let token = made.json["token_id"].as_str().expect("an id");
    send(Method::DELETE, &format!("/tokens/{token}"), &json!({})).await;
    let pia = json!({ "email": "pia@example.com", "role": "viewer" });
    let member = send(Method::POST, "/members", &pia).await;
    let member = member.json["member_id"].as_str().expect("an id");
    send(Method::DELETE, &format!("/members/{member}"), &json!({})).await;
    let cookie = world.sign_in(&world.editor).await;
    world.post(&cookie, "/sign-out", &[], "").await;

    let kept = events(&world, &world.admin).await;
    assert_eq!(
        names(&kept),
        [
            ("connection_saved", "admin"),
            ("switched_off", "admin"),
            ("switched_on", "admin"),
            ("schedule_saved", "admin"),
            ("token_made", "admin"),
            ("token_revoked", "admin"),
            ("member_added", "admin"),
            ("member_removed", "admin"),
            ("signed_in", "editor"),
            ("signed_out", "editor"),
        ]
    );
    assert_eq!(kept[0]["token_id"], "00000000-0000-0000-0000-000000000003");
    assert_eq!(
        (&kept[0]["address"], &kept[0]["details"]["new_credentials"]),
        (&json!("127.0.0.1"), &json!(true))
    );
    assert_eq!(kept[3]["details"]["zone"], "Europe/Rome");
    assert_eq!(kept[6]["details"]["email"], "pia@example.com");
    let all = serde_json::to_string(&kept).expect("plain data");
    assert!(!all.contains(RIGHT) && !all.contains("ks_"), "no secret is among them: {all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f8_refusals_are_kept_and_another_partner_learns_nothing_of_them() {
    let world = World::new().await;
    let _ = world.sign_in_from([192, 0, 2, 7], world.unknown(), "en").await;
    let revoked = world.revoked().await;
    let _ = world.sign_in_from([192, 0, 2, 7], &revoked, "en").await;
    let cookie = world.sign_in(&world.viewer).await;
    for path in ["/partners/other", "/partners/msp/access"] {
        let _ = world.page(&cookie, path).await;
    }
    let switch = "/v1/partners/msp/connection/switch";
    for token in [&world.editor, &world.stranger, &revoked] {
        let _ = world.request(Method::PUT, switch, Some(token), &[], "{}").await;
    }
    let kept = events(&world, &world.admin).await;
    let expected = [
        ("sign_in_refused", "admin"),
        ("signed_in", "viewer"),
        ("role_refused", "viewer"),
        ("role_refused", "editor"),
        ("token_refused", "admin"),
    ];
    assert_eq!(names(&kept), expected);
    // An event that names no partner visible to the caller is for the operator.
    let sql = "select kind || ' ' || by_name || ' ' || object from security_events where partner_id is null order by number";
    let rows = world.database.client().await.query(sql, &[]).await.expect("it answers");
    let theirs: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        theirs,
        ["sign_in_refused nobody known token", "partner_refused viewer other", "partner_refused admin msp"]
    );
    for token in [&world.viewer, &world.editor] {
        let read = world.request(Method::GET, EVENTS, Some(token), &[], "").await;
        assert_eq!(read.status, StatusCode::FORBIDDEN, "an admin's to read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f8_nobody_fills_the_table_by_being_refused() {
    let world = World::new().await;
    for _ in 0..80 {
        let _ = world.request(Method::GET, EVENTS, Some(&world.viewer), &[], "").await;
    }
    let kept = events(&world, &world.admin).await;
    assert_eq!(kept.len(), 60, "the rest is in the log alone");
}

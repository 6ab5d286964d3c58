//! Logins, tokens and their lifetimes.

use jiff::SignedDuration;
use kaseya_simulator::{Endpoint, Logins, Simulator};
use serde_json::{Value, json};

use crate::http::{JSON, LINES, RIGHT, Request, simulator, small, v1_login, v1_token, v2_login, v2_token};

const INFO: &str = "/v2/security/userinfo";

#[tokio::test]
async fn every_wrong_login_gets_one_and_the_same_answer_and_is_counted() {
    let kaseya = simulator(small()).await;
    let [user, password, tenant] = RIGHT;
    let wrong = [
        ["someone@else.example", password, tenant],
        [user, "wrong", tenant],
        [user, "", tenant],
        [user, password, "Another MSP"],
        // The tenant's name must match exactly, including case and spaces.
        [user, password, "example msp"],
        [user, password, "Example MSP "],
    ];
    let mut answers = Vec::new();
    for login in wrong {
        for request in [v2_login(login), v1_login(login)] {
            let answer = request.send(kaseya.address()).await.unwrap();
            answers.push((request.target.clone(), answer.status, answer.text));
        }
    }
    answers.sort();
    answers.dedup();
    let seen: Vec<(&str, u16)> =
        answers.iter().map(|(target, status, _)| (target.as_str(), *status)).collect();
    assert_eq!(seen, [("/api/token", 400), ("/v2/security/authenticate", 401)]);
    // Five failures have locked the user.
    kaseya.clock().advance(SignedDuration::from_mins(30));
    v2_token(&kaseya).await;
    let counted = Logins { v2_accepted: 1, v2_refused: 6, v1_accepted: 0, v1_refused: 6 };
    assert_eq!(kaseya.logins(), counted);
    assert_eq!(kaseya.calls()[&Endpoint::Authenticate], 7);
}

#[tokio::test]
async fn a_login_is_taken_as_multipart_and_in_any_case_but_not_as_json() {
    let kaseya = simulator(small()).await;
    let [user, password, tenant] = RIGHT;
    let fields = [("grantType", "password"), ("USERNAME", user), ("password", password), ("tenant", tenant)];
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--cut--\r\n";
    let target = "/v2/security/authenticate".to_owned();
    let kind = Some("multipart/form-data; boundary=cut".to_owned());
    let multipart =
        Request { method: "POST".to_owned(), target: target.clone(), content_type: kind, body, token: None };
    assert_eq!(multipart.send(kaseya.address()).await.unwrap().status, 200);
    let kind = Some(JSON.to_owned());
    let in_json =
        Request { content_type: kind, body: json!({"GrantType": "password"}).to_string(), ..multipart };
    assert_eq!(in_json.send(kaseya.address()).await.unwrap().status, 415);
}

#[tokio::test]
async fn a_token_ends_after_half_an_hour_and_its_pair_after_a_day() {
    let kaseya = simulator(small()).await;
    let to = kaseya.address();
    let first = v2_login(RIGHT).send(to).await.unwrap().json()["result"].clone();
    assert_eq!(first["accessTokenExpireOn"], "2026-03-01T11:30:00Z");
    assert_eq!(first["refreshTokenExpireOn"], "2026-03-02T11:00:00Z");
    let info = |tokens: &Value| Request::get(INFO).token(tokens["accessToken"].as_str().unwrap());
    let renew = |tokens: &Value| {
        let pair = ["accessToken", "refreshToken"].map(|name| tokens[name].as_str().unwrap());
        Request::form("/v2/security/refreshtoken", &[("AccessToken", pair[0]), ("RefreshToken", pair[1])])
    };
    kaseya.clock().advance(SignedDuration::from_secs(30 * 60 - 1));
    assert_eq!(info(&first).send(to).await.unwrap().status, 200);
    kaseya.clock().advance(SignedDuration::from_secs(1));
    let ended = info(&first).send(to).await.unwrap();
    assert_eq!((ended.status, &ended.json()["error"]["code"]), (401, &json!(978_001)));

    let second = renew(&first).send(to).await.unwrap().json()["result"].clone();
    assert_eq!(info(&second).send(to).await.unwrap().status, 200);
    // Both tokens of the old pair are gone.
    assert_eq!(renew(&first).send(to).await.unwrap().status, 401);
    kaseya.clock().advance(SignedDuration::from_hours(24));
    assert_eq!(renew(&second).send(to).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_token_opens_its_own_interface_only_and_no_other_run_of_the_simulator() {
    let kaseya = simulator(small()).await;
    let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
    let status = async |target: &str, token: &str| {
        Request::get(target).token(token).send(kaseya.address()).await.unwrap().status
    };
    assert_eq!([status(INFO, &v2).await, status(INFO, &v1).await], [200, 401]);
    assert_eq!([status(LINES, &v1).await, status(LINES, &v2).await], [200, 401]);

    let clock = kaseya.clock().clone();
    let again = Simulator::new(small(), clock).start(([127, 0, 0, 1], 0).into()).await.unwrap();
    v1_token(&again).await;
    v2_token(&again).await;
    assert_eq!(Request::get(LINES).token(&v1).send(again.address()).await.unwrap().status, 401);
    assert_eq!(Request::get(INFO).token(&v2).send(again.address()).await.unwrap().status, 401);
}

#[tokio::test]
async fn the_hour_of_a_route_ends_and_limits_can_be_off() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let read = Request::get(LINES).token(&token);
    for _ in 0..500 {
        assert_eq!(read.send(kaseya.address()).await.unwrap().status, 200);
    }
    assert_eq!(read.send(kaseya.address()).await.unwrap().status, 429);
    // Another route has a limit of its own.
    let unknown = Request::json("PUT", "/api/finance/contracts/1/services/1", &json!({})).token(&token);
    assert_eq!(unknown.send(kaseya.address()).await.unwrap().status, 404);
    kaseya.clock().advance(SignedDuration::from_hours(1));
    assert_eq!(read.send(kaseya.address()).await.unwrap().status, 200);

    let clock = kaseya.clock().clone();
    let free =
        Simulator::new(small(), clock).without_call_limits().start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let read = Request::get(LINES).token(&v1_token(&free).await);
    for _ in 0..501 {
        assert_eq!(read.send(free.address()).await.unwrap().status, 200);
    }
}

//! The admin port, on which other programs control the simulator.

use std::net::SocketAddr;

use jiff::civil::date;
use kaseya_simulator::{Calls, Change, Clock, Endpoint, Fault, Running, Simulator, State, Step};
use serde_json::{Value, json};

use crate::http::{Answer, LINES, RIGHT, Request, noon, put_units, small, v1_token, v2_login, v2_token};

async fn administered() -> (Running, SocketAddr) {
    let any = ([127, 0, 0, 1], 0).into();
    let simulator = Simulator::new(small(), Clock::standing(noon())).administered_on(any);
    let kaseya = simulator.start(any).await.unwrap();
    let admin = kaseya.admin_address().unwrap();
    (kaseya, admin)
}

async fn ask(admin: SocketAddr, method: &str, target: &str, body: &Value) -> Answer {
    let answer = Request::json(method, target, body).send(admin).await.unwrap();
    assert!((200..300).contains(&answer.status), "{method} {target}: {answer:?}");
    answer
}

#[tokio::test]
async fn the_state_is_read_replaced_and_changed() {
    let (kaseya, admin) = administered().await;
    let mut state: State =
        serde_json::from_value(ask(admin, "GET", "/state", &Value::Null).await.json()).unwrap();
    assert_eq!(state, small());
    state.accounts[0].active = false;
    ask(admin, "PUT", "/state", &json!(state)).await;
    assert_eq!(kaseya.state(), state);
    ask(admin, "POST", "/changes", &json!({"ContractGoes": {"contract": 5012}})).await;
    assert_eq!(kaseya.state().contracts, []);

    let again = json!({"ContractGoes": {"contract": 5012}});
    let gone = Request::json("POST", "/changes", &again).send(admin).await.unwrap();
    assert_eq!((gone.status, gone.json()), (404, json!({"error": "there is no contract 5012"})));
    let mut twice = small();
    twice.contracts[0].lines[1].id = 90021;
    let refused = Request::json("PUT", "/state", &json!(twice)).send(admin).await.unwrap();
    assert_eq!(refused.status, 400);
    assert_eq!(kaseya.state().contracts, []);
}

#[tokio::test]
async fn switches_are_set_one_by_one_or_all_at_once_and_a_misspelt_one_is_refused() {
    let (kaseya, admin) = administered().await;
    ask(admin, "PATCH", "/behaviour", &json!({"login": {"says_which": true}})).await;
    ask(admin, "PATCH", "/behaviour", &json!({"seed": 7, "invoicing": {"day": 5}})).await;
    let behaviour = kaseya.state().behaviour;
    assert_eq!((behaviour.login.says_which, behaviour.login.locks_after), (true, 5));
    assert_eq!((behaviour.seed, behaviour.invoicing.day), (7, Some(5)));
    assert_eq!(ask(admin, "GET", "/behaviour", &Value::Null).await.json(), json!(behaviour));
    ask(admin, "PUT", "/behaviour", &json!({"v1_off": true})).await;
    let behaviour = kaseya.state().behaviour;
    assert_eq!((behaviour.login.says_which, behaviour.v1_off), (false, true));
    for method in ["PUT", "PATCH"] {
        let misspelt = Request::json(method, "/behaviour", &json!({"login": {"sayswhich": true}}));
        let refused = misspelt.send(admin).await.unwrap();
        assert!((400..500).contains(&refused.status) && refused.text.contains("sayswhich"), "{refused:?}");
    }
    assert_eq!(kaseya.state().behaviour, behaviour);
}

#[tokio::test]
async fn faults_clock_months_calls_logins_and_tokens_are_at_hand() {
    let (kaseya, admin) = administered().await;
    ask(admin, "POST", "/faults", &json!({"endpoint": "ContractLines", "nth": 2, "fault": "BadGateway"}))
        .await;
    let token = v1_token(&kaseya).await;
    let read = Request::get(LINES).token(&token);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(read.send(kaseya.address()).await.unwrap().status);
    }
    assert_eq!(seen, [200, 502, 200]);
    let calls = ask(admin, "GET", "/calls", &Value::Null).await.json();
    assert_eq!(calls, json!({"V1Token": 1, "ContractLines": 3}));
    ask(admin, "DELETE", "/calls", &Value::Null).await;
    assert_eq!(ask(admin, "GET", "/calls", &Value::Null).await.json(), json!({}));

    for _ in 0..5 {
        v2_login([RIGHT[0], "wrong", RIGHT[2]]).send(kaseya.address()).await.unwrap();
    }
    let logins = ask(admin, "GET", "/logins", &Value::Null).await.json();
    let expected = json!({
        "v2_accepted": 0, "v2_refused": 5, "v1_accepted": 1, "v1_refused": 0, "locked_out": 1,
    });
    assert_eq!(logins, expected);
    ask(admin, "DELETE", "/tokens", &Value::Null).await;
    assert_eq!(read.send(kaseya.address()).await.unwrap().status, 401);

    let clock = ask(admin, "PUT", "/clock", &json!({"at": "2026-04-01T00:00:00Z"})).await.json();
    assert_eq!(clock, json!({"at": "2026-04-01T00:00:00Z"}));
    ask(admin, "POST", "/clock/advance", &json!({"by": "PT1H"})).await;
    let too_far = Request::json("POST", "/clock/advance", &json!({"by": "PT999999999H"}));
    assert_eq!(too_far.send(admin).await.unwrap().status, 400);
    assert_eq!(kaseya.clock().now().to_string(), "2026-04-01T01:00:00Z");
    let posted = ask(admin, "POST", "/postings", &json!({"month": "2026-02-01"})).await.json();
    assert_eq!(posted[0]["period"], json!({"contract": 5012, "from": "2026-02-01", "until": "2026-03-01"}));
    let made = ask(admin, "POST", "/invoices", &json!({"month": "2026-03-01"})).await.json();
    let periods: Vec<&Value> = made.as_array().unwrap().iter().map(|invoice| &invoice["from"]).collect();
    assert_eq!(periods, ["2026-02-01", "2026-03-01"]);
    assert_eq!(made, json!(kaseya.state().invoices));
}

#[tokio::test]
async fn neither_port_serves_what_is_the_others() {
    let (kaseya, admin) = administered().await;
    let token = v2_token(&kaseya).await;
    let (unserved, v2) = (404, "/v2/finance/contracts/lookup");
    for (method, target) in [
        ("GET", "/state"),
        ("PUT", "/state"),
        ("PATCH", "/behaviour"),
        ("POST", "/changes"),
        ("POST", "/faults"),
        ("PUT", "/clock"),
        ("POST", "/clock/advance"),
        ("POST", "/postings"),
        ("POST", "/invoices"),
        ("GET", "/calls"),
        ("GET", "/logins"),
        ("DELETE", "/tokens"),
    ] {
        let there = Request::json(method, target, &json!({})).token(&token).send(kaseya.address()).await;
        assert_eq!(there.unwrap().status, unserved, "{method} {target}");
        let here = Request::json(method, target, &json!({})).send(admin).await.unwrap();
        assert_ne!(here.status, unserved, "{method} {target}");
    }
    // The last of them has revoked the token.
    let token = v2_token(&kaseya).await;
    for target in [v2, "/api/token", "/v2/security/authenticate"] {
        let here = Request::get(target).token(&token).send(admin).await.unwrap();
        assert_eq!(here.status, unserved);
    }
    let without = crate::http::simulator(small()).await;
    assert_eq!(without.admin_address(), None);
}

/// The effect of a setting: the statuses of four reads, and the state after a write.
async fn effect(kaseya: &Running) -> (Vec<u16>, State) {
    let token = v1_token(kaseya).await;
    let put = put_units(kaseya, &token, 14).await;
    let mut seen = vec![put.send(kaseya.address()).await.unwrap().status];
    for _ in 0..4 {
        seen.push(Request::get(LINES).token(&token).send(kaseya.address()).await.unwrap().status);
    }
    let mut state = kaseya.state();
    // TOML has no null, so the file's lines lack this one field.
    for line in state.contracts.iter_mut().flat_map(|contract| &mut contract.lines) {
        line.extras.remove("BillingNote");
    }
    (seen, state)
}

#[tokio::test]
async fn a_file_the_other_port_and_rust_set_the_same() {
    let (by_rust, _) = administered().await;
    by_rust
        .edit(|state| {
            state.behaviour.seed = 11;
            state.behaviour.lines.refuses_inactive = true;
            let step = |calls, fault| Step { endpoint: Endpoint::ContractLines, calls, fault };
            let ends = Change::ContractEnds { contract: 5012, on: date(2026, 2, 1) };
            state.behaviour.script = vec![
                step(Calls::Nth(3), Fault::Page { status: 503 }),
                step(Calls::Nth(4), Fault::Meanwhile(ends)),
            ];
        })
        .unwrap();

    let (by_port, admin) = administered().await;
    let behaviour = json!({
        "seed": 11,
        "lines": {"refuses_inactive": true},
        "script": [
            {"endpoint": "ContractLines", "calls": {"Nth": 3}, "fault": {"Page": {"status": 503}}},
            {
                "endpoint": "ContractLines",
                "calls": {"Nth": 4},
                "fault": {"Meanwhile": {"ContractEnds": {"contract": 5012, "on": "2026-02-01"}}},
            },
        ],
    });
    ask(admin, "PUT", "/behaviour", &behaviour).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.toml");
    std::fs::write(&file, include_str!("tenant.toml")).unwrap();
    let by_file = crate::http::simulator(State::load(&file).unwrap()).await;

    let expected = effect(&by_rust).await;
    assert_eq!(expected.0, [200, 200, 503, 200, 200]);
    assert_eq!(effect(&by_port).await, expected);
    assert_eq!(effect(&by_file).await, expected);
}

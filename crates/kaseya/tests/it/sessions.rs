//! Logins and tokens, against the simulator.

use std::{sync::Arc, time::Duration};

use domain::{ContractId, ErrorCode, FailureClass, PartnerId};
use jiff::{SignedDuration, Timestamp};
use kaseya::{Access, Allowance, BmsError, Limits, Login};
use kaseya_simulator::{Clock, Endpoint, Fault, HoldAt, Logins, Running, Simulator, State};
use secrecy::SecretString;
use serde_json::json;

use crate::partner::{HandClock, access, bms, limits};

const NOON: &str = "2026-03-01T12:00:00Z";
const CONTRACT: ContractId = ContractId(5012);

async fn simulator() -> Running {
    let state = State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .contract(5012, 301, "Managed services")
        .line(90021, 701, 12.0)
        .build();
    let clock = Clock::standing(NOON.parse().expect("an instant"));
    let simulator = Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await;
    simulator.expect("a free port")
}

fn wrong(kaseya: &Running) -> Access {
    Access { password: SecretString::from("canary-wrong"), ..access(&kaseya.base_url()) }
}

fn calls(kaseya: &Running, endpoint: Endpoint) -> u64 {
    kaseya.calls().get(&endpoint).copied().unwrap_or_default()
}

fn token_refused() -> Fault {
    let error = json!({"code": 978_001, "message": "Security Error"});
    Fault::Answer { status: 401, body: json!({"success": false, "error": error, "result": null}) }
}

#[tokio::test]
async fn however_many_wait_one_logs_in() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    let sessions: Vec<_> = (0..20).map(|_| bms.session(access(&kaseya.base_url()), limits())).collect();
    let signed = futures::future::join_all(sessions.iter().map(kaseya::Session::sign_in)).await;
    let logged_in = signed.into_iter().filter(|signed| signed.as_ref().unwrap().logged_in).count();
    assert_eq!(logged_in, 1);
    let once = Logins { v2_accepted: 1, v1_accepted: 1, ..Logins::default() };
    assert_eq!(kaseya.logins(), once);
}

#[tokio::test]
async fn tokens_serve_later_sessions_and_nobody_else() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    let first = bms.session(access(&kaseya.base_url()), limits());
    assert_eq!(first.login(), Login::NotTried);
    assert!(first.sign_in().await.unwrap().logged_in);
    assert_eq!(first.login(), Login::Accepted);

    let second = bms.session(access(&kaseya.base_url()), limits());
    assert!(!second.sign_in().await.unwrap().logged_in);
    assert_eq!(second.contracts(&[CONTRACT]).await.unwrap().len(), 1);
    assert_eq!((second.login(), second.calls().len()), (Login::NotTried, 1));

    // Same place and version, but another partner, or another password: each must prove its login.
    let partner = PartnerId::new("msp-2").unwrap();
    for other in [Access { partner, ..wrong(&kaseya) }, wrong(&kaseya)] {
        let error = bms.session(other, limits()).contracts(&[CONTRACT]).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Auth01);
    }
}

#[tokio::test]
async fn a_refused_login_is_never_repeated_with_the_same_credentials() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    for _ in 0..5 {
        let session = bms.session(wrong(&kaseya), limits());
        for _ in 0..2 {
            let error = session.sign_in().await.unwrap_err();
            assert_eq!((error.code(), error.class()), (ErrorCode::Auth01, FailureClass::Permanent));
            assert_eq!(error.words(), Some("Invalid credentials"));
            assert!(session.contracts(&[CONTRACT]).await.is_err() && session.lines(CONTRACT).await.is_err());
        }
        assert_eq!(session.login(), Login::Refused(ErrorCode::Auth01));
    }
    // V1 is tried only after V2 has accepted the login.
    assert_eq!(kaseya.logins(), Logins { v2_refused: 1, ..Logins::default() });

    let next_version = Access { credentials_version: 2, ..access(&kaseya.base_url()) };
    bms.session(next_version, limits()).sign_in().await.unwrap();
    // The refused credentials stay refused next to it.
    assert!(bms.session(wrong(&kaseya), limits()).sign_in().await.is_err());
    assert_eq!(kaseya.logins(), Logins { v2_refused: 1, v2_accepted: 1, v1_accepted: 1, v1_refused: 0 });
}

#[tokio::test]
async fn a_locked_user_is_tried_once_more_after_35_minutes() {
    let kaseya = simulator().await;
    let locked = || Fault::NoSuccess("User account is locked".to_owned());
    let clock = HandClock::at(NOON);
    let bms = bms(&clock);
    let code = async || {
        let error = bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap_err();
        (error.code(), calls(&kaseya, Endpoint::Authenticate))
    };
    kaseya.fail(Endpoint::Authenticate, 1, locked());
    assert_eq!(code().await, (ErrorCode::Auth03, 1));
    clock.advance(SignedDuration::from_mins(34));
    assert_eq!(code().await, (ErrorCode::Auth03, 1));
    clock.advance(SignedDuration::from_mins(1));
    kaseya.fail(Endpoint::Authenticate, 1, locked());
    assert_eq!(code().await, (ErrorCode::Auth03, 2));
    clock.advance(SignedDuration::from_hours(24));
    assert_eq!(code().await, (ErrorCode::Auth03, 2));
}

#[tokio::test]
async fn v1_refusing_after_v2_said_yes_is_a_case_of_its_own_and_not_repeated() {
    let kaseya = simulator().await;
    let body = json!({"error": "invalid_grant", "error_description": "No\u{7} access"});
    kaseya.fail(Endpoint::V1Token, 1, Fault::Answer { status: 400, body });
    let bms = bms(&HandClock::at(NOON));
    for _ in 0..3 {
        let session = bms.session(access(&kaseya.base_url()), limits());
        let error = session.sign_in().await.unwrap_err();
        assert_eq!((error.code(), error.words()), (ErrorCode::Auth07, Some("invalid_grant; No access")));
        assert_eq!(session.login(), Login::Refused(ErrorCode::Auth07));
        assert_eq!(session.contracts(&[CONTRACT]).await.unwrap().len(), 1);
    }
    assert_eq!(calls(&kaseya, Endpoint::V1Token), 1);
}

#[tokio::test]
async fn a_success_without_a_token_and_a_200_that_says_no_are_refusals() {
    for fault in [
        Fault::NoSuccess("User account is locked".to_owned()),
        Fault::Answer { status: 200, body: json!({"success": true, "result": {"accessToken": ""}}) },
        Fault::Answer { status: 200, body: json!({"success": true, "result": null}) },
        Fault::Answer { status: 403, body: json!({"success": false}) },
    ] {
        let kaseya = simulator().await;
        kaseya.fail(Endpoint::Authenticate, 1, fault.clone());
        let bms = bms(&HandClock::at(NOON));
        for _ in 0..2 {
            let error = bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap_err();
            let locked = matches!(fault, Fault::NoSuccess(_));
            assert_eq!(error.code(), if locked { ErrorCode::Auth03 } else { ErrorCode::Auth01 }, "{fault:?}");
        }
        assert_eq!(calls(&kaseya, Endpoint::Authenticate), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_login_that_was_not_judged_is_no_refusal() {
    let cases = [
        (Fault::BadGateway, ErrorCode::Net01, Login::Unknown),
        (Fault::DropBeforeApply, ErrorCode::Net01, Login::Unknown),
        (Fault::ApplyThenDrop, ErrorCode::Net01, Login::Unknown),
        (Fault::Truncated, ErrorCode::Unk01, Login::Unknown),
        (Fault::Answer { status: 500, body: json!({}) }, ErrorCode::Net01, Login::Unknown),
        (Fault::Answer { status: 404, body: json!({}) }, ErrorCode::Host01, Login::NotTried),
        (Fault::Answer { status: 429, body: json!({}) }, ErrorCode::Lim01, Login::NotTried),
    ];
    for (fault, code, login) in cases {
        let kaseya = simulator().await;
        kaseya.fail(Endpoint::Authenticate, 1, fault.clone());
        let bms = bms(&HandClock::at(NOON));
        let session = bms.session(access(&kaseya.base_url()), limits());
        assert_eq!(session.sign_in().await.unwrap_err().code(), code, "{fault:?}");
        assert_eq!(session.login(), login, "{fault:?}");
        // Sent once, and after an unknown outcome not again by the same session.
        if login == Login::Unknown {
            assert_eq!(session.contracts(&[CONTRACT]).await, Err(BmsError::NotSignedIn), "{fault:?}");
            assert_eq!(session.login(), Login::Unknown);
        }
        assert_eq!(calls(&kaseya, Endpoint::Authenticate), 1, "{fault:?}");
        // Another job may try.
        bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    }
}

#[tokio::test]
async fn case_e10_a_bare_4xx_at_a_login_says_nothing_of_the_credentials() {
    for status in [402, 408, 409, 410, 413, 421, 425, 431, 451] {
        for endpoint in [Endpoint::Authenticate, Endpoint::V1Token] {
            let kaseya = simulator().await;
            kaseya.fail(endpoint, 1, Fault::Answer { status, body: json!({}) });
            let bms = bms(&HandClock::at(NOON));
            let session = bms.session(access(&kaseya.base_url()), limits());
            assert_eq!(session.sign_in().await.unwrap_err().code(), ErrorCode::Unk01, "{status}");
            assert_eq!(session.login(), Login::Unknown, "{status}");
            // No refusal is remembered: another job may try.
            bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
        }
    }
    // Kaseya's own words, and the statuses of a refusal, still count as one.
    let said = json!({"success": false, "error": {"message": "Invalid credentials"}});
    for (status, body) in [(409, said), (400, json!({})), (401, json!({})), (403, json!({}))] {
        let kaseya = simulator().await;
        kaseya.fail(Endpoint::Authenticate, 1, Fault::Answer { status, body });
        let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits());
        assert_eq!(session.sign_in().await.unwrap_err().code(), ErrorCode::Auth01, "{status}");
        assert_eq!(session.login(), Login::Refused(ErrorCode::Auth01), "{status}");
    }
}

#[tokio::test]
async fn case_e4_what_kaseya_never_looked_at_is_no_login() {
    for (fault, code) in [
        (Fault::Answer { status: 503, body: json!({}) }, ErrorCode::Net01),
        (Fault::Page { status: 503 }, ErrorCode::Net01),
        (Fault::Page { status: 200 }, ErrorCode::Host01),
        (Fault::Answer { status: 302, body: json!({}) }, ErrorCode::Host01),
        (Fault::Answer { status: 404, body: json!({}) }, ErrorCode::Host01),
    ] {
        for endpoint in [Endpoint::Authenticate, Endpoint::V1Token] {
            let kaseya = simulator().await;
            kaseya.fail(endpoint, 1, fault.clone());
            let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits());
            assert_eq!(session.sign_in().await.unwrap_err().code(), code, "{fault:?}");
            let before = if endpoint == Endpoint::V1Token { Login::Accepted } else { Login::NotTried };
            assert_eq!(session.login(), before, "{fault:?}");
            // The same session may try again once the fault is over.
            session.sign_in().await.unwrap();
            assert_eq!(session.login(), Login::Accepted, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_login_whose_job_ran_out_of_time_is_of_unknown_outcome() {
    let kaseya = simulator().await;
    let held = kaseya.hold(Endpoint::Authenticate, 1, HoldAt::AfterApply);
    let session = Arc::new(bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits()));
    let job = tokio::spawn({
        let session = Arc::clone(&session);
        async move { session.sign_in().await }
    });
    held.reached().await;
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    assert_eq!(session.login(), Login::Unknown);
    assert_eq!(session.calls()["POST /v2/security/authenticate"], 1);
}

#[tokio::test]
async fn a_token_is_refreshed_before_its_end_without_a_login() {
    let kaseya = simulator().await;
    let clock = HandClock::at(NOON);
    let bms = bms(&clock);
    bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    // Within the margin of a token of 30 minutes.
    let step = SignedDuration::from_secs(29 * 60 + 30);
    clock.advance(step);
    kaseya.clock().advance(step);
    let session = bms.session(access(&kaseya.base_url()), limits());
    assert_eq!(session.contracts(&[CONTRACT]).await.unwrap().len(), 1);
    assert_eq!((session.login(), calls(&kaseya, Endpoint::Refresh)), (Login::NotTried, 1));
    assert_eq!(kaseya.logins().v2_accepted, 1);
}

#[tokio::test]
async fn however_many_sessions_find_a_token_at_its_end_one_refreshes_it() {
    let kaseya = simulator().await;
    let clock = HandClock::at(NOON);
    let bms = bms(&clock);
    bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    let step = SignedDuration::from_mins(31);
    clock.advance(step);
    kaseya.clock().advance(step);
    let sessions: Vec<_> = (0..20).map(|_| bms.session(access(&kaseya.base_url()), limits())).collect();
    let found =
        futures::future::join_all(sessions.iter().map(|session| session.contracts(&[CONTRACT]))).await;
    assert!(found.iter().all(|contracts| contracts.as_ref().is_ok_and(|contracts| contracts.len() == 1)));
    assert_eq!(calls(&kaseya, Endpoint::Refresh), 1);
    assert_eq!(kaseya.logins().v2_accepted, 1);
}

#[tokio::test]
async fn a_refused_refresh_leads_to_one_login() {
    let kaseya = simulator().await;
    let clock = HandClock::at(NOON);
    let bms = bms(&clock);
    bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    clock.advance(SignedDuration::from_hours(1));
    kaseya.fail(Endpoint::Refresh, 1, token_refused());
    let session = bms.session(access(&kaseya.base_url()), limits());
    assert_eq!(session.contracts(&[CONTRACT]).await.unwrap().len(), 1);
    assert_eq!((session.login(), kaseya.logins().v2_accepted), (Login::Accepted, 2));
}

#[tokio::test]
async fn after_a_401_there_is_one_fresh_login() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    // Kaseya's clock runs ahead of ours: the token is at its end there only.
    kaseya.clock().advance(SignedDuration::from_mins(31));
    let sessions: Vec<_> = (0..5).map(|_| bms.session(access(&kaseya.base_url()), limits())).collect();
    let found =
        futures::future::join_all(sessions.iter().map(|session| session.contracts(&[CONTRACT]))).await;
    assert!(found.iter().all(|contracts| contracts.as_ref().is_ok_and(|contracts| contracts.len() == 1)));
    assert_eq!(kaseya.logins().v2_accepted, 2);
}

#[tokio::test]
async fn a_second_401_is_a_missing_right() {
    for (endpoint, login) in
        [(Endpoint::ContractsLookup, Endpoint::Authenticate), (Endpoint::ContractLines, Endpoint::V1Token)]
    {
        let kaseya = simulator().await;
        for nth in 1..=3 {
            kaseya.fail(endpoint, nth, token_refused());
        }
        let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits());
        session.sign_in().await.unwrap();
        for _ in 0..2 {
            let error = match endpoint {
                Endpoint::ContractsLookup => session.contracts(&[CONTRACT]).await.unwrap_err(),
                _ => session.lines(CONTRACT).await.unwrap_err(),
            };
            assert_eq!((error.code(), error.class()), (ErrorCode::Auth06, FailureClass::Permanent));
        }
        // Two for the first call, and no further login for the second.
        assert_eq!((calls(&kaseya, endpoint), calls(&kaseya, login)), (3, 2));
        assert_eq!(session.login(), Login::Accepted);
    }
}

#[tokio::test]
async fn the_allowance_counts_logins_and_stops_before_the_call() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    let session = bms.session(access(&kaseya.base_url()), Limits::of(Allowance { v2: 2, v1: 1 }));
    session.contracts(&[CONTRACT]).await.unwrap();
    let error = session.contracts(&[CONTRACT]).await.unwrap_err();
    assert_eq!(error, BmsError::AllowanceSpent { endpoint: "GET /v2/finance/contracts/lookup".to_owned() });
    assert_eq!((error.code(), error.class()), (ErrorCode::Lim01, FailureClass::Transient));
    assert_eq!(session.lines(CONTRACT).await.unwrap_err().code(), ErrorCode::Lim01);
    let counted: Vec<(String, u32)> = session.calls().into_iter().collect();
    let expected = ["GET /v2/finance/contracts/lookup", "POST /api/token", "POST /v2/security/authenticate"];
    assert_eq!(counted, expected.map(|endpoint| (endpoint.to_owned(), 1)));
    assert_eq!(kaseya.calls().values().sum::<u64>(), 3);

    let none = bms.session(wrong(&kaseya), Limits::of(Allowance { v2: 0, v1: 0 }));
    assert_eq!(none.sign_in().await.unwrap_err().code(), ErrorCode::Lim01);
    assert_eq!((none.login(), none.calls().len()), (Login::NotTried, 0));
}

#[tokio::test]
async fn a_reached_limit_says_until_when() {
    let kaseya = simulator().await;
    let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits());
    kaseya.fail(Endpoint::ContractsLookup, 1, Fault::Answer { status: 429, body: json!({}) });
    let error = session.contracts(&[CONTRACT]).await.unwrap_err();
    let until: Timestamp = "2026-03-01T12:10:00Z".parse().unwrap();
    assert_eq!((error.code(), error.class()), (ErrorCode::Lim01, FailureClass::LimitedUntil(until)));
}

#[tokio::test]
async fn no_secret_is_shown_even_when_kaseya_says_it_back() {
    let kaseya = simulator().await;
    kaseya.fail(Endpoint::Authenticate, 1, Fault::NoSuccess("canary-wrong is wrong,\u{0} sync".to_owned()));
    let bms = bms(&HandClock::at(NOON));
    let session = bms.session(wrong(&kaseya), limits());
    let error = session.sign_in().await.unwrap_err();
    assert_eq!(error.words(), Some("… is wrong, sync"));
    let shown = format!("{bms:?} {session:?} {error:?} {error} {:?}", wrong(&kaseya));
    assert!(!shown.contains("canary"), "{shown}");

    let session = bms.session(access(&kaseya.base_url()), limits());
    session.sign_in().await.unwrap();
    assert!(!format!("{bms:?} {session:?}").contains("simulated."));
    assert!(!format!("{session:?}").contains("correct horse"));
}

#[tokio::test]
async fn a_kaseya_that_is_not_there_is_not_counted() {
    let kaseya = simulator().await;
    let base = kaseya.base_url();
    kaseya.stop().await;
    let bms = bms(&HandClock::at(NOON));
    let session = bms.session(access(&base), limits());
    let error = session.sign_in().await.unwrap_err();
    assert_eq!((error.code(), error.class()), (ErrorCode::Net01, FailureClass::Transient));
    assert_eq!((session.login(), session.calls().len()), (Login::NotTried, 0));

    let inside = bms.session(access("https://10.0.0.1"), limits());
    let error = inside.sign_in().await.unwrap_err();
    assert_eq!((error.code(), error.class()), (ErrorCode::Host01, FailureClass::Permanent));
}

#[tokio::test]
async fn a_silent_read_ends_at_its_time_out_and_is_not_asked_again() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    let held = kaseya.hold(Endpoint::ContractsLookup, 1, HoldAt::BeforeApply);
    let short = Limits { read_timeout: Duration::from_millis(200), ..limits() };
    let error = bms.session(access(&kaseya.base_url()), short).contracts(&[CONTRACT]).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (ErrorCode::Net01, FailureClass::Transient));
    assert_eq!(calls(&kaseya, Endpoint::ContractsLookup), 1);
    held.lose();
}

#[tokio::test]
async fn a_silent_login_ends_at_its_own_time_out() {
    let kaseya = simulator().await;
    let held = kaseya.hold(Endpoint::Authenticate, 1, HoldAt::BeforeApply);
    let short = Limits { login_timeout: Duration::from_millis(200), ..limits() };
    let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), short);
    let error = session.sign_in().await.unwrap_err();
    assert_eq!((error.code(), error.class()), (ErrorCode::Net01, FailureClass::Transient));
    assert_eq!(session.login(), Login::Unknown);
    held.lose();
}

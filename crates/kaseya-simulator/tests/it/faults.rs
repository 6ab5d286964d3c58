//! Every fault, as a client sees it, and its effect on the state.

use std::time::Duration;

use jiff::SignedDuration;
use kaseya_simulator::{Endpoint, Fault, HoldAt, Running};
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::http::{LINES, Request, put_units, simulator, small, v1_token, v2_token};

/// Far longer than anything here takes; only a failing test waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("within the deadline")
}

fn units(kaseya: &Running) -> f64 {
    kaseya.state().lines(5012).unwrap()[0].units
}

#[tokio::test]
async fn faults_that_apply_nothing() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let put = put_units(&kaseya, &token, 14).await;
    let faults = [
        Fault::Answer { status: 403, body: json!({"any": "thing"}) },
        Fault::BadGateway,
        Fault::NoSuccess("No".to_owned()),
    ];
    let mut seen = Vec::new();
    for fault in faults {
        kaseya.fail(Endpoint::WriteLine, 1, fault);
        let answer = within(put.send(kaseya.address())).await.unwrap();
        seen.push((answer.status, answer.content_type.clone(), answer.text));
    }
    assert_eq!((seen[0].0, seen[0].2.as_str()), (403, r#"{"any":"thing"}"#));
    assert_eq!((seen[1].0, seen[1].1.as_str(), &seen[1].2[..6]), (502, "text/html", "<html>"));
    assert!(seen[2].0 == 200 && seen[2].2.contains(r#""Error":"No""#), "{:?}", seen[2]);
    kaseya.fail(Endpoint::WriteLine, 1, Fault::DropBeforeApply);
    assert!(within(put.send(kaseya.address())).await.is_err());
    assert_eq!((units(&kaseya), kaseya.history().len()), (12.0, 0));
    // A fault applies once.
    assert_eq!(within(put.send(kaseya.address())).await.unwrap().status, 200);
    assert_eq!(kaseya.calls()[&Endpoint::WriteLine], 5);
}

#[tokio::test]
async fn a_v2_call_without_success_is_a_200_in_the_v2_envelope() {
    let kaseya = simulator(small()).await;
    let token = v2_token(&kaseya).await;
    kaseya.fail(Endpoint::ContractsLookup, 1, Fault::NoSuccess("Not today".to_owned()));
    let request = Request::get("/v2/finance/contracts/lookup").token(&token);
    let answer = within(request.send(kaseya.address())).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["success"], json!(false));
    assert_eq!(answer.json()["error"]["message"], "Not today");
}

#[tokio::test]
async fn faults_that_apply_and_then_hide_it() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    kaseya.fail(Endpoint::WriteLine, 1, Fault::Truncated);
    let cut = within(put_units(&kaseya, &token, 14).await.send(kaseya.address())).await.unwrap();
    assert_eq!(cut.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&cut.text).unwrap_err().is_eof());
    assert_eq!(units(&kaseya), 14.0);

    kaseya.fail(Endpoint::WriteLine, 1, Fault::ApplyThenDrop);
    assert!(within(put_units(&kaseya, &token, 15).await.send(kaseya.address())).await.is_err());
    assert_eq!(units(&kaseya), 15.0);

    let lacking = vec!["units".to_owned(), "TotalRecords".to_owned()];
    kaseya.fail(Endpoint::ContractLines, 1, Fault::Without(lacking));
    let read = within(Request::get(LINES).token(&token).send(kaseya.address())).await.unwrap().json();
    assert_eq!((read["Result"][1].get("Units"), read.get("TotalRecords")), (None, None));
    assert_eq!(read["Result"][1]["Id"], 90022);
}

#[tokio::test]
async fn a_fault_strikes_the_nth_call_of_its_endpoint() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    kaseya.fail(Endpoint::ContractLines, 3, Fault::BadGateway);
    kaseya.fail(Endpoint::WriteLine, 1, Fault::BadGateway);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(within(Request::get(LINES).token(&token).send(kaseya.address())).await.unwrap().status);
    }
    assert_eq!(seen, [200, 200, 502, 200]);
}

#[tokio::test]
async fn a_slow_write_lands_when_it_is_let_go_though_its_caller_is_gone() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let put = put_units(&kaseya, &token, 14).await;
    let hold = kaseya.hold(Endpoint::WriteLine, 1, HoldAt::BeforeApply);
    let caller = put.begin(kaseya.address()).await.unwrap();
    within(hold.reached()).await;
    drop(caller);
    // Other calls are served meanwhile, and see the old units.
    assert_eq!(
        within(put_units(&kaseya, &token, 20).await.send(kaseya.address())).await.unwrap().status,
        200
    );
    assert_eq!(units(&kaseya), 20.0);
    hold.release();
    within(kaseya.until(|state| state.history.len() == 2)).await;
    assert_eq!(units(&kaseya), 14.0);
}

#[tokio::test]
async fn a_call_held_after_it_is_applied_answers_when_let_go() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let put = put_units(&kaseya, &token, 14).await;
    let hold = kaseya.hold(Endpoint::WriteLine, 1, HoldAt::AfterApply);
    let address = kaseya.address();
    let caller = tokio::spawn(async move { put.send(address).await });
    within(hold.reached()).await;
    assert_eq!((units(&kaseya), caller.is_finished()), (14.0, false));
    drop(hold);
    assert_eq!(within(caller).await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn a_held_call_can_be_lost() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let put = put_units(&kaseya, &token, 14).await;
    let hold = kaseya.hold(Endpoint::WriteLine, 1, HoldAt::BeforeApply);
    let mut caller = put.begin(kaseya.address()).await.unwrap();
    within(hold.reached()).await;
    hold.lose();
    let mut answer = Vec::new();
    let ended = within(caller.read_to_end(&mut answer)).await;
    assert!(ended.is_err() || answer.is_empty(), "{answer:?}");
    assert_eq!((units(&kaseya), kaseya.history().len()), (12.0, 0));
}

#[tokio::test]
async fn a_write_can_land_minutes_later_and_over_a_newer_one() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    kaseya.fail(Endpoint::WriteLine, 1, Fault::ApplyLater(SignedDuration::from_mins(5)));
    assert!(within(put_units(&kaseya, &token, 14).await.send(kaseya.address())).await.is_err());
    assert_eq!(units(&kaseya), 12.0);
    kaseya.clock().advance(SignedDuration::from_mins(4));
    assert_eq!(
        within(put_units(&kaseya, &token, 13).await.send(kaseya.address())).await.unwrap().status,
        200
    );
    assert_eq!(units(&kaseya), 13.0);
    kaseya.clock().advance(SignedDuration::from_mins(1));
    assert_eq!(units(&kaseya), 14.0);
    let times: Vec<String> = kaseya.history().iter().map(|write| write.at.to_string()).collect();
    assert_eq!(times, ["2026-03-01T11:04:00Z", "2026-03-01T11:05:00Z"]);
}

#[tokio::test]
async fn stopping_ends_connections_and_holds() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let put = put_units(&kaseya, &token, 14).await;
    let hold = kaseya.hold(Endpoint::WriteLine, 1, HoldAt::BeforeApply);
    let address = kaseya.address();
    let caller = tokio::spawn(async move { put.send(address).await });
    within(hold.reached()).await;
    within(kaseya.stop()).await;
    assert!(within(caller).await.unwrap().is_err());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

//! Contracts and lines created, changed, activated and deactivated through V2.

use kaseya_simulator::{Behaviour, ContractStatus, Running};
use serde_json::{Value, json};

use crate::http::{Answer, Request, behaving, simulator, small, v2_token};

const CONTRACTS: &str = "/v2/finance/contracts/recurringservices";
const ADD: &str = "/v2/finance/contracts/recurringservices/5012/services";

async fn send(kaseya: &Running, method: &str, target: &str, body: &Value) -> Answer {
    let token = v2_token(kaseya).await;
    Request::json(method, target, body).token(&token).send(kaseya.address()).await.unwrap()
}

fn line(service: i32, units: Value) -> Value {
    json!({
        "ServiceId": service, "ServiceName": null, "ServiceDescription": "By hand", "Units": units,
        "UnitCost": 1.0, "UnitPrice": 4.0, "EffectiveDate": "2026-03-01T00:00:00", "SortOrder": 3,
    })
}

fn lines(kaseya: &Running) -> Vec<(i32, f64)> {
    let state = kaseya.state();
    state.lines(5012).unwrap().iter().map(|line| (line.service, line.units)).collect()
}

#[tokio::test]
async fn a_service_that_is_there_is_added_as_a_second_line() {
    let kaseya = simulator(small()).await;
    let answer = send(&kaseya, "POST", ADD, &json!([line(701, json!(5))])).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = answer.json()["result"].clone();
    assert_eq!(
        (&result["id"], &result["units"], &result["totalPrice"]),
        (&json!(90023), &json!(5.0), &json!(20.0))
    );
    assert_eq!(
        (&result["serviceName"], &result["description"]),
        (&json!("Password Boss Standard"), &json!("By hand"))
    );
    assert_eq!(lines(&kaseya), [(701, 12.0), (702, 3.0), (701, 5.0)]);
    let write = &kaseya.history()[0];
    assert_eq!((write.line, write.from, write.to), (90023, 0.0, 5.0));
}

#[tokio::test]
async fn or_sets_the_units_of_its_line_when_the_tenant_adds_in_place() {
    let kaseya = behaving(|behaviour| behaviour.lines.adds_in_place = true).await;
    let answer = send(&kaseya, "POST", ADD, &json!([line(701, json!(5))])).await;
    assert_eq!(answer.json()["result"]["id"], json!(90021));
    assert_eq!(lines(&kaseya), [(701, 5.0), (702, 3.0)]);
    assert_eq!(kaseya.history()[0].from, 12.0);
}

#[tokio::test]
async fn the_answer_is_one_object_or_an_array() {
    for (as_array, both) in [(false, json!(90023)), (true, json!([90023, 90024]))] {
        let kaseya = behaving(|behaviour| behaviour.lines.answers_added_as_array = as_array).await;
        let answer = send(&kaseya, "POST", ADD, &json!([line(701, json!(5)), line(702, json!(6))])).await;
        let result = answer.json()["result"].clone();
        let ids = match result.as_array() {
            Some(rows) => rows.iter().map(|row| row["id"].clone()).collect(),
            None => result["id"].clone(),
        };
        assert_eq!(ids, both);
    }
}

#[tokio::test]
async fn added_units_are_refused_cut_or_taken_as_those_of_a_write_are() {
    let status = async |set: fn(&mut Behaviour), units: Value| {
        let kaseya = behaving(set).await;
        let answer = send(&kaseya, "POST", ADD, &json!([line(702, json!(1)), line(701, units)])).await;
        (answer.status, lines(&kaseya).get(3).map(|line| line.1))
    };
    // A refused call stores nothing, not even the lines before the invalid one.
    assert_eq!(status(|_| (), json!(5.0)).await, (400, None));
    assert_eq!(status(|_| (), json!(-2)).await, (400, None));
    assert_eq!(status(|_| (), json!(0)).await, (200, Some(0.0)));
    assert_eq!(
        status(|behaviour| behaviour.lines.truncates_fractions = true, json!(5.9)).await,
        (200, Some(5.0))
    );
    assert_eq!(status(|behaviour| behaviour.lines.refuses_zero = true, json!(0)).await, (400, None));
    assert_eq!(status(|behaviour| behaviour.lines.takes_negative = true, json!(-2)).await, (200, Some(-2.0)));
}

#[tokio::test]
async fn an_absent_number_is_0_and_an_absent_date_the_first_there_is() {
    let kaseya = simulator(small()).await;
    let answer = send(&kaseya, "POST", ADD, &json!([{"ServiceId": 701}])).await;
    let result = answer.json()["result"].clone();
    assert_eq!((&result["units"], &result["unitPrice"]), (&json!(0.0), &json!(0.0)));
    assert_eq!(result["effectiveDate"], "0001-01-01T00:00:00");
    for unknown in [json!([{"Units": 1}]), json!([line(9, json!(1))]), json!([]), json!({})] {
        assert_eq!(send(&kaseya, "POST", ADD, &unknown).await.status, 400, "{unknown}");
    }
    let nowhere = "/v2/finance/contracts/recurringservices/1/services";
    assert_eq!(send(&kaseya, "POST", nowhere, &json!([line(701, json!(1))])).await.status, 404);
}

fn head(name: &str) -> Value {
    json!({
        "ContractName": name, "AccountId": 301, "SLAId": 4, "BillingCycleId": 3,
        "StartDate": "2026-01-01T00:00:00", "EndDate": "2026-12-31T00:00:00", "IsDefaultContract": false,
        "Services": [line(701, json!(7))],
    })
}

#[tokio::test]
async fn a_contract_is_made_inactive_switched_on_and_off_and_read_back() {
    let kaseya = simulator(small()).await;
    let made = send(&kaseya, "POST", CONTRACTS, &head("New")).await.json()["result"].clone();
    assert_eq!(
        (&made["id"], &made["statusName"], &made["billingCycleName"]),
        (&json!(5013), &json!("Inactive"), &json!("Quarterly"))
    );
    assert_eq!((&made["contractBillingPrice"], &made["services"][0]["units"]), (&json!(28.0), &json!(7.0)));
    let shown = async || {
        let read = send(&kaseya, "GET", "/v2/finance/contracts/lookup?Ids=5013", &Value::Null).await.json();
        read["result"][0].clone()
    };
    assert_eq!((shown().await["isActive"].clone(), shown().await["slaId"].clone()), (json!(false), json!(4)));
    for (switch, status, active) in [("activate", "Active", true), ("deactivate", "Inactive", false)] {
        let answer =
            send(&kaseya, "PUT", &format!("/v2/finance/contracts/5013/{switch}"), &Value::Null).await;
        assert_eq!(answer.json()["result"]["statusName"], status);
        assert_eq!(shown().await["isActive"], json!(active));
    }
    assert_eq!(send(&kaseya, "PUT", "/v2/finance/contracts/1/activate", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_head_is_replaced_whole_and_its_lines_stay() {
    let kaseya = simulator(small()).await;
    let target = format!("{CONTRACTS}/5012");
    let answer = send(&kaseya, "PUT", &target, &head("Renamed")).await;
    assert_eq!(answer.json()["result"]["contractName"], "Renamed");
    let contract = kaseya.state().contract(5012).unwrap().clone();
    assert_eq!(
        (contract.terms.sla_id, contract.status, contract.lines.len()),
        (Some(4), ContractStatus::Active, 2)
    );
    let mut without = head("Renamed");
    without.as_object_mut().unwrap().remove("SLAId");
    send(&kaseya, "PUT", &target, &without).await;
    assert_eq!(kaseya.state().contract(5012).unwrap().terms.sla_id, None);
    for (field, wrong) in [
        ("AccountId", json!(9)),
        ("BillingCycleId", json!(9)),
        ("BillingCycleId", json!(0)),
        ("BillingCycleId", json!(i32::MIN)),
        ("EndDate", json!("2025-12-31")),
        ("ContractName", json!(null)),
        ("StartDate", json!("soon")),
    ] {
        let before = kaseya.state();
        let mut body = head("Wrong");
        body[field] = wrong;
        for (method, target) in [("PUT", target.as_str()), ("POST", CONTRACTS)] {
            assert_eq!(send(&kaseya, method, target, &body).await.status, 400, "{method} {field}");
        }
        assert_eq!(kaseya.state(), before);
    }
}

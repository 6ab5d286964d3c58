//! Lines read and written through V1.

use kaseya_simulator::{Running, UnitWrite};
use serde_json::{Value, json};

use crate::http::{
    LINE, LINES, RIGHT, Request, line_with_units, noon, put_units, simulator, small, v1_token,
};

async fn read(kaseya: &Running, token: &str) -> Value {
    let answer = Request::get(LINES).token(token).send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["Result"].clone()
}

#[tokio::test]
async fn what_is_written_is_read_and_stands_in_the_history() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let before = read(&kaseya, &token).await;
    let answer = put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let after = read(&kaseya, &token).await;
    assert_eq!(answer.json()["Result"], after[0]);

    let mut expected = before.clone();
    expected[0]["Units"] = json!(14.0);
    expected[0]["EffectiveDate"] = json!("2026-03-01T00:00:00");
    assert_eq!(after, expected);
    let write = UnitWrite {
        at: noon(),
        contract: 5012,
        line: 90021,
        from: 12.0,
        from_effective_date: Some("2024-01-01".parse().unwrap()),
        to: 14.0,
        effective_date: "2026-03-01".parse().unwrap(),
        user: RIGHT[0].to_owned(),
    };
    assert_eq!(kaseya.history(), [write]);
}

#[tokio::test]
async fn a_write_needs_the_whole_line() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let line = line_with_units(&kaseya, &token, json!(14)).await;
    let fields: Vec<String> = line.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields.len(), 12, "ten fields and two more than a client must know");
    for field in fields {
        let mut cut = line.clone();
        cut.as_object_mut().unwrap().remove(&field);
        let refused = Request::json("PUT", LINE, &cut).token(&token).send(kaseya.address()).await.unwrap();
        assert_eq!((refused.status, &refused.json()["Error"]), (400, &json!(format!("{field} is missing"))));
    }
    assert_eq!(kaseya.history(), []);
    assert_eq!(kaseya.state(), small());
}

#[tokio::test]
async fn units_are_whole_numbers_from_0_on() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let put = async |units: Value| {
        let line = line_with_units(&kaseya, &token, units).await;
        Request::json("PUT", LINE, &line).token(&token).send(kaseya.address()).await.unwrap().status
    };
    for wrong in [json!(1.5), json!(14.0), json!(-1), json!("14"), json!(null), json!(3_000_000_000_u32)] {
        assert_eq!(put(wrong.clone()).await, 400, "{wrong}");
    }
    assert_eq!(kaseya.history(), []);
    assert_eq!(put(json!(0)).await, 200);
    assert_eq!(kaseya.state().lines(5012).unwrap()[0].units, 0.0);
}

#[tokio::test]
async fn a_write_to_another_line_contract_or_service_is_refused() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let line = line_with_units(&kaseya, &token, json!(14)).await;
    let put = async |target: &str, line: &Value| {
        Request::json("PUT", target, line).token(&token).send(kaseya.address()).await.unwrap().status
    };
    assert_eq!(put("/api/finance/contracts/5012/services/1", &line).await, 404);
    assert_eq!(put("/api/finance/contracts/1/services/90021", &line).await, 404);
    assert_eq!(put("/api/finance/contracts/x/services/90021", &line).await, 404);
    // The contract's other line is a different one.
    assert_eq!(put("/api/finance/contracts/5012/services/90022", &line).await, 400);
    for (field, value) in
        [("ServiceId", json!(702)), ("ContractId", json!(7)), ("EffectiveDate", json!("soon"))]
    {
        let mut other = line.clone();
        other[field] = value;
        assert_eq!(put(LINE, &other).await, 400, "{field}");
    }
    assert_eq!(kaseya.state(), small());
}

#[tokio::test]
async fn names_are_taken_in_any_case_and_a_date_with_or_without_a_time() {
    let kaseya = simulator(small()).await;
    let token = v1_token(&kaseya).await;
    let mut line = line_with_units(&kaseya, &token, json!(14)).await;
    for date in ["2026-04-01", "2026-04-01T00:00:00", "2026-04-01T00:00:00+02:00"] {
        line["EffectiveDate"] = json!(date);
        let camel: serde_json::Map<String, Value> = line
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name[..1].to_lowercase() + &name[1..], value.clone()))
            .collect();
        let put = Request::json("PUT", LINE, &Value::Object(camel)).token(&token);
        assert_eq!(put.send(kaseya.address()).await.unwrap().status, 200, "{date}");
        let written = kaseya.state().lines(5012).unwrap()[0].clone();
        assert_eq!(written.effective_date.to_string(), "2026-04-01");
        assert_eq!(written.extras, small().lines(5012).unwrap()[0].extras);
    }
}

#[tokio::test]
async fn an_edit_by_hand_is_read_and_not_in_the_history() {
    let kaseya = simulator(small()).await;
    kaseya.edit(|state| state.line_mut(5012, 90021).unwrap().units = 2.5).unwrap();
    let token = v1_token(&kaseya).await;
    assert_eq!(read(&kaseya, &token).await[0]["Units"], json!(2.5));
    assert_eq!(kaseya.history(), []);
}

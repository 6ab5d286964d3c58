//! Paths that are not served, and parts that are switched off.

use kaseya_simulator::{Counted, Endpoint};
use serde_json::json;

use crate::http::{
    LINES, RIGHT, Request, behaving, put_units, simulator, small, v1_login, v1_token, v2_login, v2_token,
};

#[tokio::test]
async fn unknown_paths_methods_and_ids_are_404_in_the_envelope_of_their_interface() {
    let kaseya = simulator(small()).await;
    let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
    let error = json!({
        "code": 404, "message": "Not found", "details": null, "stackStrace": null, "subErrors": null,
    });
    let in_v2 = json!({"success": false, "error": error, "result": null});
    let in_v1 = json!({
        "ResponseCode": 404, "Status": "NotFound", "Error": "NotFound", "Result": null, "TotalRecords": 0,
    });
    for (method, target, token, body) in [
        ("GET", "/v2/servicedesk/tickets", &v2, &in_v2),
        ("GET", "/", &v2, &in_v2),
        ("DELETE", "/v2/finance/contracts/lookup", &v2, &in_v2),
        ("GET", "/v2/admin/finance/services/search", &v2, &in_v2),
        ("GET", "/v2/admin/finance/services/1", &v2, &in_v2),
        ("GET", "/v2/admin/finance/services/99999999999", &v2, &in_v2),
        ("GET", "/v2/crm/accounts/summary/1", &v2, &in_v2),
        ("GET", "/v2/finance/invoices/1", &v2, &in_v2),
        ("GET", "/api/finance/invoices", &v1, &in_v1),
        ("DELETE", LINES, &v1, &in_v1),
        ("GET", "/api/finance/contracts/1/services", &v1, &in_v1),
    ] {
        let request = Request { method: method.to_owned(), ..Request::get(target) };
        let answer = request.token(token).send(kaseya.address()).await.unwrap();
        assert_eq!((answer.status, &answer.json()), (404, body), "{method} {target}");
    }
}

#[tokio::test]
async fn paths_are_taken_in_any_case_of_letters() {
    let kaseya = simulator(small()).await;
    let token = v2_token(&kaseya).await;
    let answer = Request::get("/V2/Finance/Contracts/LookUp").token(&token).send(kaseya.address()).await;
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(kaseya.calls()[&Endpoint::ContractsLookup], 1);
}

#[tokio::test]
async fn v1_can_be_off_altogether() {
    let kaseya = behaving(|behaviour| behaviour.v1_off = true).await;
    assert_eq!(v1_login(RIGHT).send(kaseya.address()).await.unwrap().status, 404);
    assert_eq!(v2_login(RIGHT).send(kaseya.address()).await.unwrap().status, 200);
}

#[tokio::test]
async fn lines_can_stand_under_other_names() {
    let kaseya = behaving(|behaviour| {
        behaviour.lines.lines_route = "/api/contracts/{contractId}/items".to_owned();
        behaviour.lines.line_route = "/api/contracts/{contractId}/items/{lineId}".to_owned();
    })
    .await;
    let token = v1_token(&kaseya).await;
    let read = async |target: &str| Request::get(target).token(&token).send(kaseya.address()).await.unwrap();
    assert_eq!(read(LINES).await.status, 404);
    let lines = read("/api/contracts/5012/items").await;
    assert_eq!(lines.status, 200);
    let mut line = lines.json()["Result"][0].clone();
    line["Units"] = json!(14);
    let put = Request::json("PUT", "/api/contracts/5012/items/90021", &line).token(&token);
    assert_eq!(put.send(kaseya.address()).await.unwrap().status, 200);
    assert_eq!(kaseya.history().len(), 1);
}

#[tokio::test]
async fn an_hour_counts_each_route_or_a_whole_interface() {
    for (counted, other_route) in [(Counted::PerRoute, 200), (Counted::PerInterface, 429)] {
        let kaseya = behaving(|behaviour| {
            behaviour.limits.counted = counted;
            // One for the login, one for the read.
            behaviour.limits.v1_per_hour = 2;
        })
        .await;
        let token = v1_token(&kaseya).await;
        let put = put_units(&kaseya, &token, 14).await;
        assert_eq!(put.send(kaseya.address()).await.unwrap().status, other_route);
        // The other API has a limit of its own.
        let v2 = v2_token(&kaseya).await;
        let lookup = Request::get("/v2/finance/contracts/lookup").token(&v2);
        assert_eq!(lookup.send(kaseya.address()).await.unwrap().status, 200);
    }
}

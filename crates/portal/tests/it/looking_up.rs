//! Look-ups in Kaseya by the API.

use http::{Method, StatusCode};
use serde_json::json;

use crate::world::{RIGHT, World};

#[tokio::test(flavor = "multi_thread")]
async fn s_23_services_accounts_and_contracts_are_found_in_kaseya() {
    let world = World::new().await;
    let look = async |path: &str| {
        world
            .request(Method::GET, &format!("/v1/partners/msp/kaseya{path}"), Some(&world.editor), &[], "")
            .await
    };
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let services = look("/services?name=standard").await;
    assert_eq!(
        services.json,
        json!({ "services": [{ "service_id": 701, "name": "Password Boss Standard" }] })
    );
    assert_eq!(look("/services?name=nothing").await.json, json!({ "services": [] }));
    let accounts = look("/accounts?name=azienda").await;
    assert_eq!(accounts.json["accounts"][0]["account_id"], 301, "{}", accounts.text);
    let contracts = look("/accounts/301/contracts?name=Azienda%201").await;
    let contract = &contracts.json["contracts"][0];
    assert_eq!(
        (&contract["contract_id"], &contract["refused"]),
        (&json!(5001), &json!(null)),
        "{}",
        contracts.text
    );
    assert_eq!(look("/accounts/what/contracts?name=x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(look("/accounts/301/contracts").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_looked_up_without_a_connection_or_with_credentials_that_do_not_open() {
    let world = World::new().await;
    let path = "/v1/partners/other/kaseya/services";
    let answer = world.request(Method::GET, path, Some(&world.stranger), &[], "").await;
    assert_eq!(
        (answer.status, &answer.json["title"]),
        (StatusCode::CONFLICT, &json!("Save the connection first"))
    );
    // No key of this ring has sealed the stored password.
    let path = "/v1/partners/msp/kaseya/services";
    let answer = world.request(Method::GET, path, Some(&world.editor), &[], "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    let answer = world.request(Method::GET, path, Some(&world.viewer), &[], "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

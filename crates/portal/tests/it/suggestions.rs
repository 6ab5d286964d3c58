//! Suggested mappings: nothing is mapped before confirmation, and many are mapped at once.

use http::{Method, StatusCode};
use serde_json::json;

use crate::world::{Answer, RIGHT, World};

const PAGE: &str = "/partners/msp/companies/suggestions";

async fn post(world: &World, cookie: &str, form: &str) -> Answer {
    world.request(Method::POST, PAGE, None, &[("cookie", cookie)], form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn b_09_suggestions_are_ticked_shown_with_their_only_contract_and_confirmed() {
    let world = World::new().await;
    world
        .sql("update companies set name = 'Azienda 1 S.r.l.' where partner_id = 'msp' and company_id = 'cem'")
        .await;
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let path = "/v1/partners/msp/account-suggestions";
    let told = world.request(Method::GET, path, Some(&world.editor), &[], "").await;
    let likely = json!([{ "account_id": 301, "name": "Azienda 1", "score": 100 }]);
    let company = json!({ "company_id": "cem", "name": "Azienda 1 S.r.l.", "accounts": likely });
    assert_eq!(told.json, json!({ "companies": [company], "next": null }), "{}", told.text);
    let cookie = world.sign_in(&world.editor).await;
    let page = world.request(Method::GET, PAGE, None, &[("cookie", &cookie)], "").await;
    assert!(page.text.contains("Azienda 1 (100 % alike)"), "{}", page.text);
    let (_, csrf) = page.text.split_once("name=\"csrf\" value=\"").expect("the field");
    let csrf = csrf.split('"').next().expect("its value");

    let nothing = post(&world, &cookie, &format!("csrf={csrf}&company=cem&account=301:Azienda+1")).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing is ticked");
    let form = format!("csrf={csrf}&ticked=cem&company=cem&account=301:Azienda+1");
    let chosen = post(&world, &cookie, &form).await;
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.text);
    assert!(chosen.text.contains("value=\"5001:Servizi gestiti\" selected"), "{}", chosen.text);
    let mapping = world.get("/companies/cem/mapping").await;
    assert!(!mapping.text.contains("5001"), "{}", mapping.text);

    let confirm =
        format!("csrf={csrf}&confirmed=true&company=cem&account=301:Azienda+1&contract=5001:Servizi+gestiti");
    let confirmed = post(&world, &cookie, &confirm).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{}", confirmed.text);
    let page = world.request(Method::GET, PAGE, None, &[("cookie", &cookie)], "").await;
    assert!(page.text.contains("No company is left to map"), "{}", page.text);
}

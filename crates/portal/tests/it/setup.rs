//! The setup of the integration, as the vendor's page describes it: from the tile to the last mapping.

use http::{Method, StatusCode, header};
use kaseya_simulator::{Endpoint, Fault, Login};
use serde_json::{Value, json};

use crate::world::{RIGHT, World};

const CONNECTION: &str = "/partners/msp/integrations/kaseya-bms";

/// The mapping page of the only unmapped company.
const UNMAPPED: &str = "/partners/msp/companies/cem/mapping";

/// A partner that is connected to the simulated Kaseya.
async fn connected() -> World {
    let world = World::new().await;
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn s_04_s_05_the_tile_of_kaseya_bms_opens_the_form() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    let first = world.page(&cookie, "/partners/msp").await.text;
    assert!(first.contains("href=\"/partners/msp/integrations\""), "{first}");
    let tiles = world.page(&cookie, "/partners/msp/integrations").await.text;
    let tile = format!("<a class=\"tile\" href=\"{CONNECTION}\"><strong>Kaseya BMS</strong>");
    assert!(tiles.contains(&tile), "{tiles}");
    let form = world.page(&cookie, CONNECTION).await.text;
    for field in ["host", "user_name", "password", "company_name"] {
        assert!(form.contains(&format!("name=\"{field}\"")), "{field}: {form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s_09_s_11_user_and_company_name_reach_kaseya_as_typed() {
    let world = World::new().await;
    let (user, company) = (" sync  Ü&r ", " eXample  MSP\u{a0}& Söhne ");
    // Kaseya compares them character by character.
    let login = Login { user: user.to_owned(), password: RIGHT.to_owned(), tenant: company.to_owned() };
    world.kaseya.edit(|state| state.login = login).expect("nothing is kept in a file");
    let cookie = world.sign_in(&world.admin).await;
    let base = world.kaseya.base_url();
    let form = format!(
        "host=bms.kaseya.com&v2_base={base}&v1_base={base}/api&user_name=+sync++%C3%9C%26r+&password=correct+horse\
         &company_name=+eXample++MSP%C2%A0%26+S%C3%B6hne+&enabled=true&billing=arrears&invoice_day=5&action="
    );
    let tried = world.post(&cookie, CONNECTION, &[], &format!("{form}authenticate")).await;
    assert!(tried.text.contains("<li class=\"passed\">"), "{}", tried.text);
    assert_eq!((world.kaseya.logins().v2_refused, world.kaseya.logins().v1_accepted), (0, 1));
    let saved = world.post(&cookie, CONNECTION, &[], &format!("{form}save")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let stored = world.get("/connection").await.json["values"].clone();
    assert_eq!((&stored["user_name"], &stored["company_name"]), (&json!(user), &json!(company)));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_the_page_has_the_rules_with_range_and_default_in_both_languages() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    let page = world.page(&cookie, CONNECTION).await.text;
    for (field, usual) in [("freeze_hour", 6), ("brakes.units", 5), ("brakes.run_percent", 20)] {
        let shown = format!("name=\"{field}\" type=\"text\" value=\"{usual}\"");
        assert!(page.contains(&shown), "{field}: {page}");
    }
    assert!(page.contains("From 0 to 23; usually 6."), "{page}");
    let headers = [("cookie", &*cookie), ("accept-language", "it")];
    let page = world.request(Method::GET, CONNECTION, None, &headers, "").await.text;
    assert!(page.contains("Regole della sincronizzazione"), "{page}");
    assert!(page.contains("Da 0 a 23; di solito 6."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_the_page_saves_the_rules_and_names_a_wrong_one() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    let base = world.kaseya.base_url();
    let form = format!(
        "host=bms.kaseya.com&v2_base={base}&v1_base={base}/api&user_name=sync&password=correct+horse\
         &company_name=Example+MSP&enabled=true&billing=arrears&invoice_day=5&action=save"
    );
    let wrong = format!("{form}&freeze_hour=noon&brakes.units=7");
    let wrong = world.post(&cookie, CONNECTION, &[], &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    assert!(wrong.text.contains("Write a whole number from 0 to 23."), "{}", wrong.text);
    assert!(wrong.text.contains("name=\"brakes.units\" type=\"text\" value=\"7\""), "{}", wrong.text);
    let right = format!("{form}&freeze_hour=&brakes.units=7&drift=send_ours");
    let saved = world.post(&cookie, CONNECTION, &[], &right).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let stored = world.get("/connection").await.json["values"].clone();
    assert_eq!((&stored["freeze_hour"], &stored["drift"]), (&json!(6), &json!("send_ours")));
    assert_eq!((&stored["brakes"]["units"], &stored["brakes"]["percent"]), (&json!(7), &json!(20)));

    // A page that was opened before somebody else made the brake stricter keeps what it did not change, and an empty
    // field keeps the number in force.
    let mut stricter = world.connection(RIGHT);
    stricter["brakes"] = json!({ "units": 2 });
    stricter["drift"] = json!("ask");
    assert_eq!(world.send(Method::PUT, "/connection", &stricter).await.status, StatusCode::OK);
    let shown = "shown.brakes.units=7&shown.drift=send_ours&shown.freeze_hour=6";
    let old = format!("{form}&{shown}&brakes.units=7&drift=send_ours&freeze_hour=4&brakes.percent=");
    let saved = world.post(&cookie, CONNECTION, &[], &old).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let stored = world.get("/connection").await.json["values"].clone();
    assert_eq!((&stored["freeze_hour"], &stored["drift"]), (&json!(4), &json!("ask")));
    assert_eq!((&stored["brakes"]["units"], &stored["brakes"]["percent"]), (&json!(2), &json!(20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_13_every_right_that_a_sync_needs_has_its_tick() {
    let world = World::new().await;
    let tried = async || {
        let tried = world.send(Method::POST, "/connection/authenticate", &world.connection(RIGHT)).await.json;
        let checks = tried["checks"].as_array().expect("the checks").clone();
        let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
        checks.iter().map(|check| (text(check, "check"), text(check, "finding"))).collect::<Vec<_>>()
    };
    let rights = tried().await;
    let names: Vec<&str> = rights.iter().map(|(check, _)| &**check).collect();
    let all = [
        "log_in_v2",
        "api_access",
        "view_accounts",
        "view_contracts",
        "view_services",
        "log_in_v1",
        "view_lines",
        "modify_contracts",
    ];
    assert_eq!(names, all);
    // Unless Kaseya says so itself, no read shows what a role may modify.
    let (modify, reads) = rights.split_last().expect("checks");
    assert!(reads.iter().all(|(_, finding)| finding == "passed"), "{rights:?}");
    assert_eq!(modify.1, "untold");
    let logins = world.kaseya.logins();
    assert_eq!((logins.v2_accepted, logins.v1_accepted), (1, 1), "real logins");
    assert!(world.kaseya.history().is_empty(), "nothing is changed in Kaseya");

    let body = json!({"success": false, "error": {"code": 1, "message": "no right"}, "result": null});
    world.kaseya.fail(Endpoint::ServicesSearch, 1, Fault::Answer { status: 403, body });
    let failed: Vec<_> = tried().await.into_iter().filter(|(_, finding)| finding == "failed").collect();
    assert_eq!(failed, [("view_services".to_owned(), "failed".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_25_s_40_saved_product_mappings_lead_to_sync_now() {
    let world = connected().await;
    let cookie = world.sign_in(&world.editor).await;
    let page = format!("{CONNECTION}/products");
    let edited = world.page(&cookie, &format!("{page}?edit=true&search=standard")).await.text;
    assert!(edited.contains("value=\"701:Password Boss Standard\""), "{edited}");
    let services = world.kaseya.state().services.len();
    let form = "product=p1&service=701:Password+Boss+Standard&product=p3&service=";
    let saved = world.post(&cookie, &page, &[], form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let to = saved.headers[header::LOCATION].to_str().expect("a text").to_owned();
    assert!(to.starts_with(&format!("{page}?said=saved")), "{to}");
    let shown = world.page(&cookie, &to).await.text;
    assert!(shown.contains("Sync now") && shown.contains("action=\"/partners/msp/sync-now\""), "{shown}");
    let products = world.get("/products").await.json;
    let stored = |place: usize| products["products"][place]["service"]["service_id"].clone();
    assert_eq!((stored(0), stored(1)), (json!(701), json!(null)), "the other one may stay without a service");
    let after = world.kaseya.state();
    assert_eq!((after.services.len(), after.history.len()), (services, 0), "no service is made in Kaseya");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_35_s_36_the_pencil_opens_one_company_and_cancel_leaves_it() {
    let world = connected().await;
    let cookie = world.sign_in(&world.editor).await;
    let list = world.page(&cookie, "/partners/msp/companies").await.text;
    for company in ["ada", "bea", "cem", "dora"] {
        let pencil = format!("<a href=\"/partners/msp/companies/{company}/mapping\">");
        assert_eq!(list.matches(&pencil).count(), 1, "{company}: {list}");
    }
    let stored = async || {
        let sql = "select string_agg(row::text, ' ' order by company_id) from company_mappings row";
        world.database.client().await.query_one(sql, &[]).await.expect("it answers").get::<_, String>(0)
    };
    let before = stored().await;
    for step in [UNMAPPED.to_owned(), format!("{UNMAPPED}?account=301:Azienda+1")] {
        let page = world.page(&cookie, &step).await.text;
        assert!(page.contains("<a href=\"/partners/msp/companies\">Cancel</a>"), "{step}: {page}");
    }
    assert_eq!(stored().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_37_s_38_a_company_is_linked_to_an_account_and_one_of_its_contracts() {
    let world = connected().await;
    world
        .kaseya
        .edit(|state| {
            let mut account = state.accounts[0].clone();
            (account.id, account.name) = (302, "Azienda 2".to_owned());
            state.accounts.push(account);
            let mut contract = state.contracts[0].clone();
            (contract.id, contract.account, contract.name) = (5002, 302, "Altri servizi".to_owned());
            contract.lines.clear();
            state.contracts.push(contract);
        })
        .expect("nothing is kept in a file");
    let cookie = world.sign_in(&world.editor).await;
    let offered = world.page(&cookie, &format!("{UNMAPPED}?account=302:Azienda+2")).await.text;
    assert!(offered.contains("value=\"5002:Altri servizi\""), "{offered}");
    assert!(!offered.contains("5001"), "of another account: {offered}");

    let form = "version=&account=302:Azienda+2&contract=";
    let without = world.post(&cookie, UNMAPPED, &[], form).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = world.post(&cookie, UNMAPPED, &[], &format!("{form}5002:Altri+servizi")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let mapping = world.get("/companies/cem").await.json["mapping"].clone();
    assert_eq!(
        (&mapping["account_id"], &mapping["account"], &mapping["contract"]["contract_id"]),
        (&json!(302), &json!("Azienda 2"), &json!(5002)),
        "{mapping}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d_03_a_company_is_shown_with_its_count_its_day_and_its_instant() {
    let world = World::new().await;
    let list = world.get("/companies?search=cem").await.json;
    let expected = json!({ "basis": "users", "day": "2026-11-21", "counted_at": "2026-11-22T00:00:00Z", "users": { "p1": 4 } });
    assert_eq!(list["companies"][0]["newest"], expected, "{list}");
    let cookie = world.sign_in(&world.viewer).await;
    let page = world.page(&cookie, "/partners/msp/companies/cem").await.text;
    assert!(page.contains("21 Nov 2026"), "{page}");
}

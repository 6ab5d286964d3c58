//! Saves by the API, and the reasons of refusals.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{Answer, RIGHT, World};

fn fields(answer: &Answer) -> Vec<(&str, &str)> {
    let errors = answer.json["errors"].as_array().expect("the mistakes");
    errors.iter().filter_map(|error| Some((error["field"].as_str()?, error["code"].as_str()?))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s_06_a_connections_mistakes_are_named_by_field() {
    let world = World::new().await;
    let empty = json!({ "enabled": true, "month_end_run": true, "invoice_day": 31 });
    let answer = world.send(Method::PUT, "/connection", &empty).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let missing = |field| (field, "missing");
    let wanted =
        [missing("host"), missing("user_name"), missing("company_name"), ("invoice_day", "out_of_range")];
    assert_eq!(fields(&answer), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_the_rules_are_saved_and_keep_what_is_left_out() {
    let world = World::new().await;
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let usual = world.get("/connection").await.json["values"].clone();
    assert_eq!((&usual["freeze_hour"], &usual["max_count_age_days"]), (&json!(6), &json!(3)));
    assert_eq!((&usual["call_share_percent"], &usual["drift"]), (&json!(50), &json!("ask")));
    let brakes = json!({
        "units": 5, "percent": 20, "units_alone": 25, "run_percent": 20, "run_companies": 5
    });
    assert_eq!(usual["brakes"], brakes);
    let mut other = world.connection(RIGHT);
    other["freeze_hour"] = json!(4);
    other["drift"] = json!("send_ours");
    other["brakes"] = json!({ "units": 9, "run_companies": null });
    let saved = world.send(Method::PUT, "/connection", &other).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    // The second save says nothing of the rules.
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let stored = world.get("/connection").await.json["values"].clone();
    assert_eq!((&stored["freeze_hour"], &stored["drift"]), (&json!(4), &json!("send_ours")));
    assert_eq!((&stored["brakes"]["units"], &stored["brakes"]["percent"]), (&json!(9), &json!(20)));
    assert_eq!((&stored["brakes"]["run_companies"], &stored["max_count_age_days"]), (&json!(5), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_a_rule_out_of_its_range_is_named_with_the_range() {
    let world = World::new().await;
    let mut wrong = world.connection(RIGHT);
    wrong["freeze_hour"] = json!(24);
    wrong["call_share_percent"] = json!("half");
    wrong["brakes"] = json!({ "units": 0, "run_percent": 101 });
    let answer = world.send(Method::PUT, "/connection", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let out_of_range = |field| (field, "out_of_range");
    let fields_wrong = ["freeze_hour", "call_share_percent", "brakes.units", "brakes.run_percent"];
    assert_eq!(fields(&answer), fields_wrong.map(out_of_range));
    assert_eq!(answer.json["errors"][0]["detail"], "write a whole number from 0 to 23");
    let mut wrong = world.connection(RIGHT);
    wrong["drift"] = json!("later");
    let answer = world.send(Method::PUT, "/connection", &wrong).await;
    assert_eq!(fields(&answer), [("drift", "unknown")], "{}", answer.text);
    assert_eq!(answer.json["errors"][0]["detail"], "write ask or send_ours");
    for (field, value, named) in [
        ("brakes", json!({ "unit": 2 }), "unknown field `unit` in `brakes`"),
        ("brakes", json!(2), "`brakes` must be an object"),
        ("max_count_age", json!(2), "unknown field `max_count_age`"),
        ("brakes.units", json!(2), "unknown field `brakes.units`"),
    ] {
        let mut wrong = world.connection(RIGHT);
        wrong[field] = value;
        let answer = world.send(Method::PUT, "/connection", &wrong).await;
        assert!(answer.status.is_client_error() && answer.text.contains(named), "{field}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_a_connection_is_tried_saved_and_switched() {
    let world = World::new().await;
    let wrong = world.send(Method::PUT, "/connection", &world.connection("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    assert_eq!(wrong.json["checks"][0]["finding"], "failed");
    let again = world.send(Method::POST, "/connection/authenticate", &world.connection("wrong")).await;
    assert_eq!((again.status, &again.json["code"]), (StatusCode::CONFLICT, &wrong.json["checks"][0]["code"]));
    let tried = world.send(Method::POST, "/connection/authenticate", &world.connection(RIGHT)).await;
    assert_eq!((tried.status, &tried.json["works"]), (StatusCode::OK, &json!(true)), "{}", tried.text);
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!((saved.status, &saved.json["state"]), (StatusCode::OK, &json!("on")), "{}", saved.text);
    assert!(!saved.text.contains(RIGHT) && !world.get("/connection").await.text.contains(RIGHT));
    let off = world.send(Method::PUT, "/connection/switch", &json!({ "on": false })).await;
    assert_eq!(off.status, StatusCode::OK);
    assert!(["off", "switching_off"].contains(&off.json["state"].as_str().expect("a word")), "{}", off.text);
    let on = world.send(Method::PUT, "/connection/switch", &json!({ "on": true })).await;
    assert_eq!(on.json["state"], "on");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a13_authenticate_says_what_another_zone_means_for_the_invoice_day() {
    let world = World::new().await;
    let tried = async |language: &str| {
        let headers = &[("accept-language", language)];
        world
            .send_with(Method::POST, "/connection/authenticate", headers, &world.connection(RIGHT))
            .await
            .json
    };
    // Both zones are Rome.
    let same = tried("en").await;
    assert_eq!((&same["kaseya_zone"], &same["zone_note"]), (&json!("Europe/Rome"), &json!(null)), "{same}");
    world
        .kaseya
        .edit(|state| state.time_zone = "Pacific/Honolulu".to_owned())
        .expect("it is not kept in a file");
    let english = "Kaseya&#39;s invoice day begins at 11:00 by your clock";
    let italian = "giorno di fatturazione di Kaseya comincia alle 11:00";
    assert!(
        tried("en").await["zone_note"]
            .as_str()
            .is_some_and(|note| note.contains("begins at 11:00 by your clock"))
    );
    assert!(tried("it").await["zone_note"].as_str().is_some_and(|note| note.contains(italian)));
    let cookie = world.sign_in(&world.admin).await;
    let base = world.kaseya.base_url();
    let form = format!(
        "action=authenticate&host=bms.kaseya.com&v2_base={base}&v1_base={base}/api&user_name=sync&password={}&company_name=Example+MSP",
        RIGHT.replace(' ', "+")
    );
    for (language, words) in [("en", english), ("it", italian)] {
        let page = world
            .post(&cookie, "/partners/msp/integrations/kaseya-bms", &[("accept-language", language)], &form)
            .await;
        assert!(page.text.contains(words), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s_14_a_failure_has_its_help_at_the_api_too() {
    let world = World::new().await;
    let headers = &[("accept-language", "it")];
    let wrong = world.connection("wrong");
    let tried = world.send_with(Method::POST, "/connection/authenticate", headers, &wrong).await.json;
    let help = &tried["help"];
    assert_eq!((&tried["works"], &help["code"]), (&json!(false), &tried["checks"][0]["code"]), "{tried}");
    for part in ["title", "what_happened", "next_invoice", "what_we_did", "what_to_do"] {
        assert!(help[part].as_str().is_some_and(|text| !text.is_empty()), "{part}: {tried}");
    }
    // A refused save has its help too, and so does one that is not tried again.
    for status in [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY] {
        let form = if status == StatusCode::CONFLICT { &wrong } else { &world.connection("wrong too") };
        let refused = world.send_with(Method::PUT, "/connection", headers, form).await;
        assert_eq!(refused.status, status, "{}", refused.text);
        let help = &refused.json["help"];
        assert_eq!(help["code"], tried["help"]["code"], "{}", refused.text);
        for part in ["title", "brief", "what_happened", "next_invoice", "what_we_did", "what_to_do"] {
            assert!(help[part].as_str().is_some_and(|text| !text.is_empty()), "{part}: {}", refused.text);
        }
        assert!(
            help["what_to_do"].as_str().is_some_and(|text| text.contains("Autentica")),
            "{}",
            refused.text
        );
    }
    let again = world.send_with(Method::POST, "/connection/authenticate", headers, &wrong).await;
    assert_eq!(again.json["help"]["code"], tried["help"]["code"], "{}", again.text);
    let right = world.send(Method::POST, "/connection/authenticate", &world.connection(RIGHT)).await.json;
    assert_eq!((&right["works"], &right["help"]), (&json!(true), &json!(null)), "{right}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_01_a_line_profile_is_blamed_and_neither_host_nor_rights() {
    let world = World::new().await;
    let set = async |profile: &str| {
        world.sql(&format!("update installation set line_profile = $toml${profile}$toml$")).await;
    };
    let text = kaseya::LineProfile::default().text().replace("/services", "/lines");
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    set(&text.join("\n")).await;
    let right = world.connection(RIGHT);
    let tried = world.send(Method::POST, "/connection/authenticate", &right).await.json;
    assert_eq!((&tried["works"], &tried["help"]["code"]), (&json!(false), &json!("LIN-01")), "{tried}");
    assert!(
        tried["help"]["what_to_do"].as_str().is_some_and(|text| text.contains("kaseya-sync probe")),
        "{tried}"
    );

    // An unreadable line profile is not an error in the host's field.
    set("name = 1").await;
    let saved = world.send(Method::PUT, "/connection", &right).await;
    assert_eq!(saved.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", saved.text);
    let cookie = world.sign_in(&world.admin).await;
    let base = world.kaseya.base_url();
    let form = format!(
        "action=authenticate&host=bms.kaseya.com&v2_base={base}&v1_base={base}/api&user_name=sync&password={}&company_name=Example+MSP",
        RIGHT.replace(' ', "+")
    );
    let page = world.post(&cookie, "/partners/msp/integrations/kaseya-bms", &[], &form).await;
    assert!(page.text.contains("The stored line profile cannot be used"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_29_a_schedule_is_saved_and_its_mistakes_are_named() {
    let world = World::new().await;
    let weekly = json!({ "frequency": "weekly", "weekday": "monday", "hour": 2, "zone": "Europe/Rome" });
    let saved = world.send(Method::PUT, "/schedule", &weekly).await;
    assert_eq!((saved.status, &saved.json["schedule"]), (StatusCode::OK, &weekly), "{}", saved.text);
    assert_eq!(saved.json, world.get("/schedule").await.json);
    let wrong = json!({ "frequency": "weekly", "hour": 24, "zone": "Europe/Roma" });
    let answer = world.send(Method::PUT, "/schedule", &wrong).await;
    assert_eq!(fields(&answer), [("weekday", "missing"), ("hour", "out_of_range"), ("zone", "zone")]);
    for (field, wrong) in [
        ("frequency", json!({ "frequency": "hourly" })),
        ("weekday", json!({ "frequency": "weekly", "weekday": "day" })),
    ] {
        let answer = world.send(Method::PUT, "/schedule", &wrong).await;
        assert_eq!(
            (answer.status, fields(&answer)),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![(field, "unknown")])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s_22_products_are_mapped_and_two_on_one_service_are_asked_about() {
    let world = World::new().await;
    let both = |add_together| {
        json!({ "products": [{ "product_id": "p3", "service": { "service_id": 1, "name": "Standard" } }],
                "add_together": add_together })
    };
    let asked = world.send(Method::PATCH, "/product-mappings", &both(false)).await;
    assert_eq!((asked.status, &asked.json["together"]), (StatusCode::CONFLICT, &json!(["p1", "p3"])));
    let saved = world.send(Method::PATCH, "/product-mappings", &both(true)).await;
    assert_eq!((saved.status, &saved.json["left_over"]), (StatusCode::OK, &json!([])), "{}", saved.text);
    assert_eq!(world.get("/products").await.json["products"][1]["service"]["service_id"], 1);
    let unknown = json!({ "products": [{ "product_id": "p9", "service": null }] });
    let answer = world.send(Method::PATCH, "/product-mappings", &unknown).await;
    assert_eq!(fields(&answer), [("product_id", "unknown")]);
    let path = "/v1/partners/other/product-mappings";
    let answer = world.request(Method::PATCH, path, Some(&world.stranger), &[], r#"{"products":[]}"#).await;
    assert_eq!(
        (answer.status, &answer.json["title"]),
        (StatusCode::CONFLICT, &json!("Save the connection first"))
    );
}

fn mapping(account: i32, contract: i32) -> Value {
    json!({ "account": { "id": account, "name": "A" }, "contract": { "id": contract, "name": "C" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn s_43_a_company_is_mapped_by_who_has_seen_its_mapping() {
    let world = World::new().await;
    let path = "/companies/cem/mapping";
    let new = json!({ "mapping": mapping(3, 30) });
    let without = json!({ "mapping": { "account": { "id": 3, "name": "A" } } });
    let refused = world.send(Method::PUT, path, &without).await;
    assert_eq!(
        (refused.status, fields(&refused)),
        (StatusCode::UNPROCESSABLE_ENTITY, vec![("contract_id", "missing")])
    );
    let saved = world.send(Method::PUT, path, &new).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let tag = world.get("/companies/cem").await.headers[header::ETAG].to_str().expect("a text").to_owned();
    // A caller that has not seen the current version overwrites nothing.
    for (headers, status) in [
        (vec![], StatusCode::PRECONDITION_FAILED),
        (vec![("if-match", "\"7\"")], StatusCode::PRECONDITION_FAILED),
        (vec![("if-match", "what")], StatusCode::BAD_REQUEST),
        (vec![("if-match", &*tag)], StatusCode::OK),
    ] {
        let answer = world.send_with(Method::PUT, path, &headers, &new).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text);
        if status == StatusCode::PRECONDITION_FAILED {
            assert_eq!(format!("\"{}\"", answer.json["version"]), tag);
        }
    }
    let asked = json!({ "mapping": mapping(1, 10) });
    let answer = world.send_with(Method::PUT, path, &[("if-match", &tag)], &asked).await;
    assert_eq!((answer.status, &answer.json["together"]), (StatusCode::CONFLICT, &json!(["ada"])));
    let gone = world.send_with(Method::DELETE, path, &[("if-match", &tag)], &Value::Null).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    assert!(world.get("/companies/cem").await.json["mapping"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_mappings_each_is_saved_that_can_be() {
    let world = World::new().await;
    let edits = json!({ "companies": [
        { "company_id": "cem", "mapping": mapping(3, 30) },
        { "company_id": "ada", "mapping": mapping(3, 31) },
        { "company_id": "nobody", "mapping": mapping(3, 32) },
        { "company_id": "dora", "version": 1, "mapping": mapping(4, 30), "add_together": true },
    ] });
    let answer = world.send(Method::POST, "/company-mappings", &edits).await;
    assert_eq!((answer.status, &answer.json["saved"]), (StatusCode::OK, &json!(1)), "{}", answer.text);
    let refused = answer.json["refused"].as_array().expect("a list");
    let told: Vec<(u64, u64)> = refused
        .iter()
        .filter_map(|row| Some((row["row"].as_u64()?, row["problem"]["status"].as_u64()?)))
        .collect();
    assert_eq!(told, [(1, 412), (2, 422), (3, 422)]);
    assert_eq!(world.get("/companies/cem").await.json["mapping"]["contract"]["contract_id"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_05_billing_rules_are_saved_product_by_product() {
    let world = World::new().await;
    let path = "/companies/ada/billing-rules";
    let rule = json!({ "product_id": "p1", "not_billed": false, "minimum": 10, "included_free": 2, "note": "as agreed" });
    let saved = world.send(Method::PATCH, path, &json!({ "rules": [rule] })).await;
    assert_eq!((saved.status, &saved.json["rules"]), (StatusCode::OK, &json!([rule])), "{}", saved.text);
    let wrong = json!({ "rules": [{ "product_id": "p3", "not_billed": true }, { "product_id": "p9", "minimum": -1 }] });
    let answer = world.send(Method::PATCH, path, &wrong).await;
    assert_eq!(
        fields(&answer),
        [("note", "missing"), ("product_id", "unknown"), ("minimum", "out_of_range")]
    );
    assert_eq!(world.get("/companies/ada").await.json["billing_rules"], json!([rule]));
    let counted = json!({ "rules": [{ "product_id": "p1" }] });
    assert_eq!(world.send(Method::PATCH, path, &counted).await.json["rules"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_body_is_refused_with_its_field() {
    let world = World::new().await;
    let path = "/v1/partners/msp/product-mappings";
    for (body, field) in [
        (r#"{"products":[{"product_id":7}]}"#, "products[0].product_id"),
        (r#"{"products":[{"product_id":" x "}]}"#, "products[0].product_id"),
        (r#"{"products":[],"more":1}"#, "more"),
        (r#"{"products":"#, "products"),
        ("", ""),
    ] {
        let answer = world.request(Method::PATCH, path, Some(&world.admin), &[], body).await;
        assert_eq!(
            (answer.status, fields(&answer)),
            (StatusCode::BAD_REQUEST, vec![(field, "unreadable")]),
            "{body}"
        );
    }
    let plain = &[("content-type", "text/plain")];
    let answer = world.request(Method::PATCH, path, Some(&world.admin), plain, "{}").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = " ".repeat(16 * 1024 * 1024 + 1);
    let answer = world.request(Method::PATCH, path, Some(&world.admin), &[], &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a23_ids_that_kaseya_never_showed_are_said_when_they_are_saved() {
    let world = World::new().await;
    let service = |id: i32, name: &str| json!({ "products": [{ "product_id": "p3", "service": { "service_id": id, "name": name } }] });
    // Kaseya has shown everything that the settings already name.
    world
        .sql(
            "insert into kaseya_names (partner_id, kind, id, name, seen_at)
              select 'msp', kind, id, name, '2026-11-20T00:00:00Z'
              from (select 'service' as kind, service_id as id, service_name as name from product_mappings
                    union select 'account', account_id, account_name from company_mappings
                    union select 'contract', contract_id, contract_name from company_mappings) as told
              where id is not null",
        )
        .await;
    let saved = world.send(Method::PATCH, "/product-mappings", &service(1, "Standard")).await;
    // Users of two products on one service: that must be confirmed first.
    assert_eq!(saved.status, StatusCode::CONFLICT, "{}", saved.text);
    let saved = world.send(Method::PATCH, "/product-mappings", &service(777, "Advanced")).await;
    let unknown = json!({ "number": 1, "first": [{ "kind": "service", "id": 777, "name": "Advanced" }] });
    assert_eq!((saved.status, &saved.json["not_yet_known"]), (StatusCode::OK, &unknown), "{}", saved.text);
    let cookie = world.sign_in(&world.editor).await;
    let shown = async |path: &str, language: &str| {
        let headers = &[("cookie", &*cookie), ("accept-language", language)];
        world.request(Method::GET, path, None, headers, "").await.text
    };
    let products = "/partners/msp/integrations/kaseya-bms/products";
    for (language, words) in [("en", "not yet known to Kaseya"), ("it", "non ancora noto a Kaseya")] {
        assert_eq!(shown(products, language).await.matches(words).count(), 1);
    }
    let form = "product=p3&service=778:Advanced";
    let posted = world.post(&cookie, products, &[], form).await;
    let to = posted.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    assert!(to.ends_with("said=saved-unknown"), "{to} {}", posted.text);

    let company = "/partners/msp/companies/cem";
    assert!(!shown(company, "en").await.contains("not yet known"));
    let mapping = json!({ "mapping": { "account": { "id": 990, "name": "Cem" }, "contract": { "id": 991, "name": "Managed" } } });
    let saved = world.send(Method::PUT, "/companies/cem/mapping", &mapping).await;
    assert_eq!(
        (saved.status, &saved.json["not_yet_known"]["number"]),
        (StatusCode::OK, &json!(3)),
        "{}",
        saved.text
    );
    assert!(shown(company, "en").await.contains("not yet known to Kaseya"));
    // Once Kaseya has shown the contract as this account's, both are known.
    world
        .sql("insert into kaseya_names (partner_id, kind, id, name, seen_at) values ('msp', 'contract', 991, 'Managed', '2026-11-21T00:00:00Z'),
                                                                                    ('msp', 'account', 990, 'Cem', '2026-11-21T00:00:00Z')")
        .await;
    assert!(!shown(company, "en").await.contains("not yet known"));
}

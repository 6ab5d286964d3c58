//! Texts at the portal's entry points: one rule for all of them, searched and sorted by rules of our own.

use http::{Method, StatusCode};
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn case_b9_a_text_that_no_text_may_be_is_refused_with_its_field() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.editor).await;
    for (query, says) in
        [("%00", "control character"), ("a%E2%80%AEb", "direction"), ("a%0Ab", "control character")]
    {
        let path = format!("/partners/msp/companies?search={query}");
        let headers = &[("cookie", &*cookie), ("accept-language", "en")];
        let page = world.request(Method::GET, &path, None, headers, "").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.text.contains("search:") && page.text.contains(says), "{}", page.text);
        assert!(!page.text.contains("database"), "{}", page.text);
        let answer = world.get(&format!("/companies?search={query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.json["errors"][0]["field"], "search");
    }
    for note in ["a\0b", "a\u{202e}b", "a\nb", &"x".repeat(300_000), &"x".repeat(501)] {
        let rules = json!([{ "product_id": "p1", "not_billed": true, "note": note }]);
        let rules = json!({ "rules": rules });
        let answer = world.send(Method::PATCH, "/companies/ada/billing-rules", &rules).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        let field = answer.json["errors"][0]["field"].as_str().expect("a field");
        assert!(field.ends_with("note"), "{field}");
    }
    assert_eq!(world.get("/companies/ada").await.json["billing_rules"], json!([]), "nothing is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b9_a_form_with_a_text_that_is_too_long_is_refused_with_its_field() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.editor).await;
    let path = "/partners/msp/companies/ada/billing";
    for length in [501, 4_000, 4_001, 300_000, 1_900_000] {
        let note = "x".repeat(length);
        let form = format!("product=p1&kind=not-billed&minimum=&included=&note={note}");
        let page = world.post(&cookie, path, &[("accept-language", "en")], &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{length}: {}", page.text);
        let says = format!("note: It has {length} characters: write at most 500.");
        assert!(page.text.contains(&says), "{length}: {}", page.text);
    }
    // Larger than any form of ours.
    let form = format!("product=p1&kind=not-billed&minimum=&included=&note={}", "x".repeat(3_000_000));
    let page = world.post(&cookie, path, &[("accept-language", "en")], &form).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", page.text);
    assert_eq!(world.get("/companies/ada").await.json["billing_rules"], json!([]), "nothing is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b10_names_are_found_and_ordered_whatever_the_databases_rules() {
    let world = World::new().await;
    world
        .sql(
            "insert into companies (partner_id, company_id, name) values
                 ('msp', 'x1', 'Caffè dell''Università'), ('msp', 'x2', 'Écrins'), ('msp', 'x3', 'Zorro'),
                 ('msp', 'x4', 'Edera'), ('msp', 'x5', 'Œuvre Łódź'), ('msp', 'x6', 'epoca'), ('msp', 'x7', '100 %')",
        )
        .await;
    let found = async |search: &str| {
        let list = world.get(&format!("/companies?search={search}")).await;
        let companies = list.json["companies"].as_array().expect("companies").clone();
        companies.iter().map(|one| one["company_id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    for search in ["CAFF%C3%88", "caffe", "Caff%C3%A8", "CAFFE", "universita"] {
        assert_eq!(found(search).await, ["x1"], "{search}");
    }
    assert_eq!(found("oeuvre%20lodz").await, ["x5"]);
    assert_eq!(found("%25").await, ["x7"], "a sign is no pattern");
    let all = found("").await;
    let place = |id: &str| all.iter().position(|one| one == id).expect("it is listed");
    assert!(place("x2") < place("x4") && place("x4") < place("x6") && place("x6") < place("x3"), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f14_a_name_with_marks_that_are_not_seen_is_refused_by_the_api() {
    let world = World::new().await;
    let company = |name: &str, product: &str| {
        json!({ "company_id": "ada", "name": name, "products": [
            { "product_id": "p1", "name": product, "users": 1, "basis": "users" }] })
    };
    let report = |companies: &[serde_json::Value]| json!({ "day": "2026-11-22", "counted_at": "2026-11-22T23:30:00Z", "final": true, "companies": companies });
    for (mark, says) in
        [("\u{202e}", "U+202E"), ("\u{200b}", "U+200B"), ("\u{2066}", "U+2066"), ("\u{feff}", "U+FEFF")]
    {
        let name = format!("A{mark}da");
        for (path, body, field) in [
            (
                "/companies",
                json!({ "companies": [{ "company_id": "ada", "name": name }] }),
                "companies[0].name",
            ),
            ("/products", json!({ "products": [{ "product_id": "p1", "name": name }] }), "products[0].name"),
            ("/user-counts/r-9", report(&[company(&name, "One")]), "companies[0].name"),
            ("/user-counts/r-9", report(&[company("Ada", &name)]), "companies[0].products[0].name"),
        ] {
            let answer = world.send(Method::PUT, path, &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
            let error = &answer.json["errors"][0];
            assert!(
                error["field"].as_str().is_some_and(|told| told.ends_with(field)),
                "{path}: {}",
                answer.text
            );
            assert!(
                answer.text.contains(says) && answer.text.contains("leave it out"),
                "{path}: {}",
                answer.text
            );
        }
    }
    assert_eq!(world.get("/companies/ada").await.json["name"], "Ada", "nothing is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f14_a_name_of_kaseyas_with_such_marks_is_shown_with_their_numbers() {
    let world = World::new().await;
    world
        .sql(
            r"update company_mappings set account_name = U&'Ac\200Bme \202Edtl', contract_name = U&'\2066Agreement'
             where company_id = 'ada'",
        )
        .await;
    let cookie = world.sign_in(&world.editor).await;
    for path in ["/partners/msp/companies", "/partners/msp/companies/ada"] {
        let page = world.page(&cookie, path).await.text;
        assert!(page.contains("Ac[U+200B]me [U+202E]dtl"), "{path}: {page}");
        assert!(!page.contains(['\u{200b}', '\u{202e}', '\u{2066}']), "{path}");
    }
    // The API returns Kaseya's text unchanged.
    let account = world.get("/companies/ada").await.json["mapping"]["account"].clone();
    assert_eq!(account, "Ac\u{200b}me \u{202e}dtl");
}

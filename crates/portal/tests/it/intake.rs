//! The provider's data: companies, products and user counts, accepted in full or not at all.

use std::collections::BTreeSet;

use bus::{Bus as _, Queue, Settlement};
use http::{Method, StatusCode};
use messages::inbound::CountsReport;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::world::{Answer, World};

fn fields(answer: &Answer) -> Vec<&str> {
    let errors = answer.json["errors"].as_array().expect("the mistakes");
    errors.iter().filter_map(|error| error["field"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_companies_are_taken_in_by_one_call_and_keep_their_mappings() {
    let world = World::new().await;
    let mut rows: Vec<Value> = (0..10_000)
        .map(|n| json!({ "company_id": format!("c{n}"), "name": format!("Company {n}") }))
        .collect();
    rows.push(json!({ "company_id": "ada", "name": "Ada Ltd", "closed_from": "2026-12-01" }));
    let body = json!({ "companies": rows });
    let answer = world.send(Method::PUT, "/companies", &body).await;
    assert_eq!((answer.status, &answer.json["rows"]), (StatusCode::OK, &json!(10_001)), "{}", answer.text);
    assert_eq!(world.get("/companies?size=1").await.json["found"]["all"], 10_004);
    let ada = world.get("/companies/ada").await.json;
    assert_eq!((&ada["name"], &ada["closed_from"]), (&json!("Ada Ltd"), &json!("2026-12-01")));
    assert_eq!(
        (&ada["mapping"]["contract"]["contract_id"], &ada["mapping"]["version"]),
        (&json!(10), &json!(2))
    );
    // Sending the same data again changes nothing: no version goes up.
    assert_eq!(world.send(Method::PUT, "/companies", &body).await.status, StatusCode::OK);
    assert_eq!(world.get("/companies/ada").await.json, ada);
    let others =
        world.request(Method::GET, "/v1/partners/other/companies", Some(&world.stranger), &[], "").await;
    assert_eq!(others.json["found"]["all"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_mistake_nothing_is_taken_in_and_each_is_named() {
    let world = World::new().await;
    let rows = json!({ "companies": [
        { "company_id": "new", "name": "New" }, { "company_id": " x", "name": "X" }, { "company_id": "y", "name": "" },
        { "company_id": "new", "name": "Again" }, { "company_id": "", "name": "Z" },
    ] });
    let answer = world.send(Method::PUT, "/companies", &rows).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let wanted = ["companies[1].company_id", "companies[2].name", "companies[3]", "companies[4].company_id"];
    assert_eq!(fields(&answer), wanted);
    assert_eq!(world.get("/companies").await.json["found"]["all"], 4);
    let rows = json!({ "products": [{ "product_id": "p4", "name": "Four" }, { "product_id": "p5", "name": "\u{7}" }] });
    let answer = world.send(Method::PUT, "/products", &rows).await;
    assert_eq!(fields(&answer), ["products[1].name"]);
    let rows = json!({ "products": [{ "product_id": "p4", "name": "Four" }, { "product_id": "p1", "name": "One" }] });
    assert_eq!(world.send(Method::PUT, "/products", &rows).await.json, json!({ "rows": 2 }));
    let products = world.get("/products").await.json;
    assert_eq!(
        (&products["products"][0]["name"], &products["products"][0]["service"]["service_id"]),
        (&json!("One"), &json!(1))
    );
    assert_eq!(products["products"].as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_28_what_the_provider_charges_is_shown_beside_the_months_count() {
    let world = World::new().await;
    world
        .sql("insert into month_ends (partner_id, month, frozen_at, final, looked_at)
              values ('msp', '2026-10-01', '2026-11-01T05:00:00Z', false, '2026-11-01T05:00:00Z');
              insert into frozen_counts (partner_id, month, company_id, product_id, users, day, counted_at, recorded_at)
              select 'msp', '2026-10-01', company, 'p1', users, '2026-10-31', '2026-11-01T00:00:00Z', '2026-11-01T05:00:00Z'
              from (values ('ada', 5), ('bea', 12), ('dora', 40)) as frozen (company, users)")
        .await;
    let charge = |company: &str, product: &str, users: i64| json!({ "company_id": company, "product_id": product, "users": users });
    let told = |charges: &[Value]| json!({ "charges": charges });
    let cookie = world.sign_in(&world.viewer).await;
    let shown =
        async |path: &str| world.request(Method::GET, path, None, &[("cookie", &cookie)], "").await.text;
    let column = "Charged to you";
    assert!(!shown("/partners/msp/companies").await.contains(column), "nothing is said of what was not told");
    assert!(world.get("/companies/ada").await.json["charged"].is_null());

    // Two sets of charges for one month: the later one replaces the first in full.
    for charges in [vec![charge("dora", "p1", 1)], vec![charge("ada", "p1", 5), charge("bea", "p1", 14)]] {
        let answer = world.send(Method::PUT, "/charges/2026-10", &told(&charges)).await;
        assert_eq!(
            (answer.status, &answer.json["rows"]),
            (StatusCode::OK, &json!(charges.len())),
            "{}",
            answer.text
        );
    }
    for (company, counted, charged) in
        [("ada", 5, json!({ "p1": 5 })), ("bea", 12, json!({ "p1": 14 })), ("dora", 40, json!({}))]
    {
        let one = world.get(&format!("/companies/{company}")).await.json;
        assert_eq!((&one["last_month"], &one["charged"]), (&json!({ "p1": counted }), &charged), "{company}");
    }
    let list = shown("/partners/msp/companies").await;
    assert!(list.contains(column), "{list}");
    let different = |number: &str| format!("<strong class=\"warn-ink\">{number}<span");
    assert!(
        list.contains(&different("14")) && list.contains(&different("0")) && !list.contains(&different("5")),
        "{list}"
    );
    let bea = shown("/partners/msp/companies/bea").await;
    assert!(
        bea.contains("Last month: October 2026") && bea.contains("<strong class=\"warn-ink\">+2</strong>"),
        "{bea}"
    );
    assert!(shown("/partners/msp/companies/dora").await.contains("October 2026"));
    // No name in it has a quote or a separator.
    let sheet = world.get("/companies.csv").await.text.replace(['"', '\u{feff}'], "");
    let column = |name: &str| {
        sheet.lines().next().and_then(|head| head.split(',').position(|of| of == name)).expect("a column")
    };
    let bea: Vec<&str> =
        sheet.lines().find(|row| row.starts_with("bea,")).expect("a row").rsplit(',').collect();
    let from_right =
        |name: &str| bea[sheet.lines().next().map_or(0, |head| head.split(',').count()) - 1 - column(name)];
    assert_eq!((from_right("last_month"), from_right("charged")), ("12", "14"), "{sheet}");

    for (month, charges, wanted) in [
        ("2026-10", vec![], vec!["charges"]),
        ("2026-11", vec![charge("ada", "p1", 1)], vec!["month"]),
        ("2026-13", vec![charge("ada", "p1", 1)], vec!["month"]),
        ("2026-10", vec![charge("ada", "p1", 1), charge("ada", "p1", 2)], vec!["charges[1]"]),
        (
            "2026-10",
            vec![charge("who", "p1", 1), charge("ada", "what", 2)],
            vec!["charges[0].company_id", "charges[1].product_id"],
        ),
        (
            "2026-10",
            vec![charge("", "p1", 1), charge("ada", "p1", 10_000_001)],
            vec!["charges[0].company_id", "charges[1].users"],
        ),
    ] {
        let answer = world.send(Method::PUT, &format!("/charges/{month}"), &told(&charges)).await;
        assert_eq!(
            (answer.status, fields(&answer)),
            (StatusCode::UNPROCESSABLE_ENTITY, wanted),
            "{}",
            answer.text
        );
    }
    let kept = world.get("/companies/bea").await.json["charged"].clone();
    assert_eq!(kept, json!({ "p1": 14 }), "what is refused changes nothing");
    let negative = world.send(Method::PUT, "/charges/2026-10", &told(&[charge("ada", "p1", -1)])).await;
    assert_eq!(negative.status, StatusCode::BAD_REQUEST, "{}", negative.text);
}

fn report(companies: Vec<Value>) -> Value {
    json!({ "day": "2026-11-22", "counted_at": "2026-11-22T23:30:00Z", "final": true, "companies": companies })
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_companies_counts_come_to_the_scheduler_in_parts() {
    let world = World::new().await;
    let counts = |n: u32| {
        json!({ "company_id": format!("c{n}"), "name": format!("Company {n}"), "products": [
            { "product_id": "p1", "users": n, "basis": "users" }, { "product_id": "p3", "users": null } ] })
    };
    let answer =
        world.send(Method::PUT, "/user-counts/r-9", &report((0..10_000).map(counts).collect())).await;
    let standing = json!({ "report_id": "r-9", "complete": false, "sent_by": [] });
    assert_eq!((answer.status, &answer.json), (StatusCode::ACCEPTED, &standing), "{}", answer.text);
    let mut consumer =
        world.bus.consume(Queue::Counts, 1, CancellationToken::new()).await.expect("the bus is open");
    let (mut parts, mut companies, mut all) = (BTreeSet::new(), BTreeSet::new(), 1);
    while parts.len() < all {
        let delivery = consumer.next().await.expect("a part");
        let message = &delivery.message;
        let part =
            CountsReport::decode(message.kind.as_deref(), &message.body).expect("the scheduler takes it");
        assert_eq!((part.partner.as_str(), part.report.as_str(), part.is_final), ("msp", "r-9", true));
        all = usize::try_from(part.parts).expect("a small number");
        assert!(parts.insert(part.part));
        for company in part.companies {
            assert_eq!(company.products[1].users, None, "missing is never 0");
            assert!(companies.insert(company.company));
        }
        delivery.settle(Settlement::Done).await.expect("the bus is open");
    }
    assert!(all > 1 && companies.len() == 10_000, "{all} parts, {} companies", companies.len());
    assert_eq!(world.get("/user-counts/r-9").await.json, standing);
    assert_eq!(world.get("/user-counts/r1").await.json["complete"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_with_a_mistake_is_not_passed_on() {
    let world = World::new().await;
    let company = |product: Value| json!({ "company_id": "ada", "products": [product] });
    let good = || company(json!({ "product_id": "p1", "users": 1, "basis": "users" }));
    for (body, wanted) in [
        (report(vec![]), vec!["companies"]),
        (report(vec![good(), good()]), vec!["companies[1]"]),
        (
            report(vec![
                good(),
                json!({ "company_id": "", "products": [] }),
                company(json!({ "product_id": "p1", "users": 1 })),
            ]),
            vec!["companies[1].company_id", "companies[2].products[0].basis"],
        ),
        (
            json!({ "day": "2026-12-24", "counted_at": "2026-11-22T23:30:00Z", "final": true, "companies": [good()] }),
            vec!["day"],
        ),
        (
            // case_b1: it is the 23rd in Rome.
            json!({ "day": "2026-11-24", "counted_at": "2026-11-23T10:00:00Z", "final": true, "companies": [good()] }),
            vec!["day"],
        ),
        (
            json!({ "day": "2026-11-23", "counted_at": "2026-11-23T10:06:00Z", "final": false, "companies": [good()] }),
            vec!["counted_at"],
        ),
    ] {
        let answer = world.send(Method::PUT, "/user-counts/r-9", &body).await;
        assert_eq!(
            (answer.status, fields(&answer)),
            (StatusCode::UNPROCESSABLE_ENTITY, wanted),
            "{}",
            answer.text
        );
    }
    // An omitted value is neither 0 nor missing: it is an error.
    let answer = world
        .send(Method::PUT, "/user-counts/r-9", &report(vec![company(json!({ "product_id": "p1" }))]))
        .await;
    assert_eq!((answer.status, fields(&answer)), (StatusCode::BAD_REQUEST, vec!["companies[0].products[0]"]));
    let long = "r".repeat(101);
    let answer = world.send(Method::PUT, &format!("/user-counts/{long}"), &report(vec![good()])).await;
    assert_eq!(fields(&answer), ["report_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a15_a_report_id_used_with_other_content_is_a_conflict() {
    let world = World::new().await;
    let company = |users: u32| json!({ "company_id": "ada", "products": [{ "product_id": "p1", "users": users, "basis": "users" }] });
    world
        .sql(
            "insert into reports (partner_id, report_id, day, counted_at, final, parts)
             values ('msp', 'r-9', '2026-11-22', '2026-11-22T23:30:00Z', true, 1)",
        )
        .await;
    // What the scheduler stores of the part, in its canonical form.
    let content = r#""ada" None [("p1", None, Some(3), Some("users"))]"#;
    world
        .sql(&format!(
            "insert into report_parts (partner_id, report_id, part, received_at, content)
             values ('msp', 'r-9', 1, '2026-11-22T23:31:00Z', sha256(convert_to('{content}', 'UTF8')))"
        ))
        .await;
    let same = world.send(Method::PUT, "/user-counts/r-9", &report(vec![company(3)])).await;
    assert_eq!(same.status, StatusCode::ACCEPTED, "{}", same.text);
    let mut other_day = report(vec![company(3)]);
    other_day["day"] = json!("2026-11-21");
    for other in [report(vec![company(4)]), other_day] {
        let answer = world.send(Method::PUT, "/user-counts/r-9", &other).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
        assert_eq!(answer.json["type"], "urn:problem:kaseya-sync:used-report");
        assert!(
            answer.json["detail"].as_str().is_some_and(|detail| detail.contains("r-9")),
            "{}",
            answer.text
        );
    }
    // If one of its two parts never arrives, the report counts as incomplete by now.
    world.sql("delete from report_parts where report_id = 'r-9'; update reports set parts = 2 where report_id = 'r-9'").await;
    world
        .sql(
            "insert into report_parts (partner_id, report_id, part, received_at)
             values ('msp', 'r-9', 1, '2026-11-22T23:31:00Z')",
        )
        .await;
    let shown = world.get("").await.json["incomplete_reports"].clone();
    assert_eq!((&shown[0]["report_id"], &shown[0]["parts_received"]), (&json!("r-9"), &json!(1)));
}

/// October is frozen with Ada's number.
const FROZEN: &str =
    "insert into month_ends (partner_id, month, frozen_at, final, looked_at)
     values ('msp', '2026-10-01', '2026-11-01T05:00:00Z', true, '2026-11-01T05:00:00Z');
     insert into frozen_counts (partner_id, month, company_id, product_id, users, day, counted_at, recorded_at)
     values ('msp', '2026-10-01', 'ada', 'p1', 5, '2026-10-31', '2026-11-01T00:00:00Z', '2026-11-01T05:00:00Z')";

#[tokio::test(flavor = "multi_thread")]
async fn case_a6_a_person_corrects_a_frozen_number_on_its_page() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.editor).await;
    let path = "/partners/msp/companies/ada/correction";
    let before = world.page(&cookie, path).await;
    assert!(
        before.text.contains("are not frozen yet") && !before.text.contains("name=\"users\""),
        "{}",
        before.text
    );
    world.sql(FROZEN).await;
    let company = world.page(&cookie, "/partners/msp/companies/ada").await.text;
    assert!(company.contains(&format!("href=\"{path}\"")), "{company}");
    let viewer = world.sign_in(&world.viewer).await;
    let seen = world.page(&viewer, "/partners/msp/companies/ada").await.text;
    assert!(!seen.contains(path), "{seen}");
    assert!(world.page(&cookie, path).await.text.contains("October 2026"));
    let last_month = async || world.get("/companies/ada").await.json["last_month"].clone();
    let long = format!("month=2026-10&product=p1&users=6&reason={}", "x".repeat(201));
    for (form, says) in [
        ("month=2026-10&product=nothing&users=6&reason=one+left", "Product: "),
        ("month=2026-10&product=p1&users=5&reason=one+left", "has this number already"),
        ("month=2026-10&product=p1&users=-1&reason=one+left", "Write a whole number"),
        ("month=2026-10&product=p1&users=6&reason=+", "Reason: This must be filled in"),
        ("month=2026-09&product=p1&users=6&reason=one+left", "are not frozen yet"),
        (&*long, "Reason: It has 201 characters"),
    ] {
        let answer = world.post(&cookie, path, &[], form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.text.contains(says), "{form}: {}", answer.text);
    }
    assert_eq!(last_month().await, json!({ "p1": 5 }), "nothing of it was stored");
    let answer =
        world.post(&cookie, path, &[], "month=2026-10&product=p1&users=6&reason=one+was+forgotten").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(last_month().await, json!({ "p1": 6 }));
    world.sql("do $$ begin assert (select reason = 'one was forgotten (editor)' from frozen_counts where correction = 1); end $$").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a6_a_frozen_number_is_corrected_with_its_reason() {
    let world = World::new().await;
    world.sql(FROZEN).await;
    let number = |company: &str, product: &str, users: i64, reason: &str| json!({ "company_id": company, "product_id": product, "users": users, "reason": reason });
    let correct = async |month: &str, body: &Value| {
        world.send(Method::POST, &format!("/frozen-counts/{month}"), body).await
    };
    let last_month = async || world.get("/companies/ada").await.json["last_month"].clone();
    for (month, body, field) in [
        ("2026-10", number("nobody", "p1", 6, "one left"), "company_id"),
        ("2026-10", number("ada", "nothing", 6, "one left"), "product_id"),
        ("2026-10", number("ada", "p1", 5, "one left"), "users"),
        ("2026-10", number("ada", "p1", 6, " "), "reason"),
        ("2026-09", number("ada", "p1", 6, "one left"), "month"),
        ("2026-9", number("ada", "p1", 6, "one left"), "month"),
    ] {
        let answer = correct(month, &body).await;
        assert_eq!(
            (answer.status, fields(&answer)),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field]),
            "{}",
            answer.text
        );
    }
    assert_eq!(last_month().await, json!({ "p1": 5 }), "nothing of it was stored");
    let answer = correct("2026-10", &number("ada", "p1", 6, "one was forgotten")).await;
    assert_eq!((answer.status, &answer.json["rows"]), (StatusCode::OK, &json!(1)), "{}", answer.text);
    assert_eq!(last_month().await, json!({ "p1": 6 }));
    let again = correct("2026-10", &number("ada", "p1", 6, "one was forgotten")).await;
    assert_eq!(fields(&again), ["users"], "it is so already");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a15_a_report_that_stays_incomplete_is_said_on_the_overview() {
    let world = World::new().await;
    world
        .sql(
            "insert into reports (partner_id, report_id, day, counted_at, final, parts)
              values ('msp', 'half', '2026-11-22', '2026-11-23T01:00:00Z', true, 2);
              insert into report_parts (partner_id, report_id, part, received_at)
              values ('msp', 'half', 1, '2026-11-23T09:01:00Z')",
        )
        .await;
    let cookie = world.sign_in(&world.viewer).await;
    let shown = async |language| {
        let headers = &[("cookie", &*cookie), ("accept-language", language)];
        world.request(Method::GET, "/partners/msp", None, headers, "").await.text
    };
    // Less than an hour has passed.
    assert!(!shown("en").await.contains("half"));
    assert_eq!(world.get("").await.json["incomplete_reports"], json!([]));
    world.sql("update report_parts set received_at = '2026-11-23T08:59:00Z' where report_id = 'half'").await;
    let english = shown("en").await;
    assert!(english.contains("Report half of 22 Nov 2026 is incomplete: 1 of 2 parts since"), "{english}");
    let italian = shown("it").await;
    assert!(
        italian.contains("half") && italian.contains("1 ") && !italian.contains("is incomplete"),
        "{italian}"
    );
    let listed = world.get("").await.json["incomplete_reports"].clone();
    assert_eq!(listed[0]["report_id"], "half", "{listed}");
    // Counted in full since: the report is no longer awaited.
    world
        .sql(
            "insert into reports (partner_id, report_id, day, counted_at, final, parts, complete_at)
              values ('msp', 'whole', '2026-11-22', '2026-11-23T02:00:00Z', true, 1, '2026-11-23T09:30:00Z')",
        )
        .await;
    assert!(!shown("en").await.contains("is incomplete"));
}

//! English and Italian are complete: no page has the same text in both, except names and quotations.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use serde_json::json;

use crate::{walk::pages, world::World};

/// The texts of a page between its tags, and those of its attributes that people read. Quotations and computer
/// output are omitted: they have their own language.
fn texts(page: &str) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    let mut inside: Option<String> = None;
    for part in page.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        match &inside {
            Some(open) if name.strip_prefix('/') == Some(open) => inside = None,
            Some(_) => continue,
            None if ["q", "code", "script", "style", "svg"].contains(&name) => inside = Some(name.to_owned()),
            None => {}
        }
        for attribute in ["title", "aria-label", "placeholder", "alt"] {
            if let Some((_, value)) = tag.split_once(&format!(" {attribute}=\"")) {
                texts.extend(value.split_once('"').map(|(value, _)| value.to_owned()));
            }
        }
        if inside.is_none() {
            texts.insert(text.trim().to_owned());
        }
    }
    texts
}

/// Names of this test's partner, names from Kaseya and the requirements, and words that both languages share.
const NAMES: &[&str] = &[
    "MSP",
    "Ada",
    "Bea",
    "Cem",
    "Dora",
    "Managed",
    "Standard",
    "Standard: 4 → 5",
    "New one",
    "a test",
    "Kaseya BMS",
    "CON-01",
    "MAP-01",
    "QTY-01",
    "provider",
    "viewer",
    "editor",
    "admin",
    "English",
    "Italiano",
    "Account",
    "Account in Kaseya",
    "E-mail",
    "Partner:",
    "Password",
];

/// Every page of the partner, for each of its objects.
fn addresses() -> Vec<String> {
    const COMPANIES: [&str; 4] = ["ada", "bea", "cem", "dora"];
    const RUNS: [&str; 2] = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"];
    let pages = pages().into_iter().filter(|(method, path)| {
        // The stream of changes has no words and no end; without an identity provider its pages are not found.
        let is_none = ["/changes", ".csv"].iter().any(|end| path.ends_with(end))
            || ["{version}", "/openid"].iter().any(|part| path.contains(part));
        method == Method::GET && !is_none
    });
    pages
        .map(|(_, path)| path.replace("{partner}", "msp"))
        .flat_map(|path| match path {
            of_company if of_company.contains("{company}") => {
                COMPANIES.iter().map(|company| of_company.replace("{company}", company)).collect()
            }
            of_run if of_run.contains("{run}") => {
                RUNS.iter().map(|run| of_run.replace("{run}", run)).collect()
            }
            other => vec![other],
        })
        .collect()
}

/// The texts that the English and the Italian page share, without names.
fn said_in_both(said: &[BTreeSet<String>]) -> BTreeSet<String> {
    let both = said[0].intersection(&said[1]).filter(|text| {
        let name = text.trim_start_matches([':', '›', ' ']);
        name.contains(|c: char| c.is_alphabetic()) && !NAMES.contains(&name)
    });
    both.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_says_a_thing_in_one_language_only() {
    let world = World::new().await;
    let remarks = include_str!("../../../../proto-schemas/remarks.json").replace('\'', "''");
    world.sql(&format!("update statuses set remarks = '{remarks}' where company_id = 'bea'")).await;
    let charges = json!({ "charges": [{ "company_id": "bea", "product_id": "p1", "users": 14 }] });
    assert_eq!(world.send(Method::PUT, "/charges/2026-10", &charges).await.status, StatusCode::OK);
    let cookie = world.sign_in(&world.admin).await;
    let mut same: BTreeMap<String, String> = BTreeMap::new();
    let addresses = addresses();
    assert!(addresses.len() > 25, "{addresses:?}");
    for path in addresses {
        let mut said = Vec::new();
        for language in ["en", "it"] {
            let headers = &[("cookie", &*cookie), ("accept-language", language)];
            let page = world.request(Method::GET, &path, None, headers, "").await;
            assert!(page.status == StatusCode::OK || path == "/", "{path}: {}", page.status);
            said.push(texts(&page.text));
        }
        same.extend(said_in_both(&said).into_iter().map(|text| (text, path.clone())));
    }
    assert!(same.is_empty(), "{same:#?}");

    // Every remark is on the company's page, with its day and number in the reader's format.
    let headers = &[("cookie", &*cookie), ("accept-language", "it")];
    let page = world.request(Method::GET, "/partners/msp/companies/bea", None, headers, "").await;
    assert!(
        page.text.contains(
            "<dd>Kaseya ha accettato 14 unità a partire dall&#39;8/11 e fino ad allora ne mostra 12,5.</dd>"
        ),
        "{}",
        page.text
    );
}

/// Forms with an error in each field.
const WRONG: &[(&str, &str)] = &[
    ("integrations/kaseya-bms", "action=save"),
    ("integrations/kaseya-bms", "action=authenticate&host=https://nowhere/x"),
    (
        "integrations/kaseya-bms",
        "action=save&host=bms.kaseya.com&v2_base=x&v1_base=y&invoice_day=40&billing=arrears",
    ),
    ("integrations/kaseya-bms/schedule", "frequency=weekly&hour=25&zone=Nowhere"),
    (
        "companies/ada/billing",
        "product=p1&kind=figures&minimum=-1&included=x&note=&product=p3&kind=not-billed&minimum=&included=&note=",
    ),
    ("companies/suggestions", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_form_is_said_in_one_language() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    for (path, form) in WRONG {
        let path = format!("/partners/msp/{path}");
        let mut said = Vec::new();
        for language in ["en", "it"] {
            let page = world.post(&cookie, &path, &[("accept-language", language)], form).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form}: {}", page.text);
            said.push(texts(&page.text));
        }
        assert_eq!(said_in_both(&said), BTreeSet::new(), "{path} {form}");
    }
}

//! Reads by the API.

use http::{Method, StatusCode};
use serde_json::json;

use crate::world::{RIGHT, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_seen_at_one_look() {
    let world = World::new().await;
    let answer = world.get("").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let seen = answer.json;
    assert_eq!((&seen["integration"], &seen["open_holds"]), (&json!("on"), &json!(1)));
    assert_eq!(seen["companies"]["needs_person"], 3);
    let ids: Vec<&str> = seen["needs_person"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["company_id"].as_str())
        .collect();
    assert_eq!(ids.first(), Some(&"bea"), "the worst first: {ids:?}");
    assert_eq!(seen["last"]["number"], 2);
    assert!(seen["running"].is_null() && seen["credentials_refused"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_is_shown_without_its_password() {
    let world = World::new().await;
    let answer = world.get("/connection").await;
    assert_eq!(answer.json["state"], "on");
    assert_eq!(answer.json["values"]["host"], "bms.kaseya.com");
    assert!(!answer.text.contains("sealed") && !answer.text.contains("\"password\""), "{}", answer.text);
    let path = "/v1/partners/other/connection";
    let answer = world.request(Method::GET, path, Some(&world.stranger), &[], "").await;
    assert_eq!(answer.json, json!({ "state": "not_set_up", "values": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_26_a_schedule_is_shown_with_its_next_three_syncs() {
    let world = World::new().await;
    let shown = world.get("/schedule").await.json;
    assert_eq!(
        shown["schedule"],
        json!({ "frequency": "daily", "weekday": null, "hour": 3, "zone": "Europe/Rome" })
    );
    assert_eq!(shown["next"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown["invoice"]["month"], "2026-11");
    let path = "/v1/partners/other/schedule";
    let answer = world.request(Method::GET, path, Some(&world.stranger), &[], "").await;
    assert_eq!(answer.json, json!({ "schedule": null, "next": [], "invoice": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_are_searched_filtered_and_sorted_page_by_page() {
    let world = World::new().await;
    let mut path = "/companies?size=3".to_owned();
    let mut names = Vec::new();
    loop {
        let page = world.get(&path).await.json;
        assert_eq!(page["found"]["all"], 4);
        names.extend(page["companies"].as_array().expect("a list").iter().map(|row| row["name"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/companies?size=3&cursor={next}");
    }
    assert_eq!(names, ["\"Ada\"", "\"Bea\"", "\"Cem\"", "\"Dora\""]);
    let page = world.get("/companies?filter=unmapped&search=ce").await.json;
    assert_eq!(page["companies"][0]["company_id"], "cem");
    assert_eq!(page["companies"][0]["newest"]["users"], json!({ "p1": 4 }));
    let page = world.get("/companies?sort=company&descending=true").await.json;
    assert_eq!(page["companies"][0]["name"], "Dora");
    let ada = &page["companies"][3];
    assert_eq!(ada["newest"]["users"], json!({ "p1": 5, "p3": null }), "missing is never 0");
    assert_eq!(ada["mapping"]["contract"], json!({ "contract_id": 10, "name": "Managed" }));
    for wrong in ["size=0", "size=1001", "size=x", "filter=what", "sort=what", "cursor=what", "other=1"] {
        let answer = world.get(&format!("/companies?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        let detail = answer.json["detail"].as_str().expect("a text");
        assert!(detail.contains(wrong.split('=').next().expect("a field")), "{wrong}: {detail}");
    }
}

/// One change of Ada's in the journal.
async fn with_a_change() -> World {
    let world = World::new().await;
    world
        .sql("update companies set name = '+Ada' where partner_id = 'msp' and company_id = 'ada';
              insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, host, tenant,
                                created_at)
              select '00000000-0000-0000-0000-000000000011', run_id, run_number, partner_id, 'work', 'done', false, '{10}',
                     'h', 't', created_at from runs where run_id = '00000000-0000-0000-0000-000000000001';
              insert into intents (intent_id, partner_id, run_id, run_number, job_id, attempt, contract_id, service_id, line_id,
                                   from_units, to_units, effective_date, addends, company_ids, granted_at, permit_until,
                                   result)
              select '00000000-0000-0000-0000-000000000012', partner_id, run_id, run_number, job_id, 1, 10, 1, 100, 4, 5,
                     '2026-11-01', '[{\"company\": \"ada\", \"product\": \"p1\", \"users\": 5}]', '{ada}',
                     '2026-11-20T00:00:00Z', '2026-11-20T00:01:00Z', 'confirmed' from jobs;
              insert into journal (partner_id, intent_id, run_id, trigger, contract_id, service_id, line_id, from_units,
                                   to_units, effective_date, addends, standing, written_at, confirmed_at)
              select partner_id, intent_id, run_id, 'schedule', contract_id, service_id, line_id, from_units, to_units,
                     effective_date, addends, 'confirmed', granted_at, granted_at from intents")
        .await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn b_04_the_journal_is_one_file_for_people_and_programs() {
    let world = with_a_change().await;
    let sheet = world.get("/journal.csv").await;
    assert_eq!(sheet.headers["content-type"], "text/csv; charset=utf-8");
    let rows: Vec<&str> = sheet.text.lines().collect();
    let head = "\u{feff}\"entry\",\"written_at\",\"run_id\",";
    assert!(rows.len() == 2 && rows[0].starts_with(head), "{}", sheet.text);
    assert!(rows[1].contains(",\"'+Ada\","), "{}", sheet.text);

    let cookie = world.sign_in(&world.viewer).await;
    let path = "/partners/msp/journal.csv";
    let page = world.request(Method::GET, path, None, &[("cookie", &cookie)], "").await;
    assert_eq!(page.text, sheet.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_e2_page_api_and_file_say_which_date_kaseya_holds() {
    let world = with_a_change().await;
    let cookie = world.sign_in(&world.viewer).await;
    let page = async || {
        world.request(Method::GET, "/partners/msp/journal", None, &[("cookie", &cookie)], "").await.text
    };
    world.sql("update journal set effective_date_read = effective_date").await;
    assert!(!page().await.contains("in Kaseya: "), "the same date is not said twice");
    world.sql("update journal set effective_date_read = '2026-12-01'").await;
    assert!(page().await.contains("in Kaseya: 1 Dec"), "{}", page().await);
    let entry = world.get("/journal").await.json["entries"][0].clone();
    assert_eq!(
        (&entry["effective_date"], &entry["effective_date_read"]),
        (&json!("2026-11-01"), &json!("2026-12-01"))
    );
    let sheet = world.get("/journal.csv").await.text;
    let rows: Vec<&str> = sheet.lines().collect();
    assert!(rows[0].ends_with(",\"effective_date_read\"") && rows[1].ends_with(",\"2026-12-01\""), "{sheet}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_41_all_companies_that_are_found_are_a_file_with_their_status() {
    let world = World::new().await;
    world
        .sql("update companies set name = '=Bea' where partner_id = 'msp' and company_id = 'bea';
              update statuses set last_sync = '2026-11-20T00:00:00Z' where partner_id = 'msp' and company_id = 'ada';
              update statuses set kaseya_says = 'Contract <closed>' where partner_id = 'msp' and company_id = 'bea'")
        .await;
    let sheet = world.get("/companies.csv").await;
    assert_eq!(sheet.headers["content-type"], "text/csv; charset=utf-8");
    let rows: Vec<&str> = sheet.text.lines().collect();
    assert_eq!(rows.len(), 5, "{}", sheet.text);
    assert!(rows[0].starts_with("\u{feff}\"company_id\",\"name\",\"account_id\","), "{}", rows[0]);
    let ada = rows.iter().find(|row| row.starts_with("\"ada\",")).expect("a row");
    // In the partner's zone.
    let at = ",\"2026-11-20 01:00:00\",";
    assert!(ada.contains(",\"changed (4 → 5)\",") && ada.contains(at), "{ada}");
    let bea = rows.iter().find(|row| row.starts_with("\"bea\",")).expect("a row");
    assert!(
        bea.contains(",\"'=Bea\",") && bea.contains(",\"not_sent\",") && bea.contains(",\"CON-01\","),
        "{bea}"
    );
    assert!(bea.contains(",\"Contract <closed>\","), "{bea}");

    let cookie = world.sign_in(&world.viewer).await;
    let path = "/partners/msp/companies.csv?search=e&show=failed&page=7";
    let page = world.request(Method::GET, path, None, &[("cookie", &cookie)], "").await;
    assert_eq!(page.headers["content-disposition"], "attachment; filename=\"status.csv\"");
    assert!(page.text.lines().count() == 2 && page.text.contains("CON-01"), "{}", page.text);
    let quoted = "lang=\"en\">Contract &#60;closed&#62;</q>";
    for path in ["/partners/msp/companies", "/partners/msp/companies/bea"] {
        let italian = &[("cookie", &*cookie), ("accept-language", "it")];
        let page = world.request(Method::GET, path, None, italian, "").await;
        assert!(page.text.contains(quoted), "Kaseya's words keep their language: {}", page.text);
    }
    assert_eq!(world.get("/companies/bea").await.json["contracts"][0]["kaseya_says"], "Contract <closed>");
    assert_eq!(world.get("/companies.csv?filter=what").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_01_files_api_and_journal_say_what_a_row_rests_on_and_when() {
    let world = with_a_change().await;
    let cookie = world.sign_in(&world.viewer).await;
    let cells = |sheet: &str, row: &str| {
        let rows: Vec<Vec<String>> = sheet
            .trim_start_matches('\u{feff}')
            .lines()
            .map(|line| line[1..line.len() - 1].split("\",\"").map(str::to_owned).collect())
            .collect();
        let at = |name: &str| rows[0].iter().position(|column| column == name).expect("a column");
        let row = rows.iter().find(|cells| cells[0] == row).expect("a row");
        [row[at("evidence")].clone(), row[at("evidence_at")].clone()]
    };
    for (kind, in_journal, on_page) in [
        ("read", Some("read"), "seen in Kaseya, 20 Nov 2026, 01:00"),
        (
            "implied_by_total",
            Some("implied_by_total"),
            "implied by the contract&#39;s total, 20 Nov 2026, 01:00",
        ),
        ("remembered", None, "sent, to be confirmed"),
    ] {
        let journal = in_journal.map_or_else(
            || "update journal set standing = 'sent', confirmed_at = null, evidence = null".to_owned(),
            |kind| format!("update journal set evidence = '{kind}'"),
        );
        world
            .sql(&format!(
                "update statuses set evidence = '{kind}', evidence_at = '2026-11-20T00:00:00Z' where company_id = 'ada';
                 {journal}"
            ))
            .await;
        let sheet = world.get("/companies.csv").await.text;
        assert_eq!(cells(&sheet, "ada"), [kind, "2026-11-20 01:00:00"]);
        assert_eq!(cells(&sheet, "bea"), ["", ""], "never read");
        let listed = world.get("/companies?search=ada").await.json["companies"][0]["statuses"][0].clone();
        let of_row = (&listed["evidence"], &listed["evidence_at"]);
        assert_eq!(of_row, (&json!(kind), &json!("2026-11-20T00:00:00Z")));
        let entry = world.get("/journal").await.json["entries"][0].clone();
        assert_eq!(entry["evidence"], json!(in_journal));
        let sheet = world.get("/journal.csv").await.text;
        let at = in_journal.map_or("", |_| "2026-11-20 01:00:00");
        let number = entry["entry"].to_string();
        assert_eq!(cells(&sheet, &number), [in_journal.unwrap_or_default(), at]);
        let page =
            world.request(Method::GET, "/partners/msp/journal", None, &[("cookie", &cookie)], "").await.text;
        assert!(page.contains(on_page), "{kind}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_01_the_list_says_what_a_row_rests_on_and_when_that_was_another_time() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.viewer).await;
    for (kind, english, italian) in [
        ("read", "seen in Kaseya", "visto in Kaseya"),
        ("implied_by_total", "by the contract&#39;s total", "dal totale del contratto"),
        ("remembered", "last known", "ultimo dato noto"),
    ] {
        for (last_sync, when) in [("2026-11-20T00:00:00Z", None), ("2026-11-19T00:00:00Z", Some("20"))] {
            world
                .sql(&format!(
                    "update statuses set evidence = '{kind}', evidence_at = '2026-11-20T00:00:00Z', last_sync = '{last_sync}'
                     where company_id = 'ada'"
                ))
                .await;
            for (language, words, instant) in
                [("en", english, "20 Nov 2026, 01:00"), ("it", italian, "20/11/2026, 01:00")]
            {
                let headers = &[("cookie", &*cookie), ("accept-language", language)];
                let path = "/partners/msp/companies?search=ada";
                let page = world.request(Method::GET, path, None, headers, "").await.text;
                let said = when.map_or_else(|| format!("{words}<"), |_| format!("{words}, {instant}<"));
                assert!(page.contains(&said), "{said}: {page}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d_09_what_is_counted_stands_beside_the_number_at_every_door() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.viewer).await;
    for (basis, english, italian) in
        [("users", "active users", "utenti attivi"), ("licences", "assigned licences", "licenze assegnate")]
    {
        world.sql(&format!("update partners set count_basis = '{basis}' where partner_id = 'msp'")).await;
        let list = world.get("/companies?search=ada").await.json;
        assert_eq!(
            (&list["count_basis"], &list["companies"][0]["newest"]["basis"]),
            (&json!(basis), &json!(basis))
        );
        assert_eq!(world.get("/companies/ada").await.json["count_basis"], json!(basis));
        let sheet = world.get("/companies.csv?search=ada").await.text;
        let rows: Vec<&str> = sheet.lines().collect();
        assert!(rows[0].ends_with(",\"count_basis\""), "{sheet}");
        assert!(rows[1].ends_with(&format!(",\"{basis}\"")), "{sheet}");
        for (language, words) in [("en", english), ("it", italian)] {
            for path in ["/partners/msp/companies", "/partners/msp/companies/ada"] {
                let headers = &[("cookie", &*cookie), ("accept-language", language)];
                let page = world.request(Method::GET, path, None, headers, "").await.text;
                assert!(page.contains(words), "{path} {language}: {page}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b6_all_downloads_go_by_the_readers_language() {
    let world = World::new().await;
    world.sql("update statuses set last_sync = '2026-11-20T00:00:00.123Z' where company_id = 'ada'").await;
    let cookie = world.sign_in(&world.editor).await;
    for path in ["companies.csv", "journal.csv", "integrations/kaseya-bms/mapping-file.csv"] {
        let path = format!("/partners/msp/{path}");
        for (language, separator) in [("en", "\",\""), ("it", "\";\"")] {
            let headers = &[("cookie", &*cookie), ("accept-language", language)];
            let file = world.request(Method::GET, &path, None, headers, "").await.text;
            let head = file.lines().next().expect("the columns");
            assert!(head.starts_with("\u{feff}\"") && head.contains(separator), "{path}: {head}");
            assert!(file.ends_with("\r\n") && !file.contains(".123"), "{file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s_41_a_company_is_shown_with_help_in_the_callers_language() {
    let world = World::new().await;
    world
        .sql(r#"update statuses set remarks = '[{"kind": "of a newer program"}, {"kind": "line_gone", "sent": 1200}]'
                where partner_id = 'msp' and company_id = 'bea'"#)
        .await;
    let path = "/v1/partners/msp/companies/bea";
    let (mut told, mut remarked) = (Vec::new(), Vec::new());
    for language in ["en", "it-IT,it;q=0.9", "de"] {
        let headers = &[("accept-language", language)];
        let answer = world.request(Method::GET, path, Some(&world.viewer), headers, "").await;
        assert_eq!(answer.headers["etag"], "\"1\"");
        let contract = &answer.json["contracts"][0];
        assert_eq!((&contract["state"], &contract["code"]), (&json!("not_sent"), &json!("CON-01")));
        assert_eq!(contract["remarks"], json!([{ "kind": "line_gone", "sent": 1200 }]));
        remarked.push(contract["remarked"].clone());
        told.push(contract["advice"][0]["what_to_do"].to_string());
    }
    assert_eq!(remarked[0], json!(["Kaseya took 1,200 units and no longer shows the line."]));
    assert_eq!(remarked[1], json!(["Kaseya ha accettato 1.200 unità e non mostra più la riga."]));
    assert!(told[0] != told[1] && told[0] == told[2], "{told:?}");
    assert_eq!(world.get("/companies/cem").await.headers["etag"], "\"0\"");
    // The other partner's company with this id is a different one.
    assert_eq!(world.get("/companies/cem").await.json["name"], "Cem");
    assert_eq!(world.get("/companies/nobody").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_listed_and_a_plan_has_its_rows() {
    let world = World::new().await;
    let page = world.get("/runs?size=1").await.json;
    assert_eq!((&page["runs"][0]["number"], &page["runs"][0]["mode"]), (&json!(2), &json!("plan")));
    let next = page["next"].as_str().expect("there are more");
    let page = world.get(&format!("/runs?cursor={next}")).await.json;
    assert_eq!((page["runs"].as_array().map(Vec::len), &page["next"]), (Some(1), &json!(null)));
    let run = world.get("/runs/00000000-0000-0000-0000-000000000002").await.json;
    assert_eq!(run["companies"][0]["company_id"], "ada");
    let row = &run["plan"][0];
    assert_eq!(
        (&row["from_units"], &row["to_units"], &row["difference"]),
        (&json!(4.0), &json!(5), &json!(3.5))
    );
    for unknown in ["x", "00000000-0000-0000-0000-000000000009"] {
        assert_eq!(world.get(&format!("/runs/{unknown}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn products_holds_and_journal_are_shown() {
    let world = World::new().await;
    let products = world.get("/products").await.json;
    assert_eq!(products["products"][0]["service"], json!({ "service_id": 1, "name": "Standard" }));
    assert!(products["products"][1]["service"].is_null());
    let holds = world.get("/holds").await.json;
    let hold = &holds["holds"][0];
    assert_eq!(
        (&hold["state"], &hold["to_units"], &hold["money_cents"]),
        (&json!("open"), &json!(0), &json!(-8000))
    );
    assert_eq!(hold["advice"]["code"], "QTY-01");
    assert_eq!(world.get("/journal").await.json, json!({ "entries": [], "next": null }));
    let of = "/journal?company=ada&from=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z";
    assert_eq!(world.get(of).await.status, StatusCode::OK);
    assert_eq!(world.get("/journal?from=yesterday").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_the_last_hour_are_shown() {
    let world = World::new().await;
    let saved = world.send(Method::PUT, "/connection", &world.connection(RIGHT)).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let calls = world.get("/calls").await.json;
    assert_eq!((&calls["host"], &calls["company_name"]), (&json!("bms.kaseya.com"), &json!("Example MSP")));
    let endpoints = calls["endpoints"].as_array().expect("a list");
    assert!(
        endpoints.len() > 3 && endpoints.iter().all(|known| known["calls"].as_u64() > Some(0)),
        "{calls}"
    );
    let path = "/v1/partners/other/calls";
    let answer = world.request(Method::GET, path, Some(&world.stranger), &[], "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

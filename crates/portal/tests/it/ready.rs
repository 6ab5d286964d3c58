//! Ready means: the next invoice would be right (G-05). Every reason against it has a text in both languages and a
//! click that fixes it.

use advice::Language;
use domain::NotReady;
use http::Method;
use serde_json::{Value, json};

use crate::world::World;

/// Ada was synced last night, and the invoices are made late enough.
async fn in_order() -> World {
    let world = World::new().await;
    world
        .sql(
            "update integrations set invoice_day = 25 where partner_id = 'msp';
             update statuses set state = 'unchanged', last_sync = '2026-11-23T02:20:00Z' where company_id = 'ada'",
        )
        .await;
    world
}

/// SQL that makes Ada's invoice wrong, and the page that fixes it.
fn arrangement(reason: NotReady) -> Option<(&'static str, Option<&'static str>)> {
    let job = "insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at)
               values ('00000000-0000-0000-0000-000000000009', 'msp', 'request', 'apply', 'running', false, '2026-11-23T09:40:00Z');
               insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, host, tenant, created_at)
               values (gen_random_uuid(), '00000000-0000-0000-0000-000000000009', 9, 'msp', 'work', 'ready', true, '{10}', 'h', 't',
                       '2026-11-23T09:40:00Z')";
    Some(match reason {
        // Without a connection no page shows any company of the partner.
        NotReady::NotConnected => return None,
        NotReady::Off => ("update integrations set state = 'off'", Some("integrations/kaseya-bms")),
        NotReady::WritesStopped => ("update installation set writes_stopped = true", None),
        NotReady::CredentialsRefused => (
            "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = '2026-11-23T09:40:00Z'",
            Some("integrations/kaseya-bms"),
        ),
        NotReady::Restored => {
            ("update installation set reread_since = '2026-11-23T09:00:00Z'", Some("activity"))
        }
        NotReady::NotMapped => {
            ("delete from company_mappings where company_id = 'ada'", Some("companies?show=unmapped"))
        }
        NotReady::NotSent => (
            "update statuses set state = 'not_sent', code = 'SVC-01' where company_id = 'ada'",
            Some("companies?show=failed"),
        ),
        NotReady::Held => {
            ("update statuses set state = 'held', code = 'QTY-01' where company_id = 'ada'", Some("holds"))
        }
        NotReady::NeverSynced => {
            ("delete from statuses where company_id = 'ada'", Some("companies?show=never"))
        }
        NotReady::Deferred => (
            Box::leak(
                format!(
                    "{job}; update jobs set not_before = '2026-11-23T11:00:00Z', deferred_code = 'LIM-01'"
                )
                .into_boxed_str(),
            ),
            Some("activity"),
        ),
        NotReady::UnderWay => (job, Some("activity")),
        NotReady::Unconfirmed => {
            ("update statuses set state = 'sent' where company_id = 'ada'", Some("companies?sort=last-sync"))
        }
        NotReady::CountsLater => (
            r#"update statuses set remarks = '[{"kind": "counts_later", "service": "Standard", "fromDay": "2026-12-01"}]'
               where company_id = 'ada'"#,
            Some("companies?sort=last-sync"),
        ),
        NotReady::Unread => (
            "update statuses set last_sync = '2026-11-20T02:00:00Z' where company_id = 'ada'",
            Some("companies?sort=last-sync"),
        ),
        NotReady::MonthNotPushed => (
            "insert into month_ends (partner_id, month, frozen_at, final, looked_at)
             values ('msp', '2026-10-01', '2026-11-23T05:00:00Z', true, '2026-11-23T05:00:00Z')",
            Some("activity"),
        ),
        NotReady::ScheduleMisses => (
            "update integrations set invoice_day = 1 where partner_id = 'msp'",
            Some("integrations/kaseya-bms/schedule"),
        ),
    })
}

fn companies(overview: &Value, reason: NotReady) -> u64 {
    let reasons = overview["companies"]["not_ready"].as_array().expect("a list");
    let its = reasons.iter().find(|entry| entry["reason"] == reason.as_str());
    its.and_then(|entry| entry["companies"].as_u64()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c4_every_reason_is_counted_said_in_both_languages_and_leads_to_its_click() {
    let usual = in_order().await.get("").await.json;
    assert_eq!(usual["companies"]["ready"], 1, "{usual}");
    for reason in NotReady::ALL.iter().copied() {
        let Some((sql, click)) = arrangement(reason) else { continue };
        let world = in_order().await;
        world.sql(sql).await;
        let seen = world.get("").await.json;
        assert_eq!(seen["companies"]["ready"], 0, "{reason}: {seen}");
        assert!(companies(&seen, reason) > companies(&usual, reason), "{reason}: {seen}");
        let listed = world.get("/companies?search=ada").await.json;
        assert_eq!(listed["companies"][0]["not_ready"], reason.as_str());
        assert_eq!(listed["found"]["ready"], 0);
        let sheet = world.get("/companies.csv?search=ada").await.text;
        assert!(sheet.contains(reason.as_str()), "{reason}: {sheet}");
        let cookie = world.sign_in(&world.viewer).await;
        for (language, word) in [(Language::English, "en"), (Language::Italian, "it")] {
            let headers = [("cookie", cookie.as_str()), ("accept-language", word)];
            for path in ["/partners/msp", "/partners/msp/companies/ada"] {
                let page = world.request(Method::GET, path, None, &headers, "").await.text;
                let page = page.replace("&#39;", "'").replace("&#x27;", "'");
                assert!(
                    page.contains(advice::not_ready(reason, language)),
                    "{reason}: {path} {word}: {page}"
                );
                if let Some(click) = click {
                    assert!(page.contains(&format!("/partners/msp/{click}\"")), "{reason}: {path} {word}");
                }
            }
            if let Some(click) = click {
                let path = format!("/partners/msp/{click}");
                let opened = world.request(Method::GET, &path, None, &headers, "").await;
                assert_eq!(opened.status, http::StatusCode::OK, "{reason}: {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c4_while_off_nobody_is_ready_errors_stay_and_no_sync_is_promised() {
    let world = in_order().await;
    world.sql("update integrations set state = 'off' where partner_id = 'msp'").await;
    let seen = world.get("").await.json;
    assert_eq!((&seen["companies"]["ready"], &seen["next_run_at"]), (&json!(0), &Value::Null));
    // While the integration is off, no row's state is held; the hold itself stays open for a person.
    assert_eq!((&seen["companies"]["failed"], &seen["companies"]["held"]), (&json!(1), &json!(0)));
    assert_eq!(world.get("/holds").await.json["holds"].as_array().map(Vec::len), Some(1), "{seen}");
    let bea = &world.get("/companies?search=bea").await.json["companies"][0]["statuses"][0];
    assert_eq!((&bea["state"], &bea["code"]), (&json!("off"), &json!("CON-01")));
    let cookie = world.sign_in(&world.viewer).await;
    let page = world.page(&cookie, "/partners/msp").await.text;
    let (off, ready) = (page.find("The integration is off"), page.find("0 ready"));
    assert!(off.is_some() && ready.is_some() && off < ready, "off comes first: {page}");
    assert!(!page.contains("good-ink"), "{page}");
    assert!(page.contains("none while the integration is off"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c6_what_no_schedule_can_meet_says_so_and_what_to_change() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.viewer).await;
    let path = "/partners/msp/integrations/kaseya-bms/schedule";
    let missed = world.page(&cookie, path).await.text;
    assert!(missed.contains("No schedule can be earlier. Make the invoices on day 2 or later"), "{missed}");
    let invoice = &world.get("/schedule").await.json["invoice"];
    assert_eq!((&invoice["is_missed"], &invoice["first_day_in_time"]), (&json!(true), &json!(2)));
    world.sql("update integrations set invoice_day = 2 where partner_id = 'msp'").await;
    let met = world.page(&cookie, path).await.text;
    assert!(!met.contains("Missed") && met.contains("In time by the month-end run"), "{met}");
    let invoice = &world.get("/schedule").await.json["invoice"];
    assert_eq!((&invoice["is_missed"], &invoice["first_day_in_time"]), (&json!(false), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c4_a_sync_that_no_scheduler_makes_is_said_to_be_overdue() {
    let world = in_order().await;
    for (due, is_overdue) in [("2026-11-23T06:59:00Z", true), ("2026-11-23T07:01:00Z", false)] {
        world
            .sql(&format!(
                "insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
                 values ('msp', 'daily', 2, 'Europe/Rome', 1, '2026-11-23', '{due}')
                 on conflict (partner_id) do update set next_run_at = excluded.next_run_at"
            ))
            .await;
        let cookie = world.sign_in(&world.viewer).await;
        for (language, words) in [("en", "overdue since"), ("it", "in ritardo: era prevista")] {
            let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
            let page = world.request(Method::GET, "/partners/msp", None, &headers, "").await.text;
            assert_eq!(page.contains(words), is_overdue, "{due} {language}: {page}");
        }
    }
}

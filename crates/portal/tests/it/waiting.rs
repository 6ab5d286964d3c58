//! Everything that waits shows what for, since when and until when, on every page (G-04).

use domain::WaitReason;
use serde_json::{Value, json};

use crate::world::World;

const RUN: &str = "00000000-0000-0000-0000-000000000009";

/// A run with one job for Ada's contract; each reason blocks it in its own way.
fn arrangement(reason: WaitReason) -> String {
    let put_off = |word: &str| {
        format!(
            "update jobs set not_before = '2026-11-23T11:10:00Z', deferred_code = '{word}', deferred_at = '2026-11-23T09:40:00Z'"
        )
    };
    match reason {
        WaitReason::Credentials => {
            "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = '2026-11-23T09:40:00Z'"
                .to_owned()
        }
        WaitReason::WritesStopped => "update installation set writes_stopped = true".to_owned(),
        WaitReason::Restored => "update installation set reread_since = '2026-11-23T09:00:00Z'".to_owned(),
        WaitReason::KaseyaBusy => {
            "insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at)
             values ('00000000-0000-0000-0000-000000000008', 'msp', 'probe', 'plan', 'running', false, '2026-11-23T09:00:00Z');
             insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, host, tenant, holder, lease_until, created_at)
             values (gen_random_uuid(), '00000000-0000-0000-0000-000000000008', 8, 'msp', 'work', 'started', false, 'h', 't', 'w',
                     '2026-11-23T10:01:00Z', '2026-11-23T09:00:00Z')"
                .to_owned()
        }
        WaitReason::HostBusy => {
            "update jobs set deferred_code = 'host_busy', deferred_at = '2026-11-23T09:40:00Z'".to_owned()
        }
        WaitReason::Worker => {
            "update jobs set state = 'emitted', emitted_at = '2026-11-23T09:41:00Z'".to_owned()
        }
        reason => put_off(reason.code().expect("it is put off by a code").as_str()),
    }
}

async fn waiting(reason: WaitReason) -> World {
    let world = World::new().await;
    world
        .sql(&format!(
            "insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at)
             values ('{RUN}', 'msp', 'request', 'apply', 'running', false, '2026-11-23T09:40:00Z');
             insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, host, tenant, created_at)
             values (gen_random_uuid(), '{RUN}', 9, 'msp', 'work', 'ready', true, '{{10}}', 'h', 't', '2026-11-23T09:40:00Z')"
        ))
        .await;
    world.sql(&arrangement(reason)).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c1_every_reason_stands_on_row_run_and_pages() {
    // No run waits because of an edit: only the rows do.
    for reason in WaitReason::ALL.iter().copied().filter(|reason| *reason != WaitReason::Edited) {
        let world = waiting(reason).await;
        let until = match reason {
            WaitReason::Credentials
            | WaitReason::WritesStopped
            | WaitReason::Restored
            | WaitReason::KaseyaBusy
            | WaitReason::HostBusy
            | WaitReason::Worker => Value::Null,
            _ => json!("2026-11-23T11:10:00Z"),
        };
        let wait = json!({
            "reason": reason.as_str(), "code": reason.code().map(domain::ErrorCode::as_str),
            "since": "2026-11-23T09:40:00Z", "until": until,
        });
        let one = world.get(&format!("/runs/{RUN}")).await.json;
        assert_eq!(one["run"]["wait"], wait, "{reason}: {one}");
        let runs = world.get("/runs").await.json;
        assert!(runs["runs"].as_array().expect("a list").iter().any(|run| run["wait"] == wait), "{reason}");
        let row = &world.get("/companies?search=ada").await.json["companies"][0]["statuses"][0];
        assert_eq!(row["wait"], wait, "{reason}: {row}");
        let state = if until.is_null() { "queued" } else { "deferred" };
        assert_eq!(row["state"], state, "{reason}");
        if !until.is_null() {
            assert_eq!((&row["code"], &row["deferred_until"]), (&wait["code"], &until), "{reason}");
        }
        let cookie = world.sign_in(&world.viewer).await;
        for (language, waits) in [("en", "Waiting since 10:40"), ("it", "In attesa dalle 10:40")] {
            for page in
                [format!("activity/{RUN}"), "companies".to_owned(), "companies/ada".to_owned(), String::new()]
            {
                let path = format!("/partners/msp/{page}");
                let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
                let shown =
                    world.request(http::Method::GET, path.trim_end_matches('/'), None, &headers, "").await;
                assert!(shown.text.contains(waits), "{reason}: {path} in {language}: {}", shown.text);
                let code = reason.code().map_or("", domain::ErrorCode::as_str);
                assert!(shown.text.contains(code), "{reason}: {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_04_a_row_says_on_every_page_that_it_waits_for_the_next_sync_after_an_edit() {
    let world = World::new().await;
    world
        .sql(
            "insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
             values ('msp', 'daily', 1, 'UTC', 1, '2026-11-24', '2026-11-24T01:00:00Z')
             on conflict (partner_id) do update set next_run_at = excluded.next_run_at",
        )
        .await;
    let row = async || world.get("/companies?search=ada").await.json["companies"][0].clone();
    let state = row().await["statuses"][0]["state"].clone();
    assert!(state == "changed" || state == "unchanged", "{state}");
    world.sql("update company_mappings set version = version + 1 where company_id = 'ada'").await;
    let ada = row().await;
    let shown = &ada["statuses"][0];
    assert_eq!((&shown["state"], &shown["wait"]["reason"]), (&json!("deferred"), &json!("edited")), "{ada}");
    assert_eq!(shown["deferred_until"], "2026-11-24T01:00:00Z");
    assert_eq!(ada["not_ready"], "deferred", "{ada}");
    let cookie = world.sign_in(&world.viewer).await;
    for (language, waits) in [("en", "press Sync now"), ("it", "premi Sincronizza ora")] {
        for page in ["companies", "companies/ada"] {
            let path = format!("/partners/msp/{page}");
            let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
            let shown = world.request(http::Method::GET, &path, None, &headers, "").await;
            assert!(shown.text.contains(waits), "{path} in {language}: {}", shown.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c1_what_a_person_has_to_see_to_stays_in_sight_while_it_waits() {
    let world = waiting(WaitReason::CallLimit).await;
    world.sql("update jobs set contract_ids = '{20,40}'").await;
    for (company, state, code) in [("bea", "not_sent", "CON-01"), ("dora", "held", "QTY-01")] {
        let row =
            &world.get(&format!("/companies?search={company}")).await.json["companies"][0]["statuses"][0];
        assert_eq!((&row["state"], &row["code"]), (&json!(state), &json!(code)));
        assert_eq!(row["wait"]["code"], "LIM-01");
    }
}

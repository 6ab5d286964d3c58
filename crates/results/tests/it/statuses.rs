//! Statuses, companies' outcomes in their runs, and the instants of S-39.

use domain::Remark;
use messages::v1;

use crate::{
    message::{With as _, done},
    world::World,
};

/// The totals of a run: companies, changed, unchanged, held, failed, skipped.
async fn totals(world: &World, number: u32) -> String {
    let sql = format!(
        "select concat_ws(' ', state, companies, changed, unchanged, held, failed, skipped) from runs
         where run_number = {number}"
    );
    world.text(&sql).await
}

fn three() -> v1::JobDone {
    let message = done(7, 1, 1).company("acme", 1001, "changed", (12.0, 14));
    message
        .company("beta", 1002, "unchanged", (3.0, 3))
        .company("gamma", 1003, "not_sent", (1.0, 2))
        .code("SVC-01")
}

#[tokio::test]
async fn s_41_each_company_and_contract_has_its_own_status_and_the_run_its_totals() {
    let world = World::new().await;
    let mut message = three();
    message.companies[2].kaseya_says = Some("The line is closed".to_owned());
    let missing = Remark::CountMissing { service: "Standard".to_owned() };
    let newer = v1::Remark { kind: "of a newer worker".to_owned(), ..v1::Remark::default() };
    message.companies[2].remarks = vec![newer, missing.into()];
    world.store(&[message]).await;
    assert_eq!(world.status("acme", 1001).await, "changed 7 1");
    assert_eq!(world.status("beta", 1002).await, "unchanged 7 1");
    assert_eq!(world.status("gamma", 1003).await, "not_sent SVC-01 7 1");
    let said = "select kaseya_says from statuses where company_id = 'gamma'";
    assert_eq!(world.text(said).await, "The line is closed", "Kaseya's words stand apart from ours");
    let known = "select remarks::text from statuses where company_id = 'gamma'";
    assert_eq!(world.text(known).await, r#"[{"kind": "count_missing", "service": "Standard"}]"#);
    assert_eq!(totals(&world, 7).await, "finished 3 1 1 0 1 0");
    let changed = "company.status";
    assert_eq!(
        world.events().await.replace(changed, "c"),
        "1 c, 2 c, 3 c, 4 run.finished",
        "numbers without gaps"
    );
    let body = world.text("select body from events where partner_id = 'msp-1' and number = 4").await;
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&body["number"], &body["totals"]["changed"]), (&"4".into(), &1.into()));
}

#[tokio::test]
async fn d_05_the_same_message_five_times_is_stored_once() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), "2026-12-01T05:00:05Z").await;
    let message = three()
        .line(1001, 9001, 14.0, "2026-12-01T05:00:10Z")
        .change(1, v1::ChangeResult::Confirmed, "2026-12-01T05:00:08Z")
        .left(&[1002], None);
    let message =
        v1::JobDone { calls: vec![v1::CallsMade { endpoint: "GET /x".into(), calls: Some(3) }], ..message };
    world.store(std::slice::from_ref(&message)).await;
    let once = (world.dump().await, world.events().await);
    world.store(&vec![message.clone(); 4]).await;
    assert_eq!((world.dump().await, world.events().await), once);
    world.store(&[message]).await;
    assert_eq!((world.dump().await, world.events().await), once);
}

#[tokio::test]
async fn d_05_in_whatever_order_they_come_the_newest_stands() {
    let first = done(7, 1, 1)
        .company("acme", 1001, "changed", (12.0, 14))
        .line(1001, 9001, 14.0, "2026-12-01T05:00:10Z")
        .change(1, v1::ChangeResult::Confirmed, "2026-12-01T05:00:08Z");
    let second = done(7, 1, 2)
        .company("acme", 1001, "unchanged", (14.0, 14))
        .line(1001, 9001, 14.0, "2026-12-01T05:03:00Z")
        .ended("2026-12-01T05:03:10Z");
    let newer = done(8, 2, 1)
        .company("acme", 1001, "held", (14.0, 0))
        .held_by("fall_to_zero")
        .line(1001, 9001, 14.0, "2026-12-01T05:04:00Z")
        .ended("2026-12-01T05:04:10Z");
    let messages = [first, second, newer];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let world = World::new().await;
        world.granted(1, (7, 1, 1), (12.0, 14), "2026-12-01T05:00:05Z").await;
        world.next_attempt(1, 2).await;
        world.run(8).await;
        world.job(8, 2, 1).await;
        for index in order {
            world.store(&[messages[index].clone(), messages[index].clone()]).await;
        }
        assert_eq!(world.status("acme", 1001).await, "held QTY-01 8 1", "{order:?}");
        assert_eq!(
            world.text("select last_sync from statuses where last_change is not null").await,
            "2026-12-01 05:03:10+00",
            "{order:?}"
        );
        assert_eq!(totals(&world, 7).await, "finished 1 1 0 0 0 0", "{order:?}");
        assert_eq!(
            world.text("select concat_ws(' ', from_units, to_units, standing) from journal").await,
            "12 14 confirmed",
            "{order:?}"
        );
        assert_eq!(
            world.text("select concat_ws(' ', units, seen_at) from lines").await,
            "14 2026-12-01 05:04:00+00",
            "{order:?}"
        );
        assert_eq!(
            world.text("select concat_ws(' ', state, to_units, run_number) from holds").await,
            "open 0 8",
            "{order:?}"
        );
    }
}

#[tokio::test]
async fn an_older_run_does_not_stand_over_a_newer_one_and_opens_no_hold() {
    let world = World::new().await;
    world.run(8).await;
    world.job(8, 2, 1).await;
    world.store(&[done(8, 2, 1).company("acme", 1001, "unchanged", (12.0, 12))]).await;
    let late = done(7, 1, 1).company("acme", 1001, "held", (12.0, 0)).held_by("fall_to_zero");
    world.store(&[late]).await;
    assert_eq!(world.status("acme", 1001).await, "unchanged 8 1");
    assert_eq!(world.text("select state from holds").await, "");
    assert_eq!(totals(&world, 7).await, "finished 1 0 0 1 0 0", "in its own run it counts as what it was");
}

#[tokio::test]
async fn s_39_the_last_sync_is_when_our_number_was_last_seen() {
    let world = World::new().await;
    let instants = "select concat_ws(' ', last_sync, last_change) from statuses where company_id = 'acme'";
    world.store(&[done(7, 1, 1).company("acme", 1001, "held", (12.0, 0)).held_by("fall_to_zero")]).await;
    assert_eq!(world.text(instants).await, "", "held is no sync: never");
    for (number, state, ended, expected) in [
        (8, "off", "2026-12-02T05:00:00Z", ""),
        (9, "unchanged", "2026-12-03T05:00:00Z", "2026-12-03 05:00:00+00"),
        (10, "changed", "2026-12-04T05:00:00Z", "2026-12-04 05:00:00+00 2026-12-04 05:00:00+00"),
        (11, "unchanged", "2026-12-05T05:00:00Z", "2026-12-05 05:00:00+00 2026-12-04 05:00:00+00"),
        (12, "not_sent", "2026-12-06T05:00:00Z", "2026-12-05 05:00:00+00 2026-12-04 05:00:00+00"),
        (13, "sent", "2026-12-07T05:00:00Z", "2026-12-05 05:00:00+00 2026-12-07 05:00:00+00"),
    ] {
        world.run(number).await;
        world.job(number, number, 1).await;
        let mut message = done(number, number, 1).company("acme", 1001, state, (12.0, 12)).ended(ended);
        if let Some(result) = match state {
            "changed" => Some(v1::ChangeResult::Confirmed),
            "sent" => Some(v1::ChangeResult::Sent),
            _ => None,
        } {
            world.granted(number, (number, number, 1), (11.0, 12), "2026-12-01T05:00:00Z").await;
            message = message.change(number, result, ended);
        }
        world.store(&[message]).await;
        assert_eq!(world.text(instants).await, expected, "{state}");
    }
}

#[tokio::test]
async fn b_02_a_plan_writes_no_status_and_no_hold_and_its_run_says_what_it_would_do() {
    let world = World::new().await;
    let message = three().company("acme", 1001, "held", (9.0, 0)).held_by("fall_to_zero");
    let plan = v1::JobDone {
        mode: v1::SyncMode::Plan.into(),
        companies: message.companies.into_iter().skip(1).collect(),
        ..message
    };
    world.sql("update runs set mode = 'plan'").await;
    world.store(&[plan]).await;
    assert_eq!(world.text("select state from statuses").await, "");
    assert_eq!(world.text("select state from holds").await, "");
    assert_eq!(totals(&world, 7).await, "finished 3 0 1 1 1 0");
    assert_eq!(world.events().await, "1 run.finished");
}

#[tokio::test]
async fn a_company_that_was_mapped_or_mapped_elsewhere_leaves_no_row_behind() {
    let world = World::new().await;
    let rows =
        "select contract_id || ' ' || state from statuses where company_id = 'acme' order by contract_id";
    let mut number = 7;
    for (mapping, contract, state, expected) in [
        ("delete from company_mappings where company_id = 'acme'", 0, "not_mapped", "0 not_mapped"),
        (
            "insert into company_mappings values ('msp-1', 'acme', 101, 'Acme', 1001, 'One', 2, '2026-01-01Z')",
            1001,
            "changed",
            "1001 changed",
        ),
        (
            "update company_mappings set contract_id = 1009, version = 3 where company_id = 'acme'",
            1009,
            "unchanged",
            "1009 unchanged",
        ),
        (
            "insert into company_product_contracts values ('msp-1', 'acme', 'standard', 1010, 'Own')",
            1010,
            "unchanged",
            // The only product went there: nothing is reported on 1009 any more.
            "1010 unchanged",
        ),
        // A late message from an older run is about a contract that is no longer theirs.
        ("", 1001, "held", "1010 unchanged"),
        ("delete from company_mappings where company_id = 'acme'", 0, "not_mapped", "0 not_mapped"),
    ] {
        world.sql(mapping).await;
        number += 1;
        world.run(number).await;
        world.job(number, number, 1).await;
        let told = done(number, number, 1).company("acme", contract, state, (3.0, 3));
        let told = if contract == 0 {
            world.needs_no_worker(number).await;
            told.by_scheduler()
        } else {
            told
        };
        world.store(&[told]).await;
        assert_eq!(world.text(rows).await, expected, "{mapping}");
    }
}

#[tokio::test]
async fn the_old_row_stays_until_the_new_contract_was_told_of() {
    let world = World::new().await;
    world.sql("update company_mappings set contract_id = 1009, version = 2 where company_id = 'acme'").await;
    world.store(&[done(7, 1, 1).company("acme", 1001, "changed", (12.0, 14))]).await;
    assert_eq!(world.status("acme", 1001).await, "changed 7 1", "what was done is not hidden");
}

#[tokio::test]
async fn g_01_a_row_is_not_green_from_an_edit_of_its_plan_to_the_next_sync() {
    let edits = [
        // A billing rule, visible in the version of the mapping.
        "update company_mappings set version = 2 where company_id = 'acme'",
        "insert into company_product_contracts values ('msp-1', 'gamma', 'standard', 1001, 'One')",
        "insert into company_mappings values ('msp-1', 'delta', 101, 'Acme', 1001, 'One', 1, '2026-12-01Z')",
        "update company_mappings set contract_id = 1001, version = 2 where company_id = 'gamma'",
        "insert into product_mappings values ('msp-1', 'other', 12, 'PB Other')",
        "update product_mappings set service_id = 12",
        "delete from product_mappings",
        "update partners set count_basis = 'licences' where partner_id = 'msp-1'",
    ];
    for edit in edits {
        let world = World::new().await;
        world
            .sql(
                "insert into companies values ('msp-1', 'delta', 'Delta');
                 insert into products values ('msp-1', 'other', 'Other', null)",
            )
            .await;
        let first = done(7, 1, 1).company("acme", 1001, "changed", (12.0, 14));
        world.store(&[first.company("beta", 1002, "unchanged", (3.0, 3))]).await;
        world.sql("update company_mappings set contract_name = 'Another name'").await;
        assert_eq!(world.status("acme", 1001).await, "changed 7 1", "a name is no plan");
        world.sql(edit).await;
        assert_eq!(world.status("acme", 1001).await, "deferred 7 1", "{edit}");
        let everybody = edit.contains("product_mappings") || edit.contains("count_basis");
        let beta = if everybody { "deferred 7 1" } else { "unchanged 7 1" };
        assert_eq!(world.status("beta", 1002).await, beta, "{edit}");
        let standing = "select array_to_string(states, ' ') from company_standings where company_id = 'acme'";
        assert_eq!(world.text(standing).await, "deferred", "{edit}");

        world.run(8).await;
        world.job(8, 2, 1).await;
        let next = done(8, 2, 1).company("acme", 1001, "unchanged", (14.0, 14));
        world.store(&[next.ended("2026-12-01T05:04:10Z")]).await;
        assert_eq!(world.status("acme", 1001).await, "unchanged 8 1", "{edit}");
    }
}

#[tokio::test]
async fn g_01_what_a_job_found_while_its_plan_was_edited_is_not_green() {
    let world = World::new().await;
    world.store(&[done(7, 1, 1).company("acme", 1001, "unchanged", (12.0, 12))]).await;
    world.run(8).await;
    world.job(8, 2, 1).await;
    world.sql("update company_mappings set version = 2 where company_id = 'acme'").await;
    let late = done(8, 2, 1).company("acme", 1001, "changed", (12.0, 14));
    world.store(&[late.ended("2026-12-01T05:04:10Z")]).await;
    assert_eq!(world.status("acme", 1001).await, "deferred 8 1");
    // A failed or held company says so, whatever its plan was.
    world.run(9).await;
    world.job(9, 3, 1).await;
    let failed = done(9, 3, 1).company("acme", 1001, "not_sent", (14.0, 15)).code("SVC-01");
    world.store(&[failed.ended("2026-12-01T05:05:10Z")]).await;
    assert_eq!(world.status("acme", 1001).await, "not_sent SVC-01 9 1");
}

#[tokio::test]
async fn case_c4_a_row_on_a_contract_that_no_product_goes_to_any_more_is_dropped() {
    let rows = "select concat_ws(' ', contract_id, state) from statuses where company_id = 'acme' order by contract_id";
    let listed = "insert into reports values ('msp-1', 'r', '2026-11-30', '2026-11-30T20:00Z', false, 1, '2026-12-01T04:00Z');
                  insert into report_companies values ('msp-1', 'r', 'acme');
                  insert into products values ('msp-1', 'other', 'Other', null);
                  insert into user_counts values ('msp-1', 'r', 'acme', 'other', USERS, 'users');
                  insert into newest_reports (partner_id, company_id, report_id, day, counted_at, users, missing)
                  values ('msp-1', 'acme', 'r', '2026-11-30', '2026-11-30T20:00Z', USERS, 0)";
    let not_billed = "insert into products values ('msp-1', 'other', 'Other', null);
                      insert into billing_rules values ('msp-1', 'acme', 'other', true, 0, 0, 'Trial')";
    let (with, without) = (listed.replace("USERS", "3"), listed.replace("USERS", "0"));
    for (removed_on_the_first, kept) in
        [("", false), (without.as_str(), false), (with.as_str(), true), (not_billed, true)]
    {
        let world = World::new().await;
        world.store(&[done(7, 1, 1).company("acme", 1001, "held", (12.0, 0)).held_by("fall_to_zero")]).await;
        world.sql(removed_on_the_first).await;
        world
            .sql("insert into company_product_contracts values ('msp-1', 'acme', 'standard', 1009, 'Own')")
            .await;
        world.run(8).await;
        world.job(8, 8, 1).await;
        world.store(&[done(8, 8, 1).company("acme", 1009, "unchanged", (12.0, 12))]).await;
        let expected = if kept { "1001 held, 1009 unchanged" } else { "1009 unchanged" };
        assert_eq!(world.text(rows).await, expected, "{removed_on_the_first}");
    }
}

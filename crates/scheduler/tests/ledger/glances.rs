//! What a glance at the known facts cannot settle: targets that nothing is sent for, with a code that a worker must
//! report even where the line holds our number, and lines that were read too long ago.

use crate::world::{SERVICE, World};

/// The line was read and holds the ten users, and the survey of the new run shows what it showed then.
async fn holds(world: &World) {
    world
        .run(&format!(
            "insert into contracts (partner_id, contract_id, run_number, shown, name, account_name, contract_type, active,
                 total, seen_at, read_at, read_by_run_number, expected_total, total_is_sum, looked_for)
             select 'p1', 101, max(run_number), true, 'Contract', 'Account', 'Recurring Services', true, 35,
                 '2026-11-20T12:00:00Z', '2026-11-19T12:00:00Z', 0, 35, true, '{{{SERVICE}}}' from runs
             on conflict (partner_id, contract_id) do update set run_number = excluded.run_number;
             insert into lines (partner_id, contract_id, line_id, service_id, units, unit_price, seen_at, run_number)
             values ('p1', 101, 1001, {SERVICE}, 10, 3.5, '2026-11-19T12:00:00Z', 0) on conflict do nothing"
        ))
        .await;
}

async fn reported_unless(because: &str, code: &str) {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    holds(&world).await;
    let local = world.make_local(&run, &[101], &[]).await;
    let told = world.result().await;
    assert_eq!(
        (told.job_id, told.companies[0].state.as_str()),
        (local, "unchanged"),
        "nothing is in the way"
    );
    world
        .run("update jobs set state = 'done'; update runs set state = 'finished', finished_at = created_at")
        .await;

    world.run(because).await;
    let run = world.make_run("p1").await;
    holds(&world).await;
    world.make_local(&run, &[101], &[]).await;
    let (_, content) = world.started("w1").await;
    assert_eq!((content.run_id, content.contracts.len()), (run, 1), "a worker tells {code}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a8_a_line_of_another_partner_is_no_unchanged_row_the_night_after() {
    let world = "insert into partners (partner_id, name, count_zone) values ('p2', 'MSP', 'Europe/Rome');
         insert into integrations (partner_id, host, tenant, user_name, sealed_password, password_marks, credentials_version,
             state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
             brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
         select 'p2', host, tenant, user_name, sealed_password, '{p2-mark}', credentials_version, state, billing, invoice_day,
             month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent, brake_units_alone, run_brake_percent,
             run_brake_companies, call_share_percent, saved_at
         from integrations;
         insert into products values ('p2', 'std', 'Standard', null);
         insert into product_mappings values ('p2', 'std', 7, 'Password manager');
         insert into companies values ('p2', 'd1', 'Company', null);
         insert into company_mappings values ('p2', 'd1', 201, 'Account', 101, 'Contract', 1, '2026-11-01T12:00:00Z');
         insert into targets (partner_id, contract_id, service_id, claimed_at) values ('p2', 101, 7, '2026-11-01T12:00:00Z')";
    reported_unless(world, "MAP-04").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a8_a_service_called_otherwise_is_no_unchanged_row_the_night_after() {
    let named =
        "insert into kaseya_names values ('p1', 'service', 7, 'Another service', '2026-11-19T12:00:00Z')";
    reported_unless(named, "MAP-05").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a8_a_contract_or_account_called_otherwise_is_no_unchanged_row_the_night_after() {
    for (kind, id) in [("contract", 101), ("account", 201)] {
        let named = format!(
            "insert into kaseya_names values ('p1', '{kind}', {id}, 'Another', '2026-11-19T12:00:00Z')"
        );
        reported_unless(&named, "MAP-05").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c4_a_line_that_only_a_reading_shows_is_read_before_its_company_is_unread() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    world
        .run(
            "insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
             values ('p1', 'daily', 2, 'Europe/Rome', 1, '2026-11-21', '2026-11-21T12:30:00Z')",
        )
        .await;
    // Two days and an hour before the next run is 11:30 of the day before.
    for (read_at, is_reported) in [("2026-11-19T11:31:00Z", true), ("2026-11-19T11:29:00Z", false)] {
        let run = world.make_run("p1").await;
        holds(&world).await;
        world.run(&format!("update contracts set total = null, read_at = '{read_at}'")).await;
        let local = world.make_local(&run, &[101], &[]).await;
        if is_reported {
            let told = world.result().await;
            assert_eq!((told.job_id, told.companies[0].state.as_str()), (local, "unchanged"), "{read_at}");
            world.run("update jobs set state = 'done'; update runs set state = 'finished', finished_at = created_at").await;
        } else {
            let (_, content) = world.started("w1").await;
            assert_eq!((content.run_id, content.contracts.len()), (run, 1), "{read_at}");
        }
    }
}

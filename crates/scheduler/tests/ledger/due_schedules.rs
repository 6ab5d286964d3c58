//! Schedules that have come due, in rounds.

use std::time::Duration;

use scheduler::SchedulerSettings;

use crate::world::{HOST, NOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn more_due_schedules_than_a_round_takes_do_not_wait_for_the_next_poll() {
    let mut world = World::new().await;
    world.settings = SchedulerSettings { poll: Duration::from_secs(3600), ..world.settings };
    world
        .run(&format!(
            "insert into partners (partner_id, name, count_zone)
             select 'p' || n, 'MSP', 'Europe/Rome' from generate_series(1, 501) n;
             insert into integrations (partner_id, host, tenant, user_name, sealed_password, password_marks,
                 credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
                 brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
                 call_share_percent, saved_at)
             select 'p' || n, '{HOST}', 't' || n, 'api', 'sealed', '{{mark}}', 1, 'on', 'arrears', 5, true, 6, 7, 5, 20,
                    25, 20, 5, 50, '{NOON}' from generate_series(1, 501) n;
             insert into schedules
             select 'p' || n, 'daily', null, 2, 'Europe/Rome', 1, null, '{NOON}'::timestamptz::date, '{NOON}'
             from generate_series(1, 501) n"
        ))
        .await;
    world.start_scheduler();
    world.until("count(*) from occurrences", "501").await;
}

//! Notifications of changes, on a real Postgres.

use anyhow::Result;
use domain::PartnerId;
use store::PartnerChange;
use tokio_util::sync::CancellationToken;

const A_PARTNER: &str = "
    insert into partners (partner_id, name, count_zone) values ('one', 'One', 'UTC');
    insert into companies (partner_id, company_id, name) select 'one', 'c' || n, 'C' from generate_series(1, 50) as n;
    insert into integrations (partner_id, host, tenant, user_name, sealed_password, credentials_version, state, billing,
                              invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                              brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
    values ('one', 'h', 't', 'u', 's', 1, 'on', 'arrears', 1, true, 6, 3, 5, 20, 25, 20, 5, 50, '2026-11-01T00:00:00Z')";

const A_RUN: &str = "
    begin;
    insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at)
    values ('00000000-0000-0000-0000-000000000001', 'one', 'request', 'apply', 'running', true, '2026-11-02T00:00:00Z');
    insert into statuses (partner_id, company_id, contract_id, state, products, run_id, run_number, attempt, updated_at)
    select 'one', company_id, 7, 'changed', '[]', '00000000-0000-0000-0000-000000000001', 1, 1, '2026-11-02T00:00:00Z'
    from companies;
    commit";

#[tokio::test]
async fn a_transaction_tells_of_its_partner_once_and_a_new_connection_of_perhaps_anything() -> Result<()> {
    let database = testkit::database().await;
    let client = database.client().await;
    let stop = CancellationToken::new();
    let mut changes = database.store.partner_changes(stop.clone());
    assert_eq!(changes.next().await, PartnerChange::Unknown, "it listens now");

    let mut other = changes.clone();
    let of_one = PartnerChange::Of(PartnerId::new("one")?);
    client.batch_execute(A_PARTNER).await?;
    assert_eq!(changes.next().await, of_one);
    client.batch_execute(A_RUN).await?;
    assert_eq!(changes.next().await, of_one);
    // A run with fifty statuses was one notification: this is the next.
    client.batch_execute("notify portal, 'two'").await?;
    assert_eq!(changes.next().await, PartnerChange::Of(PartnerId::new("two")?));
    assert_eq!([other.next().await, other.next().await], [of_one.clone(), of_one.clone()]);

    let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and query like 'listen %'";
    assert_eq!(client.query_one(ended, &[]).await?.get::<_, i64>(0), 1);
    assert_eq!(changes.next().await, PartnerChange::Unknown, "it listens again");
    client.batch_execute("update integrations set state = 'off'").await?;
    assert_eq!(changes.next().await, of_one);
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_notified() -> Result<()> {
    let database = testkit::database().await;
    let client = database.client().await;
    let mut changes = database.store.partner_changes(CancellationToken::new());
    let mut slow = changes.clone();
    assert_eq!(changes.next().await, PartnerChange::Unknown);
    for number in 0..400 {
        client.batch_execute(&format!("notify portal, 'p{number}'")).await?;
        changes.next().await;
    }
    assert_eq!(slow.next().await, PartnerChange::Unknown);
    assert_eq!(slow.next().await, PartnerChange::Of(PartnerId::new("p144")?));
    Ok(())
}

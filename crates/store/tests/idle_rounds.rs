//! What the rounds read that run all the time, by Postgres's own counters: never partners with nothing to do.

use anyhow::Result;
use jiff::Timestamp;
use store::{jobs::switched_off, settings::switch};

const PARTNERS: &str = "
insert into partners (partner_id, name, count_zone) select 'p' || n, 'MSP', 'UTC' from generate_series(1, 5000) n;
insert into integrations (partner_id, host, tenant, user_name, sealed_password, credentials_version, state, billing,
                          invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                          brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
select partner_id, 'h', partner_id, 'u', 's', 1, 'on', 'arrears', 1, true, 6, 3, 5, 20, 25, 20, 5, 50,
       '2026-11-01T00:00:00Z' from partners;
update integrations set state = 'off' where partner_id = 'p1';
update integrations set state = 'switching_off' where partner_id = 'p2';
analyze integrations;
";

#[tokio::test]
async fn rounds_for_integrations_that_are_off_read_none_that_is_on() -> Result<()> {
    let database = testkit::database().await;
    database.client().await.batch_execute(PARTNERS).await?;
    let now: Timestamp = "2026-11-23T12:00:00Z".parse()?;
    let (off, switched, scanned) = database
        .store
        .transaction("rounds", |tx| {
            Box::pin(async move {
                let off = switched_off::off_with_open_work(tx).await?;
                let switched = switch::finish_switching_off(tx, now).await?;
                let sql = "select pg_stat_get_xact_tuples_returned('integrations'::regclass) as scanned";
                let scanned: i64 = tx.query_one(sql, &[]).await?.get("scanned")?;
                Ok::<_, store::StoreError>((off, switched, scanned))
            })
        })
        .await?;
    assert_eq!((off.len(), switched.len(), scanned), (0, 1, 0), "rows read one after the other");
    Ok(())
}

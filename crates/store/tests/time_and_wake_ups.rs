//! The calibrated clock and the wake-ups, on a real Postgres.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use domain::Clock as _;
use jiff::Timestamp;
use store::{CalibratedClock, StoreError};
use tokio_util::sync::CancellationToken;

/// Longer than any test: a wait that ends was woken up.
const NEVER: Duration = Duration::from_secs(3600);

async fn database_time(client: &tokio_postgres::Client) -> Result<Timestamp> {
    Ok(client.query_one("select clock_timestamp()", &[]).await?.get(0))
}

#[tokio::test]
async fn the_clock_shows_the_databases_time_and_goes_on_by_the_monotonic_one() -> Result<()> {
    let database = testkit::empty_database().await;
    let client = database.client().await;
    // This machine's wall clock is years off and stands still: only the database knows the time.
    let base = testkit::Clock::at("2001-01-01T00:00:00Z");
    let before = database_time(&client).await?;
    let clock =
        CalibratedClock::start(&database.store, Arc::new(base.clone()), CancellationToken::new()).await?;
    let after = database_time(&client).await?;
    let shown = clock.now();
    ensure!(before <= shown && shown <= after, "{before} {shown} {after}");

    base.advance(Duration::from_secs(90));
    assert_eq!(clock.now().duration_since(shown), jiff::SignedDuration::from_secs(90));
    assert_eq!(clock.monotonic(), Duration::from_secs(90));

    // The clock is ahead of the database; the next calibration corrects it.
    clock.calibrate(&database.store).await?;
    let shown = clock.now();
    ensure!(after <= shown && shown <= database_time(&client).await?, "{shown}");

    // A step of only the wall clock moves nothing.
    base.set("1999-01-01T00:00:00Z".parse()?);
    assert_eq!(clock.now(), shown);
    Ok(())
}

#[tokio::test]
async fn a_commit_wakes_the_listener_also_after_its_connection_was_ended() -> Result<()> {
    let database = testkit::empty_database().await;
    let stop = CancellationToken::new();
    let mut wake_ups = database.store.listen("ledger", stop.clone());
    // The listener is ready.
    wake_ups.wait(NEVER).await;

    let notify = || database.store.transaction("notify", |tx| Box::pin(tx.notify("ledger")));
    notify().await?;
    wake_ups.wait(NEVER).await;

    let rolled_back: Result<(), StoreError> = database
        .store
        .transaction("rolled back", |tx| {
            Box::pin(async move {
                tx.notify("ledger").await?;
                Err(StoreError::NoRow)
            })
        })
        .await;
    rolled_back.expect_err("it was rolled back");
    // Notifications of one channel arrive in order: had that one arrived, it would be seen before this ends.
    let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and query like 'listen %'";
    let ended: i64 = database.client().await.query_one(ended, &[]).await?.get(0);
    assert_eq!(ended, 1);
    // The listener is back, which counts as a wake-up.
    wake_ups.wait(NEVER).await;
    notify().await?;
    wake_ups.wait(NEVER).await;

    stop.cancel();
    testkit::until("the listener's connection is gone", async || {
        let client = database.client().await;
        let listening = "select count(*) from pg_stat_activity
                         where datname = current_database() and query like 'listen %'";
        client.query_one(listening, &[]).await.map(|row| row.get::<_, i64>(0)).unwrap_or(-1) == 0
    })
    .await;
    // Without a listener the caller still checks from time to time.
    wake_ups.wait(Duration::from_millis(1)).await;
    Ok(())
}

/// Every program that stores anything takes its time from this clock: scheduler, results, portal and the commands.
#[tokio::test]
async fn case_d4_a_wrong_clock_is_measured_and_moves_nothing_that_is_stored() -> Result<()> {
    let database = testkit::empty_database().await;
    let client = database.client().await;
    for hours in [-3_i64, 5] {
        let wrong = database_time(&client).await? + jiff::SignedDuration::from_hours(hours);
        let base = testkit::Clock::starting(wrong);
        let clock =
            CalibratedClock::start(&database.store, Arc::new(base.clone()), CancellationToken::new()).await?;
        let off = clock.now().duration_since(database_time(&client).await?).unsigned_abs();
        ensure!(off < Duration::from_secs(60), "{off:?} from the database's time");
        let skew = clock.skew() - jiff::SignedDuration::from_hours(hours);
        ensure!(skew.unsigned_abs() < Duration::from_secs(60), "{:?} is shown", clock.skew());
        // A step of the wall clock is noticed, and moves nothing.
        let before = clock.now();
        base.set(base.now() - jiff::SignedDuration::from_hours(1));
        assert_eq!(clock.now(), before);
    }
    Ok(())
}

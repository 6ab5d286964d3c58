//! What transactions and the pool report.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use domain::{FailureClass, SystemClock};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_prometheus_text_exporter::PrometheusExporter;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use store::{Measure, Settings, Store, StoreError};
use tokio::sync::Notify;

/// A store with one connection, and the page of its metrics.
struct Measured {
    store: Store,
    page: PrometheusExporter,
    _provider: SdkMeterProvider,
}

impl Measured {
    async fn new(database: &testkit::TestDatabase) -> Result<Self> {
        let page = PrometheusExporter::builder().without_scope_info().build();
        let provider = SdkMeterProvider::builder().with_reader(page.clone()).build();
        let clock = Arc::new(SystemClock::start());
        let mut settings = Settings::new(&database.url);
        settings.pool_size = 1;
        settings.timeouts.pool = Duration::from_millis(50);
        settings.measure = Some(Measure { meter: provider.meter("test"), clock });
        let store = Store::connect(settings, testkit::entropy(1)).await?;
        Ok(Self { store, page, _provider: provider })
    }

    /// The value of the only sample with this name and these labels.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
        let mut text = Vec::new();
        self.page.export(&mut text)?;
        let text = String::from_utf8(text)?;
        let mut found = text.lines().filter(|line| {
            line.split(['{', ' ']).next() == Some(name)
                && labels.iter().all(|(key, value)| line.contains(&format!("{key}=\"{value}\"")))
        });
        let line = found.next();
        ensure!(found.next().is_none(), "{name} {labels:?} is there twice:\n{text}");
        let value = line.and_then(|line| line.rsplit(' ').next());
        Ok(value.ok_or_else(|| anyhow::anyhow!("{name} {labels:?} is not there:\n{text}"))?.parse()?)
    }

    fn transactions(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
        let labels = [&[("db_operation_name", name), ("db_system_name", "postgresql")], labels].concat();
        self.value("db_client_operation_duration_seconds_count", &labels)
    }
}

#[tokio::test]
async fn a_transaction_reports_its_outcome_and_retries_by_name() -> Result<()> {
    let database = testkit::empty_database().await;
    let measured = Measured::new(&database).await?;
    measured.store.transaction("fine", |tx| Box::pin(tx.query("select 1 as one", &[]))).await?;
    let declined: Result<()> = measured
        .store
        .transaction("declined", |_| Box::pin(async { anyhow::bail!("the caller's own reason") }))
        .await;
    ensure!(declined.is_err());
    let tries = AtomicU32::new(0);
    let tries = &tries;
    measured
        .store
        .transaction("contended", |tx| {
            Box::pin(async move {
                if tries.fetch_add(1, Ordering::Relaxed) < 2 {
                    let conflict = "do $$ begin raise exception 'again' using errcode = '40001'; end $$";
                    tx.execute(conflict, &[]).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await?;
    let wrong: Result<Vec<_>, StoreError> =
        measured.store.transaction("wrong", |tx| Box::pin(tx.query("select 1 / 0 as one", &[]))).await;
    ensure!(wrong.is_err());

    assert_eq!(measured.transactions("fine", &[("outcome", "committed")])?, 1.0);
    assert_eq!(measured.transactions("declined", &[("outcome", "rolled_back")])?, 1.0);
    assert_eq!(measured.transactions("contended", &[("outcome", "committed")])?, 1.0);
    let refused = [("outcome", "failed"), ("error_type", "refused")];
    assert_eq!(measured.transactions("wrong", &refused)?, 1.0);
    let retries = |name| measured.value("store_transaction_retries_total", &[("db_operation_name", name)]);
    assert_eq!((retries("fine")?, retries("contended")?), (0.0, 2.0));
    Ok(())
}

#[tokio::test]
async fn failures_and_timeouts_are_zero_from_the_start_and_counted_by_reason() -> Result<()> {
    let database = testkit::empty_database().await;
    let measured = Measured::new(&database).await?;
    let failures = |reason| measured.value("store_transaction_failures_total", &[("error_type", reason)]);
    for reason in ["conflict", "pool_busy", "unreachable", "timeout", "refused", "unexpected", "cancelled"] {
        assert_eq!(failures(reason)?, 0.0, "{reason}");
    }
    let timeouts = || measured.value("db_client_connection_timeouts_total", &[]);
    assert_eq!(timeouts()?, 0.0);

    let held = Notify::new();
    let noticed = &held;
    let forgotten = measured.store.transaction("forgotten", |tx| {
        Box::pin(async move {
            tx.query("select 1 as one", &[]).await?;
            noticed.notify_one();
            std::future::pending::<Result<(), StoreError>>().await
        })
    });
    let late = async {
        held.notified().await;
        let used = measured.value("db_client_connection_count", &[("db_client_connection_state", "used")]);
        (used, measured.store.ping().await)
    };
    let (used, busy) = tokio::select! {
        _ = forgotten => unreachable!("it waits for ever"),
        seen = late => seen,
    };
    assert_eq!(used?, 1.0);
    ensure!(matches!(busy, Err(StoreError::PoolBusy)), "{busy:?}");
    assert_eq!((failures("pool_busy")?, timeouts()?), (1.0, 1.0));
    assert_eq!(measured.transactions("ping", &[("error_type", "pool_busy")])?, 1.0);
    assert_eq!((failures("cancelled")?, failures("refused")?), (1.0, 0.0));
    // At the start, for `forgotten`, and for `ping` in vain.
    assert_eq!(measured.value("db_client_connection_wait_time_seconds_count", &[])?, 3.0);
    assert_eq!(measured.value("db_client_connection_max", &[])?, 1.0);
    Ok(())
}

/// What fails although the server refused nothing.
#[derive(Debug, thiserror::Error)]
enum Declined {
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[tokio::test]
async fn unexpected_rows_and_values_are_failures_of_their_own() -> Result<()> {
    let database = testkit::empty_database().await;
    let measured = Measured::new(&database).await?;
    let failed = |name| measured.transactions(name, &[("outcome", "failed"), ("error_type", "unexpected")]);

    let none: Result<_, StoreError> = measured
        .store
        .transaction("no_row", |tx| Box::pin(tx.query_one("select 1 as one where false", &[])))
        .await;
    ensure!(matches!(none, Err(StoreError::NoRow)), "{none:?}");
    assert_eq!(failed("no_row")?, 1.0);

    let two: Result<(), Declined> = measured
        .store
        .transaction("two_rows", |tx| {
            Box::pin(async move { Ok(tx.execute_exactly(1, "select generate_series(1, 2)", &[]).await?) })
        })
        .await;
    ensure!(matches!(two, Err(Declined::Store(StoreError::RowCount { .. }))), "{two:?}");
    assert_eq!(failed("two_rows")?, 1.0);

    let misread: Result<i32, Declined> = measured
        .store
        .transaction("misread", |tx| {
            Box::pin(async move { Ok(tx.query_one("select 'x'::text as one", &[]).await?.get("one")?) })
        })
        .await;
    ensure!(misread.is_err());
    assert_eq!(failed("misread")?, 1.0);

    let unparsed: Result<(), StoreError> = measured
        .store
        .transaction("unparsed", |_| {
            let (table, column, reason) = ("jobs".to_owned(), "asked".to_owned(), "no JSON".to_owned());
            Box::pin(async { Err(StoreError::Row { table, column, reason }) })
        })
        .await;
    ensure!(unparsed.is_err());
    assert_eq!(failed("unparsed")?, 1.0);
    assert_eq!(measured.value("store_transaction_failures_total", &[("error_type", "unexpected")])?, 4.0);
    Ok(())
}

#[tokio::test]
async fn a_timeout_of_the_server_is_a_transient_failure_of_its_own() -> Result<()> {
    let database = testkit::empty_database().await;
    let measured = Measured::new(&database).await?;
    let late: Result<(), StoreError> = measured
        .store
        .transaction("late", |tx| {
            Box::pin(async move {
                tx.execute("set local statement_timeout = '20ms'", &[]).await?;
                tx.execute("select pg_sleep(5)", &[]).await.map(drop)
            })
        })
        .await;
    assert_eq!(late.expect_err("it was too slow").class(), FailureClass::Transient);
    assert_eq!(measured.transactions("late", &[("outcome", "failed"), ("error_type", "timeout")])?, 1.0);
    Ok(())
}

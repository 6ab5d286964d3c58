//! Named transactions, retried after the server aborted them because of a conflict.

use std::{
    any::Any,
    marker::PhantomData,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{Client, Object};
use domain::Backoff;
use tokio_postgres::{Statement, types::ToSql};

use crate::{
    Row, Store, StoreError,
    postgres::{
        metrics::{Fault, Outcome, Running},
        pool::Inner,
        row::Query,
    },
};

/// How often to try a transaction that conflicts with others.
const TRIES: u32 = 5;
/// How long to wait between tries.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(500) };

/// The return type of a transaction's closure: `Box::pin(async move { … })`.
pub type Work<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// An open transaction. `'env` is the lifetime of what its closure borrows.
pub struct Transaction<'env> {
    inner: Arc<Inner>,
    lease: Lease,
    /// Why the first statement failed. The server will not commit.
    failed: OnceLock<Fault>,
    /// The refusal was a conflict with another transaction.
    conflict: AtomicBool,
    /// The refusal may be the connection's fault.
    spoiled: AtomicBool,
    /// The transaction's name.
    name: &'static str,
    /// A row or value was not what the program expects.
    unexpected: Arc<AtomicBool>,
    env: PhantomData<&'env ()>,
}

impl Store {
    /// Runs `work` in a transaction. Commits if `work` succeeds; otherwise rolls back.
    ///
    /// The isolation level is *read committed*: code that decides on rows it has read must lock them (`for update`,
    /// `for share`). `work` runs again, up to five times in all, only if the server aborted it with SQLSTATE 40001
    /// or 40P01 (a conflict, a deadlock). So it must have no effects outside the transaction. The server shows
    /// `name` as part of the connection's `application_name` while the transaction is open.
    ///
    /// The closure may borrow its environment: `store.transaction("name", |tx| Box::pin(async move { … })).await`.
    /// It is not an async closure, because the compiler cannot yet prove that a future containing one is `Send`.
    pub async fn transaction<'env, T, E>(
        &self,
        name: &'static str,
        work: impl for<'t> Fn(&'t Transaction<'env>) -> Work<'t, T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + 'static,
    {
        let mut running = Running::new(self.inner.metrics.as_ref(), name);
        loop {
            match self.attempt(name, &work).await {
                Err(Ended { outcome: Outcome::Failed(Fault::Conflict), .. })
                    if running.retries + 1 < TRIES =>
                {
                    let wait = BACKOFF.wait(running.retries, self.inner.entropy.fraction());
                    running.retries += 1;
                    tracing::debug!(transaction = name, retries = running.retries, ?wait, "conflict; again");
                    tokio::time::sleep(wait).await;
                }
                Err(Ended { error, outcome }) => {
                    running.ends(outcome);
                    return Err(error);
                }
                Ok(value) => {
                    running.ends(Outcome::Committed);
                    return Ok(value);
                }
            }
        }
    }

    async fn attempt<'env, T, E: From<StoreError> + 'static>(
        &self,
        name: &'static str,
        work: &impl for<'t> Fn(&'t Transaction<'env>) -> Work<'t, T, E>,
    ) -> Result<T, Ended<E>> {
        let inner = &self.inner;
        let client = inner.connection().await.map_err(Ended::failed)?;
        let tx = Transaction {
            inner: Arc::clone(inner),
            lease: Lease(Some(client)),
            failed: OnceLock::new(),
            conflict: AtomicBool::new(false),
            spoiled: AtomicBool::new(false),
            name,
            unexpected: Arc::default(),
            env: PhantomData,
        };
        let client = tx.lease.client();
        let label = format!("{}:{name}", inner.application).replace('\'', "");
        let begin = format!("begin isolation level read committed; set local application_name = '{label}'");
        inner.answered(client.batch_execute(&begin)).await.map_err(Ended::failed)?;

        let outcome = work(&tx).await;
        let fault = tx.failed.get().copied();
        match (outcome, fault) {
            // A refused commit has rolled back. Nothing should be left open, but that is checked here and not by the
            // next caller.
            (Ok(value), None) => {
                inner.answered(client.batch_execute("commit")).await.map_err(Ended::failed)?;
                tx.lease.give_back();
                Ok(value)
            }
            (outcome, fault) => {
                let conflict = tx.conflict.load(Ordering::Relaxed).then_some(Fault::Conflict);
                let error =
                    outcome.err().unwrap_or_else(|| StoreError::FailureIgnored { transaction: name }.into());
                // Without a reply to the rollback the connection is unusable and is dropped with its transaction.
                let spoiled = tx.spoiled.load(Ordering::Relaxed) || client.is_closed();
                if !spoiled && inner.answered(client.batch_execute("rollback")).await.is_ok() {
                    tx.lease.give_back();
                }
                let unexpected = tx.unexpected.load(Ordering::Relaxed) || is_unexpected(&error);
                let fault = conflict.or(fault).or(unexpected.then_some(Fault::Unexpected));
                let outcome = fault.map_or(Outcome::RolledBack, Outcome::Failed);
                Err(Ended { error, outcome })
            }
        }
    }
}

/// Whether the work's error is one of unexpected rows or values. Those wrapped in another error are known from the
/// transaction itself.
fn is_unexpected<E: 'static>(error: &E) -> bool {
    (error as &dyn Any).downcast_ref().is_some_and(StoreError::is_unexpected)
}

/// How an unsuccessful attempt ended.
struct Ended<E> {
    error: E,
    outcome: Outcome,
}

impl<E: From<StoreError>> Ended<E> {
    /// By a failure outside the work's own statements.
    fn failed(error: StoreError) -> Self {
        Self { outcome: Outcome::Failed(Fault::of(&error)), error: error.into() }
    }
}

/// A connection with an open transaction. On drop (e.g. with the future that holds it) the connection is closed
/// instead of going back to the pool, and the server rolls back.
struct Lease(Option<Client>);

impl Lease {
    fn client(&self) -> &Client {
        self.0.as_ref().expect("only give_back and drop take the client, and both end the lease")
    }

    /// The transaction is over: the connection goes back to the pool.
    fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

impl Transaction<'_> {
    /// If this transaction fails, its connection does not go back to the pool.
    pub(crate) fn spoil(&self) {
        self.spoiled.store(true, Ordering::Relaxed);
    }

    /// Runs a statement and returns the number of affected rows.
    pub async fn execute(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let statement = self.prepared(sql).await?;
        self.noted(self.inner.answered(self.lease.client().execute(&statement, parameters)).await)
    }

    /// Runs a statement that must affect exactly this number of rows.
    pub async fn execute_exactly(
        &self,
        expected: u64,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<(), StoreError> {
        let found = self.execute(sql, parameters).await?;
        if found == expected { Ok(()) } else { Err(self.surprised(StoreError::RowCount { expected, found })) }
    }

    /// Returns all rows of a query.
    pub async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(sql).await?;
        let rows =
            self.noted(self.inner.answered(self.lease.client().query(&statement, parameters)).await)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (transaction, unexpected) = (self.name, Arc::clone(&self.unexpected));
        let query = Arc::new(Query { transaction, sql: sql.to_owned(), unexpected });
        Ok(rows.into_iter().map(|values| Row { values, query: Arc::clone(&query) }).collect())
    }

    /// Returns the only row of a query, if there is one.
    pub async fn query_opt(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, parameters).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(self.surprised(StoreError::RowCount { expected: 1, found: found as u64 })),
        }
    }

    /// Returns the only row of a query, or [`StoreError::NoRow`].
    pub async fn query_one(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row, StoreError> {
        self.query_opt(sql, parameters).await?.ok_or_else(|| self.surprised(StoreError::NoRow))
    }

    /// Wakes the listeners on `channel` when this transaction commits.
    pub async fn notify(&self, channel: &str) -> Result<(), StoreError> {
        self.execute("select pg_notify($1, '')", &[&channel]).await.map(drop)
    }

    async fn prepared(&self, sql: &str) -> Result<Statement, StoreError> {
        self.noted(self.inner.answered(self.lease.client().prepare_cached(sql)).await)
    }

    fn surprised(&self, error: StoreError) -> StoreError {
        self.unexpected.store(true, Ordering::Relaxed);
        error
    }

    /// Records whether the server has failed this transaction, and why.
    fn noted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &answer {
            // Later ones follow from the first.
            let _ = self.failed.set(Fault::of(error));
            self.conflict.fetch_or(error.is_conflict(), Ordering::Relaxed);
            self.spoiled.fetch_or(error.spoils_connection(), Ordering::Relaxed);
        }
        answer
    }
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transaction")
    }
}

//! The tables' versions.

use refinery::Runner;

use crate::{Store, StoreError, postgres::error::chain};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Whoever migrates holds this advisory lock of the database; the number means nothing.
const LOCK: i64 = 0x6b61_7365_7961_0001;

impl Store {
    /// Brings the tables to the version this program knows. Any number of programs may do so at once: one works, the
    /// others wait and find nothing to do. Needs a direct connection, no pooler that shares sessions.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let (mut client, connection) = self.inner.own_connection().await?;
        let connection = tokio::spawn(connection);
        // Waiting for another program, or for an index on a big table, takes as long as it takes. Waiting for a lock on
        // a table does not: everybody else would queue up behind us.
        client.batch_execute("set statement_timeout = 0; set lock_timeout = 0").await?;
        client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
        client.batch_execute("set lock_timeout = '10s'").await?;
        let report = runner().run_async(&mut client).await;
        // The session's end gives the lock back, whatever happened.
        drop(client);
        // An error of the connection has already been told by the statement it broke.
        let _ = connection.await;
        let report = report.map_err(|error| StoreError::Migration { reason: chain(&error) })?;
        for migration in report.applied_migrations() {
            tracing::info!(migration = %migration, "applied");
        }
        Ok(())
    }

    /// The newest migration that was applied.
    pub async fn schema_version(&self) -> Result<Option<i32>, StoreError> {
        self.transaction("schema_version", |tx| {
            Box::pin(async move {
                let exists = tx
                    .query_one("select to_regclass('refinery_schema_history') is not null as exists", &[])
                    .await?;
                if !exists.get::<bool>("exists")? {
                    return Ok(None);
                }
                tx.query_one("select max(version) as version from refinery_schema_history", &[])
                    .await?
                    .get("version")
            })
        })
        .await
    }

    /// Refuses to go on with tables older than this program. Newer ones are accepted: while a new version is rolled
    /// out, programs of the old one still start.
    pub async fn require_current_schema(&self) -> Result<(), StoreError> {
        let needed = newest();
        let found = self.schema_version().await?;
        if found.is_some_and(|found| found >= needed) {
            Ok(())
        } else {
            Err(StoreError::SchemaTooOld { found, needed })
        }
    }
}

fn runner() -> Runner {
    embedded::migrations::runner()
}

fn newest() -> i32 {
    runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

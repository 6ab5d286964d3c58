//! Schema versions: numbered migrations, which are append-only, and the definitions next to the modules that use
//! them.

use std::error::Error;

use tokio_postgres::Client;

use crate::{
    Store, StoreError,
    postgres::{
        error::chain,
        schema::{DEFINITIONS, migrations},
    },
};

/// The name of the first migration. Databases made before it have another one under its number.
const BASELINE: &str = "names";

/// The migrating program holds this advisory lock of the database. The number has no meaning.
pub(crate) const LOCK: i64 = 0x6b61_7365_7961_0001;

/// What a migration found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrated {
    /// The tables are those of this program.
    Current,
    /// The tables are those of a newer program, and stay as they are.
    Newer,
}

impl Store {
    /// Brings the tables to the version this program knows. Any number of programs may call this at once: one works,
    /// the others wait and find nothing to do. Needs a direct connection, not a pooler that shares sessions.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        let (mut client, connection) = self.inner.own_connection().await?;
        let connection = tokio::spawn(connection);
        // Waiting for another program, or for an index on a big table, may take any time. Waiting for a lock on a
        // table may not: everything else would queue up behind us.
        client.batch_execute("set statement_timeout = 0; set lock_timeout = 0").await?;
        client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
        client.batch_execute("set lock_timeout = '10s'").await?;
        let applied = apply(&mut client).await;
        // Ending the session releases the lock, whatever happened.
        drop(client);
        // The statement that the connection error broke has already reported it.
        let _ = connection.await;
        applied.map_err(|error| StoreError::Migration { reason: chain(&*error) })
    }

    /// The migration that the tables and all definitions are at; `None` before that is reached once.
    pub async fn schema_version(&self) -> Result<Option<i32>, StoreError> {
        self.transaction("schema_version", |tx| {
            Box::pin(async move {
                let exists =
                    tx.query_one("select to_regclass('definitions') is not null as exists", &[]).await?;
                if !exists.get::<bool>("exists")? {
                    return Ok(None);
                }
                let version = tx.query_opt("select version from definitions", &[]).await?;
                version.map(|row| row.get("version")).transpose()
            })
        })
        .await
    }

    /// Refuses tables older than this program. Newer tables are accepted, because programs of the old version still
    /// start while a new version is rolled out.
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

async fn apply(client: &mut Client) -> Result<Migrated, Box<dyn Error + Send + Sync>> {
    let newest = newest();
    let is_newer = newest_applied(client).await?.is_some_and(|applied| applied > newest);
    // A newer program's migrations are unknown here. Without one, each known migration up to the newest applied must be there.
    let runner = migrations::runner().set_abort_missing(!is_newer);
    let report = runner.run_async(client).await?;
    for migration in report.applied_migrations() {
        tracing::info!(migration = %migration, "applied");
    }
    if is_newer {
        return Ok(Migrated::Newer);
    }
    let all = DEFINITIONS.concat();
    let tx = client.transaction().await?;
    let known = "select from definitions where version = $1 and checksum = sha256(convert_to($2, 'UTF8'))";
    if tx.query_opt(known, &[&newest, &all]).await?.is_none() {
        for definition in DEFINITIONS {
            tx.batch_execute(definition).await?;
        }
        // With the same commit: a program that finds this row finds them all.
        let keep = "insert into definitions (version, checksum) values ($1, sha256(convert_to($2, 'UTF8')))
                    on conflict (only_row) do update set version = excluded.version, checksum = excluded.checksum";
        tx.execute(keep, &[&newest, &all]).await?;
        tracing::info!(version = newest, "defined");
    }
    tx.commit().await?;
    Ok(Migrated::Current)
}

/// The newest migration applied, also one that this program does not know; `None` for a database without any.
async fn newest_applied(client: &Client) -> Result<Option<i32>, Box<dyn Error + Send + Sync>> {
    let history = "select to_regclass('refinery_schema_history') is not null";
    if !client.query_one(history, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let first = client.query_opt("select name from refinery_schema_history where version = 1", &[]).await?;
    if first.is_some_and(|row| row.get::<_, String>(0) != BASELINE) {
        return Err("this database was made before the tables had their baseline, and cannot be upgraded: \
                    create it again"
            .into());
    }
    Ok(client.query_one("select max(version) from refinery_schema_history", &[]).await?.get(0))
}

fn newest() -> i32 {
    let runner = migrations::runner();
    runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

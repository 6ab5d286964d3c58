//! Schema versions: numbered migrations, which are append-only, and the definitions next to the modules that use
//! them.

use std::error::Error;

use refinery::Runner;
use tokio_postgres::Client;

use crate::{Store, StoreError, postgres::error::chain};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Views, functions and triggers. Each file runs again whenever it has changed, after the numbered migrations. Later
/// files may use earlier ones.
const REPEATABLE: &[(&str, &str)] = &[
    ("postgres/partner_changes", include_str!("partner_changes.sql")),
    ("settings/mapped_targets", include_str!("../settings/mapped_targets.sql")),
    ("settings/must_reread", include_str!("../settings/must_reread.sql")),
    ("counts/provider_is_final", include_str!("../counts/provider_is_final.sql")),
    ("counts/frozen_counts", include_str!("../counts/frozen_counts.sql")),
    ("kaseya/places", include_str!("../kaseya/places.sql")),
    ("kaseya/zones", include_str!("../kaseya/zones.sql")),
    ("statuses/standings", include_str!("../statuses/standings.sql")),
    ("statuses/waiting_for_sync", include_str!("../statuses/waiting_for_sync.sql")),
];

/// The migrating program holds this advisory lock of the database. The number has no meaning.
const LOCK: i64 = 0x6b61_7365_7961_0001;

impl Store {
    /// Brings the tables to the version this program knows. Any number of programs may call this at once: one works,
    /// the others wait and find nothing to do. Needs a direct connection, not a pooler that shares sessions.
    pub async fn migrate(&self) -> Result<(), StoreError> {
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

    /// The newest migration applied; `None` for a database without any.
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

/// Tables newer than this program knows are left as they are.
fn runner() -> Runner {
    embedded::migrations::runner().set_abort_missing(false)
}

async fn apply(client: &mut Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    let report = runner().run_async(client).await?;
    for migration in report.applied_migrations() {
        tracing::info!(migration = %migration, "applied");
    }
    let row = client.query_one("select max(version) from refinery_schema_history", &[]).await?;
    if row.get::<_, Option<i32>>(0).is_some_and(|version| version > newest()) {
        tracing::info!("the tables are those of a newer program: nothing is changed");
        return Ok(());
    }
    let tx = client.transaction().await?;
    for (name, sql) in REPEATABLE {
        let known =
            "select from repeatable_migrations where name = $1 and checksum = sha256(convert_to($2, 'UTF8'))";
        if tx.query_opt(known, &[name, sql]).await?.is_some() {
            continue;
        }
        tx.batch_execute(sql).await?;
        let keep =
            "insert into repeatable_migrations (name, checksum) values ($1, sha256(convert_to($2, 'UTF8')))
                    on conflict (name) do update set checksum = excluded.checksum";
        tx.execute(keep, &[name, sql]).await?;
        tracing::info!(name, "defined");
    }
    Ok(tx.commit().await?)
}

fn newest() -> i32 {
    runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

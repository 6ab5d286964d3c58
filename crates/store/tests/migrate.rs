//! Migrations on a real Postgres.

use anyhow::{Result, ensure};
use store::StoreError;

#[tokio::test]
async fn four_programs_that_migrate_at_once_do_it_once() -> Result<()> {
    let database = testkit::empty_database().await;
    assert_eq!(database.store.schema_version().await?, None);
    let mut programs = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = database.another_store().await;
        programs.spawn(async move { store.migrate().await });
    }
    while let Some(outcome) = programs.join_next().await {
        outcome??;
    }
    database.store.require_current_schema().await?;
    let row = database
        .client()
        .await
        .query_one("select count(*), count(distinct version), max(version) from refinery_schema_history", &[])
        .await?;
    let (applied, versions, newest): (i64, i64, i32) = (row.get(0), row.get(1), row.get(2));
    ensure!(applied > 0 && applied == versions, "{applied} applied, {versions} versions");
    assert_eq!(database.store.schema_version().await?, Some(newest));
    Ok(())
}

#[tokio::test]
async fn a_program_refuses_tables_older_than_itself_and_accepts_newer_ones() -> Result<()> {
    let database = testkit::empty_database().await;
    let refusal = database.store.require_current_schema().await.expect_err("there are no tables");
    ensure!(matches!(refusal, StoreError::SchemaTooOld { found: None, .. }), "{refusal:?}");

    let database = testkit::database().await;
    database.store.require_current_schema().await?;
    let newest = database.store.schema_version().await?;
    let client = database.client().await;
    let version = newest.unwrap_or_default() + 1;
    client
        .execute(
            "insert into refinery_schema_history (version, name, applied_on, checksum)
             values ($1, 'of a newer program', '2026-11-30T00:00:00Z', '0')",
            &[&version],
        )
        .await?;
    database.store.require_current_schema().await?;

    client.execute("delete from refinery_schema_history where version >= $1", &[&(version - 1)]).await?;
    let refusal = database.store.require_current_schema().await.expect_err("the newest is missing");
    ensure!(matches!(refusal, StoreError::SchemaTooOld { .. }), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn an_edited_migration_is_refused() -> Result<()> {
    let database = testkit::database().await;
    let edited = "update refinery_schema_history set checksum = '1' where version = 1";
    assert_eq!(database.client().await.execute(edited, &[]).await?, 1);
    let refusal = database.store.migrate().await.expect_err("what was applied is not what is known");
    ensure!(matches!(refusal, StoreError::Migration { .. }), "{refusal:?}");
    Ok(())
}

/// Automatic analyze looks names up in pg_catalog alone, and tells nobody but Postgres's log what it does not find.
#[tokio::test]
async fn automatic_analyze_understands_every_table() -> Result<()> {
    let database = testkit::database().await;
    let client = database.client().await;
    client
        .batch_execute(
            "insert into partners (partner_id, name, count_zone) values ('p', 'P', 'UTC');
             insert into companies (partner_id, company_id, name) values ('p', 'c', 'Caffè');
             insert into products (partner_id, product_id, name) values ('p', 's', 'S');
             insert into company_mappings values ('p', 'c', 1, 'Caffè', 2, 'Écrins', 1, '2026-11-30T00:00:00Z');
             insert into company_product_contracts values ('p', 'c', 's', 3, 'Ölmühle');
             set search_path = pg_catalog",
        )
        .await?;
    let tables = client.query("select oid::regclass::text from pg_class where relkind = 'r'", &[]).await?;
    ensure!(tables.len() > 50, "{}", tables.len());
    for table in tables {
        let table: String = table.get(0);
        client.batch_execute(&format!("analyze {table}")).await?;
    }
    let folded: String = client.query_one("select public.folded('CAFFÈ')", &[]).await?.get(0);
    assert_eq!(folded, "caffe");
    // What generated columns and checks call, a restore calls so too.
    let called = "select public.called_hosts('bms.kaseya.com', 'https://api.bms.kaseya.com/', 'https://v1.example.com/api')";
    let called: String = client.query_one(called, &[]).await?.get(0);
    assert_eq!(called, "bms.kaseya.com v1.example.com");
    let plain: String = client.query_one("select public.plain_name(' ACME  msp')", &[]).await?.get(0);
    assert_eq!(plain, "acme msp");
    Ok(())
}

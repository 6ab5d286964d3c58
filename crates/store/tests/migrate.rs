//! Migrations on a real Postgres.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, bail, ensure};
use store::{Migrated, StoreError};

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

    client.batch_execute("update definitions set version = version - 1").await?;
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

#[tokio::test]
async fn a_definition_that_has_changed_is_run_again() -> Result<()> {
    let database = testkit::database().await;
    let client = database.client().await;
    client
        .batch_execute(
            "create or replace function kaseya_zone(whose text) returns text stable language sql as $$ select 'edited' $$;
             update definitions set checksum = '\\x00'",
        )
        .await?;
    let zone = "select kaseya_zone('nobody')";
    assert_eq!(client.query_one(zone, &[]).await?.get::<_, Option<String>>(0).as_deref(), Some("edited"));
    database.store.migrate().await?;
    assert_eq!(client.query_one(zone, &[]).await?.get::<_, Option<String>>(0), None);
    Ok(())
}

/// An older program that migrates concurrently with a newer one reverts nothing.
#[tokio::test]
async fn d7_newer_tables_and_definitions_stay_as_they_are() -> Result<()> {
    let database = testkit::database().await;
    let client = database.client().await;
    client
        .batch_execute(
            "insert into refinery_schema_history (version, name, applied_on, checksum)
             values (10000, 'of a newer program', '2026-11-30T00:00:00Z', '0');
             create or replace function kaseya_zone(whose text) returns text stable language sql as $$ select 'newer' $$;
             update definitions set checksum = '\\x00'",
        )
        .await?;
    assert_eq!(database.store.migrate().await?, Migrated::Newer);
    database.store.require_current_schema().await?;
    let zone = client.query_one("select kaseya_zone('nobody')", &[]).await?;
    assert_eq!(zone.get::<_, Option<String>>(0).as_deref(), Some("newer"));
    Ok(())
}

/// Tables without their triggers would keep edited rows green: a service starts only once the definitions are there.
#[tokio::test]
async fn a_program_waits_for_the_definitions_too() -> Result<()> {
    let database = testkit::database().await;
    database.client().await.batch_execute("delete from definitions").await?;
    let refusal = database.store.require_current_schema().await.expect_err("nothing says what is defined");
    ensure!(matches!(refusal, StoreError::SchemaTooOld { found: None, .. }), "{refusal:?}");
    assert_eq!(database.store.migrate().await?, Migrated::Current);
    database.store.require_current_schema().await?;
    Ok(())
}

#[tokio::test]
async fn a_migration_that_was_left_out_is_refused() -> Result<()> {
    let database = testkit::database().await;
    let gap = "delete from refinery_schema_history where version = 5";
    assert_eq!(database.client().await.execute(gap, &[]).await?, 1);
    let refusal = database.store.migrate().await.expect_err("one below the newest is missing");
    ensure!(matches!(refusal, StoreError::Migration { .. }), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn a_database_from_before_the_baseline_is_refused_in_plain_words() -> Result<()> {
    let database = testkit::empty_database().await;
    database
        .client()
        .await
        .batch_execute(
            "create table refinery_schema_history (version integer primary key, name text, applied_on text, checksum text);
             insert into refinery_schema_history values (1, 'settings', '2026-11-29T00:00:00Z', '1'),
                                                        (160, 'security_events', '2026-11-30T00:00:00Z', '2')",
        )
        .await?;
    let refusal = database.store.require_current_schema().await.expect_err("these are other tables");
    ensure!(matches!(refusal, StoreError::SchemaTooOld { .. }), "{refusal:?}");
    let refusal = database.store.migrate().await.expect_err("there is no way from there").to_string();
    ensure!(refusal.contains("create it again"), "{refusal}");
    Ok(())
}

/// The `.sql` files below a folder.
fn definitions(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(definitions(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(found)
}

#[test]
fn every_definition_is_run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (files, source) = (definitions(&root)?, std::fs::read_to_string(root.join("postgres/schema.rs"))?);
    ensure!(files.len() > 5, "{files:?}");
    for file in files {
        ensure!(source.contains(&file), "{file} is not in the list of definitions in postgres/schema.rs");
    }
    Ok(())
}

/// A released migration is applied somewhere: it is never edited and never removed. `released.sha256` lists it, in
/// the format of `sha256sum`.
#[tokio::test]
async fn migrations_are_only_added() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let database = testkit::database().await;
    let client = database.client().await;
    let listed = std::fs::read_to_string(folder.join("released.sha256"))?;
    let mut listed: BTreeMap<&str, &str> =
        listed.lines().filter_map(|line| line.split_once("  ")).map(|(hash, name)| (name, hash)).collect();
    for file in std::fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.path()) {
        if file.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read(&file)?;
        let hash: String = client.query_one("select encode(sha256($1), 'hex')", &[&text]).await?.get(0);
        match listed.remove(name.as_str()) {
            Some(known) => ensure!(known == hash, "{name} was edited: put it back, and add a migration"),
            None => bail!("{name} is not in released.sha256: add the line `{hash}  {name}`"),
        }
    }
    let defined = "select version, encode(checksum, 'hex') from definitions";
    let defined = client.query_one(defined, &[]).await?;
    let (version, hash): (i32, String) = (defined.get(0), defined.get(1));
    let name = format!("definitions of V{version}");
    ensure!(
        listed.get(name.as_str()) == Some(&hash.as_str()),
        "views, functions or triggers have changed: add a migration after V{version}, empty if need be, and its line \
         `{hash}  definitions of Vn`"
    );
    listed.retain(|name, _| !name.starts_with("definitions of V"));
    ensure!(listed.is_empty(), "these migrations are gone: {listed:?}");
    Ok(())
}

/// Automatic analyze looks names up in pg_catalog only, and reports missing ones only in Postgres's log.
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
    // A restore calls the functions of generated columns and checks in the same way.
    let called = "select public.called_hosts('bms.kaseya.com', 'https://api.bms.kaseya.com/', 'https://v1.example.com/api')";
    let called: String = client.query_one(called, &[]).await?.get(0);
    assert_eq!(called, "bms.kaseya.com v1.example.com");
    let plain: String = client.query_one("select public.plain_name(' ACME  msp')", &[]).await?.get(0);
    assert_eq!(plain, "acme msp");
    Ok(())
}

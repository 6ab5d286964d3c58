//! Each program's database role does its program's work and nothing else.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use local_postgres::Options;
use secrecy::SecretString;
use store::{DatabaseRole, RoleLogin, Settings, Store, StoreError};
use testkit::TestDatabase;

/// The SQLSTATE with which a statement of this role is refused; `None` if it is not.
async fn refusal(database: &TestDatabase, role: DatabaseRole, sql: &str) -> Result<Option<String>> {
    let (client, connection) = tokio_postgres::connect(&database.url_as(role), tokio_postgres::NoTls)
        .await
        .context("a connection")?;
    tokio::spawn(connection);
    let refused = client.batch_execute(&format!("begin; {sql}; rollback")).await.err();
    Ok(refused.and_then(|error| error.code().map(|code| code.code().to_owned())))
}

/// This role lacks the right for the statement.
async fn lacks_the_right(database: &TestDatabase, role: DatabaseRole, sql: &str) -> Result<()> {
    let refused = refusal(database, role, sql).await?;
    ensure!(refused.as_deref() == Some("42501"), "{role:?} {sql}: {refused:?}");
    Ok(())
}

#[tokio::test]
async fn case_f4_the_portals_role_reaches_neither_ledger_nor_journal() -> Result<()> {
    let database = testkit::database().await;
    for sql in [
        "insert into intents (partner_id) values ('p')",
        "update intents set to_units = 0",
        "delete from intents",
        "update targets set confirmed_units = 0",
        "update targets set claimed_at = null",
        "update targets set service_name = ''",
        "delete from targets",
        "update lines set units = 0",
        "insert into journal (partner_id) values ('p')",
        "update journal set to_units = 0",
        "delete from journal",
        "insert into jobs (partner_id) values ('p')",
        "update jobs set attempt = 0",
        "update runs set mode = 'apply'",
        "update frozen_counts set users = 0",
        "truncate statuses",
        "update installation set writes_stopped = false",
        "update security_events set by_name = ''",
        "delete from security_events",
        "create table ours (partner_id text)",
        "update definitions set version = 0",
    ] {
        lacks_the_right(&database, DatabaseRole::Portal, sql).await?;
    }
    Ok(())
}

#[tokio::test]
async fn case_f4_services_reach_no_sessions_and_only_people_void_what_is_known_of_a_kaseya() -> Result<()> {
    let database = testkit::database().await;
    for role in [DatabaseRole::Scheduler, DatabaseRole::Results] {
        for sql in [
            "select from sessions",
            "select from api_tokens",
            "select from members",
            "select forget_targets('p')",
        ] {
            lacks_the_right(&database, role, sql).await?;
        }
    }
    let allowed = refusal(&database, DatabaseRole::Portal, "select forget_targets('p')").await?;
    ensure!(allowed.is_none(), "{allowed:?}");
    Ok(())
}

/// Otherwise a role could make a table of its own with such a trigger, and so write what it may not.
#[tokio::test]
async fn case_f4_functions_with_the_owners_rights_are_pinned_and_not_for_everybody() -> Result<()> {
    let database = testkit::database().await;
    let sql = "select proname, proconfig::text, has_function_privilege('public', oid, 'execute') from pg_proc
               where prosecdef and pronamespace = 'public'::regnamespace";
    let rows = database.client().await.query(sql, &[]).await?;
    ensure!(rows.len() >= 8, "{}", rows.len());
    for row in rows {
        let (name, settings, is_public): (String, Option<String>, bool) =
            (row.get(0), row.get(1), row.get(2));
        let settings = settings.unwrap_or_default();
        ensure!(settings == r#"{"search_path=public, pg_temp"}"#, "{name}: {settings}");
        ensure!(!is_public, "everybody may call {name}");
    }
    let trigger = "create temp table written (partner_id text, company_id text, contract_id integer);
                   create trigger mine after insert on written for each statement execute function wait_after_mapping()";
    lacks_the_right(&database, DatabaseRole::Portal, trigger).await
}

#[tokio::test]
async fn every_table_stands_in_the_table_of_rights() -> Result<()> {
    let database = testkit::database().await;
    let sql = "select relname::text from pg_class
               where relkind in ('r', 'v') and relnamespace = 'public'::regnamespace
                 and relname <> 'refinery_schema_history'";
    let rows = database.client().await.query(sql, &[]).await?;
    let tables: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let granted: BTreeSet<String> = DatabaseRole::ALL
        .iter()
        .flat_map(|role| role.grants("x", "public"))
        .filter(|grant| grant.contains(" on table "))
        .filter_map(|grant| Some(grant.split("\"public\".").nth(1)?.split(' ').next()?.to_owned()))
        .collect();
    assert_eq!(tables, granted);
    Ok(())
}

/// What was given by hand, or by an older version, does not stay.
#[tokio::test]
async fn migrate_takes_back_what_a_role_should_not_have() -> Result<()> {
    let database = testkit::database().await;
    let name = "kaseya_sync_portal";
    let given = format!("grant all on intents, jobs to {name}; revoke select on partners from {name}");
    database.client().await.batch_execute(&given).await?;
    let delete = "delete from intents";
    ensure!(refusal(&database, DatabaseRole::Portal, delete).await?.is_none());
    let login = RoleLogin { role: DatabaseRole::Portal, name: name.to_owned(), password: None };
    database.store.set_roles(std::slice::from_ref(&login)).await?;
    lacks_the_right(&database, DatabaseRole::Portal, delete).await?;
    assert_eq!(refusal(&database, DatabaseRole::Portal, "select from partners").await?, None);
    let owner = RoleLogin { name: "postgres".to_owned(), ..login };
    let refused = database.store.set_roles(&[owner]).await.expect_err("the owner is no service's role");
    ensure!(matches!(refused, StoreError::Settings { .. }), "{refused:?}");
    Ok(())
}

/// `make-secrets --change` writes the file, `migrate` tells the server: between the two the last password counts.
#[tokio::test]
async fn case_d2_a_roles_password_is_changed_without_downtime() -> Result<()> {
    let server = local_postgres::start(Options::throwaway()).await?;
    let owner = Store::connect(Settings::new(server.url()), testkit::entropy(1)).await?;
    owner.migrate().await?;
    let (client, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let file: String = client.query_one("show hba_file", &[]).await?.get(0);
    std::fs::write(file, "local all postgres trust\nlocal all all scram-sha-256\n")?;
    client.batch_execute("select pg_reload_conf()").await?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("database-url-results");
    let url = |password: &str| {
        server.url().replacen("user=postgres", &format!("user=the%20results&password={password}"), 1)
    };
    let login =
        |password: &str| RoleLogin::from_url(DatabaseRole::Results, &SecretString::from(url(password)));
    testkit::until("the server asks for passwords", async || {
        let connected = Store::connect(Settings::new(url("none")), testkit::entropy(2)).await;
        matches!(connected, Err(StoreError::Database { sqlstate, .. }) if sqlstate == "28P01")
    })
    .await;

    owner.set_roles(&[login("first")?]).await?;
    std::fs::write(&file, url("first"))?;
    let settings = Settings { url_file: Some(file.clone()), ..Settings::new(url("first")) };
    let store = Store::connect(settings, testkit::entropy(3)).await?;
    for password in ["second", "third"] {
        std::fs::write(&file, url(password))?;
        for tells_the_server in [false, true] {
            if tells_the_server {
                owner.set_roles(&[login(password)?]).await?;
            }
            // The next connection is a new one.
            let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'the results'";
            client.batch_execute(end).await?;
            store.require_current_schema().await?;
        }
        // The old one is of no use now.
        let refused = Store::connect(Settings::new(url("first")), testkit::entropy(4)).await;
        ensure!(matches!(refused, Err(StoreError::Database { .. })), "{refused:?}");
    }
    server.stop().await?;
    Ok(())
}

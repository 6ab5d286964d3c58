//! Transactions on a real Postgres: what is retried, what is not, and what a broken connection leaves behind.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use domain::FailureClass;
use local_postgres::Options;
use store::{Settings, Store, StoreError, Timeouts, Transaction};
use testkit::{Proxy, Upstream};
use tokio::sync::Barrier;

/// A table with two rows, for rules that none of our tables has.
async fn two_rows(database: &testkit::TestDatabase) -> Result<()> {
    database
        .client()
        .await
        .batch_execute(
            "create table purses (id int primary key, coins int not null constraint never_in_debt check (coins >= 0));
             insert into purses values (1, 10), (2, 10)",
        )
        .await?;
    Ok(())
}

async fn coins(store: &Store, id: i32) -> Result<i32, StoreError> {
    store
        .transaction("coins", |tx| {
            Box::pin(async move {
                tx.query_one("select coins from purses where id = $1", &[&id]).await?.get("coins")
            })
        })
        .await
}

async fn pay(tx: &Transaction<'_>, id: i32, coins: i32) -> Result<(), StoreError> {
    tx.execute_exactly(1, "update purses set coins = coins + $2 where id = $1", &[&id, &coins]).await
}

#[tokio::test]
async fn a_deadlock_is_tried_again_and_both_transactions_come_through() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    let tries = Arc::new(AtomicU32::new(0));
    // Both hold their first row before either locks its second: Postgres must abort one of them (40P01).
    let both_hold_one = Arc::new(Barrier::new(2));
    let transfer = |from: i32, to: i32| {
        let (store, tries, both_hold_one) = (database.store.clone(), tries.clone(), both_hold_one.clone());
        tokio::spawn(async move {
            let first = AtomicU32::new(1);
            let (tries, both_hold_one, first) = (&tries, &both_hold_one, &first);
            store
                .transaction("transfer", |tx| {
                    Box::pin(async move {
                        tries.fetch_add(1, Ordering::Relaxed);
                        pay(tx, from, -1).await?;
                        if first.swap(0, Ordering::Relaxed) == 1 {
                            both_hold_one.wait().await;
                        }
                        pay(tx, to, 3).await
                    })
                })
                .await
        })
    };
    let (one, other) = (transfer(1, 2), transfer(2, 1));
    one.await??;
    other.await??;
    assert_eq!(tries.load(Ordering::Relaxed), 3, "one of the two ran twice");
    assert_eq!((coins(&database.store, 1).await?, coins(&database.store, 2).await?), (12, 12));
    Ok(())
}

#[tokio::test]
async fn a_serialization_failure_is_tried_again() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    let tries = AtomicU32::new(0);
    let (tries, other) = (&tries, &database.another_store().await);
    database
        .store
        .transaction("repeatable", |tx| {
            Box::pin(async move {
                tx.execute("set transaction isolation level repeatable read", &[]).await?;
                tx.query_one("select coins from purses where id = 1", &[]).await?;
                if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                    // Another transaction changes the row just read: writing it now is SQLSTATE 40001.
                    other.transaction("in between", |tx| Box::pin(pay(tx, 1, 5))).await?;
                }
                pay(tx, 1, 1).await
            })
        })
        .await?;
    assert_eq!(tries.load(Ordering::Relaxed), 2);
    assert_eq!(coins(&database.store, 1).await?, 16);
    Ok(())
}

#[tokio::test]
async fn a_conflict_that_never_ends_is_given_up_and_called_transient() -> Result<()> {
    let database = testkit::empty_database().await;
    let tries = AtomicU32::new(0);
    let tries = &tries;
    let error = database
        .store
        .transaction("hopeless", |tx| {
            Box::pin(async move {
                tries.fetch_add(1, Ordering::Relaxed);
                tx.execute("do $$ begin raise exception 'again' using errcode = '40001'; end $$", &[]).await
            })
        })
        .await
        .expect_err("it never comes through");
    assert_eq!(tries.load(Ordering::Relaxed), 5);
    assert_eq!(error.class(), FailureClass::Transient);
    ensure!(error.to_string().contains("40001"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_violated_constraint_is_named_and_not_tried_again() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    let tries = AtomicU32::new(0);
    let tries = &tries;
    let error = database
        .store
        .transaction("overdraw", |tx| {
            Box::pin(async move {
                tries.fetch_add(1, Ordering::Relaxed);
                pay(tx, 2, 4).await?;
                pay(tx, 1, -4711).await
            })
        })
        .await
        .expect_err("the purse is not that full");
    assert_eq!(tries.load(Ordering::Relaxed), 1);
    assert_eq!(error.constraint(), Some("never_in_debt"));
    assert_eq!(error.class(), FailureClass::Poison, "case_d1: only what the values say");
    ensure!(error.to_string().contains("23514"), "{error}");
    ensure!(!format!("{error} {error:?}").contains("4701"), "a value is in the text: {error:?}");
    assert_eq!(coins(&database.store, 2).await?, 10, "nothing of it remains");
    Ok(())
}

#[tokio::test]
async fn a_column_that_cannot_be_read_is_named_with_its_tables_and_transaction() -> Result<()> {
    let database = testkit::database().await;
    let sql = "insert into partners (partner_id, name, count_zone) values ('msp', 'MSP', 'UTC')
               on conflict do nothing";
    database.client().await.batch_execute(sql).await?;
    let misread: Result<i32, StoreError> = database
        .store
        .transaction("list_names", |tx| {
            Box::pin(async move {
                let sql = "select partners.name from partners left join companies using (partner_id)";
                tx.query_one(sql, &[]).await?.get("name")
            })
        })
        .await;
    let text = misread.expect_err("a name is no number").to_string();
    let place = "column name of a query from partners, companies in transaction list_names: ";
    ensure!(text.starts_with(place), "{text}");
    Ok(())
}

#[tokio::test]
async fn values_stay_out_of_the_text_of_every_refusal() -> Result<()> {
    let database = testkit::empty_database().await;
    for sql in ["select $1::text::int", "select $1::text::jsonb", "select ($1::text || '2026')::date"] {
        let error = database
            .store
            .transaction("canary", |tx| Box::pin(async move { tx.query(sql, &[&"canary"]).await }))
            .await
            .expect_err("it is no such value");
        ensure!(!format!("{error} {error:?}").contains("canary"), "{sql}: {error:?}");
        ensure!(error.to_string().contains("SQLSTATE 22"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn going_on_after_a_failed_statement_is_a_fault_and_not_a_silent_rollback() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    let outcome: Result<(), StoreError> = database
        .store
        .transaction("careless", |tx| {
            Box::pin(async move {
                pay(tx, 1, 1).await?;
                let _ = pay(tx, 2, -99).await;
                Ok(())
            })
        })
        .await;
    ensure!(matches!(outcome, Err(StoreError::FailureIgnored { transaction: "careless" })), "{outcome:?}");
    assert_eq!(coins(&database.store, 1).await?, 10);
    Ok(())
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_behind() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    let mut settings = Settings::new(&database.url);
    settings.pool_size = 1;
    let store = Store::connect(settings, testkit::entropy(1)).await?;
    let written = tokio::sync::Notify::new();
    let noticed = &written;
    let forgotten = store.transaction("forgotten", |tx| {
        Box::pin(async move {
            pay(tx, 1, 1).await?;
            noticed.notify_one();
            std::future::pending::<Result<(), StoreError>>().await
        })
    });
    tokio::select! {
        _ = forgotten => unreachable!("it waits for ever"),
        () = written.notified() => {}
    }
    // The pool's only connection is not handed out with an open transaction.
    store.transaction("next", |tx| Box::pin(pay(tx, 1, 5))).await?;
    assert_eq!(coins(&store, 1).await?, 15);
    Ok(())
}

#[tokio::test]
async fn the_next_call_works_after_the_server_ended_the_connection() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    assert_eq!(coins(&database.store, 1).await?, 10);
    let ended: i64 = database
        .client()
        .await
        .query_one(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
            &[],
        )
        .await?
        .get(0);
    ensure!(ended > 0, "there was no connection to end");
    assert_eq!(coins(&database.store, 1).await?, 10);
    Ok(())
}

#[tokio::test]
async fn a_connection_ended_in_the_middle_is_transient_and_leaves_nothing() -> Result<()> {
    let database = testkit::empty_database().await;
    two_rows(&database).await?;
    let executioner = &database.another_store().await;
    let outcome = database
        .store
        .transaction("interrupted", |tx| {
            Box::pin(async move {
                pay(tx, 1, 1).await?;
                let me: i32 = tx.query_one("select pg_backend_pid() as me", &[]).await?.get("me")?;
                executioner
                    .transaction("execution", |tx| {
                        Box::pin(async move { tx.query("select pg_terminate_backend($1)", &[&me]).await })
                    })
                    .await?;
                pay(tx, 2, 1).await
            })
        })
        .await;
    let error = outcome.expect_err("the connection is gone");
    assert_eq!(error.class(), FailureClass::Transient, "{error}");
    assert_eq!((coins(&database.store, 1).await?, coins(&database.store, 2).await?), (10, 10));
    Ok(())
}

#[tokio::test]
async fn the_store_recovers_from_a_killed_server() -> Result<()> {
    let parent = tempfile::tempdir()?;
    std::fs::set_permissions(parent.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let server = local_postgres::start(Options::kept(parent.path().join("kept"))).await?;
    let store = Store::connect(Settings::new(server.url()), testkit::entropy(1)).await?;
    store.ping().await?;

    let killed =
        std::process::Command::new("kill").args(["-KILL", &server.process_id().to_string()]).status()?;
    ensure!(killed.success());
    testkit::until("the store sees that the server is gone", async || match store.ping().await {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(error.class(), FailureClass::Transient, "{error}");
            true
        }
    })
    .await;

    let server = local_postgres::start(Options::kept(parent.path().join("kept"))).await?;
    store.ping().await?;
    server.stop().await?;
    Ok(())
}

#[tokio::test]
async fn case_d1_a_read_only_database_is_seen_before_any_message_arrives() -> Result<()> {
    let database = testkit::empty_database().await;
    let administrator = database.client().await;
    administrator.batch_execute("set default_transaction_read_only = off").await?;
    let name = &database.name;
    let set = format!("alter database {name} set default_transaction_read_only = on");
    administrator.batch_execute(&set).await?;
    let store = database.another_store().await;
    let error = store.ping().await.expect_err("it takes no change").to_string();
    assert_eq!(error, "the database refused: the database is read-only (SQLSTATE 25006)");
    let mut fault = store.fault(tokio_util::sync::CancellationToken::new());
    ensure!(fault.wait_for(Option::is_some).await?.as_ref() == Some(&error));

    administrator
        .batch_execute(&format!("alter database {name} reset default_transaction_read_only"))
        .await?;
    // Connections opened under the old setting are closed.
    fault.wait_for(Option::is_none).await?;
    store.ping().await?;
    Ok(())
}

#[tokio::test]
async fn a_network_that_swallows_everything_is_noticed_and_left() -> Result<()> {
    let server = local_postgres::start(Options::throwaway()).await?;
    let proxy = Proxy::start(Upstream::Unix(server.socket_directory().join(".s.PGSQL.5432"))).await;
    let mut settings = Settings::new(format!("postgresql://postgres@{}/postgres", proxy.address()));
    let soon = Duration::from_millis(500);
    settings.timeouts =
        Timeouts { connect: soon, pool: soon, statement: soon, lock: soon, idle_in_transaction: soon };
    // Half a second is short on a busy machine, where the first tries may time out.
    let mut store = None;
    testkit::until("the store connects", async || {
        store = Store::connect(settings.clone(), testkit::entropy(1)).await.ok();
        store.is_some()
    })
    .await;
    let store = store.expect("just seen");

    proxy.stall();
    let error = store.ping().await.expect_err("nothing comes through");
    assert_eq!(error.class(), FailureClass::Transient, "{error}");
    proxy.break_connections();
    store.ping().await.expect_err("nobody is let in");
    proxy.restore();
    testkit::until("the store is back", async || store.ping().await.is_ok()).await;
    server.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_plaintext_server_elsewhere_gets_no_password() -> Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    // The settings take it for a remote server, and it replies that it has no TLS.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 8];
        stream.read_exact(&mut request).await?;
        stream.write_all(b"N").await?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await?;
        anyhow::Ok((request, rest))
    });
    let url = format!("postgresql://u:hunter2@127.0.0.1:{port}/x?sslmode=require");
    let error = Store::connect(Settings::new(url), testkit::entropy(1)).await.expect_err("it is refused");
    ensure!(!format!("{error} {error:?}").contains("hunter2"));
    let (request, rest) = heard.await??;
    assert_eq!(request, [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f], "the question for TLS, nothing else");
    assert_eq!(rest, Vec::<u8>::new());
    Ok(())
}

//! One Postgres per test program, one database per test.

use std::sync::atomic::{AtomicU32, Ordering};

use local_postgres::{Options, Running};
use store::{DatabaseRole, RoleLogin, Settings, Store};
use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::{Client, NoTls};

use crate::transitions::BY_HAND;

/// The migrated database that the others are copied from.
const TEMPLATE: &str = "template_of_tests";

/// The server of this test program; it ends with the process.
static SERVER: OnceCell<Running> = OnceCell::const_new();
/// The template may have no connections while it is copied, so copies are serialized.
static COPYING: Mutex<()> = Mutex::const_new(());
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The database of a single test, with all tables and no rows.
#[derive(Debug)]
pub struct TestDatabase {
    /// A store connected to the database, as the owner of its tables or as the role asked for.
    pub store: Store,
    /// A store of the owner, whatever the role: for what other programs do, and to look.
    pub owner: Store,
    /// The URL of `store`.
    pub url: String,
    /// The owner's URL.
    pub owner_url: String,
    /// The database's name.
    pub name: String,
}

impl TestDatabase {
    /// A second store with a pool of its own, like that of a second program.
    pub async fn another_store(&self) -> Store {
        connect(&self.url).await
    }

    /// The URL of a program with this role.
    pub fn url_as(&self, role: DatabaseRole) -> String {
        self.owner_url.replacen("user=postgres", &format!("user={}", role_name(role)), 1)
    }

    /// A store with the rights of this role.
    pub async fn store_as(&self, role: DatabaseRole) -> Store {
        connect(&self.url_as(role)).await
    }

    /// A plain connection of the owner, to inspect the database without the store and to set up a test's initial
    /// state. Its state transitions are not checked.
    pub async fn client(&self) -> Client {
        let client = client(&self.owner_url).await;
        let by_hand = format!("set application_name = '{BY_HAND}'");
        client.batch_execute(&by_hand).await.expect("a name is set");
        client
    }

    /// Sets the database's clock this far ahead of this machine's, for connections opened from now on. To a program,
    /// it looks as if its own machine's clock were that far behind. The tables exist already.
    pub async fn turn_clock_ahead(&self, interval: &str) {
        let sql = format!(
            "create schema ahead;
             grant usage on schema ahead to public;
             create function ahead.clock_timestamp() returns timestamptz volatile language sql
                 as $$ select pg_catalog.clock_timestamp() + interval '{interval}' $$;
             alter database {} set search_path = ahead, pg_catalog, public;",
            self.name
        );
        self.client().await.batch_execute(&sql).await.expect("the clock is turned");
    }

    /// Drops the database, for a test that uses many.
    pub async fn remove(self) {
        self.store.close();
        let server = SERVER.get_or_init(start).await;
        let sql = format!("drop database {} with (force)", self.name);
        client(&server.url()).await.batch_execute(&sql).await.expect("the database is dropped");
    }
}

/// A migrated database, empty except for the rows that migrations insert.
pub async fn database() -> TestDatabase {
    copy_of(TEMPLATE).await
}

/// The same, whose store has only the rights of this role: what it does is what its program may do.
pub async fn database_as(role: DatabaseRole) -> TestDatabase {
    let database = database().await;
    let url = database.url_as(role);
    TestDatabase { store: connect(&url).await, url, ..database }
}

/// A database without any table.
pub async fn empty_database() -> TestDatabase {
    copy_of("template0").await
}

async fn copy_of(template: &str) -> TestDatabase {
    let server = SERVER.get_or_init(start).await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    {
        let _alone = COPYING.lock().await;
        let copy = format!("create database {name} template {template} strategy file_copy");
        client(&server.url()).await.batch_execute(&copy).await.expect("the template is copied");
    }
    let url = server.url_of(&name);
    let store = connect(&url).await;
    TestDatabase { owner: store.clone(), store, owner_url: url.clone(), url, name }
}

async fn start() -> Running {
    let server = local_postgres::start(Options::throwaway()).await.expect("a Postgres starts");
    let administrator = client(&server.url()).await;
    administrator.batch_execute(&format!("create database {TEMPLATE}")).await.expect("the template is made");
    let template = connect(&server.url_of(TEMPLATE)).await;
    template.migrate().await.expect("the migrations apply");
    let logins = DatabaseRole::ALL.map(|role| RoleLogin { role, name: role_name(role), password: None });
    template.set_roles(&logins).await.expect("the roles are made");
    template.close();
    let watched = client(&server.url_of(TEMPLATE)).await;
    watched.batch_execute(&crate::transitions::watched()).await.expect("transitions are watched");
    drop(watched);
    // Closed connections take a moment to disappear; the first copy would still meet them.
    crate::until("nobody is connected to the template", async || {
        administrator
            .query_one("select not exists (select from pg_stat_activity where datname = $1)", &[&TEMPLATE])
            .await
            .expect("the server answers")
            .get(0)
    })
    .await;
    server
}

/// The name of a role on the server of a test program.
fn role_name(role: DatabaseRole) -> String {
    format!("kaseya_sync_{}", role.as_str())
}

async fn connect(url: &str) -> Store {
    Store::connect(Settings::new(url), crate::entropy(1)).await.expect("the database can be reached")
}

async fn client(url: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("the database can be reached");
    // A test that breaks the connection notices it in its statements.
    tokio::spawn(connection);
    client
}

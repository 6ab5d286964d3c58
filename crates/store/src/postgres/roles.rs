//! The services' own database roles and what each may do. Only the owner of the tables may do everything.

use std::collections::BTreeSet;

use postgres_protocol::password;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Config;

use crate::{
    Store, StoreError, Transaction,
    postgres::{
        migrate::LOCK,
        pool::refuses_login,
        rights::{COLUMNS, RIGHTS},
    },
};

/// A program with a database role of its own. Workers have none: they never reach the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatabaseRole {
    /// The scheduler.
    Scheduler,
    /// The results service.
    Results,
    /// The portal.
    Portal,
    /// The operator's commands, except `migrate`.
    Operator,
}

impl DatabaseRole {
    /// In the order of the columns of the table of rights.
    pub const ALL: [Self; 4] = [Self::Scheduler, Self::Results, Self::Portal, Self::Operator];

    /// The role's word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler",
            Self::Results => "results",
            Self::Portal => "portal",
            Self::Operator => "operator",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// The statements that give this role, known to the server as `name`, its rights on the tables of `schema`.
    pub fn grants(self, name: &str, schema: &str) -> Vec<String> {
        let (name, schema) = (quoted(name), quoted(schema));
        let mut grants = vec![format!("grant usage on schema {schema} to {name}")];
        for (object, letters) in RIGHTS {
            let letters = letters[self as usize];
            if letters.is_empty() {
                continue;
            }
            let kind = if letters == "X" { "function" } else { "table" };
            let rights: Vec<&str> = letters.chars().map(right).collect();
            grants.push(format!("grant {} on {kind} {schema}.{object} to {name}", rights.join(", ")));
        }
        for (table, columns, roles) in COLUMNS {
            if roles[self as usize] {
                grants.push(format!("grant update ({columns}) on table {schema}.{table} to {name}"));
            }
        }
        grants
    }
}

/// The right that Postgres abbreviates like this.
fn right(letter: char) -> &'static str {
    match letter {
        'r' => "select",
        'a' => "insert",
        'w' => "update",
        'd' => "delete",
        'X' => "execute",
        other => unreachable!("{other} stands for no right in the table of rights"),
    }
}

/// A role with its name and password, as the URL of its program has them.
#[derive(Debug, Clone)]
pub struct RoleLogin {
    /// The role.
    pub role: DatabaseRole,
    /// The name on the server.
    pub name: String,
    /// The password; `None` where the server asks for none.
    pub password: Option<SecretString>,
}

impl RoleLogin {
    /// Reads name and password from the program's URL.
    pub fn from_url(role: DatabaseRole, url: &SecretString) -> Result<Self, StoreError> {
        let invalid = |reason: &str| StoreError::Settings {
            reason: format!("the URL of the role {}: {reason}", role.as_str()),
        };
        // The parser's message may quote the URL, which may hold the password.
        let config: Config = url.expose_secret().parse().map_err(|_| invalid("it cannot be read"))?;
        let name = config.get_user().ok_or_else(|| invalid("it names no user"))?.to_owned();
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Ok(Self { role, name, password: password.map(SecretString::from) })
    }
}

impl Store {
    /// Creates the roles that are missing, sets passwords that have changed, and gives each role its rights and no
    /// others. Needs the owner of the tables, which must be allowed to create roles if a role or a password is new.
    pub async fn set_roles(&self, logins: &[RoleLogin]) -> Result<(), StoreError> {
        let mut new = Vec::new();
        for login in logins {
            if !self.lets_in(login).await? {
                new.push(login);
            }
        }
        let new = &new;
        self.transaction("set_roles", |tx| {
            Box::pin(async move {
                tx.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
                for login in new {
                    create(tx, login).await?;
                }
                grant(tx, logins).await
            })
        })
        .await
    }

    /// Whether the role can log in as its program will.
    async fn lets_in(&self, login: &RoleLogin) -> Result<bool, StoreError> {
        let mut config = self.inner.config.clone();
        config.user(&login.name);
        if let Some(password) = &login.password {
            config.password(password.expose_secret());
        }
        match self.inner.log_in(&config).await {
            Ok(_) => Ok(true),
            Err(StoreError::Database { sqlstate, .. }) if refuses_login(&sqlstate) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

async fn create(tx: &Transaction<'_>, login: &RoleLogin) -> Result<(), StoreError> {
    let name = quoted(&login.name);
    let known = tx.query_opt("select from pg_roles where rolname = $1", &[&login.name]).await?;
    if known.is_none() {
        tx.execute(&format!("create role {name} login"), &[]).await?;
    }
    if let Some(password) = &login.password {
        // Hashed here, so that the server's log never shows it.
        let verifier = password::scram_sha_256(password.expose_secret().as_bytes());
        tx.execute(&format!("alter role {name} login password '{verifier}'"), &[]).await?;
    }
    tracing::info!(role = login.role.as_str(), name = login.name, "its login is set");
    Ok(())
}

async fn grant(tx: &Transaction<'_>, logins: &[RoleLogin]) -> Result<(), StoreError> {
    let row =
        tx.query_one("select current_user::text as owner, current_schema()::text as schema", &[]).await?;
    let (owner, schema): (String, String) = (row.get("owner")?, row.get("schema")?);
    let names: BTreeSet<&str> = logins.iter().map(|login| login.name.as_str()).collect();
    if names.contains(owner.as_str()) {
        return Err(StoreError::Settings {
            reason: format!("{owner} owns the tables and cannot be the role of a service too"),
        });
    }
    let all = quoted(&schema);
    // Versions before 15 let everybody create functions there, which triggers might then find.
    tx.execute(&format!("revoke create on schema {all} from public"), &[]).await?;
    // A restore without privileges gives them to everybody, and everybody could make a trigger of them.
    let with_owners_rights = "select oid::regprocedure::text as name from pg_proc
                              where prosecdef and pronamespace = current_schema()::regnamespace
                                and proowner = current_user::regrole";
    for row in tx.query(with_owners_rights, &[]).await? {
        tx.execute(&format!("revoke execute on function {} from public", row.get::<String>("name")?), &[])
            .await?;
    }
    for name in names {
        let name = quoted(name);
        for kind in ["tables", "functions", "sequences"] {
            tx.execute(&format!("revoke all on all {kind} in schema {all} from {name}"), &[]).await?;
        }
    }
    for login in logins {
        for sql in login.role.grants(&login.name, &schema) {
            tx.execute(&sql, &[]).await?;
        }
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

//! `migrate`: the database's tables and roles, and the broker's topology.

use std::path::PathBuf;

use anyhow::Context as _;
use runtime::{BusSection, Context, Database, SecretFile};
use secrecy::{ExposeSecret as _, SecretString};
use store::{DatabaseRole, DatabaseSection, Migrated, RoleLogin};

use crate::{data_dir::DataDir, ended::Ended, output};

pub(crate) async fn command(
    context: &Context,
    data_dir: Option<PathBuf>,
    roles: &[(DatabaseRole, PathBuf)],
) -> anyhow::Result<Ended> {
    let data_dir = data_dir.map(DataDir::at);
    let mut section: DatabaseSection = context.config.section("database")?;
    if let Some(directory) = &data_dir {
        section.url_file = directory.url_file();
    }
    let store = Database::connect(context, section.settings(context.name)?).await?;
    if store.migrate().await? == Migrated::Newer {
        output::tell(
            &"the database's tables are those of a newer version: nothing is changed, the broker's topology neither",
        );
        return Ok(Ended::InOrder);
    }
    output::tell(&"the database's tables are up to date");
    if !roles.is_empty() {
        let logins: Vec<RoleLogin> = roles.iter().map(login).collect::<anyhow::Result<_>>()?;
        store.set_roles(&logins).await.context("the roles are not set")?;
        output::tell(&"each role has the rights of its program");
    }
    // In one process there is no broker.
    if data_dir.is_none() {
        let uri = context.config.section::<BusSection>("bus")?.uri_file.read()?;
        bus_rabbitmq::declare_topology(uri.expose_secret(), context.entropy.clone())
            .await
            .context("the broker's topology is not declared")?;
        output::tell(&"the broker's topology is declared");
    }
    Ok(Ended::InOrder)
}

fn login((role, file): &(DatabaseRole, PathBuf)) -> anyhow::Result<RoleLogin> {
    let url = SecretFile::at(file).read()?;
    Ok(RoleLogin::from_url(*role, &SecretString::from(url.expose_secret().trim()))?)
}

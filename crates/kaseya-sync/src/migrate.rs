//! `migrate`: the database's tables and the broker's topology.

use std::path::PathBuf;

use anyhow::Context as _;
use runtime::Context;
use secrecy::ExposeSecret as _;
use store::{DatabaseSection, Migrated, Store};

use crate::{
    data_dir::DataDir,
    ended::{Ended, NAME},
    installation::bus_uri,
    output,
};

pub(crate) async fn command(context: &Context, data_dir: Option<PathBuf>) -> anyhow::Result<Ended> {
    let data_dir = data_dir.map(DataDir::at);
    let mut section: DatabaseSection = context.config.section("database")?;
    if let Some(directory) = &data_dir {
        section.url_file = directory.url_file();
    }
    let store = Store::connect(section.settings(NAME)?, context.entropy.clone()).await?;
    if store.migrate().await? == Migrated::Newer {
        output::tell(
            &"the database's tables are those of a newer version: nothing is changed, the broker's topology neither",
        );
        return Ok(Ended::InOrder);
    }
    output::tell(&"the database's tables are up to date");
    // In one process there is no broker.
    if data_dir.is_none() {
        let uri = bus_uri(&context.config)?;
        bus_rabbitmq::declare_topology(uri.expose_secret(), context.entropy.clone())
            .await
            .context("the broker's topology is not declared")?;
        output::tell(&"the broker's topology is declared");
    }
    Ok(Ended::InOrder)
}

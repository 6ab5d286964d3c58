//! `off` and `on`.

use domain::IntegrationState;
use std::time::Duration;

use store::holds;

use crate::{ended::Ended, installation::Installation, output};

/// How often to check whether a permit is still out.
const POLL: Duration = Duration::from_millis(200);

/// Switches off, and waits until no more writes start: at most the duration of a permit.
pub(crate) async fn off(installation: &Installation, partner: &str, by: &str) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let partner = &settings.partner;
    let operations = installation.operations(None)?;
    let switched = operations.by(&Installation::actor(by)).switch_off(partner).await?;
    let Some(switched) = switched else { anyhow::bail!("{partner} has no integration yet") };
    if switched.dropped > 0 {
        output::tell(&format_args!("{} waiting jobs are dropped", switched.dropped));
    }
    if switched.state == IntegrationState::SwitchingOff && !operations.is_off(partner).await? {
        output::tell(&format_args!("{partner} is switching off: a permit to write is still out"));
        while !operations.is_off(partner).await? {
            tokio::time::sleep(POLL).await;
        }
    }
    output::say(&format_args!("{partner} is off: no write is begun from now on"))?;
    Ok(Ended::InOrder)
}

pub(crate) async fn on(installation: &Installation, partner: &str, by: &str) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let partner = &settings.partner;
    let switched = installation.operations(None)?.by(&Installation::actor(by)).switch_on(partner).await?;
    anyhow::ensure!(switched, "{partner} has no integration yet");
    let stored = installation
        .store
        .transaction("list_holds", |tx| Box::pin(holds::standing_holds(tx, partner)))
        .await?;
    output::say(&format_args!("{partner} is on"))?;
    let waiting = stored.iter().filter(|hold| hold.state == "open").count();
    if waiting > 0 {
        output::tell(&format_args!("{waiting} changes wait for a person: kaseya-sync holds {partner}"));
    }
    Ok(Ended::InOrder)
}

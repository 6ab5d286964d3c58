//! `off` and `on`.

use std::time::Duration;

use domain::PartnerId;
use store::{settings::IntegrationState, status_reading, switch};

use crate::{ended::Ended, installation::Installation, output};

/// How often it is asked whether a permit is still out.
const POLL: Duration = Duration::from_millis(200);

/// Switches off, and waits until no write is begun any more: at most as long as a permit holds.
pub(crate) async fn off(installation: &Installation, partner: &str) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let partner = &settings.partner;
    let now = installation.clock.now();
    let switched = installation
        .store
        .transaction("switch_off", |tx| Box::pin(switch::switch_off(tx, partner, now)))
        .await?;
    let Some(switched) = switched else { anyhow::bail!("{partner} has no integration yet") };
    if switched.dropped > 0 {
        output::tell(&format_args!("{} waiting jobs are dropped", switched.dropped));
    }
    if switched.state == IntegrationState::SwitchingOff && !is_off(installation, partner).await? {
        output::tell(&format_args!("{partner} is switching off: a permit to write is still out"));
        while !is_off(installation, partner).await? {
            tokio::time::sleep(POLL).await;
        }
    }
    output::say(&format_args!("{partner} is off: no write is begun from now on"))?;
    Ok(Ended::InOrder)
}

/// Whether it is off now. The ledger round that says so is the scheduler's; with no scheduler running it is done here.
async fn is_off(installation: &Installation, partner: &PartnerId) -> anyhow::Result<bool> {
    let now = installation.clock.now();
    let state = installation
        .store
        .transaction("finish_switching_off", |tx| {
            Box::pin(async move {
                switch::finish_switching_off(tx, now).await?;
                store::settings::hold_state(tx, partner).await
            })
        })
        .await?;
    Ok(state == Some(IntegrationState::Off))
}

/// Switches on.
pub(crate) async fn on(installation: &Installation, partner: &str) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let partner = &settings.partner;
    let state =
        installation.store.transaction("switch_on", |tx| Box::pin(switch::switch_on(tx, partner))).await?;
    anyhow::ensure!(state.is_some(), "{partner} has no integration yet");
    let stored = installation
        .store
        .transaction("list_holds", |tx| Box::pin(status_reading::standing_holds(tx, partner)))
        .await?;
    output::say(&format_args!("{partner} is on"))?;
    let waiting = stored.iter().filter(|hold| hold.state == "open").count();
    if waiting > 0 {
        output::tell(&format_args!("{waiting} changes wait for a person: kaseya-sync holds {partner}"));
    }
    Ok(Ended::InOrder)
}

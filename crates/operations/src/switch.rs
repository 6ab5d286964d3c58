//! The switch of a partner (S-16, S-17).

use domain::PartnerId;
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    settings::{self, IntegrationState},
    switch::{self, SwitchedOff},
};

use crate::Operations;

impl Operations {
    /// Switches off: from now on no permit is given. `None` when the partner has no integration.
    pub async fn switch_off(&self, partner: &PartnerId) -> Result<Option<SwitchedOff>, StoreError> {
        let now = self.clock.now();
        self.store.transaction("switch_off", |tx| Box::pin(switch::switch_off(tx, partner, now))).await
    }

    /// Whether it is off, and so no write is begun any more. The ledger round that says so is the scheduler's; with no
    /// scheduler running it is done here.
    pub async fn is_off(&self, partner: &PartnerId) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let state = self
            .store
            .transaction("finish_switching_off", |tx| {
                Box::pin(async move {
                    switch::finish_switching_off(tx, now).await?;
                    settings::hold_state(tx, partner).await
                })
            })
            .await?;
        Ok(state == Some(IntegrationState::Off))
    }

    /// Switches on. False when the partner has no integration.
    pub async fn switch_on(&self, partner: &PartnerId) -> Result<bool, StoreError> {
        let state =
            self.store.transaction("switch_on", |tx| Box::pin(switch::switch_on(tx, partner))).await?;
        Ok(state.is_some())
    }
}

/// Turns the switch to where it is to stand. The partner is held by the caller.
pub async fn turn(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    enabled: bool,
    now: Timestamp,
) -> Result<IntegrationState, StoreError> {
    if enabled {
        // Switching on says "try again" of credentials that were refused; saving the same again does not.
        if settings::hold_state(tx, partner).await? == Some(IntegrationState::On) {
            return Ok(IntegrationState::On);
        }
        return Ok(switch::switch_on(tx, partner).await?.unwrap_or(IntegrationState::Off));
    }
    let switched = switch::switch_off(tx, partner, now).await?;
    Ok(switched.map_or(IntegrationState::Off, |switched| switched.state))
}

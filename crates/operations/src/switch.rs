//! A partner's on/off switch (S-16, S-17).

use domain::{IntegrationState, PartnerId, SecurityEventKind};
use jiff::Timestamp;
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::security_events::SecurityEvent,
    settings::{
        self,
        switch::{self, SwitchedOff},
    },
};

use crate::{Acting, Operations, acting::Kept};

impl Acting<'_> {
    /// Switches the integration off: from now on no permit is issued. `None` if the partner has no integration.
    pub async fn switch_off(&self, partner: &PartnerId) -> Result<Option<SwitchedOff>, StoreError> {
        let now = self.clock.now();
        let (switched, kept) = self
            .store
            .transaction("switch_off", |tx| {
                Box::pin(async move {
                    let before = settings::hold_state(tx, partner).await?;
                    let switched = switch::switch_off(tx, partner, now).await?;
                    let kept = self.keep_switched(tx, partner, before, false).await?;
                    Ok::<_, StoreError>((switched, kept))
                })
            })
            .await?;
        kept.log();
        Ok(switched)
    }

    /// Switches the integration on. False if the partner has no integration.
    pub async fn switch_on(&self, partner: &PartnerId) -> Result<bool, StoreError> {
        let (is_there, kept) = self
            .store
            .transaction("switch_on", |tx| {
                Box::pin(async move {
                    let before = settings::hold_state(tx, partner).await?;
                    let is_there = switch::switch_on(tx, partner).await?.is_some();
                    let kept = self.keep_switched(tx, partner, before, true).await?;
                    Ok::<_, StoreError>((is_there, kept))
                })
            })
            .await?;
        kept.log();
        Ok(is_there)
    }

    /// Stores the security event if the switch changed.
    pub(crate) async fn keep_switched(
        &self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        before: Option<IntegrationState>,
        on: bool,
    ) -> Result<Kept, StoreError> {
        if before.is_none_or(|before| (before == IntegrationState::On) == on) {
            return Ok(Kept::NOTHING);
        }
        let kind = if on { SecurityEventKind::SwitchedOn } else { SecurityEventKind::SwitchedOff };
        self.keep(tx, SecurityEvent::of(kind, partner, "integration", json!({}))).await
    }
}

impl Operations {
    /// Whether the integration is off, so that no new write begins. The ledger round that finds this out belongs to
    /// the scheduler; without a running scheduler it runs here.
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
}

/// Turns the switch on or off. The caller holds the partner.
pub async fn turn(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    enabled: bool,
    now: Timestamp,
) -> Result<IntegrationState, StoreError> {
    if enabled {
        // Switching on means "try again" for refused credentials; saving the same credentials again does not.
        if settings::hold_state(tx, partner).await? == Some(IntegrationState::On) {
            return Ok(IntegrationState::On);
        }
        return Ok(switch::switch_on(tx, partner).await?.unwrap_or(IntegrationState::Off));
    }
    let switched = switch::switch_off(tx, partner, now).await?;
    Ok(switched.map_or(IntegrationState::Off, |switched| switched.state))
}

//! Orders of somebody: what is changed is kept together with who changed it (F8).

use std::ops::Deref;

use domain::PartnerId;
use store::{
    StoreError, Transaction,
    access::{
        Actor, Identity,
        security_events::{self, SecurityEvent},
    },
};

use crate::Operations;

/// The operations, as somebody carries them out.
#[derive(Debug, Clone, Copy)]
pub struct Acting<'a> {
    operations: &'a Operations,
    by: &'a Actor,
}

impl Operations {
    /// What this somebody does.
    pub fn by<'a>(&'a self, by: &'a Actor) -> Acting<'a> {
        Acting { operations: self, by }
    }
}

impl Deref for Acting<'_> {
    type Target = Operations;

    fn deref(&self) -> &Operations {
        self.operations
    }
}

/// A security event that is kept once its transaction is; then it is to be logged.
#[derive(Debug, Clone)]
#[must_use = "it is in no log yet"]
pub struct Kept(Vec<(Actor, SecurityEvent)>);

impl Kept {
    /// Nothing has happened that somebody must answer for.
    pub const NOTHING: Self = Self(Vec::new());

    /// This and another.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Logs it, with the trace of the call in the line.
    pub fn log(self) {
        for (by, event) in self.0 {
            log(&by, &event);
        }
    }
}

impl Acting<'_> {
    /// Who acts.
    pub fn actor(&self) -> &Actor {
        self.by
    }

    /// Keeps what happened in the transaction in which it happens.
    pub async fn keep(&self, tx: &Transaction<'_>, event: SecurityEvent) -> Result<Kept, StoreError> {
        let now = self.clock.now();
        security_events::keep(tx, self.by, &event, now).await?;
        Ok(Kept(vec![(self.by.clone(), event)]))
    }

    /// Keeps and logs what happened by itself.
    pub async fn keep_alone(&self, event: SecurityEvent) -> Result<(), StoreError> {
        let event = &event;
        let kept = self
            .store
            .transaction("keep_security_event", |tx| Box::pin(self.keep(tx, event.clone())))
            .await?;
        kept.log();
        Ok(())
    }

    /// Logs what is not kept: refusals of one and the same beyond a limit.
    pub fn log_alone(&self, event: &SecurityEvent) {
        log(self.by, event);
    }
}

/// The one form of all security events in logs.
fn log(by: &Actor, event: &SecurityEvent) {
    let SecurityEvent { kind, partner, object, details } = event;
    let (token, issuer, subject) = by.identity.as_ref().map(Identity::columns).unwrap_or_default();
    let token = token.map(|token| token.to_string());
    let (partner, address) = (partner.as_ref().map(PartnerId::as_str), by.address.map(|at| at.to_string()));
    let name = &by.name;
    if kind.is_refusal() {
        tracing::warn!(event = kind.as_str(), partner, by = name, token, issuer, subject, address, object, %details, "security event");
    } else {
        tracing::info!(event = kind.as_str(), partner, by = name, token, issuer, subject, address, object, %details, "security event");
    }
}

//! Operations by an actor: each change is stored together with who made it (F8).

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

/// The operations, carried out by one actor.
#[derive(Debug, Clone, Copy)]
pub struct Acting<'a> {
    operations: &'a Operations,
    by: &'a Actor,
}

impl Operations {
    /// The operations, attributed to this actor.
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

/// Security events that a transaction stores. The caller logs them once it has committed.
#[derive(Debug, Clone)]
#[must_use = "it is in no log yet"]
pub struct Kept(Vec<(Actor, SecurityEvent)>);

impl Kept {
    /// No event.
    pub const NOTHING: Self = Self(Vec::new());

    /// Appends the events of `other`.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Logs the events, each line with the trace of the request.
    pub fn log(self) {
        for (by, event) in self.0 {
            log(&by, &event);
        }
    }
}

impl Acting<'_> {
    /// The actor.
    pub fn actor(&self) -> &Actor {
        self.by
    }

    /// Stores the event in the transaction that makes the change.
    pub async fn keep(&self, tx: &Transaction<'_>, event: SecurityEvent) -> Result<Kept, StoreError> {
        let now = self.clock.now();
        security_events::keep(tx, self.by, &event, now).await?;
        Ok(Kept(vec![(self.by.clone(), event)]))
    }

    /// Stores the event in a transaction of its own and logs it.
    pub async fn keep_alone(&self, event: SecurityEvent) -> Result<(), StoreError> {
        let event = &event;
        let kept = self
            .store
            .transaction("keep_security_event", |tx| Box::pin(self.keep(tx, event.clone())))
            .await?;
        kept.log();
        Ok(())
    }

    /// Logs an event that is not stored: repeated identical refusals beyond a limit.
    pub fn log_alone(&self, event: &SecurityEvent) {
        log(self.by, event);
    }
}

/// All security events are logged in this one format.
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

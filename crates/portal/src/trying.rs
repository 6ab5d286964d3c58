//! Authenticate and Save, for pages and interface alike: not more often than a person would, and each to its end.

use std::sync::Arc;

use connection::NotTried;
use domain::PartnerId;
use jiff::SignedDuration;
use operations::{
    connection_settings::{ConnectionForm, CredentialsForm, SavedConnection, Tried},
    not_saved::NotSaved,
};
use store::access::{
    Actor,
    attempts::{self, Attempt, Limit},
};
use tracing::Instrument as _;

use crate::Portal;

/// A person mends and tries again; a program that goes round is stopped.
const LIMIT: Limit = Limit { most: 10, within: SignedDuration::from_mins(5) };

/// Tries the values of a form. Nothing is stored.
pub(crate) async fn authenticate(
    portal: &Portal,
    partner: &PartnerId,
    form: CredentialsForm,
    mended: bool,
) -> Result<Tried, NotSaved> {
    count(portal, partner).await?;
    let (connections, partner) = (Arc::clone(&portal.connections), partner.clone());
    to_its_end(async move { connections.authenticate(&partner, &form, mended).await }).await
}

/// Saves a form; new credentials are tried first.
pub(crate) async fn save(
    portal: &Portal,
    by: &Actor,
    partner: &PartnerId,
    form: ConnectionForm,
) -> Result<SavedConnection, NotSaved> {
    count(portal, partner).await?;
    let (connections, by, partner) = (Arc::clone(&portal.connections), by.clone(), partner.clone());
    to_its_end(async move { connections.save(&by, &partner, &form).await }).await
}

/// Counts a try of the partner's, for all portals together.
async fn count(portal: &Portal, partner: &PartnerId) -> Result<(), NotSaved> {
    let (whose, now) = (&format!("authenticate of {partner}"), portal.operations.clock.now());
    let store = &portal.operations.store;
    let attempt =
        store.transaction("count_try", |tx| Box::pin(attempts::attempt(tx, whose, LIMIT, now))).await?;
    match attempt {
        Attempt::Allowed => Ok(()),
        Attempt::NotBefore(until) => Err(NotTried::TooOften { until }.into()),
    }
}

/// Carries something out to its end, although whoever asked may leave: a browser that goes away takes its request's handler
/// with it, and a login that was begun must be heard of. One without an outcome delays the next.
async fn to_its_end<T: Send + 'static>(errand: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(errand.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a process that ends takes an errand away, and with it whoever waits.
            Err(_) => std::future::pending().await,
        },
    }
}

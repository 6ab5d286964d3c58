//! Authenticate and Save, for both pages and API. Both are limited to what a person does, and each runs to
//! completion.

use std::sync::Arc;

use connection::NotTried;
use domain::PartnerId;
use jiff::SignedDuration;
use operations::{
    connection_form::{ConnectionForm, CredentialsForm},
    connections::{SavedConnection, Tried},
    not_saved::NotSaved,
};
use store::access::{
    Actor,
    attempts::{self, Attempt, Limit},
};
use tracing::Instrument as _;

use crate::Portal;

/// A person fixes the form and tries again; a program in a loop is stopped.
const LIMIT: Limit = Limit { most: 10, within: SignedDuration::from_mins(5) };

/// Tries a form's values without storing anything.
pub(crate) async fn authenticate(
    portal: &Portal,
    partner: &PartnerId,
    form: CredentialsForm,
    fixed: bool,
) -> Result<Tried, NotSaved> {
    count(portal, partner).await?;
    let (connections, partner) = (Arc::clone(&portal.connections), partner.clone());
    to_its_end(async move { connections.authenticate(&partner, &form, fixed).await }).await
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

/// Counts an attempt for the partner, across all portals.
async fn count(portal: &Portal, partner: &PartnerId) -> Result<(), NotSaved> {
    let (subject, now) = (&format!("authenticate of {partner}"), portal.operations.clock.now());
    let store = &portal.operations.store;
    let attempt =
        store.transaction("count_try", |tx| Box::pin(attempts::attempt(tx, subject, LIMIT, now))).await?;
    match attempt {
        Attempt::Allowed => Ok(()),
        Attempt::NotBefore(until) => Err(NotTried::TooOften { until }.into()),
    }
}

/// Runs a task to completion even if the caller disconnects. A browser that disconnects cancels its request's
/// handler, but the outcome of a started login must be recorded: a login without an outcome delays the next one.
async fn to_its_end<T: Send + 'static>(errand: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(errand.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the end of the process cancels the task, and it ends the caller too.
            Err(_) => std::future::pending().await,
        },
    }
}

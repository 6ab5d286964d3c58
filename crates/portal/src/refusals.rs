//! Records refusals, up to a limit per caller.

use domain::{MAX_NAME, SecurityEventKind, fit_text};
use jiff::SignedDuration;
use operations::acting::Kept;
use serde_json::json;
use store::{
    StoreError,
    access::{
        Actor, Identity,
        attempts::{self, Attempt, Limit},
        security_events::SecurityEvent,
    },
};

use crate::Portal;

/// How many refusals of one caller are stored; the rest only goes to the log. Without a limit a caller with access
/// could fill the table.
const KEPT: Limit = Limit { most: 60, within: SignedDuration::from_hours(1) };

/// The same for all unknown callers together, from however many networks they try.
const KEPT_OF_STRANGERS: Limit = Limit { most: 600, within: KEPT.within };

/// The name of an unknown caller.
pub(crate) const NOBODY_KNOWN: &str = "nobody known";

/// Records a refusal.
pub(crate) async fn keep(portal: &Portal, by: &Actor, event: SecurityEvent) -> Result<(), StoreError> {
    let (subject, limit) = &match &by.identity {
        Some(Identity::Token(token)) => (format!("refusals of the token {token}"), KEPT),
        Some(Identity::Person { issuer, subject }) => (format!("refusals of {subject} of {issuer}"), KEPT),
        None => ("refusals of strangers".to_owned(), KEPT_OF_STRANGERS),
    };
    let (acting, event, now) = (&portal.operations.by(by), &event, portal.operations.clock.now());
    let kept = portal
        .operations
        .store
        .transaction("keep_refusal", |tx| {
            Box::pin(async move {
                Ok::<_, StoreError>(match attempts::attempt(tx, subject, *limit, now).await? {
                    Attempt::Allowed => Some(acting.keep(tx, event.clone()).await?),
                    Attempt::NotBefore(_) => None,
                })
            })
        })
        .await?;
    kept.map_or_else(|| acting.log_alone(event), Kept::log);
    Ok(())
}

/// The caller has named a partner that it may not see. The event does not belong to that partner, which must not
/// learn about other callers.
pub(crate) fn of_partner(named: &str) -> SecurityEvent {
    let (kind, object) = (SecurityEventKind::PartnerRefused, fit_text(named, MAX_NAME));
    SecurityEvent { kind, partner: None, object, details: json!({}) }
}

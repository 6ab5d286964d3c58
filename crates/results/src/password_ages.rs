//! Announces passwords that reach an age, each step once (B-03).

use domain::{PASSWORD_DAYS, PASSWORD_STEPS, password_warning};
use jiff::{SignedDuration, Timestamp};
use store::{
    Store, StoreError,
    messages::events,
    settings::password_ages::{self, AgedPassword},
};

use crate::events::password_aging;

/// Announces the passwords that have reached another step of their age. Several steps at once, e.g. after a long
/// stop, count as one.
pub(crate) async fn tell_of_passwords(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let first = PASSWORD_DAYS - PASSWORD_STEPS[0];
    let youngest = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(first)));
    let youngest = youngest.unwrap_or(Timestamp::MIN);
    let aged = store
        .transaction("list_passwords", |tx| Box::pin(password_ages::stored_before(tx, youngest)))
        .await?;
    for AgedPassword { partner, changed_at, warned } in &aged {
        let Some(warning) = password_warning(*changed_at, now) else { continue };
        if warned.is_some_and(|warned| warned <= warning.step) {
            continue;
        }
        store
            .transaction("tell_of_password", |tx| {
                Box::pin(async move {
                    // Another replica may have been quicker.
                    if !password_ages::announced(tx, partner, *changed_at, warning.step).await? {
                        return Ok(());
                    }
                    let event = password_aging(partner, *changed_at, &warning, now);
                    events::store_events(tx, partner, vec![event], now).await
                })
            })
            .await?;
    }
    Ok(())
}

//! The one function that tries values.

use std::{fmt, sync::Arc};

use domain::{Clock, NextTry, PartnerId};
use jiff::tz::TimeZone;
use kaseya::{Allowance, Bms, Checked, Finding, Limits, Login, Preflight};
use store::{
    Store, StoreError,
    kaseya::{places::Place, zones},
    settings::installation,
};
use vault::KeyRing;

use crate::{NotTried, OpenCredentials, call_count::Counting, credentials};

/// Tries values.
pub struct Authenticator {
    /// Counts logins.
    pub store: Store,
    /// The client.
    pub bms: Bms,
    /// Makes the marks of passwords.
    pub keys: Arc<KeyRing>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Result of trying values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// All checks, in order.
    pub checks: Vec<Checked>,
    /// IANA name of the time zone that Kaseya has for this tenant.
    pub time_zone: Option<String>,
    /// Outcome of the login.
    pub login: Login,
    /// When the user may log in again after another refusal; [`NextTry::Free`] after an accepted login.
    pub next_try: NextTry,
    /// Whether a sync of what a refusal left over follows automatically: the values are the stored ones and are
    /// correct.
    pub sync_follows: bool,
}

impl Authenticated {
    /// Whether a sync can use these values: as far as we can tell, no check failed.
    pub fn is_proven(&self) -> bool {
        self.checks.iter().all(|checked| matches!(checked.finding, Finding::Passed | Finding::Unknown(_)))
    }
}

impl Authenticator {
    /// Tries a partner's values; the partner need not be saved yet. `fixed` says that a person has fixed in Kaseya
    /// what made it refuse the very same values before.
    ///
    /// If the values are the stored ones, the login counts like a job's: a refusal stops the partner, an accepted
    /// login clears an earlier refusal.
    pub async fn authenticate(
        &self,
        partner: &PartnerId,
        values: &OpenCredentials,
        fixed: bool,
    ) -> Result<Authenticated, NotTried> {
        let profile = self
            .store
            .transaction("line_profile", |tx| Box::pin(installation::line_profile(tx, Some(partner))))
            .await?;
        let bases = credentials::bases(values, profile.as_deref(), self.bms.allowed_hosts())?;
        let counting = self.counting();
        let begun = self.store.transaction("authenticate", |tx| {
            Box::pin(async move {
                let place = Place::of(tx, partner, values.address()).await?;
                let (look_up, calls) = counting.begin_look_up(tx, &place).await?;
                let id = counting.begin_login(tx, partner, values, fixed).await?;
                Ok::<_, NotTried>((place, look_up, calls, id))
            })
        });
        let (place, look_up, calls, id) = begun.await?;
        // Typed values have no version.
        let access = credentials::access(partner, values, bases, 0);
        // Without a known token, and without a refusal that the person says is fixed.
        let session = self.bms.afresh().session(access, Limits::of(Allowance { v2: calls.v2, v1: calls.v1 }));
        let Preflight { checks, time_zone } = session.preflight().await;
        let time_zone = time_zone.filter(|zone| TimeZone::get(zone).is_ok());
        let (login, made) = (session.login(), session.calls());
        let counting = self.counting();
        let ended = self
            .store
            .transaction("authenticated", |tx| {
                let (counting, place, made, zone) = (&counting, &place, &made, time_zone.as_deref());
                Box::pin(async move {
                    if let Some(zone) = zone {
                        zones::note(tx, partner, &place.address, zone, counting.now).await?;
                    }
                    let ended = counting.end_login(tx, partner, values, id, login).await?;
                    counting.end_look_up(tx, place, look_up, made).await?;
                    Ok::<_, StoreError>(ended)
                })
            })
            .await?;
        Ok(Authenticated {
            checks,
            time_zone,
            login,
            next_try: ended.next_try,
            sync_follows: ended.sync_follows,
        })
    }

    fn counting(&self) -> Counting<'_> {
        Counting { keys: &self.keys, now: self.clock.now() }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

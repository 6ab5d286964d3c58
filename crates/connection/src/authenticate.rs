//! The one function by which values are tried.

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

use crate::{NotTried, Values, counting::Counting};

/// Tries values.
pub struct Authenticator {
    /// Where logins are counted.
    pub store: Store,
    /// The client.
    pub bms: Bms,
    /// What makes marks of passwords.
    pub keys: Arc<KeyRing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Values that were tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Every check, in order.
    pub checks: Vec<Checked>,
    /// The IANA name of the zone that Kaseya has told for this tenant.
    pub time_zone: Option<String>,
    /// What became of the login.
    pub login: Login,
    /// What another refusal would come to; [`NextTry::Free`] after an accepted login.
    pub next_try: NextTry,
    /// Whether a sync of what a refusal had left follows by itself: these are the stored values, and they prove right.
    pub sync_follows: bool,
}

impl Authenticated {
    /// Whether a sync can go by these values: nothing failed, as far as anything can tell.
    pub fn is_proven(&self) -> bool {
        self.checks.iter().all(|checked| matches!(checked.finding, Finding::Passed | Finding::Untold(_)))
    }
}

impl Authenticator {
    /// Tries a partner's values; the partner may be one of whom nothing is saved yet. `mended` says that a person has put
    /// right in Kaseya what made it refuse the very same values before.
    ///
    /// Where the values are those that are stored, what becomes of their login counts as any job's: refused, the partner is
    /// stopped; accepted, a refusal is forgotten.
    pub async fn authenticate(
        &self,
        partner: &PartnerId,
        values: &Values,
        mended: bool,
    ) -> Result<Authenticated, NotTried> {
        let profile = self
            .store
            .transaction("line_profile", |tx| Box::pin(installation::line_profile(tx, Some(partner))))
            .await?;
        let bases = values.bases(profile.as_deref(), self.bms.allowed_hosts())?;
        let counting = self.counting();
        let begun = self.store.transaction("authenticate", |tx| {
            Box::pin(async move {
                let place = Place::of(tx, partner, values.address()).await?;
                let (look_up, calls) = counting.begin_look_up(tx, &place).await?;
                let id = counting.begin_login(tx, partner, values, mended).await?;
                Ok::<_, NotTried>((place, look_up, calls, id))
            })
        });
        let (place, look_up, calls, id) = begun.await?;
        // What is typed has no version.
        let access = values.access(partner, bases, 0);
        // Known to it are no token, and no refusal that a person says is mended.
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

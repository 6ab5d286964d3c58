//! Counts logins and calls made for people together with the workers' (B-03), by the address that is called.

use std::collections::BTreeMap;

use domain::{Budget, Calls, LoginOutcome, LoginPermission, NextTry, PartnerId};
use jiff::Timestamp;
use kaseya::Login;
use store::{
    StoreError, Transaction,
    kaseya::{
        calls,
        logins::{self, LoginOf, NewTry, TryId},
        look_ups::{self, LookUpId},
        places::Place,
    },
    settings::refused_credentials,
};
use vault::KeyRing;

use crate::{NotTried, OpenCredentials, credentials};

/// What counting logins and calls needs.
#[derive(Clone, Copy)]
pub(crate) struct Counting<'a> {
    pub(crate) keys: &'a KeyRing,
    pub(crate) now: Timestamp,
}

/// Result of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoginEnd {
    /// When the user may log in again after another refusal.
    pub(crate) next_try: NextTry,
    /// Whether a sync follows, because Kaseya accepts the stored credentials again.
    pub(crate) sync_follows: bool,
}

impl Counting<'_> {
    /// Counts a login before it is sent, if it is allowed.
    pub(crate) async fn begin_login(
        self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        values: &OpenCredentials,
        fixed: bool,
    ) -> Result<TryId, NotTried> {
        let (now, marks, address) = (self.now, credentials::marks(values, self.keys), values.address());
        let of = LoginOf { address: &address, user: &values.user_name, partner };
        let mut account = logins::lock_account(tx, of, &marks, now).await?;
        let refused = if fixed { account.refused.take() } else { account.refused };
        match account.permission(now) {
            LoginPermission::Yes => {}
            LoginPermission::NotBefore(until) => return Err(NotTried::NotBefore { until }),
            LoginPermission::Stopped(code) => {
                return Err(NotTried::RefusedBefore { code, at: refused.map_or(now, |refused| refused.at) });
            }
        }
        Ok(logins::login_begun(tx, &NewTry { of, marks: &marks, job: None }, now).await?)
    }

    /// Takes a look-up's maximum of calls from the hour's budget, and from the share of it for one partner's
    /// people.
    pub(crate) async fn begin_look_up(
        self,
        tx: &Transaction<'_>,
        place: &Place,
    ) -> Result<(LookUpId, Calls), NotTried> {
        let looked_up = look_ups::lock(tx, &place.partner, self.now).await?;
        if let Some(until) = looked_up.not_before {
            return Err(NotTried::TooOften { until });
        }
        let used = calls::sum(&calls::used_calls(tx, place, self.now).await?);
        let allowed = Budget::default().look_up_allowance(used, looked_up.calls);
        let allowed = allowed.ok_or(NotTried::CallLimit)?;
        Ok((look_ups::begin(tx, place, allowed, self.now).await?, allowed))
    }

    /// Records the outcome of a login.
    pub(crate) async fn end_login(
        self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        values: &OpenCredentials,
        id: TryId,
        login: Login,
    ) -> Result<LoginEnd, StoreError> {
        let now = self.now;
        // Lock the integration before the login, as everywhere that locks both.
        let stored =
            refused_credentials::hold_stored_credentials(tx, partner, &credentials::marks(values, self.keys))
                .await?;
        let (outcome, code) = match login {
            Login::NotTried => (LoginOutcome::NotTried, None),
            Login::Accepted => (LoginOutcome::Accepted, None),
            Login::Refused(code) => (LoginOutcome::Refused, Some(code.as_str())),
            Login::Unknown => (LoginOutcome::Unknown, None),
        };
        logins::login_ended(tx, partner, id, outcome, code, now).await?;
        let sync_follows = match (stored, code) {
            (Some(version), Some(code)) => {
                refused_credentials::refuse_credentials(tx, partner, version, code, now).await?;
                false
            }
            (Some(_), None) if outcome == LoginOutcome::Accepted => {
                refused_credentials::forget_refusal(tx, partner).await?
            }
            (Some(_) | None, _) => false,
        };
        let next_try = match outcome {
            LoginOutcome::Accepted => NextTry::Free,
            LoginOutcome::Refused | LoginOutcome::Unknown | LoginOutcome::NotTried => {
                let address = values.address();
                let of = LoginOf { address: &address, user: &values.user_name, partner };
                logins::account(tx, of, &credentials::marks(values, self.keys), now).await?.next_try(now)
            }
        };
        Ok(LoginEnd { next_try, sync_follows })
    }

    /// Ends a look-up with the calls it made.
    pub(crate) async fn end_look_up(
        self,
        tx: &Transaction<'_>,
        place: &Place,
        id: LookUpId,
        made: &BTreeMap<String, u32>,
    ) -> Result<(), StoreError> {
        let made: Vec<(String, i32)> = made
            .iter()
            .map(|(endpoint, calls)| (endpoint.clone(), i32::try_from(*calls).unwrap_or(i32::MAX)))
            .collect();
        look_ups::end(tx, place, id, &made, self.now).await
    }
}

//! Logins and calls of people, counted with the workers' (B-03): per host, tenant and user, whoever of ours tries.

use std::collections::BTreeMap;

use domain::{Budget, Calls, LoginOutcome, LoginPermission, NextTry, PartnerId};
use jiff::Timestamp;
use kaseya::Login;
use store::{
    StoreError, Transaction, calls, closing,
    logins::{self, LoginOf, NewTry, TryId},
    switch,
};
use vault::KeyRing;

use crate::{NotTried, Values};

/// What logins and calls are counted with.
#[derive(Clone, Copy)]
pub(crate) struct Counting<'a> {
    pub(crate) keys: &'a KeyRing,
    pub(crate) now: Timestamp,
}

/// What a login that has ended came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoginEnd {
    /// What another refusal would come to.
    pub(crate) next_try: NextTry,
    /// Whether a sync follows, because Kaseya takes the stored credentials again.
    pub(crate) sync_follows: bool,
}

impl Counting<'_> {
    /// Counts a login that is about to be sent, if it may be; answers what may be called.
    pub(crate) async fn begin(
        self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        values: &Values,
        mended: bool,
    ) -> Result<(TryId, Calls), NotTried> {
        let now = self.now;
        let (host, marks) = (values.counted_host(), values.marks(self.keys));
        let of = LoginOf { host: &host, tenant: &values.tenant, user: &values.user_name };
        let mut account = logins::lock_account(tx, of, &marks, now).await?;
        let refused = if mended { account.refused.take() } else { account.refused };
        match account.permission(now) {
            LoginPermission::Yes => {}
            LoginPermission::NotBefore(until) => return Err(NotTried::NotBefore { until }),
            LoginPermission::Stopped(code) => {
                return Err(NotTried::RefusedBefore { code, at: refused.map_or(now, |refused| refused.at) });
            }
        }
        let allowed = self.allowance(tx, values).await?;
        let id = logins::login_begun(tx, &NewTry { of, marks: &marks, partner, job: None }, now).await?;
        Ok((id, allowed))
    }

    /// What may be called of the hour's budget.
    pub(crate) async fn allowance(self, tx: &Transaction<'_>, values: &Values) -> Result<Calls, NotTried> {
        let used = calls::used_calls(tx, &values.counted_host(), &values.tenant, self.now).await?;
        let used = used.iter().fold(Calls::default(), |sum, entry| Calls {
            v2: sum.v2.saturating_add(entry.calls.v2),
            v1: sum.v1.saturating_add(entry.calls.v1),
        });
        Budget::default().allowance(used, true).ok_or(NotTried::CallLimit)
    }

    /// Counts what became of a login, and the calls that were made.
    pub(crate) async fn end(
        self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        values: &Values,
        id: TryId,
        login: Login,
        made: &BTreeMap<String, u32>,
    ) -> Result<LoginEnd, StoreError> {
        let now = self.now;
        // The integration before the login, as wherever both are locked.
        let stored = switch::hold_stored_credentials(tx, partner, &values.marks(self.keys)).await?;
        let (outcome, code) = match login {
            Login::NotTried => (LoginOutcome::NotTried, None),
            Login::Accepted => (LoginOutcome::Accepted, None),
            Login::Refused(code) => (LoginOutcome::Refused, Some(code.as_str())),
            Login::Unknown => (LoginOutcome::Unknown, None),
        };
        logins::login_ended(tx, partner, id, outcome, code, now).await?;
        let sync_follows = match (stored, code) {
            (Some(version), Some(code)) => {
                closing::refuse_credentials(tx, partner, version, code, now).await?;
                false
            }
            (Some(_), None) if outcome == LoginOutcome::Accepted => {
                switch::forget_refusal(tx, partner).await?
            }
            (Some(_) | None, _) => false,
        };
        self.record(tx, values, made).await?;
        let next_try = match outcome {
            LoginOutcome::Accepted => NextTry::Free,
            LoginOutcome::Refused | LoginOutcome::Unknown | LoginOutcome::NotTried => {
                let host = values.counted_host();
                let of = LoginOf { host: &host, tenant: &values.tenant, user: &values.user_name };
                logins::account(tx, of, &values.marks(self.keys), now).await?.next_try(now)
            }
        };
        Ok(LoginEnd { next_try, sync_follows })
    }

    /// Counts calls that were made.
    pub(crate) async fn record(
        self,
        tx: &Transaction<'_>,
        values: &Values,
        made: &BTreeMap<String, u32>,
    ) -> Result<(), StoreError> {
        let made: Vec<(String, i32)> = made
            .iter()
            .map(|(endpoint, calls)| (endpoint.clone(), i32::try_from(*calls).unwrap_or(i32::MAX)))
            .collect();
        let minute = calls::minute_of(self.now);
        calls::record_calls(tx, &values.counted_host(), &values.tenant, &made, minute).await
    }
}

//! The one function by which values are tried.

use std::{collections::BTreeMap, fmt, sync::Arc};

use domain::{Budget, Calls, Clock, ErrorCode, LoginOutcome, LoginPermission, PartnerId};
use jiff::Timestamp;
use kaseya::{Access, Allowance, Bms, Checked, Finding, Limits, Login};
use store::{
    Store, StoreError, Transaction, calls, closing,
    logins::{self, LoginOf, NewTry, TryId},
    switch,
};
use vault::KeyRing;

use crate::{Values, values::NoAddress};

/// Tries values.
pub struct Authenticator {
    /// Where logins are counted.
    pub store: Store,
    /// A client of its own: it must know no token, and of no refusal that a person says is mended.
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
    /// What became of the login.
    pub login: Login,
}

/// Why values were not tried: nothing has been sent to Kaseya.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// They name no Kaseya.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// Kaseya has refused the very same values.
    #[error(
        "Kaseya refused these very values on {at} ({code}); they are not tried again, or the user would be locked"
    )]
    RefusedBefore {
        /// How.
        code: ErrorCode,
        /// When.
        at: Timestamp,
    },
    /// Too many logins of this user were refused or had no answer, or it is locked.
    #[error(
        "too many logins of this user were refused or had no answer; the next one is tried from {until} on"
    )]
    NotBefore {
        /// When they may be tried.
        until: Timestamp,
    },
    /// The hour's calls are used up.
    #[error("this hour's calls to Kaseya are used up (LIM-01); try again in a while")]
    CallLimit,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
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
        let bases = values.bases()?;
        let begun =
            self.store.transaction("authenticate", |tx| Box::pin(self.begin(tx, partner, values, mended)));
        let (id, calls) = begun.await?;
        let access = Access {
            partner: partner.clone(),
            bases,
            tenant: values.tenant.clone(),
            user_name: values.user_name.clone(),
            password: values.password.clone(),
            // What is typed has no version.
            credentials_version: 0,
        };
        let session = self.bms.session(access, Limits::of(Allowance { v2: calls.v2, v1: calls.v1 }));
        let checks = session.preflight().await;
        let (login, made) = (session.login(), session.calls());
        self.store
            .transaction("authenticated", |tx| Box::pin(self.end(tx, partner, values, id, login, &made)))
            .await?;
        Ok(Authenticated { checks, login })
    }

    async fn begin(
        &self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        values: &Values,
        mended: bool,
    ) -> Result<(TryId, Calls), NotTried> {
        let now = self.clock.now();
        let (host, marks) = (values.counted_host(), values.marks(&self.keys));
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
        let used = calls::used_calls(tx, &host, &values.tenant, now).await?;
        let used = used.iter().fold(Calls::default(), |sum, entry| Calls {
            v2: sum.v2.saturating_add(entry.calls.v2),
            v1: sum.v1.saturating_add(entry.calls.v1),
        });
        let Some(allowed) = Budget::default().allowance(used, true) else { return Err(NotTried::CallLimit) };
        let id = logins::login_begun(tx, &NewTry { of, marks: &marks, partner, job: None }, now).await?;
        Ok((id, allowed))
    }

    async fn end(
        &self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        values: &Values,
        id: TryId,
        login: Login,
        made: &BTreeMap<String, u32>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        // The integration before the login, as wherever both are locked.
        let stored = switch::hold_stored_credentials(tx, partner, &values.marks(&self.keys)).await?;
        let (outcome, code) = match login {
            Login::NotTried => (LoginOutcome::NotTried, None),
            Login::Accepted => (LoginOutcome::Accepted, None),
            Login::Refused(code) => (LoginOutcome::Refused, Some(code.as_str())),
            Login::Unknown => (LoginOutcome::Unknown, None),
        };
        logins::login_ended(tx, partner, id, outcome, code, now).await?;
        match (stored, code) {
            (Some(version), Some(code)) => {
                closing::refuse_credentials(tx, partner, version, code, now).await?;
            }
            (Some(_), None) if outcome == LoginOutcome::Accepted => {
                switch::forget_refusal(tx, partner).await?;
            }
            (Some(_) | None, _) => {}
        }
        let made: Vec<(String, i32)> = made
            .iter()
            .map(|(endpoint, calls)| (endpoint.clone(), i32::try_from(*calls).unwrap_or(i32::MAX)))
            .collect();
        calls::record_calls(tx, &values.counted_host(), &values.tenant, &made, calls::minute_of(now)).await
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

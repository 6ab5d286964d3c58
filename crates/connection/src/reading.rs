//! Reads for a person who looks something up in Kaseya, with the stored credentials.
//!
//! Most find a token at hand and are one call. Where none is, one login is made and counted as a job's or Authenticate's is,
//! however many wait for it; without that permission nothing logs in.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Clock, ErrorCode, PartnerId};
use jiff::Timestamp;
use kaseya::{Allowance, Bms, BmsError, Limits, Session};
use store::{Store, StoreError, settings};
use vault::KeyRing;

use crate::{NoAddress, NotTried, Values, counting::Counting};

/// Reads for people. Clones share tokens.
#[derive(Clone)]
pub struct Reader(Arc<Shared>);

struct Shared {
    store: Store,
    bms: Bms,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    /// Who logs in holds the partner's: all others wait and then find its token.
    logging_in: Mutex<HashMap<PartnerId, Arc<tokio::sync::Mutex<()>>>>,
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// The connection to Kaseya is to be saved first.
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// The key ring does not open the stored password.
    #[error("the stored password cannot be opened")]
    NotOpened,
    /// Kaseya refuses the stored credentials; they are not tried until they are others.
    #[error("Kaseya refused the stored credentials on {at} ({code})")]
    Refused {
        /// How.
        code: ErrorCode,
        /// When.
        at: Timestamp,
    },
    /// No login may be sent now, or the hour's calls are used up.
    #[error(transparent)]
    NotTried(#[from] NotTried),
    /// Kaseya takes the login and not the token that it gave: the role lacks a right.
    #[error("not allowed: the role lacks a right")]
    NotAllowed,
    /// The call.
    #[error(transparent)]
    Call(#[from] BmsError),
    /// The process is ending.
    #[error("the process is ending")]
    Ending,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotRead {
    /// The case of the error catalogue, where it is one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } | Self::NotTried(NotTried::RefusedBefore { code, .. }) => Some(*code),
            Self::NotTried(NotTried::CallLimit) => Some(ErrorCode::Lim01),
            Self::NotTried(NotTried::NoAddress(NoAddress::LineProfile(_))) => Some(ErrorCode::Lin01),
            Self::NotTried(NotTried::NoAddress(_)) => Some(ErrorCode::Host01),
            Self::NotAllowed => Some(ErrorCode::Auth06),
            Self::Call(error) => Some(error.code()),
            Self::NotTried(NotTried::NotBefore { .. }) => Some(ErrorCode::Auth08),
            Self::NotConnected | Self::NotOpened | Self::NotTried(_) | Self::Ending | Self::Store(_) => None,
        }
    }

    /// What Kaseya said.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Call(error) => error.words(),
            _ => None,
        }
    }
}

/// The stored credentials, and what may be called with them.
struct Stored {
    values: Values,
    line_profile: Option<String>,
    version: u32,
    allowance: Allowance,
}

impl Reader {
    /// A reader that knows no token yet.
    pub fn new(store: Store, bms: Bms, keys: Arc<KeyRing>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared { store, bms, keys, clock, logging_in: Mutex::default() }))
    }

    /// Reads something of a partner's Kaseya, also while the integration is off: a person asks for it (S-18).
    pub async fn read<T, F>(
        &self,
        partner: &PartnerId,
        reads: impl Fn(Arc<Session>) -> F,
    ) -> Result<T, NotRead>
    where
        F: Future<Output = Result<T, BmsError>>,
    {
        let stored = Arc::new(self.0.stored(partner).await?);
        if let Some(read) = self.0.at_hand(partner, &stored, &reads).await? {
            return Ok(read);
        }
        let door = self.0.door(partner);
        let _first = door.lock().await;
        // Whoever was before has logged in, perhaps.
        if let Some(read) = self.0.at_hand(partner, &stored, &reads).await? {
            return Ok(read);
        }
        // Whoever waits for it may go away, and a login whose outcome nobody notes counts as one that may be refused.
        let (shared, with, of) = (Arc::clone(&self.0), Arc::clone(&stored), partner.clone());
        tokio::spawn(async move { shared.log_in(&of, &with).await }).await.map_err(|_| NotRead::Ending)??;
        self.0.at_hand(partner, &stored, &reads).await?.ok_or(NotRead::NotAllowed)
    }
}

impl Shared {
    fn counting(&self) -> Counting<'_> {
        Counting { keys: &self.keys, now: self.clock.now() }
    }

    async fn stored(&self, partner: &PartnerId) -> Result<Stored, NotRead> {
        let counting = self.counting();
        self.store
            .transaction("begin_reading", |tx| {
                Box::pin(async move {
                    let stored = settings::read_integration(tx, partner).await?;
                    let stored = stored.ok_or(NotRead::NotConnected)?;
                    if let Some(refused) = stored.credentials_refused {
                        return Err(NotRead::Refused { code: refused.code, at: refused.at });
                    }
                    let values = Values::stored(partner, &stored, counting.keys).ok_or(NotRead::NotOpened)?;
                    let allowed = counting.allowance(tx, &values).await?;
                    let allowance = Allowance { v2: allowed.v2, v1: allowed.v1 };
                    let (version, line_profile) = (stored.credentials_version, stored.line_profile);
                    Ok(Stored { values, line_profile, version, allowance })
                })
            })
            .await
    }

    fn session(&self, partner: &PartnerId, stored: &Stored, may_log_in: bool) -> Result<Session, NotRead> {
        let bases = stored.values.bases(stored.line_profile.as_deref()).map_err(NotTried::from)?;
        let access = stored.values.access(partner, bases, stored.version);
        Ok(self.bms.session(access, Limits { may_log_in, ..Limits::of(stored.allowance) }))
    }

    /// Reads by a token at hand; `None` when there is none.
    async fn at_hand<T, F>(
        &self,
        partner: &PartnerId,
        stored: &Stored,
        reads: &impl Fn(Arc<Session>) -> F,
    ) -> Result<Option<T>, NotRead>
    where
        F: Future<Output = Result<T, BmsError>>,
    {
        let session = Arc::new(self.session(partner, stored, false)?);
        let read = reads(Arc::clone(&session)).await;
        let made = session.calls();
        if !made.is_empty() {
            let (counting, values) = (self.counting(), &stored.values);
            self.store
                .transaction("record_reading", |tx| Box::pin(counting.record(tx, values, &made)))
                .await?;
        }
        match read {
            Ok(read) => Ok(Some(read)),
            Err(BmsError::NotSignedIn) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn log_in(&self, partner: &PartnerId, stored: &Stored) -> Result<(), NotRead> {
        let (counting, values) = (self.counting(), &stored.values);
        let (id, _) = self
            .store
            .transaction("begin_login", |tx| Box::pin(counting.begin(tx, partner, values, false)))
            .await?;
        let session = self.session(partner, stored, true)?;
        let signed_in = session.sign_in_to_reads().await;
        let (counting, login, made) = (self.counting(), session.login(), session.calls());
        self.store
            .transaction("end_login", |tx| Box::pin(counting.end(tx, partner, values, id, login, &made)))
            .await?;
        Ok(signed_in?)
    }

    fn door(&self, partner: &PartnerId) -> Arc<tokio::sync::Mutex<()>> {
        // Entries are whole whatever panics elsewhere.
        let mut doors = self.logging_in.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(doors.entry(partner.clone()).or_default())
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

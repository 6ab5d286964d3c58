//! Reads from Kaseya for a person, with the stored credentials.
//!
//! Most reads find a token and take one call. Without a token, one login is made, however many callers wait for it,
//! and counted like a job's or Authenticate's; without that permission nothing logs in. A partner's people run a
//! few look-ups at a time and have a share of the hour's calls: a Kaseya that answers quickly, or never, uses up
//! nothing that belongs to others (F1).

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Clock, ErrorCode, PartnerId};
use jiff::Timestamp;
use kaseya::{Allowance, Bms, BmsError, Limits, Session};
use store::{Store, StoreError, kaseya::places::Place, settings};
use tokio::sync::Semaphore;
use vault::KeyRing;

use crate::{
    NoAddress, NotTried, OpenCredentials,
    call_count::Counting,
    credentials,
    look_up::{Begun, LookUp},
};

/// How many look-ups a partner's people run at a time; more wait. Together these take less than their share of an
/// hour.
const AT_A_TIME: usize = 4;

/// Reads for people. Clones share tokens.
#[derive(Clone)]
pub struct Reader(Arc<Shared>);

struct Shared {
    store: Store,
    bms: Bms,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    doors: Mutex<HashMap<PartnerId, Door>>,
}

/// A partner's access to its Kaseya.
#[derive(Clone)]
struct Door {
    /// Held by the caller that logs in: all others wait and then find its token.
    logging_in: Arc<tokio::sync::Mutex<()>>,
    /// One permit per look-up in progress.
    looking_up: Arc<Semaphore>,
}

impl Default for Door {
    fn default() -> Self {
        Self { logging_in: Arc::default(), looking_up: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// The connection to Kaseya must be saved first.
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// The key ring does not open the stored password.
    #[error("the stored password cannot be opened")]
    NotOpened,
    /// Kaseya refuses the stored credentials. They are not tried again until they change.
    #[error("Kaseya refused the stored credentials on {at} ({code})")]
    Refused {
        /// The code of the refusal.
        code: ErrorCode,
        /// When Kaseya refused.
        at: Timestamp,
    },
    /// No login may be sent now, or the hour's calls are used up.
    #[error(transparent)]
    NotTried(#[from] NotTried),
    /// Kaseya accepts the login but not the token it issued: the role lacks a right.
    #[error("not allowed: the role lacks a right")]
    NotAllowed,
    /// The call failed.
    #[error(transparent)]
    Call(#[from] BmsError),
    /// The process is ending.
    #[error("the process is ending")]
    Ending,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotRead {
    /// The code in the error catalogue, if there is one.
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

    /// Kaseya's words.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Call(error) => error.words(),
            _ => None,
        }
    }
}

/// The stored credentials, and what may be called with them.
struct Stored {
    values: OpenCredentials,
    line_profile: Option<String>,
    version: u32,
    allowance: Allowance,
}

impl Reader {
    /// A reader that knows no token yet.
    pub fn new(store: Store, bms: Bms, keys: Arc<KeyRing>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared { store, bms, keys, clock, doors: Mutex::default() }))
    }

    /// Reads from a partner's Kaseya, also while the integration is off, since a person asks for it (S-18).
    pub async fn read<T, F>(
        &self,
        partner: &PartnerId,
        reads: impl Fn(Arc<Session>) -> F,
    ) -> Result<T, NotRead>
    where
        F: Future<Output = Result<T, BmsError>>,
    {
        let door = self.0.door(partner);
        // The semaphore is never closed.
        let _turn = door.looking_up.acquire().await.map_err(|_| NotRead::Ending)?;
        let (stored, look_up) = self.0.begin(partner).await?;
        let read = self.look_up((partner, &Arc::new(stored)), &door, &look_up, &reads).await;
        look_up.end().await?;
        read
    }

    async fn look_up<T, F>(
        &self,
        (partner, stored): (&PartnerId, &Arc<Stored>),
        door: &Door,
        look_up: &LookUp,
        reads: &impl Fn(Arc<Session>) -> F,
    ) -> Result<T, NotRead>
    where
        F: Future<Output = Result<T, BmsError>>,
    {
        if let Some(read) = self.0.at_hand((partner, stored), look_up, reads).await? {
            return Ok(read);
        }
        let _first = door.logging_in.lock().await;
        // The previous holder may have logged in.
        if let Some(read) = self.0.at_hand((partner, stored), look_up, reads).await? {
            return Ok(read);
        }
        // A waiting caller may go away, and a login without a recorded outcome counts as possibly refused: so log
        // in on a task of its own.
        let (shared, of, with) = (Arc::clone(&self.0), partner.clone(), Arc::clone(stored));
        let session = look_up.session(self.0.session(partner, stored, true)?);
        tokio::spawn(async move { shared.log_in(&of, &with, &session).await })
            .await
            .map_err(|_| NotRead::Ending)??;
        self.0.at_hand((partner, stored), look_up, reads).await?.ok_or(NotRead::NotAllowed)
    }
}

impl Shared {
    fn counting(&self) -> Counting<'_> {
        Counting { keys: &self.keys, now: self.clock.now() }
    }

    async fn begin(&self, partner: &PartnerId) -> Result<(Stored, LookUp), NotRead> {
        let counting = self.counting();
        let (stored, place, id) = self
            .store
            .transaction("begin_reading", |tx| {
                Box::pin(async move {
                    let stored = settings::read_integration(tx, partner).await?;
                    let stored = stored.ok_or(NotRead::NotConnected)?;
                    if let Some(refused) = stored.credentials_refused {
                        return Err(NotRead::Refused { code: refused.code, at: refused.at });
                    }
                    let values = credentials::open(partner, &stored.credentials, counting.keys)
                        .ok_or(NotRead::NotOpened)?;
                    let place = Place::of(tx, partner, values.address()).await?;
                    let (id, allowed) = counting.begin_look_up(tx, &place).await?;
                    let allowance = Allowance { v2: allowed.v2, v1: allowed.v1 };
                    let (version, line_profile) = (stored.credentials_version, stored.line_profile);
                    Ok::<_, NotRead>((Stored { values, line_profile, version, allowance }, place, id))
                })
            })
            .await?;
        let (store, keys, clock) = (self.store.clone(), Arc::clone(&self.keys), Arc::clone(&self.clock));
        Ok((stored, LookUp::new(Begun { store, keys, clock, place, id })))
    }

    fn session(&self, partner: &PartnerId, stored: &Stored, may_log_in: bool) -> Result<Session, NotRead> {
        let profile = stored.line_profile.as_deref();
        let bases =
            credentials::bases(&stored.values, profile, self.bms.allowed_hosts()).map_err(NotTried::from)?;
        let access = credentials::access(partner, &stored.values, bases, stored.version);
        Ok(self.bms.session(access, Limits { may_log_in, ..Limits::of(stored.allowance) }))
    }

    /// Reads with an existing token; `None` without one.
    async fn at_hand<T, F>(
        &self,
        (partner, stored): (&PartnerId, &Stored),
        look_up: &LookUp,
        reads: &impl Fn(Arc<Session>) -> F,
    ) -> Result<Option<T>, NotRead>
    where
        F: Future<Output = Result<T, BmsError>>,
    {
        let session = look_up.session(self.session(partner, stored, false)?);
        match reads(session).await {
            Ok(read) => Ok(Some(read)),
            Err(BmsError::NotSignedIn) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn log_in(&self, partner: &PartnerId, stored: &Stored, session: &Session) -> Result<(), NotRead> {
        let (counting, values) = (self.counting(), &stored.values);
        let id = self
            .store
            .transaction("begin_login", |tx| Box::pin(counting.begin_login(tx, partner, values, false)))
            .await?;
        let signed_in = session.sign_in_to_reads().await;
        let (counting, login) = (self.counting(), session.login());
        self.store
            .transaction("end_login", |tx| Box::pin(counting.end_login(tx, partner, values, id, login)))
            .await?;
        Ok(signed_in?)
    }

    fn door(&self, partner: &PartnerId) -> Door {
        // Entries are whole, whatever panics elsewhere.
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.entry(partner.clone()).or_default().clone()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

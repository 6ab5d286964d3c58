//! One look-up for a person. Its calls count even if the caller goes away.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use domain::Clock;
use kaseya::Session;
use store::{
    Store, StoreError,
    kaseya::{look_ups::LookUpId, places::Place},
};
use vault::KeyRing;

use crate::call_count::Counting;

/// A look-up in progress.
pub(crate) struct LookUp {
    begun: Arc<Begun>,
    /// The sessions it calls through; empty once the look-up has ended.
    sessions: Mutex<Vec<Arc<Session>>>,
}

/// Where a look-up's calls are counted, and with what.
pub(crate) struct Begun {
    pub(crate) store: Store,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) place: Place,
    pub(crate) id: LookUpId,
}

impl LookUp {
    pub(crate) fn new(begun: Begun) -> Self {
        Self { begun: Arc::new(begun), sessions: Mutex::default() }
    }

    /// A session with counted calls.
    pub(crate) fn session(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&session));
        session
    }

    /// Counts the calls made.
    pub(crate) async fn end(&self) -> Result<(), StoreError> {
        self.begun.end(self.take_sessions()).await
    }

    fn take_sessions(&self) -> Vec<Arc<Session>> {
        mem::take(&mut *self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        let sessions = self.take_sessions();
        if sessions.is_empty() {
            return;
        }
        let begun = Arc::clone(&self.begun);
        // If the process ends, the look-up's maximum of calls counts for an hour.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = begun.end(sessions).await {
                    tracing::warn!(%error, "the calls of a look-up are not counted; what it might have called is");
                }
            });
        }
    }
}

impl Begun {
    async fn end(&self, sessions: Vec<Arc<Session>>) -> Result<(), StoreError> {
        let mut made: BTreeMap<String, u32> = BTreeMap::new();
        for (endpoint, calls) in sessions.iter().flat_map(|session| session.calls()) {
            *made.entry(endpoint).or_default() += calls;
        }
        let counting = Counting { keys: &self.keys, now: self.clock.now() };
        self.store
            .transaction("end_look_up", |tx| Box::pin(counting.end_look_up(tx, &self.place, self.id, &made)))
            .await
    }
}

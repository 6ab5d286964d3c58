//! One look-up of a person: what it calls counts also where whoever asked goes away.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use kaseya::Session;
use store::StoreError;

use crate::reading::{Shared, Stored};

/// A look-up that was begun.
pub(crate) struct LookUp {
    shared: Arc<Shared>,
    stored: Arc<Stored>,
    /// What it calls with; empty once it has ended.
    sessions: Mutex<Vec<Arc<Session>>>,
}

impl LookUp {
    pub(crate) fn new(shared: &Arc<Shared>, stored: Stored) -> Self {
        Self { shared: Arc::clone(shared), stored: Arc::new(stored), sessions: Mutex::default() }
    }

    pub(crate) fn stored(&self) -> Arc<Stored> {
        Arc::clone(&self.stored)
    }

    /// A session whose calls count.
    pub(crate) fn session(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&session));
        session
    }

    /// Counts what it called.
    pub(crate) async fn end(&self) -> Result<(), StoreError> {
        let sessions = self.take_sessions();
        count(&self.shared, &self.stored, sessions).await
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
        let (shared, stored) = (Arc::clone(&self.shared), Arc::clone(&self.stored));
        // Where the process ends, what it might have called counts for an hour.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = count(&shared, &stored, sessions).await {
                    tracing::warn!(%error, "the calls of a look-up are not counted; what it might have called is");
                }
            });
        }
    }
}

async fn count(shared: &Shared, stored: &Stored, sessions: Vec<Arc<Session>>) -> Result<(), StoreError> {
    let mut made: BTreeMap<String, u32> = BTreeMap::new();
    for (endpoint, calls) in sessions.iter().flat_map(|session| session.calls()) {
        *made.entry(endpoint).or_default() += calls;
    }
    let counting = shared.counting();
    shared
        .store
        .transaction("end_look_up", |tx| {
            Box::pin(counting.end_look_up(tx, &stored.place, stored.look_up, &made))
        })
        .await
}

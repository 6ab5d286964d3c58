//! The keys that stored passwords need and this worker's ring lacks: readiness names them.
//!
//! The worker continues with the partners whose passwords it can open: one row sealed with a lost key must not stop
//! the sync of all others.

use std::{collections::BTreeMap, sync::Arc};

use domain::PartnerId;
use tokio::sync::watch;

/// The missing key of each partner with a last job that needed one.
#[derive(Clone)]
pub(crate) struct MissingKeys(Arc<Fault>);

struct Fault {
    keys: watch::Sender<BTreeMap<PartnerId, String>>,
    text: watch::Sender<Option<String>>,
}

impl Default for MissingKeys {
    fn default() -> Self {
        Self(Arc::new(Fault { keys: watch::Sender::new(BTreeMap::new()), text: watch::Sender::new(None) }))
    }
}

impl MissingKeys {
    /// Why the program is not ready, if a key is missing.
    pub(crate) fn fault(&self) -> watch::Receiver<Option<String>> {
        self.0.text.subscribe()
    }

    /// Records the result of the partner's last job: this key is missing, or none is.
    pub(crate) fn note(&self, partner: &PartnerId, missing: Option<&str>) {
        self.0.keys.send_modify(|keys| {
            match missing {
                Some(key) => keys.insert(partner.clone(), key.to_owned()),
                None => keys.remove(partner),
            };
            let text = keys.iter().next().map(|(partner, key)| {
                format!("the key ring has no key {key:?}; the password of partner {partner} needs it")
            });
            self.0.text.send_replace(text);
        });
    }
}

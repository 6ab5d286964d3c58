//! The connection to Kaseya as people fill it in: tried, then saved (S-02 to S-15, B-03).

use std::{collections::BTreeMap, fmt, sync::Arc};

use connection::{Authenticated, Authenticator, OpenCredentials, Reader};
use domain::{IntegrationState, NumberSetting, PartnerId, SecurityEventKind};
use jiff::Timestamp;
use kaseya::{AllowedHosts, Bms, Note};
use serde_json::{Value, json};
use store::{
    Transaction,
    access::{Actor, security_events::SecurityEvent},
    settings,
};
use vault::KeyRing;

use crate::{
    Acting, Operations,
    acting::Kept,
    connection_form::{ConnectionForm, CredentialsForm},
    connection_settings::{NewConnection, Trial},
    credentials::Sealing,
    not_saved::{Found, NotSaved},
    switch,
};

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedConnection {
    /// The host.
    pub host: String,
    /// What was stripped from the typed host, to be shown.
    pub notes: Vec<Note>,
    /// Whether the integration is on.
    pub state: IntegrationState,
    /// Whether the credentials changed.
    pub new_credentials: bool,
    /// Whether this is the partner's first integration.
    pub is_first: bool,
    /// Whether a sync of all companies follows automatically, because Kaseya had refused the previous credentials.
    pub sync_follows: bool,
}

/// Result of Authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The host that was tried.
    pub host: String,
    /// What was stripped from the typed host, to be shown.
    pub notes: Vec<Note>,
    /// All checks.
    pub authenticated: Authenticated,
}

/// Saves connections, tries them, and reads from Kaseya through them.
pub struct Connections {
    /// The operations that store connections.
    pub operations: Operations,
    /// Tries connections; its keys seal passwords.
    authenticator: Authenticator,
    /// Reads from Kaseya through stored connections.
    pub(crate) reader: Reader,
}

/// The next step of a save.
enum Step {
    Saved(SavedConnection, Kept),
    Try(Box<OpenCredentials>),
}

impl Connections {
    /// `bms` calls Kaseya and `keys` seals passwords.
    pub fn new(operations: Operations, bms: Bms, keys: Arc<KeyRing>) -> Self {
        let (store, clock) = (operations.store.clone(), Arc::clone(&operations.clock));
        let reader = Reader::new(store.clone(), bms.clone(), Arc::clone(&keys), Arc::clone(&clock));
        Self { operations, authenticator: Authenticator { store, bms, keys, clock }, reader }
    }

    /// Tries the values of a form, with the stored password if none is typed. Stores nothing.
    pub async fn authenticate(
        &self,
        partner: &PartnerId,
        form: &CredentialsForm,
        fixed: bool,
    ) -> Result<Tried, NotSaved> {
        let stored = self
            .operations
            .store
            .transaction("read_partner", |tx| Box::pin(settings::read(tx, partner)))
            .await?
            .ok_or(NotSaved::UnknownPartner)?;
        let mut found = Found::default();
        let read = form.read(partner, stored.integration.as_ref(), self.around(), &mut found);
        let (values, notes) = found.none_or(read)?;
        let authenticated = self.authenticator.authenticate(partner, &values, fixed).await?;
        Ok(Tried { host: values.host, notes, authenticated })
    }

    /// Saves a form. Credentials that differ from those in force, or are the first, are tried before. If they fail,
    /// nothing of the form is stored.
    pub async fn save(
        &self,
        by: &Actor,
        partner: &PartnerId,
        form: &ConnectionForm,
    ) -> Result<SavedConnection, NotSaved> {
        let trial = Trial::Beside(&self.authenticator);
        let mut is_proven = false;
        loop {
            let now = self.operations.clock.now();
            let acting = &self.operations.by(by);
            let step = self
                .operations
                .store
                .transaction("save_connection", |tx| {
                    Box::pin(self.read_and_store(tx, acting, partner, form, (is_proven, now)))
                })
                .await?;
            match step {
                Step::Saved(saved, kept) => {
                    kept.log();
                    return Ok(saved);
                }
                Step::Try(credentials) => {
                    trial.prove(partner, &credentials).await?;
                    is_proven = true;
                }
            }
        }
    }

    fn around(&self) -> (&KeyRing, &AllowedHosts) {
        (&self.authenticator.keys, self.authenticator.bms.allowed_hosts())
    }

    async fn read_and_store(
        &self,
        tx: &Transaction<'_>,
        acting: &Acting<'_>,
        partner: &PartnerId,
        form: &ConnectionForm,
        (is_proven, now): (bool, Timestamp),
    ) -> Result<Step, NotSaved> {
        settings::hold(tx, partner).await?;
        let stored = settings::read(tx, partner).await?.ok_or(NotSaved::UnknownPartner)?;
        let in_force = stored.integration.as_ref();
        let (new, notes) = form.read(partner, in_force, self.around())?;
        let sealing = Sealing { keys: &self.authenticator.keys, entropy: &self.operations.entropy, now };
        if !is_proven && new.is_tried_first(in_force, sealing.keys) {
            return Ok(Step::Try(Box::new(new.credentials)));
        }
        let sealed = new.seal(tx, partner, in_force, sealing).await?;
        settings::store_integration(tx, partner, &sealed.integration, now).await?;
        let state = switch::turn(tx, partner, new.enabled, now).await?;
        let was_refused = in_force.is_some_and(|known| known.credentials_refused.is_some());
        let host = new.credentials.host.clone();
        let details = details(&new, sealed.new_credentials);
        let event = SecurityEvent::of(SecurityEventKind::ConnectionSaved, partner, &host, details);
        let before = in_force.map(|known| known.state);
        let kept = acting.keep(tx, event).await?;
        let kept = kept.and(acting.keep_switched(tx, partner, before, new.enabled).await?);
        let saved = SavedConnection {
            host,
            notes,
            state,
            new_credentials: sealed.new_credentials,
            is_first: in_force.is_none(),
            sync_follows: was_refused && state == IntegrationState::On,
        };
        Ok(Step::Saved(saved, kept))
    }
}

/// What the security event says about a saved connection; never the password.
fn details(new: &NewConnection, new_credentials: bool) -> Value {
    let NewConnection { credentials, settings, enabled, .. } = new;
    let numbers = NumberSetting::ALL.iter().map(|number| (number.as_str(), number.of(settings)));
    json!({
        "company_name": credentials.tenant,
        "user_name": credentials.user_name,
        "v2_base": credentials.v2_base,
        "v1_base": credentials.v1_base,
        "new_credentials": new_credentials,
        "billing": settings.billing.as_str(),
        "invoice_day": settings.invoice_day.get(),
        "month_end_run": settings.month_end_run,
        "drift": settings.drift.as_str(),
        "numbers": numbers.collect::<BTreeMap<_, _>>(),
        "enabled": enabled,
    })
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

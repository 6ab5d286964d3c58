//! The connection to Kaseya as a person fills it in: tried, then saved (S-02 to S-15, B-03).

use std::{fmt, sync::Arc};

use connection::{Authenticated, Authenticator, OpenCredentials, Reader, credentials::open};
use domain::{
    Billing, Credentials, IntegrationSettings, IntegrationState, InvoiceDay, MAX_NAME, PartnerId,
    SecurityEventKind,
};
use jiff::Timestamp;
use kaseya::{AllowedHosts, BasesError, Bms, Host, Note};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::{Actor, security_events::SecurityEvent},
    settings::{self, Integration, NewIntegration, PartnerSettings},
    targets::shared,
};
use vault::KeyRing;

use crate::{
    Acting, Operations,
    acting::Kept,
    credentials::{self, Sealing},
    not_saved::{Field, Found, MistakeKind, NotSaved},
    switch,
};

/// Where and as whom to log in, as typed.
#[derive(Debug, Clone)]
pub struct CredentialsForm {
    /// The host as typed, perhaps with a scheme or path.
    pub host: String,
    /// The V2 base address, if not the host's usual one.
    pub v2_base: String,
    /// The V1 base address, if not the host's usual one.
    pub v1_base: String,
    /// The user name.
    pub user_name: String,
    /// The user's password. If empty, the stored one stays.
    pub password: SecretString,
    /// The company name in Kaseya, exactly as typed.
    pub company_name: String,
}

/// The whole form. Settings that it does not ask for keep their stored value.
#[derive(Debug, Clone)]
pub struct ConnectionForm {
    /// Where and as whom to log in.
    pub credentials: CredentialsForm,
    /// Whether the integration is to be on.
    pub enabled: bool,
    /// When contracts are invoiced. `None` keeps the stored answer.
    pub billing: Option<Billing>,
    /// Day of the month on which contracts are invoiced. `None` keeps the stored answer.
    pub invoice_day: Option<i64>,
    /// Whether a run of its own pushes the frozen month-end count.
    pub month_end_run: bool,
    /// Whether the person confirms a tenant that another partner of this installation uses.
    pub share_tenant: bool,
}

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
        mended: bool,
    ) -> Result<Tried, NotSaved> {
        let stored = self
            .operations
            .store
            .transaction("read_partner", |tx| Box::pin(settings::read(tx, partner)))
            .await?
            .ok_or(NotSaved::UnknownPartner)?;
        let mut found = Found::default();
        let read = form.read(partner, stored.integration.as_ref(), self.trying(), &mut found);
        let (values, notes) = found.none_or(read)?;
        let authenticated = self.authenticator.authenticate(partner, &values, mended).await?;
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
                // Outside the transaction: a login takes time, and the partner's jobs go on meanwhile.
                Step::Try(values) => {
                    let tried = self.authenticator.authenticate(partner, &values, false).await?;
                    if !tried.is_proven() {
                        return Err(NotSaved::NotProven(Box::new(tried)));
                    }
                    is_proven = true;
                }
            }
        }
    }

    fn keys(&self) -> &KeyRing {
        &self.authenticator.keys
    }

    fn trying(&self) -> (&KeyRing, &AllowedHosts) {
        (self.keys(), self.authenticator.bms.allowed_hosts())
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
        let (values, notes, integration) = self.checked(&stored, form, now)?;
        let in_force = stored.integration.as_ref();
        if !is_proven && credentials::are_tried_first(&values, in_force, self.keys()) {
            return Ok(Step::Try(Box::new(values)));
        }
        // After the trial: a caller who cannot log in must not learn that other partners use this tenant.
        if !form.share_tenant && sharing_is_asked(tx, partner, &values, in_force).await? {
            return Err(NotSaved::SharedTenant);
        }
        let new_credentials =
            in_force.is_none_or(|known| known.credentials_version != integration.credentials_version);
        if new_credentials {
            credentials::not_refused::<NotSaved>(
                tx,
                partner,
                &values,
                &integration.credentials.password.marks,
                now,
            )
            .await?;
        }
        settings::store_integration(tx, partner, &integration, now).await?;
        let state = switch::turn(tx, partner, form.enabled, now).await?;
        let is_first = in_force.is_none();
        let was_refused = in_force.is_some_and(|known| known.credentials_refused.is_some());
        let sync_follows = was_refused && state == IntegrationState::On;
        let details = json!({
            "company_name": values.tenant,
            "user_name": values.user_name,
            "v2_base": values.v2_base,
            "v1_base": values.v1_base,
            "new_credentials": new_credentials,
            "billing": integration.settings.billing.as_str(),
            "invoice_day": integration.settings.invoice_day.get(),
            "month_end_run": integration.settings.month_end_run,
            "enabled": form.enabled,
        });
        let saved = SecurityEvent::of(SecurityEventKind::ConnectionSaved, partner, &values.host, details);
        let before = in_force.map(|known| known.state);
        let kept = acting.keep(tx, saved).await?;
        let kept = kept.and(acting.keep_switched(tx, partner, before, form.enabled).await?);
        let saved =
            SavedConnection { host: values.host, notes, state, new_credentials, is_first, sync_follows };
        Ok(Step::Saved(saved, kept))
    }

    fn checked(
        &self,
        stored: &PartnerSettings,
        form: &ConnectionForm,
        now: Timestamp,
    ) -> Result<(OpenCredentials, Vec<Note>, NewIntegration), NotSaved> {
        let (partner, before) = (&stored.partner, stored.integration.as_ref());
        let mut found = Found::default();
        let read = form.credentials.read(partner, before, self.trying(), &mut found);
        let known = before.map(|before| &before.settings);
        let billing = found.required(Field::Billing, form.billing.or(known.map(|known| known.billing)));
        let day = form.invoice_day.or(known.map(|known| known.invoice_day.get().into()));
        let day = found.required(Field::InvoiceDay, day);
        if let Some(day) = day {
            let days = InvoiceDay::RANGE;
            found.within(Field::InvoiceDay, day, (*days.start()).into(), (*days.end()).into());
        }
        let invoice_day = day.and_then(|day| i8::try_from(day).ok()).and_then(InvoiceDay::new);
        let ((values, notes), (billing, invoice_day)) = found.none_or(read.zip(billing.zip(invoice_day)))?;
        let sealing = Sealing { keys: self.keys(), entropy: &self.operations.entropy, now };
        let sealed = credentials::seal(partner, &values, before, sealing);
        let usual = IntegrationSettings::new(billing, invoice_day);
        let integration = NewIntegration {
            credentials: sealed.credentials,
            credentials_version: sealed.version,
            settings: IntegrationSettings {
                billing,
                invoice_day,
                month_end_run: form.month_end_run,
                ..*known.unwrap_or(&usual)
            },
        };
        Ok((values, notes, integration))
    }
}

/// Whether these values reach a tenant that another partner of this installation uses, and did not before.
pub async fn sharing_is_asked(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    values: &OpenCredentials,
    in_force: Option<&Integration>,
) -> Result<bool, StoreError> {
    let address = values.address();
    let was_reached = in_force.is_some_and(|known| known.address().is_same_kaseya(&address));
    Ok(!was_reached && !shared::others(tx, partner, &address).await?.is_empty())
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl CredentialsForm {
    /// The values, with what was stripped from the host. All mistakes are noted.
    fn read(
        &self,
        partner: &PartnerId,
        stored: Option<&Integration>,
        (keys, allowed): (&KeyRing, &AllowedHosts),
        found: &mut Found,
    ) -> Option<(OpenCredentials, Vec<Note>)> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        let host = match found.required(Field::Host, text(&self.host)).map(|host| Host::clean(&host)) {
            Some(Ok(cleaned)) => Some((cleaned.host.as_str().to_owned(), cleaned.notes)),
            Some(Err(error)) => {
                found.note(Field::Host, MistakeKind::Host(error));
                None
            }
            None => None,
        };
        let [v2_base, v1_base] =
            [(Field::V2Base, &self.v2_base), (Field::V1Base, &self.v1_base)].map(|(field, base)| {
                let base = text(base.trim());
                let name = host.as_ref().and_then(|(host, _)| Host::parse(host).ok());
                match base.as_deref().map(|base| allowed.check(name.as_ref(), base)) {
                    Some(Err(BasesError::NotOne(_))) => found.note(field, MistakeKind::Address),
                    Some(Err(BasesError::NotAllowed { host, domain })) => {
                        found.note(field, MistakeKind::NotAllowed { host, domain });
                    }
                    Some(Ok(())) | None => {}
                }
                base
            });
        found.text(Field::UserName, &self.user_name, MAX_NAME);
        found.text(Field::CompanyName, &self.company_name, MAX_NAME);
        let user_name = found.required(Field::UserName, text(&self.user_name));
        let tenant = found.required(Field::CompanyName, text(&self.company_name));
        let typed = Some(&self.password).filter(|password| !password.expose_secret().is_empty()).cloned();
        let Some((((host, notes), user_name), tenant)) = host.zip(user_name).zip(tenant) else {
            if typed.is_none() && stored.is_none() {
                found.note(Field::Password, MistakeKind::Missing);
            }
            return None;
        };
        let without = Credentials { host, v2_base, v1_base, tenant, user_name, password: () };
        let password = match (typed, stored) {
            (Some(typed), _) => Some(typed),
            (None, None) => found.required(Field::Password, None),
            (None, Some(stored)) => {
                // A stored password is sent only to the address it was typed for.
                let known = &stored.credentials;
                let is_same = without.is_same_user(known) && without.has_same_bases(known);
                let opened = if is_same { open(partner, known, keys) } else { None };
                if opened.is_none() {
                    found.note(Field::Password, MistakeKind::TypeAgain);
                }
                opened.map(|values| values.password)
            }
        };
        Some((without.with_password(password?), notes))
    }
}

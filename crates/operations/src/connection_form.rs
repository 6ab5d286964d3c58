//! The connection's form as a person fills it in, read into what can be saved (S-02 to S-11).

use std::collections::BTreeMap;

use connection::{OpenCredentials, credentials};
use domain::{
    Billing, Credentials, DriftPolicy, IntegrationSettings, InvoiceDay, MAX_NAME, NumberOutOfRange,
    NumberSetting, PartnerId,
};
use kaseya::{AllowedHosts, BasesError, Host, Note};
use secrecy::{ExposeSecret as _, SecretString};
use store::settings::Integration;
use vault::KeyRing;

use crate::{
    connection_settings::NewConnection,
    not_saved::{Field, Found, MistakeKind, NotSaved},
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

/// The whole form.
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
    /// What to do with a line that was edited in Kaseya. `None` keeps the stored answer.
    pub drift: Option<DriftPolicy>,
    /// The numbers to set. Those left out keep their stored value.
    pub numbers: BTreeMap<NumberSetting, i64>,
    /// Whether the person confirms a tenant that another partner of this installation uses.
    pub share_tenant: bool,
}

impl ConnectionForm {
    /// The connection, with what was stripped from the host; all mistakes if there are any. What the form leaves
    /// open stays as stored.
    pub(crate) fn read(
        &self,
        partner: &PartnerId,
        stored: Option<&Integration>,
        around: (&KeyRing, &AllowedHosts),
    ) -> Result<(NewConnection, Vec<Note>), NotSaved> {
        let mut found = Found::default();
        let credentials = self.credentials.read(partner, stored, around, &mut found);
        let settings = self.settings(stored.map(|stored| &stored.settings), &mut found);
        let ((credentials, notes), settings) = found.none_or(credentials.zip(settings))?;
        let (enabled, share_tenant) = (self.enabled, self.share_tenant);
        Ok((NewConnection { credentials, settings, enabled, share_tenant }, notes))
    }

    fn settings(
        &self,
        stored: Option<&IntegrationSettings>,
        found: &mut Found,
    ) -> Option<IntegrationSettings> {
        let billing = found.required(Field::Billing, self.billing.or(stored.map(|stored| stored.billing)));
        let day = self.invoice_day.or(stored.map(|stored| stored.invoice_day.get().into()));
        let day = found.required(Field::InvoiceDay, day);
        if let Some(day) = day {
            let days = InvoiceDay::RANGE;
            found.within(Field::InvoiceDay, day, (*days.start()).into(), (*days.end()).into());
        }
        let invoice_day = day.and_then(|day| i8::try_from(day).ok()).and_then(InvoiceDay::new);
        let usual = IntegrationSettings::new(Billing::Arrears, InvoiceDay::FIRST);
        let mut settings = *stored.unwrap_or(&usual);
        settings.month_end_run = self.month_end_run;
        settings.drift = self.drift.unwrap_or(settings.drift);
        for (setting, number) in &self.numbers {
            if let Err(NumberOutOfRange { least, most }) = setting.set(&mut settings, *number) {
                let (least, most) = (least.into(), most.into());
                found.note(Field::Number(*setting), MistakeKind::OutOfRange { least, most });
            }
        }
        Some(IntegrationSettings { billing: billing?, invoice_day: invoice_day?, ..settings })
    }
}

impl CredentialsForm {
    /// The credentials, with what was stripped from the host. All mistakes are noted.
    pub(crate) fn read(
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
                let opened = if is_same { credentials::open(partner, known, keys) } else { None };
                if opened.is_none() {
                    found.note(Field::Password, MistakeKind::TypeAgain);
                }
                opened.map(|values| values.password)
            }
        };
        Some((without.with_password(password?), notes))
    }
}

//! The sections `[integration]` and `[brakes]`.

use domain::{Billing, Credentials, DriftPolicy, IntegrationSettings, InvoiceDay, NumberSetting};
use kaseya::{BasesError, Host};
use secrecy::SecretString;

use super::{Surroundings, section::Section};
use crate::connection_settings::NewConnection;

/// The words for a contract's billing.
pub(super) const BILLING: [(&str, Billing); 2] =
    [("arrears", Billing::Arrears), ("advance", Billing::Advance)];
/// The example in its error text.
pub(super) const BILLING_EXAMPLE: &str = r#"billing = "arrears" or billing = "advance""#;

/// A number that a file sets.
pub(super) type Number = (NumberSetting, i64);

/// Reads `[brakes]`.
pub(super) fn brakes(mut section: Section<'_, '_>) -> Vec<Number> {
    let read = numbers(&mut section, Some("brakes"));
    section.finish();
    read
}

/// Reads `[integration]`. A number that is left out has its default.
pub(super) fn read(
    mut section: Section<'_, '_>,
    brakes: Vec<Number>,
    around: Surroundings<'_>,
) -> Option<NewConnection> {
    let host = host(&mut section);
    let (v2_base, v1_base) = bases(&mut section, host.as_ref(), around);
    let user_name = section.text("user_name", r#"user_name = "password-boss-sync""#);
    let password = password(&mut section, around);
    let tenant =
        section.text("company_name", r#"company_name = "Example MSP", as Kaseya's login page wants it"#);
    let share_tenant = section.optional_boolean("share_tenant", "share_tenant = true");
    let enabled = section.boolean("enabled", "enabled = true, or false to leave it off");
    let billing = section.one_of("billing", BILLING_EXAMPLE, &BILLING);
    let invoice_day = section.integer("invoice_day", "invoice_day = 5, a day from 1 to 28", 1..=28);
    let month_end_run = section.optional_boolean("month_end_run", "month_end_run = true");
    let example = r#"drift = "ask" or drift = "send_ours""#;
    let policies = DriftPolicy::ALL.iter().map(|policy| (policy.as_str(), *policy));
    let drift = section.optional_one_of("drift", example, &policies.collect::<Vec<_>>());
    let own = numbers(&mut section, None);
    section.finish();
    let invoice_day = invoice_day.and_then(|day| i8::try_from(day).ok()).and_then(InvoiceDay::new)?;
    let usual = IntegrationSettings::new(billing?, invoice_day);
    let mut settings = IntegrationSettings {
        month_end_run: month_end_run.unwrap_or(usual.month_end_run),
        drift: drift.unwrap_or(usual.drift),
        ..usual
    };
    for (setting, number) in own.into_iter().chain(brakes) {
        setting.set(&mut settings, number).ok()?;
    }
    Some(NewConnection {
        credentials: Credentials {
            host: host?.as_str().to_owned(),
            v2_base,
            v1_base,
            tenant: tenant?,
            user_name: user_name?,
            password: password?,
        },
        settings,
        share_tenant: share_tenant.unwrap_or(false),
        enabled: enabled?,
    })
}

/// The numbers of a section that the file sets.
fn numbers(section: &mut Section<'_, '_>, name: Option<&str>) -> Vec<Number> {
    let of_section = NumberSetting::ALL.iter().filter(|setting| setting.path().0 == name);
    let read = |setting: &NumberSetting| {
        let (range, (_, name)) = (setting.range(), setting.path());
        let (least, most) = (*range.start(), *range.end());
        let example = format!("{name} = {}, {} from {least} to {most}", setting.usual(), setting.unit());
        let number = section.optional_integer(name, &example, least.into()..=most.into())?;
        Some((*setting, number))
    };
    of_section.filter_map(read).collect()
}

fn host(section: &mut Section<'_, '_>) -> Option<Host> {
    let typed = section.text("host", r#"host = "bms.kaseya.com""#)?;
    match Host::parse(&typed) {
        Ok(host) => Some(host),
        Err(error) => {
            // Its text is the error and the fix, separated by a colon.
            let words = error.to_string();
            let (fault, fix) = words.split_once(": ").unwrap_or((&words, "write only the name"));
            section.mistake("host", fault, fix);
            None
        }
    }
}

fn bases(
    section: &mut Section<'_, '_>,
    host: Option<&Host>,
    around: Surroundings<'_>,
) -> (Option<String>, Option<String>) {
    let mut base = |name, example: &str| {
        let text = section.optional_text(name, example)?;
        let fix = match around.allowed_hosts.check(host, &text) {
            Ok(()) => return Some(text),
            Err(BasesError::NotOne(_)) => format!("write {example}, or remove it for the host's own"),
            Err(BasesError::NotAllowed { host, domain }) => {
                section.mistake(
                    name,
                    format!("{host} is not under {domain}, and this installation does not allow it"),
                    format!("remove it, or have the operator add {host} to allowed_hosts in [kaseya]"),
                );
                return None;
            }
        };
        section.mistake(name, BasesError::NotOne(text).to_string(), fix);
        None
    };
    (
        base("v2_base", r#"v2_base = "https://api.bms.kaseya.com""#),
        base("v1_base", r#"v1_base = "https://bms.kaseya.com/api""#),
    )
}

fn password(section: &mut Section<'_, '_>, around: Surroundings<'_>) -> Option<SecretString> {
    const EXAMPLE: &str = r#"password = "…", or password_file = "FILE" with the password alone in it"#;
    match (section.has("password"), section.has("password_file")) {
        (true, true) => {
            section.mistake("password_file", "there is a password too", "remove one of the two");
            None
        }
        (true, false) => section.text("password", EXAMPLE).map(SecretString::from),
        (false, true) => {
            let file = section.text("password_file", EXAMPLE)?;
            match (around.password_file)(&file) {
                Ok(password) => Some(password),
                Err(fault) => {
                    section.mistake("password_file", fault, "correct the path; it counts from this file");
                    None
                }
            }
        }
        (false, false) => {
            section.mistake("password", "it is missing", format!("write {EXAMPLE}"));
            None
        }
    }
}

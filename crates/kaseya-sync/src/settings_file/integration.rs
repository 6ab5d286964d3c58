//! The sections `[integration]` and `[brakes]`.

use domain::{Billing, Brakes, DriftPolicy, InvoiceDay, RunBrake};
use kaseya::{BasesError, Host};
use operations::connection_settings::{CALL_SHARE_PERCENT, FREEZE_HOUR, MAX_COUNT_AGE_DAYS};
use runtime::SecretFile;
use secrecy::SecretString;

use super::{Surroundings, section::Section};

/// The integration, with its password in clear text.
#[derive(Debug, Clone)]
pub struct IntegrationSettings {
    /// Kaseya's host name, cleaned.
    pub host: String,
    /// The V2 base address, if it differs from the host's usual one.
    pub v2_base: Option<String>,
    /// The V1 base address, if it differs from the host's usual one.
    pub v1_base: Option<String>,
    /// The company name in Kaseya, unchanged.
    pub tenant: String,
    /// Whether to use a tenant that another partner of this installation uses.
    pub share_tenant: bool,
    /// The user name.
    pub user_name: String,
    /// Its password.
    pub password: SecretString,
    /// The position of the switch.
    pub enabled: bool,
    /// When contracts are invoiced.
    pub billing: Billing,
    /// The day of the month on which invoices are made.
    pub invoice_day: InvoiceDay,
    /// Whether a separate run pushes the frozen month-end count.
    pub month_end_run: bool,
    /// The hour of day 1 at which a month is frozen at the latest.
    pub freeze_hour: i16,
    /// Maximum age of a count in days; an older count is missing.
    pub max_count_age_days: i32,
    /// Our share of Kaseya's hourly calls, in percent.
    pub call_share_percent: i32,
    /// The brakes on one line.
    pub brakes: Brakes,
    /// The brake on one run.
    pub run_brake: RunBrake,
    /// What happens to a line that was edited in Kaseya.
    pub drift: DriftPolicy,
}

/// The words for a contract's billing.
pub(super) const BILLING: [(&str, Billing); 2] =
    [("arrears", Billing::Arrears), ("advance", Billing::Advance)];
/// The example in its error text.
pub(super) const BILLING_EXAMPLE: &str = r#"billing = "arrears" or billing = "advance""#;

/// Reads `[integration]`; the brakes are the defaults.
pub(super) fn read(mut section: Section<'_, '_>, around: Surroundings<'_>) -> Option<IntegrationSettings> {
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
    let freeze_hour =
        section.optional_integer("freeze_hour", "freeze_hour = 6, an hour from 0 to 23", 0..=23);
    let example = "max_count_age_days = 3, from 1 to 31";
    let max_age = section.optional_integer("max_count_age_days", example, 1..=31);
    let example = "call_share_percent = 50, from 1 to 100";
    let call_share = section.optional_integer("call_share_percent", example, 1..=100);
    let example = r#"drift = "ask" or drift = "send_ours""#;
    let policies = DriftPolicy::ALL.iter().map(|policy| (policy.as_str(), *policy));
    let drift = section.optional_one_of("drift", example, &policies.collect::<Vec<_>>());
    section.finish();
    Some(IntegrationSettings {
        host: host?.as_str().to_owned(),
        v2_base,
        v1_base,
        tenant: tenant?,
        share_tenant: share_tenant.unwrap_or(false),
        user_name: user_name?,
        password: password?,
        enabled: enabled?,
        billing: billing?,
        invoice_day: invoice_day.and_then(|day| i8::try_from(day).ok()).and_then(InvoiceDay::new)?,
        month_end_run: month_end_run.unwrap_or(true),
        freeze_hour: freeze_hour.and_then(|hour| i16::try_from(hour).ok()).unwrap_or(FREEZE_HOUR),
        max_count_age_days: small(max_age).unwrap_or(MAX_COUNT_AGE_DAYS),
        call_share_percent: small(call_share).unwrap_or(CALL_SHARE_PERCENT),
        brakes: Brakes::default(),
        run_brake: RunBrake::default(),
        drift: drift.unwrap_or(DriftPolicy::Ask),
    })
}

fn small<T: TryFrom<i64>>(number: Option<i64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}

fn host(section: &mut Section<'_, '_>) -> Option<Host> {
    let typed = section.text("host", r#"host = "bms.kaseya.com""#)?;
    match Host::parse(&typed) {
        Ok(host) => Some(host),
        Err(error) => {
            // Its text is the error and the fix, separated by a colon.
            let words = error.to_string();
            let (fault, mend) = words.split_once(": ").unwrap_or((&words, "write only the name"));
            section.mistake("host", fault, mend);
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
        let mend = match around.allowed_hosts.check(host, &text) {
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
        section.mistake(name, BasesError::NotOne(text).to_string(), mend);
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
            match SecretFile::at(around.directory.join(file)).read() {
                Ok(password) => Some(password),
                Err(error) => {
                    section.mistake(
                        "password_file",
                        error.to_string(),
                        "correct the path; it counts from this file",
                    );
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

/// Reads `[brakes]`; missing fields get the default.
pub(super) fn brakes(section: Option<Section<'_, '_>>) -> Option<(Brakes, RunBrake)> {
    let (brakes, run_brake) = (Brakes::default(), RunBrake::default());
    let Some(mut section) = section else { return Some((brakes, run_brake)) };
    let mut figure = |name: &'static str, most: i64, usual: u32| {
        let example = format!("{name} = {usual}, from 1 to {most}");
        if section.has(name) { small(section.integer(name, &example, 1..=most)) } else { Some(usual) }
    };
    const MOST: i64 = 1_000_000;
    let units = figure("units", MOST, brakes.units);
    let percent = figure("percent", MOST, brakes.percent);
    let units_alone = figure("units_alone", MOST, brakes.units_alone);
    let run_percent = figure("run_percent", 100, run_brake.percent);
    let run_companies = figure("run_companies", MOST, run_brake.companies);
    section.finish();
    Some((
        Brakes { units: units?, percent: percent?, units_alone: units_alone? },
        RunBrake { percent: run_percent?, companies: run_companies? },
    ))
}

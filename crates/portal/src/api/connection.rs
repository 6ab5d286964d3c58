//! The connection to Kaseya (S-02 to S-18): read without its password, tried, saved, and its switch.

use advice::Facts;
use axum::{Json, extract::State, http::HeaderMap};
use connection::NotTried;
use domain::{Billing, DriftPolicy, ErrorCode, PartnerId};
use jiff::Timestamp;
use operations::{
    check_help,
    connection_form::{ConnectionForm, CredentialsForm},
    not_saved::NotSaved,
    read_models::{Advice, Check, Refused, last_try_until, not_before, state_word},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::settings::Integration;
use utoipa::ToSchema;

use super::{
    caller::{Administrator, Caller, settings_of},
    problem::{FieldMistake, Problem, Problems},
    request::{Body, language},
    shapes::{NewSettingNumbers, SettingNumbers},
};
use crate::{Portal, connection_attempts};

/// The stored connection to Kaseya, without its password.
#[derive(Serialize, ToSchema)]
pub(crate) struct Connection {
    /// `not_set_up`, `on`, `switching_off` or `off`.
    state: &'static str,
    /// Stored values. Null before the first save.
    values: Option<Stored>,
}

/// The stored values of a connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stored {
    /// Host name, e.g. `bms.kaseya.com`.
    host: String,
    /// Custom V2 base address. Null if it is the host's usual one.
    v2_base: Option<String>,
    /// Custom V1 base address. Null if it is the host's usual one.
    v1_base: Option<String>,
    /// User name in Kaseya.
    user_name: String,
    /// Company name in Kaseya.
    company_name: String,
    /// `arrears` or `advance`.
    billing: &'static str,
    /// Day of the month on which invoices are made.
    invoice_day: i8,
    /// Whether a run of its own pushes the frozen month-end count.
    month_end_run: bool,
    /// What to do with a line that was edited in Kaseya: `ask` or `send_ours`.
    drift: &'static str,
    #[serde(flatten)]
    numbers: SettingNumbers,
    /// When the password was stored. Null if unknown.
    password_changed_at: Option<Timestamp>,
    /// Set while Kaseya refuses the credentials.
    credentials_refused: Option<Refused>,
}

impl From<&Integration> for Stored {
    fn from(known: &Integration) -> Self {
        let Integration { credentials, settings, .. } = known;
        Self {
            host: credentials.host.clone(),
            v2_base: credentials.v2_base.clone(),
            v1_base: credentials.v1_base.clone(),
            user_name: credentials.user_name.clone(),
            company_name: credentials.tenant.clone(),
            billing: settings.billing.as_str(),
            invoice_day: settings.invoice_day.get(),
            month_end_run: settings.month_end_run,
            drift: settings.drift.as_str(),
            numbers: SettingNumbers(*settings),
            password_changed_at: credentials.password.changed_at,
            credentials_refused: known.credentials_refused.map(Refused::from),
        }
    }
}

/// Shows the stored connection.
#[utoipa::path(get, path = "/connection", tag = "connection", responses((status = 200, body = Connection), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<Connection>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let known = settings.integration.as_ref();
    Ok(Json(Connection {
        state: state_word(known.map(|known| known.state)),
        values: known.map(Stored::from),
    }))
}

/// Kaseya's address and the user to log in as.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// Host name, e.g. `bms.kaseya.com`. A scheme, path or trailing slash is stripped.
    #[serde(default)]
    host: String,
    /// Custom V2 base address. Empty for the host's usual one.
    #[serde(default)]
    v2_base: String,
    /// Custom V1 base address. Empty for the host's usual one.
    #[serde(default)]
    v1_base: String,
    /// User name in Kaseya.
    #[serde(default)]
    user_name: String,
    /// If left out or empty, the stored password is used. Required if none is stored, or if host, company name,
    /// user or a base address differs from the stored one.
    #[serde(default = "nothing")]
    #[schema(value_type = String, write_only)]
    password: SecretString,
    /// Company name in Kaseya. Used exactly as sent.
    #[serde(default)]
    company_name: String,
}

fn nothing() -> SecretString {
    SecretString::from(String::new())
}

impl From<Credentials> for CredentialsForm {
    fn from(typed: Credentials) -> Self {
        let Credentials { host, v2_base, v1_base, user_name, password, company_name } = typed;
        Self { host, v2_base, v1_base, user_name, password, company_name }
    }
}

/// A connection to save.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewConnection {
    #[serde(flatten)]
    credentials: Credentials,
    /// Whether the integration is to be on.
    enabled: bool,
    /// `arrears` or `advance`. If left out, the stored value stays; required on the first save.
    billing: Option<String>,
    /// Day of the month on which invoices are made, 1 to 28. If left out, the stored value stays; required on the
    /// first save.
    invoice_day: Option<i64>,
    /// Whether a run of its own pushes the frozen month-end count.
    month_end_run: bool,
    /// What to do with a line that was edited in Kaseya: `ask` or `send_ours`. If left out, the stored value stays.
    drift: Option<String>,
    #[serde(flatten)]
    numbers: NewSettingNumbers,
    /// Confirms a company name in Kaseya that another partner of this installation uses. Without it such a save
    /// fails with `shared-tenant`. Not needed once it is saved.
    #[serde(default)]
    share_tenant: bool,
}

/// The saved connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedConnection {
    /// Host name as stored.
    host: String,
    /// What was stripped from the host as sent, in English.
    notes: Vec<String>,
    /// `on`, `switching_off` or `off`.
    state: &'static str,
    /// Whether the credentials differ from those stored before.
    new_credentials: bool,
}

/// Saves the connection.
///
/// Credentials that differ from those in force, or are the first, are tried before, unless Kaseya refuses those in
/// force. If they fail, nothing is saved.
#[utoipa::path(put, path = "/connection", tag = "connection", request_body = NewConnection,
    params(("Accept-Language" = Option<String>, Header, description = "en or it.")),
    responses((status = 200, body = SavedConnection), Problems))]
pub(crate) async fn save(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    headers: HeaderMap,
    Body(new): Body<NewConnection>,
) -> Result<Json<SavedConnection>, Problem> {
    let mut mistakes = Vec::new();
    let billing = word(("billing", "write arrears or advance"), new.billing, Billing::parse, &mut mistakes);
    let drift = word(("drift", "write ask or send_ours"), new.drift, DriftPolicy::parse, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Problem::Mistakes(mistakes));
    }
    let form = ConnectionForm {
        credentials: new.credentials.into(),
        enabled: new.enabled,
        billing,
        invoice_day: new.invoice_day,
        month_end_run: new.month_end_run,
        drift,
        numbers: new.numbers.0,
        share_tenant: new.share_tenant,
    };
    let partner = &caller.partner;
    let host = form.credentials.host.clone();
    let saved = match connection_attempts::save(&portal, &caller.actor, partner, form).await {
        Ok(saved) => saved,
        Err(refusal) => return Err(helped(&portal, partner, refusal, host, &headers).await?),
    };
    Ok(Json(SavedConnection {
        host: saved.host,
        notes: saved.notes.iter().map(ToString::to_string).collect(),
        state: state_word(Some(saved.state)),
        new_credentials: saved.new_credentials,
    }))
}

/// Reads one of a few words; notes a mistake in the field if it is another.
fn word<T>(
    (field, fix): (&'static str, &'static str),
    word: Option<String>,
    parse: impl FnOnce(&str) -> Option<T>,
    mistakes: &mut Vec<FieldMistake>,
) -> Option<T> {
    let word = word?;
    let known = parse(&word);
    if known.is_none() {
        mistakes.push(FieldMistake::new(field, "unknown", fix));
    }
    known
}

/// Why nothing was saved or tried, with the help that its code has (S-14).
async fn helped(
    portal: &Portal,
    partner: &PartnerId,
    refusal: NotSaved,
    host: String,
    headers: &HeaderMap,
) -> Result<Problem, Problem> {
    let settings = settings_of(portal, partner).await?;
    let language = language(headers);
    let reader =
        advice::Reader { language, now: portal.operations.clock.now().to_zoned(settings.zone().clone()) };
    let advised = |code, next_try| {
        let facts = Facts { host: Some(host.clone()), next_try, ..Facts::default() };
        advice::advise(code, &facts, &reader)
    };
    let help = match &refusal {
        NotSaved::NotProven(tried) => check_help::help(&tried.checks, &host, &reader),
        NotSaved::NotTried(NotTried::RefusedBefore { code, .. }) => Some(advised(*code, None)),
        NotSaved::NotTried(NotTried::NotBefore { until }) => Some(advised(ErrorCode::Auth08, Some(*until))),
        NotSaved::NotTried(NotTried::CallLimit) => Some(advised(ErrorCode::Lim01, None)),
        _ => None,
    };
    let problem = Problem::from(refusal);
    Ok(match help {
        Some(help) => Problem::Helped(Box::new(problem), Box::new(Advice::of(help, language))),
        None => problem,
    })
}

/// Credentials to try.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Trial {
    #[serde(flatten)]
    credentials: Credentials,
    /// Confirms that a person has fixed in Kaseya what made it refuse the same values before.
    #[serde(default)]
    fixed: bool,
}

/// Result of trying credentials.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tried {
    /// Host name that was tried.
    host: String,
    /// What was stripped from the host as sent, in English.
    notes: Vec<String>,
    /// Whether a sync can use these values.
    works: bool,
    /// All checks, in order.
    checks: Vec<Check>,
    /// Set if the next refusal is the last one: new values must then wait until this instant (AUTH-08).
    last_try_until: Option<Timestamp>,
    /// Earliest instant to try new values. Null unless no try is left.
    not_before: Option<Timestamp>,
    /// Whether a sync of all companies follows by itself. It does if these are the stored credentials, Kaseya had
    /// refused them and the integration is on.
    sync_follows: bool,
    /// What to do about the first check that failed. Null if none failed.
    help: Option<Advice>,
    /// Time zone that Kaseya has for this company name, as an IANA name. Null if unknown.
    kaseya_zone: Option<String>,
    /// What a zone other than the schedule's means for the invoice day, in the language of `Accept-Language`. Null
    /// if the zones agree.
    zone_note: Option<String>,
}

/// Tries credentials with real logins and one read per right.
///
/// Stores none of the values and changes nothing in Kaseya.
#[utoipa::path(post, path = "/connection/authenticate", tag = "connection", request_body = Trial,
    params(("Accept-Language" = Option<String>, Header, description = "en or it.")),
    responses((status = 200, body = Tried), Problems))]
pub(crate) async fn authenticate(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    headers: HeaderMap,
    Body(trial): Body<Trial>,
) -> Result<Json<Tried>, Problem> {
    let host = trial.credentials.host.clone();
    let form = trial.credentials.into();
    let tried = match connection_attempts::authenticate(&portal, &caller.partner, form, trial.fixed).await {
        Ok(tried) => tried,
        Err(refusal) => return Err(helped(&portal, &caller.partner, refusal, host, &headers).await?),
    };
    let settings = settings_of(&portal, &caller.partner).await?;
    let language = language(&headers);
    let now = portal.operations.clock.now().to_zoned(settings.zone().clone());
    let reader = advice::Reader { language, now };
    let help = check_help::help(&tried.authenticated.checks, &tried.host, &reader);
    Ok(Json(Tried {
        help: help.map(|help| Advice::of(help, language)),
        zone_note: check_help::zones(&tried.authenticated, &reader),
        kaseya_zone: tried.authenticated.time_zone.clone(),
        host: tried.host,
        notes: tried.notes.iter().map(ToString::to_string).collect(),
        works: tried.authenticated.is_proven(),
        checks: tried.authenticated.checks.iter().map(Check::from).collect(),
        last_try_until: last_try_until(&tried.authenticated),
        not_before: not_before(&tried.authenticated),
        sync_follows: tried.authenticated.sync_follows,
    }))
}

/// The new state of the switch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSwitch {
    /// Whether the integration is to be on.
    on: bool,
}

/// The state of the switch.
#[derive(Serialize, ToSchema)]
pub(crate) struct Switch {
    /// `on`, `switching_off` or `off`.
    state: &'static str,
}

/// Switches the integration on or off.
///
/// After switching off no write starts. While the state is `switching_off`, a write permitted before may still be
/// in flight.
#[utoipa::path(put, path = "/connection/switch", tag = "connection", request_body = NewSwitch,
    responses((status = 200, body = Switch), Problems))]
pub(crate) async fn switch(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    Body(NewSwitch { on }): Body<NewSwitch>,
) -> Result<Json<Switch>, Problem> {
    let partner = &caller.partner;
    if on {
        let is_there = portal.operations.by(&caller.actor).switch_on(partner).await?;
        is_there.then_some(()).ok_or(Problem::NotFound)?;
    } else {
        portal.operations.by(&caller.actor).switch_off(partner).await?.ok_or(Problem::NotFound)?;
    }
    let by = &caller.name;
    tracing::info!(%partner, on, by, "the switch was turned");
    let settings = settings_of(&portal, partner).await?;
    Ok(Json(Switch { state: state_word(settings.integration.map(|known| known.state)) }))
}

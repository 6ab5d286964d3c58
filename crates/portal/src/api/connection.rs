//! The connection to Kaseya (S-02 to S-18): read without its password, tried, saved, and its switch.

use advice::Facts;
use axum::{Json, extract::State, http::HeaderMap};
use connection::NotTried;
use domain::{Billing, DriftPolicy, ErrorCode, PartnerId};
use jiff::Timestamp;
use operations::{
    connection_form::{ConnectionForm, CredentialsForm},
    not_saved::NotSaved,
    read_models::{Advice, Check, Refused, last_try_until, not_before, state_word},
    tried,
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
use crate::{Portal, trying};

/// The connection as it is stored. The password is never told.
#[derive(Serialize, ToSchema)]
pub(crate) struct Connection {
    /// not_set_up, on, switching_off or off.
    state: &'static str,
    /// The values; null before the first save.
    values: Option<Stored>,
}

/// What is stored of a connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stored {
    host: String,
    /// The V2 base address, where it is not the host's usual one.
    v2_base: Option<String>,
    /// The V1 base address, where it is not the host's usual one.
    v1_base: Option<String>,
    user_name: String,
    /// The company name in Kaseya.
    company_name: String,
    /// arrears or advance.
    billing: &'static str,
    /// The day of the month on which invoices are made.
    invoice_day: i8,
    /// Whether the frozen month-end count is pushed by a run of its own.
    month_end_run: bool,
    /// What happens to a line that was edited in Kaseya: ask or send_ours.
    drift: &'static str,
    #[serde(flatten)]
    numbers: SettingNumbers,
    /// Since when the password is the stored one, if that is known.
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

/// The connection.
#[utoipa::path(get, path = "/connection", tag = "connection", responses((status = 200, body = Connection), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<Connection>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let known = settings.integration.as_ref();
    Ok(Json(Connection {
        state: state_word(known.map(|known| known.state)),
        values: known.map(Stored::from),
    }))
}

/// Where and as whom to log in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// The host, such as `bms.kaseya.com`; what stands around it is taken away.
    #[serde(default)]
    host: String,
    /// The V2 base address, where it is not the host's usual one.
    #[serde(default)]
    v2_base: String,
    /// The V1 base address, where it is not the host's usual one.
    #[serde(default)]
    v1_base: String,
    #[serde(default)]
    user_name: String,
    /// Left out, the stored one stays, if host, company name, user and addresses do.
    #[serde(default = "nothing")]
    #[schema(value_type = String, write_only)]
    password: SecretString,
    /// The company name in Kaseya, unchanged.
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

/// A connection to be saved.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewConnection {
    #[serde(flatten)]
    credentials: Credentials,
    /// Where the switch is to stand.
    enabled: bool,
    /// arrears or advance; left out, the stored answer stays.
    billing: Option<String>,
    /// The day of the month on which invoices are made, 1 to 28; left out, the stored answer stays.
    invoice_day: Option<i64>,
    /// Whether the frozen month-end count is pushed by a run of its own.
    month_end_run: bool,
    /// What happens to a line that was edited in Kaseya: ask or send_ours; left out, the stored answer stays.
    drift: Option<String>,
    #[serde(flatten)]
    numbers: NewSettingNumbers,
    /// Whether to use a company name in Kaseya that this installation uses already: asked once (`shared-tenant`).
    #[serde(default)]
    share_tenant: bool,
}

/// What was saved.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedConnection {
    /// The host as it is stored.
    host: String,
    /// What was taken away around it.
    notes: Vec<String>,
    /// on, switching_off or off.
    state: &'static str,
    /// Whether the credentials are others than before.
    new_credentials: bool,
}

/// Saves the connection. Other credentials than those in force are tried first, and if they do not prove right nothing is
/// saved.
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
    let saved = match trying::save(&portal, &caller.actor, partner, form).await {
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
    (field, mend): (&'static str, &'static str),
    word: Option<String>,
    parse: impl FnOnce(&str) -> Option<T>,
    mistakes: &mut Vec<FieldMistake>,
) -> Option<T> {
    let word = word?;
    let known = parse(&word);
    if known.is_none() {
        mistakes.push(FieldMistake::new(field, "unknown", mend));
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
        NotSaved::NotProven(tried) => tried::help(&tried.checks, &host, &reader),
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

/// Credentials to be tried.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Trial {
    #[serde(flatten)]
    credentials: Credentials,
    /// Says that a person has put right in Kaseya what made it refuse the very same values before.
    #[serde(default)]
    mended: bool,
}

/// What came of trying credentials.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tried {
    /// The host that was tried.
    host: String,
    /// What was taken away around it.
    notes: Vec<String>,
    /// Whether a sync can go by these values.
    works: bool,
    /// Every check, in order.
    checks: Vec<Check>,
    /// Set when the next try is the last: refused too, new values wait until this instant (AUTH-08).
    last_try_until: Option<Timestamp>,
    /// From when on new values can be tried, where no try is left.
    not_before: Option<Timestamp>,
    /// Whether a sync of all companies follows by itself: these are the saved credentials, which Kaseya had refused.
    sync_follows: bool,
    /// What to do about the first check that failed.
    help: Option<Advice>,
    /// The zone that Kaseya told for this company name, as IANA names it.
    kaseya_zone: Option<String>,
    /// What it means for the invoice day that this is another zone than the schedule's, in the language of
    /// `Accept-Language`; null where it is not.
    zone_note: Option<String>,
}

/// Tries credentials with real logins and one read per right. Nothing is stored, and nothing is changed in Kaseya.
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
    let tried = match trying::authenticate(&portal, &caller.partner, form, trial.mended).await {
        Ok(tried) => tried,
        Err(refusal) => return Err(helped(&portal, &caller.partner, refusal, host, &headers).await?),
    };
    let settings = settings_of(&portal, &caller.partner).await?;
    let language = language(&headers);
    let now = portal.operations.clock.now().to_zoned(settings.zone().clone());
    let reader = advice::Reader { language, now };
    let help = tried::help(&tried.authenticated.checks, &tried.host, &reader);
    Ok(Json(Tried {
        help: help.map(|help| Advice::of(help, language)),
        zone_note: tried::zones(&tried.authenticated, &reader),
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

/// Where the switch is to stand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSwitch {
    on: bool,
}

/// Where the switch stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct Switch {
    /// on, switching_off or off.
    state: &'static str,
}

/// Turns the switch (S-16). Switched off, no write is begun any more; one that was permitted before may still be on its way
/// as long as it is *switching off*.
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

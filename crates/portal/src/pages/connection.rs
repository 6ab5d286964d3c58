//! The connection to Kaseya (S-02 to S-19): its form, Authenticate with the values on screen, the switch, Save.

use advice::Advice;
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use connection::{Authenticated, Checked, Finding, NoAddress, NotTried};
use domain::{Billing, IntegrationState, NextTry, Remark};
use jiff::tz::TimeZone;
use operations::{
    check_help,
    connection_form::{ConnectionForm, CredentialsForm},
    not_saved::{Field, Mistake, MistakeKind, NotSaved},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::settings::Integration;

use crate::{
    Portal, connection_attempts,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    pages::{
        confirm,
        connection_rules::{NumberField, PostedRules, RuleValues},
        page, tabs,
    },
    said::Said,
    shown,
    visit::{Administering, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "connection.html")]
struct Connection {
    frame: Frame,
    words: &'static words::Connection,
    rules: &'static words::ConnectionRules,
    tabs: Vec<tabs::Tab>,
    values: Values,
    /// Whether a password is stored; an empty field keeps it.
    has_password: bool,
    /// The position of the switch.
    standing: Option<(&'static str, &'static str)>,
    outcome: Option<Outcome>,
    /// The texts of the help.
    help: &'static words::Company,
    mistakes: Vec<(Field, String)>,
    /// The link to confirm the identity before credentials are changed.
    confirm: Option<confirm::ConfirmNotice>,
}

/// The values of the fields. The password is never included.
struct Values {
    host: String,
    v2_base: String,
    v1_base: String,
    user_name: String,
    company_name: String,
    enabled: bool,
    advance: bool,
    invoice_day: String,
    month_end_run: bool,
    rules: RuleValues,
}

/// The outcome of Authenticate or Save.
struct Outcome {
    tone: &'static str,
    text: String,
    checks: Vec<Check>,
    notes: Vec<String>,
    /// Whether a person may say that they have fixed the cause of the refusal in Kaseya.
    may_say_fixed: bool,
    /// Help for the first failed check.
    help: Option<Advice>,
    /// Whether to ask if the tenant is to be used here too.
    asks_to_share: bool,
}

impl Outcome {
    fn bad(text: String) -> Self {
        Self {
            tone: "bad",
            text,
            checks: Vec::new(),
            notes: Vec::new(),
            may_say_fixed: false,
            help: None,
            asks_to_share: false,
        }
    }
}

/// A check, with its mark.
struct Check {
    /// `passed`, `failed`, `unknown` or empty.
    class: &'static str,
    name: &'static str,
    more: String,
}

/// The posted form.
#[derive(Debug, Deserialize)]
pub(crate) struct PostedConnection {
    #[serde(default)]
    host: String,
    #[serde(default)]
    v2_base: String,
    #[serde(default)]
    v1_base: String,
    #[serde(default)]
    user_name: String,
    #[serde(default = "nothing")]
    password: SecretString,
    #[serde(default)]
    company_name: String,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    billing: String,
    #[serde(default)]
    invoice_day: String,
    #[serde(default)]
    month_end_run: bool,
    #[serde(default)]
    fixed: bool,
    #[serde(default)]
    share_tenant: bool,
    action: Action,
    #[serde(flatten)]
    rules: PostedRules,
}

impl PostedConnection {
    /// Whether the credentials differ from the stored ones; a typed password always counts as different.
    fn changes_credentials(&self, stored: Option<&Integration>) -> bool {
        let own = |base: &Option<String>, typed: &str| base.as_deref().unwrap_or_default() == typed.trim();
        !self.password.expose_secret().is_empty()
            || stored.is_none_or(|stored| {
                let known = &stored.credentials;
                known.host != self.host.trim()
                    || known.user_name != self.user_name
                    || known.tenant != self.company_name
                    || !own(&known.v2_base, &self.v2_base)
                    || !own(&known.v1_base, &self.v1_base)
            })
    }
}

fn nothing() -> SecretString {
    SecretString::from(String::new())
}

/// The button that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Authenticate,
    Save,
}

impl Values {
    fn stored(stored: Option<&Integration>) -> Self {
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let known = stored.map(|stored| &stored.credentials);
        let settings = stored.map(|stored| &stored.settings);
        Self {
            host: text(known.map(|known| &known.host)),
            v2_base: text(known.and_then(|known| known.v2_base.as_ref())),
            v1_base: text(known.and_then(|known| known.v1_base.as_ref())),
            user_name: text(known.map(|known| &known.user_name)),
            company_name: text(known.map(|known| &known.tenant)),
            enabled: stored.is_none_or(|stored| stored.state == IntegrationState::On),
            advance: settings.is_some_and(|settings| settings.billing == Billing::Advance),
            invoice_day: settings
                .map_or_else(|| "1".to_owned(), |settings| settings.invoice_day.get().to_string()),
            month_end_run: settings.is_none_or(|settings| settings.month_end_run),
            rules: RuleValues::stored(settings),
        }
    }

    fn typed(typed: &PostedConnection, stored: Option<&Integration>) -> Self {
        Self {
            host: typed.host.clone(),
            v2_base: typed.v2_base.clone(),
            v1_base: typed.v1_base.clone(),
            user_name: typed.user_name.clone(),
            company_name: typed.company_name.clone(),
            enabled: typed.enabled,
            advance: typed.billing == "advance",
            invoice_day: typed.invoice_day.clone(),
            month_end_run: typed.month_end_run,
            rules: RuleValues::posted(&typed.rules, stored.map(|stored| &stored.settings)),
        }
    }
}

impl Connection {
    fn of(visit: &Visit, portal: &Portal, stored: Option<&Integration>, values: Values) -> Self {
        let words = words::Connection::of(visit.language);
        let frame = visit.frame(portal, Place::Integrations);
        let standing = stored.map(|stored| match stored.state {
            IntegrationState::On => (words.on, "good"),
            IntegrationState::SwitchingOff => (words.switching_off, "warn"),
            IntegrationState::Off => (words.off, ""),
        });
        Self {
            words,
            rules: words::ConnectionRules::of(visit.language),
            tabs: tabs::of(&frame, tabs::At::Connection, stored.is_some()),
            values,
            has_password: stored.is_some(),
            standing,
            outcome: None,
            help: words::Company::of(visit.language),
            mistakes: Vec::new(),
            confirm: None,
            frame,
        }
    }

    /// The help text below the password.
    fn password_help(&self) -> &'static str {
        if self.has_password { self.words.password_stored } else { self.words.password_help }
    }

    /// The numbers of the rules.
    fn numbers(&self) -> Vec<NumberField> {
        self.values.rules.numbers(self.rules)
    }

    /// Whether a number of the rules has an error.
    fn has_wrong_number(&self) -> bool {
        self.mistakes.iter().any(|(field, _)| matches!(field, Field::Number(_)))
    }

    /// The error of a field.
    fn mistake(&self, field: &str) -> Option<&str> {
        self.mistakes.iter().find(|(known, _)| known.as_str() == field).map(|(_, text)| text.as_str())
    }
}

pub(crate) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let stored = visit.settings(&portal).await?;
    let stored = stored.integration.as_ref();
    let mut page_of = Connection::of(&visit, &portal, stored, Values::stored(stored));
    if visit.role.may_administer() && !visit.person.may_see_keys(portal.operations.clock.now()) {
        page_of.confirm = Some(confirm::ConfirmNotice::of_credentials(&visit));
    }
    Ok(page(&page_of))
}

/// Handles Authenticate and Save.
pub(crate) async fn post(
    State(portal): State<Portal>,
    Administering(visit): Administering,
    Posted(typed): Posted<PostedConnection>,
) -> Result<Response, Failure> {
    let credentials = CredentialsForm {
        host: typed.host.clone(),
        v2_base: typed.v2_base.clone(),
        v1_base: typed.v1_base.clone(),
        user_name: typed.user_name.clone(),
        password: typed.password.clone(),
        company_name: typed.company_name.clone(),
    };
    let (partner, language) = (&visit.partner, visit.language);
    let before = visit.settings(&portal).await?;
    let zone = before.zone().clone();
    let stored = before.integration.as_ref();
    let mut page_of = Connection::of(&visit, &portal, stored, Values::typed(&typed, stored));
    let words = page_of.words;
    let reader = advice::Reader { language, now: portal.operations.clock.now().to_zoned(zone.clone()) };
    let refusal = match typed.action {
        Action::Authenticate => {
            match connection_attempts::authenticate(&portal, partner, credentials, typed.fixed).await {
                Ok(tried) => {
                    let mut outcome =
                        outcome_of(&tried.authenticated, words, &tried.host, &tried.notes, language);
                    outcome.help = check_help::help(&tried.authenticated.checks, &tried.host, &reader);
                    outcome.notes.extend(next_try(tried.authenticated.next_try, words, &zone, language));
                    outcome.notes.extend(check_help::zones(&tried.authenticated, &reader));
                    page_of.outcome = Some(outcome);
                    return Ok(page(&page_of));
                }
                Err(refusal) => refusal,
            }
        }
        Action::Save => {
            let form = ConnectionForm {
                credentials,
                enabled: typed.enabled,
                billing: Billing::parse(&typed.billing),
                // Text that is not a number counts as out of range.
                invoice_day: (!typed.invoice_day.trim().is_empty())
                    .then(|| typed.invoice_day.trim().parse().unwrap_or(0)),
                month_end_run: typed.month_end_run,
                drift: typed.rules.drift(),
                numbers: typed.rules.numbers(),
                share_tenant: typed.share_tenant,
            };
            let now = portal.operations.clock.now();
            if typed.changes_credentials(before.integration.as_ref()) && !visit.person.may_send_keys(now) {
                visit.unconfirmed(&portal).await?;
                let asked = confirm::ConfirmNotice::of_credentials(&visit);
                page_of.outcome = Some(Outcome::bad(asked.text.to_owned()));
                page_of.confirm = Some(asked);
                return Ok((StatusCode::FORBIDDEN, page(&page_of)).into_response());
            }
            match connection_attempts::save(&portal, &visit.actor, partner, form).await {
                Ok(saved) => {
                    let said = match (saved.is_first, saved.notes.is_empty()) {
                        (_, false) => Said::SavedStripped,
                        (true, true) => Said::SavedFirst,
                        (false, true) if saved.sync_follows => Said::SavedAndSyncs,
                        (false, true) => Said::Saved,
                    };
                    return Ok(Redirect::to(&said.at(partner, "integrations/kaseya-bms")).into_response());
                }
                Err(refusal) => refusal,
            }
        }
    };
    refused(&mut page_of, refusal, &reader)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
}

fn outcome_of(
    authenticated: &Authenticated,
    words: &words::Connection,
    host: &str,
    notes: &[kaseya::Note],
    language: advice::Language,
) -> Outcome {
    let works = authenticated.is_proven();
    let stripped = (!notes.is_empty()).then(|| fill(words.stripped, &[("host", &host)]));
    Outcome {
        tone: if works { "good" } else { "bad" },
        text: match (works, authenticated.sync_follows) {
            (true, true) => format!("{} {}", words.works, words.sync_follows),
            (true, false) => format!("{} {}", words.works, words.not_stored),
            (false, _) => words.works_not.to_owned(),
        },
        checks: authenticated.checks.iter().map(|checked| check(checked, words, language)).collect(),
        notes: stripped.into_iter().collect(),
        may_say_fixed: false,
        help: None,
        asks_to_share: false,
    }
}

/// The consequence of another refusal, shown beforehand.
fn next_try(
    next: NextTry,
    words: &words::Connection,
    zone: &TimeZone,
    language: advice::Language,
) -> Option<String> {
    let (text, until) = match next {
        NextTry::Free => return None,
        NextTry::Last(until) => (words.last_try, until),
        NextTry::NotBefore(until) => (words.no_try_left, until),
    };
    Some(fill(text, &[("when", &shown::instant(until, zone, language))]))
}

fn check(checked: &Checked, words: &words::Connection, language: advice::Language) -> Check {
    use connection::Check as Of;
    let name = match checked.check {
        Of::LogInV2 => words.check_log_in_v2,
        Of::ApiAccess => words.check_api_access,
        Of::ViewAccounts => words.check_view_accounts,
        Of::ViewContracts => words.check_view_contracts,
        Of::ViewServices => words.check_view_services,
        Of::LogInV1 => words.check_log_in_v1,
        Of::ViewLines => words.check_view_lines,
        Of::ModifyContracts => words.check_modify_contracts,
    };
    let (class, more) = match &checked.finding {
        Finding::Passed => ("passed", String::new()),
        Finding::Unknown(_) => ("untold", words.unknown.to_owned()),
        Finding::NotReached => ("", words.not_reached.to_owned()),
        Finding::Failed { code, words: said, fault } => {
            let mut more = vec![code.to_string()];
            more.extend(said.as_ref().map(|said| fill(words.kaseya_said, &[("words", said)])));
            more.extend(fault.map(|fault| advice::answer_fault(fault, language)));
            more.extend(checked.right().map(|menu| fill(words.right, &[("menu", &menu)])));
            ("failed", more.join(". "))
        }
    };
    Check { class, name, more }
}

/// Shows why nothing was done. An error that the person cannot act on becomes a failure.
fn refused(page: &mut Connection, refusal: NotSaved, reader: &advice::Reader) -> Result<(), Failure> {
    let (zone, language) = (reader.now.time_zone(), reader.language);
    let (words, texts) = (page.words, words::TextMistakes::of(language));
    let outcome = Outcome::bad;
    page.outcome = Some(match refusal {
        NotSaved::Mistakes(mistakes) => {
            page.mistakes =
                mistakes.iter().map(|mistake| (mistake.field, fix(mistake, words, texts))).collect();
            outcome(words.mistakes.to_owned())
        }
        NotSaved::NotProven(tried) => Outcome {
            checks: tried.checks.iter().map(|checked| check(checked, words, language)).collect(),
            notes: next_try(tried.next_try, words, zone, language).into_iter().collect(),
            help: check_help::help(&tried.checks, &page.values.host, reader),
            ..outcome(words.not_proven.to_owned())
        },
        NotSaved::SharedTenant => Outcome { asks_to_share: true, ..outcome(words.shared_tenant.to_owned()) },
        NotSaved::NotTried(NotTried::RefusedBefore { code, at }) => {
            let when = shown::instant(at, zone, language);
            Outcome {
                may_say_fixed: true,
                ..outcome(fill(words.refused_before, &[("when", &when), ("code", &code)]))
            }
        }
        NotSaved::NotTried(NotTried::NotBefore { until }) => {
            outcome(fill(words.not_before, &[("when", &shown::instant(until, zone, language))]))
        }
        NotSaved::NotTried(NotTried::TooOften { until }) => {
            outcome(fill(words.too_often, &[("when", &shown::instant(until, zone, language))]))
        }
        NotSaved::NotTried(NotTried::CallLimit) => outcome(words.call_limit.to_owned()),
        // An error of the installation: no field of the form fixes it.
        NotSaved::NotTried(NotTried::NoAddress(NoAddress::LineProfile(_))) => {
            outcome(advice::remark(&Remark::LineProfileUnusable, reader))
        }
        NotSaved::NotTried(NotTried::NoAddress(_)) => {
            page.mistakes = vec![(Field::Host, words.host_wrong.to_owned())];
            outcome(words.mistakes.to_owned())
        }
        NotSaved::NotTried(NotTried::Store(error)) | NotSaved::Store(error) => return Err(error.into()),
        NotSaved::UnknownPartner
        | NotSaved::NotConnected
        | NotSaved::Stale { .. }
        | NotSaved::AddCompaniesTogether(_)
        | NotSaved::AddProductsTogether(_)
        | NotSaved::NeverDue => return Err(Failure::NotFound),
    });
    Ok(())
}

/// What is wrong with a field, and how to fix it.
fn fix(mistake: &Mistake, words: &words::Connection, texts: &words::TextMistakes) -> String {
    match &mistake.kind {
        MistakeKind::Missing => words.missing.to_owned(),
        MistakeKind::Host(error) => match error.fix() {
            Some(fix) => fill(words.host_fix, &[("fix", &fix)]),
            None => words.host_wrong.to_owned(),
        },
        MistakeKind::Address => words.address_wrong.to_owned(),
        MistakeKind::NotAllowed { host, domain } => {
            fill(words.address_not_allowed, &[("host", host), ("domain", domain)])
        }
        MistakeKind::TypeAgain => words.type_again.to_owned(),
        MistakeKind::OutOfRange { least, most } => {
            fill(words.out_of_range, &[("least", least), ("most", most)])
        }
        MistakeKind::Text(error) => texts.fix(error),
        // The form has no fields of these kinds.
        MistakeKind::Zone
        | MistakeKind::Unknown(_)
        | MistakeKind::NotItsName { .. }
        | MistakeKind::NoEffect
        | MistakeKind::OtherAccount(_) => mistake.kind.to_string(),
    }
}

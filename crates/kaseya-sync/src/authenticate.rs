//! `authenticate FILE-or-PARTNER`: whether its values log in to Kaseya, and which rights the role lacks (S-12 to
//! S-14).

use std::{path::Path, sync::Arc};

use advice::Language;
use anyhow::Context as _;
use connection::{Authenticated, Checked, Finding, NotTried, OpenCredentials, credentials};
use domain::{NextTry, PartnerId};
use jiff::{Timestamp, tz::TimeZone};
use operations::{
    check_help,
    read_models::{Advice, Check, last_try_until},
    settings_file::{self, Surroundings},
};
use serde::Serialize;
use vault::KeyRing;

use crate::{advising, ended::Ended, installation::Installation, output, password_file::password_file};

/// The partner, the values to try, and the time zone of its schedule.
type Tried = (PartnerId, OpenCredentials, TimeZone);

/// `--json`: the whole document.
#[derive(Serialize)]
struct Document<'a> {
    partner: &'a str,
    host: &'a str,
    /// Whether a sync can run with these values.
    works: bool,
    /// Why nothing was tried.
    not_tried: Option<String>,
    /// Set if the next refusal is the last one: new values must then wait until this instant.
    last_try_until: Option<Timestamp>,
    /// The earliest time to try new values.
    not_before: Option<Timestamp>,
    /// Whether a sync of all companies follows automatically.
    sync_follows: bool,
    checks: Vec<Check>,
    /// What to do about the first check that failed.
    help: Option<Advice>,
    /// Kaseya's time zone, as an IANA name.
    kaseya_zone: Option<&'a str>,
    /// What a zone other than the schedule's means for the invoice day.
    zone_note: Option<String>,
}

pub(crate) async fn command(
    installation: &Installation,
    subject: &str,
    json: bool,
    fixed: bool,
    language: Language,
) -> anyhow::Result<Ended> {
    let keys = Arc::new(installation.keys()?);
    let (partner, values, zone) = match Path::new(subject).is_file() {
        true => match from_file(installation, Path::new(subject)).await? {
            Some(read) => read,
            None => return Ok(Ended::Refused),
        },
        false => stored(installation, subject, &keys).await?,
    };
    let tried = installation.authenticator(keys)?.authenticate(&partner, &values, fixed).await;
    let tried = match tried {
        Err(NotTried::Store(error)) => return Err(error.into()),
        tried => tried,
    };
    let reader = advice::Reader { language, now: installation.clock.now().to_zoned(zone) };
    if json {
        let document = document(&partner, &values, &tried, &reader);
        output::say(&serde_json::to_string_pretty(&document)?)?;
    } else {
        show(&partner, &values, &tried, &reader)?;
    }
    Ok(if tried.is_ok_and(|tried| tried.is_proven()) { Ended::InOrder } else { Ended::Refused })
}

/// The values of a settings file; its partner need not be stored yet. `None` if the file is invalid; its mistakes
/// are then printed.
async fn from_file(installation: &Installation, file: &Path) -> anyhow::Result<Option<Tried>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let stored = match settings_file::partner_of(&text) {
        Some(partner) => {
            let read = installation
                .store
                .transaction("read_partner", |tx| Box::pin(store::settings::read(tx, &partner)));
            read.await?
        }
        None => None,
    };
    let around = Surroundings {
        password_file: &password_file(file),
        now: installation.clock.now(),
        stored: stored.as_ref(),
        names: None,
        allowed_hosts: &installation.allowed_hosts()?,
    };
    match settings_file::read(&text, around) {
        Ok(read) => {
            let zone = read.schedule.zone().clone();
            Ok(Some((read.partner, read.integration.credentials, zone)))
        }
        Err(mistakes) => {
            for mistake in &mistakes.0 {
                output::tell(&format_args!("{}: {mistake}", file.display()));
            }
            output::complain(&format_args!("{} mistakes; nothing is tried", mistakes.0.len()));
            Ok(None)
        }
    }
}

/// A partner's stored values.
async fn stored(installation: &Installation, partner: &str, keys: &KeyRing) -> anyhow::Result<Tried> {
    let settings =
        installation.partner(partner).await.with_context(|| format!("{partner} is no file either"))?;
    let zone = settings.zone().clone();
    let partner = settings.partner;
    let Some(integration) = settings.integration else { anyhow::bail!("{partner} has no integration yet") };
    let values = credentials::open(&partner, &integration.credentials, keys)
        .context("the stored password cannot be opened")?;
    Ok((partner, values, zone))
}

fn document<'a>(
    partner: &'a PartnerId,
    values: &'a OpenCredentials,
    tried: &'a Result<Authenticated, NotTried>,
    reader: &advice::Reader,
) -> Document<'a> {
    let answered = tried.as_ref().ok();
    Document {
        partner: partner.as_str(),
        host: &values.host,
        works: tried.as_ref().is_ok_and(Authenticated::is_proven),
        not_tried: tried.as_ref().err().map(ToString::to_string),
        last_try_until: answered.and_then(last_try_until),
        not_before: match tried {
            Ok(Authenticated { next_try: NextTry::NotBefore(until), .. })
            | Err(NotTried::NotBefore { until }) => Some(*until),
            _ => None,
        },
        sync_follows: tried.as_ref().is_ok_and(|tried| tried.sync_follows),
        checks: tried.iter().flat_map(|tried| &tried.checks).map(Check::from).collect(),
        help: answered
            .and_then(|tried| check_help::help(&tried.checks, &values.host, reader))
            .map(|help| Advice::of(help, reader.language)),
        kaseya_zone: answered.and_then(|tried| tried.time_zone.as_deref()),
        zone_note: answered.and_then(|tried| check_help::zones(tried, reader)),
    }
}

fn show(
    partner: &PartnerId,
    values: &OpenCredentials,
    tried: &Result<Authenticated, NotTried>,
    reader: &advice::Reader,
) -> anyhow::Result<()> {
    match tried {
        Ok(tried) => {
            for checked in &tried.checks {
                output::say(&line(checked))?;
            }
            let came = if tried.is_proven() { "open" } else { "do not open" };
            if let Some(said) = next_try(tried.next_try) {
                output::say(&said)?;
            }
            if tried.sync_follows {
                output::say(
                    &"Kaseya takes the saved credentials again: a sync of all companies follows by itself",
                )?;
            }
            if let Some(help) = check_help::help(&tried.checks, &values.host, reader) {
                advising::say(&help, &values.host, reader.language)?;
            }
            if let Some(said) = check_help::zones(tried, reader) {
                output::say(&said)?;
            }
            output::say(&format_args!("the values of {partner} {came} {}; nothing was stored", values.host))?;
        }
        Err(error) => {
            output::say(&format_args!("{error}"))?;
            if let NotTried::RefusedBefore { .. } = error {
                output::tell(
                    &"if you have fixed the cause in Kaseya, run it again with --fixed to try them once more",
                );
            }
        }
    }
    Ok(())
}

/// What another refusal would lead to, if anything.
pub(crate) fn next_try(next: NextTry) -> Option<String> {
    match next {
        NextTry::Free => None,
        NextTry::Last(until) => Some(format!(
            "one try is left: if it is refused too, new values can be tried again from {until} on (AUTH-08), because Kaseya \
             locks a user after 5 refusals"
        )),
        NextTry::NotBefore(until) => Some(format!(
            "no try is left: new values can be tried again from {until} on (AUTH-08), because Kaseya locks a user after 5 \
             refusals"
        )),
    }
}

/// A check as one line, with a tick or what to do.
pub(crate) fn line(checked: &Checked) -> String {
    let check = checked.check;
    match &checked.finding {
        Finding::Passed => format!("✓ {check}"),
        Finding::Unknown(why) => format!("? {check}: {why}"),
        Finding::NotReached => format!("- {check}: not tried"),
        Finding::Failed { code, words, fault } => {
            let said = words.as_ref().map_or_else(String::new, |words| format!("; Kaseya said: {words}"));
            let fault = fault.map_or_else(String::new, |fault| format!("; {fault}"));
            let right = checked.right().map_or_else(String::new, |menu| format!("; the right is {menu}"));
            format!("✗ {check}: {code}{said}{fault}{right}")
        }
    }
}

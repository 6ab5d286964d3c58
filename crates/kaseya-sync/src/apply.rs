//! `apply FILE`: a partner's settings from a file, all of them or none.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use domain::{IntegrationState, SecurityEventKind};
use operations::{
    connection_settings::Trial,
    leftovers::Leftover,
    not_saved::NotSaved,
    settings_update::{self, Applied, ApplyError, Applying, Storing},
};
use serde_json::json;
use store::access::security_events::SecurityEvent;

use crate::{
    authenticate, ended::Ended, installation::Installation, never_shown, output, password_file::password_file,
};

/// The text about a leftover line, with the commands for both decisions.
pub fn leftover_text(applied: &Applied, leftover: &Leftover) -> String {
    let (partner, Leftover { hold, contract: (contract, name), service, units, from_day, .. }) =
        (&applied.partner, leftover);
    let companies: Vec<&str> = leftover
        .companies
        .iter()
        .map(|company| applied.names.get(company).map_or(company.as_str(), String::as_str))
        .collect();
    let companies = companies.join(", ");
    format!(
        "{companies}: nothing is mapped any more to \"{service}\" on contract {contract} \"{name}\", which has {units} units \
         of ours\n  to 0 from {from_day}: kaseya-sync holds {partner} approve {hold}\n  leave it as it is: kaseya-sync \
         holds {partner} dismiss {hold}"
    )
}

pub(crate) async fn command(
    installation: &Installation,
    file: &Path,
    without_trying: bool,
    by: &str,
) -> anyhow::Result<Ended> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let (keys, spread) = (Arc::new(installation.keys()?), installation.spread()?);
    let now = installation.clock.now();
    let authenticator = installation.authenticator(Arc::clone(&keys))?;
    let trial = if without_trying { Trial::Without } else { Trial::Beside(&authenticator) };
    let (entropy, allowed_hosts) = (&installation.entropy, &installation.allowed_hosts()?);
    let applying = Applying { storing: Storing { keys: &keys, entropy, spread, now }, trial, allowed_hosts };
    match settings_update::apply(&installation.store, &text, &password_file(file), applying).await {
        Ok(applied) => {
            keep(installation, file, &applied, by).await?;
            report(&applied)?;
            never_shown::say(&never_shown::read(installation, &applied.partner).await?)?;
            Ok(Ended::InOrder)
        }
        Err(ApplyError::Mistakes(mistakes)) => {
            for mistake in &mistakes.0 {
                output::tell(&format_args!("{}: {mistake}", file.display()));
            }
            output::complain(&format_args!("{} mistakes; nothing is stored", mistakes.0.len()));
            Ok(Ended::Refused)
        }
        Err(ApplyError::NotSaved(NotSaved::NotProven(tried))) => {
            for checked in &tried.checks {
                output::tell(&authenticate::line(checked));
            }
            if let Some(said) = authenticate::next_try(tried.next_try) {
                output::tell(&said);
            }
            output::complain(
                &"the new credentials do not prove right: nothing of the file is stored, and those in force stay. Where \
                  Kaseya cannot be reached from here, --without-trying stores them as they are",
            );
            Ok(Ended::Refused)
        }
        Err(error @ ApplyError::NotSaved(_)) => Err(error).context("nothing is stored"),
    }
}

/// Records who applied the file. The file itself is already stored.
async fn keep(installation: &Installation, file: &Path, applied: &Applied, by: &str) -> anyhow::Result<()> {
    let (operations, actor) = (installation.operations(None)?, Installation::actor(by));
    let (companies, mapped) = applied.companies;
    let details = json!({
        "companies": companies,
        "mapped": mapped,
        "moved": applied.moved,
        "new_credentials": applied.new_credentials,
        "enabled": applied.state == IntegrationState::On,
    });
    // The partner reads this: the operator's folders are none of its business.
    let name = file.file_name().unwrap_or_default().display();
    let event = SecurityEvent::of(SecurityEventKind::SettingsApplied, &applied.partner, name, details);
    operations.by(&actor).keep_alone(event).await.context("it is stored, but not who has applied it")
}

fn report(applied: &Applied) -> anyhow::Result<()> {
    let (companies, mapped) = applied.companies;
    let state = match applied.state {
        IntegrationState::On => "on",
        IntegrationState::SwitchingOff => "switching off",
        IntegrationState::Off => "off",
    };
    output::say(&format_args!(
        "{} is stored: {companies} companies, {mapped} mapped, {} of them anew or elsewhere; it is {state}",
        applied.partner, applied.moved
    ))?;
    if applied.new_credentials {
        output::say(&"the credentials are new: the next job logs in with them")?;
    }
    for left in &applied.left {
        output::say(&format_args!("{left} is not mapped any more; its lines in Kaseya stay as they are"))?;
    }
    for left in &applied.leftovers {
        output::say(&leftover_text(applied, left))?;
    }
    if let Some(report) = &applied.report {
        output::say(&format_args!("the user counts are stored as report {report}"))?;
    }
    output::say(&format_args!("next scheduled run: {}", applied.next_run_at))?;
    output::tell(&format_args!("now: kaseya-sync sync-now {} --plan --wait", applied.partner));
    Ok(())
}

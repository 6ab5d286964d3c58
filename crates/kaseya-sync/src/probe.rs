//! `probe`: checks the client's assumptions against a real tenant, and finds the line profile that fits it.

mod report;

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use domain::{ContractId, LineId, PartnerId};
use kaseya::{
    Access, Allowance, AllowedHosts, Bases, Host, Limits, LineProfile, MOST_V1_CALLS, Outcome, ProbeOrder,
    ProbeReport, PutBack, TrialOrder,
};
use runtime::Context;
use secrecy::SecretString;
use store::settings::installation;

use crate::{
    command_line::Probe,
    ended::Ended,
    installation::{Installation, kaseya_section},
    line_profile, output,
};

/// More than the probe's reads need, and far below Kaseya's limits.
const READS: Allowance = Allowance { v2: 80, v1: MOST_V1_CALLS };
/// The same, plus V1 calls for every write that is tried, each with its reading.
const WITH_WRITES: Allowance = Allowance { v1: MOST_V1_CALLS + 60, ..READS };

pub(crate) async fn command(
    context: &Context,
    data_dir: Option<PathBuf>,
    probe: Probe,
) -> anyhow::Result<Ended> {
    let section = kaseya_section(&context.config)?;
    let bms = section.client(Arc::clone(&context.clock))?;
    let trial = match (probe.write.as_slice(), probe.to) {
        ([contract, line], Some(to)) => {
            Some(TrialOrder { contract: ContractId(*contract), line: LineId(*line), to })
        }
        _ => None,
    };
    if let Some(trial) = &trial
        && !(probe.yes || agreed(trial)?)
    {
        output::complain(&"nothing was sent: to write without being asked, say --yes");
        return Ok(Ended::Refused);
    }
    if let Some(file) = probe.save.as_deref().filter(|file| file.exists()) {
        anyhow::bail!("--save: {} is there already: name another file", file.display());
    }
    let profile = match (&probe.partner, &probe.line_profile) {
        (Some(partner), _) => stored(context, data_dir, partner).await?,
        (None, Some(name)) => line_profile::named(name).context("--line-profile")?,
        (None, None) => LineProfile::default(),
    };
    let order = ProbeOrder { contract: probe.contract.map(ContractId), trial };
    let (json, save) = (probe.json, probe.save.clone());
    let allowance = if trial.is_some() { WITH_WRITES } else { READS };
    let session = bms.session(access(probe, profile, bms.allowed_hosts())?, Limits::of(allowance));
    let found = match session.probe(order).await {
        Ok(found) => found,
        Err(error) => {
            output::complain(&format_args!("{}: {error}", error.code()));
            if let Some(words) = error.words() {
                output::tell(&format_args!("Kaseya says: {words}"));
            }
            return Ok(Ended::Refused);
        }
    };
    if json {
        output::say(&serde_json::to_string_pretty(&report::document(&found))?)?;
    } else {
        report::show(&found)?;
        if order.contract.is_none() && trial.is_none() {
            output::tell(
                &"with --contract, name one that has a past change of units: it tells prorations from lines",
            );
        }
    }
    let saved = save.is_none_or(|file| is_saved(&found, &file));
    let contradicted = found.assumptions.iter().any(|one| one.outcome == Outcome::Contradicted);
    let left_changed = found.trial.as_ref().and_then(|trial| match &trial.put_back {
        PutBack::Failed { what, added } => Some((what, added)),
        PutBack::NotNeeded | PutBack::Done => None,
    });
    if let Some((what, added)) = left_changed {
        output::complain(&format_args!("THE LINE IS NOT AS IT WAS: {what}"));
        if !added.is_empty() {
            let added = added.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            output::complain(&format_args!("REMOVE BY HAND, and keep out of what you send away: {added}"));
        }
    }
    let in_order = saved && !contradicted && left_changed.is_none();
    Ok(if in_order { Ended::InOrder } else { Ended::NotInOrder })
}

/// Asks a person at the terminal; without a terminal the answer is no.
fn agreed(trial: &TrialOrder) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let TrialOrder { contract, line, to } = trial;
    let mut asked = io::stderr().lock();
    write!(
        asked,
        "Write {to} units to line {line} of contract {contract}, and put back what it holds now? [yes/no] "
    )?;
    asked.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

/// The profile that a partner's jobs use.
async fn stored(context: &Context, data_dir: Option<PathBuf>, partner: &str) -> anyhow::Result<LineProfile> {
    let partner = PartnerId::new(partner).context("--partner")?;
    let installation = Installation::reach(context, data_dir).await?;
    let text = installation
        .store
        .transaction("line_profile", |tx| Box::pin(installation::line_profile(tx, Some(&partner))))
        .await?;
    LineProfile::stored(text.as_deref()).context("--partner")
}

/// Saves the profile that fits; a profile that does not fit is not saved.
fn is_saved(found: &ProbeReport, file: &Path) -> bool {
    let Some(profile) = found.profile() else {
        output::complain(&"--save: no line profile is known to fit, and nothing was saved");
        return false;
    };
    let written =
        std::fs::File::create_new(file).and_then(|mut file| file.write_all(profile.text().as_bytes()));
    match written {
        Ok(()) => {
            output::tell(&format_args!(
                "{} is saved: store it with kaseya-sync line-profile --set {}",
                profile.name(),
                file.display()
            ));
            true
        }
        Err(error) => {
            output::complain(&format_args!("--save: {} cannot be written: {error}", file.display()));
            false
        }
    }
}

fn access(probe: Probe, profile: LineProfile, allowed: &AllowedHosts) -> anyhow::Result<Access> {
    let cleaned = Host::clean(&probe.host).context("--host")?;
    for note in &cleaned.notes {
        output::tell(&format_args!("{note}: taken as {}", cleaned.host));
    }
    let bases = Bases::new(&cleaned.host, probe.v2_base.as_deref(), probe.v1_base.as_deref(), allowed)?;
    Ok(Access {
        partner: PartnerId::new("probe")?,
        bases: bases.with_line_profile(profile),
        tenant: probe.company_name,
        user_name: probe.user_name,
        password: password(&probe.password_file)?,
        credentials_version: 1,
    })
}

/// The file contains only the password; a trailing line break is not part of it.
fn password(file: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("--password-file: {} cannot be read", file.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!password.is_empty(), "--password-file: {} is empty", file.display());
    Ok(SecretString::from(password))
}

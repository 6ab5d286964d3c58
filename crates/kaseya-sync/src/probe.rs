//! `probe`: what the client takes for granted, against a real tenant.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use domain::{ContractId, LineId, PartnerId};
use kaseya::{Access, Allowance, Bases, Host, KaseyaSection, Limits, Outcome, Probed, WriteBack};
use runtime::Context;
use secrecy::SecretString;
use serde::Serialize;

use crate::{command_line::Probe, ended::Ended, line_profile, output};

/// More than the probe needs, and far below Kaseya's limits.
const ALLOWANCE: Allowance = Allowance { v2: 60, v1: 20 };

/// `--json`: one row of the document.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    assumption: &'a str,
    standing: &'a str,
    outcome: &'static str,
    evidence: &'a str,
    /// What a contradiction means, and what to do.
    if_contradicted: &'a str,
}

/// Probes, and tells.
pub(crate) async fn command(context: &Context, probe: Probe) -> anyhow::Result<Ended> {
    let section: KaseyaSection = context.config.section("kaseya")?;
    let bms = section.client(Arc::clone(&context.clock))?;
    let write_back = match probe.write.as_slice() {
        [contract, line] => Some(WriteBack { contract: ContractId(*contract), line: LineId(*line) }),
        _ => None,
    };
    let json = probe.json;
    let session = bms.session(access(probe)?, Limits::of(ALLOWANCE));
    let found = match session.probe(write_back).await {
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
        let rows: Vec<Row<'_>> = found.iter().map(row).collect();
        output::say(&serde_json::to_string_pretty(&rows)?)?;
    } else {
        show(&found)?;
    }
    let contradicted = found.iter().any(|one| one.outcome == Outcome::Contradicted);
    Ok(if contradicted { Ended::NotInOrder } else { Ended::InOrder })
}

fn access(probe: Probe) -> anyhow::Result<Access> {
    let cleaned = Host::clean(&probe.host).context("--host")?;
    for note in &cleaned.notes {
        output::tell(&format_args!("{note}: taken as {}", cleaned.host));
    }
    let bases = Bases::new(&cleaned.host, probe.v2_base.as_deref(), probe.v1_base.as_deref())?;
    let profile =
        probe.line_profile.as_deref().map(line_profile::named).transpose().context("--line-profile")?;
    let bases = bases.with_line_profile(profile.unwrap_or_default());
    Ok(Access {
        partner: PartnerId::new("probe")?,
        bases,
        tenant: probe.company_name,
        user_name: probe.user_name,
        password: password(&probe.password_file)?,
        credentials_version: 1,
    })
}

/// The file holds the password alone; the line's end is not part of it.
fn password(file: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("--password-file: {} cannot be read", file.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!password.is_empty(), "--password-file: {} is empty", file.display());
    Ok(SecretString::from(password))
}

fn row(one: &Probed) -> Row<'_> {
    Row {
        id: &one.assumption.id,
        assumption: &one.assumption.says,
        standing: &one.assumption.standing,
        outcome: one.outcome.as_str(),
        evidence: &one.evidence,
        if_contradicted: &one.assumption.if_contradicted,
    }
}

fn show(found: &[Probed]) -> anyhow::Result<()> {
    let mut table = output::table(&["assumption", "standing", "outcome", "evidence"]);
    for one in found {
        let assumption = format!("{}: {}", one.assumption.id, one.assumption.says);
        table.add_row([&assumption, &one.assumption.standing, one.outcome.as_str(), &one.evidence]);
    }
    output::say(&table)?;
    for one in found.iter().filter(|one| one.outcome == Outcome::Contradicted) {
        output::say(&format_args!(
            "{} is contradicted: {}",
            one.assumption.id, one.assumption.if_contradicted
        ))?;
    }
    Ok(())
}

//! The findings of a probe, for people and as one document. Both contain only shapes, counts and Kaseya's field
//! names.

use kaseya::{Candidate, Outcome, ProbeReport, Probed, PutBack, Search, Trial};
use serde::Serialize;

use crate::output;

/// `--json`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    assumptions: Vec<Row<'a>>,
    /// The search for the line profile; `null` if V1 gave no token, or there is no contract.
    line_profiles: Option<Profiles<'a>>,
    /// V1 calls for reads, including the login.
    v1_calls: u32,
    /// The trial of writes; `null` if it was not requested.
    writes: Option<Writes<'a>>,
    /// The profile that fits.
    fits: Option<&'a str>,
}

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

#[derive(Serialize)]
struct Profiles<'a> {
    candidates: Vec<CandidateRow<'a>>,
    /// All profiles with the same reading as the one that fits.
    same_reading: &'a [String],
    nearest: Option<&'a str>,
    nearest_misses: &'a [String],
    paging: &'a str,
    prorations: &'a str,
}

#[derive(Serialize)]
struct CandidateRow<'a> {
    profile: &'a str,
    call: &'a str,
    same_call_as: Option<&'a str>,
    answer: &'static str,
    status: Option<u16>,
    rows: usize,
    total: Option<u64>,
    fields_matched: &'a [&'static str],
    sum: &'static str,
    fits: bool,
    misses: &'a [String],
}

#[derive(Serialize)]
struct Writes<'a> {
    steps: Vec<Step<'a>>,
    not_tried: Option<&'a str>,
    works: Option<&'a str>,
    put_back: &'a str,
}

#[derive(Serialize)]
struct Step<'a> {
    write: &'a str,
    answer: &'a str,
    effect: &'static str,
    shown: &'a str,
}

pub(super) fn document(found: &ProbeReport) -> Document<'_> {
    Document {
        assumptions: found.assumptions.iter().map(row).collect(),
        line_profiles: found.search.as_ref().map(profiles),
        v1_calls: found.v1_calls,
        writes: found.trial.as_ref().map(writes),
        fits: found.profile().map(kaseya::LineProfile::name),
    }
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

fn profiles(search: &Search) -> Profiles<'_> {
    let nearest = search.nearest.as_ref();
    Profiles {
        candidates: search.candidates.iter().map(candidate_row).collect(),
        same_reading: &search.same_reading,
        nearest: nearest.map(|(name, _)| name.as_str()),
        nearest_misses: nearest.map_or(&[], |(_, misses)| misses),
        paging: &search.paging,
        prorations: &search.prorations,
    }
}

fn candidate_row(one: &Candidate) -> CandidateRow<'_> {
    CandidateRow {
        profile: &one.profile,
        call: &one.call,
        same_call_as: one.same_call_as.as_deref(),
        answer: one.answer.as_str(),
        status: one.status,
        rows: one.rows,
        total: one.total,
        fields_matched: &one.matched,
        sum: one.sum.as_str(),
        fits: one.fits(),
        misses: &one.misses,
    }
}

fn writes(trial: &Trial) -> Writes<'_> {
    let steps = trial.steps.iter().map(|step| Step {
        write: &step.write,
        answer: &step.answer,
        effect: step.effect.as_str(),
        shown: &step.shown,
    });
    Writes {
        steps: steps.collect(),
        not_tried: trial.not_tried.as_deref(),
        works: trial.works.as_ref().map(kaseya::LineProfile::name),
        put_back: put_back(&trial.put_back),
    }
}

fn put_back(put_back: &PutBack) -> &str {
    match put_back {
        PutBack::NotNeeded => "nothing was changed",
        PutBack::Done => "the line holds again what it held before",
        PutBack::Failed { what, .. } => what,
    }
}

pub(super) fn show(found: &ProbeReport) -> anyhow::Result<()> {
    let mut table = output::table(&["assumption", "standing", "outcome", "evidence"]);
    for one in &found.assumptions {
        let assumption = format!("{}: {}", one.assumption.id, one.assumption.says);
        table.add_row([&assumption, &one.assumption.standing, one.outcome.as_str(), &one.evidence]);
    }
    output::say(&table)?;
    for one in found.assumptions.iter().filter(|one| one.outcome == Outcome::Contradicted) {
        output::say(&format_args!(
            "{} is contradicted: {}",
            one.assumption.id, one.assumption.if_contradicted
        ))?;
    }
    if let Some(search) = &found.search {
        show_search(search, found.v1_calls)?;
    }
    found.trial.as_ref().map_or(Ok(()), show_trial)
}

fn show_search(search: &Search, v1_calls: u32) -> anyhow::Result<()> {
    let mut table = output::table(&["line profile", "call", "answer", "rows", "fields", "sum", "fits"]);
    for one in &search.candidates {
        let call = one
            .same_call_as
            .as_ref()
            .map_or_else(|| one.call.clone(), |other| format!("the same call as {other}"));
        let answer = match one.status {
            Some(status) if !(200..300).contains(&status) => format!("{} ({status})", one.answer),
            _ => one.answer.to_string(),
        };
        let fits = match (one.fits(), one.misses.as_slice()) {
            (true, _) => "yes".to_owned(),
            (false, []) => "not told: no lines".to_owned(),
            (false, misses) => misses.join("; "),
        };
        let fields = if one.rows == 0 { String::new() } else { format!("{} of 6", one.matched.len()) };
        let sum = if one.rows == 0 { "" } else { one.sum.as_str() };
        table.add_row([&one.profile, &call, &answer, &one.rows.to_string(), &fields, sum, &fits]);
    }
    output::say(&table)?;
    match (&search.fitting, &search.nearest) {
        (Some(profile), _) => {
            output::say(&format_args!("The line profile that fits: {}", profile.name()))?;
            if search.same_reading.len() > 1 {
                let names = search.same_reading.join(", ");
                output::say(&format_args!(
                    "{names} read alike: --write finds out which of their writes has its effect"
                ))?;
            }
            output::say(&format_args!("Pages: {}", search.paging))?;
            output::say(&format_args!("Prorations: {}", search.prorations))?;
        }
        (None, Some((name, misses))) => {
            output::say(&format_args!("No line profile fits. The nearest is {name}: {}", misses.join("; ")))?;
        }
        (None, None) => output::say(&"No line profile fits.")?,
    }
    Ok(output::say(&format_args!("{v1_calls} V1 calls were made to read, the login included."))?)
}

fn show_trial(trial: &Trial) -> anyhow::Result<()> {
    if let Some(why) = &trial.not_tried {
        return Ok(output::say(&format_args!("Writes were not tried: {why}"))?);
    }
    let mut table = output::table(&["write", "answer", "effect", "the line then"]);
    for step in &trial.steps {
        table.add_row([&step.write, &step.answer, step.effect.as_str(), &step.shown]);
    }
    output::say(&table)?;
    match &trial.works {
        Some(profile) => output::say(&format_args!("The line profile that writes: {}", profile.name()))?,
        None => output::say(&"No write had its effect and its date.")?,
    }
    Ok(output::say(&format_args!("Put back: {}", put_back(&trial.put_back)))?)
}

//! Changes that wait for a person: each with its reason and both decisions.

use std::collections::BTreeMap;

use advice::{Language, number};
use askama::Template;
use axum::{
    extract::State,
    response::{Redirect, Response},
};
use domain::{Brake, HoldId};
use operations::{
    Advising,
    decisions::{Decision, NotDecided, NotYetSent, Outcome, Shown, Which},
};
use serde::Deserialize;
use store::{
    StoreError,
    holds::{self, HoldRow},
    settings,
};

use crate::{
    Portal,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    pages::page,
    said::Said,
    shown,
    visit::{Editing, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "holds.html")]
struct Holds {
    frame: Frame,
    words: &'static words::Holds,
    rows: Vec<Row>,
    /// Whether any hold can be decided.
    some_open: bool,
}

struct Row {
    /// The hold with the units shown: the decision applies to these.
    value: String,
    /// The same with the other half of a plan switch, which the page shows next to it.
    values: String,
    companies: String,
    service: String,
    change: String,
    money: Option<String>,
    reason: &'static str,
    advice: advice::Advice,
    from_day: String,
    since: String,
    state: &'static str,
    tone: &'static str,
    may_approve: bool,
    may_dismiss: bool,
    is_half: bool,
}

pub(crate) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let (partner, now, language) = (&visit.partner, portal.operations.clock.now(), visit.language);
    let rows = portal
        .operations
        .store
        .transaction("portal_holds", |tx| {
            Box::pin(async move {
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let holds = holds::standing_holds(tx, partner).await?;
                let advising = Advising::read(tx, &settings, now).await?;
                let rows = holds.iter().map(|hold| row(hold, &holds, &advising, language)).collect();
                Ok::<_, StoreError>(Some(rows))
            })
        })
        .await?;
    let rows: Vec<Row> = rows.ok_or(Failure::NotFound)?;
    Ok(page(&Holds {
        frame: visit.frame(&portal, Place::Holds),
        words: words::Holds::of(language),
        some_open: rows.iter().any(|row| row.may_approve || row.may_dismiss),
        rows,
    }))
}

/// A hold with its units, as a form value.
fn value(hold: &HoldRow) -> String {
    format!("{}:{}:{}", hold.hold, hold.to_units, hold.from_units)
}

fn row(hold: &HoldRow, holds: &[HoldRow], advising: &Advising<'_>, language: Language) -> Row {
    let words = words::Holds::of(language);
    let advice = advising.of_hold(hold, language);
    let (state, tone, may_approve, may_dismiss) = match hold.state.as_str() {
        "open" => (words.open, "warn", true, true),
        "approved" => (words.approved, "", false, true),
        _ => (words.dismissed, "", false, false),
    };
    let from = number::units(hold.from_units, language).unwrap_or_default();
    let to = number::whole(hold.to_units.into(), language);
    Row {
        value: value(hold),
        values: std::iter::once(hold)
            .chain(holds.iter().filter(|other| other.is_half_with(hold)))
            .map(value)
            .collect::<Vec<_>>()
            .join(","),
        companies: advising.names(hold).join(", "),
        service: advising.service_of(hold).unwrap_or_else(|| hold.service.to_string()),
        change: format!("{from} → {to}"),
        money: advising
            .money_of(hold)
            .map(|money| fill(words.a_month, &[("money", &number::difference(&money, language))])),
        reason: match hold.brake {
            Brake::FallToZero => words.fall_to_zero,
            Brake::LargeChange => words.large_change,
            Brake::ManyCompanies => words.many_companies,
            Brake::PlanSwitch => words.plan_switch,
            Brake::Leftover => words.leftover,
            Brake::Drift => words.drift,
            Brake::BillingCycle => words.billing_cycle,
            Brake::LaterFinal => words.later_final,
            Brake::SetElsewhere => words.set_elsewhere,
        },
        advice,
        from_day: shown::day(hold.effective_date, language),
        since: shown::instant(hold.opened_at, advising.zone(), language),
        state,
        tone,
        may_approve,
        may_dismiss,
        is_half: hold.pair.is_some(),
    }
}

/// The posted decision.
#[derive(Deserialize)]
pub(crate) struct Decide {
    /// The ticked lines: each a hold, the units that wait, and the units that Kaseya showed.
    #[serde(default)]
    hold: Vec<String>,
    /// `approve` or `dismiss` for all ticked lines, or with its own lines: `approve:HOLD:TO:FROM,…`.
    decision: String,
}

/// Applies the decision to what the page showed (B-01).
pub(crate) async fn decide(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Posted(Decide { hold, decision }): Posted<Decide>,
) -> Result<Redirect, Failure> {
    let partner = &visit.partner;
    let (approves, those) = read(&decision, &hold).ok_or_else(|| Failure::Form("no decision".to_owned()))?;
    if those.is_empty() {
        return Ok(Redirect::to(&Said::NothingChosen.at(partner, "holds")));
    }
    let settings = visit.settings(&portal).await?;
    let decision = Decision { approves, by: &visit.person.name };
    let said =
        match portal.operations.by(&visit.actor).decide(&settings, Which::Those(&those), decision).await {
            Ok(decided) if decided.iter().all(|one| one.outcome == Outcome::Taken) => {
                match portal.operations.not_yet_sent(&settings, decision, &decided).await? {
                    None => Said::Decided,
                    Some(NotYetSent::Off) => Said::DecidedOff,
                    Some(NotYetSent::Waits(_)) => Said::DecidedWaits,
                }
            }
            Ok(_) => Said::DecidedInPart,
            Err(NotDecided::UnknownHold(_)) => return Err(Failure::NotFound),
            Err(NotDecided::Publish(error)) => {
                tracing::error!(%partner, %error, "a decision was not published");
                Said::NotPublished
            }
            Err(NotDecided::Store(error)) => return Err(error.into()),
        };
    Ok(Redirect::to(&said.at(partner, "holds")))
}

/// Parses a decision: whether it approves, and the holds, each with the units shown.
fn read(decision: &str, ticked: &[String]) -> Option<(bool, BTreeMap<HoldId, Option<Shown>>)> {
    let (word, own) = match decision.split_once(':') {
        Some((word, own)) => (word, own.split(',').map(str::to_owned).collect()),
        None => (decision, ticked.to_vec()),
    };
    let approves = match word {
        "approve" => true,
        "dismiss" => false,
        _ => return None,
    };
    let mut those = BTreeMap::new();
    for line in &own {
        let (hold, units) = line.split_once(':')?;
        let (to, from) = match units.split_once(':') {
            Some((to, from)) => (to, Some(from.parse().ok()?)),
            None => (units, None),
        };
        let shown = Shown { from, to: to.parse().ok()? };
        let before = those.insert(HoldId::parse(hold).ok()?, Some(shown));
        if before.flatten().is_some_and(|before| before != shown) {
            return None;
        }
    }
    Some((approves, those))
}

#[cfg(test)]
mod tests {
    use operations::decisions::Shown;

    use super::read;

    #[test]
    fn a_decision_names_the_holds_and_what_was_shown() {
        const HOLD: &str = "01a21956-9520-7747-9bd9-2a8bedb590ad";
        const OTHER: &str = "01a21956-9520-7747-9bd9-2a8bedb590ae";
        let ticked = [format!("{HOLD}:7")];
        let (approves, those) = read("approve", &ticked).expect("a decision");
        assert!(approves && those.values().eq([&Some(Shown { from: None, to: 7 })]));
        let (approves, those) = read(&format!("dismiss:{HOLD}:0:12.5"), &ticked).expect("a decision");
        let own = Some(Shown { from: Some(12.5), to: 0 });
        assert!(!approves && those.values().eq([&own]), "its own line, not those that are ticked");
        let twice = [format!("{HOLD}:7:3"), format!("{HOLD}:8:3")];
        assert!(read("approve", &twice).is_none(), "two numbers of one hold");
        let (_, those) = read(&format!("approve:{HOLD}:7:3,{OTHER}:0:7"), &[]).expect("both halves");
        assert_eq!(those.len(), 2);
        for wrong in ["", "perhaps", "approve:x:1", &format!("approve:{HOLD}"), &format!("approve:{HOLD}:x")]
        {
            assert!(read(wrong, &[]).is_none_or(|(_, those)| those.is_empty()), "{wrong}");
        }
        assert!(read("approve", &["x".to_owned()]).is_none());
    }
}

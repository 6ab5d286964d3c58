//! What waits for a person, and the decisions about it (B-01).

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::HeaderMap};
use domain::{ErrorCode, HoldId};
use operations::{
    Advising,
    decisions::{self, Decided, Decision, NotYetSent, Outcome, Which},
    read_models::{Hold, Waiting},
};
use serde::{Deserialize, Serialize};
use store::{StoreError, holds, settings};
use utoipa::ToSchema;

use super::{
    caller::{Caller, Editor, settings_of},
    problem::{FieldMistake, Problem, Problems},
    request::{Body, language},
};
use crate::Portal;

/// What waits for a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Holds {
    /// The oldest first, the halves of a plan switch together.
    holds: Vec<Hold>,
}

/// What waits for a person, each with its reason.
#[utoipa::path(get, path = "/holds", tag = "holds",
    params(("Accept-Language" = Option<String>, Header, description = "en or it.")),
    responses((status = 200, body = Holds), Problems))]
pub(crate) async fn list(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<Holds>, Problem> {
    let (partner, now, language) = (&caller.partner, portal.operations.clock.now(), language(&headers));
    let read = portal
        .operations
        .store
        .transaction("api_holds", |tx| {
            Box::pin(async move {
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let holds = holds::standing_holds(tx, partner).await?;
                let advising = Advising::read(tx, &settings, now).await?;
                let holds = holds.iter().map(|hold| Hold::of(hold, &advising, language)).collect();
                Ok::<_, StoreError>(Some(holds))
            })
        })
        .await?;
    Ok(Json(Holds { holds: read.ok_or(Problem::NotFound)? }))
}

/// A decision about some holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDecision {
    decision: Verdict,
    holds: Vec<Shown>,
}

/// What is decided.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The held units are sent.
    Approve,
    /// Kaseya stays as it is.
    Dismiss,
}

/// A hold as it was shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    #[schema(value_type = uuid::Uuid)]
    hold_id: HoldId,
    /// The units that were shown: another number is another question, and is not decided.
    to_units: u32,
    /// What Kaseya showed: from other units it is another question too, and is not decided. Left out, any will do, except that
    /// an approval is not taken once Kaseya has shown others than when the hold was opened.
    from_units: Option<f64>,
}

/// What came of a decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decisions {
    /// Each hold, the other halves of plan switches too.
    holds: Vec<OneDecided>,
    /// JOB-01 where approved units are not sent because the integration is off; else null.
    not_sent_code: Option<&'static str>,
    /// What the run that sends the approved units waits for; null where nothing is in its way.
    wait: Option<Waiting>,
}

/// What came of a decision about one hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneDecided {
    hold_id: String,
    /// taken, not_open, other_units, other_from, or unheard: passed on, and not taken yet.
    outcome: &'static str,
    /// The state of one that is not open any more.
    state: Option<String>,
    /// What waits now, where it is another number than the one that was shown.
    to_units: Option<u32>,
    /// What Kaseya shows now, where it is not what was shown.
    from_units: Option<f64>,
}

impl From<Decided> for OneDecided {
    fn from(decided: Decided) -> Self {
        let hold_id = decided.hold.hold.to_string();
        let of = |outcome| Self { hold_id, outcome, state: None, to_units: None, from_units: None };
        match decided.outcome {
            Outcome::Taken => of("taken"),
            Outcome::NotOpen(state) => Self { state: Some(state), ..of("not_open") },
            Outcome::OtherUnits(units) => Self { to_units: Some(units), ..of("other_units") },
            Outcome::OtherFrom(units) => Self { from_units: Some(units), ..of("other_from") },
            Outcome::Unheard => of("unheard"),
        }
    }
}

/// Approves or dismisses what was shown.
#[utoipa::path(post, path = "/holds/decisions", tag = "holds", request_body = NewDecision,
    responses((status = 200, body = Decisions), Problems))]
pub(crate) async fn decide(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Body(new): Body<NewDecision>,
) -> Result<Json<Decisions>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let seen = |shown: &Shown| decisions::Shown { from: shown.from_units, to: shown.to_units };
    let mut those: BTreeMap<HoldId, Option<decisions::Shown>> = BTreeMap::new();
    for shown in &new.holds {
        if those.insert(shown.hold_id, Some(seen(shown))).is_some() {
            let detail = format!("hold {} is listed twice; list it once, as it was shown", shown.hold_id);
            return Err(Problem::Mistakes(vec![FieldMistake::new("holds", "twice", detail)]));
        }
    }
    let decision = Decision { approves: new.decision == Verdict::Approve, by: &caller.name };
    let decided =
        portal.operations.by(&caller.actor).decide(&settings, Which::Those(&those), decision).await?;
    let (not_sent_code, wait) = match portal.operations.not_yet_sent(&settings, decision, &decided).await? {
        None => (None, None),
        Some(NotYetSent::Off) => (Some(ErrorCode::Job01.as_str()), None),
        Some(NotYetSent::Waits(wait)) => (None, Some(Waiting::from(wait))),
    };
    let holds = decided.into_iter().map(OneDecided::from).collect();
    Ok(Json(Decisions { holds, not_sent_code, wait }))
}

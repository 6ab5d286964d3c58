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

/// The partner's holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct Holds {
    /// Oldest first, with the halves of a plan switch together.
    holds: Vec<Hold>,
}

/// Lists the current holds, each with its reason.
///
/// Includes holds that are approved or dismissed, as long as the decision is in effect.
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

/// A decision on holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDecision {
    decision: Verdict,
    holds: Vec<Shown>,
}

/// The decision.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Sends the held units.
    Approve,
    /// Leaves Kaseya as it is. Also revokes an approval that is not used yet.
    Dismiss,
}

/// A hold as the person saw it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    #[schema(value_type = uuid::Uuid)]
    hold_id: HoldId,
    /// Held units as shown. If the hold has another number by now, it is not decided.
    to_units: u32,
    /// Units in Kaseya as shown. If Kaseya shows other units by now, the hold is not decided. If left out, any
    /// units match, but an approval fails if they have changed since the hold was opened.
    from_units: Option<f64>,
}

/// Result of a decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decisions {
    /// Each hold decided, including the other halves of plan switches.
    holds: Vec<OneDecided>,
    /// `JOB-01` if approved units are not sent because the integration is off. Otherwise null.
    not_sent_code: Option<&'static str>,
    /// What the run with the approved units waits for. Null if nothing is in its way.
    wait: Option<Waiting>,
}

/// Result of a decision on one hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneDecided {
    hold_id: String,
    /// `taken`, `not_open`, `other_units`, `other_from` or `unheard` (passed on, but not taken yet).
    outcome: &'static str,
    /// State of the hold if the outcome is `not_open`. Otherwise null.
    state: Option<String>,
    /// Held units now, if the outcome is `other_units`. Otherwise null.
    to_units: Option<u32>,
    /// Units in Kaseya now, if the outcome is `other_from`. Otherwise null.
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

/// Approves or dismisses holds as they were shown.
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

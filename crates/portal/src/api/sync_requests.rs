//! Sync now (S-31): asked for, and what came of it.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use domain::{CompanyId, PartnerId, RequestId};
use jiff::Timestamp;
use operations::{
    read_models::Waiting,
    sync_requests::{ANSWER_TIMEOUT, SyncOrder},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError, Transaction,
    jobs::{
        requests::{self, Answer},
        waiting,
    },
};
use utoipa::ToSchema;

use super::{
    caller::{Caller, Editor},
    problem::{Problem, Problems},
    request::Body,
};
use crate::Portal;

/// A sync to request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSync {
    /// Companies to sync. All if empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    company_ids: Vec<CompanyId>,
    /// Whether to plan only and write nothing.
    #[serde(default)]
    plan: bool,
}

/// A requested sync and the scheduler's reply.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncRequest {
    request_id: String,
    /// `waiting`, `accepted`, `joined` (a run in progress covers it) or `refused`.
    answer: &'static str,
    /// Run that does it. Null while waiting, and if refused.
    run_id: Option<String>,
    /// Second run, for what the run in progress can no longer include. Null without one.
    follow_up_run_id: Option<String>,
    /// Code of the error catalogue: why the request was joined or refused. Null otherwise.
    code: Option<String>,
    /// The same reason as a sentence, in English. Null otherwise.
    reason: Option<String>,
    /// What the run waits for. Null if nothing is in its way.
    wait: Option<Waiting>,
}

impl SyncRequest {
    async fn of(
        tx: &Transaction<'_>,
        partner: &PartnerId,
        request: &RequestId,
        answer: Option<Answer>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let wait = match &answer {
            Some(Answer::Accepted { run } | Answer::Joined { run, .. }) => {
                waiting::runs(tx, partner, now).await?.remove(run).map(Waiting::from)
            }
            _ => None,
        };
        Ok(Self { wait, ..Self::answered(request, answer) })
    }

    fn answered(request: &RequestId, answer: Option<Answer>) -> Self {
        let waiting = Self {
            request_id: request.to_string(),
            answer: "waiting",
            run_id: None,
            follow_up_run_id: None,
            code: None,
            reason: None,
            wait: None,
        };
        match answer {
            None => waiting,
            Some(Answer::Accepted { run }) => {
                Self { answer: "accepted", run_id: Some(run.to_string()), ..waiting }
            }
            Some(Answer::Joined { run, follow_up, code, reason }) => Self {
                answer: "joined",
                run_id: Some(run.to_string()),
                follow_up_run_id: follow_up.map(|run| run.to_string()),
                code: Some(code),
                reason: Some(reason),
                ..waiting
            },
            Some(Answer::Refused { code, reason }) => {
                Self { answer: "refused", code: Some(code), reason: Some(reason), ..waiting }
            }
        }
    }
}

/// Requests a sync.
///
/// Returns as soon as a scheduler has replied, or after 3 seconds with `waiting`.
#[utoipa::path(post, path = "/sync-requests", tag = "sync", request_body = NewSync,
    responses((status = 202, body = SyncRequest), Problems))]
pub(crate) async fn ask(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Body(new): Body<NewSync>,
) -> Result<(StatusCode, Json<SyncRequest>), Problem> {
    let partner = &caller.partner;
    let order = SyncOrder { companies: &new.company_ids, plan: new.plan, by: &caller.name };
    let request = portal.operations.request_sync(partner, order).await?;
    let answer = portal.operations.sync_answer(partner, &request, ANSWER_TIMEOUT).await?;
    let now = portal.operations.clock.now();
    let answered = portal
        .operations
        .store
        .transaction("api_answer", |tx| {
            let (request, answer) = (&request, answer.clone());
            Box::pin(async move { SyncRequest::of(tx, partner, request, answer, now).await })
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(answered)))
}

/// Shows a requested sync and the scheduler's reply.
///
/// 404 for a request that no scheduler has seen yet.
#[utoipa::path(get, path = "/sync-requests/{request}", tag = "sync", params(("request" = String, Path)),
    responses((status = 200, body = SyncRequest), Problems))]
pub(crate) async fn show(
    State(portal): State<Portal>,
    caller: Caller,
    Path((_, request)): Path<(String, String)>,
) -> Result<Json<SyncRequest>, Problem> {
    let request = RequestId::new(request).map_err(|_| Problem::NotFound)?;
    let (partner, now) = (&caller.partner, portal.operations.clock.now());
    let answered = portal
        .operations
        .store
        .transaction("api_request", |tx| {
            let request = &request;
            Box::pin(async move {
                match requests::answer_to(tx, partner, request).await? {
                    Some(answer) => SyncRequest::of(tx, partner, request, answer, now).await.map(Some),
                    None => Ok(None),
                }
            })
        })
        .await?;
    Ok(Json(answered.ok_or(Problem::NotFound)?))
}

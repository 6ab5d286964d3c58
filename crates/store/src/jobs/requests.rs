//! Sync requests and their answers.

use domain::{PartnerId, ReportId, RequestId, RunId};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction};

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A new run was made.
    Accepted {
        /// The run.
        run: RunId,
    },
    /// An open run includes it.
    Joined {
        /// The run.
        run: RunId,
        /// A second run, for the contracts that the first can no longer include; `None` without any.
        follow_up: Option<RunId>,
        /// A code of the error catalogue.
        code: String,
        /// The code's reason, in English.
        reason: String,
    },
    /// Nothing will be synced.
    Refused {
        /// A code of the error catalogue.
        code: String,
        /// The code's reason, in English.
        reason: String,
    },
}

/// An answer to announce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The partner.
    pub partner: PartnerId,
    /// The request.
    pub request: RequestId,
    /// The outcome.
    pub answer: Answer,
    /// When it was answered.
    pub at: Timestamp,
}

/// A stored request that waits for its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRequest {
    /// The request message as received.
    pub message: serde_json::Value,
    /// The report to wait for.
    pub report: ReportId,
    /// The end of the wait.
    pub until: Timestamp,
}

/// How a request compares with an earlier one of the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestStanding {
    /// No earlier request.
    New,
    /// The same request. If it was answered, that answer is announced again.
    Repeated,
    /// A different request.
    OtherContent,
}

/// Compares a request with an earlier one of the same id.
pub async fn standing(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
    content: &[u8],
) -> Result<RequestStanding, StoreError> {
    // Rows from before the content was stored count as the same.
    let sql = "select content_sha256 is null or content_sha256 = sha256($3) as same
               from requests where partner_id = $1 and request_id = $2 for update";
    let key = (&partner.as_str(), &request.as_str());
    let Some(row) = tx.query_opt(sql, &[key.0, key.1, &content]).await? else {
        return Ok(RequestStanding::New);
    };
    if !row.get::<bool>("same")? {
        return Ok(RequestStanding::OtherContent);
    }
    let sql = "update requests set announced_at = null where partner_id = $1 and request_id = $2";
    tx.execute_exactly(1, sql, &[key.0, key.1]).await?;
    Ok(RequestStanding::Repeated)
}

/// Stores a hash of the request's content, with its answer.
pub async fn keep_content(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
    content: &[u8],
) -> Result<(), StoreError> {
    let sql = "update requests set content_sha256 = sha256($3) where partner_id = $1 and request_id = $2";
    tx.execute(sql, &[&partner.as_str(), &request.as_str(), &content]).await.map(drop)
}

/// Stores the answer to a request, new or waiting.
pub async fn store_answer(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (word, code, reason, run, follow_up) = match answer {
        Answer::Accepted { run } => ("accepted", None, None, Some(run.0), None),
        Answer::Joined { run, follow_up, code, reason } => {
            ("joined", Some(code), Some(reason), Some(run.0), follow_up.map(|run| run.0))
        }
        Answer::Refused { code, reason } => ("refused", Some(code), Some(reason), None, None),
    };
    let sql = "insert into requests as known (partner_id, request_id, answer, code, reason, run_id, follow_up_run_id,
                                              received_at, answered_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
               on conflict (partner_id, request_id) do update set
                   answer = excluded.answer, code = excluded.code, reason = excluded.reason, run_id = excluded.run_id,
                   follow_up_run_id = excluded.follow_up_run_id, answered_at = excluded.answered_at,
                   message = null, waits_for_report = null, waits_until = null
               where known.answer = 'waiting'";
    let partner = partner.as_str();
    tx.execute_exactly(1, sql, &[&partner, &request.as_str(), &word, &code, &reason, &run, &follow_up, &now])
        .await
}

/// Stores a request until its report is complete or its wait ends.
pub async fn store_waiting(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
    waiting: &WaitingRequest,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into requests (partner_id, request_id, answer, message, waits_for_report, waits_until, received_at)
               values ($1, $2, 'waiting', $3, $4, $5, $6)";
    let WaitingRequest { message, report, until } = waiting;
    let partner = partner.as_str();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&partner, &request.as_str(), message, &report.as_str(), until, &now];
    tx.execute_exactly(1, sql, &parameters).await
}

/// Requests with a complete report or an ended wait, the longest waiting first.
pub async fn done_waiting(
    tx: &Transaction<'_>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(PartnerId, RequestId)>, StoreError> {
    let sql = "-- all partners: whoever's wait is over is answered by whichever scheduler comes first
               select partner_id, request_id from requests
               where answer = 'waiting'
                 and (waits_until <= $1
                      or exists (select from reports
                                 where reports.partner_id = requests.partner_id and report_id = waits_for_report
                                   and complete_at is not null))
               order by received_at, partner_id, request_id limit $2";
    let rows = tx.query(sql, &[&now, &most]).await?;
    rows.iter().map(|row| Ok((row.partner_id("partner_id")?, request_id(row)?))).collect()
}

/// Reads a request that still waits.
pub async fn waiting(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
) -> Result<Option<WaitingRequest>, StoreError> {
    let sql = "select message, waits_for_report, waits_until from requests
               where partner_id = $1 and request_id = $2 and answer = 'waiting' for update";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &request.as_str()]).await? else {
        return Ok(None);
    };
    Ok(Some(WaitingRequest {
        message: row.get("message")?,
        report: ReportId::new(row.get::<String>("waits_for_report")?)
            .map_err(|error| StoreError::row("requests", "waits_for_report", &error))?,
        until: row.get("waits_until")?,
    }))
}

/// Answers not announced yet, the oldest first.
pub async fn unannounced(tx: &Transaction<'_>, most: i64) -> Result<Vec<Answered>, StoreError> {
    let sql = "-- all partners: the outbox of answers
               select partner_id, request_id, answer, code, reason, run_id, follow_up_run_id, answered_at
               from requests where announced_at is null and answered_at is not null
               order by answered_at, partner_id, request_id limit $1";
    tx.query(sql, &[&most]).await?.iter().map(answered).collect()
}

pub(crate) fn answered(row: &Row) -> Result<Answered, StoreError> {
    let run = || -> Result<RunId, StoreError> { Ok(RunId(row.get("run_id")?)) };
    let answer = match row.get::<String>("answer")?.as_str() {
        "accepted" => Answer::Accepted { run: run()? },
        "joined" => Answer::Joined {
            run: run()?,
            follow_up: row.get::<Option<uuid::Uuid>>("follow_up_run_id")?.map(RunId),
            code: row.get("code")?,
            reason: row.get("reason")?,
        },
        "refused" => Answer::Refused { code: row.get("code")?, reason: row.get("reason")? },
        other => return Err(StoreError::row("requests", "answer", &format!("{other:?} is no answer"))),
    };
    Ok(Answered {
        partner: row.partner_id("partner_id")?,
        request: request_id(row)?,
        answer,
        at: row.get("answered_at")?,
    })
}

/// Marks an answer as announced.
pub async fn mark_announced(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update requests set announced_at = $3
               where partner_id = $1 and request_id = $2 and answered_at is not null";
    tx.execute(sql, &[&partner.as_str(), &request.as_str(), &now]).await.map(drop)
}

fn request_id(row: &Row) -> Result<RequestId, StoreError> {
    RequestId::new(row.get::<String>("request_id")?)
        .map_err(|error| StoreError::row("requests", "request_id", &error))
}

/// The answer to a request: `None` for an unknown request, `Some(None)` while it waits.
pub async fn answer_to(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
) -> Result<Option<Option<Answer>>, StoreError> {
    let sql = "select partner_id, request_id, answer, code, reason, run_id, follow_up_run_id, answered_at
               from requests where partner_id = $1 and request_id = $2";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &request.as_str()]).await? else {
        return Ok(None);
    };
    if row.get::<String>("answer")? == "waiting" {
        return Ok(Some(None));
    }
    Ok(Some(Some(answered(&row)?.answer)))
}

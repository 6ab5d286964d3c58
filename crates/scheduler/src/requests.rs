//! Requests from portals: sync now.
//!
//! For the main loop: [`handle_portal_message`] for every delivery of the queue `sync.requests`, and [`wake_waiting`]
//! every poll.
//!
//! # Rules
//!
//! - Each request is answered once, in the transaction that makes its run. For a repeated request the first answer is
//!   announced again, and nothing else happens. The same id with other content is refused, by an event alone.
//! - Refused: unknown partner (answered by an event alone, because it has no row), expired, not set up, off or
//!   switching off, writes stopped (unless the request is a plan), unknown company.
//! - A request that names a report waits until the report is complete. If its time ends before, it is refused.
//! - Each start of the run's jobs checks the request's expiry again: what is deferred or retried past it writes
//!   nothing. A run that other requests have joined goes on until the last of them expires.
//! - Whatever a running run of the same mode can still do is joined there, and becomes prompt (see `joining`). One
//!   follow-up does the rest. With nothing to join, the request gets a run of its own. So pressing twice makes one
//!   run, and everything mapped or counted before the press is synced.
//! - While the credentials are refused a request is accepted: its run says so on every contract, without a call.

use bus::Incoming;
use domain::{ErrorCode, IntegrationState, PartnerId, RequestId};
use jiff::Timestamp;
use messages::inbound::{Companies, PortalMessage, SyncRequest, Unreadable};
use store::{
    StoreError, Transaction,
    counts::reports,
    jobs::{
        requests::{self, Answer, RequestStanding, WaitingRequest},
        runs::{self, Occasion},
    },
    settings::{self},
};

use crate::{
    announce::{announce, announce_answers, refuse_unreadable},
    context::Context,
    decisions,
    facts::{self, Facts, Found},
    joining::{join_or_make, put_off_runs},
    runs::{Items, RunOrder},
    settlement::{Handled, after_failure},
};

/// How many waiting requests one round handles.
const ROUND: i64 = 100;

/// Handles a message of the queue `sync.requests`: a sync request, or a decision about a hold.
pub(crate) async fn handle_portal_message(context: &Context, incoming: &Incoming) -> Handled {
    let (kind, body) = (incoming.kind.as_deref(), &incoming.body);
    match PortalMessage::decode(kind, body) {
        Ok(PortalMessage::Sync(request)) => take(context, &request).await,
        Ok(PortalMessage::Hold(decision)) => decisions::take(context, &decision).await,
        Err(error) => {
            let unreadable = Unreadable::of_portal(kind, body);
            refuse_unreadable(context, unreadable, error.for_sender()).await
        }
    }
}

async fn take(context: &Context, request: &SyncRequest) -> Handled {
    let now = context.clock.now();
    let (partner, id, content) = (&request.partner, &request.request, &request.content());
    let taken: Result<Taken, StoreError> = context
        .store
        .transaction("take_request", |tx| {
            Box::pin(async move {
                runs::hold_partner(tx, partner).await?;
                match requests::standing(tx, partner, id, content).await? {
                    RequestStanding::New => {}
                    RequestStanding::Repeated => return Ok(Taken::Stored),
                    RequestStanding::OtherContent => return Ok(Taken::OtherContent),
                }
                // We have just written this content ourselves.
                let message = serde_json::from_slice(content).map_err(|error| unreadable(&error))?;
                let taken = settle(tx, context, request, Wait::Begins(&message), now).await?;
                requests::keep_content(tx, partner, id, content).await?;
                Ok(taken)
            })
        })
        .await;
    let refused = match taken {
        Ok(Taken::Stored) => {
            // If this fails, the outbox announces it.
            if let Err(error) = announce_answers(context).await {
                tracing::warn!(%error, "answers are not announced yet");
            }
            return Handled::DONE;
        }
        Ok(Taken::UnknownPartner) => refused("UNKNOWN-PARTNER", format!("there is no partner {partner}")),
        Ok(Taken::OtherContent) => {
            let reason = format!("requestId {id} was used for another request; send this one under a new id");
            refused("ID-USED", reason)
        }
        Err(error) => return after_failure("request", &error, error.class()),
    };
    match announce(context, partner, id, &refused, now).await {
        Ok(()) => Handled::DONE,
        Err(error) => after_failure("answer of a request", &error, error.class()),
    }
}

fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError::Row { table: "requests".to_owned(), column: "message".to_owned(), reason: error.to_string() }
}

/// Continues requests whose report has come in or whose wait is over. Returns how many.
pub(crate) async fn wake_waiting(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let waiting = context
        .store
        .transaction("list_waiting", |tx| Box::pin(requests::done_waiting(tx, now, ROUND)))
        .await?;
    for (partner, request) in &waiting {
        let woken = context
            .store
            .transaction("wake_request", |tx| Box::pin(wake(tx, context, partner, request, now)))
            .await;
        if let Err(error) = woken {
            tracing::error!(%partner, %request, %error, "a waiting request could not go on");
        }
    }
    Ok(waiting.len())
}

async fn wake(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    id: &RequestId,
    now: Timestamp,
) -> Result<(), StoreError> {
    runs::hold_partner(tx, partner).await?;
    let Some(waiting) = requests::waiting(tx, partner, id).await? else {
        return Ok(());
    };
    match PortalMessage::decode(None, waiting.message.to_string().as_bytes()) {
        Ok(PortalMessage::Sync(request)) => {
            settle(tx, context, &request, Wait::Until(waiting.until), now).await.map(drop)
        }
        // An older version of this program accepted and stored it.
        Ok(PortalMessage::Hold(_)) | Err(_) => {
            let answer = refused(ErrorCode::Unk01.as_str(), "the waiting request can no longer be read");
            requests::store_answer(tx, partner, id, &answer, now).await
        }
    }
}

/// Whether a request may begin to wait, or has waited.
enum Wait<'a> {
    /// The request has just come, as this message.
    Begins(&'a serde_json::Value),
    /// The request waits until this time.
    Until(Timestamp),
}

/// What became of a request.
enum Taken {
    /// Its answer, or the fact that it waits, is stored.
    Stored,
    /// There is no partner to store it for.
    UnknownPartner,
    /// Its id belongs to another request.
    OtherContent,
}

async fn settle(
    tx: &Transaction<'_>,
    context: &Context,
    request: &SyncRequest,
    wait: Wait<'_>,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let partner = &request.partner;
    let state = settings::hold_state(tx, partner).await?;
    let facts = match facts::read(tx, partner, now).await? {
        Found::UnknownPartner => return Ok(Taken::UnknownPartner),
        Found::NotSetUp => {
            let answer = refused("NOT-SET-UP", "the partner's integration has not been saved yet");
            requests::store_answer(tx, partner, &request.request, &answer, now).await?;
            return Ok(Taken::Stored);
        }
        Found::Facts(facts) => facts,
    };
    let writes_stopped = settings::writes_stopped(tx).await?;
    if let Some(answer) = refusal(request, state, &facts, writes_stopped, now) {
        requests::store_answer(tx, partner, &request.request, &answer, now).await?;
        return Ok(Taken::Stored);
    }
    if let Some(report) = &request.must_include
        && !reports::is_complete(tx, partner, report).await?
    {
        match wait {
            Wait::Begins(message) => {
                let longest = now.saturating_add(context.settings.report_wait).unwrap_or(Timestamp::MAX);
                let until = request.expires_at.map_or(longest, |expires| expires.min(longest));
                let waiting = WaitingRequest { message: message.clone(), report: report.clone(), until };
                requests::store_waiting(tx, partner, &request.request, &waiting, now).await?;
            }
            Wait::Until(until) if now < until => {}
            Wait::Until(_) => {
                let answer = refused("EXPIRED", format!("report {report} has not come in whole in time"));
                requests::store_answer(tx, partner, &request.request, &answer, now).await?;
            }
        }
        return Ok(Taken::Stored);
    }
    let items = Items::of_companies(&facts.plan(), &request.companies);
    let order = RunOrder {
        occasion: Occasion::Request(&request.requested_by),
        mode: request.mode,
        all_companies: request.companies == Companies::All,
        expires_at: request.expires_at,
    };
    let answer = join_or_make(tx, context, &facts, &order, items, now).await?;
    put_off_runs(tx, &facts, &answer, now).await?;
    requests::store_answer(tx, partner, &request.request, &answer, now).await?;
    Ok(Taken::Stored)
}

fn refusal(
    request: &SyncRequest,
    state: Option<IntegrationState>,
    facts: &Facts,
    writes_stopped: bool,
    now: Timestamp,
) -> Option<Answer> {
    if let Some(expired) = request.expires_at.filter(|expires| *expires <= now) {
        return Some(refused("EXPIRED", format!("the request expired at {expired}")));
    }
    if state != Some(IntegrationState::On) {
        return Some(refused(ErrorCode::Job01.as_str(), "the integration is switched off"));
    }
    if writes_stopped && request.mode == domain::RunMode::Apply {
        return Some(refused("WRITES-STOPPED", "all writes of the installation are stopped"));
    }
    let Companies::Only(companies) = &request.companies else {
        return None;
    };
    let unknown = companies.iter().find(|company| !facts.settings.companies.contains_key(company))?;
    Some(refused("UNKNOWN-COMPANY", format!("the partner has no company {unknown}")))
}

fn refused(code: &str, reason: impl Into<String>) -> Answer {
    Answer::Refused { code: code.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests;

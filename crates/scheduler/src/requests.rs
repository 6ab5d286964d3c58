//! What portals ask for: sync now.
//!
//! For the main loop: [`handle_portal_message`] for every delivery of the queue `sync.requests`, and [`wake_waiting`]
//! every poll.
//!
//! # Rules
//!
//! - Each request is answered once, in the transaction that makes its run. A repeated request has its first answer
//!   announced again and does nothing else; its id with other content is refused, by event alone.
//! - Refused: unknown partner (answered by event alone, there is no row for it), expired, not set up, off or switching
//!   off, writes stopped (unless it is a plan), a company that is not known.
//! - A request that names a report waits until that has come in whole; when its time is over before, it is refused.
//! - A request's expiry is asked again at each start of its run's jobs: what is deferred or tried again past it writes
//!   nothing. A run that others have joined goes on for the last of them.
//! - What a running run of the same mode can still do is joined there, and becomes prompt (see `joining`); what it cannot
//!   goes to one follow-up. With nothing to join, a run of its own is made. So pressing twice makes one run, and what was
//!   mapped or counted before the press is in what is synced.
//! - While the credentials are refused a request is accepted: its run says so on every contract, without a call.

use bus::Incoming;
use domain::{ErrorCode, PartnerId, RequestId, RunId};
use jiff::Timestamp;
use messages::inbound::{Companies, PortalMessage, SyncRequest, Unreadable};
use store::{
    StoreError, Transaction,
    counts::reports,
    jobs::{
        requests::{self, Answer, RequestStanding, WaitingRequest},
        runs::{self, Occasion},
    },
    settings::{self, IntegrationState},
};

use crate::{
    announce::{announce, announce_answers, refuse_unreadable},
    context::Context,
    decisions,
    facts::{self, Facts, Found},
    hindrance,
    joining::{Joining, join},
    runs::{Items, RunOrder, make},
    settlement::{Handled, after_failure},
};

/// How many waiting requests one round looks at.
const ROUND: i64 = 100;

/// Takes a message of the queue `sync.requests`: a request to sync, or a decision about a hold.
pub(crate) async fn handle_portal_message(context: &Context, incoming: &Incoming) -> Handled {
    let (kind, body) = (incoming.kind.as_deref(), &incoming.body);
    match PortalMessage::decode(kind, body) {
        Ok(PortalMessage::Sync(request)) => take(context, &request).await,
        Ok(PortalMessage::Hold(decision)) => decisions::take(context, &decision).await,
        Err(error) => {
            let whose = Unreadable::of_portal(kind, body);
            refuse_unreadable(context, whose, error.for_sender()).await
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
                // The content has just been written by us.
                let message = serde_json::from_slice(content).map_err(|error| unreadable(&error))?;
                let taken = settle(tx, context, request, Wait::Begins(&message), now).await?;
                requests::keep_content(tx, partner, id, content).await?;
                Ok(taken)
            })
        })
        .await;
    let refused = match taken {
        Ok(Taken::Stored) => {
            // The outbox announces it too, should this fail.
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

/// Goes on with requests whose report has come in or whose wait is over; answers how many.
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
        // An older version of this program stored it and took it for right.
        Ok(PortalMessage::Hold(_)) | Err(_) => {
            let answer = refused(ErrorCode::Unk01.as_str(), "the waiting request can no longer be read");
            requests::store_answer(tx, partner, id, &answer, now).await
        }
    }
}

/// Whether a request may begin to wait, or has waited.
enum Wait<'a> {
    /// It has just come, as this message.
    Begins(&'a serde_json::Value),
    /// It waits, until then.
    Until(Timestamp),
}

/// What became of a request.
enum Taken {
    /// Its answer, or that it waits, is stored.
    Stored,
    /// There is nothing to store it with.
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

/// Puts off the runs of an answer that cannot begin now: the answer says at once what they wait for (G-04).
pub(crate) async fn put_off_runs(
    tx: &Transaction<'_>,
    facts: &Facts,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (run, follow_up) = match answer {
        Answer::Accepted { run } => (*run, None),
        Answer::Joined { run, follow_up, .. } => (*run, *follow_up),
        Answer::Refused { .. } => return Ok(()),
    };
    for run in [run].into_iter().chain(follow_up) {
        hindrance::put_off(tx, &facts.settings.partner, &facts.integration, run, now).await?;
    }
    Ok(())
}

/// Lets running runs do what they still can, and makes a run for the rest. The partner is held by the caller.
pub(crate) async fn join_or_make(
    tx: &Transaction<'_>,
    context: &Context,
    facts: &Facts,
    order: &RunOrder<'_>,
    items: Items,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let partner = &facts.settings.partner;
    let mut running = runs::running(tx, partner, order.mode).await?;
    let Some(joining) = join(&items, &running, order.expires_at) else {
        let run = make(tx, &context.entropy, facts, order, &items, now).await?;
        return Ok(Answer::Accepted { run });
    };
    hurry(tx, partner, &joining, order).await?;
    running.retain(|(_, run), _| *run != joining.run);
    let follow_up = follow_up(tx, context, facts, order, &joining.rest, &running, now).await?;
    let reason = match follow_up {
        None => "a run that is going does it".to_owned(),
        Some(_) => {
            "a run that is going does it, and a second one what the first can no longer include".to_owned()
        }
    };
    Ok(Answer::Joined { run: joining.run, follow_up, code: ErrorCode::Job02.as_str().to_owned(), reason })
}

async fn follow_up(
    tx: &Transaction<'_>,
    context: &Context,
    facts: &Facts,
    order: &RunOrder<'_>,
    rest: &Items,
    others: &std::collections::BTreeMap<(i64, RunId), runs::RunningRun>,
    now: Timestamp,
) -> Result<Option<RunId>, StoreError> {
    if rest.is_empty() {
        return Ok(None);
    }
    if let Some(joining) = join(rest, others, order.expires_at).filter(|joining| joining.rest.is_empty()) {
        hurry(tx, &facts.settings.partner, &joining, order).await?;
        return Ok(Some(joining.run));
    }
    let order = RunOrder { all_companies: false, ..*order };
    make(tx, &context.entropy, facts, &order, rest, now).await.map(Some)
}

async fn hurry(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    joining: &Joining,
    order: &RunOrder<'_>,
) -> Result<(), StoreError> {
    runs::extend(tx, partner, joining.run, order.expires_at).await?;
    let contracts = joining.taken.work.keys().chain(joining.taken.local.keys()).copied().collect();
    runs::hurry(tx, partner, joining.run, &contracts).await
}

#[cfg(test)]
mod tests;

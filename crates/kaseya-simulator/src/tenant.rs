//! The tenant behind the calls: handles each call, with all its faults.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Casing, Clock, Endpoint, Fault, HoldAt,
    call::Call,
    endpoint::Api,
    faults::Act,
    fields::Fields,
    inside::Inside,
    refusal::Refusal,
    reply::{Reply, html, no_success},
};

/// The tenant as the server shares it among calls.
#[derive(Debug)]
pub(crate) struct Tenant {
    inside: Mutex<Inside>,
    pub clock: Clock,
    /// Closes every connection and ends every hold.
    pub closing: CancellationToken,
}

/// What the caller sees.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Response),
    /// The connection is closed without a response.
    Closed,
    /// No response comes, and the connection stays open.
    Silence,
}

impl Tenant {
    pub fn new(inside: Inside, clock: Clock) -> Self {
        Self { inside: Mutex::new(inside), clock, closing: CancellationToken::new() }
    }

    /// The current content, after catching up with what has happened by itself.
    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.catch_up(self.clock.now());
        inside
    }

    /// The response to a path or method that is not served.
    pub fn nothing_there(&self, api: Api) -> Response {
        let behaviour = &self.inside().state.behaviour;
        styled(Refusal::Unknown.reply(api, behaviour, self.clock.now()), api, behaviour.casing)
            .into_response()
    }

    /// Handles a call.
    pub async fn answer(&self, mut call: Call) -> Outcome {
        let endpoint = call.endpoint;
        let (turn, acts, latency) = self.inside().arrived(endpoint);
        call.turn = turn;
        wait(latency).await;
        let (mut faults, mut held_after) = (Vec::new(), Vec::new());
        for act in acts {
            match act {
                Act::Fault(fault) => faults.push(fault),
                Act::Hold(gate, HoldAt::AfterApply) => held_after.push(gate),
                Act::Hold(gate, HoldAt::BeforeApply) => {
                    if !gate.pass(&self.closing).await {
                        return Outcome::Closed;
                    }
                }
            }
        }
        for fault in &faults {
            if let Fault::Slow { millis } = fault {
                wait(Duration::from_millis(*millis)).await;
            }
            if let Some(outcome) = self.instead(fault, &call) {
                return outcome;
            }
            if let Fault::ApplyLater(after) = fault {
                if endpoint.writes() {
                    let at = self.clock.now().checked_add(*after).unwrap_or(Timestamp::MAX);
                    self.inside().late.push((at, call));
                }
                return Outcome::Closed;
            }
        }
        let mut reply = self.perform(&call).await;
        tracing::debug!(%endpoint, status = reply.status.as_u16(), "answered");
        for gate in held_after {
            if !gate.pass(&self.closing).await {
                return Outcome::Closed;
            }
        }
        for fault in &faults {
            match fault {
                Fault::ApplyThenDrop => return Outcome::Closed,
                Fault::ApplyThenSilence => return Outcome::Silence,
                Fault::Truncated => return Outcome::Answer(reply.cut_in_half()),
                Fault::ApplyThenPage { status } => {
                    return Outcome::Answer(html(status_of(*status), "Welcome to BMS"));
                }
                Fault::ApplyThenAnswer { status, body } => {
                    reply = Reply { status: status_of(*status), ..Reply::from(body.clone()) };
                }
                Fault::NullResult => reply.empty_result(),
                Fault::Without(names) => reply.remove(names),
                _ => {}
            }
        }
        Outcome::Answer(reply.into_response())
    }

    async fn perform(&self, call: &Call) -> Reply {
        if self.inside().state.behaviour.maintenance {
            return Reply { page: Some("Down for maintenance"), ..Reply::from(Value::Null) };
        }
        let form = match call.endpoint {
            Endpoint::Authenticate | Endpoint::Refresh | Endpoint::V1Token => call.form().await,
            _ => Ok(Fields::default()),
        };
        let api = call.endpoint.api();
        let now = self.clock.now();
        let mut inside = self.inside();
        let outcome = form.and_then(|form| inside.perform(call, &form, now));
        let behaviour = &inside.state.behaviour;
        let is_login = matches!(call.endpoint, Endpoint::Authenticate | Endpoint::V1Token);
        if let Some(status) = behaviour.login.not_understood.filter(|_| is_login) {
            let title = status_of(status).canonical_reason().unwrap_or_default();
            let body = json!({ "type": "about:blank", "title": title, "status": status });
            return Reply { status: status_of(status), ..Reply::from(body) };
        }
        let done = outcome.is_ok();
        let reply = outcome.map_or_else(|refusal| refusal.reply(api, behaviour, now), Reply::from);
        let mut reply = styled(reply, api, behaviour.casing);
        if done && call.endpoint == Endpoint::WriteLine && behaviour.lines.answers_nothing {
            reply.status = StatusCode::NO_CONTENT;
        }
        reply.byte_order_mark = behaviour.byte_order_mark;
        reply
    }

    /// The outcome that a fault substitutes for the call's own, if any.
    fn instead(&self, fault: &Fault, call: &Call) -> Option<Outcome> {
        let api = call.endpoint.api();
        let reply = match fault {
            Fault::Answer { status, body } => {
                Reply { status: status_of(*status), ..Reply::from(body.clone()) }
            }
            Fault::BadGateway => {
                return Some(Outcome::Answer(html(StatusCode::BAD_GATEWAY, "502 Bad Gateway")));
            }
            Fault::Page { status } => {
                return Some(Outcome::Answer(html(status_of(*status), "Welcome to BMS")));
            }
            Fault::LimitReached { retry_after, html } => {
                let now = self.clock.now();
                let mut behaviour = self.inside().state.behaviour.clone();
                behaviour.limits.retry_after = *retry_after;
                behaviour.limits.html = *html;
                Refusal::Limit(now + SignedDuration::from_hours(1)).reply(api, &behaviour, now)
            }
            Fault::NoSuccess(words) => Reply::from(no_success(api, words)),
            Fault::DropBeforeApply => return Some(Outcome::Closed),
            Fault::SilenceBeforeApply => return Some(Outcome::Silence),
            Fault::TokensRevoked => {
                self.inside().sessions.revoke();
                return None;
            }
            Fault::Meanwhile(change) => {
                if let Err(error) = self.inside().apply(change) {
                    tracing::error!(%error, "what somebody was to do in Kaseya is not done");
                }
                return None;
            }
            _ => return None,
        };
        Some(Outcome::Answer(reply.into_response()))
    }
}

/// A V2 response in the tenant's spelling.
fn styled(reply: Reply, api: Api, casing: Casing) -> Reply {
    if api == Api::V2 && casing == Casing::Pascal { reply.in_pascal_case() } else { reply }
}

fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// By tokio's time.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

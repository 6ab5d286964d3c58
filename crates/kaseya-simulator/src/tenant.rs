//! The tenant behind the calls: what it holds, who is logged in, and what becomes of one call.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    Casing, Clock, DataError, Endpoint, Fault, HoldAt, State,
    call::{Call, Fields, Refusal, Reply, v2_failure},
    endpoint::Api,
    faults::{Act, Script},
    limits::Limits,
    sessions::Sessions,
    v1, v2,
};

/// Everything that calls read and change.
#[derive(Debug)]
pub(crate) struct Inside {
    pub state: State,
    pub sessions: Sessions,
    pub script: Script,
    pub calls: BTreeMap<Endpoint, u64>,
    /// None when calls are not limited.
    pub limits: Option<Limits>,
    /// Where the state is kept.
    pub file: Option<PathBuf>,
    /// Wakes whoever waits for a change.
    pub changed: watch::Sender<()>,
    /// The tenant's day at the last look.
    day: Date,
    /// Writes that are applied later.
    late: Vec<(Timestamp, Call)>,
}

impl Inside {
    pub fn new(state: State, now: Timestamp, limits: Option<Limits>, file: Option<PathBuf>) -> Self {
        let (script, calls, late) = Default::default();
        Self {
            day: state.day(now),
            state,
            sessions: Sessions::new(now),
            script,
            calls,
            limits,
            file,
            changed: watch::Sender::new(()),
            late,
        }
    }

    /// Changes the state; where a file is kept, a copy is changed and stands only once it is kept. A change that
    /// fails must have changed nothing.
    pub fn change<T, E: From<DataError>>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = match &self.file {
            // Copying thousands of contracts for each write would be what tests wait for.
            None => change(&mut self.state)?,
            Some(file) => {
                let mut next = self.state.clone();
                let done = change(&mut next)?;
                next.save(file)?;
                self.state = next;
                done
            }
        };
        self.changed.send_replace(());
        Ok(done)
    }

    fn perform(&mut self, call: &Call, form: &Fields, now: Timestamp) -> Result<Value, Refusal> {
        if let Some(limits) = &mut self.limits {
            limits.admit(call.endpoint, now, &self.state.behaviour.limits).map_err(Refusal::Limit)?;
        }
        match call.endpoint {
            Endpoint::Authenticate => v2::authenticate(&self.state, &mut self.sessions, form, now),
            Endpoint::Refresh => v2::refresh(&self.state, &mut self.sessions, form, now),
            Endpoint::V1Token => v1::token(&self.state, &mut self.sessions, form, now),
            Endpoint::UserInfo
            | Endpoint::ContractsLookup
            | Endpoint::ContractsSummary
            | Endpoint::ServicesSearch
            | Endpoint::ServicesLookup
            | Endpoint::AccountsLookup
            | Endpoint::ContractLines
            | Endpoint::WriteLine => {
                let user = self.user(call, now)?;
                let role = &self.state.behaviour.role;
                let lacks = match call.endpoint.api() {
                    Api::V1 => &role.lacks_on_v1,
                    Api::V2 => &role.lacks_on_v2,
                };
                if call.endpoint.right().is_some_and(|right| lacks.contains(&right)) {
                    return Err(Refusal::Right);
                }
                self.logged_in(call, now, &user)
            }
        }
    }

    fn user(&self, call: &Call, now: Timestamp) -> Result<String, Refusal> {
        let token = call.bearer.as_deref().ok_or(Refusal::Token)?;
        let user = match call.endpoint.api() {
            Api::V1 => self.sessions.v1_user(token, now),
            Api::V2 => self.sessions.v2_user(token, now),
        };
        user.map(str::to_owned).ok_or(Refusal::Token)
    }

    fn logged_in(&mut self, call: &Call, now: Timestamp, user: &str) -> Result<Value, Refusal> {
        let state = &self.state;
        match call.endpoint {
            Endpoint::UserInfo => Ok(v2::user_info(state, now)),
            Endpoint::ContractsLookup => v2::contracts_lookup(state, call, now),
            Endpoint::ContractsSummary => v2::contracts_summary(state, call, now),
            Endpoint::ServicesSearch => v2::services_search(state, call),
            Endpoint::ServicesLookup => v2::services_lookup(state, call),
            Endpoint::AccountsLookup => v2::accounts_lookup(state, call),
            Endpoint::ContractLines => v1::lines(state, call, now),
            Endpoint::WriteLine => self.change(|state| v1::write_line(state, call, now, user)),
            Endpoint::Authenticate | Endpoint::Refresh | Endpoint::V1Token => Err(Refusal::Token),
        }
    }

    /// Lets the nightly job run once when a midnight of the tenant has passed since the last look.
    fn pass_night(&mut self, now: Timestamp) {
        let today = self.state.day(now);
        if std::mem::replace(&mut self.day, today) >= today || !self.state.counts_lines_itself() {
            return;
        }
        let kept: Result<(), DataError> = self.change(|state| {
            state.pass_night();
            Ok(())
        });
        if let Err(error) = kept {
            tracing::error!(%error, "the night's counts are not kept");
        }
    }

    /// Applies the late writes whose time has come.
    fn apply_late(&mut self, now: Timestamp) {
        let (due, waiting) = std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = waiting;
        let mut due: Vec<(Timestamp, Call)> = due;
        due.sort_by_key(|(at, _)| *at);
        for (at, call) in due {
            let outcome = self.perform(&call, &Fields::default(), at);
            tracing::debug!(endpoint = %call.endpoint, applied = outcome.is_ok(), "late write");
        }
    }
}

/// The tenant as the server shares it among calls.
#[derive(Debug)]
pub(crate) struct Tenant {
    inside: Mutex<Inside>,
    pub clock: Clock,
    /// Ends every connection and every hold.
    pub closing: CancellationToken,
}

impl Tenant {
    pub fn new(inside: Inside, clock: Clock) -> Self {
        Self { inside: Mutex::new(inside), clock, closing: CancellationToken::new() }
    }

    /// The inside as of now, late writes included.
    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        inside.apply_late(now);
        inside.pass_night(now);
        inside
    }

    /// What becomes of a call; `None` closes its connection without an answer.
    pub async fn answer(&self, mut call: Call) -> Option<Response> {
        let endpoint = call.endpoint;
        let acts = {
            let mut inside = self.inside();
            let calls = inside.calls.entry(endpoint).or_default();
            *calls += 1;
            call.turn = *calls;
            inside.script.arrived(endpoint)
        };
        let (mut faults, mut held_after) = (Vec::new(), Vec::new());
        for act in acts {
            match act {
                Act::Fault(fault) => faults.push(fault),
                Act::Hold(gate, HoldAt::AfterApply) => held_after.push(gate),
                Act::Hold(gate, HoldAt::BeforeApply) => {
                    if !gate.pass(&self.closing).await {
                        return None;
                    }
                }
            }
        }
        for fault in &faults {
            match fault {
                Fault::Answer { status, body } => {
                    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    return Some(Reply { status, ..Reply::from(body.clone()) }.into_response());
                }
                Fault::BadGateway => return Some(bad_gateway()),
                Fault::NoSuccess(words) => {
                    return Some(Reply::from(no_success(endpoint.api(), words)).into_response());
                }
                Fault::DropBeforeApply => return None,
                Fault::ApplyLater(after) => {
                    if endpoint == Endpoint::WriteLine {
                        let at = self.clock.now() + *after;
                        self.inside().late.push((at, call));
                    }
                    return None;
                }
                Fault::Truncated | Fault::Without(_) | Fault::ApplyThenDrop => {}
            }
        }
        let form = match endpoint {
            Endpoint::Authenticate | Endpoint::Refresh | Endpoint::V1Token => call.form().await,
            _ => Ok(Fields::default()),
        };
        let now = self.clock.now();
        let mut reply = {
            let mut inside = self.inside();
            let outcome = form.and_then(|form| inside.perform(&call, &form, now));
            let behaviour = &inside.state.behaviour;
            let mut reply =
                outcome.map_or_else(|refusal| refusal.reply(endpoint, behaviour, now), Reply::from);
            if endpoint.api() == Api::V2 && behaviour.casing == Casing::Pascal {
                reply.body = pascal(reply.body);
            }
            reply
        };
        tracing::debug!(%endpoint, status = reply.status.as_u16(), "answered");
        for gate in held_after {
            if !gate.pass(&self.closing).await {
                return None;
            }
        }
        for fault in &faults {
            match fault {
                Fault::ApplyThenDrop => return None,
                Fault::Truncated => return Some(reply.cut_in_half()),
                Fault::Without(names) => remove(&mut reply.body, names),
                _ => {}
            }
        }
        Some(reply.into_response())
    }
}

impl From<DataError> for Refusal {
    fn from(error: DataError) -> Self {
        tracing::error!(%error, "state not kept");
        Self::NotKept
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = match self.page {
            None => (self.status, axum::Json(self.body)).into_response(),
            Some(title) => {
                (self.status, Html(format!("<html><body><h1>{title}</h1></body></html>"))).into_response()
            }
        };
        if let Some(value) = self.retry_after.and_then(|text| text.parse().ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl Reply {
    fn cut_in_half(self) -> Response {
        let mut text = self.body.to_string().into_bytes();
        text.truncate(text.len() / 2);
        (self.status, [(header::CONTENT_TYPE, "application/json")], Bytes::from(text)).into_response()
    }
}

/// The same with each name's first letter in upper case.
fn pascal(value: Value) -> Value {
    let upper = |name: String| {
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (upper(name), pascal(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(pascal).collect(),
        other => other,
    }
}

fn bad_gateway() -> Response {
    let page =
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

fn no_success(api: Api, words: &str) -> Value {
    match api {
        Api::V2 => v2_failure(500, words),
        Api::V1 => {
            json!({ "ResponseCode": 500, "Status": "Error", "Error": words, "Result": null, "TotalRecords": 0 })
        }
    }
}

fn remove(value: &mut Value, names: &[String]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, _| !names.iter().any(|name| name.eq_ignore_ascii_case(field)));
            fields.values_mut().for_each(|value| remove(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, names)),
        _ => {}
    }
}

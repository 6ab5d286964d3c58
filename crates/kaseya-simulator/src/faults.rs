//! Misbehaviour on demand: what happens to the n-th next call of an endpoint.

use std::mem;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{Change, Endpoint, RetryAfter};

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// This answer instead; nothing is applied.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The JSON body.
        body: Value,
    },
    /// A proxy's HTML page with status 502; nothing is applied.
    BadGateway,
    /// An HTML page with any status, 200 too; nothing is applied.
    Page {
        /// The HTTP status.
        status: u16,
    },
    /// HTTP 429 as if the hour had just begun; nothing is applied.
    LimitReached {
        /// Whether `Retry-After` says when the hour ends.
        retry_after: RetryAfter,
        /// The body is an HTML page.
        html: bool,
    },
    /// HTTP 200 that says it did not succeed, with these words; nothing is applied.
    NoSuccess(String),
    /// Applied; the JSON of the answer stops in the middle.
    Truncated,
    /// Applied; the answer lacks every field of these names, at any depth.
    Without(Vec<String>),
    /// Applied; the answer says that it succeeded and its result is null.
    NullResult,
    /// Applied; this is answered instead.
    ApplyThenAnswer {
        /// The HTTP status.
        status: u16,
        /// The JSON body.
        body: Value,
    },
    /// Applied; an HTML page is answered.
    ApplyThenPage {
        /// The HTTP status.
        status: u16,
    },
    /// Nothing is applied and the connection is closed without an answer.
    DropBeforeApply,
    /// Applied, then the connection is closed without an answer.
    ApplyThenDrop,
    /// Nothing is applied, and no answer comes for as long as the caller waits.
    SilenceBeforeApply,
    /// Applied, and no answer comes for as long as the caller waits.
    ApplyThenSilence,
    /// The connection is closed without an answer; a write is applied when the simulator's clock has moved on by this.
    ApplyLater(SignedDuration),
    /// The call takes so many milliseconds more, by tokio's time, and is then dealt with as usual.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
    /// All tokens of V2 and V1 end before the call is looked at.
    TokensRevoked,
    /// Somebody does this in Kaseya before the call is looked at.
    Meanwhile(Change),
}

/// Where a held call stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAt {
    /// It has arrived, and nothing is applied.
    BeforeApply,
    /// It is applied, and nothing is answered.
    AfterApply,
}

/// A call that stands still until it is let go; dropping this lets it go too.
///
/// What a held call does afterwards does not depend on its caller: a write held before it is applied is applied
/// when let go, even if the caller is long gone.
#[derive(Debug)]
pub struct Hold {
    reached: watch::Receiver<bool>,
    decide: oneshot::Sender<Decision>,
}

impl Hold {
    /// Waits until the call stands still. For ever, if it never comes.
    pub async fn reached(&self) {
        if self.reached.clone().wait_for(|reached| *reached).await.is_err() {
            std::future::pending().await
        }
    }

    /// Lets the call go on.
    pub fn release(self) {
        drop(self.decide);
    }

    /// The call is lost from here on: held before it is applied, it never is; its connection is closed.
    pub fn lose(self) {
        // A call that is already gone is lost as well.
        let _already_gone = self.decide.send(Decision::Lose);
    }
}

#[derive(Debug)]
enum Decision {
    Lose,
}

/// The call's side of a [`Hold`].
#[derive(Debug)]
pub(crate) struct Gate {
    reached: watch::Sender<bool>,
    decided: oneshot::Receiver<Decision>,
}

impl Gate {
    /// Stands still; true when the call goes on.
    pub async fn pass(self, closing: &CancellationToken) -> bool {
        self.reached.send_replace(true);
        tokio::select! {
            decided = self.decided => match decided {
                Ok(Decision::Lose) => false,
                // The hold was released or dropped.
                Err(_) => true,
            },
            () = closing.cancelled() => false,
        }
    }
}

/// What waits for calls to come, each for one.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    endpoint: Endpoint,
    /// Calls that still pass before this one.
    before: u32,
    act: Act,
}

#[derive(Debug)]
pub(crate) enum Act {
    Fault(Fault),
    Hold(Gate, HoldAt),
}

impl Prepared {
    /// `nth` counts from 1, the next call.
    pub fn fail(&mut self, endpoint: Endpoint, nth: u32, fault: Fault) {
        self.waiting.push(Waiting { endpoint, before: nth.saturating_sub(1), act: Act::Fault(fault) });
    }

    pub fn hold(&mut self, endpoint: Endpoint, nth: u32, at: HoldAt) -> Hold {
        let (tell_reached, reached) = watch::channel(false);
        let (decide, decided) = oneshot::channel();
        let gate = Gate { reached: tell_reached, decided };
        self.waiting.push(Waiting { endpoint, before: nth.saturating_sub(1), act: Act::Hold(gate, at) });
        Hold { reached, decide }
    }

    /// A call has come: what is to happen to it.
    pub fn arrived(&mut self, endpoint: Endpoint) -> Vec<Act> {
        let mut due = Vec::new();
        for mut waiting in mem::take(&mut self.waiting) {
            if waiting.endpoint == endpoint {
                if waiting.before == 0 {
                    due.push(waiting.act);
                    continue;
                }
                waiting.before -= 1;
            }
            self.waiting.push(waiting);
        }
        due
    }
}

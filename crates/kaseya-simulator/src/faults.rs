//! Faults on demand for the nth next call of an endpoint.

use std::mem;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{Change, Endpoint, RetryAfter};

/// The fault of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// Returns this response; nothing is applied.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The JSON body.
        body: Value,
    },
    /// A proxy's HTML page with status 502; nothing is applied.
    BadGateway,
    /// An HTML page with any status, even 200; nothing is applied.
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
    /// HTTP 200 with a body that reports failure in these words; nothing is applied.
    NoSuccess(String),
    /// Applied; the JSON of the response stops in the middle.
    Truncated,
    /// Applied; the response lacks every field with one of these names, at any depth.
    Without(Vec<String>),
    /// Applied; the response reports success with a null result.
    NullResult,
    /// Applied; returns this response instead.
    ApplyThenAnswer {
        /// The HTTP status.
        status: u16,
        /// The JSON body.
        body: Value,
    },
    /// Applied; returns an HTML page.
    ApplyThenPage {
        /// The HTTP status.
        status: u16,
    },
    /// Not applied; the connection is closed without a response.
    DropBeforeApply,
    /// Applied; then the connection is closed without a response.
    ApplyThenDrop,
    /// Not applied; no response comes for as long as the caller waits.
    SilenceBeforeApply,
    /// Applied; no response comes for as long as the caller waits.
    ApplyThenSilence,
    /// The connection is closed without a response; a write is applied once the simulator's clock has advanced by
    /// this.
    ApplyLater(SignedDuration),
    /// The call takes this much longer, by tokio's time, and is then handled as usual.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
    /// All tokens of V2 and V1 are revoked before the call is handled.
    TokensRevoked,
    /// A person does this in Kaseya before the call is handled.
    Meanwhile(Change),
}

/// The point at which a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAt {
    /// It has arrived, and nothing is applied.
    BeforeApply,
    /// It is applied, and no response is sent.
    AfterApply,
}

/// A held call. It stands still until it is released; dropping this releases it too.
///
/// A held call continues independently of its caller: a write held before it is applied is applied on release, even
/// if the caller is long gone.
#[derive(Debug)]
pub struct Hold {
    reached: watch::Receiver<bool>,
    decide: oneshot::Sender<Decision>,
}

impl Hold {
    /// Waits until the call is held; forever, if it never comes.
    pub async fn reached(&self) {
        if self.reached.clone().wait_for(|reached| *reached).await.is_err() {
            std::future::pending().await
        }
    }

    /// Releases the call.
    pub fn release(self) {
        drop(self.decide);
    }

    /// Loses the call: if it is held before it is applied, it never is. Its connection is closed.
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
    /// Waits at the gate; true if the call continues.
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

/// Prepared faults and holds, each waiting for one call.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    endpoint: Endpoint,
    /// The number of calls that still pass before it applies.
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

    /// Takes the faults and holds that are due for a call that has arrived.
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

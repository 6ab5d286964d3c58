//! One job's calls to one Kaseya.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{AnswerFault, ContractId, ErrorCode, LineId};
use egress::{Body, EgressError, Request, Response};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use secrecy::SecretString;
use url::Url;

use crate::{
    Access, BmsError, Limits, LineProfile, Login, Words, WriteError,
    answer::{self, Success, Verdict},
    calls::{Api, Call, Counts},
    door::{Door, Token},
    look_up_kind::{LookUpKind, Proven},
    shared::Shared,
};

/// How often a read is retried.
const READ_AGAIN: u32 = 2;

/// How long to leave an endpoint alone after "too many calls" without a time.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// The limits are hourly: a longer wait is not believed.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// The shortest wait, also when the named instant is past: an immediate retry would only use up the limit.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// One job's calls to one Kaseya. They may run at the same time.
pub struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) door: Arc<Door>,
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    own: Mutex<Own>,
}

/// The state that belongs to the session alone.
#[derive(Default)]
pub(crate) struct Own {
    counts: Counts,
    pub login: Login,
    /// The V1 token that was last at hand.
    pub v1: Option<Token>,
    /// The number of the V1 token that a read has proven valid.
    v1_proven: Option<u64>,
    /// The numbers of the tokens from a login after a 401: another 401 means a missing right.
    pub v2_renewed: Option<u64>,
    pub v1_renewed: Option<u64>,
    /// What look-ups by ids were seen to do.
    pub proven: BTreeMap<LookUpKind, Proven>,
    /// A query for the contracts of an account that does not exist showed none.
    pub account_filter_works: bool,
    /// The contract on which each line id was seen.
    pub lines: BTreeMap<LineId, ContractId>,
    /// V1 was seen to answer with all lines whichever part is asked for.
    pub lines_come_whole: bool,
    /// Lines that fit the line profile were read.
    pub lines_fit: bool,
    /// The most pages that one contract's lines came in.
    pub most_pages: usize,
    /// Contracts for which the last answer did not say how many lines there are.
    pub lines_uncounted: BTreeSet<ContractId>,
}

/// The session has tokens for both APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Whether this session logged in for it; false when tokens were still at hand.
    pub logged_in: bool,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, door: Arc<Door>, access: Access, limits: Limits) -> Self {
        Self { shared, door, access, limits, own: Mutex::default() }
    }

    /// Ensures a token for V2 and then for V1, by logging in where none is at hand.
    pub async fn sign_in(&self) -> Result<SignedIn, BmsError> {
        self.token(Api::V2, None).await?;
        self.token(Api::V1, None).await?;
        Ok(SignedIn { logged_in: self.login() == Login::Accepted })
    }

    /// Ensures a token for reads over V2 alone, by logging in where none is at hand.
    pub async fn sign_in_to_reads(&self) -> Result<(), BmsError> {
        self.token(Api::V2, None).await.map(drop)
    }

    /// Ensures a token for the lines alone, which belong to V1: no V2 call is made while one is at hand.
    pub async fn sign_in_to_lines(&self) -> Result<(), BmsError> {
        self.token(Api::V1, None).await.map(drop)
    }

    /// The calls made so far per endpoint (method and route), logins included.
    pub fn calls(&self) -> BTreeMap<String, u32> {
        self.own().counts.per_endpoint()
    }

    /// V1 calls that may still be made.
    pub fn v1_calls_left(&self) -> u32 {
        self.own().counts.v1_left(self.limits.allowance)
    }

    /// V1 calls made so far.
    pub(crate) fn v1_calls_made(&self) -> u32 {
        self.own().counts.v1_made()
    }

    /// The result of the login.
    pub fn login(&self) -> Login {
        self.own().login
    }

    pub(crate) fn line_profile(&self) -> &Arc<LineProfile> {
        &self.access.bases.line_profile
    }

    pub(crate) fn own(&self) -> MutexGuard<'_, Own> {
        // No code that holds the lock can panic half-way.
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a read: with one fresh login after a 401, and retried when it had no result.
    pub(crate) async fn read(&self, call: &Call, body: impl Fn() -> Body) -> Result<Success, BmsError> {
        let (mut stale, mut failures, mut broken) = (None, 0, false);
        loop {
            let token = self.token(call.api, stale).await?;
            let sent = self.exchange(call, Some(&token.secret), body(), self.limits.read_timeout).await;
            let outcome = match sent {
                Ok(Verdict::Unauthorized(_)) if stale.is_none() && self.may_renew(call.api, token.number) => {
                    stale = Some(token.number);
                    continue;
                }
                Ok(verdict) => self.outcome(call, verdict, Some(&token.secret)),
                Err(error) => Err(error),
            };
            match outcome {
                // A kept connection may have been closed meanwhile: a read is safe to repeat at once.
                Err(error) if !broken && error.is_broken() => broken = true,
                Err(error) if failures < READ_AGAIN && error.may_pass_at_once() => {
                    tokio::time::sleep(self.shared.settings.read_again.wait(failures, 1.0)).await;
                    failures += 1;
                }
                Err(error) => return Err(error),
                Ok(success) => {
                    if call.api == Api::V1 {
                        self.own().v1_proven = Some(token.number);
                    }
                    return Ok(success);
                }
            }
        }
    }

    pub(crate) fn v1_at_hand(&self) -> Result<Token, BmsError> {
        let now = self.shared.clock.now();
        self.own().v1.clone().filter(|token| token.lasts(now)).ok_or(BmsError::NotSignedIn)
    }

    /// Makes a read that belongs to a write: at once, once, with the V1 token at hand.
    pub(crate) async fn read_at_hand(&self, call: &Call, timeout: Duration) -> Result<Success, BmsError> {
        let token = self.v1_at_hand()?;
        let verdict = self.exchange(call, Some(&token.secret), Body::None, timeout).await?;
        self.outcome(call, verdict, Some(&token.secret))
    }

    /// Makes a write: at once, once, with the V1 token at hand.
    pub(crate) async fn write(
        &self,
        call: &Call,
        body: Body,
        timeout: Duration,
    ) -> Result<Success, WriteError> {
        let token = self.v1_at_hand().map_err(WriteError::NotSent)?;
        let sent = self.exchange(call, Some(&token.secret), body, timeout).await;
        let words = |said: &str| self.words(said, Some(&token.secret));
        let refused =
            |code, status, said: &str| Err(WriteError::Refused { code, status, words: words(said) });
        match sent {
            Ok(Verdict::Success(success)) => Ok(success),
            Ok(Verdict::Forbidden(said)) => refused(ErrorCode::Auth06, 403, &said),
            Ok(Verdict::Unauthorized(said)) if self.own().v1_proven == Some(token.number) => {
                refused(ErrorCode::Auth06, 401, &said)
            }
            Ok(Verdict::Unauthorized(_)) => {
                self.discard_v1(token.number).await;
                Err(WriteError::NotSent(BmsError::NotSignedIn))
            }
            // Without a plain no it may have been done: only a reading shows it.
            Ok(Verdict::Unclear { said, .. }) => Err(WriteError::Unclear { words: words(&said) }),
            Ok(Verdict::Refused(status, said) | Verdict::NotUnderstood(status, said))
                if answer::may_be_done(status.into()) =>
            {
                Err(WriteError::Unclear { words: words(&said) })
            }
            Ok(Verdict::Refused(status, said) | Verdict::NotUnderstood(status, said)) => {
                // The line was read before: if the call is not served, the profile is wrong.
                let code = if matches!(status, 404 | 405) { ErrorCode::Lin01 } else { ErrorCode::Unk01 };
                refused(code, status, &said)
            }
            Ok(Verdict::Limited(wait)) => Err(WriteError::Limited(self.limited(call, wait.as_deref()))),
            Ok(Verdict::Server(_) | Verdict::Page | Verdict::NotKaseya | Verdict::Garbled(_)) => {
                Err(WriteError::Unanswered)
            }
            Err(BmsError::NoAnswer { cause, .. }) if cause.may_have_arrived() => Err(WriteError::Unanswered),
            Err(error) => Err(WriteError::NotSent(error)),
        }
    }

    /// Sends a call once, counted, and reads the answer.
    pub(crate) async fn exchange(
        &self,
        call: &Call,
        bearer: Option<&SecretString>,
        body: Body,
        timeout: Duration,
    ) -> Result<Verdict, BmsError> {
        let response = self.send(call, bearer, body, timeout).await?;
        Ok(answer::read(&response, &call.envelope))
    }

    /// Sends a call once, counted.
    pub(crate) async fn send(
        &self,
        call: &Call,
        bearer: Option<&SecretString>,
        body: Body,
        timeout: Duration,
    ) -> Result<Response, BmsError> {
        let endpoint = self.endpoint(call);
        let no_answer = |cause| BmsError::NoAnswer { endpoint: endpoint.clone(), cause };
        let base = self.base(call.api).as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{}", call.path)).map_err(|_| no_answer(EgressError::Request))?;
        self.own().counts.begin(call.api, &endpoint, self.limits.allowance)?;
        let bearer = bearer.cloned();
        let request = Request { method: call.method, url, query: call.query.clone(), bearer, body, timeout };
        let since = self.shared.clock.monotonic();
        let result = self.shared.egress.send(request).await;
        if let Some(metrics) = &self.shared.metrics {
            let host = self.base(call.api).host_str().unwrap_or_default();
            metrics.ended(call, host, self.shared.clock.monotonic().saturating_sub(since), &result);
        }
        match result {
            Ok(response) => {
                tracing::debug!(endpoint, status = response.status, "Kaseya answered");
                Ok(without_mark(response))
            }
            Err(cause) => {
                tracing::debug!(endpoint, %cause, "no answer from Kaseya");
                if !cause.may_have_arrived() {
                    self.own().counts.take_back(call.api, &endpoint);
                }
                Err(no_answer(cause))
            }
        }
    }

    /// The meaning of a verdict for a read.
    pub(crate) fn outcome(
        &self,
        call: &Call,
        verdict: Verdict,
        bearer: Option<&SecretString>,
    ) -> Result<Success, BmsError> {
        let endpoint = self.endpoint(call);
        let (status, said) = match verdict {
            Verdict::Success(success) => return Ok(success),
            Verdict::Limited(wait) => return Err(self.limited(call, wait.as_deref())),
            // A host that gave us its token is Kaseya's: a page instead of an answer is a temporary fault.
            Verdict::Page if bearer.is_some() => return Err(BmsError::Server { endpoint, words: None }),
            Verdict::Page | Verdict::NotKaseya => return Err(BmsError::NotKaseya { endpoint }),
            Verdict::Garbled(problem) => return Err(BmsError::Garbled { endpoint, problem }),
            // The lines are there, but the word next to them is not the profile's word for success.
            Verdict::Unclear { with_lines: true, .. } => {
                return Err(BmsError::Garbled { endpoint, problem: AnswerFault::NoOutcome });
            }
            Verdict::Unauthorized(said) | Verdict::Forbidden(said) => {
                return Err(BmsError::NotAllowed { endpoint, words: self.words(&said, bearer) });
            }
            Verdict::Server(said) => {
                return Err(BmsError::Server { endpoint, words: self.words(&said, bearer) });
            }
            Verdict::Refused(status, said)
            | Verdict::NotUnderstood(status, said)
            | Verdict::Unclear { status, said, .. } => (status, said),
        };
        Err(BmsError::Refused { endpoint, status, words: self.words(&said, bearer) })
    }

    pub(crate) fn garbled(&self, call: &Call, problem: AnswerFault) -> BmsError {
        BmsError::Garbled { endpoint: self.endpoint(call), problem }
    }

    pub(crate) fn words(&self, said: &str, bearer: Option<&SecretString>) -> Option<Words> {
        let secrets: Vec<&SecretString> = bearer.into_iter().chain([&self.access.password]).collect();
        Words::new(said, &secrets)
    }

    /// Method and route, as `GET /v2/finance/contracts/lookup`.
    pub(crate) fn endpoint(&self, call: &Call) -> String {
        let base = self.base(call.api).path().trim_end_matches('/');
        format!("{} {base}{}", call.method.as_str(), call.route)
    }

    fn base(&self, api: Api) -> &Url {
        match api {
            Api::V2 => &self.access.bases.v2,
            Api::V1 => &self.access.bases.v1,
        }
    }

    fn may_renew(&self, api: Api, number: u64) -> bool {
        let own = self.own();
        let renewed = match api {
            Api::V2 => own.v2_renewed,
            Api::V1 => own.v1_renewed,
        };
        renewed != Some(number)
    }

    fn limited(&self, call: &Call, wait: Option<&str>) -> BmsError {
        let now = self.shared.clock.now();
        let until = wait.and_then(|wait| retry_at(wait, now)).unwrap_or(now + DEFAULT_WAIT);
        BmsError::Limited {
            endpoint: self.endpoint(call),
            until: until.clamp(now + SHORTEST_WAIT, now + LONGEST_WAIT),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("access", &self.access)
            .field("limits", &self.limits)
            .field("login", &self.login())
            .finish_non_exhaustive()
    }
}

/// An answer without the byte order mark that some servers write before JSON.
fn without_mark(mut response: Response) -> Response {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if response.body.starts_with(MARK) {
        response.body = response.body.slice(MARK.len()..);
    }
    response
}

/// `retry-after`: seconds, or an instant as HTTP writes it.
pub(crate) fn retry_at(wait: &str, now: Timestamp) -> Option<Timestamp> {
    let wait = wait.trim();
    if !wait.is_empty() && wait.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for any use still means a long wait.
        let seconds = wait.parse().unwrap_or(u32::MAX);
        return now.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok();
    }
    Some(rfc2822::parse(wait).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_an_instant() {
        let now: Timestamp = "2026-11-30T10:00:00Z".parse().unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!(retry_at("120", now), at("2026-11-30T10:02:00Z"));
        assert_eq!(retry_at("Mon, 30 Nov 2026 10:05:00 GMT", now), at("2026-11-30T10:05:00Z"));
        assert_eq!(retry_at("soon", now), None);
        assert_eq!(retry_at("-5", now), None);
        assert_eq!(retry_at("", now), None);
        assert!(retry_at("99999999999999999999", now) > at("2027-01-01T00:00:00Z"));
    }
}

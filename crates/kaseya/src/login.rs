//! Logging in: to V2, and to V1 only after V2 has accepted the login.
//!
//! A refused login counts towards a lock-out of the user. So none is tried twice with the same credentials (except
//! for a locked user, once after 35 minutes), one is tried at a time, and none is sent again because its answer is
//! missing.

use domain::{AnswerFault, ErrorCode};
use egress::{Body, EgressError, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::{
    BmsError, Login, Session,
    answer::{self, Envelope, Success, Verdict},
    calls::{Api, Call},
    door::{Inside, Refusal, Token, V2Tokens, lasts},
    fields,
};

/// The assumed lifetime of a token when Kaseya gives none, or says it is over already: clocks differ, and a 401 tells
/// the truth.
const DEFAULT_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Kaseya locks a user for 30 minutes.
const LOCK: SignedDuration = SignedDuration::from_mins(35);

impl Session {
    /// A token other than the one numbered `stale`. All callers that come during a login wait for it.
    pub(crate) async fn token(&self, api: Api, stale: Option<u64>) -> Result<Token, BmsError> {
        let mut inside = self.door.0.lock().await;
        match api {
            Api::V2 => {
                let token = self.v2_token(&mut inside, stale).await?;
                if stale.is_some() {
                    self.own().v2_renewed = Some(token.number);
                }
                Ok(token)
            }
            Api::V1 => {
                let token = self.v1_token(&mut inside, stale).await?;
                let mut own = self.own();
                own.v1 = Some(token.clone());
                if stale.is_some() {
                    own.v1_renewed = Some(token.number);
                }
                Ok(token)
            }
        }
    }

    /// Logs in even if tokens are at hand; credentials refused before are not tried again.
    pub(crate) async fn log_in_anew(&self, api: Api) -> Result<(), BmsError> {
        let mut inside = self.door.0.lock().await;
        match api {
            Api::V2 => {
                inside.v2 = None;
                self.v2_token(&mut inside, None).await?;
            }
            Api::V1 => {
                inside.v1 = None;
                let token = self.v1_token(&mut inside, None).await?;
                self.own().v1 = Some(token);
            }
        }
        Ok(())
    }

    /// Forgets a V1 token that Kaseya does not take.
    pub(crate) async fn discard_v1(&self, number: u64) {
        let mut inside = self.door.0.lock().await;
        inside.v1.take_if(|token| token.number == number);
        self.own().v1.take_if(|token| token.number == number);
    }

    async fn v2_token(&self, inside: &mut Inside, stale: Option<u64>) -> Result<Token, BmsError> {
        let now = self.shared.clock.now();
        if let Some(refusal) =
            inside.v2_refused.clone().filter(|refusal| refusal.again_at.is_none_or(|at| at > now))
        {
            return Err(self.refused(refusal));
        }
        if let Some(tokens) = inside.v2.clone().filter(|tokens| Some(tokens.access.number) != stale) {
            if tokens.access.lasts(now) {
                return Ok(tokens.access);
            }
            if let Some((refresh, _)) = tokens.refresh.filter(|(_, until)| lasts(*until, now))
                && let Some(token) = self.refresh(inside, tokens.access.secret, refresh).await?
            {
                return Ok(token);
            }
        }
        self.log_in_v2(inside).await
    }

    async fn v1_token(&self, inside: &mut Inside, stale: Option<u64>) -> Result<Token, BmsError> {
        if let Some(refusal) = &inside.v1_refused {
            return Err(self.refused(refusal.clone()));
        }
        let now = self.shared.clock.now();
        let at_hand = inside.v1.clone().filter(|token| Some(token.number) != stale && token.lasts(now));
        match at_hand {
            Some(token) => Ok(token),
            None => {
                self.v2_token(inside, None).await?;
                self.log_in_v1(inside).await
            }
        }
    }

    async fn log_in_v2(&self, inside: &mut Inside) -> Result<Token, BmsError> {
        if !self.limits.may_log_in {
            // The token at hand is no longer accepted: a caller that may log in does so again.
            inside.v2 = None;
            return Err(BmsError::NotSignedIn);
        }
        let call = Call::v2(Method::Post, "/v2/security/authenticate", Vec::new());
        let form = vec![
            ("GrantType", SecretString::from("password")),
            ("UserName", SecretString::from(self.access.user_name.as_str())),
            ("Password", self.access.password.clone()),
            ("Tenant", SecretString::from(self.access.tenant.as_str())),
        ];
        let verdict = self.log_in(&call, form).await?;
        let asked_at = self.shared.clock.now();
        let said = match self.refusal_or(&call, verdict)? {
            Ok(success) => match v2_tokens(&success, inside, asked_at) {
                Some(tokens) => {
                    inside.v2_refused = None;
                    self.own().login = Login::Accepted;
                    return Ok(inside.v2.insert(tokens).access.clone());
                }
                // A success without a token is a refusal in other words.
                None => String::new(),
            },
            Err(said) => said,
        };
        let code = code_of(&said);
        let first_lock = code == ErrorCode::Auth03 && inside.v2_refused.is_none();
        let again_at = first_lock.then(|| self.shared.clock.now() + LOCK);
        let refusal = Refusal { code, words: self.words(&said, None), again_at };
        inside.v2 = None;
        inside.v2_refused = Some(refusal.clone());
        Err(self.refused(refusal))
    }

    async fn log_in_v1(&self, inside: &mut Inside) -> Result<Token, BmsError> {
        if !self.limits.may_log_in {
            inside.v1 = None;
            return Err(BmsError::NotSignedIn);
        }
        let (route, path) = ("/token".to_owned(), "/token".to_owned());
        let envelope = Envelope::Plain;
        let call = Call { api: Api::V1, method: Method::Post, route, path, query: Vec::new(), envelope };
        let form = vec![
            ("grant_type", SecretString::from("password")),
            ("username", SecretString::from(self.access.user_name.as_str())),
            ("password", self.access.password.clone()),
            ("tenant", SecretString::from(self.access.tenant.as_str())),
        ];
        let verdict = self.log_in(&call, form).await?;
        let said = match self.refusal_or(&call, verdict)? {
            Ok(success) => match v1_token(&success, inside, self.shared.clock.now()) {
                Some(token) => {
                    self.own().login = Login::Accepted;
                    return Ok(inside.v1.insert(token).clone());
                }
                None => String::new(),
            },
            Err(said) => said,
        };
        let refusal = Refusal { code: ErrorCode::Auth07, words: self.words(&said, None), again_at: None };
        inside.v1 = None;
        inside.v1_refused = Some(refusal.clone());
        Err(self.refused(refusal))
    }

    /// Sends a login once. Its outcome is unknown until its answer is understood, even if no caller waits for it any
    /// more. After a login of unknown outcome the session sends no other.
    async fn log_in(
        &self,
        call: &Call,
        form: Vec<(&'static str, SecretString)>,
    ) -> Result<Verdict, BmsError> {
        let before = std::mem::replace(&mut self.own().login, Login::Unknown);
        if before == Login::Unknown {
            return Err(BmsError::NotSignedIn);
        }
        let response = self.send(call, None, Body::Form(form), self.limits.login_timeout).await;
        let sent = response.map(|response| (response.status, answer::read(&response, &call.envelope)));
        let was_looked_at = match &sent {
            // Rejected before the password was checked: by a limit, a server that is down, or something that is not
            // Kaseya's login.
            Ok(
                (404 | 503, _)
                | (_, Verdict::Limited(_) | Verdict::NotKaseya | Verdict::Page | Verdict::NotUnderstood(..)),
            ) => false,
            // A maintenance page with a status other than a server error.
            Ok((status, Verdict::Server(_))) if *status < 500 => false,
            Ok(_) => true,
            Err(BmsError::NoAnswer { cause: EgressError::Redirect, .. }) => false,
            Err(BmsError::NoAnswer { cause, .. }) => cause.may_have_arrived(),
            Err(_) => false,
        };
        if !was_looked_at {
            self.own().login = before;
        }
        sent.map(|(_, verdict)| verdict)
    }

    /// A login's answer: success, or Kaseya's refusal. Any other answer says nothing about the credentials.
    fn refusal_or(&self, call: &Call, verdict: Verdict) -> Result<Result<Success, String>, BmsError> {
        match verdict {
            Verdict::Success(success) => Ok(Ok(success)),
            Verdict::Refused(404, _) => Err(BmsError::NotKaseya { endpoint: self.endpoint(call) }),
            // A proxy or a framework answers like this: without Kaseya's words the answer says nothing about the
            // credentials.
            Verdict::Refused(status, ref said) if said.is_empty() && !matches!(status, 200 | 400) => {
                Err(self.garbled(call, AnswerFault::NoWords))
            }
            // The credentials were not checked: the words are about the call.
            Verdict::NotUnderstood(..) => self.outcome(call, verdict, None).map(Ok),
            Verdict::Unauthorized(said) | Verdict::Forbidden(said) | Verdict::Refused(_, said) => {
                Ok(Err(said))
            }
            other => self.outcome(call, other, None).map(Ok),
        }
    }

    /// Exchanges old tokens for new ones; `None` when Kaseya wants a login instead.
    async fn refresh(
        &self,
        inside: &mut Inside,
        access: SecretString,
        refresh: SecretString,
    ) -> Result<Option<Token>, BmsError> {
        let call = Call::v2(Method::Post, "/v2/security/refreshtoken", Vec::new());
        let form = Body::Form(vec![("AccessToken", access), ("RefreshToken", refresh)]);
        // Whatever the result, the old pair may be used up.
        inside.v2 = None;
        let verdict = self.exchange(&call, None, form, self.limits.login_timeout).await?;
        if let Verdict::Limited(_) | Verdict::Server(_) = verdict {
            return self.outcome(&call, verdict, None).map(|_| None);
        }
        let Verdict::Success(success) = verdict else { return Ok(None) };
        let tokens = v2_tokens(&success, inside, self.shared.clock.now());
        Ok(tokens.map(|tokens| inside.v2.insert(tokens).access.clone()))
    }

    fn refused(&self, refusal: Refusal) -> BmsError {
        self.own().login = Login::Refused(refusal.code);
        BmsError::LoginRefused { code: refusal.code, words: refusal.words }
    }
}

fn secret(object: &fields::Object, name: &str) -> Option<SecretString> {
    fields::text(object, name).filter(|token| !token.is_empty()).map(SecretString::from)
}

pub(crate) fn v2_tokens(success: &Success, inside: &mut Inside, now: Timestamp) -> Option<V2Tokens> {
    let result = success.result.as_object()?;
    let access = secret(result, "accessToken")?;
    let until = |name| fields::instant(result, name).unwrap_or(now).max(now + DEFAULT_LIFE);
    let access = inside.issue(access, until("accessTokenExpireOn"));
    let refresh = secret(result, "refreshToken").map(|token| (token, until("refreshTokenExpireOn")));
    Some(V2Tokens { access, refresh })
}

pub(crate) fn v1_token(success: &Success, inside: &mut Inside, now: Timestamp) -> Option<Token> {
    let result = success.result.as_object()?;
    let token = secret(result, "access_token")?;
    let seconds = fields::get(result, "expires_in").and_then(serde_json::Value::as_i64).unwrap_or(0);
    let until = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now).max(now + DEFAULT_LIFE);
    Some(inside.issue(token, until))
}

/// The finer codes are used only where the words allow it: words that name several causes distinguish none.
pub(crate) fn code_of(said: &str) -> ErrorCode {
    let said = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if said.contains(" or ") {
        ErrorCode::Auth01
    } else if has(&["expired"]) && has(&["password"]) {
        ErrorCode::Auth02
    } else if has(&["locked", "lockout"]) {
        ErrorCode::Auth03
    } else if has(&[
        "mfa",
        "two-factor",
        "two factor",
        "multi-factor",
        "second factor",
        "verification code",
        "otp",
    ]) {
        ErrorCode::Auth04
    } else if has(&["api access"]) {
        ErrorCode::Auth05
    } else if has(&["tenant", "company"]) && !has(&["user", "password", "credential"]) {
        ErrorCode::Ten01
    } else {
        ErrorCode::Auth01
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_codes_need_plain_words() {
        for (said, code) in [
            ("", ErrorCode::Auth01),
            ("Invalid credentials", ErrorCode::Auth01),
            ("The user name, password or company is incorrect.", ErrorCode::Auth01),
            ("User is locked or the password has expired", ErrorCode::Auth01),
            ("Your password has expired", ErrorCode::Auth02),
            ("User account is locked", ErrorCode::Auth03),
            ("MFA code required", ErrorCode::Auth04),
            ("Your role lacks Has API Access", ErrorCode::Auth05),
            ("Tenant can't be empty", ErrorCode::Ten01),
            ("Invalid tenant", ErrorCode::Ten01),
            ("Invalid user in tenant", ErrorCode::Auth01),
        ] {
            assert_eq!(code_of(said), code, "{said}");
        }
    }
}

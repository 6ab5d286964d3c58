//! Logins and tokens: one correct login to each API, never a wrong one.

use egress::{Body, Method};
use secrecy::SecretString;
use serde_json::Value;

use super::{Findings, Seen, shape};
use crate::{
    BmsError, Session,
    answer::Success,
    calls::{Api, Call},
    fields,
    login::v2_tokens,
};

impl Session {
    pub(super) async fn probe_tokens(&self, findings: &mut Findings) -> Result<(), BmsError> {
        self.log_in_anew(Api::V2).await?;
        findings.judge("login-form", true, "accepted, with an access token");
        self.probe_refresh(findings).await?;

        let seen = self.look_without_token(&self.harmless_call(Api::V2)).await?;
        let code = seen
            .field("error")
            .and_then(|error| error.as_object())
            .and_then(|error| fields::get(error, "code"));
        let known = code.and_then(Value::as_i64) == Some(978_001);
        findings.judge("v2-no-token", seen.status == 401 && known, seen.shape());

        let seen = self.look(&self.harmless_call(Api::V2), Body::None).await?;
        findings.judge("v2-envelope", seen.field("success") == Some(&Value::Bool(true)), seen.shape());
        let user: Vec<_> = seen.field("result").and_then(Value::as_object).into_iter().collect();
        let lacking = shape::missing(&user, &["userAccessRights", "olsonTimeZoneName"]);
        findings.judge("user-info", !user.is_empty() && lacking.is_empty(), shape::types(&user));
        Ok(())
    }

    /// The refresh shows the same fields as the login, whose answer the client keeps to itself.
    async fn probe_refresh(&self, findings: &mut Findings) -> Result<(), BmsError> {
        let mut inside = self.door.0.lock().await;
        let Some(tokens) = inside.v2.take() else { return Ok(()) };
        let Some((refresh, _)) = tokens.refresh else {
            inside.v2 = Some(tokens);
            findings.judge("token-refresh", false, "the login gave no refresh token");
            return Ok(());
        };
        let call = Call::v2(Method::Post, "/v2/security/refreshtoken", Vec::new());
        let form: Vec<(&str, SecretString)> =
            vec![("AccessToken", tokens.access.secret), ("RefreshToken", refresh)];
        let response = self.send(&call, None, Body::Form(form), self.limits.login_timeout).await?;
        let body = response.body.clone();
        let seen = Seen::new(response);
        let now = self.shared.clock.now();
        let success =
            Success { result: seen.field("result").cloned().unwrap_or_default(), total: None, body };
        let renewed = v2_tokens(&success, &mut inside, now);
        findings.judge("token-refresh", renewed.is_some(), seen.shape());
        inside.v2 = renewed;
        drop(inside);

        let Some(result) = success.result.as_object() else { return Ok(()) };
        for name in ["accessTokenExpireOn", "refreshTokenExpireOn"] {
            let Some(text) = fields::text(result, name) else {
                findings.judge(
                    "token-expiry",
                    false,
                    format!("{name} is missing: {}", shape::types(&[result])),
                );
                continue;
            };
            let ahead = fields::instant(result, name).map(|at| now.duration_until(at).as_mins());
            let evidence = format!("{name} is like {}, {ahead:?} minutes ahead", shape::form(text));
            let offset = text.parse::<jiff::Timestamp>().is_ok();
            match ahead {
                None => findings.judge("token-expiry", false, evidence),
                Some(_) if offset => findings.judge("token-expiry", true, evidence),
                // In UTC it would be over already.
                Some(minutes) if minutes <= 0 => findings.judge("token-expiry", false, evidence),
                Some(_) => findings.unknown("token-expiry", evidence),
            }
        }
        Ok(())
    }
}

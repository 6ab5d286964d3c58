//! Who calls: a token of the partner that the address names.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, header, request::Parts},
};
use domain::{MAX_NAME, PartnerId, Role, SecurityEventKind, TokenId, fit_text};
use serde_json::json;
use store::access::{
    Actor, Identity,
    security_events::SecurityEvent,
    tokens::{self, ApiToken, Brought},
};
use store::settings::PartnerSettings;
use vault::Token;

use super::problem::Problem;
use crate::{Portal, client_address::ClientAddress, refusals, session};

/// Somebody who may see the partner of the address. Another's partner is as unknown as one that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whose token it is: whatever is read or stored is bound to it.
    pub partner: PartnerId,
    /// The token.
    pub token: TokenId,
    /// The token's name, as changes name who made them.
    pub name: String,
    /// The same, as it is kept with what it does.
    pub actor: Actor,
    role: Role,
}

impl Caller {
    /// Somebody with a token of the partner, in whatever role.
    async fn of(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        // A request with an idempotency key has already resolved its caller.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let hash = bearer(&parts.headers).ok_or(Problem::NoToken)?.hash();
        let now = portal.operations.clock.now();
        let client = ClientAddress::from_request_parts(parts, portal).await.map_err(|_| Problem::NoToken)?;
        let brought = portal
            .operations
            .store
            .transaction("find_token", |tx| Box::pin(tokens::by_hash(tx, &hash, now)))
            .await?;
        let actor = |known: &ApiToken| {
            session::actor(known.name.clone(), Some(Identity::Token(known.token)), client.0)
        };
        let token = match brought {
            Brought::Good(token) => token,
            Brought::Over(known) => {
                let (kind, details) = (SecurityEventKind::TokenRefused, json!({}));
                let event = SecurityEvent::of(kind, &known.partner, known.token, details);
                refusals::keep(portal, &actor(&known), event).await?;
                return Err(Problem::NoToken);
            }
            Brought::Unknown => {
                tracing::warn!(address = %client.0, "a call with a token that nobody has made");
                return Err(Problem::NoToken);
            }
        };
        let actor = actor(&token);
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, portal).await;
        let Path(path) = path.map_err(|_| Problem::NotFound)?;
        let named = path.get("partner").map_or("", String::as_str);
        if named != token.partner.as_str() {
            refusals::keep(portal, &actor, refusals::of_partner(named)).await?;
            return Err(Problem::NotFound);
        }
        Ok(Self { partner: token.partner, token: token.token, name: token.name, actor, role: token.role })
    }

    /// The caller where its role allows the call; that another tried is recorded.
    async fn if_allowed(
        self,
        allows: impl FnOnce(Role) -> bool,
        problem: Problem,
        (portal, parts): (&Portal, &Parts),
    ) -> Result<Self, Problem> {
        if allows(self.role) {
            return Ok(self);
        }
        let what = fit_text(&format!("{} {}", parts.method, parts.uri.path()), MAX_NAME);
        let details = json!({ "role": self.role.as_str() });
        let tried = SecurityEvent::of(SecurityEventKind::RoleRefused, &self.partner, what, details);
        refusals::keep(portal, &self.actor, tried).await?;
        Err(problem)
    }
}

impl FromRequestParts<Portal> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let caller = Self::of(parts, portal).await?;
        caller.if_allowed(Role::may_see, Problem::Forbidden, (portal, parts)).await
    }
}

/// A caller in any role, for what is the same to all of them.
pub(crate) struct AnyCaller(pub Caller);

impl FromRequestParts<Portal> for AnyCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        Caller::of(parts, portal).await.map(Self)
    }
}

/// A caller who may say what the provider counted.
pub(crate) struct Reporter(pub Caller);

impl FromRequestParts<Portal> for Reporter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let caller = Caller::of(parts, portal).await?;
        caller.if_allowed(Role::may_report, Problem::NotTheProvider, (portal, parts)).await.map(Self)
    }
}

fn bearer(headers: &HeaderMap) -> Option<Token> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::parse(token.trim()))?
}

/// A caller who may map, sync and decide.
pub(crate) struct Editor(pub Caller);

impl FromRequestParts<Portal> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, portal).await?;
        caller.if_allowed(Role::may_edit, Problem::Forbidden, (portal, parts)).await.map(Self)
    }
}

/// A caller who may set the connection and the switch.
pub(crate) struct Administrator(pub Caller);

impl FromRequestParts<Portal> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, portal).await?;
        caller.if_allowed(Role::may_administer, Problem::Forbidden, (portal, parts)).await.map(Self)
    }
}

/// Everything that a partner has set.
pub(crate) async fn settings_of(portal: &Portal, partner: &PartnerId) -> Result<PartnerSettings, Problem> {
    portal.settings_of(partner).await?.ok_or(Problem::NotFound)
}

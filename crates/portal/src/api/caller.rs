//! Who calls: a token of the partner that the address names.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, header, request::Parts},
};
use domain::{PartnerId, Role, TokenId};
use store::access::tokens;
use vault::Token;

use super::problem::Problem;
use crate::Portal;

/// Somebody who may see the partner of the address. Another's partner is as unknown as one that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whose token it is: whatever is read or stored is bound to it.
    pub partner: PartnerId,
    /// The token.
    pub token: TokenId,
    /// The token's name, as changes name who made them.
    pub name: String,
    role: Role,
}

impl Caller {
    /// Somebody with a token of the partner, in whatever role.
    async fn of(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        // Of a call with an idempotency key it is known already.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let hash = bearer(&parts.headers).ok_or(Problem::NoToken)?.hash();
        let now = portal.operations.clock.now();
        let token = portal
            .operations
            .store
            .transaction("find_token", |tx| Box::pin(tokens::by_hash(tx, &hash, now)))
            .await?
            .ok_or(Problem::NoToken)?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, portal).await;
        let Path(path) = path.map_err(|_| Problem::NotFound)?;
        if path.get("partner").map(String::as_str) != Some(token.partner.as_str()) {
            return Err(Problem::NotFound);
        }
        Ok(Self { partner: token.partner, token: token.token, name: token.name, role: token.role })
    }
}

impl FromRequestParts<Portal> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let caller = Self::of(parts, portal).await?;
        if caller.role.may_see() { Ok(caller) } else { Err(Problem::Forbidden) }
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
        if caller.role.may_report() { Ok(Self(caller)) } else { Err(Problem::NotTheProvider) }
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
        if caller.role.may_edit() { Ok(Self(caller)) } else { Err(Problem::Forbidden) }
    }
}

/// A caller who may set the connection and the switch.
pub(crate) struct Administrator(pub Caller);

impl FromRequestParts<Portal> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, portal).await?;
        if caller.role.may_administer() { Ok(Self(caller)) } else { Err(Problem::Forbidden) }
    }
}

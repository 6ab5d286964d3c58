//! Who may come in: the partner's members and its tokens.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use domain::{MemberId, Role, TokenId};
use jiff::Timestamp;
use operations::{
    access::{LetOut, NotLetIn, TOKEN_DAYS, TokenForm},
    read_models::Token,
};
use serde::{Deserialize, Serialize};
use store::access::{
    members::{self, Member},
    tokens,
};
use utoipa::ToSchema;

use super::{
    caller::Administrator,
    problem::{FieldMistake, Problem, Problems},
    request::Body,
};
use crate::Portal;

impl From<NotLetIn> for Problem {
    fn from(refusal: NotLetIn) -> Self {
        let mistake = |field, code| Self::Mistakes(vec![FieldMistake::new(field, code, &refusal)]);
        match refusal {
            NotLetIn::NoAddress => mistake("email", "address"),
            NotLetIn::Known => mistake("email", "known"),
            NotLetIn::NoName => mistake("name", "unusable"),
            NotLetIn::Days => mistake("days", "out-of-range"),
            NotLetIn::Store(error) => Self::Database(error),
        }
    }
}

/// The role of a word.
fn role(word: &str) -> Result<Role, Problem> {
    let mistake = || FieldMistake::new("role", "unknown", "write viewer, editor or admin");
    Role::parse(word).filter(|role| role.may_see()).ok_or_else(|| Problem::Mistakes(vec![mistake()]))
}

fn let_out(came: LetOut) -> Result<StatusCode, Problem> {
    match came {
        LetOut::Done => Ok(StatusCode::NO_CONTENT),
        LetOut::Unknown => Err(Problem::NotFound),
        LetOut::LastAdmin => Err(Problem::LastAdmin),
    }
}

/// People who may sign in by the identity provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    /// By their addresses.
    members: Vec<OneMember>,
}

/// Somebody who may sign in by the identity provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct OneMember {
    member_id: String,
    email: String,
    /// viewer, editor or admin.
    role: &'static str,
    /// Whether the person was here yet.
    has_signed_in: bool,
    added_at: Timestamp,
    added_by: String,
}

impl From<Member> for OneMember {
    fn from(known: Member) -> Self {
        Self {
            member_id: known.member.to_string(),
            email: known.email,
            role: known.role.as_str(),
            has_signed_in: known.has_signed_in,
            added_at: known.added_at,
            added_by: known.added_by,
        }
    }
}

/// The partner's members.
#[utoipa::path(get, path = "/members", tag = "access",
    responses((status = 200, body = Members), Problems))]
pub(crate) async fn list_members(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
) -> Result<Json<Members>, Problem> {
    let partner = &caller.partner;
    let store = &portal.operations.store;
    let known = store.transaction("api_members", |tx| Box::pin(members::list(tx, partner))).await?;
    Ok(Json(Members { members: known.into_iter().map(OneMember::from).collect() }))
}

/// Somebody who is to be let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    /// As the identity provider verifies it.
    email: String,
    /// viewer, editor or admin.
    role: String,
}

/// A member who was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedMember {
    member_id: String,
}

/// Lets in whoever signs in with this address.
#[utoipa::path(post, path = "/members", tag = "access", request_body = NewMember,
    responses((status = 201, body = AddedMember), Problems))]
pub(crate) async fn add_member(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    Body(new): Body<NewMember>,
) -> Result<(StatusCode, Json<AddedMember>), Problem> {
    let role = role(&new.role)?;
    let acting = portal.operations.by(&caller.actor);
    let member = acting.add_member(&caller.partner, &new.email, role).await?;
    Ok((StatusCode::CREATED, Json(AddedMember { member_id: member.to_string() })))
}

/// Lets a member in no more, signed in or not. The last admin stays: 409.
#[utoipa::path(delete, path = "/members/{member}", tag = "access", params(("member" = String, Path)),
    responses((status = 204), Problems))]
pub(crate) async fn remove_member(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    Path((_, member)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let member = MemberId::parse(&member).map_err(|_| Problem::NotFound)?;
    let_out(portal.operations.by(&caller.actor).remove_member(&caller.partner, member).await?)
}

/// The partner's tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The newest first, also the revoked.
    tokens: Vec<Token>,
}

/// The partner's tokens.
#[utoipa::path(get, path = "/tokens", tag = "access",
    responses((status = 200, body = Tokens), Problems))]
pub(crate) async fn list_tokens(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
) -> Result<Json<Tokens>, Problem> {
    let partner = &caller.partner;
    let store = &portal.operations.store;
    let known = store.transaction("api_tokens", |tx| Box::pin(tokens::list(tx, partner))).await?;
    Ok(Json(Tokens { tokens: known.into_iter().map(Token::from).collect() }))
}

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Who or what uses it: 1 to 100 characters.
    name: String,
    /// viewer, editor or admin.
    role: String,
    /// For how many days it lets somebody in: 1 to 365; 90 where nothing is said.
    days: Option<u16>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    token_id: String,
    /// What lets in. It is told this once, and only its hash is kept.
    token: String,
    /// When its time is over.
    expires_at: Timestamp,
}

/// Makes a token. An `Idempotency-Key` says nothing here: an answer that is remembered would be a secret that is kept.
#[utoipa::path(post, path = "/tokens", tag = "access", request_body = NewToken,
    responses((status = 201, body = MadeToken), Problems))]
pub(crate) async fn make_token(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let role = role(&new.role)?;
    let form = TokenForm { name: &new.name, role, days: new.days.unwrap_or(TOKEN_DAYS) };
    let made = portal.operations.by(&caller.actor).make_token(&caller.partner, form).await?;
    let made = MadeToken {
        token_id: made.token.to_string(),
        token: made.secret.expose_secret().to_owned(),
        expires_at: made.expires_at,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a token; whoever is signed in by it is signed out. The last admin's stays: 409.
#[utoipa::path(delete, path = "/tokens/{token}", tag = "access", params(("token" = String, Path)),
    responses((status = 204), Problems))]
pub(crate) async fn revoke_token(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    Path((_, token)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let token = TokenId::parse(&token).map_err(|_| Problem::NotFound)?;
    let_out(portal.operations.by(&caller.actor).revoke_token(&caller.partner, token).await?)
}

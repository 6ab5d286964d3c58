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
            NotLetIn::Days => mistake("days", "out_of_range"),
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

/// The partner's members.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    /// Ordered by email address.
    members: Vec<OneMember>,
}

/// A person who may sign in through the identity provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct OneMember {
    member_id: String,
    /// Email address, in lower case.
    email: String,
    /// `viewer`, `editor` or `admin`.
    role: &'static str,
    /// Whether the person has signed in yet.
    has_signed_in: bool,
    added_at: Timestamp,
    /// Name of the person, token or operator who added the member.
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

/// Lists the partner's members.
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

/// A member to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    /// Email address as verified by the identity provider. Upper and lower case are the same.
    email: String,
    /// `viewer`, `editor` or `admin`.
    role: String,
}

/// The member added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedMember {
    member_id: String,
}

/// Adds a member: the person who signs in with this address gets access.
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

/// Removes a member, signed in or not.
///
/// 409 if no other admin would remain. Only admin tokens valid for more than 7 days and admins who have signed in
/// before count.
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
    /// Newest first, including revoked ones.
    tokens: Vec<Token>,
}

/// Lists the partner's tokens.
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

/// A token to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// User or purpose of the token, 1 to 100 characters.
    name: String,
    /// `viewer`, `editor` or `admin`.
    role: String,
    /// Days until the token expires, 1 to 365. Default 90.
    days: Option<u16>,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    token_id: String,
    /// The secret. It is returned only here; only its hash is stored.
    token: String,
    /// When the token expires.
    expires_at: Timestamp,
}

/// Creates a token.
///
/// `Idempotency-Key` is ignored: a stored response would be a stored secret.
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

/// Revokes a token and signs out its sessions.
///
/// 409 if no other admin would remain. Only admin tokens valid for more than 7 days and admins who have signed in
/// before count. 404 for a token of the provider: only the operator can revoke it.
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

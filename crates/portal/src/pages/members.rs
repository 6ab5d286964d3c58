//! The people who may come in by the identity provider: part of the page of who may come in.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{MemberId, Role};
use operations::access::NotLetIn;
use serde::Deserialize;

use crate::{
    Portal,
    failure::Failure,
    forms::Posted,
    pages::{access, page},
    said::Said,
    visit::Confirmed,
    words,
};

/// Somebody who is to be let in.
#[derive(Deserialize)]
pub(crate) struct New {
    email: String,
    role: String,
}

/// Lets somebody in.
pub(crate) async fn add(
    State(portal): State<Portal>,
    Confirmed(visit): Confirmed,
    Posted(New { email, role }): Posted<New>,
) -> Result<Response, Failure> {
    let role = Role::parse(&role)
        .filter(|role| role.may_see())
        .ok_or_else(|| Failure::Form("no role".to_owned()))?;
    let partner = &visit.partner;
    let words = words::Access::of(visit.language);
    let mistake = match portal.operations.by(&visit.actor).add_member(partner, &email, role).await {
        Ok(_) => return Ok(Redirect::to(&Said::Saved.at(partner, "access")).into_response()),
        Err(NotLetIn::Store(error)) => return Err(error.into()),
        Err(NotLetIn::Known) => words.email_known,
        Err(NotLetIn::NoAddress | NotLetIn::NoName | NotLetIn::Days) => words.email_wrong,
    };
    let again = access::with_member_mistake(&portal, &visit, &email, mistake).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)).into_response())
}

/// A member who is not to be let in any more.
#[derive(Deserialize)]
pub(crate) struct Remove {
    member: String,
}

/// Takes one away, signed in or not; the last admin stays.
pub(crate) async fn remove(
    State(portal): State<Portal>,
    Confirmed(visit): Confirmed,
    Posted(Remove { member }): Posted<Remove>,
) -> Result<Redirect, Failure> {
    let member = MemberId::parse(&member).map_err(|_| Failure::NotFound)?;
    let came = portal.operations.by(&visit.actor).remove_member(&visit.partner, member).await?;
    access::let_out(&visit, came)
}

//! The people with access by the identity provider: part of the access page.

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

/// The form for a new member.
#[derive(Deserialize)]
pub(crate) struct New {
    email: String,
    role: String,
}

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

/// The member to remove.
#[derive(Deserialize)]
pub(crate) struct Remove {
    member: String,
}

/// Removes a member, signed in or not; the last administrator stays.
pub(crate) async fn remove(
    State(portal): State<Portal>,
    Confirmed(visit): Confirmed,
    Posted(Remove { member }): Posted<Remove>,
) -> Result<Redirect, Failure> {
    let member = MemberId::parse(&member).map_err(|_| Failure::NotFound)?;
    let came = portal.operations.by(&visit.actor).remove_member(&visit.partner, member).await?;
    access::let_out(&visit, came)
}

//! Access: the partner's members and its access tokens. A new token is shown once; only its hash is stored.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{Role, TokenId};
use jiff::Timestamp;
use operations::access::{LetOut, MAX_TOKEN_DAYS, NotLetIn, TOKEN_DAYS, TokenForm};
use serde::Deserialize;
use store::{
    StoreError,
    access::{
        members::{self, Member},
        tokens::{self, ApiToken},
    },
    settings::{self, Zones},
};

use crate::{
    Portal,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    pages::{confirm, page},
    said::Said,
    shown,
    visit::{Administering, Confirmed, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "access.html")]
pub(super) struct Access {
    frame: Frame,
    words: &'static words::Access,
    members_explained: String,
    members: Vec<MemberRow>,
    email: String,
    member_mistake: Option<&'static str>,
    rows: Vec<Row>,
    made: Option<String>,
    name: String,
    mistake: Option<&'static str>,
    /// The link to confirm the identity; `None` once confirmed.
    confirm: Option<confirm::ConfirmNotice>,
    days: Vec<(u16, bool)>,
}

/// The lifetimes on offer, in days.
const DAYS: [u16; 4] = [30, TOKEN_DAYS, 180, MAX_TOKEN_DAYS];

struct Row {
    id: String,
    name: String,
    role: &'static str,
    made: String,
    by: String,
    last_used: String,
    ends: String,
    /// Why it no longer grants access.
    over: Option<String>,
}

impl Access {
    fn days_of(&self, days: &u16) -> String {
        fill(self.words.days_of, &[("days", days)])
    }
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Administering(visit): Administering,
) -> Result<Response, Failure> {
    let mut page_of = page_of(&portal, &visit).await?;
    if !visit.person.may_see_keys(portal.operations.clock.now()) {
        page_of.confirm = Some(confirm::ConfirmNotice::of_access(&visit));
    }
    Ok(page(&page_of))
}

async fn page_of(portal: &Portal, visit: &Visit) -> Result<Access, Failure> {
    let partner = &visit.partner;
    let read = portal
        .operations
        .store
        .transaction("portal_access", |tx| {
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                Ok::<_, StoreError>(Some((
                    zones,
                    members::list(tx, partner).await?,
                    tokens::list(tx, partner).await?,
                )))
            })
        })
        .await?;
    let (zones, members, known) = read.ok_or(Failure::NotFound)?;
    let words = words::Access::of(visit.language);
    let now = portal.operations.clock.now();
    Ok(Access {
        frame: visit.frame(portal, Place::Access),
        words,
        members_explained: portal.identity_provider.as_ref().map_or_else(
            || words.no_provider.to_owned(),
            |provider| fill(words.members_explained, &[("provider", &provider.name())]),
        ),
        members: members.iter().map(|member| member_row(member, &zones, words, visit.language)).collect(),
        email: String::new(),
        member_mistake: None,
        rows: known.iter().map(|token| row(token, &zones, words, (visit.language, now))).collect(),
        made: None,
        name: String::new(),
        mistake: None,
        confirm: None,
        days: DAYS.map(|days| (days, days == TOKEN_DAYS)).into(),
    })
}

/// The page again, with the error for the member to add.
pub(super) async fn with_member_mistake(
    portal: &Portal,
    visit: &Visit,
    email: &str,
    mistake: &'static str,
) -> Result<Access, Failure> {
    let page = page_of(portal, visit).await?;
    Ok(Access { email: email.to_owned(), member_mistake: Some(mistake), ..page })
}

fn row(
    token: &ApiToken,
    zones: &Zones,
    words: &words::Access,
    (language, now): (advice::Language, Timestamp),
) -> Row {
    let instant = |at| shown::instant(at, &zones.shown, language);
    Row {
        id: token.token.to_string(),
        name: token.name.clone(),
        role: token.role.as_str(),
        made: instant(token.created_at),
        by: token.created_by.clone(),
        last_used: token.last_used_at.map_or_else(|| words.never.to_owned(), instant),
        ends: instant(token.expires_at),
        over: match token.revoked_at {
            Some(at) => Some(fill(words.revoked, &[("when", &instant(at))])),
            None => (token.expires_at <= now).then(|| words.over.to_owned()),
        },
    }
}

/// The form for a new token.
#[derive(Deserialize)]
pub(crate) struct New {
    name: String,
    role: String,
    days: u16,
}

/// Creates a token and shows it this once.
pub(crate) async fn make(
    State(portal): State<Portal>,
    Confirmed(visit): Confirmed,
    Posted(New { name, role, days }): Posted<New>,
) -> Result<Response, Failure> {
    let role = Role::parse(&role)
        .filter(|role| role.may_see())
        .ok_or_else(|| Failure::Form("no role".to_owned()))?;
    let form = TokenForm { name: &name, role, days };
    let made = match portal.operations.by(&visit.actor).make_token(&visit.partner, form).await {
        Ok(made) => Some(made.secret.expose_secret().to_owned()),
        Err(NotLetIn::Store(error)) => return Err(error.into()),
        // The page offers no other lifetimes.
        Err(error @ NotLetIn::Days) => return Err(Failure::Form(error.to_string())),
        Err(NotLetIn::NoName | NotLetIn::NoAddress | NotLetIn::Known) => None,
    };
    let mut page_of = page_of(&portal, &visit).await?;
    if made.is_none() {
        (page_of.name, page_of.mistake) = (name, Some(page_of.words.name_missing));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response());
    }
    page_of.made = made;
    Ok(page(&page_of))
}

/// The token to revoke.
#[derive(Deserialize)]
pub(crate) struct Revoke {
    token: String,
}

/// Revokes a token; its sessions are signed out. The last administrator's token stays.
pub(crate) async fn revoke(
    State(portal): State<Portal>,
    Confirmed(visit): Confirmed,
    Posted(Revoke { token }): Posted<Revoke>,
) -> Result<Redirect, Failure> {
    let token = TokenId::parse(&token).map_err(|_| Failure::NotFound)?;
    let came = portal.operations.by(&visit.actor).revoke_token(&visit.partner, token).await?;
    let_out(&visit, came)
}

/// Redirects to the page, which shows the outcome.
pub(super) fn let_out(visit: &Visit, came: LetOut) -> Result<Redirect, Failure> {
    let said = match came {
        LetOut::Done => Said::Saved,
        LetOut::LastAdmin => Said::LastAdmin,
        LetOut::Unknown => return Err(Failure::NotFound),
    };
    Ok(Redirect::to(&said.at(&visit.partner, "access")))
}

/// A member, as the page shows it.
struct MemberRow {
    id: String,
    email: String,
    role: &'static str,
    added: String,
    by: String,
    signed_in: &'static str,
}

fn member_row(
    member: &Member,
    zones: &Zones,
    words: &words::Access,
    language: advice::Language,
) -> MemberRow {
    MemberRow {
        id: member.member.to_string(),
        email: member.email.clone(),
        role: member.role.as_str(),
        added: shown::instant(member.added_at, &zones.shown, language),
        by: member.added_by.clone(),
        signed_in: if member.has_signed_in { words.was_here } else { words.not_yet },
    }
}

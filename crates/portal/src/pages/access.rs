//! Who may come in: the partner's access tokens. A new one is shown once; only its hash is kept.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{Role, TokenId};
use serde::Deserialize;
use store::{
    StoreError,
    access::tokens::{self, ApiToken, NewToken},
    settings::{self, Zones},
};
use vault::Token;

use crate::{
    Portal,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    pages::page,
    said::Said,
    shown,
    visit::{Administering, Visit},
    words::{self, fill},
};

/// The longest name of a token.
const NAME: usize = 100;

#[derive(Template)]
#[template(path = "access.html")]
struct Access {
    frame: Frame,
    words: &'static words::Access,
    rows: Vec<Row>,
    made: Option<String>,
    name: String,
    mistake: Option<&'static str>,
}

struct Row {
    id: String,
    name: String,
    role: &'static str,
    made: String,
    by: String,
    last_used: String,
    revoked: Option<String>,
}

/// The page.
pub(crate) async fn show(
    State(portal): State<Portal>,
    Administering(visit): Administering,
) -> Result<Response, Failure> {
    Ok(page(&page_of(&portal, &visit).await?))
}

async fn page_of(portal: &Portal, visit: &Visit) -> Result<Access, Failure> {
    let partner = &visit.partner;
    let read = portal
        .operations
        .store
        .transaction("portal_access", |tx| {
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                Ok::<_, StoreError>(Some((zones, tokens::list(tx, partner).await?)))
            })
        })
        .await?;
    let (zones, known) = read.ok_or(Failure::NotFound)?;
    let words = words::Access::of(visit.language);
    Ok(Access {
        frame: visit.frame(portal, Place::Access),
        words,
        rows: known.iter().map(|token| row(token, &zones, words, visit.language)).collect(),
        made: None,
        name: String::new(),
        mistake: None,
    })
}

fn row(token: &ApiToken, zones: &Zones, words: &words::Access, language: advice::Language) -> Row {
    let instant = |at| shown::instant(at, &zones.shown, language);
    Row {
        id: token.token.to_string(),
        name: token.name.clone(),
        role: token.role.as_str(),
        made: instant(token.created_at),
        by: token.created_by.clone(),
        last_used: token.last_used_at.map_or_else(|| words.never.to_owned(), instant),
        revoked: token.revoked_at.map(|at| fill(words.revoked, &[("when", &instant(at))])),
    }
}

/// A token that is to be made.
#[derive(Deserialize)]
pub(crate) struct New {
    name: String,
    role: String,
}

/// Makes one, and shows it this once.
pub(crate) async fn make(
    State(portal): State<Portal>,
    Administering(visit): Administering,
    Posted(New { name, role }): Posted<New>,
) -> Result<Response, Failure> {
    let role = Role::parse(&role).ok_or_else(|| Failure::Form("no role".to_owned()))?;
    let name: String = name.trim().chars().take(NAME).collect();
    if name.is_empty() {
        let mut page_of = page_of(&portal, &visit).await?;
        page_of.mistake = Some(page_of.words.name_missing);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response());
    }
    let (partner, by, now) = (&visit.partner, &visit.person.name, portal.operations.clock.now());
    let entropy = &portal.operations.entropy;
    let id = TokenId(entropy.uuid(now));
    let secret = Token::generate(|bytes| entropy.fill(bytes));
    let new = NewToken { token: id, partner, name: &name, role, hash: &secret.hash(), by };
    portal.operations.store.transaction("portal_token", |tx| Box::pin(tokens::mint(tx, &new, now))).await?;
    tracing::info!(%partner, token = %id, role = role.as_str(), by, "a token was made");
    let mut page_of = page_of(&portal, &visit).await?;
    page_of.made = Some(secret.expose_secret().to_owned());
    Ok(page(&page_of))
}

/// A token that is to let nobody in any more.
#[derive(Deserialize)]
pub(crate) struct Revoke {
    token: String,
}

/// Revokes one; whoever is signed in by it is signed out.
pub(crate) async fn revoke(
    State(portal): State<Portal>,
    Administering(visit): Administering,
    Posted(Revoke { token }): Posted<Revoke>,
) -> Result<Redirect, Failure> {
    let token = TokenId::parse(&token).map_err(|_| Failure::NotFound)?;
    let (partner, now) = (&visit.partner, portal.operations.clock.now());
    let store = &portal.operations.store;
    let found =
        store.transaction("portal_revoke", |tx| Box::pin(tokens::revoke(tx, partner, token, now))).await?;
    if !found {
        return Err(Failure::NotFound);
    }
    tracing::info!(%partner, %token, by = visit.person.name, "a token was revoked");
    Ok(Redirect::to(&Said::Saved.at(partner, "access")))
}

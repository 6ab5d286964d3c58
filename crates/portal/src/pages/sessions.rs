//! A person's own sessions: lists and ends them.

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::SecurityEventKind;
use operations::acting::Kept;
use serde::Deserialize;
use serde_json::json;
use store::{
    StoreError,
    access::sessions::{self, Ending, Session},
    settings::{self, Zones},
};

use crate::{
    Portal,
    client_address::ClientAddress,
    failure::Failure,
    forms::Posted,
    frame::Frame,
    language::Spoken,
    pages::page,
    session::{self, Person},
    shown,
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions {
    frame: Frame,
    words: &'static words::Sessions,
    explained: String,
    rows: Vec<Row>,
    has_others: bool,
}

struct Row {
    id: String,
    begun: String,
    seen: String,
    address: String,
    browser: String,
    is_this: bool,
    end_of: String,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Spoken(language): Spoken,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let person = signed_in(&portal, &headers).await?;
    let (words, zones) = (words::Sessions::of(language), zones(&portal, &person).await?);
    let all = session::all_of(&portal, &person).await?;
    let own = person.session();
    let rows: Vec<Row> = all.iter().map(|one| row(one, &own, words, &zones, language)).collect();
    Ok(page(&Sessions {
        has_others: rows.iter().any(|row| !row.is_this),
        explained: fill(words.explained, &[("name", &person.name)]),
        frame: Frame::around(language, "/sessions".to_owned(), Some(&person)),
        words,
        rows,
    }))
}

async fn signed_in(portal: &Portal, headers: &HeaderMap) -> Result<Person, Failure> {
    let person = session::find(portal, headers).await?;
    person.ok_or_else(|| Failure::NotSignedIn { next: "/sessions".to_owned() })
}

/// The time zone of the page: the first partner's.
async fn zones(portal: &Portal, person: &Person) -> Result<Zones, Failure> {
    let first = person.partners.first().ok_or(Failure::NotFound)?;
    let (store, partner) = (&portal.operations.store, &first.partner);
    let read = store.transaction("sessions_zone", |tx| Box::pin(settings::zones(tx, partner))).await?;
    read.ok_or(Failure::NotFound)
}

fn row(
    one: &Session,
    own: &[u8; 32],
    words: &words::Sessions,
    zones: &Zones,
    language: advice::Language,
) -> Row {
    let begun = shown::instant(one.created_at, &zones.shown, language);
    let unknown = || words.unknown.to_owned();
    Row {
        id: hexadecimal(&one.hash),
        end_of: fill(words.end_of, &[("when", &begun)]),
        begun,
        seen: shown::instant(one.last_seen_at, &zones.shown, language),
        address: one.address.map_or_else(unknown, |address| address.to_string()),
        browser: one.browser.clone().unwrap_or_else(unknown),
        is_this: one.hash == *own,
    }
}

fn hexadecimal(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The session to end.
#[derive(Deserialize)]
pub(crate) struct End {
    session: String,
}

/// Ends one session.
pub(crate) async fn end(
    State(portal): State<Portal>,
    client: ClientAddress,
    headers: HeaderMap,
    Posted(End { session }): Posted<End>,
) -> Result<Response, Failure> {
    let person = signed_in(&portal, &headers).await?;
    let all = session::all_of(&portal, &person).await?;
    // A session that is already over needs nothing.
    let Some(one) = all.iter().find(|one| hexadecimal(&one.hash) == session) else {
        return Ok(Redirect::to("/sessions").into_response());
    };
    end_those(&portal, &person, client, Ending::One(&one.hash)).await?;
    Ok(Redirect::to("/sessions").into_response())
}

/// An empty form.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// Ends all sessions except the caller's.
pub(crate) async fn end_others(
    State(portal): State<Portal>,
    client: ClientAddress,
    headers: HeaderMap,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, Failure> {
    let person = signed_in(&portal, &headers).await?;
    end_those(&portal, &person, client, Ending::AllBut(&person.session())).await?;
    Ok(Redirect::to("/sessions"))
}

async fn end_those(
    portal: &Portal,
    person: &Person,
    client: ClientAddress,
    ending: Ending<'_>,
) -> Result<(), StoreError> {
    let (by, now) = (&person.actor(client.0), portal.operations.clock.now());
    let kept = portal
        .operations
        .store
        .transaction("end_sessions", |tx| {
            Box::pin(async move {
                let ended = sessions::end_those(tx, &person.identity, ending, now).await?;
                if ended == 0 {
                    return Ok(Kept::NOTHING);
                }
                let mut event = session::came(SecurityEventKind::SessionsEnded, &person.partners);
                event.details = json!({ "sessions": ended });
                portal.operations.by(by).keep(tx, event).await
            })
        })
        .await?;
    kept.log();
    Ok(())
}

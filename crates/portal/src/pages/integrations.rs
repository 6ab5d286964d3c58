//! Integrations > Available integrations: one tile for each (S-04).

use askama::Template;
use axum::{extract::State, response::Response};
use domain::IntegrationState;
use store::settings::{self};

use crate::{
    Portal,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    visit::Visit,
    words,
};

#[derive(Template)]
#[template(path = "integrations.html")]
struct Integrations {
    frame: Frame,
    words: &'static words::Connection,
    state: &'static str,
    tone: &'static str,
}

pub(crate) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let partner = &visit.partner;
    let store = &portal.operations.store;
    let state = store.transaction("portal_state", |tx| Box::pin(settings::hold_state(tx, partner))).await?;
    let words = words::Connection::of(visit.language);
    let (state, tone) = match state {
        None => (words.not_set_up, ""),
        Some(IntegrationState::On) => (words.on, "good"),
        Some(IntegrationState::SwitchingOff) => (words.switching_off, "warn"),
        Some(IntegrationState::Off) => (words.off, ""),
    };
    Ok(page(&Integrations { frame: visit.frame(&portal, Place::Integrations), words, state, tone }))
}

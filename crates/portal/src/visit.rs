//! A visit to a partner's pages: the person, the partner and the role.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, OriginalUri, Path, Query},
    http::request::Parts,
};
use domain::{MAX_NAME, PartnerId, Role, SecurityEventKind, fit_text};
use serde_json::json;
use store::{
    StoreError,
    access::{Actor, security_events::SecurityEvent},
    settings::PartnerSettings,
};

use crate::{
    Portal,
    client_address::ClientAddress,
    failure::Failure,
    frame::{Frame, Place, Within},
    language::Spoken,
    refusals,
    said::Said,
    session::{self, Person},
};

/// A person who may see the partner in the URL. Another's partner is as unknown as one that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The visitor.
    pub person: Person,
    /// The visitor as stored with each action.
    pub actor: Actor,
    /// The partner. Every read and write is bound to it.
    pub partner: PartnerId,
    pub partner_name: String,
    /// The visitor's role for the partner.
    pub role: Role,
    pub language: advice::Language,
    /// The path and query of the URL.
    pub here: String,
    /// The outcome of the form just posted.
    said: Option<Said>,
}

impl Visit {
    /// All settings of the partner.
    pub async fn settings(&self, portal: &Portal) -> Result<PartnerSettings, Failure> {
        portal.settings_of(&self.partner).await?.ok_or(Failure::NotFound)
    }

    /// The same for pages that do not exist before the first save of the connection (S-19).
    pub async fn connected_settings(&self, portal: &Portal) -> Result<PartnerSettings, Failure> {
        let settings = self.settings(portal).await?;
        if settings.integration.is_some() { Ok(settings) } else { Err(Failure::NotFound) }
    }

    /// The path of the URL, cut to the length that is stored.
    fn path(&self) -> String {
        fit_text(self.here.split('?').next().unwrap_or_default(), MAX_NAME)
    }

    /// Records that a change of keys was refused because the identity was not confirmed recently.
    pub async fn unconfirmed(&self, portal: &Portal) -> Result<(), StoreError> {
        let kind = SecurityEventKind::ProofMissing;
        let tried = SecurityEvent::of(kind, &self.partner, self.path(), json!({}));
        refusals::keep(portal, &self.actor, tried).await
    }

    /// The failure for an action that the role does not allow. The attempt is recorded.
    async fn forbidden(&self, portal: &Portal) -> Result<Failure, Failure> {
        let tried = SecurityEvent::of(
            SecurityEventKind::RoleRefused,
            &self.partner,
            self.path(),
            json!({ "role": self.role.as_str() }),
        );
        refusals::keep(portal, &self.actor, tried).await?;
        Ok(Failure::Forbidden)
    }

    /// The frame of this visit's page.
    pub fn frame(&self, portal: &Portal, place: Place) -> Frame {
        let mut frame = Frame::around(self.language, self.here.clone(), Some(&self.person));
        frame.within = Some(Within {
            partner: self.partner.clone(),
            partner_name: self.partner_name.clone(),
            place: Some(place),
        });
        frame.may_edit = self.role.may_edit();
        frame.may_administer = self.role.may_administer();
        frame.said = self.said.map(|said| said.shown(self.language));
        frame.broker_is_away = portal.operations.bus.as_ref().is_some_and(|bus| !*bus.connected().borrow());
        frame
    }
}

impl FromRequestParts<Portal> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        // The router strips the prefix of a nested path.
        let OriginalUri(uri) = match OriginalUri::from_request_parts(parts, portal).await {
            Ok(uri) => uri,
            Err(never) => match never {},
        };
        let here = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let person = session::find(portal, &parts.headers).await?;
        let person = person.ok_or_else(|| Failure::NotSignedIn { next: here.clone() })?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, portal).await;
        let Path(path) = path.map_err(|_| Failure::NotFound)?;
        let named = path.get("partner").ok_or(Failure::NotFound)?;
        let actor = person.actor(ClientAddress::from_request_parts(parts, portal).await?.0);
        let access = person.partners.iter().find(|access| access.partner.as_str() == named).cloned();
        let Some(access) = access else {
            refusals::keep(portal, &actor, refusals::of_partner(named)).await?;
            return Err(Failure::NotFound);
        };
        let Spoken(language) = match Spoken::from_request_parts(parts, portal).await {
            Ok(spoken) => spoken,
            Err(never) => match never {},
        };
        let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
        let said = query.ok().and_then(|Query(query)| Said::parse(query.get("said")?));
        Ok(Self {
            person,
            actor,
            partner: access.partner,
            partner_name: access.name,
            role: access.role,
            language,
            here,
            said,
        })
    }
}
/// A visit of a person who may map, sync and decide.
pub(crate) struct Editing(pub Visit);

impl FromRequestParts<Portal> for Editing {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, portal).await?;
        if visit.role.may_edit() { Ok(Self(visit)) } else { Err(visit.forbidden(portal).await?) }
    }
}

/// A visit of a person who may set the connection and manage access.
pub(crate) struct Administering(pub Visit);

impl FromRequestParts<Portal> for Administering {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, portal).await?;
        if visit.role.may_administer() { Ok(Self(visit)) } else { Err(visit.forbidden(portal).await?) }
    }
}

/// The same with a recently confirmed identity: a browser left open must not be enough to grant access to others.
pub(crate) struct Confirmed(pub Visit);

impl FromRequestParts<Portal> for Confirmed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let Administering(visit) = Administering::from_request_parts(parts, portal).await?;
        if visit.person.may_send_keys(portal.operations.clock.now()) {
            return Ok(Self(visit));
        }
        visit.unconfirmed(portal).await?;
        Err(Failure::Unconfirmed)
    }
}

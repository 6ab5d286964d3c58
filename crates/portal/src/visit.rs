//! A visit to a partner's pages: who comes, to whom, as what.

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

/// Somebody who may see the partner of the address. Another's partner is as unknown as one that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Who comes.
    pub person: Person,
    /// The same, as it is kept with what it does.
    pub actor: Actor,
    /// To whom. Whatever is read or stored is bound to it.
    pub partner: PartnerId,
    /// The partner's name.
    pub partner_name: String,
    /// As what.
    pub role: Role,
    /// In which language.
    pub language: advice::Language,
    /// The path and query of the address.
    pub here: String,
    /// What came of what was just posted.
    said: Option<Said>,
}

impl Visit {
    /// Everything that the partner has set.
    pub async fn settings(&self, portal: &Portal) -> Result<PartnerSettings, Failure> {
        portal.settings_of(&self.partner).await?.ok_or(Failure::NotFound)
    }

    /// The same for pages that are not there before the first save of the connection (S-19).
    pub async fn connected_settings(&self, portal: &Portal) -> Result<PartnerSettings, Failure> {
        let settings = self.settings(portal).await?;
        if settings.integration.is_some() { Ok(settings) } else { Err(Failure::NotFound) }
    }

    /// The path of the address, no longer than what is kept may be.
    fn path(&self) -> String {
        fit_text(self.here.split('?').next().unwrap_or_default(), MAX_NAME)
    }

    /// That somebody who has not proven just before who it is was refused a change of keys.
    pub async fn unconfirmed(&self, portal: &Portal) -> Result<(), StoreError> {
        let kind = SecurityEventKind::ProofMissing;
        let tried = SecurityEvent::of(kind, &self.partner, self.path(), json!({}));
        refusals::keep(portal, &self.actor, tried).await
    }

    /// Why it may not do what the role does not allow; that it tried is kept.
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

    /// What stands around the page of this visit.
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
        // The router takes the prefix of a nested address away.
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
/// A visit of somebody who may map, sync and decide.
pub(crate) struct Editing(pub Visit);

impl FromRequestParts<Portal> for Editing {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, portal).await?;
        if visit.role.may_edit() { Ok(Self(visit)) } else { Err(visit.forbidden(portal).await?) }
    }
}

/// A visit of somebody who may set the connection and say who may come in.
pub(crate) struct Administering(pub Visit);

impl FromRequestParts<Portal> for Administering {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, portal).await?;
        if visit.role.may_administer() { Ok(Self(visit)) } else { Err(visit.forbidden(portal).await?) }
    }
}

/// The same of somebody who has proven just before who it is: what opens a door to others is not done by whoever finds a
/// browser open.
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

//! A visit to a partner's pages: who comes, to whom, as what.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, OriginalUri, Path},
    http::request::Parts,
};
use domain::PartnerId;

use crate::{
    Portal,
    failure::Failure,
    frame::{Frame, Place, Within},
    language::Spoken,
    session::{self, Person},
};

/// Somebody who may see the partner of the address. Another's partner is as unknown as one that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Who comes.
    pub person: Person,
    /// To whom. Whatever is read or stored is bound to it.
    pub partner: PartnerId,
    /// The partner's name.
    pub partner_name: String,
    /// In which language.
    pub language: advice::Language,
    /// The path and query of the address.
    pub here: String,
}

impl Visit {
    /// What stands around the page of this visit.
    pub fn frame(&self, portal: &Portal, place: Place) -> Frame {
        let mut frame = Frame::around(self.language, self.here.clone(), Some(&self.person));
        frame.within = Some(Within {
            partner: self.partner.clone(),
            partner_name: self.partner_name.clone(),
            place: Some(place),
        });
        frame.broker_is_away = !*portal.bus.connected().borrow();
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
        let access = person.partners.iter().find(|access| access.partner.as_str() == named);
        let access = access.ok_or(Failure::NotFound)?.clone();
        let Spoken(language) = match Spoken::from_request_parts(parts, portal).await {
            Ok(spoken) => spoken,
            Err(never) => match never {},
        };
        Ok(Self { person, partner: access.partner, partner_name: access.name, language, here })
    }
}

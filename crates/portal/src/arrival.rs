//! Reads an arrival from a request.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{Portal, client_address::ClientAddress, failure::Failure, session::Arrival};

impl FromRequestParts<Portal> for Arrival {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, portal).await?;
        Ok(Self::of(portal, address, &parts.headers))
    }
}

//! A form with a file. Like every form it must come from a page of ours that was shown to this very session.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};
use futures::stream;

use crate::{Portal, failure::Failure, forms::same_origin, session};

/// The fields of such a form. Its field `csrf` is checked and removed.
pub(crate) struct Uploaded(BTreeMap<String, Bytes>);

impl Uploaded {
    /// The bytes of a field; `None` if it is empty or absent.
    pub fn bytes(&self, name: &str) -> Option<&Bytes> {
        self.0.get(name).filter(|bytes| !bytes.is_empty())
    }

    /// The text of a field; empty if it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.bytes(name).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl FromRequest<Portal> for Uploaded {
    type Rejection = Failure;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Failure> {
        same_origin(request.headers())?;
        let person = session::find(portal, request.headers()).await?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let broken = |error: multer::Error| Failure::Form(error.to_string());
        let boundary = multer::parse_boundary(kind.unwrap_or_default()).map_err(broken)?;
        let body =
            Bytes::from_request(request, portal).await.map_err(|error| Failure::Form(error.to_string()))?;
        let mut parts = multer::Multipart::new(stream::iter([Ok::<_, std::io::Error>(body)]), boundary);
        let mut fields = BTreeMap::new();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            fields.insert(name, part.bytes().await.map_err(broken)?);
        }
        let csrf = fields.remove("csrf").unwrap_or_default();
        let csrf = std::str::from_utf8(&csrf).unwrap_or_default();
        if person.is_some_and(|person| person.is_csrf(csrf)) {
            Ok(Self(fields))
        } else {
            Err(Failure::Form("its token is not this session's".to_owned()))
        }
    }
}

//! Styles and scripts, embedded in the program and served under URLs that change with their content.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::LazyLock,
};

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: &[Asset] = &[
    Asset { name: "portal.css", kind: "text/css; charset=utf-8", text: include_str!("../assets/portal.css") },
    Asset {
        name: "portal.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/portal.js"),
    },
    Asset {
        name: "mapping.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/mapping.js"),
    },
    Asset { name: "icon.svg", kind: "image/svg+xml", text: include_str!("../assets/icon.svg") },
];

/// The URL of a file. Browsers may cache it forever.
pub(crate) fn address(name: &str) -> String {
    static VERSION: LazyLock<u64> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        ASSETS.iter().for_each(|asset| asset.text.hash(&mut hasher));
        hasher.finish()
    });
    format!("/assets/{:016x}/{name}", *VERSION)
}

/// Serves a file. An old version's URL returns the current file, so a page loaded before an update keeps working.
pub(crate) async fn serve(Path((_version, name)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.kind),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

//! The pages: each reads what it shows in one transaction, and knows how it is written.

pub(crate) mod access;
pub(crate) mod activity;
pub(crate) mod billed_month;
pub(crate) mod billing;
pub(crate) mod changes;
pub(crate) mod companies;
pub(crate) mod company;
pub(crate) mod company_mapping;
pub(crate) mod confirm;
pub(crate) mod connection;
pub(crate) mod correction;
pub(crate) mod holds;
pub(crate) mod integrations;
pub(crate) mod journal;
pub(crate) mod mapping_file;
pub(crate) mod members;
pub(crate) mod overview;
pub(crate) mod plain;
pub(crate) mod products;
pub(crate) mod schedule;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_in_openid;
pub(crate) mod start;
pub(crate) mod suggestions;
pub(crate) mod sync_now;
pub(crate) mod tabs;

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};

use crate::failure::Failure;

/// A page as it goes to the browser.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(shown(text)).into_response(),
        // Writing to memory fails only where something that is shown fails to show itself.
        Err(error) => Failure::Unavailable(format!("a template: {error}")).into_response(),
    }
}

/// The page with the numbers of characters that are not seen, or that turn the direction of writing, in their places: a name of
/// Kaseya's or the provider's may have them. What a form carries stays as it is, in tags.
fn shown(page: String) -> String {
    if !page.contains(domain::is_hidden) {
        return page;
    }
    let mut shown = String::with_capacity(page.len());
    let mut is_tag = false;
    for letter in page.chars() {
        match letter {
            '<' => is_tag = true,
            // One in an attribute is escaped.
            '>' => is_tag = false,
            _ => {}
        }
        if is_tag { shown.push(letter) } else { domain::push_shown(&mut shown, letter) }
    }
    shown
}

//! The pages. Each reads its data in one transaction and formats it.

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
mod connection_rules;
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

/// A page as the response to the browser.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(shown(text)).into_response(),
        // Rendering to memory fails only if a value fails to format itself.
        Err(error) => Failure::Unavailable(format!("a template: {error}")).into_response(),
    }
}

/// Replaces hidden characters, and those that change the direction of writing, by their numbers: a name from Kaseya
/// or the provider may contain them. Values in tags, such as those of forms, stay as they are.
fn shown(page: String) -> String {
    if !page.contains(domain::is_hidden) {
        return page;
    }
    let mut shown = String::with_capacity(page.len());
    let mut is_tag = false;
    for letter in page.chars() {
        match letter {
            '<' => is_tag = true,
            // A `>` in an attribute is escaped.
            '>' => is_tag = false,
            _ => {}
        }
        if is_tag { shown.push(letter) } else { domain::push_shown(&mut shown, letter) }
    }
    shown
}

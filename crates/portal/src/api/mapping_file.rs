//! All mappings as one file (B-08): taken out, looked at, and applied as it was shown.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderName, header},
};
use operations::mapping_file::{MAX_BYTES, NotApplied, NotLooked, Separator};
use serde::Deserialize;

use super::{
    caller::Editor,
    mapping::Leftovers,
    problem::{FieldMistake, Problem, Problems},
    request::{Params, bytes},
    shapes::Comparison,
};
use crate::Portal;

impl From<NotLooked> for Problem {
    fn from(refusal: NotLooked) -> Self {
        let mistake = |code| Self::Mistakes(vec![FieldMistake::new("", code, &refusal)]);
        match refusal {
            NotLooked::TooLarge => Self::TooLarge(MAX_BYTES),
            NotLooked::TooManyRows => mistake("too_many_rows"),
            NotLooked::NotUtf8 => mistake("not_utf8"),
            NotLooked::NoColumn(_) => mistake("no_column"),
            NotLooked::StrangeColumn(_) => mistake("strange_column"),
            NotLooked::NotConnected => Self::NotSaved(operations::not_saved::NotSaved::NotConnected),
            NotLooked::Store(error) => Self::Database(error),
        }
    }
}

impl From<NotApplied> for Problem {
    fn from(refusal: NotApplied) -> Self {
        match refusal {
            NotApplied::LookAgain(comparison) => Self::LookAgain(Box::new((*comparison).into())),
            NotApplied::NotLooked(error) => error.into(),
        }
    }
}

/// Format of the file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// `comma` or `semicolon`. Default `comma`. Files with either can be applied.
    separator: Option<String>,
}

/// Exports all mappings and billing rules as CSV.
#[utoipa::path(get, path = "/mapping-file", tag = "mapping-file", params(Written),
    responses((status = 200, body = String, content_type = "text/csv"), Problems))]
pub(crate) async fn export(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Params(Written { separator }): Params<Written>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Problem> {
    let separator = match separator.as_deref() {
        None | Some("comma") => Separator::Comma,
        Some("semicolon") => Separator::Semicolon,
        Some(_) => return Err(Problem::Query("separator: write comma or semicolon".to_owned())),
    };
    let written = portal.operations.mapping_file(&caller.partner, separator).await?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], written))
}

/// Compares a file with what is stored and shows what applying it would change.
///
/// Stores nothing.
#[utoipa::path(post, path = "/mapping-file/comparison", tag = "mapping-file",
    request_body(content = String, content_type = "text/csv"), responses((status = 200, body = Comparison), Problems))]
pub(crate) async fn compare(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    request: Request,
) -> Result<Json<Comparison>, Problem> {
    let file = bytes(request, &portal).await?;
    let compared = portal.operations.look_at_mapping_file(&caller.partner, &file).await?;
    Ok(Json(compared.into()))
}

/// What the person saw of the file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// `mark` of the comparison.
    mark: String,
    /// Confirms that the users named in the comparison are added together.
    #[serde(default)]
    add_together: bool,
}

/// Applies a file as it was shown, as a whole or not at all.
///
/// 409 with a new comparison if the file has bad rows, would change other things than shown, or adds users together
/// without `add_together`.
#[utoipa::path(put, path = "/mapping-file", tag = "mapping-file", params(Shown),
    request_body(content = String, content_type = "text/csv"), responses((status = 200, body = Leftovers), Problems))]
pub(crate) async fn apply(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Params(Shown { mark, add_together }): Params<Shown>,
    request: Request,
) -> Result<Json<Leftovers>, Problem> {
    let (file, partner) = (bytes(request, &portal).await?, &caller.partner);
    let left =
        portal.operations.by(&caller.actor).apply_mapping_file(partner, &file, &mark, add_together).await?;
    tracing::info!(%partner, by = caller.name, "a mapping file was applied");
    Ok(Json(Leftovers::of(&portal, partner, left).await?))
}

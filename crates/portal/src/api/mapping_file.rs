//! All mappings as one file (B-08): taken out, looked at, and applied as it was shown.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderName, header},
};
use operations::mapping_file::{self as file, MAX_BYTES, NotApplied, NotLooked, Separator};
use serde::{Deserialize, Serialize};
use store::settings::{CompanyMapping, ProductBilling, ProductMapping};
use utoipa::ToSchema;

use super::{
    caller::Editor,
    companies::Mapping,
    company::Rule,
    mapping::{Left, Leftovers, NotYetKnown},
    problem::{FieldMistake, Problem, Problems},
    products::Service,
    request::{Asked, bytes},
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

/// How the file is to be written.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// comma or semicolon; comma where nothing is said. Both are read.
    separator: Option<String>,
}

/// All mappings and billing rules.
#[utoipa::path(get, path = "/mapping-file", tag = "mapping-file", params(Written),
    responses((status = 200, body = String, content_type = "text/csv"), Problems))]
pub(crate) async fn export(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Asked(Written { separator }): Asked<Written>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Problem> {
    let separator = match separator.as_deref() {
        None | Some("comma") => Separator::Comma,
        Some("semicolon") => Separator::Semicolon,
        Some(_) => return Err(Problem::Query("separator: write comma or semicolon".to_owned())),
    };
    let written = portal.operations.mapping_file(&caller.partner, separator).await?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], written))
}

/// A file beside what is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    /// Stands for the differences: with it the file is applied.
    mark: String,
    /// Rows that cannot be taken. With any of them the file is not applied.
    bad_rows: Vec<BadRow>,
    /// What the file changes.
    differences: Vec<Difference>,
    /// Companies whose users would be added together on one line and are not yet.
    companies_together: Vec<Vec<String>>,
    /// Products that would be one service and are not yet.
    products_together: Vec<String>,
    /// Ids that the file brings in and Kaseya has never shown: a sync finds out whether they are right.
    not_yet_known: NotYetKnown,
    /// Lines that would be left over: each is asked about by a hold. None are told of while there are bad rows.
    left_over: Vec<Left>,
}

/// A row that cannot be taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BadRow {
    /// Its number in a spreadsheet: the first row, which names the columns, is 1.
    line: u64,
    /// The column by its name in the first row.
    column: &'static str,
    /// What is wrong, and what belongs there.
    detail: String,
}

/// What a file changes: null where there is or would be none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "about", rename_all = "snake_case")]
pub(crate) enum Difference {
    /// A product's service.
    Product { product_id: String, from: Option<Service>, to: Option<Service> },
    /// A company's account and contracts.
    Company { company_id: String, from: Option<Mapping>, to: Option<Mapping> },
    /// The billing rule of a company's product.
    Billing { company_id: String, product_id: String, from: Option<Rule>, to: Option<Rule> },
}

impl From<file::Difference> for Difference {
    fn from(difference: file::Difference) -> Self {
        let service = |mapping: Option<ProductMapping>| mapping.map(Service::from);
        let mapping = |mapping: Option<CompanyMapping>| mapping.map(Mapping::from);
        match difference {
            file::Difference::Product { product, from, to } => {
                Self::Product { product_id: product.to_string(), from: service(from), to: service(to) }
            }
            file::Difference::Company { company, from, to } => {
                Self::Company { company_id: company.to_string(), from: mapping(from), to: mapping(to) }
            }
            file::Difference::Billing { company, product, from, to } => {
                let rule = |rule: Option<ProductBilling>| rule.map(|rule| Rule::of((product.clone(), rule)));
                let (from, to) = (rule(from), rule(to));
                Self::Billing { company_id: company.to_string(), product_id: product.to_string(), from, to }
            }
        }
    }
}

impl From<file::Comparison> for Comparison {
    fn from(compared: file::Comparison) -> Self {
        let mark = compared.mark();
        let bad = compared.bad.into_iter().map(|row| BadRow {
            line: row.line,
            column: row.column,
            detail: row.wrong.to_string(),
        });
        let together = compared.companies_together.iter();
        Self {
            mark,
            bad_rows: bad.collect(),
            differences: compared.differences.into_iter().map(Difference::from).collect(),
            companies_together: together.map(|ids| ids.iter().map(ToString::to_string).collect()).collect(),
            products_together: compared.products_together.iter().map(ToString::to_string).collect(),
            not_yet_known: NotYetKnown::of(compared.not_yet_known),
            left_over: compared.leftovers.into_iter().map(Left::from).collect(),
        }
    }
}

/// Looks at a file: what it would change, found by the way of applying it. Nothing is stored.
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

/// What was shown of the file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// The `mark` of the comparison.
    mark: String,
    /// Whether those users are to be added together that the comparison names.
    #[serde(default)]
    add_together: bool,
}

/// Applies a file as it was shown, in whole or not at all. Where it has bad rows, is not as it was shown by now, or users
/// would be added together unasked, the answer is a 409 with the comparison as it is now.
#[utoipa::path(put, path = "/mapping-file", tag = "mapping-file", params(Shown),
    request_body(content = String, content_type = "text/csv"), responses((status = 200, body = Leftovers), Problems))]
pub(crate) async fn apply(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Asked(Shown { mark, add_together }): Asked<Shown>,
    request: Request,
) -> Result<Json<Leftovers>, Problem> {
    let (file, partner) = (bytes(request, &portal).await?, &caller.partner);
    let left =
        portal.operations.by(&caller.actor).apply_mapping_file(partner, &file, &mark, add_together).await?;
    tracing::info!(%partner, by = caller.name, "a mapping file was applied");
    Ok(Json(Leftovers::of(&portal, partner, left).await?))
}

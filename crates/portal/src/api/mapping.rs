//! Which account and contract a company is billed on (S-34 to S-38, S-43), one by one or many at once.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
};
use domain::{AccountId, CompanyId, ContractId, PartnerId, ProductId};
use operations::{
    company_mapping::{CompanyEdit, MappingForm},
    leftovers::Leftover,
    read_models::{Left, NotYetKnown},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Editor,
    problem::{self, Problem, Problems},
    request::{Body, company_id},
};
use crate::Portal;

/// An account or contract with its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// Id in Kaseya, 1 to 2147483647.
    id: i32,
    /// Name in Kaseya, at most 500 characters. Refused if Kaseya has shown another name for the id (MAP-05).
    name: String,
}

/// Account and contracts of a company.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMapping {
    /// Account in Kaseya. Required.
    account: Option<Named>,
    /// Contract of all products without a contract of their own. Required.
    contract: Option<Named>,
    /// Products with a contract of their own in the account, by product id.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Named>)]
    product_contracts: BTreeMap<ProductId, Named>,
}

impl From<NewMapping> for MappingForm {
    fn from(new: NewMapping) -> Self {
        let contract = |named: Named| (ContractId(named.id), named.name);
        Self {
            account: new.account.map(|named| (AccountId(named.id), named.name)),
            contract: new.contract.map(contract),
            product_contracts: new
                .product_contracts
                .into_iter()
                .map(|(product, named)| (product, contract(named)))
                .collect(),
        }
    }
}

/// An edit of a company's mapping.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCompanyMapping {
    mapping: NewMapping,
    /// Confirms that the company's users are added to those of other companies on the same line. Without it such an
    /// edit fails with `add-companies-together`.
    #[serde(default)]
    add_together: bool,
}

/// Lines left over by an edit, and ids that Kaseya has never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct Leftovers {
    /// Lines to which nothing is mapped any more. Each has a hold: approve it to set the line to 0, dismiss it to
    /// leave the line as it is.
    left_over: Vec<Left>,
    /// Ids in the partner's mappings that Kaseya has never shown. They are saved, but nothing is sent for such an
    /// id until a sync has found it in Kaseya under its name (MAP-05).
    not_yet_known: NotYetKnown,
}

impl Leftovers {
    /// What is said of mappings that were just saved.
    pub async fn of(portal: &Portal, partner: &PartnerId, left: Vec<Leftover>) -> Result<Self, Problem> {
        let unknown = portal.operations.never_shown(partner, None).await?;
        Ok(Self {
            left_over: left.into_iter().map(Left::from).collect(),
            not_yet_known: NotYetKnown::of(unknown),
        })
    }
}

/// The version that the caller was shown, by `If-Match`; none where there was no mapping.
fn shown(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(tag) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version = tag.to_str().ok().and_then(|tag| tag.trim().trim_matches('"').parse::<u32>().ok());
    let version = version.ok_or(Problem::Header(header::IF_MATCH))?;
    Ok((version != 0).then_some(version))
}

/// Maps a company.
///
/// `If-Match` names the version of the mapping to edit, as in the company's `ETag`. Without it the company must not
/// be mapped yet. 412 if the mapping has another version by now; nothing is saved then.
#[utoipa::path(put, path = "/companies/{company}/mapping", tag = "companies",
    params(("company" = String, Path), ("If-Match" = Option<String>, Header)), request_body = NewCompanyMapping,
    responses((status = 200, body = Leftovers), Problems))]
pub(crate) async fn save(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    headers: HeaderMap,
    Path((_, company)): Path<(String, String)>,
    Body(new): Body<NewCompanyMapping>,
) -> Result<Json<Leftovers>, Problem> {
    let edit = CompanyEdit {
        company: company_id(company)?,
        shown: shown(&headers)?,
        mapping: Some(new.mapping.into()),
        add_together: new.add_together,
    };
    let left = portal.operations.by(&caller.actor).save_company_mapping(&caller.partner, edit).await?;
    Ok(Json(Leftovers::of(&portal, &caller.partner, left).await?))
}

/// Removes a company's mapping.
///
/// `If-Match` as for saving. Lines left over in Kaseya are held for a person.
#[utoipa::path(delete, path = "/companies/{company}/mapping", tag = "companies",
    params(("company" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = Leftovers), Problems))]
pub(crate) async fn remove(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    headers: HeaderMap,
    Path((_, company)): Path<(String, String)>,
) -> Result<Json<Leftovers>, Problem> {
    let edit = CompanyEdit {
        company: company_id(company)?,
        shown: shown(&headers)?,
        mapping: None,
        add_together: false,
    };
    let left = portal.operations.by(&caller.actor).save_company_mapping(&caller.partner, edit).await?;
    Ok(Json(Leftovers::of(&portal, &caller.partner, left).await?))
}

/// Edits of several companies.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCompanyMappings {
    companies: Vec<Edit>,
}

/// An edit of one company's mapping.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    #[schema(value_type = String)]
    company_id: CompanyId,
    /// Version of the mapping to edit. Left out if the company is not mapped.
    version: Option<u32>,
    /// New mapping. Null removes the mapping.
    mapping: Option<NewMapping>,
    /// Confirms that the company's users are added to those of other companies on the same line. Without it such an
    /// edit fails with `add-companies-together`.
    #[serde(default)]
    add_together: bool,
}

/// Result of several edits.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedMappings {
    /// Number of edits saved.
    saved: usize,
    /// Edits that were not saved.
    refused: Vec<RefusedEdit>,
    #[serde(flatten)]
    leftovers: Leftovers,
}

/// An edit that was not saved.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedEdit {
    /// Position in the list, from 0.
    row: usize,
    company_id: String,
    problem: problem::Document,
}

/// Maps several companies.
///
/// Each valid edit is saved; a refused edit does not stop the others.
#[utoipa::path(post, path = "/company-mappings", tag = "companies", request_body = NewCompanyMappings,
    responses((status = 200, body = SavedMappings), Problems))]
pub(crate) async fn save_many(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Body(new): Body<NewCompanyMappings>,
) -> Result<Json<SavedMappings>, Problem> {
    let edits = new.companies.into_iter().map(|edit| CompanyEdit {
        company: edit.company_id,
        shown: edit.version,
        mapping: edit.mapping.map(MappingForm::from),
        add_together: edit.add_together,
    });
    let edits: Vec<CompanyEdit> = edits.collect();
    let saved = portal.operations.by(&caller.actor).save_company_mappings(&caller.partner, &edits).await?;
    let refused: Vec<RefusedEdit> = saved
        .refused
        .into_iter()
        .map(|(row, refusal)| RefusedEdit {
            row,
            company_id: edits.get(row).map_or_else(String::new, |edit| edit.company.to_string()),
            problem: problem::refused(refusal),
        })
        .collect();
    let leftovers = Leftovers::of(&portal, &caller.partner, saved.leftovers).await?;
    Ok(Json(SavedMappings { saved: edits.len() - refused.len(), refused, leftovers }))
}

//! One company: how it stands, what to do where something is wrong (S-41, S-42), and its billing rules (B-05).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, header},
};
use domain::{Month, ProductId};
use jiff::civil::Date;
use operations::{
    Advising,
    read_models::{AdvisedStatus, Mapping},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    counts::{
        Users,
        billed_month::{self, Charges},
        senders,
    },
    settings, statuses,
};
use utoipa::ToSchema;

use super::{
    caller::{Caller, Editor, settings_of},
    problem::{Problem, Problems},
    request::{Body, company_id, language},
    senders::{ChargesSource, NumberSource, ReportSource, by_product},
    shapes::Rule,
};
use crate::Portal;

/// A company with its status on each contract, its billing rules and its counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneCompany {
    company_id: String,
    name: String,
    /// Closing day: from this day on its wanted units are 0. Null if it has none.
    closed_from: Option<Date>,
    /// Account and contracts. Null if not mapped.
    mapping: Option<Mapping>,
    /// What all user numbers count: `users` (active users) or `licences` (assigned licences).
    count_basis: &'static str,
    /// Billing rules of its products. A product without a rule is billed as counted.
    billing_rules: Vec<Rule>,
    /// Status per contract.
    contracts: Vec<AdvisedStatus>,
    /// Newest complete report of its users, with the counts that are sent. Null before the first.
    newest_report: Option<ReportSource>,
    /// Frozen counts of last month, by product. Null if none was frozen. A product's count is null if it could not
    /// be taken.
    #[schema(value_type = Option<BTreeMap<String, Option<u32>>>)]
    last_month: Option<BTreeMap<ProductId, Option<u32>>>,
    /// Source of each of these counts, by product. A count without a known source is absent.
    #[schema(value_type = BTreeMap<String, NumberSource>)]
    last_month_sources: BTreeMap<ProductId, NumberSource>,
    /// Users the provider charges for last month, by product. Null if the provider has not sent its charges.
    #[schema(value_type = Option<BTreeMap<String, u32>>)]
    charged: Option<BTreeMap<ProductId, u32>>,
    /// Sender of the charges. Null if they were not sent.
    charged_source: Option<ChargesSource>,
}

type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

/// Shows a company: its status on each contract, and what to do about errors.
///
/// The `ETag` is the version of its mapping, 0 if it has none.
#[utoipa::path(get, path = "/companies/{company}", tag = "companies",
    params(("company" = String, Path), ("Accept-Language" = Option<String>, Header, description = "en or it.")),
    responses((status = 200, body = OneCompany), Problems))]
pub(crate) async fn show(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
    Path((_, company)): Path<(String, String)>,
) -> Result<Tagged<OneCompany>, Problem> {
    let company = company_id(company)?;
    let (partner, now, language) = (&caller.partner, portal.operations.clock.now(), language(&headers));
    let read = portal
        .operations
        .store
        .transaction("api_company", |tx| {
            let company = &company;
            Box::pin(async move {
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let statuses = statuses::company(tx, &settings, company, now).await?;
                let advising = Advising::read(tx, &settings, now).await?;
                let contracts: Vec<AdvisedStatus> = statuses
                    .into_iter()
                    .map(|status| AdvisedStatus::of(status, &advising, language))
                    .collect();
                let month = Month::last(now, &settings.count_zone);
                let billed = billed_month::read(tx, partner, &[company.as_str()], month).await?;
                let newest = senders::newest(tx, partner, company).await?;
                let frozen = senders::of_frozen(tx, partner, company, month).await?;
                let told = senders::of_charges(tx, partner, month).await?;
                Ok::<_, StoreError>(Some((settings, contracts, billed, (newest, frozen, told))))
            })
        })
        .await?;
    let (mut settings, contracts, mut billed, (newest, frozen, told)) = read.ok_or(Problem::NotFound)?;
    let known = settings.companies.remove(&company).ok_or(Problem::NotFound)?;
    let version = known.mapping.as_ref().map_or(0, |mapping| mapping.version);
    let document = OneCompany {
        charged: billed.charged_for(&company).map(|Charges(users)| users),
        newest_report: newest.map(ReportSource::from),
        last_month_sources: by_product(frozen),
        charged_source: told.map(ChargesSource::from),
        last_month: billed.frozen.remove(&company).map(|Users(users)| users),
        company_id: company.to_string(),
        name: known.name,
        closed_from: known.closed_from,
        mapping: known.mapping.map(Mapping::from),
        count_basis: settings.count_basis.as_str(),
        billing_rules: known.billing_rules.into_iter().map(Rule::of).collect(),
        contracts,
    };
    Ok(([(header::ETAG, format!("\"{version}\""))], Json(document)))
}

/// Billing rules of a company's products.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BillingRules {
    /// Products that are not listed keep their rule.
    rules: Vec<Rule>,
}

/// Saves billing rules of a company and returns all its rules.
#[utoipa::path(patch, path = "/companies/{company}/billing-rules", tag = "companies", params(("company" = String, Path)),
    request_body = BillingRules, responses((status = 200, body = BillingRules), Problems))]
pub(crate) async fn save_billing_rules(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Path((_, company)): Path<(String, String)>,
    Body(new): Body<BillingRules>,
) -> Result<Json<BillingRules>, Problem> {
    let company = company_id(company)?;
    let rules = new.rules.into_iter().map(Rule::form).collect();
    portal.operations.by(&caller.actor).save_billing_rules(&caller.partner, &company, &rules).await?;
    let mut settings = settings_of(&portal, &caller.partner).await?;
    let known = settings.companies.remove(&company).ok_or(Problem::NotFound)?;
    let rules = known.billing_rules.into_iter().map(Rule::of).collect();
    Ok(Json(BillingRules { rules }))
}

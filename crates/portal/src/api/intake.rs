//! What the provider tells: companies, products, user counts and charges. Each call is taken in whole or not at all, and by
//! a token of the provider alone.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use domain::ReportId;
use jiff::{Timestamp, civil::Date};
use messages::v1;
use operations::{
    charges::ChargeRow,
    frozen_counts::CorrectionForm,
    intake::{CompanyRow, NotTaken, ProductRow, ReportForm},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    counts::{reports, senders},
};
use utoipa::ToSchema;

use super::{
    caller::{AnyCaller, Editor, Reporter},
    problem::{FieldMistake, Problem, Problems},
    request::Body,
    senders::SentBy,
};
use crate::Portal;

impl From<NotTaken> for Problem {
    fn from(refusal: NotTaken) -> Self {
        match refusal {
            NotTaken::Mistakes(mistakes) => Self::Mistakes(
                mistakes
                    .into_iter()
                    .map(|mistake| FieldMistake::new(mistake.field, "unusable", mistake.fix))
                    .collect(),
            ),
            used @ NotTaken::UsedReport(_) => Self::UsedReport(used.to_string()),
            NotTaken::NoBus => Self::Broker(None),
            NotTaken::Publish(error) => Self::Broker(Some(error)),
            NotTaken::Store(error) => Self::Database(error),
        }
    }
}

/// Number of rows stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct Taken {
    rows: usize,
}

/// Companies, as the provider has them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedCompanies {
    companies: Vec<AnnouncedCompany>,
}

/// A company, as the provider has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedCompany {
    /// The provider's id, 1 to 100 characters.
    company_id: String,
    /// 1 to 200 characters.
    name: String,
    /// Closing day: from this day on its wanted units are 0. If left out, the company is open.
    closed_from: Option<Date>,
}

/// Stores companies.
///
/// New companies are not mapped; known ones get the new name and closing day and keep their mapping. One mistake in
/// one row refuses all rows; all mistakes are listed.
#[utoipa::path(put, path = "/companies", tag = "intake", operation_id = "companies", request_body = AnnouncedCompanies,
    responses((status = 200, body = Taken), Problems))]
pub(crate) async fn take_companies(
    State(portal): State<Portal>,
    Reporter(caller): Reporter,
    Body(AnnouncedCompanies { companies }): Body<AnnouncedCompanies>,
) -> Result<Json<Taken>, Problem> {
    let rows = companies.len();
    let row = |announced: AnnouncedCompany| CompanyRow {
        company: announced.company_id,
        name: announced.name,
        closed_from: announced.closed_from,
    };
    let companies = companies.into_iter().map(row).collect();
    portal.operations.take_companies(&caller.partner, companies).await?;
    Ok(Json(Taken { rows }))
}

/// Products, as the provider has them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedProducts {
    products: Vec<AnnouncedProduct>,
}

/// A product, as the provider has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedProduct {
    /// The provider's id, 1 to 100 characters.
    product_id: String,
    /// 1 to 200 characters.
    name: String,
}

/// Stores products.
///
/// New products are not mapped; known ones get the new name and keep their mapping. One mistake in one row refuses
/// all rows; all mistakes are listed.
#[utoipa::path(put, path = "/products", tag = "intake", operation_id = "products", request_body = AnnouncedProducts,
    responses((status = 200, body = Taken), Problems))]
pub(crate) async fn take_products(
    State(portal): State<Portal>,
    Reporter(caller): Reporter,
    Body(AnnouncedProducts { products }): Body<AnnouncedProducts>,
) -> Result<Json<Taken>, Problem> {
    let rows = products.len();
    let row =
        |announced: AnnouncedProduct| ProductRow { product: announced.product_id, name: announced.name };
    portal.operations.take_products(&caller.partner, products.into_iter().map(row).collect()).await?;
    Ok(Json(Taken { rows }))
}

/// All charges of the provider for a month.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportedCharges {
    /// Each company and product charged, once; at least one. Anything not listed is charged nothing.
    charges: Vec<ReportedCharge>,
}

/// The provider's charge for a product at a company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportedCharge {
    company_id: String,
    product_id: String,
    /// Users charged, 0 to 10000000.
    users: u32,
}

/// Stores the provider's charges for a past month and replaces those sent before.
///
/// They are shown next to the month's frozen count and affect no units. One mistake in one row refuses all rows;
/// all mistakes are listed.
#[utoipa::path(put, path = "/charges/{month}", tag = "intake", operation_id = "charges",
    params(("month" = String, Path, description = "Such as 2026-10.")), request_body = ReportedCharges,
    responses((status = 200, body = Taken), Problems))]
pub(crate) async fn take_charges(
    State(portal): State<Portal>,
    Reporter(caller): Reporter,
    Path((_, month)): Path<(String, String)>,
    Body(ReportedCharges { charges }): Body<ReportedCharges>,
) -> Result<Json<Taken>, Problem> {
    let rows = charges.len();
    let row = |announced: ReportedCharge| ChargeRow {
        company: announced.company_id,
        product: announced.product_id,
        users: announced.users,
    };
    portal
        .operations
        .take_charges(&caller.partner, &month, charges.into_iter().map(row).collect(), &caller.name)
        .await?;
    Ok(Json(Taken { rows }))
}

/// A report of user counts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// Day counted, in the provider's time zone.
    day: Date,
    /// Instant of the count. Of two reports for one day, the one counted later applies.
    counted_at: Timestamp,
    /// Whether the provider will not change this day's counts any more.
    #[serde(rename = "final")]
    is_final: bool,
    /// Each company counted, once; at least one.
    companies: Vec<Counts>,
}

/// The counts of a company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    company_id: String,
    /// Name of the company. If left out, the stored name stays.
    name: Option<String>,
    /// Each product once. A product that is not listed counts 0.
    products: Vec<Count>,
}

/// The count of a product at a company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Count {
    product_id: String,
    /// Name of the product. If left out, the stored name stays.
    name: Option<String>,
    /// Users counted, 0 to 10000000. Null if the count could not be taken; null never means 0. The field is
    /// required either way.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    users: Option<u32>,
    /// What was counted. Required unless `users` is null.
    basis: Option<Basis>,
}

/// What a count counts.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Basis {
    /// Active users, without those pending approval.
    Users,
    /// Assigned licences.
    Licences,
}

impl From<Counts> for v1::CompanyCounts {
    fn from(counts: Counts) -> Self {
        let products = counts.products.into_iter().map(|count| v1::ProductCount {
            product_id: count.product_id,
            product_name: count.name,
            users: count.users,
            basis: match count.basis {
                None => v1::CountBasis::Unspecified,
                Some(Basis::Users) => v1::CountBasis::Users,
                Some(Basis::Licences) => v1::CountBasis::Licences,
            }
            .into(),
        });
        Self { company_id: counts.company_id, company_name: counts.name, products: products.collect() }
    }
}

/// State of a report.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportStanding {
    report_id: String,
    /// Whether all parts have arrived. Only then the report counts.
    complete: bool,
    /// Each sender of the parts received, once. Empty if none was recorded.
    sent_by: Vec<SentBy>,
}

/// Passes a report of user counts on to the scheduler.
///
/// One mistake in one row refuses the whole report; all mistakes are listed. The same report may be sent again;
/// other counts need a report id of their own.
#[utoipa::path(put, path = "/user-counts/{report}", tag = "intake", operation_id = "user_counts",
    params(("report" = String, Path, description = "Chosen by the provider, 1 to 100 characters.")), request_body = Report,
    responses((status = 202, body = ReportStanding), Problems))]
pub(crate) async fn report(
    State(portal): State<Portal>,
    Reporter(caller): Reporter,
    Path((_, report)): Path<(String, String)>,
    Body(announced): Body<Report>,
) -> Result<(StatusCode, Json<ReportStanding>), Problem> {
    let form = ReportForm {
        report: report.clone(),
        day: announced.day,
        counted_at: announced.counted_at,
        is_final: announced.is_final,
        companies: announced.companies.into_iter().map(v1::CompanyCounts::from).collect(),
    };
    portal.operations.report_counts(&caller.partner, form, &caller.name).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(ReportStanding { report_id: report, complete: false, sent_by: Vec::new() }),
    ))
}

/// Shows whether all parts of a report have arrived.
#[utoipa::path(get, path = "/user-counts/{report}", tag = "intake", operation_id = "user_counts_standing",
    params(("report" = String, Path)), responses((status = 200, body = ReportStanding), Problems))]
pub(crate) async fn standing(
    State(portal): State<Portal>,
    AnyCaller(caller): AnyCaller,
    Path((_, report)): Path<(String, String)>,
) -> Result<Json<ReportStanding>, Problem> {
    let id = ReportId::new(&*report).map_err(|_| Problem::NotFound)?;
    let partner = &caller.partner;
    let (complete, senders) = portal
        .operations
        .store
        .transaction("api_report", |tx| {
            let id = &id;
            Box::pin(async move {
                let complete = reports::is_complete(tx, partner, id).await?;
                Ok::<_, StoreError>((complete, senders::senders(tx, partner, id).await?))
            })
        })
        .await?;
    let sent_by = senders.into_iter().map(SentBy::from).collect();
    Ok(Json(ReportStanding { report_id: report, complete, sent_by }))
}

/// A correction of a frozen count.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCorrection {
    company_id: String,
    product_id: String,
    /// Users to count for the month's last day, 0 to 10000000.
    users: u32,
    /// 1 to 200 characters. Shown next to the number, with the token's name.
    reason: String,
}

/// Corrects one count of a frozen month.
///
/// The correction is a row of its own with its reason. It is pushed like the frozen count, through the brakes,
/// until the month's invoice is made.
#[utoipa::path(post, path = "/frozen-counts/{month}", tag = "intake", operation_id = "correct_frozen_count",
    params(("month" = String, Path, description = "Such as 2026-10.")), request_body = NewCorrection,
    responses((status = 200, body = Taken), Problems))]
pub(crate) async fn correct(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Path((_, month)): Path<(String, String)>,
    Body(new): Body<NewCorrection>,
) -> Result<Json<Taken>, Problem> {
    let NewCorrection { company_id: company, product_id: product, users, reason } = new;
    let form = CorrectionForm { month, company, product, users, reason, by: caller.name };
    portal.operations.by(&caller.actor).correct_count(&caller.partner, form).await?;
    Ok(Json(Taken { rows: 1 }))
}

//! What the provider sends: companies, products and user counts.
//!
//! Each request is stored as a whole or not at all: one mistake in one row refuses all rows, and all mistakes are
//! named.

use std::collections::BTreeSet;

use bus::{Outgoing, PublishError, Queue, TraceContext, topology::MAX_MESSAGE_BYTES};
use domain::{CompanyId, PartnerId, ProductId, check_count_time};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use messages::{
    FieldError,
    field::{self, wire_instant},
    inbound::{CompanyCounts, CountsReport},
    v1,
};
use store::{
    StoreError,
    counts::{
        intake::{self, AnnouncedCompany, AnnouncedProduct},
        reports::{self, ReportHead},
    },
    settings,
};

use crate::Operations;

/// Bytes reserved in a message for everything but its companies.
const HEAD_BYTES: usize = 4 * 1024;

/// A company as the provider sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyRow {
    /// The company's id.
    pub company: String,
    /// The company's name.
    pub name: String,
    /// From this day on the company's wanted units are 0.
    pub closed_from: Option<Date>,
}

/// A product as the provider sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// The product's id.
    pub product: String,
    /// The product's name.
    pub name: String,
}

/// A report of user counts as the provider sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportForm {
    /// The report's id, chosen by the provider.
    pub report: String,
    /// The day counted, in the provider's time zone.
    pub day: Date,
    /// When the users were counted.
    pub counted_at: Timestamp,
    /// Whether the provider will not change this day's counts any more.
    pub is_final: bool,
    /// Each company with its counts.
    pub companies: Vec<v1::CompanyCounts>,
}

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// All mistakes, each with the path of its field, e.g. `companies[3].name`.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Mistakes(Vec<FieldError>),
    /// A report with this id came in before with other content.
    #[error(
        "report {0} came in before with another day, instant or other counts: send the same again, or give other counts an id \
         of their own"
    )]
    UsedReport(String),
    /// No bus to pass a report on.
    #[error("there is no bus")]
    NoBus,
    /// The bus did not accept all parts of a report. Sending the same report again completes it.
    #[error("the report is not passed on: {0}")]
    Publish(#[from] PublishError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operations {
    /// Stores companies. Known companies get the new name and closing day and keep their mappings.
    pub async fn take_companies(&self, partner: &PartnerId, rows: Vec<CompanyRow>) -> Result<(), NotTaken> {
        let companies = &each_once(
            "companies",
            rows,
            |announced: &AnnouncedCompany| announced.company.to_string(),
            |row| {
                Ok(AnnouncedCompany {
                    company: field::id("company_id", CompanyId::new(row.company))?,
                    name: field::text("name", row.name)?,
                    closed_from: row.closed_from,
                })
            },
        )?;
        self.store
            .transaction("take_companies", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    Ok(intake::store_companies(tx, partner, companies).await?)
                })
            })
            .await
    }

    /// Stores products. Known products get the new name and keep their mappings.
    pub async fn take_products(&self, partner: &PartnerId, rows: Vec<ProductRow>) -> Result<(), NotTaken> {
        let products = &each_once(
            "products",
            rows,
            |announced: &AnnouncedProduct| announced.product.to_string(),
            |row| {
                Ok(AnnouncedProduct {
                    product: field::id("product_id", ProductId::new(row.product))?,
                    name: field::text("name", row.name)?,
                })
            },
        )?;
        self.store
            .transaction("take_products", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    Ok(intake::store_products(tx, partner, products).await?)
                })
            })
            .await
    }

    /// Passes a report on to the scheduler, in as many parts as it needs, in the form of the provider's own
    /// messages. `by` is the name of the token that sent it.
    pub async fn report_counts(
        &self,
        partner: &PartnerId,
        form: ReportForm,
        by: &str,
    ) -> Result<(), NotTaken> {
        let now = self.clock.now();
        let bus = self.bus.as_ref().ok_or(NotTaken::NoBus)?;
        let zone = self
            .store
            .transaction("count_zone", |tx| Box::pin(settings::count_zone(tx, partner)))
            .await?
            .ok_or(StoreError::NoRow)?;
        let parts = parts(partner, form, &zone, now)?;
        self.hand_in(partner, &parts, by).await?;
        for part in &parts {
            let outgoing = Outgoing::new(self.entropy.uuid(now), TraceContext::default(), part);
            bus.publish(Queue::Counts, outgoing).await?;
        }
        Ok(())
    }

    /// Refuses a report if a report with its id came in before with other content; otherwise records who sent it.
    /// If two come at the same time, the scheduler tells them apart.
    async fn hand_in(
        &self,
        partner: &PartnerId,
        parts: &[v1::UserCountsReported],
        by: &str,
    ) -> Result<(), NotTaken> {
        let checked: Result<Vec<CountsReport>, FieldError> =
            parts.iter().map(|part| CountsReport::try_from(part.clone())).collect();
        let checked = checked.map_err(|mistake| NotTaken::Mistakes(vec![mistake]))?;
        let Some(first) = checked.first() else { return Ok(()) };
        let now = self.clock.now();
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let head = &ReportHead {
            report: first.report.clone(),
            day: first.day,
            counted_at: first.counted_at,
            is_final: first.is_final,
            parts: number(first.parts),
            from_file: false,
        };
        let contents: Vec<(i32, String)> =
            checked.iter().map(|part| (number(part.part), part.content())).collect();
        let contents = &contents.iter().map(|(part, content)| (*part, content.as_str())).collect::<Vec<_>>();
        let is_used = self
            .store
            .transaction("hand_in_report", |tx| {
                Box::pin(async move {
                    if reports::is_used_otherwise(tx, partner, head, contents).await? {
                        return Ok(true);
                    }
                    reports::hand_in(tx, partner, head, contents, by, now).await.map(|()| false)
                })
            })
            .await?;
        if is_used { Err(NotTaken::UsedReport(first.report.to_string())) } else { Ok(()) }
    }
}

/// Refuses an invalid name. In a provider's message the name is cleaned instead, since the sender waits for no
/// reply.
fn check_names(row: &v1::CompanyCounts) -> Result<(), FieldError> {
    let check = |name: &Option<String>| match name {
        Some(name) if !name.trim().is_empty() => field::text("name", name.clone()).map(drop),
        _ => Ok(()),
    };
    check(&row.company_name)?;
    row.products.iter().enumerate().try_for_each(|(number, count)| {
        check(&count.product_name).map_err(|error| error.within(&format!("products[{number}]")))
    })
}

/// The messages of a report.
fn parts(
    partner: &PartnerId,
    form: ReportForm,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Vec<v1::UserCountsReported>, NotTaken> {
    let head = v1::UserCountsReported {
        partner_id: partner.to_string(),
        report_id: form.report,
        day: form.day.to_string(),
        counted_at: Some(wire_instant(form.counted_at)),
        part: Some(1),
        parts: Some(1),
        r#final: Some(form.is_final),
        companies: Vec::new(),
    };
    // The scheduler checks this again: it gets messages from other senders too.
    let checked = CountsReport::try_from(head.clone()).and_then(|head| {
        check_count_time(head.day, head.counted_at, zone, now)
            .map_err(|error| FieldError::new(error.field(), error.to_string()))
    });
    let mut mistakes: Vec<FieldError> = checked.err().into_iter().collect();
    if form.companies.is_empty() {
        mistakes.push(FieldError::new("companies", "it is empty; a report counts at least one company"));
    }
    let checked = each_once(
        "companies",
        form.companies,
        |(company, _): &(CompanyId, _)| company.to_string(),
        |row| {
            check_names(&row)?;
            let counts = CompanyCounts::try_from(row.clone())?;
            let length = serde_json::to_vec(&row).map_or(usize::MAX, |text| text.len());
            if length > MAX_MESSAGE_BYTES - HEAD_BYTES {
                return Err(FieldError::new("products", "there are too many of them"));
            }
            Ok((counts.company, (row, length)))
        },
    );
    let companies = match checked {
        Ok(companies) if mistakes.is_empty() => companies,
        Ok(_) => return Err(NotTaken::Mistakes(mistakes)),
        Err(NotTaken::Mistakes(more)) => {
            mistakes.extend(more);
            return Err(NotTaken::Mistakes(mistakes));
        }
        Err(other) => return Err(other),
    };
    let mut slices: Vec<Vec<v1::CompanyCounts>> = Vec::new();
    let mut room = 0;
    for (_, (row, length)) in companies {
        // Plus the comma after it.
        let length = length + 1;
        match slices.last_mut().filter(|_| length <= room) {
            Some(slice) => slice.push(row),
            None => {
                room = MAX_MESSAGE_BYTES - HEAD_BYTES;
                slices.push(vec![row]);
            }
        }
        room = room.saturating_sub(length);
    }
    let all = u32::try_from(slices.len()).unwrap_or(u32::MAX);
    let part = |(part, companies)| v1::UserCountsReported {
        part: Some(part),
        parts: Some(all),
        companies,
        ..head.clone()
    };
    Ok((1..).zip(slices).map(part).collect())
}

/// Checks each row and refuses a repeated id. All mistakes are named.
pub(crate) fn each_once<R, T>(
    list: &str,
    rows: Vec<R>,
    id: impl Fn(&T) -> String,
    check: impl Fn(R) -> Result<T, FieldError>,
) -> Result<Vec<T>, NotTaken> {
    let (mut seen, mut checked, mut mistakes) = (BTreeSet::new(), Vec::with_capacity(rows.len()), Vec::new());
    for (number, row) in rows.into_iter().enumerate() {
        let path = format!("{list}[{number}]");
        match check(row) {
            Ok(row) => {
                if !seen.insert(id(&row)) {
                    let twice = format!("{} is listed twice; list it once", id(&row));
                    mistakes.push(FieldError::new(&*path, twice));
                }
                checked.push(row);
            }
            Err(error) => mistakes.push(error.within(&path)),
        }
    }
    if mistakes.is_empty() { Ok(checked) } else { Err(NotTaken::Mistakes(mistakes)) }
}

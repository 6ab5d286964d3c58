//! What the provider tells: companies, products, and user counts.
//!
//! Each call is taken in whole or not at all: with one mistake in one row nothing is, and all mistakes are named.

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
        intake::{self, ToldCompany, ToldProduct},
        reports::{self, ReportHead},
    },
    settings,
};

use crate::Operations;

/// What a message has beside its companies.
const HEAD_BYTES: usize = 4 * 1024;

/// A company as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyRow {
    /// Its id.
    pub company: String,
    /// Its name.
    pub name: String,
    /// From this day on its wanted units are 0.
    pub closed_from: Option<Date>,
}

/// A product as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// Its id.
    pub product: String,
    /// Its name.
    pub name: String,
}

/// A report of user counts as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportForm {
    /// Its id, chosen by the provider.
    pub report: String,
    /// The day that was counted, in the provider's zone.
    pub day: Date,
    /// The instant of counting.
    pub counted_at: Timestamp,
    /// Whether the provider will not change this day's counts any more.
    pub is_final: bool,
    /// Each company with its counts.
    pub companies: Vec<v1::CompanyCounts>,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// All mistakes, each with the way to its field, such as `companies[3].name`.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Mistakes(Vec<FieldError>),
    /// The report's id came in before with other content.
    #[error(
        "report {0} came in before with another day, instant or other counts: send the same again, or give other counts an id \
         of their own"
    )]
    UsedReport(String),
    /// There is no bus to pass a report on.
    #[error("there is no bus")]
    NoBus,
    /// The bus did not take all parts of a report. The same again completes it.
    #[error("the report is not passed on: {0}")]
    Publish(#[from] PublishError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operations {
    /// Takes companies in; those that are known get name and closing day, and keep their mappings.
    pub async fn take_companies(&self, partner: &PartnerId, rows: Vec<CompanyRow>) -> Result<(), NotTaken> {
        let companies = &each_once(
            "companies",
            rows,
            |told: &ToldCompany| told.company.to_string(),
            |row| {
                Ok(ToldCompany {
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

    /// Takes products in; those that are known get their names, and keep their mappings.
    pub async fn take_products(&self, partner: &PartnerId, rows: Vec<ProductRow>) -> Result<(), NotTaken> {
        let products = &each_once(
            "products",
            rows,
            |told: &ToldProduct| told.product.to_string(),
            |row| {
                Ok(ToldProduct {
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

    /// Passes a report on to the scheduler, as the provider's own messages come to it, in as many parts as it needs. `by` is
    /// the name of the token that sent it.
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

    /// Refuses a report whose id came in before with other content, and notes who sends any other. Two at once are told apart
    /// by the scheduler.
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

/// Refuses a name that no name may be. In a message of the provider's it is made fit instead: nobody waits for its answer.
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
    // The scheduler checks the same once more: messages come to it from others too.
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
        // With the comma behind it.
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

/// Checks each row and refuses a second one of the same id; all mistakes are named.
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

//! The companies' status as a spreadsheet file: a row per company, contract and product.

use advice::{Advice, Language};
use domain::{Month, PartnerId};
use jiff::Timestamp;
use store::{
    StoreError, Transaction, settings,
    statuses::{
        CompanyStatus,
        listing::{self, ListedCompany, Query},
    },
};

use crate::{
    Advising, Operations,
    read_models::{ProductStatus, Status},
    spreadsheet::{Cells, marked},
};

const COLUMNS: [&str; 32] = [
    "company_id",
    "name",
    "account_id",
    "account",
    "contract_id",
    "contract",
    "state",
    "said",
    "code",
    "explained",
    "remarked",
    "kaseya_says",
    "last_sync",
    "last_change",
    "deferred_until",
    "product_id",
    "product_state",
    "product_code",
    "users",
    "billed",
    "count_day",
    "from_units",
    "to_units",
    "effective_date",
    "last_month",
    "charged",
    "trace_id",
    "ready",
    "not_ready",
    "evidence",
    "evidence_at",
    "count_basis",
];

impl Operations {
    /// The companies that a query finds, from its page on. Pages are read one by one in one transaction, so the
    /// file shows one moment. `None` if the partner does not exist.
    pub async fn status_sheet(
        &self,
        partner: &PartnerId,
        query: &Query<'_>,
        language: Language,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let now = self.clock.now();
        let read = self.store.transaction("status_sheet", |tx| {
            Box::pin(async move { rows(tx, partner, query, now, language).await })
        });
        Ok(read.await?.map(|(cells, rows)| cells.file(COLUMNS, rows)))
    }
}

type Row = [String; COLUMNS.len()];

async fn rows(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    query: &Query<'_>,
    now: Timestamp,
    language: Language,
) -> Result<Option<(Cells, Vec<Row>)>, StoreError> {
    let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
    let advising = Advising::read(tx, &settings, now).await?;
    let last_month = Month::last(now, &settings.count_zone);
    let cells = Cells { language, zone: settings.zone().clone() };
    let (mut rows, mut offset) = (Vec::new(), query.offset);
    loop {
        let query = Query { offset, ..*query };
        let page = listing::page(tx, partner, &query, last_month, now).await?;
        rows.extend(page.companies.iter().flat_map(|company| rows_of(company, &advising, &cells)));
        offset = offset.saturating_add(query.size);
        if offset >= page.counts.of(query.filter) {
            return Ok(Some((cells, rows)));
        }
    }
}

fn rows_of(company: &ListedCompany, advising: &Advising<'_>, cells: &Cells) -> Vec<Row> {
    let mut rows = Vec::new();
    for status in &company.statuses {
        let shown = Status::from(status.clone());
        let of_product = |product| row(company, (status, &shown), product, advising, cells);
        if shown.products.is_empty() {
            rows.push(of_product(None));
        }
        rows.extend(shown.products.iter().map(|product| of_product(Some(product))));
    }
    rows
}

fn row(
    company: &ListedCompany,
    (status, shown): (&CompanyStatus, &Status),
    product: Option<&ProductStatus>,
    advising: &Advising<'_>,
    cells: &Cells,
) -> Row {
    let language = cells.language;
    let instant = |at: Option<Timestamp>| at.map(|at| cells.instant(at)).unwrap_or_default();
    fn text(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let id = |id: Option<i32>| text(id);
    let name = |name: Option<&String>| name.map(|name| marked(name)).unwrap_or_default();
    let last_month = product.zip(company.last_month.as_ref());
    let charged = product.zip(company.charged.as_ref());
    let explained: Vec<String> =
        advising.alone(status, language).into_iter().map(|Advice { brief, .. }| brief).collect();
    [
        marked(status.company.as_str()),
        marked(&status.name),
        id(status.account.as_ref().map(|(account, _)| account.0)),
        name(status.account.as_ref().map(|(_, name)| name)),
        id(shown.contract_id),
        name(shown.contract.as_ref()),
        shown.state.to_owned(),
        marked(&advising.state(status, language)),
        text(shown.code),
        marked(&explained.join(" ")),
        marked(&advising.remarks(status, language).join(" ")),
        name(shown.kaseya_says.as_ref()),
        instant(shown.last_sync),
        instant(shown.last_change),
        instant(shown.deferred_until),
        name(product.map(|product| &product.product_id)),
        text(product.map(|product| &product.state)),
        text(product.and_then(|product| product.code.as_ref())),
        text(product.and_then(|product| product.users)),
        text(product.and_then(|product| product.billed)),
        text(product.and_then(|product| product.count_day)),
        text(product.and_then(|product| product.from_units).map(|units| cells.number(units))),
        text(product.and_then(|product| product.to_units)),
        text(product.and_then(|product| product.effective_date)),
        text(last_month.and_then(|(product, users)| users.with(&product.product_id))),
        text(charged.map(|(product, charges)| charges.with(&product.product_id))),
        text(shown.trace_id.as_ref()),
        if company.not_ready.is_none() { "yes" } else { "no" }.to_owned(),
        text(company.not_ready),
        text(shown.evidence),
        instant(shown.evidence_at),
        text(product.map(|_| advising.count_basis())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_models::{AdvisedStatus, Company, StatusRow, fields};

    /// Columns of one row's product begin with `product_` where the company's status has a field of the same name.
    #[test]
    fn a_column_has_the_name_of_its_field() {
        let of_row = [
            fields::<StatusRow>(),
            fields::<AdvisedStatus>(),
            fields::<Status>(),
            fields::<Company>(),
            fields::<ProductStatus>(),
        ]
        .concat();
        // Whether `not_ready` is empty, the advice in brief, and what a list of companies says once.
        let other = ["ready", "explained", "count_basis"];
        for column in COLUMNS.iter().filter(|column| !other.contains(column)) {
            let of_product = column.strip_prefix("product_").unwrap_or(column);
            let is_named = |field: &String| field == column || field == of_product;
            assert!(of_row.iter().any(is_named), "{column}: {of_row:?}");
        }
    }
}

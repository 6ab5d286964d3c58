//! The companies' status as a spreadsheet file: a row per company, contract and product.

use advice::{Advice, Language};
use domain::{ErrorCode, Evidence, Month, PartnerId};
use jiff::Timestamp;
use store::{
    StoreError, Transaction, settings,
    statuses::{
        CompanyStatus,
        listing::{self, ListedCompany, Query},
        outcomes::ProductRow,
    },
};

use crate::{
    Advising, Operations,
    spreadsheet::{Cells, marked},
};

const COLUMNS: [&str; 32] = [
    "company_id",
    "company",
    "account_id",
    "account",
    "contract_id",
    "contract",
    "state",
    "said",
    "code",
    "explained",
    "remarks",
    "kaseya_says",
    "last_seen_equal",
    "last_change",
    "deferred_until",
    "product_id",
    "product_state",
    "product_code",
    "users",
    "billed_units",
    "count_day",
    "units_before",
    "units_after",
    "effective_date",
    "last_month_users",
    "charged_users",
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
        let of_status = |product| row(company, status, product, advising, cells);
        if status.products.is_empty() {
            rows.push(of_status(None));
        }
        rows.extend(status.products.iter().map(|product| of_status(Some(product))));
    }
    rows
}

fn row(
    company: &ListedCompany,
    status: &CompanyStatus,
    product: Option<&ProductRow>,
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
        id(status.contract.as_ref().map(|(contract, _)| contract.0)),
        name(status.contract.as_ref().map(|(_, name)| name)),
        status.state.as_str().to_owned(),
        marked(&advising.state(status, language)),
        text(status.code.map(ErrorCode::as_str)),
        marked(&explained.join(" ")),
        marked(&advising.remarks(status, language).join(" ")),
        name(status.kaseya_says.as_ref()),
        instant(status.last_sync),
        instant(status.last_change),
        instant(status.deferred_until),
        name(product.map(|product| &product.product)),
        text(product.map(|product| &product.state)),
        text(product.and_then(|product| product.code.as_ref())),
        text(product.and_then(|product| product.users)),
        text(product.and_then(|product| product.billed)),
        text(product.and_then(|product| product.count_day)),
        text(product.and_then(|product| product.from).map(|units| cells.number(units))),
        text(product.and_then(|product| product.to)),
        text(product.and_then(|product| product.effective)),
        text(last_month.and_then(|(product, users)| users.with(&product.product))),
        text(charged.map(|(product, charges)| charges.with(&product.product))),
        text(status.trace_id.as_ref()),
        if company.not_ready.is_none() { "yes" } else { "no" }.to_owned(),
        text(company.not_ready),
        text(status.evidence.map(Evidence::kind)),
        instant(status.evidence.map(Evidence::at)),
        text(product.map(|_| advising.count_basis())),
    ]
}

//! A partner at a glance: the state of its invoices, the money at risk, and the companies that need a person.

use domain::{IntegrationState, InvoiceDay, Month, PartnerId, ProductId};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Row, StoreError, Transaction,
    counts::incomplete_reports::{self, IncompleteReport},
    settings::{self, RefusedCredentials},
    statuses::{
        self, RunRow,
        listing::{self, Counts, Filter, ListedCompany, Query, Readiness, Sort},
    },
};

/// A partner's headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// The state of the switch; `None` before the first save.
    pub state: Option<IntegrationState>,
    /// Set while Kaseya refuses the credentials.
    pub refused: Option<RefusedCredentials>,
    /// The day of the month of the invoices; `None` before the first save.
    pub invoice_day: Option<InvoiceDay>,
    /// The number of companies by standing.
    pub companies: Counts,
    /// The number of ready companies, and the reasons of the others.
    pub readiness: Readiness,
    /// The companies that need a person, the worst first.
    pub needs_person: Vec<ListedCompany>,
    /// The number of changes that wait for a person.
    pub open_holds: u32,
    /// Products with users and without a service.
    pub unmapped_products: Vec<UnmappedProduct>,
    /// Reports with parts missing for an hour: their counts are not sent.
    pub incomplete_reports: Vec<IncompleteReport>,
    /// The money that may be missing on the next invoices.
    pub at_risk: AtRisk,
    /// The open run; `None` without one.
    pub running: Option<RunRow>,
    /// The last run that has ended; `None` without one.
    pub last: Option<RunRow>,
    /// When the schedule is due next; `None` unless the integration is on.
    pub next_run_at: Option<Timestamp>,
}

/// An incomplete report is shown after this time.
const INCOMPLETE_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Maximum number of incomplete reports shown.
const MOST_REPORTS: i64 = 5;

/// A product with users that are not billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedProduct {
    /// The product.
    pub product: ProductId,
    /// The product's name.
    pub name: String,
    /// Its users by the newest reports.
    pub users: u32,
}

/// Money, in the currency of Kaseya's prices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AtRisk {
    /// Differences between wanted and held units, at the lines' prices.
    pub money: f64,
    /// Units of such differences without a known price.
    pub units_without_price: u32,
}

/// Reads the overview, with at most this many companies that need a person.
pub async fn overview(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    most: u32,
    last_month: Month,
    now: Timestamp,
) -> Result<Overview, StoreError> {
    let worst = Query {
        search: "",
        filter: Filter::NeedsPerson,
        sort: Sort::State,
        descending: true,
        offset: 0,
        size: most,
    };
    let page = listing::page(tx, partner, &worst, last_month, now).await?;
    let sql =
        "select (select count(*) from holds where partner_id = $1 and state = 'open')::int as open_holds,
                      (select next_run_at from schedules where partner_id = $1) as next_run_at";
    let row = tx.query_one(sql, &[&partner.as_str()]).await?;
    let standing = settings::standing(tx, partner).await?;
    Ok(Overview {
        state: standing.map(|(state, ..)| state),
        refused: standing.and_then(|(_, refused, _)| refused),
        invoice_day: standing.map(|(.., invoice_day)| invoice_day),
        companies: page.counts,
        readiness: page.readiness,
        needs_person: page.companies,
        open_holds: row.number("open_holds")?,
        unmapped_products: unmapped_products(tx, partner).await?,
        incomplete_reports: incomplete_reports::incomplete(
            tx,
            partner,
            now.saturating_sub(INCOMPLETE_FOR).unwrap_or(Timestamp::MIN),
            MOST_REPORTS,
        )
        .await?,
        at_risk: at_risk(tx, partner).await?,
        running: statuses::newest_run(tx, partner, true).await?,
        last: statuses::newest_run(tx, partner, false).await?,
        // Nothing syncs by itself while it is off.
        next_run_at: match standing {
            Some((IntegrationState::On, ..)) => row.get("next_run_at")?,
            _ => None,
        },
    })
}

async fn unmapped_products(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Vec<UnmappedProduct>, StoreError> {
    let sql = "select product_id, products.name, sum(user_counts.users)::int as users
               from newest_reports
                    join user_counts using (partner_id, report_id, company_id)
                    join products using (partner_id, product_id)
                    left join product_mappings using (partner_id, product_id)
               where partner_id = $1 and service_id is null and user_counts.users > 0
               group by product_id, products.name order by users desc, product_id";
    let rows = tx.query(sql, &[&partner.as_str()]).await?;
    rows.iter()
        .map(|row| {
            Ok(UnmappedProduct {
                product: row.product_id("product_id")?,
                name: row.get("name")?,
                users: row.number("users")?,
            })
        })
        .collect()
}

/// The unsent differences, by target: the difference of a line that several companies share counts once. A held
/// change counts with its waiting number, and users of companies without a contract with the usual price of their
/// product's service.
async fn at_risk(tx: &Transaction<'_>, partner: &PartnerId) -> Result<AtRisk, StoreError> {
    let sql = "with prices as (
                   select contract_id, service_id, min(units) as units, min(unit_price) as unit_price,
                          min(charged_price) as charged_price
                   from lines where partner_id = $1 group by contract_id, service_id
               ),
               usual as (
                   select service_id, percentile_cont(0.5) within group (order by unit_price) as unit_price
                   from prices where unit_price > 0 group by service_id
               ),
               not_sent as (
                   select contract_id, (product ->> 'service')::int as service_id,
                          coalesce(max((product ->> 'to')::float8), sum((product ->> 'billed')::float8)) as wanted
                   from statuses cross join jsonb_array_elements(products) as product
                   where partner_id = $1 and state = 'not_sent' and product ->> 'state' = 'not_sent'
                     and product ? 'service'
                     and exists (select from mapped_targets
                                 where mapped_targets.partner_id = $1 and mapped_targets.company_id = statuses.company_id
                                   and mapped_targets.contract_id = statuses.contract_id)
                   group by contract_id, service_id
               ),
               missing as (
                   select abs(wanted - coalesce(prices.units, 0)) as units, coalesce(prices.unit_price, usual.unit_price) as price
                   from not_sent left join prices using (contract_id, service_id) left join usual using (service_id)
                   union all
                   select abs(to_units - from_units), coalesce(prices.unit_price, usual.unit_price)
                   from holds left join prices using (contract_id, service_id) left join usual using (service_id)
                   where partner_id = $1 and state = 'open'
                   union all
                   -- Units at a price of 0: what they were charged with before, or what others are.
                   select units, coalesce(charged_price, usual.unit_price)
                   from (select distinct contract_id, (product ->> 'service')::int as service_id
                         from statuses cross join jsonb_array_elements(products) as product
                         where partner_id = $1 and product ->> 'code' = 'PRC-01') as free
                        join prices using (contract_id, service_id) left join usual using (service_id)
                   union all
                   select user_counts.users, usual.unit_price
                   from newest_reports
                        join user_counts using (partner_id, report_id, company_id)
                        join product_mappings using (partner_id, product_id)
                        left join company_mappings using (partner_id, company_id)
                        left join usual using (service_id)
                   where partner_id = $1 and contract_id is null and user_counts.users > 0
               )
               select coalesce(sum(units * price), 0)::float8 as money,
                      coalesce(sum(units) filter (where price is null), 0)::int as units_without_price
               from missing where units > 0";
    let row: Row = tx.query_one(sql, &[&partner.as_str()]).await?;
    Ok(AtRisk { money: row.get("money")?, units_without_price: row.number("units_without_price")? })
}

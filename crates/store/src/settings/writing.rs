//! Writes a partner's settings. The caller has read them all ([`crate::settings::read`]) in the same transaction,
//! decides the versions that depend on more than one row, and holds the partner.
//!
//! Companies and products that the caller leaves out stay as they are.

use std::collections::BTreeMap;

use domain::{
    AccountId, Billing, CompanyId, ContractId, CountBasis, Frequency, Occurrence, PartnerId, ProductId,
    Schedule, ServiceId,
};
use jiff::{Timestamp, civil::Date};

use crate::{
    StoreError, Transaction, counts,
    counts::intake::{self, AnnouncedCompany, AnnouncedProduct},
    kaseya::names,
    settings::{
        ProductBilling,
        integration::{self, NewIntegration},
        start_over::start_over,
    },
};

/// A product to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// The service that it is mapped to, with its name; `None` if not mapped.
    pub service: Option<(ServiceId, String)>,
}

/// A company to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCompany {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// The first day with 0 wanted units; `None` for an open company.
    pub closed_from: Option<Date>,
    /// Its account and contract; `None` if not mapped.
    pub mapping: Option<NewCompanyMapping>,
    /// The billing rules of its products.
    pub billing_rules: BTreeMap<ProductId, ProductBilling>,
}

/// A company's account and contract to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCompanyMapping {
    /// Kaseya's account.
    pub account: AccountId,
    /// The account's name.
    pub account_name: String,
    /// The contract of all products without a contract of their own.
    pub contract: ContractId,
    /// The contract's name.
    pub contract_name: String,
    /// Products with a contract of their own, of the same account.
    pub product_contracts: BTreeMap<ProductId, (ContractId, String)>,
}

/// Locks what a partner's schedule, runs and permits depend on, until the transaction ends. Call it before reading
/// anything that is written afterwards.
pub async fn hold(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    // In the same order as when a due schedule is claimed.
    tx.execute("select from schedules where partner_id = $1 for update", &[&partner.as_str()]).await?;
    crate::jobs::runs::hold_partner(tx, partner).await?;
    tx.execute("select from integrations where partner_id = $1 for update", &[&partner.as_str()]).await?;
    Ok(())
}

/// Stores the partner itself.
pub async fn store_partner(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    name: &str,
    count_zone: &str,
) -> Result<(), StoreError> {
    let sql = "insert into partners (partner_id, name, count_zone) values ($1, $2, $3)
               on conflict (partner_id) do update set name = excluded.name, count_zone = excluded.count_zone";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &name, &count_zone]).await
}

/// Stores what the partner bills. If that changes, the sums of the counts are computed again.
pub async fn store_count_basis(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    basis: CountBasis,
) -> Result<(), StoreError> {
    let sql = "update partners set count_basis = $2 where partner_id = $1 and count_basis <> $2";
    if tx.execute(sql, &[&partner.as_str(), &basis.as_str()]).await? == 0 {
        return Ok(());
    }
    counts::sum_again(tx, partner, basis).await
}

/// Stores the integration; a new one is off. Another host, tenant or address means another Kaseya: everything known
/// of the old one is void from then on, the names of its ids too.
pub async fn store_integration(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    new: &NewIntegration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let NewIntegration { credentials, .. } = new;
    let moved = tx
        .query_opt(
            "select from integrations
             where partner_id = $1 and (host, tenant, v2_base, v1_base) is distinct from ($2, $3, $4, $5)",
            &[
                &partner.as_str(),
                &credentials.host,
                &credentials.tenant,
                &credentials.v2_base,
                &credentials.v1_base,
            ],
        )
        .await?;
    if moved.is_some() {
        start_over(tx, partner).await?;
        names::forget(tx, partner).await?;
    }
    integration::write(tx, partner, new, now).await
}

/// Stores products with their services. A product without a service is no longer mapped.
pub async fn store_products(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    products: &[NewProduct],
) -> Result<(), StoreError> {
    let announced =
        |new: &NewProduct| AnnouncedProduct { product: new.product.clone(), name: new.name.clone() };
    let announced: Vec<AnnouncedProduct> = products.iter().map(announced).collect();
    intake::store_products(tx, partner, &announced).await?;
    for product in products {
        store_product_mapping(tx, partner, &product.product, product.service.as_ref()).await?;
    }
    Ok(())
}

/// Stores the service of a product, with its name. Without a service the product is no longer mapped.
pub async fn store_product_mapping(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    product: &ProductId,
    service: Option<&(ServiceId, String)>,
) -> Result<(), StoreError> {
    let (partner, product) = (partner.as_str(), product.as_str());
    match service {
        Some((service, name)) => {
            let sql = "insert into product_mappings (partner_id, product_id, service_id, service_name)
                       values ($1, $2, $3, $4)
                       on conflict (partner_id, product_id) do update set
                           service_id = excluded.service_id, service_name = excluded.service_name";
            tx.execute_exactly(1, sql, &[&partner, &product, &service.0, name]).await
        }
        None => {
            let sql = "delete from product_mappings where partner_id = $1 and product_id = $2";
            tx.execute(sql, &[&partner, &product]).await.map(drop)
        }
    }
}

/// Stores a company, as [`intake::store_companies`] does.
pub async fn store_company(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &NewCompany,
) -> Result<(), StoreError> {
    let NewCompany { company, name, closed_from, .. } = company.clone();
    intake::store_companies(tx, partner, &[AnnouncedCompany { company, name, closed_from }]).await
}

/// Removes a company's account and contract. Its lines in Kaseya stay as they are.
pub async fn remove_mapping(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &CompanyId,
) -> Result<(), StoreError> {
    let sql = "delete from company_mappings where partner_id = $1 and company_id = $2";
    tx.execute(sql, &[&partner.as_str(), &company.as_str()]).await.map(drop)
}

/// Stores a company's mapping. If it has `moved` (another account or contract than before, not only another name),
/// its version goes up, and a job that has read the old mapping no longer writes.
pub async fn store_mapping(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &CompanyId,
    mapping: &NewCompanyMapping,
    moved: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into company_mappings as known (partner_id, company_id, account_id, account_name, contract_id,
                                                      contract_name, version, edited_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8)
               on conflict (partner_id, company_id) do update set
                   account_id = excluded.account_id, account_name = excluded.account_name,
                   contract_id = excluded.contract_id, contract_name = excluded.contract_name,
                   version = known.version + $9::boolean::int,
                   edited_at = case when $9 then excluded.edited_at else known.edited_at end";
    let (partner, id) = (partner.as_str(), company.as_str());
    tx.execute_exactly(
        1,
        sql,
        &[
            &partner,
            &id,
            &mapping.account.0,
            &mapping.account_name,
            &mapping.contract.0,
            &mapping.contract_name,
            &first_version(now),
            &now,
            &moved,
        ],
    )
    .await?;
    let sql = "delete from company_product_contracts where partner_id = $1 and company_id = $2";
    tx.execute(sql, &[&partner, &id]).await?;
    let sql = "insert into company_product_contracts (partner_id, company_id, product_id, contract_id, contract_name)
               values ($1, $2, $3, $4, $5)";
    for (product, (contract, name)) in &mapping.product_contracts {
        tx.execute_exactly(1, sql, &[&partner, &id, &product.as_str(), &contract.0, name]).await?;
    }
    Ok(())
}

/// The first version of a new mapping: seconds since 2026. It is higher than the version of a mapping removed
/// before, so that a job that has read that one is refused.
fn first_version(now: Timestamp) -> i32 {
    const BEGIN_OF_2026: i64 = 1_767_225_600;
    i32::try_from(now.as_second() - BEGIN_OF_2026).map_or(1, |seconds| seconds.max(1))
}

/// Stores the contracts with a billing of their own, and deletes those not named.
pub async fn store_contract_billing(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    billing: &BTreeMap<ContractId, Billing>,
) -> Result<(), StoreError> {
    tx.execute("delete from contract_billing where partner_id = $1", &[&partner.as_str()]).await?;
    let sql = "insert into contract_billing (partner_id, contract_id, billing) values ($1, $2, $3)";
    for (contract, billing) in billing {
        tx.execute_exactly(1, sql, &[&partner.as_str(), &contract.0, &billing.as_str()]).await?;
    }
    Ok(())
}

/// Stores a changed schedule and its next due day; `next.due` includes the partner's own spread.
pub async fn store_schedule(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    schedule: &Schedule,
    next: Occurrence,
) -> Result<(), StoreError> {
    let (frequency, weekday) = match schedule.frequency() {
        Frequency::Daily => ("daily", None),
        Frequency::Weekly(day) => ("weekly", Some(i16::from(day.to_monday_one_offset()))),
    };
    let zone = schedule
        .zone()
        .iana_name()
        .ok_or_else(|| StoreError::row("schedules", "zone", &"it has no name in the IANA database"))?;
    let sql = "insert into schedules as known (partner_id, frequency, weekday, hour, zone, version, next_nominal, next_run_at)
               values ($1, $2, $3, $4, $5, 1, $6, $7)
               on conflict (partner_id) do update set
                   frequency = excluded.frequency, weekday = excluded.weekday, hour = excluded.hour,
                   zone = excluded.zone, version = known.version + 1, next_nominal = excluded.next_nominal,
                   next_run_at = excluded.next_run_at";
    let hour = i16::from(schedule.hour());
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&partner.as_str(), &frequency, &weekday, &hour, &zone, &next.nominal, &next.due];
    tx.execute_exactly(1, sql, &parameters).await
}

/// Makes the schedule's next day due now. It is claimed, run and recorded as at its own time, and the day after it
/// keeps its time. Returns false without a schedule.
pub async fn bring_forward(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update schedules set next_run_at = least(next_run_at, $2) where partner_id = $1";
    Ok(tx.execute(sql, &[&partner.as_str(), &now]).await? == 1)
}

/// Takes the partner's next event numbers and returns the last of them. The partner's row is locked until the
/// transaction ends.
pub(crate) async fn take_event_numbers(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    how_many: i64,
) -> Result<i64, StoreError> {
    let sql = "update partners set last_event = last_event + $2 where partner_id = $1 returning last_event";
    tx.query_one(sql, &[&partner.as_str(), &how_many]).await?.get("last_event")
}

//! A partner's settings, read as one consistent picture.

use std::collections::BTreeMap;

use domain::{
    AccountId, Billing, BillingRule, CompanyId, ContractId, CountBasis, InvoiceZones, PartnerId, ProductId,
    ServiceId,
};
use jiff::{civil::Date, tz::TimeZone};

use crate::{
    StoreError, Transaction,
    kaseya::zones,
    settings::{
        billing_rules::{self, ProductBilling},
        integration::{self, Integration},
        schedules::{self, StoredSchedule},
    },
};

/// All settings of a partner.
#[derive(Debug, Clone)]
pub struct PartnerSettings {
    /// The partner.
    pub partner: PartnerId,
    /// The partner's name.
    pub name: String,
    /// The provider's time zone for this partner. It defines a count's day and a month's last day.
    pub count_zone: TimeZone,
    /// What the partner bills. A count of the other basis is missing.
    pub count_basis: CountBasis,
    /// The partner's integration; `None` before the first save.
    pub integration: Option<Integration>,
    /// The partner's schedule; `None` until it is set.
    pub schedule: Option<StoredSchedule>,
    /// The partner's products, mapped or not.
    pub products: BTreeMap<ProductId, Product>,
    /// The partner's companies, mapped or not.
    pub companies: BTreeMap<CompanyId, Company>,
    /// Contracts with a billing of their own, different from the partner's other contracts.
    pub contract_billing: BTreeMap<ContractId, Billing>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// The service it is mapped to; `None` if not mapped.
    pub mapping: Option<ProductMapping>,
}

/// The service that a product's users are billed as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductMapping {
    /// Kaseya's service.
    pub service: ServiceId,
    /// The service's name when it was mapped.
    pub service_name: String,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// The first day with 0 wanted units; `None` for an open company.
    pub closed_from: Option<Date>,
    /// Its account and contract; `None` if not mapped.
    pub mapping: Option<CompanyMapping>,
    /// The billing rules of its products. Without a rule, the counted units are billed.
    pub billing_rules: BTreeMap<ProductId, ProductBilling>,
}

impl Company {
    /// The billing rule of a product.
    pub fn billing_rule(&self, product: &ProductId) -> BillingRule {
        self.billing_rules.get(product).map_or_else(BillingRule::default, |billing| billing.rule)
    }
}

/// The account and contract of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyMapping {
    /// Kaseya's account.
    pub account: AccountId,
    /// The account's name when it was mapped.
    pub account_name: String,
    /// The contract of all products without a contract of their own.
    pub contract: Contract,
    /// Products with a contract of their own, of the same account.
    pub product_contracts: BTreeMap<ProductId, Contract>,
    /// Rises with every edit.
    pub version: u32,
}

/// A mapped contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Kaseya's contract.
    pub id: ContractId,
    /// The contract's name when it was mapped.
    pub name: String,
}

impl CompanyMapping {
    /// The contract that a product's users are billed on.
    pub fn contract_of(&self, product: &ProductId) -> &Contract {
        self.product_contracts.get(product).unwrap_or(&self.contract)
    }
}

impl PartnerSettings {
    /// The partner's time zone: that of its schedule, or the provider's without a schedule.
    pub fn zone(&self) -> &TimeZone {
        self.schedule.as_ref().map_or(&self.count_zone, |stored| stored.schedule.zone())
    }

    /// The time zones that the invoice day is evaluated in.
    pub fn invoice_zones(&self) -> InvoiceZones<'_> {
        let kaseya = self.integration.as_ref().and_then(|known| known.kaseya_zone.as_ref());
        InvoiceZones::new(self.zone(), kaseya)
    }

    /// A company's name; its id if it is no longer known.
    pub fn company_name(&self, id: &CompanyId) -> String {
        self.companies.get(id).map_or_else(|| id.to_string(), |known| known.name.clone())
    }

    /// A product's name; its id if it is no longer known.
    pub fn product_name(&self, id: &ProductId) -> String {
        self.products.get(id).map_or_else(|| id.to_string(), |known| known.name.clone())
    }
}

/// Reads all settings of a partner; `None` for an unknown partner.
pub async fn read(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<PartnerSettings>, StoreError> {
    let sql = "select name, count_zone, count_basis from partners where partner_id = $1";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str()]).await? else {
        return Ok(None);
    };
    let zone_name: String = row.get("count_zone")?;
    let count_zone =
        TimeZone::get(&zone_name).map_err(|error| StoreError::row("partners", "count_zone", &error))?;
    Ok(Some(PartnerSettings {
        partner: partner.clone(),
        name: row.get("name")?,
        count_zone,
        count_basis: row.named("count_basis", CountBasis::parse)?,
        integration: integration::in_zone(tx, partner, &zone_name).await?,
        schedule: schedules::read(tx, partner).await?,
        products: products(tx, partner).await?,
        companies: companies(tx, partner, None).await?,
        contract_billing: contract_billing(tx, partner).await?,
    }))
}

/// A partner's time zones, and whether its integration was saved: enough for a page that shows little else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zones {
    /// The provider's time zone. It defines a count's day and a month's last day.
    pub count: TimeZone,
    /// The time zone of the times shown.
    pub shown: TimeZone,
    /// The time zone that Kaseya has reported for the tenant; `None` before that.
    pub kaseya: Option<TimeZone>,
    /// What is counted and billed.
    pub count_basis: CountBasis,
    /// Whether an integration was saved.
    pub is_connected: bool,
}

impl Zones {
    /// The time zones that the invoice day is evaluated in.
    pub fn invoice(&self) -> InvoiceZones<'_> {
        InvoiceZones::new(&self.shown, self.kaseya.as_ref())
    }
}

/// Reads a partner's zones; `None` for an unknown partner.
pub async fn zones(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<Zones>, StoreError> {
    let sql = "select partners.count_zone, count_basis, coalesce(schedules.zone, partners.count_zone) as shown_zone,
                      kaseya_zone(partner_id) as kaseya_zone,
                      integrations.partner_id is not null as is_connected
               from partners left join integrations using (partner_id) left join schedules using (partner_id)
               where partner_id = $1";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str()]).await? else { return Ok(None) };
    let zone = |column: &'static str| {
        let name: String = row.get(column)?;
        TimeZone::get(&name).map_err(|error| StoreError::row("partners", column, &error))
    };
    Ok(Some(Zones {
        count: zone("count_zone")?,
        shown: zone("shown_zone")?,
        kaseya: zones::read(&row)?,
        count_basis: row.named("count_basis", CountBasis::parse)?,
        is_connected: row.get("is_connected")?,
    }))
}

/// The time zone in which a partner's counts are taken; `None` for an unknown partner.
pub async fn count_zone(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<TimeZone>, StoreError> {
    let sql = "select count_zone from partners where partner_id = $1";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str()]).await? else { return Ok(None) };
    let name: String = row.get("count_zone")?;
    TimeZone::get(&name).map(Some).map_err(|error| StoreError::row("partners", "count_zone", &error))
}

/// Whether all writes of the installation are stopped.
pub async fn writes_stopped(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    tx.query_one("select writes_stopped from installation", &[]).await?.get("writes_stopped")
}

pub(crate) async fn products(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let sql = "select product_id, name, service_id, service_name
               from products left join product_mappings using (partner_id, product_id)
               where partner_id = $1";
    let mut products = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str()]).await? {
        let service_name: Option<String> = row.get("service_name")?;
        let mapping = row
            .get::<Option<i32>>("service_id")?
            .zip(service_name)
            .map(|(service, service_name)| ProductMapping { service: ServiceId(service), service_name });
        products.insert(row.product_id("product_id")?, Product { name: row.get("name")?, mapping });
    }
    Ok(products)
}

/// All companies of a partner, or those in `only`.
pub async fn companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    only: Option<&[&str]>,
) -> Result<BTreeMap<CompanyId, Company>, StoreError> {
    let sql =
        "select company_id, name, closed_from, account_id, account_name, contract_id, contract_name, version
               from companies left join company_mappings using (partner_id, company_id)
               where partner_id = $1 and ($2::text[] is null or company_id = any($2))";
    let mut companies = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &only]).await? {
        let mapping = match row.get::<Option<i32>>("contract_id")? {
            Some(contract) => Some(CompanyMapping {
                account: AccountId(row.get("account_id")?),
                account_name: row.get("account_name")?,
                contract: Contract { id: ContractId(contract), name: row.get("contract_name")? },
                product_contracts: BTreeMap::new(),
                version: row.number("version")?,
            }),
            None => None,
        };
        let company = Company {
            name: row.get("name")?,
            closed_from: row.get("closed_from")?,
            mapping,
            billing_rules: BTreeMap::new(),
        };
        companies.insert(row.company_id("company_id")?, company);
    }
    let sql = "select company_id, product_id, contract_id, contract_name
               from company_product_contracts
               where partner_id = $1 and ($2::text[] is null or company_id = any($2))";
    for row in tx.query(sql, &[&partner.as_str(), &only]).await? {
        let contract = Contract { id: ContractId(row.get("contract_id")?), name: row.get("contract_name")? };
        // The foreign key guarantees that a product's contract exists only with its company's mapping.
        if let Some(mapping) =
            companies.get_mut(&row.company_id("company_id")?).and_then(|company| company.mapping.as_mut())
        {
            mapping.product_contracts.insert(row.product_id("product_id")?, contract);
        }
    }
    for (company, product, billing) in billing_rules::read(tx, partner, only).await? {
        if let Some(company) = companies.get_mut(&company) {
            company.billing_rules.insert(product, billing);
        }
    }
    Ok(companies)
}

async fn contract_billing(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<BTreeMap<ContractId, Billing>, StoreError> {
    let sql = "select contract_id, billing from contract_billing where partner_id = $1";
    let rows = tx.query(sql, &[&partner.as_str()]).await?;
    rows.iter()
        .map(|row| Ok((ContractId(row.get("contract_id")?), row.named("billing", Billing::parse)?)))
        .collect()
}

/// The ids of all partners, to help after a mistyped one.
pub async fn partners(tx: &Transaction<'_>, most: i64) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: their list
               select partner_id from partners order by partner_id limit $1";
    tx.query(sql, &[&most]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}

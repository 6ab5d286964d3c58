//! A partner's settings, read as one consistent picture.

use std::collections::BTreeMap;

use domain::{
    AccountId, Billing, BillingRule, Brakes, CompanyId, ContractId, CountBasis, DriftPolicy, ErrorCode,
    IntegrationState, InvoiceDay, InvoiceZones, KaseyaAddress, MonthEnd, PartnerId, ProductId, RunBrake,
    ServiceId,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    Row, StoreError, Transaction,
    kaseya::zones,
    settings::{
        billing_rules::{self, ProductBilling},
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

/// The stored integration.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Kaseya's host, normalised.
    pub host: String,
    /// The V2 base address, if it is not the host's usual one.
    pub v2_base: Option<String>,
    /// The V1 base address, if it is not the host's usual one.
    pub v1_base: Option<String>,
    /// The text of the line profile, the partner's own or the installation's; `None` means the one included in the
    /// program.
    pub line_profile: Option<String>,
    /// The company name in Kaseya, exactly as entered.
    pub tenant: String,
    /// The user name in Kaseya.
    pub user_name: String,
    /// The password, sealed.
    pub sealed_password: String,
    /// The marks of host, tenant, user and password; empty if stored before marks existed.
    pub password_marks: Vec<String>,
    /// When the password was stored; `None` if unknown.
    pub password_changed_at: Option<Timestamp>,
    /// Rises with every change of host, tenant, user or password.
    pub credentials_version: u32,
    /// The state of the switch.
    pub state: IntegrationState,
    /// When contracts are invoiced, unless set for a single contract.
    pub billing: Billing,
    /// The day of the invoices.
    pub invoice_day: InvoiceDay,
    /// Whether the frozen month-end count is pushed by a run of its own.
    pub month_end_run: bool,
    /// The provider's time zone, and the hour on day 1 by which a month is frozen.
    pub month_end: MonthEnd,
    /// Maximum age of a count in days; an older count is missing.
    pub max_count_age_days: u16,
    /// The brakes on one line.
    pub brakes: Brakes,
    /// The brake on one run.
    pub run_brake: RunBrake,
    /// What to do with a line that was edited in Kaseya.
    pub drift: DriftPolicy,
    /// Our share of Kaseya's hourly calls, in percent.
    pub call_share_percent: u32,
    /// The time zone that Kaseya has reported for this tenant; `None` before that.
    pub kaseya_zone: Option<TimeZone>,
    /// Set while Kaseya refuses these credentials.
    pub credentials_refused: Option<RefusedCredentials>,
}

impl Integration {
    /// The addresses that are called.
    pub fn address(&self) -> KaseyaAddress {
        KaseyaAddress::new(&self.host, self.v2_base.as_deref(), self.v1_base.as_deref(), &self.tenant)
    }
}

/// Kaseya's refusal of the stored credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedCredentials {
    /// The kind of refusal.
    pub code: ErrorCode,
    /// When Kaseya refused them.
    pub at: Timestamp,
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
        integration: integration(tx, partner, &zone_name).await?,
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

/// The partners with a saved integration.
pub async fn connected(tx: &Transaction<'_>) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: a figure for the metrics
               select partner_id from integrations order by partner_id";
    tx.query(sql, &[]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Reads only a partner's integration; `None` before the first save.
pub async fn read_integration(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<Integration>, StoreError> {
    let sql = "select count_zone from partners where partner_id = $1";
    match tx.query_opt(sql, &[&partner.as_str()]).await? {
        Some(row) => integration(tx, partner, &row.get::<String>("count_zone")?).await,
        None => Ok(None),
    }
}

/// The state of the switch, locked until the transaction ends, so that it cannot be switched off meanwhile. `None`
/// before the first save.
pub async fn hold_state(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<IntegrationState>, StoreError> {
    let sql = "select state from integrations where partner_id = $1 for share";
    tx.query_opt(sql, &[&partner.as_str()])
        .await?
        .map(|row| row.named("state", IntegrationState::parse))
        .transpose()
}

/// Whether all writes of the installation are stopped.
pub async fn writes_stopped(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    tx.query_one("select writes_stopped from installation", &[]).await?.get("writes_stopped")
}

/// The state of the switch, any refusal of the credentials, and when invoices are made; `None` before the first
/// save.
pub(crate) async fn standing(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<(IntegrationState, Option<RefusedCredentials>, InvoiceDay)>, StoreError> {
    let sql = "select state, credentials_refused_code, credentials_refused_at, invoice_day
               from integrations where partner_id = $1";
    let row = tx.query_opt(sql, &[&partner.as_str()]).await?;
    row.map(|row| Ok((row.named("state", IntegrationState::parse)?, refused(&row)?, invoice_day(&row)?)))
        .transpose()
}

fn invoice_day(row: &Row) -> Result<InvoiceDay, StoreError> {
    i8::try_from(row.get::<i16>("invoice_day")?)
        .ok()
        .and_then(InvoiceDay::new)
        .ok_or_else(|| StoreError::row("integrations", "invoice_day", &"it is no day from 1 to 28"))
}

fn refused(row: &Row) -> Result<Option<RefusedCredentials>, StoreError> {
    let code = row.optional_code("credentials_refused_code")?;
    let at = row.get::<Option<Timestamp>>("credentials_refused_at")?;
    Ok(code.zip(at).map(|(code, at)| RefusedCredentials { code, at }))
}

async fn integration(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    count_zone: &str,
) -> Result<Option<Integration>, StoreError> {
    let sql = "select host, v2_base, v1_base, tenant, user_name, sealed_password, password_marks, password_changed_at,
                      credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
                      brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies, drift_policy,
                      call_share_percent,
                      credentials_refused_code, credentials_refused_at, coalesce(integrations.line_profile, installation.line_profile) as line_profile,
                      kaseya_zone(partner_id) as kaseya_zone
               from integrations cross join installation where partner_id = $1";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str()]).await? else {
        return Ok(None);
    };
    let month_end = MonthEnd::new(count_zone, i64::from(row.get::<i16>("freeze_hour")?))
        .map_err(|error| StoreError::row("integrations", "freeze_hour", &error))?;
    Ok(Some(Integration {
        host: row.get("host")?,
        v2_base: row.get("v2_base")?,
        v1_base: row.get("v1_base")?,
        line_profile: row.get("line_profile")?,
        tenant: row.get("tenant")?,
        user_name: row.get("user_name")?,
        sealed_password: row.get("sealed_password")?,
        password_marks: row.get("password_marks")?,
        password_changed_at: row.get("password_changed_at")?,
        credentials_version: row.number("credentials_version")?,
        state: row.named("state", IntegrationState::parse)?,
        billing: billing(&row)?,
        invoice_day: invoice_day(&row)?,
        month_end_run: row.get("month_end_run")?,
        month_end,
        max_count_age_days: row.number("max_count_age_days")?,
        brakes: row.brakes()?,
        run_brake: row.run_brake()?,
        drift: row.named("drift_policy", DriftPolicy::parse)?,
        call_share_percent: row.number("call_share_percent")?,
        kaseya_zone: zones::read(&row)?,
        credentials_refused: refused(&row)?,
    }))
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
    rows.iter().map(|row| Ok((ContractId(row.get("contract_id")?), billing(row)?))).collect()
}

fn billing(row: &Row) -> Result<Billing, StoreError> {
    row.named("billing", Billing::parse)
}

/// The ids of all partners, to help after a mistyped one.
pub async fn partners(tx: &Transaction<'_>, most: i64) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: their list
               select partner_id from partners order by partner_id limit $1";
    tx.query(sql, &[&most]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}

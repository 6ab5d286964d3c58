//! The row of a partner's integration, read and written. Every column of a setting is named here.
//! Permits also read the brakes (`postgres/row.rs`), and months their freeze hour (`counts/month_ends.rs`).

use domain::{
    Billing, Credentials, DriftPolicy, ErrorCode, IntegrationSettings, IntegrationState, InvoiceDay,
    KaseyaAddress, MonthEnd, PartnerId,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{Row, StoreError, Transaction, kaseya::zones};

/// The stored integration.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Where and as whom it logs in.
    pub credentials: Credentials<StoredPassword>,
    /// Rises with every change of the credentials.
    pub credentials_version: u32,
    /// The settings that people choose.
    pub settings: IntegrationSettings,
    /// The state of the switch.
    pub state: IntegrationState,
    /// The provider's time zone; the days and months of counts are in it.
    pub count_zone: TimeZone,
    /// The text of the line profile, the partner's own or the installation's; `None` means the one included in the
    /// program.
    pub line_profile: Option<String>,
    /// The time zone that Kaseya has reported for this tenant; `None` before that.
    pub kaseya_zone: Option<TimeZone>,
    /// Set while Kaseya refuses these credentials.
    pub credentials_refused: Option<RefusedCredentials>,
}

impl Integration {
    /// The addresses that are called.
    pub fn address(&self) -> KaseyaAddress {
        self.credentials.address()
    }

    /// When the provider's months are frozen.
    pub fn month_end(&self) -> MonthEnd {
        MonthEnd::of(self.count_zone.clone(), self.settings.freeze_hour)
    }
}

/// A password as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredPassword {
    /// The password, sealed.
    pub sealed: String,
    /// The marks of host, tenant, user and password; empty if stored before marks existed.
    pub marks: Vec<String>,
    /// When the password was stored; `None` if unknown.
    pub changed_at: Option<Timestamp>,
}

/// Kaseya's refusal of the stored credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedCredentials {
    /// The kind of refusal.
    pub code: ErrorCode,
    /// When Kaseya refused them.
    pub at: Timestamp,
}

/// An integration to store, without its switch, which only [`crate::settings::switch`] changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIntegration {
    /// Where and as whom it logs in.
    pub credentials: Credentials<StoredPassword>,
    /// Higher than before if the credentials change. Then a refusal of the old ones is deleted, and a job that has
    /// begun gets no more permits.
    pub credentials_version: u32,
    /// The settings that people choose.
    pub settings: IntegrationSettings,
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
        Some(row) => in_zone(tx, partner, &row.get::<String>("count_zone")?).await,
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

/// Reads the integration of a partner whose counts are taken in this time zone.
pub(super) async fn in_zone(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    count_zone: &str,
) -> Result<Option<Integration>, StoreError> {
    let sql = "select host, v2_base, v1_base, tenant, user_name, sealed_password, password_marks, password_changed_at,
                      credentials_version, state, billing, invoice_day, month_end_run,
                      freeze_hour::integer as freeze_hour, max_count_age_days,
                      brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies, drift_policy,
                      call_share_percent,
                      credentials_refused_code, credentials_refused_at, coalesce(integrations.line_profile, installation.line_profile) as line_profile,
                      kaseya_zone(partner_id) as kaseya_zone
               from integrations cross join installation where partner_id = $1";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str()]).await? else {
        return Ok(None);
    };
    let settings = IntegrationSettings {
        billing: row.named("billing", Billing::parse)?,
        invoice_day: invoice_day(&row)?,
        month_end_run: row.get("month_end_run")?,
        freeze_hour: row.number("freeze_hour")?,
        max_count_age_days: row.number("max_count_age_days")?,
        call_share_percent: row.number("call_share_percent")?,
        brakes: row.brakes()?,
        run_brake: row.run_brake()?,
        drift: row.named("drift_policy", DriftPolicy::parse)?,
    };
    let count_zone =
        TimeZone::get(count_zone).map_err(|error| StoreError::row("partners", "count_zone", &error))?;
    Ok(Some(Integration {
        credentials: Credentials {
            host: row.get("host")?,
            v2_base: row.get("v2_base")?,
            v1_base: row.get("v1_base")?,
            tenant: row.get("tenant")?,
            user_name: row.get("user_name")?,
            password: StoredPassword {
                sealed: row.get("sealed_password")?,
                marks: row.get("password_marks")?,
                changed_at: row.get("password_changed_at")?,
            },
        },
        credentials_version: row.number("credentials_version")?,
        settings,
        state: row.named("state", IntegrationState::parse)?,
        count_zone,
        line_profile: row.get("line_profile")?,
        kaseya_zone: zones::read(&row)?,
        credentials_refused: refused(&row)?,
    }))
}

/// Writes the row; a new integration is off.
pub(super) async fn write(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    new: &NewIntegration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into integrations as known (
                   partner_id, host, v2_base, v1_base, tenant, user_name, sealed_password, credentials_version, state,
                   billing, invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                   brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at,
                   drift_policy, password_marks, password_changed_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, 'off', $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                       $21, $22, $23)
               on conflict (partner_id) do update set
                   host = excluded.host, v2_base = excluded.v2_base, v1_base = excluded.v1_base,
                   tenant = excluded.tenant, user_name = excluded.user_name,
                   sealed_password = excluded.sealed_password, credentials_version = excluded.credentials_version,
                   billing = excluded.billing, invoice_day = excluded.invoice_day,
                   month_end_run = excluded.month_end_run, freeze_hour = excluded.freeze_hour,
                   max_count_age_days = excluded.max_count_age_days, brake_units = excluded.brake_units,
                   brake_percent = excluded.brake_percent, brake_units_alone = excluded.brake_units_alone,
                   run_brake_percent = excluded.run_brake_percent,
                   run_brake_companies = excluded.run_brake_companies,
                   call_share_percent = excluded.call_share_percent, saved_at = excluded.saved_at,
                   drift_policy = excluded.drift_policy,
                   password_marks = excluded.password_marks, password_changed_at = excluded.password_changed_at,
                   known_since_version = case
                       when (known.host, known.tenant, known.v2_base, known.v1_base)
                            is distinct from (excluded.host, excluded.tenant, excluded.v2_base, excluded.v1_base)
                       then excluded.credentials_version else known.known_since_version end,
                   password_warned = case when known.password_changed_at = excluded.password_changed_at
                                          then known.password_warned end,
                   sync_after_refusal = known.sync_after_refusal or known.credentials_refused_code is not null
                                                                    and known.credentials_version <> excluded.credentials_version,
                   credentials_refused_code = case when known.credentials_version = excluded.credentials_version
                                                   then known.credentials_refused_code end,
                   credentials_refused_at = case when known.credentials_version = excluded.credentials_version
                                                 then known.credentials_refused_at end";
    let number = |column: &'static str, number: u32| {
        i32::try_from(number).map_err(|error| StoreError::row("integrations", column, &error))
    };
    let NewIntegration { credentials, credentials_version, settings } = new;
    let freeze_hour = i16::try_from(settings.freeze_hour)
        .map_err(|error| StoreError::row("integrations", "freeze_hour", &error))?;
    tx.execute_exactly(
        1,
        sql,
        &[
            &partner.as_str(),
            &credentials.host,
            &credentials.v2_base,
            &credentials.v1_base,
            &credentials.tenant,
            &credentials.user_name,
            &credentials.password.sealed,
            &number("credentials_version", *credentials_version)?,
            &settings.billing.as_str(),
            &i16::from(settings.invoice_day.get()),
            &settings.month_end_run,
            &freeze_hour,
            &number("max_count_age_days", settings.max_count_age_days)?,
            &number("brake_units", settings.brakes.units)?,
            &number("brake_percent", settings.brakes.percent)?,
            &number("brake_units_alone", settings.brakes.units_alone)?,
            &number("run_brake_percent", settings.run_brake.percent)?,
            &number("run_brake_companies", settings.run_brake.companies)?,
            &number("call_share_percent", settings.call_share_percent)?,
            &now,
            &settings.drift.as_str(),
            &credentials.password.marks,
            &credentials.password.changed_at,
        ],
    )
    .await
}

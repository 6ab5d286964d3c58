//! The stored data that readiness (G-05) is judged by.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    Brake, CompanyId, CompanyReadiness, CompanyState, ErrorCode, Frequency, IntegrationSettings,
    IntegrationState, InvoiceOutlook, InvoiceZones, Month, NotReady, PartnerId, PartnerReadiness,
    invoiced_month, not_ready,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::{
    StoreError, Transaction,
    counts::{self, month_ends},
    settings::{self, Integration, StoredSchedule, installation, schedules},
    statuses::CompanyStatus,
};

/// Without a schedule no sync runs by itself, so a reading is old after a week.
const WITHOUT_SCHEDULE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A run overdue for longer than this is not only late: no scheduler makes it.
const OVERDUE: SignedDuration = SignedDuration::from_hours(3);

/// Clocks change by an hour in spring and autumn.
const CLOCK_CHANGE: SignedDuration = SignedDuration::from_hours(1);

/// The data shared by all companies of a partner.
pub async fn partner(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<PartnerReadiness, StoreError> {
    let integration = settings::read_integration(tx, partner).await?;
    let schedule = schedules::read(tx, partner).await?;
    let mut readiness = PartnerReadiness {
        is_connected: integration.is_some(),
        is_on: integration.as_ref().is_some_and(|known| known.state == IntegrationState::On),
        writes_stopped: settings::writes_stopped(tx).await?,
        is_refused: integration.as_ref().is_some_and(|known| known.credentials_refused.is_some()),
        must_reread: installation::must_reread(tx, partner).await?,
        seen_since: seen_since(schedule.as_ref(), now),
        frozen_at: None,
        corrected: BTreeSet::new(),
        misses_invoice: true,
        left_over: left_over(tx, partner).await?,
        counting_later: counting_later(tx, partner).await?,
    };
    if let Some(integration) = &integration {
        let month = month_of_invoice(integration, schedule.as_ref(), now);
        readiness.frozen_at = frozen_at(tx, partner, integration, month, now).await?;
        readiness.corrected = month_ends::corrected_since_outcome(tx, partner, month).await?;
        readiness.misses_invoice = misses_invoice(integration, schedule.as_ref(), now);
    }
    Ok(readiness)
}

/// A line must have been seen since this instant for its company to be ready.
pub async fn fresh_since(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let schedule = schedules::read(tx, partner).await?;
    let seen_since = seen_since(schedule.as_ref(), now);
    let Some(integration) = settings::read_integration(tx, partner).await? else { return Ok(seen_since) };
    let month = month_of_invoice(&integration, schedule.as_ref(), now);
    let frozen_at = frozen_at(tx, partner, &integration, month, now).await?;
    Ok(frozen_at.map_or(seen_since, |frozen_at| frozen_at.max(seen_since)))
}

/// The month that the next invoice is for.
fn month_of_invoice(integration: &Integration, schedule: Option<&StoredSchedule>, now: Timestamp) -> Month {
    let zone = schedule.map_or(&integration.count_zone, |known| known.schedule.zone());
    let zones = InvoiceZones::new(zone, integration.kaseya_zone.as_ref());
    invoiced_month(now, integration.settings.invoice_day, zones)
}

/// When a month was frozen, or had to be: from then on no number of an earlier day is sent, whether the month was
/// frozen or not.
async fn frozen_at(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    if let Some(frozen_at) = month_ends::frozen_at(tx, partner, month).await? {
        return Ok(Some(frozen_at));
    }
    let cut_off = integration.month_end().cut_off(month);
    let is_over = now >= cut_off && counts::counted_in_time(tx, partner, month.last_day(), cut_off).await?;
    Ok(is_over.then_some(cut_off))
}

/// The companies with users in a leftover line (D-13), open or approved to be set to 0.
async fn left_over(tx: &Transaction<'_>, partner: &PartnerId) -> Result<BTreeSet<CompanyId>, StoreError> {
    let sql = "select distinct unnest(company_ids) as company_id from holds
               where partner_id = $1 and brake = $2 and state in ('open', 'approved')";
    let rows = tx.query(sql, &[&partner.as_str(), &Brake::Leftover.as_str()]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

/// The companies with a row that says that a line counts later than their users do.
async fn counting_later(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<BTreeSet<CompanyId>, StoreError> {
    let sql = r#"select distinct company_id from statuses
                 where partner_id = $1 and remarks @> '[{"kind": "counts_later"}]'"#;
    let rows = tx.query(sql, &[&partner.as_str()]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

/// Whether a run is overdue for so long that no scheduler will make it.
pub fn is_overdue(due: Timestamp, now: Timestamp) -> bool {
    now.duration_since(due) > OVERDUE
}

/// Two turns of the schedule back: a missed turn shows once the next one is over.
fn seen_since(schedule: Option<&StoredSchedule>, now: Timestamp) -> Timestamp {
    let (from, back) = match schedule {
        None => (now, WITHOUT_SCHEDULE),
        Some(stored) => {
            let turn = match stored.schedule.frequency() {
                Frequency::Daily => 24.hours(),
                Frequency::Weekly(_) => (7 * 24).hours(),
            };
            // A run that is due and not made yet is late, and the readings of the last run count until then. A run
            // that is never made keeps nothing fresh.
            let turn = SignedDuration::from_hours(i64::from(turn.get_hours()));
            let overdue = now.saturating_sub(OVERDUE).unwrap_or(Timestamp::MIN);
            (stored.next_run_at.max(overdue), turn + turn + CLOCK_CHANGE)
        }
    };
    from.saturating_sub(back).unwrap_or(Timestamp::MIN)
}

/// Whether neither schedule nor month-end run sends the month's last count before the next invoice.
fn misses_invoice(integration: &Integration, schedule: Option<&StoredSchedule>, now: Timestamp) -> bool {
    let month_end = &integration.month_end();
    let IntegrationSettings { invoice_day, month_end_run, .. } = &integration.settings;
    let Some(stored) = schedule else {
        return !month_end_run || invoice_day.get() <= 1;
    };
    let due = stored.next_nominal.yesterday().ok().and_then(|day| stored.schedule.after(day));
    let spread = due.map_or(SignedDuration::ZERO, |due| due.due.duration_until(stored.next_run_at));
    // A run that was brought forward has no delay of its own.
    let spread = Duration::try_from(spread).unwrap_or_default();
    let kaseya_zone = integration.kaseya_zone.as_ref();
    InvoiceOutlook::next(&stored.schedule, spread, month_end, *invoice_day, *month_end_run, kaseya_zone, now)
        .is_none_or(|outlook| outlook.is_missed())
}

/// Why the next invoice of a company with these contracts would be wrong; `None` if it would be right.
pub fn of_statuses(
    partner: &PartnerReadiness,
    is_mapped: bool,
    statuses: &[CompanyStatus],
) -> Option<NotReady> {
    let states: Vec<CompanyState> = statuses.iter().map(|status| status.state).collect();
    let codes: Vec<ErrorCode> =
        statuses.iter().filter(|status| status.contract.is_some()).filter_map(|status| status.code).collect();
    // If nothing is billed, there is no number to be seen.
    let seen = || statuses.iter().filter(|status| status.state != CompanyState::NotBilled);
    let all_seen = seen().all(|status| status.last_sync.is_some());
    let last_sync = seen().filter_map(|status| status.last_sync).min().filter(|_| all_seen);
    let is_in = |companies: &BTreeSet<CompanyId>| {
        statuses.first().is_some_and(|row| companies.contains(&row.company))
    };
    let company = CompanyReadiness {
        is_mapped,
        states: &states,
        codes: &codes,
        last_sync,
        is_corrected: is_in(&partner.corrected),
        is_left_over: is_in(&partner.left_over),
        counts_later: is_in(&partner.counting_later),
    };
    not_ready(partner, &company)
}

//! Schedules: their next due day, and the local days that were run, missed or off.

use domain::{Frequency, PartnerId, RunId, Schedule, Weekday};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

const COLUMNS: &str = "frequency, weekday, hour, zone, version, last_nominal, next_nominal, next_run_at";

/// A schedule with its progress.
#[derive(Debug, Clone)]
pub struct StoredSchedule {
    /// The schedule.
    pub schedule: Schedule,
    /// Rises with every edit.
    pub version: i32,
    /// The newest nominal day that was run or recorded.
    pub last_nominal: Option<Date>,
    /// The next nominal day.
    pub next_nominal: Date,
    /// When that day is due, including the partner's own spread.
    pub next_run_at: Timestamp,
}

/// The outcome of a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOutcome {
    /// A run was made.
    Run(RunId),
    /// No run was made, at its time or later: the installation was down.
    Missed,
    /// The integration was not on.
    Off,
}

/// Partners with a due schedule, the longest waiting first.
pub async fn due_partners(
    tx: &Transaction<'_>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: whoever is due is claimed by whichever scheduler comes first
               select partner_id from schedules where next_run_at <= $1 order by next_run_at, partner_id limit $2";
    let rows = tx.query(sql, &[&now, &most]).await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Claims a partner's schedule for this transaction if it is due and not claimed by another.
pub async fn claim(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Option<StoredSchedule>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from schedules where partner_id = $1 and next_run_at <= $2 for update skip locked"
    );
    tx.query_opt(&sql, &[&partner.as_str(), &now]).await?.map(|row| stored(&row)).transpose()
}

/// The partner's schedule, if it has one.
pub async fn read(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<StoredSchedule>, StoreError> {
    let sql = format!("select {COLUMNS} from schedules where partner_id = $1");
    tx.query_opt(&sql, &[&partner.as_str()]).await?.map(|row| stored(&row)).transpose()
}

fn stored(row: &Row) -> Result<StoredSchedule, StoreError> {
    let frequency = match row.get::<Option<i16>>("weekday")? {
        None => Frequency::Daily,
        Some(day) => Frequency::Weekly(
            i8::try_from(day)
                .ok()
                .and_then(|day| Weekday::from_monday_one_offset(day).ok())
                .ok_or_else(|| StoreError::row("schedules", "weekday", &"it is no day from 1 to 7"))?,
        ),
    };
    let schedule = Schedule::new(frequency, i64::from(row.get::<i16>("hour")?), &row.get::<String>("zone")?)
        .map_err(|error| StoreError::row("schedules", "zone", &error))?;
    Ok(StoredSchedule {
        schedule,
        version: row.get("version")?,
        last_nominal: row.get("last_nominal")?,
        next_nominal: row.get("next_nominal")?,
        next_run_at: row.get("next_run_at")?,
    })
}

/// Whether a local day was already run or recorded.
pub async fn is_recorded(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    nominal: Date,
) -> Result<bool, StoreError> {
    let sql = "select exists (select from occurrences where partner_id = $1 and nominal = $2) as recorded";
    tx.query_one(sql, &[&partner.as_str(), &nominal]).await?.get("recorded")
}

/// Records the outcome of a local day, unless it is recorded already.
pub async fn record(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    nominal: Date,
    outcome: DayOutcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (word, run) = match outcome {
        DayOutcome::Run(run) => ("run", Some(run.0)),
        DayOutcome::Missed => ("missed", None),
        DayOutcome::Off => ("off", None),
    };
    let sql = "insert into occurrences (partner_id, nominal, outcome, run_id, recorded_at)
               values ($1, $2, $3, $4, $5)
               on conflict (partner_id, nominal) do nothing";
    tx.execute(sql, &[&partner.as_str(), &nominal, &word, &run, &now]).await.map(drop)
}

/// Moves a claimed schedule on to its next day.
pub async fn move_on(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    last_nominal: Date,
    next_nominal: Date,
    next_run_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update schedules set last_nominal = greatest(last_nominal, $2), next_nominal = $3, next_run_at = $4 where partner_id = $1";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &last_nominal, &next_nominal, &next_run_at]).await
}

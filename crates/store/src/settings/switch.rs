//! The switch of an integration. Off comes in two steps: *switching off* from the commit on, when no permit is given any
//! more; *off* once none is out.

use domain::{ErrorCode, PartnerId};
use jiff::Timestamp;

use crate::{
    Row, StoreError, Transaction, counts::month_ends, jobs::full_reads, kaseya::logins,
    settings::IntegrationState,
};

/// What stands against every call and every write of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Where the switch stands.
    pub state: IntegrationState,
    /// The version of the stored credentials.
    pub credentials_version: i32,
    /// The code with which Kaseya refused them.
    pub refused: Option<ErrorCode>,
    /// Whether all writes of the installation are stopped.
    pub writes_stopped: bool,
    /// Whether every line of the partner is to be read before any is written, because the database was restored.
    pub must_reread: bool,
    /// What was read before this counts as not read.
    pub reread_since: Option<Timestamp>,
}

/// What switching off found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchedOff {
    /// The state after it: off only if it was off already.
    pub state: IntegrationState,
    /// Jobs that were dropped before a worker had started them.
    pub dropped: u64,
}

/// Reads the switch and holds it as it is until the end of the transaction: a switch-off commits before or after it.
/// `None` when the partner has no integration.
pub async fn hold_switch(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<Switch>, StoreError> {
    let row = tx
        .query_opt(
            "select state, credentials_version, credentials_refused_code, writes_stopped, must_reread($1), reread_since
             from integrations cross join installation
             where partner_id = $1
             for share of integrations",
            &[&partner.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Switch {
        state: state(&row)?,
        credentials_version: row.get("credentials_version")?,
        refused: row.optional_code("credentials_refused_code")?,
        writes_stopped: row.get("writes_stopped")?,
        must_reread: row.get("must_reread")?,
        reread_since: row.get("reread_since")?,
    }))
}

/// Switches an integration on. `None` when the partner has none.
///
/// Where Kaseya had refused the credentials, a person says by it: try again. They get a new version, so that they are tried
/// once more, and once only (B-03).
pub async fn switch_on(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<IntegrationState>, StoreError> {
    logins::forgive(tx, partner).await?;
    let row = tx
        .query_opt(
            "update integrations set state = 'on',
                 sync_after_refusal = sync_after_refusal or credentials_refused_code is not null,
                 credentials_version = credentials_version + (credentials_refused_code is not null)::int,
                 credentials_refused_code = null, credentials_refused_at = null
             where partner_id = $1
             returning state",
            &[&partner.as_str()],
        )
        .await?;
    row.map(|row| state(&row)).transpose()
}

/// Holds a partner's integration if these marks are those of its stored credentials; answers their version.
pub async fn hold_stored_credentials(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    marks: &[String],
) -> Result<Option<i32>, StoreError> {
    let sql = "select credentials_version from integrations
               where partner_id = $1 and password_marks && $2 for update";
    tx.query_opt(sql, &[&partner.as_str(), &marks])
        .await?
        .map(|row| row.get("credentials_version"))
        .transpose()
}

/// The stored credentials proved right although Kaseya had refused them: the partner goes on. They get a new version, so
/// that no worker goes by what it remembers of them. True when a sync of what was left follows by itself.
pub async fn forget_refusal(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let row = tx
        .query_opt(
            "update integrations set credentials_version = credentials_version + 1, credentials_refused_code = null,
                    credentials_refused_at = null, sync_after_refusal = true
             where partner_id = $1 and credentials_refused_code is not null
             returning state",
            &[&partner.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(false) };
    tx.notify("ledger").await?;
    Ok(state(&row)? == IntegrationState::On)
}

/// Begins to switch an integration off: drops its jobs that no worker has started, and ends its runs that have no started
/// one. `None` when the partner has none.
pub async fn switch_off(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Option<SwitchedOff>, StoreError> {
    let found = tx
        .query_opt("select state from integrations where partner_id = $1 for update", &[&partner.as_str()])
        .await?;
    let Some(found) = found else { return Ok(None) };
    let state = match state(&found)? {
        IntegrationState::Off => IntegrationState::Off,
        IntegrationState::On | IntegrationState::SwitchingOff => {
            tx.execute(
                "update integrations set state = 'switching_off' where partner_id = $1",
                &[&partner.as_str()],
            )
            .await?;
            IntegrationState::SwitchingOff
        }
    };
    let dropped = drop_open_jobs(tx, partner, now).await?;
    Ok(Some(SwitchedOff { state, dropped }))
}

/// Drops the jobs of a partner that no worker has started, and ends its runs that then have no open job, as switched off.
/// A month-end run, and the reading before an invoice day, that are stopped by it are made again once the partner is on.
pub async fn drop_open_jobs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    month_ends::push_stopped_again(tx, partner).await?;
    full_reads::make_stopped_again(tx, partner).await?;
    let dropped = tx
        .execute(
            "update jobs set state = 'done', done_at = $2, emitting_until = null
             where partner_id = $1 and state in ('ready', 'emitted')",
            &[&partner.as_str(), &now],
        )
        .await?;
    tx.execute(
        "update runs set state = 'switched_off', finished_at = $2
         where partner_id = $1 and state = 'running'
           and not exists (select from jobs
                           where jobs.partner_id = $1 and jobs.run_id = runs.run_id and jobs.state <> 'done')",
        &[&partner.as_str(), &now],
    )
    .await?;
    Ok(dropped)
}

/// Partners that are not on and still have jobs that no worker has started, or runs that nothing will end: handed back
/// after the switch-off, or made beside it.
pub async fn off_with_open_work(tx: &Transaction<'_>) -> Result<Vec<PartnerId>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             select partner_id from integrations
             where state <> 'on'
               and (exists (select from jobs where jobs.partner_id = integrations.partner_id
                                               and jobs.state in ('ready', 'emitted'))
                    or exists (select from runs where runs.partner_id = integrations.partner_id
                                                  and runs.state = 'running'
                                                  and not exists (select from jobs where jobs.run_id = runs.run_id
                                                                                     and jobs.state <> 'done')))",
            &[],
        )
        .await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Turns *switching off* into *off* where no permit is out any more. Waits for nothing: who is not ready is asked again
/// in the next round.
pub async fn finish_switching_off(
    tx: &Transaction<'_>,
    now: Timestamp,
) -> Result<Vec<PartnerId>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             with ready as (
                 select partner_id from integrations
                 where state = 'switching_off'
                   and not exists (select from jobs
                                   where jobs.partner_id = integrations.partner_id and jobs.state <> 'done'
                                     and jobs.permit_until > $1)
                 for update skip locked
             )
             update integrations set state = 'off'
             from ready where integrations.partner_id = ready.partner_id
             returning integrations.partner_id",
            &[&now],
        )
        .await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}

fn state(row: &Row) -> Result<IntegrationState, StoreError> {
    row.named("state", |text| match text {
        "on" => Some(IntegrationState::On),
        "switching_off" => Some(IntegrationState::SwitchingOff),
        "off" => Some(IntegrationState::Off),
        _ => None,
    })
}

//! The switch of an integration. Switching off takes two steps: *switching off* from the commit on, when no more
//! permits are given; *off* once no permit is out.

use domain::{ErrorCode, IntegrationState, PartnerId};
use jiff::Timestamp;

use crate::{StoreError, Transaction, jobs::switched_off, kaseya::logins};

/// Everything that may block a partner's calls and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// The state of the switch.
    pub state: IntegrationState,
    /// The version of the stored credentials.
    pub credentials_version: i32,
    /// The code with which Kaseya refused them; `None` if it did not.
    pub refused: Option<ErrorCode>,
    /// Whether all writes of the installation are stopped.
    pub writes_stopped: bool,
    /// Whether all of the partner's lines must be read before any is written, because the database was restored.
    pub must_reread: bool,
    /// Readings from before this do not count; `None` if all do.
    pub reread_since: Option<Timestamp>,
}

/// The result of switching off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchedOff {
    /// The state afterwards: off only if it already was.
    pub state: IntegrationState,
    /// The number of jobs dropped before a worker had started them.
    pub dropped: u64,
}

/// Reads the switch and locks it until the transaction ends: a switch-off commits before or after. `None` if the
/// partner has no integration.
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
        state: row.named("state", IntegrationState::parse)?,
        credentials_version: row.get("credentials_version")?,
        refused: row.optional_code("credentials_refused_code")?,
        writes_stopped: row.get("writes_stopped")?,
        must_reread: row.get("must_reread")?,
        reread_since: row.get("reread_since")?,
    }))
}

/// Switches an integration on. `None` if the partner has none.
///
/// If Kaseya had refused the credentials, this is a person's order to try again. The credentials get a new version,
/// so that they are tried once more, and only once (B-03).
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
    row.map(|row| row.named("state", IntegrationState::parse)).transpose()
}

/// Begins to switch an integration off: drops its jobs that no worker has started, and ends its runs without a
/// started job. `None` if the partner has none.
pub async fn switch_off(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Option<SwitchedOff>, StoreError> {
    let found = tx
        .query_opt("select state from integrations where partner_id = $1 for update", &[&partner.as_str()])
        .await?;
    let Some(found) = found else { return Ok(None) };
    let state = match found.named("state", IntegrationState::parse)? {
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
    let dropped = switched_off::drop_open_jobs(tx, partner, now).await?;
    Ok(Some(SwitchedOff { state, dropped }))
}

/// Turns *switching off* into *off* if no permit is out. Does not wait: an integration that is not ready is tried
/// again in the next round.
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

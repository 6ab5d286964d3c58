//! Figures of the whole installation, for the metrics.

use domain::PartnerId;
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// Figures that one statement counts over all partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Events that wait to be announced.
    pub unannounced: i64,
    /// When the oldest of them was stored; `None` without one.
    pub unannounced_since: Option<Timestamp>,
    /// When the oldest job that may have a ticket and has none became due; `None` without one.
    pub due_since: Option<Timestamp>,
    /// When the oldest ticket that no worker has started was sent; `None` without one.
    pub unstarted_since: Option<Timestamp>,
    /// Hosts that are called no more for a while.
    pub open_breakers: i64,
    /// Partners whose integration is on and whose credentials Kaseya has refused.
    pub refused_partners: i64,
    /// Open holds by the partner's invoice day (1 to 28).
    pub open_holds: Vec<(i8, i64)>,
}

/// Counts the figures.
pub async fn figures(tx: &Transaction<'_>, now: Timestamp) -> Result<Figures, StoreError> {
    let sql = "-- all partners: figures for the metrics
               select (select count(*) from events where announced_at is null) as unannounced,
                      (select min(created_at) from events where announced_at is null) as unannounced_since,
                      (select min(coalesce(not_before, created_at)) from jobs
                       where state = 'ready' and coalesce(not_before, created_at) <= $1) as due_since,
                      (select min(emitted_at) from jobs where state = 'emitted') as unstarted_since,
                      (select count(*) from breakers where open_until > $1) as open_breakers,
                      (select count(*) from integrations
                       where state = 'on' and credentials_refused_code is not null) as refused_partners";
    let row = tx.query_one(sql, &[&now]).await?;
    let sql = "-- all partners: a figure for the metrics
               select invoice_day, count(*) as holds from holds join integrations using (partner_id)
               where holds.state = 'open' group by invoice_day order by invoice_day";
    let holds = tx.query(sql, &[]).await?;
    let open_holds = holds
        .iter()
        .map(|row| Ok((i8::try_from(row.get::<i16>("invoice_day")?).unwrap_or(i8::MAX), row.get("holds")?)))
        .collect::<Result<_, StoreError>>()?;
    Ok(Figures {
        unannounced: row.get("unannounced")?,
        unannounced_since: row.get("unannounced_since")?,
        due_since: row.get("due_since")?,
        unstarted_since: row.get("unstarted_since")?,
        open_breakers: row.get("open_breakers")?,
        refused_partners: row.get("refused_partners")?,
        open_holds,
    })
}

/// When a partner's newest run without a failed company ended, `None` if it has had none; `None` also while its
/// integration is off.
pub async fn last_good_run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<Option<Timestamp>>, StoreError> {
    let sql = "select (select finished_at from runs
                       where runs.partner_id = $1 and runs.state = 'finished' and mode = 'apply' and trigger <> 'probe'
                         and failed = 0
                       order by run_number desc limit 1) as finished_at
               from integrations where partner_id = $1 and state = 'on'";
    tx.query_opt(sql, &[&partner.as_str()]).await?.map(|row| row.get("finished_at")).transpose()
}

//! What a partner's jobs wait for (G-04). A deferred job stores its reason; the other reasons follow from what else
//! is going on.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, ContractId, ErrorCode, LOCK_WAIT, PartnerId, RunId, Wait, WaitReason};
use jiff::{SignedDuration, Timestamp};

use crate::{Row, StoreError, Transaction, jobs::deferrals};

/// A ticket not taken for this long waits for a worker.
const TAKEN_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// An open job as shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenJob {
    pub run: RunId,
    pub is_started: bool,
    pub writes: bool,
    pub contracts: BTreeSet<ContractId>,
    pub companies: BTreeSet<CompanyId>,
    /// What the job waits for; `None` if it is started, or next.
    pub wait: Option<Wait>,
}

impl OpenJob {
    /// Whether the job continues by itself at a future instant.
    pub fn is_put_off(&self) -> bool {
        self.wait.is_some_and(|wait| wait.until.is_some())
    }
}

/// A partner's open jobs.
pub(crate) async fn open_jobs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Vec<OpenJob>, StoreError> {
    // Jobs of the same run always wait for one another; that is the run's progress.
    let sql = "select jobs.run_id, runs.mode = 'apply' as writes, jobs.state, jobs.contract_ids, jobs.company_ids, jobs.created_at, jobs.emitted_at,
                      jobs.not_before, jobs.deferred_code, jobs.deferred_at,
                      jobs.host is not null and jobs.survey_result is null as calls,
                      runs.mode = 'apply' and installation.writes_stopped as stopped,
                      runs.mode = 'apply' and must_reread($1) as rereads,
                      integrations.credentials_refused_code as refused, integrations.credentials_refused_at as refused_at,
                      exists (select from jobs as other
                              where other.host = jobs.host and other.tenant = jobs.tenant and other.alone = jobs.alone
                                and other.state <> 'done'
                                and other.run_id <> jobs.run_id
                                and (other.state = 'started' or other.permit_until > $2)) as busy
               from jobs join runs using (run_id) join integrations on integrations.partner_id = jobs.partner_id
                    cross join installation
               where jobs.partner_id = $1 and jobs.state <> 'done'";
    tx.query(sql, &[&partner.as_str(), &now]).await?.iter().map(|row| open_job(row, now)).collect()
}

fn open_job(row: &Row, now: Timestamp) -> Result<OpenJob, StoreError> {
    let companies: Vec<String> = row.get("company_ids")?;
    let companies = companies.into_iter().map(CompanyId::new).collect::<Result<_, _>>();
    let state: String = row.get("state")?;
    let is_started = state == "started";
    Ok(OpenJob {
        run: RunId(row.get("run_id")?),
        is_started,
        writes: row.get("writes")?,
        contracts: row.get::<Vec<i32>>("contract_ids")?.into_iter().map(ContractId).collect(),
        companies: companies.map_err(|error| StoreError::row("jobs", "company_ids", &error))?,
        wait: if is_started { None } else { wait_of(row, &state, now)? },
    })
}

/// What a job that is not started waits for.
fn wait_of(row: &Row, state: &str, now: Timestamp) -> Result<Option<Wait>, StoreError> {
    let created: Timestamp = row.get("created_at")?;
    let until = row.get::<Option<Timestamp>>("not_before")?.filter(|until| *until > now);
    let word: Option<String> = row.get("deferred_code")?;
    let since = row.get::<Option<Timestamp>>("deferred_at")?.unwrap_or(created);
    if let Some(until) = until {
        return Ok(Some(deferrals::until(word.as_deref(), since, until)));
    }
    if !row.get::<bool>("calls")? {
        return Ok(None);
    }
    let refused = row.get::<Option<String>>("refused")?;
    let emitted: Option<Timestamp> = row.get("emitted_at")?;
    let reason = if let Some(refused) = refused {
        let since = row.get::<Option<Timestamp>>("refused_at")?.unwrap_or(created);
        return Ok(Some(Wait::stored(&refused, since, None)));
    } else if row.get("stopped")? {
        WaitReason::WritesStopped
    } else if row.get("rereads")? {
        WaitReason::Restored
    } else if row.get("busy")? {
        WaitReason::KaseyaBusy
    } else if word.as_deref() == Some(WaitReason::HostBusy.as_str()) {
        return Ok(Some(Wait::of(WaitReason::HostBusy, since, None)));
    } else if let Some(at) = emitted.filter(|_| state == "emitted")
        && now.duration_since(created.min(at)) > TAKEN_WITHIN
    {
        WaitReason::Worker
    } else {
        return Ok(None);
    };
    Ok(Some(Wait::of(reason, created, None)))
}

/// What a partner's open runs wait for. A run with a started job waits for what its other jobs wait for.
pub async fn runs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<BTreeMap<RunId, Wait>, StoreError> {
    let mut waits: BTreeMap<RunId, Wait> = BTreeMap::new();
    for job in open_jobs(tx, partner, now).await? {
        if let Some(wait) = job.wait {
            waits.entry(job.run).and_modify(|known| *known = known.or(wait)).or_insert(wait);
        }
    }
    Ok(waits)
}

/// What the open jobs that write to any of these contracts wait for.
pub async fn writes(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &BTreeSet<ContractId>,
    now: Timestamp,
) -> Result<Option<Wait>, StoreError> {
    let jobs = open_jobs(tx, partner, now).await?;
    let theirs = jobs.iter().filter(|job| job.writes && !job.contracts.is_disjoint(contracts));
    Ok(theirs.filter_map(|job| job.wait).reduce(Wait::or))
}

/// When the single retry for a user locked by Kaseya is due (AUTH-03).
pub(crate) async fn locked_user(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<Wait>, StoreError> {
    let sql = "select credentials_refused_at from integrations
               where partner_id = $1 and state = 'on' and credentials_refused_code = 'AUTH-03'
                 and exists (select from refused_logins
                             where refused_logins.host = called_hosts
                               and (refused_logins.tenant, refused_logins.user_name) = (plain_tenant, plain_user)
                               and mark = any(password_marks) and code = 'AUTH-03' and not tried_again)";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str()]).await? else { return Ok(None) };
    let since: Timestamp = row.get("credentials_refused_at")?;
    let until = since.saturating_add(LOCK_WAIT).unwrap_or(Timestamp::MAX);
    let code = Some(ErrorCode::Auth03);
    Ok(Some(Wait { reason: WaitReason::UserLocked, code, since, until: Some(until) }))
}

/// Defers a run's jobs that no worker has, for a reason that blocks every call of the run.
pub async fn put_off(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    wait: &Wait,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set state = 'ready', emitted_at = null, emitting_until = null, not_before = $3, deferred_code = $4,
             deferred_at = $5
         where partner_id = $1 and run_id = $2 and state in ('ready', 'emitted') and kind in ('work', 'survey')
           and survey_result is null and (not_before is null or not_before < $3)",
        &[&partner.as_str(), &run.0, &wait.until, &wait.word(), &wait.since],
    )
    .await?;
    Ok(())
}

//! Login accounts: one per host, tenant and user of a partner, so that no user is locked out by our tries (B-03).

use domain::{JobId, LoginAccount, LoginOutcome, PartnerId};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction};

/// Whom a login is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginOf<'a> {
    /// The partner.
    pub partner: &'a PartnerId,
    /// Kaseya's host.
    pub host: &'a str,
    /// Kaseya's tenant.
    pub tenant: &'a str,
    /// The user.
    pub user: &'a str,
}

/// Reads the account as it is for this version of the credentials, and locks its row, also where there was none.
pub async fn lock_login(
    tx: &Transaction<'_>,
    of: LoginOf<'_>,
    version: i32,
) -> Result<LoginAccount, StoreError> {
    tx.execute(
        "insert into logins (partner_id, host, tenant, user_name, credentials_version) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        &[&of.partner.as_str(), &of.host, &of.tenant, &of.user, &version],
    )
    .await?;
    let row = tx
        .query_one(
            "select credentials_version, open_tries, last_try, refused_at from logins
             where partner_id = $1 and host = $2 and tenant = $3 and user_name = $4
             for update",
            &[&of.partner.as_str(), &of.host, &of.tenant, &of.user],
        )
        .await?;
    let version = u32::try_from(version)
        .map_err(|error| StoreError::row("integrations", "credentials_version", &error))?;
    Ok(account(&row)?.at_version(version))
}

/// Records that a job starts with these credentials: its login is pending. `account` is what [`lock_login`] gave.
pub async fn login_begun(
    tx: &Transaction<'_>,
    of: LoginOf<'_>,
    account: LoginAccount,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    store_account(tx, of, account.begun(now), Some(job), None).await
}

/// Kaseya took the credentials that a job was started with.
pub async fn login_accepted(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    login_ended(tx, partner, job, LoginOutcome::Accepted, None, Some(now)).await
}

/// Kaseya refused the credentials that a job was started with; `code` says how.
pub async fn login_refused(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    code: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    login_ended(tx, partner, job, LoginOutcome::Refused, Some(code), Some(now)).await
}

/// A job's login was tried and got no answer, or nothing was heard of it: it stays an open try.
pub async fn login_unknown(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    login_ended(tx, partner, job, LoginOutcome::Unknown, None, Some(now)).await
}

/// A job did not log in after all.
pub async fn login_not_tried(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
) -> Result<(), StoreError> {
    login_ended(tx, partner, job, LoginOutcome::NotTried, None, None).await
}

/// Word of a job's login. Each job is heard once; after that only an acceptance or a refusal still counts.
async fn login_ended(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    outcome: LoginOutcome,
    code: Option<&str>,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let row = tx
        .query_opt(
            "select logins.host, logins.tenant, logins.user_name, logins.credentials_version, logins.open_tries,
                    logins.last_try, logins.refused_at, logins.pending_job
             from jobs
             join logins using (partner_id, host, tenant, credentials_version)
             join integrations using (partner_id, tenant, user_name, credentials_version)
             where partner_id = $1 and jobs.job_id = $2 and lower(integrations.host) = logins.host
             for update of logins",
            &[&partner.as_str(), &job.0],
        )
        .await?;
    // The credentials have changed since, and nobody asks about the old ones; or the job was never started.
    let Some(row) = row else { return Ok(()) };
    let pending: Option<uuid::Uuid> = row.get("pending_job")?;
    let is_pending = pending == Some(job.0);
    if !is_pending && matches!(outcome, LoginOutcome::NotTried | LoginOutcome::Unknown) {
        return Ok(());
    }
    let account = account(&row)?;
    let account = account.ended(account.version, outcome);
    let still_pending = if is_pending { None } else { pending.map(JobId) };
    let (host, tenant, user): (String, String, String) =
        (row.get("host")?, row.get("tenant")?, row.get("user_name")?);
    let of = LoginOf { partner, host: &host, tenant: &tenant, user: &user };
    store_account(tx, of, account, still_pending, Some((outcome, code, at))).await
}

fn account(row: &Row) -> Result<LoginAccount, StoreError> {
    let refused_at: Option<Timestamp> = row.get("refused_at")?;
    Ok(LoginAccount {
        version: row.number("credentials_version")?,
        refused: refused_at.is_some(),
        open_tries: row.number("open_tries")?,
        last_try: row.get("last_try")?,
    })
}

async fn store_account(
    tx: &Transaction<'_>,
    of: LoginOf<'_>,
    account: LoginAccount,
    pending: Option<JobId>,
    word: Option<(LoginOutcome, Option<&str>, Option<Timestamp>)>,
) -> Result<(), StoreError> {
    let accepted_at = word.filter(|(outcome, ..)| *outcome == LoginOutcome::Accepted).and_then(|(.., at)| at);
    let refused = word.filter(|(outcome, ..)| *outcome == LoginOutcome::Refused);
    let refused_at = refused.and_then(|(.., at)| at);
    let refused_code = refused.map(|(_, code, _)| code.unwrap_or(domain::ErrorCode::Unk01.as_str()));
    tx.execute(
        "update logins set credentials_version = $5, open_tries = $6, last_try = $7, pending_job = $8,
             accepted_at = coalesce($9, accepted_at),
             refused_at = case when $10 then coalesce($11, refused_at) end,
             refused_code = case when $10 then coalesce($12, refused_code) end
         where partner_id = $1 and host = $2 and tenant = $3 and user_name = $4",
        &[
            &of.partner.as_str(),
            &of.host,
            &of.tenant,
            &of.user,
            &i32::try_from(account.version).unwrap_or(i32::MAX),
            &i32::try_from(account.open_tries).unwrap_or(i32::MAX),
            &account.last_try,
            &pending.map(|job| job.0),
            &accepted_at,
            &account.refused,
            &refused_at,
            &refused_code,
        ],
    )
    .await?;
    Ok(())
}

//! Logins as Kaseya counts them: per host, tenant and user, whichever of our programs tries, so that no user is
//! locked out (B-03). Tries by a partner that Kaseya has never let in as this user do not hold up a partner that it
//! has (F1).

use domain::{
    JobId, KaseyaAddress, LoginAccount, LoginOutcome, LoginTry, PartnerId, RefusedLogin, plain_name,
};
use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, Transaction, jobs::lanes};

/// How long a try counts.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long a try is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The user that a login is for, and the partner that tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginOf<'a> {
    /// The API address and the tenant there.
    pub address: &'a KaseyaAddress,
    /// The user.
    pub user: &'a str,
    /// The partner that tries.
    pub partner: &'a PartnerId,
}

/// A login to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTry<'a> {
    /// The user and the partner.
    pub of: LoginOf<'a>,
    /// The marks of the credentials tried.
    pub marks: &'a [String],
    /// The job and its attempt; `None` for Authenticate.
    pub job: Option<(JobId, i32)>,
}

/// A login in progress or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryId(i64);

/// Reads [`account`] and lets no other login of this user begin until the transaction ends.
pub async fn lock_account(
    tx: &Transaction<'_>,
    of: LoginOf<'_>,
    marks: &[String],
    now: Timestamp,
) -> Result<LoginAccount, StoreError> {
    // An advisory lock, not a row lock: before the first login there is no row. It covers all hosts, because a
    // Kaseya may have several names.
    tx.execute(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), $1::text, $2::text), 1))",
        &[&of.address.tenant(), &plain_name(of.user)],
    )
    .await?;
    account(tx, of, marks, now).await
}

/// The results of a user's logins as far as they count for this partner, and whether the credentials with these
/// marks were refused or accepted.
pub async fn account(
    tx: &Transaction<'_>,
    of: LoginOf<'_>,
    marks: &[String],
    now: Timestamp,
) -> Result<LoginAccount, StoreError> {
    let (hosts, tenant, user) = (of.address.hosts(), of.address.tenant(), plain_name(of.user));
    let domains: Vec<&str> = of.address.domains().to_vec();
    let since = now.saturating_sub(COUNTS_FOR).unwrap_or(Timestamp::MIN);
    let rows = tx
        .query(
            "-- all partners: Kaseya counts by user
             with nearby as materialized (
                 -- Under whichever of the host's names and spellings: a stranger may type one that nobody else has.
                 select login_try, host, partner_id, marks, begun_at, coalesce(heard_at, begun_at) as at, outcome
                 from login_tries
                 where tenant = $2 and user_name = $3
                   and exists (
                       select from unnest(string_to_array(host, ' ')) as place, split_part(place, '/', 1) as called,
                                   unnest($6::text[]) as domain
                       where called = domain or right(called, length(domain) + 1) = '.' || domain)
             ), let_in_nearby as (
                 select partner_id, bool_or(host = $1) as is_here from nearby where outcome = 'accepted' group by partner_id
             ), let_in as (
                 select partner_id from let_in_nearby where is_here and position(' ' in $1) = 0
             ), tries as (
                 select login_try, at, outcome, marks && $5 as same,
                        partner_id = $7 and string_to_array(host, ' ') && string_to_array($1, ' ')
                            or host = $1 and $7 in (select partner_id from let_in)
                                         and partner_id in (select partner_id from let_in) as counts
                 from nearby
                 -- Whoever is let in has a limit of its own, beside which a stranger has one try.
                 where begun_at > $4
                   and ($7 in (select partner_id from let_in) or partner_id = $7
                        or partner_id not in (select partner_id from let_in_nearby))
             )
             select others_are_let_in, at, outcome, same, counts
             from (select exists (select from let_in_nearby where partner_id <> $7)
                          and not exists (select from let_in_nearby where partner_id = $7 and is_here) as others_are_let_in) as known
                  left join tries on true
             order by login_try",
            &[&hosts, &tenant, &user, &since, &marks, &domains, &of.partner.as_str()],
        )
        .await?;
    let mut account = LoginAccount::default();
    for row in &rows {
        account.others_are_let_in = row.get("others_are_let_in")?;
        // Without any try there is still one row.
        let Some(at) = row.get("at")? else { continue };
        let outcome = match row.get::<Option<String>>("outcome")? {
            Some(_) => Some(row.named("outcome", LoginOutcome::parse)?),
            None => None,
        };
        let one = LoginTry { at, outcome, same: row.get("same")? };
        if row.get("counts")? { account.tries.push(one) } else { account.of_strangers.push(one) }
    }
    let sql = "select code, refused_at, tried_again from refused_logins
               where host = $1 and tenant = $2 and user_name = $3 and mark = any($4)
               order by refused_at desc limit 1";
    account.refused = match tx.query_opt(sql, &[&hosts, &tenant, &user, &marks]).await? {
        Some(row) => Some(RefusedLogin {
            code: row.named("code", |code| code.parse().ok())?,
            at: row.get("refused_at")?,
            tried_again: row.get("tried_again")?,
        }),
        None => None,
    };
    let sql = "-- all partners: Kaseya counts by user
               select outcome = 'accepted' as proven from login_tries
               where host = $1 and tenant = $2 and user_name = $3 and marks && $4 and outcome in ('accepted', 'refused')
               order by heard_at desc, login_try desc limit 1";
    account.proven = match tx.query_opt(sql, &[&hosts, &tenant, &user, &marks]).await? {
        Some(row) => row.get("proven")?,
        None => false,
    };
    Ok(account)
}

/// Records the start of a login that [`lock_account`] has allowed in the same transaction.
pub async fn login_begun(
    tx: &Transaction<'_>,
    new: &NewTry<'_>,
    now: Timestamp,
) -> Result<TryId, StoreError> {
    let (hosts, tenant, user) = (new.of.address.hosts(), new.of.address.tenant(), plain_name(new.of.user));
    tx.execute(
        "-- all partners: Kaseya counts by user
         delete from login_tries where tenant = $1 and user_name = $2 and begun_at < $3",
        &[&tenant, &user, &now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN)],
    )
    .await?;
    tx.execute(
        "update refused_logins set tried_again = true
         where host = $1 and tenant = $2 and user_name = $3 and mark = any($4)",
        &[&hosts, &tenant, &user, &new.marks],
    )
    .await?;
    let row = tx
        .query_one(
            "insert into login_tries (host, tenant, user_name, partner_id, job_id, attempt, marks, begun_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning login_try",
            &[
                &hosts,
                &tenant,
                &user,
                &new.of.partner.as_str(),
                &new.job.map(|(job, _)| job.0),
                &new.job.map(|(_, attempt)| attempt),
                &new.marks,
                &now,
            ],
        )
        .await?;
    Ok(TryId(row.get("login_try")?))
}

/// The result of the login of a job's attempt; `code` says how it was refused. It is taken once; after that only an
/// acceptance or a refusal counts.
pub async fn job_login_ended(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    (job, attempt): (JobId, i32),
    outcome: LoginOutcome,
    code: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = tx
        .query_opt(
            "select login_try from login_tries where partner_id = $1 and job_id = $2 and attempt = $3 for update",
            &[&partner.as_str(), &job.0, &attempt],
        )
        .await?;
    // The attempt started without a login, or it is long past.
    let Some(row) = row else { return Ok(()) };
    login_ended(tx, partner, TryId(row.get("login_try")?), outcome, code, now).await
}

/// The result of a login; `code` says how it was refused.
pub async fn login_ended(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    id: TryId,
    outcome: LoginOutcome,
    code: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match outcome {
        LoginOutcome::NotTried => {
            let sql = "delete from login_tries where partner_id = $1 and login_try = $2 and outcome is null";
            tx.execute(sql, &[&partner.as_str(), &id.0]).await?;
        }
        LoginOutcome::Unknown => {
            let sql = "update login_tries set outcome = 'unknown', heard_at = $3
                       where partner_id = $1 and login_try = $2 and outcome is null";
            tx.execute(sql, &[&partner.as_str(), &id.0, &now]).await?;
        }
        LoginOutcome::Accepted => {
            tx.execute(
                "with accepted as (
                     update login_tries set outcome = 'accepted', heard_at = $3
                     where partner_id = $1 and login_try = $2 and outcome is distinct from 'refused'
                     returning host, tenant, user_name, marks
                 )
                 delete from refused_logins using accepted
                 where (refused_logins.host, refused_logins.tenant, refused_logins.user_name)
                       = (accepted.host, accepted.tenant, accepted.user_name) and mark = any(marks)",
                &[&partner.as_str(), &id.0, &now],
            )
            .await?;
            // From now on its jobs are in the shared lane of the partners that Kaseya has let in. A job that is just
            // being started does this itself.
            lanes::join_others(tx, partner).await?;
        }
        LoginOutcome::Refused => {
            let code = code.unwrap_or(domain::ErrorCode::Unk01.as_str());
            tx.execute(
                "with refused as (
                     update login_tries set outcome = 'refused', heard_at = $3
                     where partner_id = $1 and login_try = $2 and outcome is distinct from 'refused'
                     returning host, tenant, user_name, marks
                 )
                 insert into refused_logins (host, tenant, user_name, mark, code, refused_at)
                 select host, tenant, user_name, unnest(marks), $4, $3 from refused
                 on conflict (host, tenant, user_name, mark) do update set
                     code = excluded.code, refused_at = excluded.refused_at",
                &[&partner.as_str(), &id.0, &now, &code],
            )
            .await?;
        }
    }
    Ok(())
}

/// A person confirms a partner's stored credentials after Kaseya has refused them.
pub async fn forgive(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute(
        "delete from refused_logins using integrations
         where partner_id = $1 and refused_logins.host = called_hosts
           and (refused_logins.tenant, refused_logins.user_name) = (plain_tenant, plain_user)
           and mark = any(password_marks) and credentials_refused_code is not null",
        &[&partner.as_str()],
    )
    .await?;
    Ok(())
}

//! What is known of contracts as a whole: the last survey of them, and the total according to the last reading of
//! their lines.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, ContractId, ContractRead, ErrorCode, Evidence, ExpectedTotal, JobId, PartnerId, SeenContract,
    ServiceId, ShownContract,
};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// Stores contracts as a run's survey showed them; a newer run's view takes precedence. A look-up by id shows no
/// type, no billing cycle and no first day, so their last known values stay.
pub async fn store_seen(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    contracts: &[SeenContract],
) -> Result<(), StoreError> {
    let none = ShownContract::default();
    let shown: Vec<&ShownContract> =
        contracts.iter().map(|seen| seen.shown.as_ref().unwrap_or(&none)).collect();
    let ids: Vec<i32> = contracts.iter().map(|seen| seen.contract.0).collect();
    let is_shown: Vec<bool> = contracts.iter().map(|seen| seen.shown.is_some()).collect();
    let names: Vec<&str> = shown.iter().map(|shown| shown.name.as_str()).collect();
    let accounts: Vec<Option<&str>> = shown.iter().map(|shown| shown.account_name.as_deref()).collect();
    let types: Vec<Option<&str>> = shown.iter().map(|shown| shown.contract_type.as_deref()).collect();
    let active: Vec<Option<bool>> = shown.iter().map(|shown| shown.active).collect();
    let cycles: Vec<Option<&str>> = shown.iter().map(|shown| shown.billing_cycle.as_deref()).collect();
    let starts: Vec<Option<Date>> = shown.iter().map(|shown| shown.start).collect();
    let ends: Vec<Option<Date>> = shown.iter().map(|shown| shown.end).collect();
    let totals: Vec<Option<f64>> = shown.iter().map(|shown| shown.total).collect();
    let seen: Vec<Timestamp> = contracts.iter().map(|seen| seen.seen_at).collect();
    tx.execute(
        "insert into contracts (partner_id, contract_id, run_number, shown, name, account_name, contract_type, active,
                                billing_cycle, start_date, end_date, total, seen_at)
         select distinct on (contract_id) $1, contract_id, $2, shown, name, account_name, contract_type, active,
                billing_cycle, start_date, end_date, total, seen_at
         from unnest($3::int[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::text[],
                     $10::date[], $11::date[], $12::float8[], $13::timestamptz[])
             as seen (contract_id, shown, name, account_name, contract_type, active, billing_cycle, start_date, end_date,
                      total, seen_at)
         order by contract_id
         on conflict (partner_id, contract_id) do update set
             run_number = excluded.run_number, shown = excluded.shown, name = excluded.name,
             account_name = excluded.account_name, active = excluded.active, end_date = excluded.end_date,
             contract_type = coalesce(excluded.contract_type, contracts.contract_type),
             billing_cycle = coalesce(excluded.billing_cycle, contracts.billing_cycle),
             start_date = coalesce(excluded.start_date, contracts.start_date),
             total = excluded.total, seen_at = excluded.seen_at
         where contracts.run_number is null or contracts.run_number <= excluded.run_number",
        &[
            &partner.as_str(),
            &run_number,
            &ids,
            &is_shown,
            &names,
            &accounts,
            &types,
            &active,
            &cycles,
            &starts,
            &ends,
            &totals,
            &seen,
        ],
    )
    .await
    .map(drop)
}

/// Stores when contracts were read, for which services, and the totals expected from then on. The same attempt
/// counts once, however often its message arrives. If an older run reports after a newer one, the expected total is
/// unknown, and the next survey's total is no reason to skip reading. Each comes with whether it gave a code.
pub async fn store_reads(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    (job, attempt): (JobId, i32),
    reads: &[(&ContractRead, bool)],
) -> Result<(), StoreError> {
    // One by one, because each has a list of services of its own length. A slice has at most a hundred.
    for (read, gave_code) in reads {
        // The lines themselves say how many there are.
        let looked_for: Vec<i32> = read.found.keys().map(|service| service.0).collect();
        tx.execute(
            "insert into contracts (partner_id, contract_id, read_at, expected_total, owner_name, read_by_job,
                                    read_by_attempt, read_by_run_number, looked_for, total_is_sum, code_stands,
                                    owner_account_id)
             values ($1, $2, $3, $4::float8 + $5::float8, $6, $7, $8, $9, $10, coalesce($11, false), $12, $13)
             on conflict (partner_id, contract_id) do update set
                 read_at = greatest(contracts.read_at, excluded.read_at),
                 expected_total = case
                     when coalesce(contracts.read_by_run_number > excluded.read_by_run_number, false) then null
                     when excluded.expected_total is not null then excluded.expected_total
                     -- Without a survey before it, what its lines add up to, where that is the total. What an older reading
                     -- let expect may be another total than this reading's.
                     when $4::float8 is null and contracts.total_is_sum then $14::float8 + $5::float8
                 end,
                 total_is_sum = coalesce($11, contracts.total_is_sum),
                 looked_for = case when contracts.read_at > excluded.read_at then contracts.looked_for
                                   else excluded.looked_for end,
                 code_stands = case when contracts.read_at > excluded.read_at then contracts.code_stands
                                    else excluded.code_stands end,
                 owner_name = coalesce(excluded.owner_name, contracts.owner_name),
                 owner_account_id = coalesce(excluded.owner_account_id, contracts.owner_account_id),
                 read_by_job = excluded.read_by_job, read_by_attempt = excluded.read_by_attempt,
                 read_by_run_number = greatest(contracts.read_by_run_number, excluded.read_by_run_number)
             where (contracts.read_by_job, contracts.read_by_attempt)
                   is distinct from (excluded.read_by_job, excluded.read_by_attempt)",
            &[
                &partner.as_str(),
                &read.contract.0,
                &read.read_at,
                &read.total_before,
                &read.total_moved,
                &read.owner_name,
                &job.0,
                &attempt,
                &run_number,
                &looked_for,
                &read.total_is_sum(),
                gave_code,
                &read.owner_account.map(|account| account.0),
                &read.lines_total,
            ],
        )
        .await?;
    }
    Ok(())
}

/// Stores that contracts got a code and their lines were not read. The code stands until they are.
pub async fn store_codes(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    tx.execute(
        "insert into contracts (partner_id, contract_id, code_stands)
         select $1, contract_id, true from unnest($2::int[]) as coded (contract_id)
         on conflict (partner_id, contract_id) do update set code_stands = true",
        &[&partner.as_str(), &contracts],
    )
    .await
    .map(drop)
}

/// Stores when contracts had their expected totals.
pub async fn store_implied(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    implied: &[(ContractId, Timestamp)],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = implied.iter().map(|(contract, _)| contract.0).collect();
    let times: Vec<Timestamp> = implied.iter().map(|(_, at)| *at).collect();
    tx.execute(
        "update contracts set implied_at = implied.at
         from unnest($2::int[], $3::timestamptz[]) as implied (contract_id, at)
         where partner_id = $1 and contracts.contract_id = implied.contract_id
           and (contracts.implied_at is null or contracts.implied_at < implied.at)",
        &[&partner.as_str(), &contracts, &times],
    )
    .await
    .map(drop)
}

/// What is known of a contract as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KnownContract {
    /// As the newest survey or look-up showed it; `None` before the first.
    pub seen: Option<SeenContract>,
    /// Whether the run itself or a newer one saw it.
    pub seen_by_run: bool,
    /// Whether a change was granted since, so that the total seen is no longer valid.
    pub changed_since: bool,
    /// When all its lines were last read; `None` if never.
    pub read_at: Option<Timestamp>,
    /// The services that this reading looked for.
    pub looked_for: BTreeSet<ServiceId>,
    /// When it last had its expected total; `None` if never.
    pub implied_at: Option<Timestamp>,
    /// The expected total; `None` if unknown.
    pub expected: Option<ExpectedTotal>,
    /// Whether its newest reading gave a code.
    pub code_stands: bool,
    /// Whether the code that stands leaves open whose it is.
    pub owner_is_open: bool,
    /// The name of its account, from when that was last found to be the mapped one.
    pub owner_name: Option<String>,
    /// The account that it was last found to belong to.
    pub owner_account: Option<AccountId>,
}

impl KnownContract {
    /// The evidence for its lines; `None` before the first reading.
    pub fn evidence(&self) -> Option<Evidence> {
        let read = self.read_at?;
        let implied = self.implied_at.filter(|implied| *implied > read);
        Some(implied.map_or(Evidence::Read(read), Evidence::ImpliedByTotal))
    }
}

/// What is known of these contracts, as far as a run with this number may use it.
pub async fn known(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    contracts: &[ContractId],
) -> Result<BTreeMap<ContractId, KnownContract>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let codes = ErrorCode::ALL.iter().filter(|code| code.leaves_owner_open());
    let codes: Vec<&str> = codes.map(|code| code.as_str()).collect();
    let rows = tx
        .query(
            "select contract_id, run_number is not null as seen, coalesce(run_number >= $3, false) as seen_by_run, shown, name, account_name, contract_type,
                    active, billing_cycle, start_date, end_date, total, seen_at, read_at, expected_total, total_is_sum,
                    looked_for, implied_at, code_stands, owner_name, owner_account_id,
                    case when code_stands then exists (
                        select from statuses
                        where statuses.partner_id = $1 and statuses.contract_id = contracts.contract_id
                          and statuses.code = any($4)) else false end as owner_is_open,
                    exists (select from intents
                            where intents.partner_id = $1 and intents.contract_id = contracts.contract_id
                              and intents.granted_at >= contracts.seen_at
                              and intents.result not in ('not_begun', 'refused') and not intents.forgotten) as changed_since
             from contracts
             where partner_id = $1 and contract_id = any($2)",
            &[&partner.as_str(), &contracts, &run_number, &codes],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let contract = ContractId(row.get("contract_id")?);
            let known = KnownContract {
                seen: if row.get("seen")? { Some(seen(row, contract)?) } else { None },
                seen_by_run: row.get("seen_by_run")?,
                changed_since: row.get("changed_since")?,
                read_at: row.get("read_at")?,
                looked_for: row.get::<Vec<i32>>("looked_for")?.into_iter().map(ServiceId).collect(),
                implied_at: row.get("implied_at")?,
                expected: match row.get("expected_total")? {
                    Some(total) => Some(ExpectedTotal { total, is_sum: row.get("total_is_sum")? }),
                    None => None,
                },
                code_stands: row.get("code_stands")?,
                owner_is_open: row.get("owner_is_open")?,
                owner_name: row.get("owner_name")?,
                owner_account: row.get::<Option<i32>>("owner_account_id")?.map(AccountId),
            };
            Ok((contract, known))
        })
        .collect()
}

fn seen(row: &Row, contract: ContractId) -> Result<SeenContract, StoreError> {
    let shown = match row.get("shown")? {
        false => None,
        true => Some(ShownContract {
            name: row.get("name")?,
            account_name: row.get("account_name")?,
            contract_type: row.get("contract_type")?,
            active: row.get("active")?,
            billing_cycle: row.get("billing_cycle")?,
            start: row.get("start_date")?,
            end: row.get("end_date")?,
            total: row.get("total")?,
        }),
    };
    Ok(SeenContract { contract, seen_at: row.get("seen_at")?, shown })
}

/// The contracts that have lines, the last read first, except these.
pub async fn last_read(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    without: &[ContractId],
    most: i64,
) -> Result<Vec<ContractId>, StoreError> {
    let without: Vec<i32> = without.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select contract_id from contracts
             where partner_id = $1 and read_at is not null and not contract_id = any($2)
               and exists (select from lines
                           where lines.partner_id = $1 and lines.contract_id = contracts.contract_id)
             order by read_at desc, contract_id limit $3",
            &[&partner.as_str(), &without, &most],
        )
        .await?;
    rows.iter().map(|row| Ok(ContractId(row.get("contract_id")?))).collect()
}

/// Deletes all of the partner's contracts: from now on another Kaseya is called.
pub(crate) async fn forget(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "delete from contracts where partner_id = $1";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}

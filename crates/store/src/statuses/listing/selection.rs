//! Selects the companies of a page, and counts the companies of each filter.

use std::{cmp::Reverse, collections::BTreeMap};

use domain::{
    CompanyId, CompanyReadiness, CompanyState, ErrorCode, Level, NotReady, PartnerId, PartnerReadiness,
    not_ready,
};
use jiff::Timestamp;

use super::query::{Filter, Query, Sort};
use crate::{Row, StoreError, Transaction};

/// The temporary states laid over stored statuses. They are not locked: a page shows one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Over {
    /// The integration is not on.
    pub(super) off: bool,
    /// A job is open, so some companies are queued or running.
    open: bool,
}

/// Makes Postgres plan the following statements with their parameter values: the plan that suits the first page of a
/// list takes three times as long for its last.
pub(super) async fn over(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Over, StoreError> {
    let sql = "select not exists (select from integrations where partner_id = $1 and state = 'on') as off,
                      exists (select from jobs where partner_id = $1 and state <> 'done') as open,
                      set_config('plan_cache_mode', 'force_custom_plan', true)";
    let row = tx.query_one(sql, &[&partner.as_str()]).await?;
    Ok(Over { off: row.get("off")?, open: row.get("open")? })
}

/// The number of companies that the search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All.
    pub all: u32,
    /// [`Filter::NeedsPerson`].
    pub needs_person: u32,
    /// [`Filter::Unmapped`].
    pub unmapped: u32,
    /// Those of them that have users.
    pub unmapped_with_users: u32,
    /// [`Filter::Failed`].
    pub failed: u32,
    /// [`Filter::Held`].
    pub held: u32,
    /// [`Filter::Changed`].
    pub changed: u32,
    /// [`Filter::NotBilled`].
    pub not_billed: u32,
    /// [`Filter::Closed`].
    pub closed: u32,
    /// [`Filter::Never`].
    pub never: u32,
}

/// The number of companies with a right next invoice, and the reasons of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Companies with a right next invoice.
    pub ready: u32,
    /// Companies with a wrong next invoice, by reason.
    pub not_ready: BTreeMap<NotReady, u32>,
}

impl Counts {
    /// The number of companies of a filter.
    pub fn of(&self, filter: Filter) -> u32 {
        match filter {
            Filter::All => self.all,
            Filter::NeedsPerson => self.needs_person,
            Filter::Unmapped => self.unmapped,
            Filter::Failed => self.failed,
            Filter::Held => self.held,
            Filter::Changed => self.changed,
            Filter::NotBilled => self.not_billed,
            Filter::Closed => self.closed,
            Filter::Never => self.never,
        }
    }
}

pub(super) struct Found {
    pub companies: Vec<CompanyId>,
    pub counts: Counts,
}

/// The temporary states: for companies with an open job they are computed again, as in `status_reading::companies`.
/// Parameters: partner, now.
const OVERLAY: &str = "open as materialized (
        select case when state = 'started' then 2 when not_before > $2 then 0 else 1 end as place,
               case when not_before > $2 and deferred_code ~ '^[A-Z]+-[0-9]+$' then deferred_code end as wait_code,
               contract_ids, company_ids
        from jobs where partner_id = $1 and state <> 'done'
    ),
    open_contracts as materialized (
        select contract_id, max(place) as place, max(wait_code) as wait_code
        from (select place, wait_code, unnest(contract_ids) as contract_id from open) as each group by contract_id
    ),
    open_companies as materialized (
        select company_id, max(place) as place, max(wait_code) as wait_code
        from (select place, wait_code, unnest(company_ids) as company_id from open) as each group by company_id
    ),
    overlaid as (
        select company_id from company_mappings join open_contracts using (contract_id) where partner_id = $1
        union
        select company_id from company_product_contracts join open_contracts using (contract_id) where partner_id = $1
        union
        select company_id from open_companies
    ),
    overlay as materialized (
        select company_id, array_agg(distinct over_state) as states,
               coalesce(array_agg(distinct over_code) filter (where contract_id <> 0 and over_code is not null), '{}') as codes
        from (
            select company_id, contract_id,
                   case when place = 2 then 'running' when place = 1 then 'queued'
                        when place = 0 and state not in ('held', 'not_sent') then 'deferred' else state end as over_state,
                   case when place > 0 then null
                        when place = 0 and state not in ('held', 'not_sent') then wait_code else code end as over_code
            from (
                select shown.company_id, contract_id, state, code, coalesce(open_contracts.place, open_companies.place) as place,
                       coalesce(open_contracts.wait_code, open_companies.wait_code) as wait_code
                from shown_contracts($1, (select array_agg(company_id) from overlaid)) as shown
                     left join open_contracts using (contract_id)
                     left join open_companies on contract_id = 0 and open_companies.company_id = shown.company_id
            ) as placed
        ) as each group by company_id
    )";

/// The stored standings of companies (`company_standings`) and, if a job is open, the states laid over them.
/// Parameters: those of [`OVERLAY`], whether the integration is off, the codes of what is not sent.
fn standing(overlaid: bool) -> String {
    let now = |kept: &str, over: &str| {
        if overlaid { format!("coalesce({over}, {kept})") } else { kept.to_owned() }
    };
    let (with, join) = match overlaid {
        true => (
            format!("{OVERLAY},"),
            "left join overlay on overlay.company_id = company_standings.company_id where partner_id = $1",
        ),
        false => (String::new(), "where partner_id = $1 and $2::timestamptz is not null"),
    };
    let states = now("company_standings.states", "overlay.states");
    let codes = now("company_standings.codes", "overlay.codes");
    let [held, not_sent, never] =
        ["held", "not_sent", "never"].map(|state| now(state, &format!("'{state}' = any(overlay.states)")));
    format!(
        "{with}
    standing as not materialized (
        select company_standings.company_id, unmapped, users, last_sync,
               case when $3 then '{{off}}' else {states} end as states, {codes} as codes,
               not $3 and {held} as held,
               (not $3 and {not_sent} or {codes} <> '{{}}' and {codes} && $4::text[]) as failed,
               not $3 and {never} as never
        from company_standings {join}
    )"
    )
}

/// The companies that the last sync changed, and those with a product that is not billed.
const CHANGED: &str = "changed as (
        select distinct company_id from run_companies
        where partner_id = $1 and state in ('changed', 'sent')
          and run_id = (select run_id from runs
                        where partner_id = $1 and state = 'finished' and mode = 'apply' and trigger <> 'probe'
                        order by run_number desc limit 1)
    ),
    not_billed as (select distinct company_id from billing_rules where partner_id = $1 and not_billed)";

/// The companies that a search finds. Parameters: partner, the pattern of [`pattern`].
const SEARCHED: &str = "searched as materialized (
        select company_id from companies
        where partner_id = $1 and (folded(name) like folded($5) or folded(company_id) like folded($5))
        union
        select company_id from company_mappings
        where partner_id = $1 and (folded(account_name) like folded($5) or folded(contract_name) like folded($5))
        union
        select company_id from company_product_contracts where partner_id = $1 and folded(contract_name) like folded($5)
    ),";

/// A pattern that matches the search anywhere; empty for an empty search. With a pattern Postgres can estimate the
/// number of matches.
fn pattern(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let escaped = search.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

/// The companies that a search finds, with the columns that filters and orders need. Postgres leaves out columns
/// that a filter and an order do not use. `searched` selects the companies found, `place` is the sort key.
fn found(searched: &str, place: &str) -> String {
    format!(
        "found as (
        select companies.company_id, name collate \"names\" as name_place, {place} as place, users, held, failed, never, unmapped,
               closed_from is not null as closed, held or failed or unmapped and users > 0 as needs_person,
               companies.company_id in (select company_id from changed) as changed,
               companies.company_id in (select company_id from not_billed) as not_billed
        from companies
             left join company_mappings using (partner_id, company_id)
             left join standing on standing.company_id = companies.company_id
        where partner_id = $1 and {searched}
    )"
    )
}

/// The columns that rows are ordered by.
fn order(sort: Sort) -> String {
    match sort {
        Sort::Company => "name collate \"names\"".to_owned(),
        Sort::Account => "account_name collate \"names\"".to_owned(),
        Sort::Contract => "contract_name collate \"names\"".to_owned(),
        Sort::State => worst(),
        Sort::LastSync => "last_sync".to_owned(),
        Sort::Users => "users".to_owned(),
    }
}

/// How urgently the worst of a company's states needs a person.
fn worst() -> String {
    let mut states = CompanyState::ALL.to_vec();
    states.sort_by_key(|state| Reverse(state.weight()));
    let weighed = states.iter().map(|state| format!("when '{state}' = any(states) then {}", state.weight()));
    format!("case {} end", weighed.collect::<Vec<_>>().join(" "))
}

/// The counts of the companies that a search finds, named like [`Filter`].
const COUNTED: &str = "count(*) as all_found,
    count(*) filter (where held or failed or unmapped and users > 0) as needs_person_found,
    count(*) filter (where unmapped) as unmapped_found,
    count(*) filter (where unmapped and users > 0) as unmapped_with_users_found,
    count(*) filter (where failed) as failed_found, count(*) filter (where held) as held_found,
    count(*) filter (where never) as never_found";

/// Like `COUNTED`, without a search.
const COUNTED_OF_ALL: &str =
    "(select count(*) from changed) as changed_found, (select count(*) from not_billed) as not_billed_found,
    (select count(*) from companies where partner_id = $1 and closed_from is not null) as closed_found";

/// Like `COUNTED`, with a search.
const COUNTED_OF_FOUND: &str = "count(*) filter (where changed) as changed_found,
    count(*) filter (where not_billed) as not_billed_found, count(*) filter (where closed) as closed_found";

pub(super) async fn find(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    query: &Query<'_>,
    over: Over,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let errors = ErrorCode::ALL.iter().filter(|code| code.level() == Level::Error);
    let errors: Vec<&str> = errors.map(|code| code.as_str()).collect();
    let search = query.search.trim();
    // Without a search each filter is counted separately, so that Postgres need not compute what the page does not
    // use; `offset 0` makes it look at each company once.
    let (searched, found_by, counted) = if search.is_empty() {
        (
            "",
            "$5::text = ''",
            format!(
                "select counted.*, {COUNTED_OF_ALL} from (select {COUNTED} from (select * from standing offset 0) as standing) as counted"
            ),
        )
    } else {
        (
            SEARCHED,
            "companies.company_id in (select company_id from searched)",
            format!("select {COUNTED}, {COUNTED_OF_FOUND} from found"),
        )
    };
    let direction = if query.descending { "desc nulls last" } else { "asc nulls last" };
    let sql = format!(
        "with {searched} {standing}, {CHANGED}, {found}
         select company_id, counted.* from ({counted}) as counted left join (
             select company_id, place, name_place
             from found where {filter} order by place {direction}, name_place, company_id limit $6 offset $7
         ) as page on true order by place {direction}, name_place, company_id",
        // If all are off, none is queued or running.
        standing = standing(over.open && !over.off),
        found = found(found_by, &order(query.sort)),
        filter = query.filter.column(),
    );
    let (size, offset) = (i64::from(query.size), i64::from(query.offset));
    let rows = tx
        .query(&sql, &[&partner.as_str(), &now, &over.off, &errors, &pattern(search), &size, &offset])
        .await?;
    let counts = rows.first().map(counts).transpose()?.unwrap_or_default();
    let mut companies = Vec::with_capacity(rows.len());
    for row in rows {
        // A page past the last has counts and no companies.
        if row.get::<Option<String>>("company_id")?.is_some() {
            companies.push(row.company_id("company_id")?);
        }
    }
    Ok(Found { companies, counts })
}

fn counts(row: &Row) -> Result<Counts, StoreError> {
    let count = |column: &str| {
        u32::try_from(row.get::<i64>(column)?).map_err(|error| StoreError::row("companies", column, &error))
    };
    Ok(Counts {
        all: count("all_found")?,
        needs_person: count("needs_person_found")?,
        unmapped: count("unmapped_found")?,
        unmapped_with_users: count("unmapped_with_users_found")?,
        failed: count("failed_found")?,
        held: count("held_found")?,
        changed: count("changed_found")?,
        not_billed: count("not_billed_found")?,
        closed: count("closed_found")?,
        never: count("never_found")?,
    })
}

/// Judges the readiness of the companies that a search finds, with companies of the same standing grouped.
pub(super) async fn judge(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    search: &str,
    (over, readiness): (Over, &PartnerReadiness),
    now: Timestamp,
) -> Result<Readiness, StoreError> {
    let search = search.trim();
    let (searched, found_by) = match search.is_empty() {
        true => ("", "$5::text = ''"),
        false => (SEARCHED, "company_id in (select company_id from searched)"),
    };
    // The age of the last reading matters only relative to the instants it is compared with.
    let sql = format!(
        "with {searched} {standing}
         select states, codes, unmapped, seen, corrected, left_over, counting_later, count(*) as companies
         from (select states, codes, unmapped, company_id = any($8) as corrected, company_id = any($9) as left_over,
                      company_id = any($10) as counting_later,
                      case when last_sync is null or last_sync < $6 then 0 when last_sync < $7 then 1 else 2 end as seen
               from standing where {found_by}) as each
         group by states, codes, unmapped, seen, corrected, left_over, counting_later",
        standing = standing(over.open && !over.off),
    );
    let no_codes: Vec<&str> = Vec::new();
    let [corrected, left_over, counting_later] =
        [&readiness.corrected, &readiness.left_over, &readiness.counting_later]
            .map(|companies| companies.iter().map(CompanyId::as_str).collect::<Vec<_>>());
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &partner.as_str(),
        &now,
        &over.off,
        &no_codes,
        &pattern(search),
        &readiness.seen_since,
        &readiness.frozen_at,
        &corrected,
        &left_over,
        &counting_later,
    ];
    let mut judged = Readiness::default();
    for row in tx.query(&sql, &parameters).await? {
        let states = row.get::<Vec<String>>("states")?;
        let states: Vec<CompanyState> =
            states.iter().filter_map(|state| CompanyState::parse(state)).collect();
        // An unknown code of a newer program counts as an error.
        let codes = row.get::<Vec<String>>("codes")?;
        let codes: Vec<ErrorCode> =
            codes.iter().map(|code| code.parse().unwrap_or(ErrorCode::Unk01)).collect();
        let last_sync = match row.get::<i32>("seen")? {
            0 => None,
            1 => Some(readiness.seen_since),
            _ => Some(
                readiness.frozen_at.map_or(readiness.seen_since, |frozen| frozen.max(readiness.seen_since)),
            ),
        };
        let company = CompanyReadiness {
            is_mapped: !row.get::<bool>("unmapped")?,
            states: &states,
            codes: &codes,
            last_sync,
            is_corrected: row.get("corrected")?,
            is_left_over: row.get("left_over")?,
            counts_later: row.get("counting_later")?,
        };
        let companies = u32::try_from(row.get::<i64>("companies")?)
            .map_err(|error| StoreError::row("companies", "companies", &error))?;
        match not_ready(readiness, &company) {
            None => judged.ready += companies,
            Some(reason) => *judged.not_ready.entry(reason).or_default() += companies,
        }
    }
    Ok(judged)
}

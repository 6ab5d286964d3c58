//! Incoming reports of user counts, part by part.

use domain::{CompanyId, CountBasis, PartnerId, ProductId, ReportId};
use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{StoreError, Transaction, counts::senders::Sender};

/// The fields that all parts of a report share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportHead {
    /// The report.
    pub report: ReportId,
    /// The day counted.
    pub day: Date,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// Whether the provider will no longer change this day's counts.
    pub is_final: bool,
    /// The number of its parts.
    pub parts: i32,
    /// Whether it comes from a settings file. Then it is never newer than the provider's final report of its day.
    pub from_file: bool,
}

/// A company in a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCompany {
    /// The company.
    pub company: CompanyId,
    /// The company's name, if sent.
    pub name: Option<String>,
}

/// A count in a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCount {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// The product's name, if sent.
    pub product_name: Option<String>,
    /// The number of users and what was counted; `None` if the count could not be taken.
    pub users: Option<(u32, CountBasis)>,
}

/// How a part compares with what has arrived of its report before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartStanding {
    /// A new part.
    New,
    /// The same part again.
    Repeated,
    /// The partner was not found.
    UnknownPartner,
    /// Another part has different fields of the whole report.
    OtherHead,
    /// The part arrived before with different content.
    OtherContent,
}

/// A part sent to the API that has not arrived by message within this time never will.
const COMES_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A part's content, including its report's head: the same rows for another day are a different part.
fn handed(head: &ReportHead, content: &str) -> String {
    let ReportHead { day, counted_at, is_final, parts, .. } = head;
    format!("{day} {counted_at} {is_final} {parts}\n{content}")
}

/// Records the parts of a report that a token sent to the API and that are passed on by message. A part that has
/// already arrived keeps its sender; if several tokens send the same part, the last one is its sender.
pub async fn hand_in(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    head: &ReportHead,
    parts: &[(i32, &str)],
    token: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let forgotten = now.saturating_sub(COMES_WITHIN).unwrap_or(Timestamp::MIN);
    let sql = "delete from reports_handed_in where partner_id = $1 and handed_at < $2";
    tx.execute(sql, &[&partner.as_str(), &forgotten]).await?;
    let (numbers, contents): (Vec<i32>, Vec<String>) =
        parts.iter().map(|(part, content)| (*part, handed(head, content))).unzip();
    let sql = "insert into reports_handed_in as known (partner_id, report_id, part, content, token_name, handed_at)
               select $1, $2, part, sha256(convert_to(said, 'UTF8')), $5, $6
               from unnest($3::int[], $4::text[]) as handed (part, said)
               where not exists (select from report_parts as came
                                 where came.partner_id = $1 and came.report_id = $2 and came.part = handed.part)
               on conflict (partner_id, report_id, part, content) do update set
                   token_name = excluded.token_name, handed_at = excluded.handed_at";
    let report = head.report.as_str();
    tx.execute(sql, &[&partner.as_str(), &report, &numbers, &contents, &token, &now]).await.map(drop)
}

/// Records that a part has arrived, and locks the report until the transaction ends. `content` is the part's content
/// in its canonical form. The sender is the token that sent the part to the API, if there is one, otherwise the
/// given sender.
pub async fn note_part(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    head: &ReportHead,
    (part, content): (i32, &str),
    sender: &Sender,
    now: Timestamp,
) -> Result<PartStanding, StoreError> {
    let known = "select from partners where partner_id = $1";
    if tx.query_opt(known, &[&partner.as_str()]).await?.is_none() {
        return Ok(PartStanding::UnknownPartner);
    }
    let report = head.report.as_str();
    let sql = "insert into reports (partner_id, report_id, day, counted_at, final, parts, from_file)
               values ($1, $2, $3, $4, $5, $6, $7) on conflict (partner_id, report_id) do nothing";
    tx.execute(
        sql,
        &[
            &partner.as_str(),
            &report,
            &head.day,
            &head.counted_at,
            &head.is_final,
            &head.parts,
            &head.from_file,
        ],
    )
    .await?;
    let sql = "select day = $3 and counted_at = $4 and final = $5 and parts = $6 as same
               from reports where partner_id = $1 and report_id = $2 for update";
    let row = tx
        .query_one(
            sql,
            &[&partner.as_str(), &report, &head.day, &head.counted_at, &head.is_final, &head.parts],
        )
        .await?;
    if !row.get::<bool>("same")? {
        return Ok(PartStanding::OtherHead);
    }
    let sql = "insert into report_parts (partner_id, report_id, part, received_at, content, sent_way, sent_by, sent_app)
               select $1, $2, $3, $4, said.content,
                      case when handed.part is null then $6 else 'token' end,
                      case when handed.part is null then $7 else handed.token_name end,
                      case when handed.part is null then $8 end
               from (select sha256(convert_to($5, 'UTF8')) as content) as said
                    left join reports_handed_in as handed
                         on handed.partner_id = $1 and handed.report_id = $2 and handed.part = $3
                            and handed.content = sha256(convert_to($9, 'UTF8'))
               on conflict (partner_id, report_id, part) do nothing";
    let (way, by, app) = sender.columns();
    let handed = handed(head, content);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
        [&partner.as_str(), &report, &part, &now, &content, &way, &by, &app, &handed];
    if tx.execute(sql, &parameters).await? == 1 {
        let sql = "delete from reports_handed_in where partner_id = $1 and report_id = $2 and part = $3";
        tx.execute(sql, &[&partner.as_str(), &report, &part]).await?;
        return Ok(PartStanding::New);
    }
    let other = other_parts(tx, partner, &head.report, &[(part, content)]).await?;
    Ok(if other.is_empty() { PartStanding::Repeated } else { PartStanding::OtherContent })
}

/// Those of these parts that arrived before with different content.
async fn other_parts(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
    parts: &[(i32, &str)],
) -> Result<Vec<i32>, StoreError> {
    let (numbers, contents): (Vec<i32>, Vec<&str>) = parts.iter().copied().unzip();
    let sql =
        "select part from report_parts join unnest($3::int[], $4::text[]) as sent (part, said) using (part)
               where partner_id = $1 and report_id = $2 and content <> sha256(convert_to(said, 'UTF8'))
               order by part";
    let rows = tx.query(sql, &[&partner.as_str(), &report.as_str(), &numbers, &contents]).await?;
    rows.iter().map(|row| row.get("part")).collect()
}

/// Whether a report's id was used before with another day, instant or number of parts, or with other content of a
/// part.
pub async fn is_used_otherwise(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    head: &ReportHead,
    parts: &[(i32, &str)],
) -> Result<bool, StoreError> {
    let sql = "select day = $3 and counted_at = $4 and final = $5 and parts = $6 as same
               from reports where partner_id = $1 and report_id = $2";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&partner.as_str(), &head.report.as_str(), &head.day, &head.counted_at, &head.is_final, &head.parts];
    let Some(row) = tx.query_opt(sql, &parameters).await? else { return Ok(false) };
    Ok(!row.get::<bool>("same")? || !other_parts(tx, partner, &head.report, parts).await?.is_empty())
}

/// Stores the companies of a part, including unknown ones. Returns those that another part of the report already
/// lists, because a company's counts must be in one part.
pub async fn add_companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
    companies: &[ReportedCompany],
) -> Result<Vec<CompanyId>, StoreError> {
    let ids: Vec<&str> = companies.iter().map(|company| company.company.as_str()).collect();
    let names: Vec<Option<&str>> = companies.iter().map(|company| company.name.as_deref()).collect();
    let sql = "insert into companies as known (partner_id, company_id, name)
               select $1, company_id, coalesce(reported.name, company_id)
               from unnest($2::text[], $3::text[]) as reported (company_id, name)
               order by company_id
               on conflict (partner_id, company_id) do nothing";
    tx.execute(sql, &[&partner.as_str(), &ids, &names]).await?;
    let sql = "update companies set name = reported.name
               from unnest($2::text[], $3::text[]) as reported (company_id, name)
               where companies.partner_id = $1 and companies.company_id = reported.company_id
                 and companies.name <> reported.name";
    tx.execute(sql, &[&partner.as_str(), &ids, &names]).await?;
    let sql = "with covered as (
                   insert into report_companies (partner_id, report_id, company_id)
                   select $1, $2, company_id from unnest($3::text[]) as reported (company_id)
                   on conflict (partner_id, report_id, company_id) do nothing
                   returning company_id
               )
               select company_id from unnest($3::text[]) as reported (company_id)
               where company_id not in (select company_id from covered) order by company_id";
    let rows = tx.query(sql, &[&partner.as_str(), &report.as_str(), &ids]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

/// Stores the counts of a part, and products not known yet. Their companies exist already.
pub async fn add_counts(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
    counts: &[ReportedCount],
) -> Result<(), StoreError> {
    let companies: Vec<&str> = counts.iter().map(|count| count.company.as_str()).collect();
    let products: Vec<&str> = counts.iter().map(|count| count.product.as_str()).collect();
    let names: Vec<Option<&str>> = counts.iter().map(|count| count.product_name.as_deref()).collect();
    let users: Result<Vec<Option<i32>>, _> =
        counts.iter().map(|count| count.users.map(|(users, _)| i32::try_from(users)).transpose()).collect();
    let users = users.map_err(|error| StoreError::row("user_counts", "users", &error))?;
    let bases: Vec<Option<&str>> =
        counts.iter().map(|count| count.users.map(|(_, basis)| basis.as_str())).collect();
    let sql = "insert into products (partner_id, product_id, name)
               select $1, product_id, coalesce(max(name), product_id)
               from unnest($2::text[], $3::text[]) as reported (product_id, name)
               group by product_id order by product_id
               on conflict (partner_id, product_id) do nothing";
    tx.execute(sql, &[&partner.as_str(), &products, &names]).await?;
    let sql = "update products set name = reported.name
               from (select product_id, max(name) as name
                     from unnest($2::text[], $3::text[]) as reported (product_id, name) group by product_id) as reported
               where products.partner_id = $1 and products.product_id = reported.product_id
                 and products.name <> reported.name";
    tx.execute(sql, &[&partner.as_str(), &products, &names]).await?;
    let sql = "insert into user_counts (partner_id, report_id, company_id, product_id, users, basis)
               select $1, $2, company_id, product_id, users, basis
               from unnest($3::text[], $4::text[], $5::int[], $6::text[])
                    as reported (company_id, product_id, users, basis)";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&partner.as_str(), &report.as_str(), &companies, &products, &users, &bases];
    tx.execute_exactly(counts.len() as u64, sql, &parameters).await
}

/// Marks the report complete if all its parts have arrived. Returns whether this call completed it.
pub async fn complete(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update reports set complete_at = $3
               where partner_id = $1 and report_id = $2 and complete_at is null
                 and parts = (select count(*) from report_parts where partner_id = $1 and report_id = $2)";
    if tx.execute(sql, &[&partner.as_str(), &report.as_str(), &now]).await? == 0 {
        return Ok(false);
    }
    let sql = "update companies set first_counted = reports.day
               from reports join report_companies using (partner_id, report_id)
               where reports.partner_id = $1 and reports.report_id = $2
                 and companies.partner_id = $1 and companies.company_id = report_companies.company_id
                 and (first_counted is null or first_counted > reports.day)";
    tx.execute(sql, &[&partner.as_str(), &report.as_str()]).await?;
    // The order of counts::newest: the later day; for one day the later counted, whichever arrived first; and never
    // a file's report if the provider's report of that day is final. Company by company, because the planner does
    // not know yet how many rows have just arrived, and a plan for a few rows would take forever.
    let sql = "insert into newest_reports as known (partner_id, company_id, report_id, day, counted_at, users, missing)
               select partner_id, company_id, report_id, day, counted_at, counted.users, counted.missing
               from reports join report_companies using (partner_id, report_id)
                    cross join lateral (
                        select coalesce(sum(users) filter (where basis = count_basis), 0) as users,
                               count(*) filter (where basis is distinct from count_basis) as missing
                        from user_counts join partners using (partner_id)
                        where user_counts.partner_id = $1 and user_counts.report_id = $2
                          and user_counts.company_id = report_companies.company_id) as counted
               where partner_id = $1 and report_id = $2 and not (from_file and provider_is_final($1, day, company_id))
               order by company_id
               on conflict (partner_id, company_id) do update set
                   report_id = excluded.report_id, day = excluded.day, counted_at = excluded.counted_at,
                   users = excluded.users, missing = excluded.missing
               where (known.day, (select final from reports where partner_id = $1 and report_id = known.report_id),
                      known.counted_at, known.report_id)
                   < (excluded.day, (select final from reports where partner_id = $1 and report_id = $2),
                      excluded.counted_at, excluded.report_id)
                  or known.day = excluded.day
                     and (select from_file from reports
                          where reports.partner_id = $1 and reports.report_id = known.report_id)
                     and provider_is_final($1, known.day, known.company_id)";
    tx.execute(sql, &[&partner.as_str(), &report.as_str()]).await?;
    Ok(true)
}

/// Whether all parts of the report have arrived.
pub async fn is_complete(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
) -> Result<bool, StoreError> {
    let sql = "select exists (select from reports where partner_id = $1 and report_id = $2
                                and complete_at is not null) as complete";
    tx.query_one(sql, &[&partner.as_str(), &report.as_str()]).await?.get("complete")
}

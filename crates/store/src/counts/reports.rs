//! Reports of user counts as they come in, part by part.

use domain::{CompanyId, CountBasis, PartnerId, ProductId, ReportId};
use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{StoreError, Transaction, counts::senders::Sender};

/// What all parts of a report say alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportHead {
    /// The report.
    pub report: ReportId,
    /// The day that was counted.
    pub day: Date,
    /// The instant of counting.
    pub counted_at: Timestamp,
    /// Whether the provider will not change this day's counts any more.
    pub is_final: bool,
    /// How many parts it has.
    pub parts: i32,
    /// Whether a settings file brought it: then it never beats the provider's final report of its day.
    pub from_file: bool,
}

/// A company of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCompany {
    /// The company.
    pub company: CompanyId,
    /// Its name, if it was sent.
    pub name: Option<String>,
}

/// A count of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCount {
    /// Whose users.
    pub company: CompanyId,
    /// Of what.
    pub product: ProductId,
    /// The product's name, if it was sent.
    pub product_name: Option<String>,
    /// How many and what was counted; `None` when the count could not be taken.
    pub users: Option<(u32, CountBasis)>,
}

/// How a part fits what has come in of its report before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartStanding {
    /// It is new.
    New,
    /// It was taken in before.
    Repeated,
    /// The partner is not known.
    UnknownPartner,
    /// Another part says otherwise about the report as a whole.
    OtherHead,
    /// The part came in before, with other content.
    OtherContent,
}

/// A part that was handed in and has not come by message within this never will.
const COMES_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a part says, its report's head included: the same rows for another day are another's word.
fn handed(head: &ReportHead, content: &str) -> String {
    let ReportHead { day, counted_at, is_final, parts, .. } = head;
    format!("{day} {counted_at} {is_final} {parts}\n{content}")
}

/// Notes the parts of a report that a token handed in and that are passed on by message. A part that has come in already
/// keeps its sender; of several who hand in the same, it is the last one's.
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

/// Notes that a part has come in, and holds the report until the transaction ends. `content` is the part's content in its
/// canonical form. The sender is the token that handed it in, where one did, and otherwise the one given.
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

/// Those of these parts that came in before with other content.
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

/// Whether a report's id was used before, with another day, instant, number of parts, or other content of a part.
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

/// Takes in the companies of a part, unknown ones too. Returns those that another part of the report lists already: a
/// company's counts stand in one part.
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

/// Takes in the counts of a part, and the products that are not known yet. Their companies are there already.
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

/// Marks the report complete if all its parts have come in, and says whether it has just become so.
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
    // As counts::newest has it: the later day, of one day the later counted, whichever came in first, and never a file's
    // where the provider's report of that day is final. Company by company, because nothing is known yet of how many rows
    // have just come in, and a plan for few would take for ever.
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

/// Whether the report has come in whole.
pub async fn is_complete(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
) -> Result<bool, StoreError> {
    let sql = "select exists (select from reports where partner_id = $1 and report_id = $2
                                and complete_at is not null) as complete";
    tx.query_one(sql, &[&partner.as_str(), &report.as_str()]).await?.get("complete")
}

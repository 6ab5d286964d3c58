//! Lists over V2: contracts, accounts, services, and how they are paged, sorted and filtered.

use std::collections::BTreeSet;

use domain::AnswerFault;
use egress::{Body, Method};
use serde_json::{Value, json};

use super::{Findings, Seen, shape};
use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object},
};

const SUMMARY: &str = "/v2/finance/contracts/summary";
const LOOKUP: &str = "/v2/finance/contracts/lookup";
const ACCOUNTS: &str = "/v2/crm/accounts/lookup";
const SERVICES: &str = "/v2/admin/finance/services/lookup";
const SUMMARY_FIELDS: [&str; 9] = [
    "id",
    "contractName",
    "accountName",
    "contractType",
    "contractBillingPrice",
    "status",
    "billingCycle",
    "startDate",
    "endDate",
];

fn page(size: u64, number: u64, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut query = vec![("PageSize", size.to_string()), ("PageNumber", number.to_string())];
    query.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    query
}

impl Session {
    async fn get(&self, route: &str, query: Vec<(&'static str, String)>) -> Result<Seen, BmsError> {
        self.look(&Call::v2(Method::Get, route, query), Body::None).await
    }

    /// A page of contracts.
    pub(super) async fn contracts_page(&self, number: u64) -> Result<Seen, BmsError> {
        self.get(SUMMARY, page(100, number, &[])).await
    }

    /// Judges the first page of contracts.
    pub(super) async fn probe_contracts(&self, findings: &mut Findings) -> Result<Seen, BmsError> {
        let first = self.contracts_page(1).await?;
        findings.judge("v2-envelope", first.is_list(), first.shape());
        findings.judge("list-totals", first.total().is_some(), first.shape());
        let rows = first.rows();
        if rows.is_empty() {
            findings.unknown("summary-fields", "no contract is shown");
            return Ok(first);
        }
        let names = rows.iter().flat_map(|row| row.keys());
        let camel = names.clone().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).count();
        findings.judge("v2-names", camel == names.clone().count(), shape::types(&rows));
        let lacking = shape::missing(&rows, &SUMMARY_FIELDS);
        let evidence = format!("{} rows lack {lacking:?}: {}", rows.len(), shape::types(&rows));
        findings.judge("summary-fields", lacking.is_empty(), evidence);

        let counted =
            |name: &str, word: &str| rows.iter().filter(|row| fields::text(row, name) == Some(word)).count();
        let words =
            [("contractType", "Recurring Services"), ("status", "Active"), ("billingCycle", "Monthly")];
        let counts: Vec<String> = words
            .iter()
            .map(|(name, word)| format!("{name} {word}: {} of {}", counted(name, word), rows.len()))
            .collect();
        let met = words.iter().filter(|(name, word)| counted(name, word) > 0).count();
        // A tenant may have no such contract; having none of the three points to other words.
        match met {
            0 => findings.judge("summary-words", false, counts.join(", ")),
            3 => findings.judge("summary-words", true, counts.join(", ")),
            _ => findings.unknown("summary-words", counts.join(", ")),
        }

        let text = |name: &'static str| rows.iter().filter_map(move |row| fields::text(row, name));
        let starts: BTreeSet<String> = text("startDate").map(shape::form).collect();
        findings.judge(
            "calendar-dates",
            text("startDate").all(shape::is_midnight),
            format!("startDate: {starts:?}"),
        );
        let year_1 = text("endDate").filter(|text| text.starts_with("0001-")).count();
        let null = rows.iter().filter(|row| fields::get(row, "endDate").is_none()).count();
        let evidence = format!("endDate of the year 1: {year_1}, null or missing: {null}, of {}", rows.len());
        if year_1 + null > 0 {
            findings.judge("summary-no-end", true, evidence);
        } else {
            findings.unknown("summary-no-end", evidence);
        }
        self.probe_pages(findings, &first).await?;
        Ok(first)
    }

    async fn probe_pages(&self, findings: &mut Findings, first: &Seen) -> Result<(), BmsError> {
        let shown = shape::ids(&first.rows());
        let total = first.total().unwrap_or(shown.len() as u64);
        let beyond = self.get(SUMMARY, page(100, total / 100 + 2, &[])).await?;
        findings.judge("page-after-the-last", beyond.is_list() && beyond.rows().is_empty(), beyond.shape());
        if total > 100 {
            let large = self.get(SUMMARY, page(200, 1, &[])).await?.rows().len();
            findings.judge("page-size-cap", large <= 100, format!("{large} rows where 200 were asked for"));
        } else {
            findings.unknown("page-size-cap", format!("{total} contracts are too few to tell"));
        }
        let [one, two, ..] = shown.as_slice() else {
            findings.unknown("pages-from-1", "fewer than two contracts are shown");
            findings.unknown("sort-by-id", "fewer than two contracts are shown");
            return Ok(());
        };
        let first_of_one = shape::ids(&self.get(SUMMARY, page(1, 1, &[])).await?.rows());
        let second_of_one = shape::ids(&self.get(SUMMARY, page(1, 2, &[])).await?.rows());
        let evidence = format!("pages of one: {} row, then {}", first_of_one.len(), second_of_one.len());
        findings.judge("pages-from-1", first_of_one == [*one] && second_of_one == [*two], evidence);

        let down = shape::ids(&self.get(SUMMARY, page(100, 1, &[("Sort", "Id desc")])).await?.rows());
        let sorted = down.len() > 1 && down.windows(2).all(|pair| pair[0] > pair[1]);
        findings.judge("sort-by-id", sorted, format!("{} rows, descending: {sorted}", down.len()));
        Ok(())
    }

    /// Look-ups and filters.
    pub(super) async fn probe_lists(
        &self,
        findings: &mut Findings,
        contracts: &Seen,
    ) -> Result<(), BmsError> {
        let ids: Vec<i32> = shape::ids(&contracts.rows()).into_iter().take(2).collect();
        if !ids.is_empty() {
            let asked = ids.iter().map(|id| ("Ids", id.to_string())).collect();
            let seen = self.get(LOOKUP, asked).await?;
            let shown: BTreeSet<i32> = shape::ids(&seen.rows()).into_iter().collect();
            let evidence =
                format!("{} asked for, {} shown: {}", ids.len(), shown.len(), shape::types(&seen.rows()));
            findings.judge("lookup-by-ids", shown == ids.iter().copied().collect(), evidence);
        }
        let seen = self.get(LOOKUP, vec![("Ids", i32::MAX.to_string())]).await?;
        findings.judge("lookup-unknown-id", seen.is_list() && seen.rows().is_empty(), seen.shape());
        if let Some(id) = ids.first() {
            let one = self.get(LOOKUP, vec![("Ids", id.to_string())]).await?;
            let shown = shape::ids(&one.rows());
            findings.judge(
                "lookup-one-id",
                shown == [*id],
                format!("{} shown of one asked for", shown.len()),
            );
        }
        let seen = self.get(LOOKUP, vec![("AccountId", i32::MAX.to_string())]).await?;
        let evidence =
            format!("{} contracts of an account that nobody has: {}", seen.rows().len(), seen.shape());
        findings.judge("lookup-unknown-account", seen.rows().is_empty(), evidence);
        self.probe_accounts(findings, contracts).await?;
        self.probe_services(findings).await
    }

    /// Whether a look-up of two ids, or of as many as there are, shows exactly those.
    async fn probe_ids(
        &self,
        findings: &mut Findings,
        assumption: &'static str,
        route: &str,
        name: &'static str,
        ids: &[i32],
    ) -> Result<(), BmsError> {
        if ids.is_empty() {
            findings.unknown(assumption, "nothing is shown to ask for");
            return Ok(());
        }
        let mut query = page(100, 1, &[("Filter.WithInactiveAccounts", "true")]);
        query.extend(ids.iter().map(|id| (name, id.to_string())));
        let shown: BTreeSet<i32> = shape::ids(&self.get(route, query).await?.rows()).into_iter().collect();
        let evidence = format!("{} asked for, {} shown", ids.len(), shown.len());
        findings.judge(assumption, shown == ids.iter().copied().collect(), evidence);
        Ok(())
    }

    async fn probe_accounts(&self, findings: &mut Findings, contracts: &Seen) -> Result<(), BmsError> {
        let all = self.get(ACCOUNTS, page(100, 1, &[("Filter.WithInactiveAccounts", "true")])).await?;
        let usual = self.get(ACCOUNTS, page(100, 1, &[])).await?;
        let inactive = |seen: &Seen| {
            seen.rows()
                .into_iter()
                .filter(|row| fields::get(row, "isActive") == Some(&Value::Bool(false)))
                .count()
        };
        let evidence = format!("inactive: {} when asked for, {} when not", inactive(&all), inactive(&usual));
        match (inactive(&all), inactive(&usual)) {
            (0, 0) => findings.unknown("accounts-inactive", evidence),
            (asked, unasked) => findings.judge("accounts-inactive", asked > 0 && unasked == 0, evidence),
        }

        let ids: Vec<i32> = shape::ids(&all.rows()).into_iter().take(2).collect();
        self.probe_ids(findings, "accounts-by-ids", ACCOUNTS, "Filter.Ids", &ids).await?;

        // Only if the first page holds every contract can it show which contracts belong to one account.
        let rows = contracts.rows();
        let whole = contracts.total().is_some_and(|total| total == rows.len() as u64);
        let of = |account: &Object| -> BTreeSet<i32> {
            let name = fields::text(account, "name");
            let its = |row: &&&Object| name.is_some() && fields::text(row, "accountName") == name;
            shape::ids(&rows.iter().filter(its).copied().collect::<Vec<_>>()).into_iter().collect()
        };
        let account = all.rows().into_iter().find(|account| !of(account).is_empty());
        let (true, Some(account)) = (whole, account) else {
            findings.unknown("lookup-by-account", "no account whose contracts are all on the first page");
            return Ok(());
        };
        let id = fields::id(account, "id", AnswerFault::RowWithoutId).unwrap_or_default();
        let seen = self.get(LOOKUP, vec![("AccountId", id.to_string())]).await?;
        let shown: BTreeSet<i32> = shape::ids(&seen.rows()).into_iter().collect();
        let evidence = format!("{} by the account, {} by its name", shown.len(), of(account).len());
        findings.judge("lookup-by-account", shown == of(account), evidence);
        Ok(())
    }

    async fn probe_services(&self, findings: &mut Findings) -> Result<(), BmsError> {
        let search = async |filter: Value| {
            let call = Call::v2(Method::Post, "/v2/admin/finance/services/search", Vec::new());
            self.look(&call, Body::Json(json!({"PageSize": 100, "PageNumber": 1, "Filter": filter}))).await
        };
        let active = search(json!({"IsActive": 1})).await?;
        let rows = active.rows();
        let others =
            rows.iter().filter(|row| fields::get(row, "isActive") != Some(&Value::Bool(true))).count();
        if rows.is_empty() {
            findings.unknown("services-active", "no active service is shown");
            findings.unknown("text-filter", "no active service is shown");
            findings.unknown("services-by-id", "no active service is shown");
            return Ok(());
        }
        let ids: Vec<i32> = shape::ids(&rows).into_iter().take(1).collect();
        self.probe_ids(findings, "services-by-id", SERVICES, "Filter.Id", &ids).await?;
        findings.judge("services-active", others == 0, format!("{others} of {} are not active", rows.len()));
        let long = |row: &&&Object| fields::text(row, "name").is_some_and(|name| name.chars().count() >= 5);
        let Some(row) = rows.iter().find(long) else { return Ok(()) };
        let name: Vec<char> = fields::text(row, "name").unwrap_or_default().chars().collect();
        let part: String = name[1..name.len() - 1].iter().collect();
        let found = search(json!({"Name": part.trim()})).await?;
        let id = fields::id(row, "id", AnswerFault::RowWithoutId).unwrap_or_default();
        let evidence =
            format!("{} found by the inner {} letters of a name", found.rows().len(), name.len() - 2);
        findings.judge("text-filter", shape::ids(&found.rows()).contains(&id), evidence);
        Ok(())
    }
}

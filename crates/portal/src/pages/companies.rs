//! The table of companies (S-34). The server searches, filters, sorts and pages it, and omits no company.

use advice::{Language, number};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domain::{ErrorCode, Evidence, Month};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{
    StoreError,
    counts::{Users, billed_month::Charges},
    settings,
    statuses::{
        CompanyStatus,
        listing::{self, Counts, Filter, ListedCompany, Page, Sort},
    },
};

use crate::{
    Portal,
    addresses::percent_encoded,
    company_query::{FILTERS, SORTS},
    download::download,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    shown,
    visit::Visit,
    words::{self, counted, fill},
};

/// Companies on a page.
const SIZE: u32 = 100;

#[derive(Template)]
#[template(path = "companies.html")]
struct Companies {
    frame: Frame,
    words: &'static words::Companies,
    tabs: Vec<super::tabs::Tab>,
    is_connected: bool,
    /// Whether the provider has sent charges for last month.
    is_charged: bool,
    some_unmapped: bool,
    search: String,
    filters: Vec<(&'static str, String, bool)>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    found: String,
    /// Whether the partner has no company at all.
    is_empty: bool,
    page: String,
    sheet: String,
    earlier: Option<String>,
    later: Option<String>,
    times: String,
    sort: &'static str,
    descending: bool,
}

/// A column header: a link that sorts by the column.
struct Column {
    name: &'static str,
    link: Option<String>,
    /// `ascending` or `descending` for the column that the table is sorted by.
    sorted: Option<&'static str>,
    is_number: bool,
}

/// A company with one of its contracts.
struct Row {
    /// Only the first row of a company shows its name.
    is_first: bool,
    company: String,
    path: String,
    edit: String,
    is_mapped: bool,
    account: String,
    contract: String,
    users: Option<String>,
    last_month: String,
    /// The provider's charge for last month, if it has sent one.
    charged: Option<String>,
    /// Whether the charge differs from the month's count.
    is_charged_otherwise: bool,
    tone: &'static str,
    state: String,
    code: &'static str,
    /// Kaseya's own words.
    kaseya_says: Option<String>,
    /// What it waits for.
    wait: Option<String>,
    last_sync: String,
    /// The evidence for the state of the lines, with its time if it differs from the last sync's.
    evidence: Option<String>,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct CompaniesQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    descending: bool,
    #[serde(default)]
    page: u32,
}

/// Parses a word of the URL; an unknown word means the first choice.
fn read<T: Copy>(known: &[(T, &'static str)], word: &str) -> (T, &'static str) {
    known.iter().find(|(_, name)| *name == word).copied().unwrap_or(known[0])
}

/// Companies read at a time for a file.
const CHUNK: u32 = 1_000;

/// All companies that match the query, from all pages, as CSV.
pub(crate) async fn csv(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<CompaniesQuery>,
) -> Result<Response, Failure> {
    let query = listing::Query {
        search: asked.search.trim(),
        filter: read(FILTERS, &asked.show).0,
        sort: read(SORTS, &asked.sort).0,
        descending: asked.descending,
        offset: 0,
        size: CHUNK,
    };
    let sheet = portal.operations.status_sheet(&visit.partner, &query, visit.language).await?;
    Ok(download("status.csv", sheet.ok_or(Failure::NotFound)?))
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<CompaniesQuery>,
) -> Result<Response, Failure> {
    let (partner, now, language) = (&visit.partner, portal.operations.clock.now(), visit.language);
    let (filter, filter_word) = read(FILTERS, &asked.show);
    let (sort, sort_word) = read(SORTS, &asked.sort);
    let query = listing::Query {
        search: asked.search.trim(),
        filter,
        sort,
        descending: asked.descending,
        offset: asked.page.saturating_mul(SIZE),
        size: SIZE,
    };
    let read = portal
        .operations
        .store
        .transaction("portal_companies", |tx| {
            let query = &query;
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                let last_month = Month::last(now, &zones.count);
                let listed = listing::page(tx, partner, query, last_month, now).await?;
                Ok::<_, StoreError>(Some((zones, listed)))
            })
        })
        .await?;
    let (zones, listed) = read.ok_or(Failure::NotFound)?;
    let frame = visit.frame(&portal, Place::Companies);
    let words = words::Companies::of(language);
    let reader = advice::Reader { language, now: now.to_zoned(zones.shown.clone()) };
    let asked = CompaniesQuery { show: filter_word.to_owned(), sort: sort_word.to_owned(), ..asked };
    let found = listed.counts.of(filter);
    let pages = found.div_ceil(SIZE).max(1);
    let at = |page: u32| asked.link(&frame, |asked| CompaniesQuery { page, ..asked });
    let zone = zones.shown.iana_name().unwrap_or("UTC");
    let is_charged = listed.companies.iter().any(|company| company.charged.is_some());
    Ok(page(&Companies {
        words,
        tabs: super::tabs::of(&frame, super::tabs::At::Companies, zones.is_connected),
        is_connected: zones.is_connected,
        some_unmapped: listed.counts.of(Filter::Unmapped) > 0,
        search: asked.search.clone(),
        filters: filters(&listed.counts, filter, words, language),
        columns: columns(&asked, sort, is_charged, &frame, words),
        is_charged,
        rows: rows(&listed, &frame, &zones.shown, &reader),
        found: fill(
            counted(found.into(), words.found_one, words.found),
            &[("number", &number::whole(found.into(), language))],
        ),
        is_empty: listed.counts.all == 0 && asked.search.is_empty(),
        page: fill(words.page, &[("page", &(asked.page + 1)), ("pages", &pages)]),
        sheet: frame.path(&format!("companies.csv?{}", asked.found())),
        earlier: asked.page.checked_sub(1).map(at),
        later: (asked.page + 1 < pages).then(|| at(asked.page + 1)),
        times: fill(words.times, &[("zone", &zone), ("basis", &words.basis(zones.count_basis))]),
        sort: sort_word,
        descending: asked.descending,
        frame,
    }))
}

impl CompaniesQuery {
    /// The URL of another page of the same table.
    fn link(&self, frame: &Frame, other: impl FnOnce(Self) -> Self) -> String {
        let asked = other(self.clone());
        frame.path(&format!("companies?{}&page={}", asked.found(), asked.page))
    }

    /// The query without the page number.
    fn found(&self) -> String {
        let Self { search, show, sort, descending, page: _ } = self;
        let search = percent_encoded(search);
        format!("search={search}&show={show}&sort={sort}&descending={descending}")
    }
}

fn filters(
    counts: &Counts,
    chosen: Filter,
    words: &words::Companies,
    language: Language,
) -> Vec<(&'static str, String, bool)> {
    let name = |filter| match filter {
        Filter::All => words.all,
        Filter::NeedsPerson => words.needs_person,
        Filter::Unmapped => words.unmapped,
        Filter::Failed => words.failed,
        Filter::Held => words.held,
        Filter::Changed => words.changed,
        Filter::NotBilled => words.not_billed,
        Filter::Closed => words.closed,
        Filter::Never => words.never,
    };
    let shown = |(filter, word): &(Filter, &'static str)| {
        let count = number::whole(counts.of(*filter).into(), language);
        (*word, format!("{} ({count})", name(*filter)), *filter == chosen)
    };
    FILTERS.iter().map(shown).collect()
}

fn columns(
    asked: &CompaniesQuery,
    sort: Sort,
    is_charged: bool,
    frame: &Frame,
    words: &words::Companies,
) -> Vec<Column> {
    let by = |column: Sort, name| {
        let is_sorted = column == sort;
        let (_, word) = SORTS.iter().find(|(known, _)| *known == column).copied().unwrap_or(SORTS[0]);
        let descending = is_sorted && !asked.descending;
        Column {
            name,
            link: Some(asked.link(frame, |asked| CompaniesQuery {
                sort: word.to_owned(),
                descending,
                page: 0,
                ..asked
            })),
            sorted: is_sorted.then_some(if asked.descending { "descending" } else { "ascending" }),
            is_number: column == Sort::Users,
        }
    };
    let number = |name| Column { name, link: None, sorted: None, is_number: true };
    let mut columns = vec![
        by(Sort::Company, words.company),
        by(Sort::Account, words.account),
        by(Sort::Contract, words.contract),
        by(Sort::Users, words.users),
        number(words.last_month),
    ];
    columns.extend(is_charged.then(|| number(words.charged)));
    columns.extend([by(Sort::State, words.state), by(Sort::LastSync, words.last_sync)]);
    columns
}

fn rows(listed: &Page, frame: &Frame, zone: &TimeZone, reader: &advice::Reader) -> Vec<Row> {
    let rows = listed.companies.iter().flat_map(|company| {
        let one =
            |(place, status): (usize, &CompanyStatus)| row(company, status, place == 0, frame, zone, reader);
        company.statuses.iter().enumerate().map(one).collect::<Vec<_>>()
    });
    rows.collect()
}

fn row(
    listed: &ListedCompany,
    status: &CompanyStatus,
    is_first: bool,
    frame: &Frame,
    zone: &TimeZone,
    reader: &advice::Reader,
) -> Row {
    let language = reader.language;
    let words = words::Companies::of(language);
    let whole = |users: u32| number::whole(users.into(), language);
    let users = match &listed.newest {
        Some(newest) => newest.users.sum().map_or_else(|| words.missing.to_owned(), whole),
        None => String::new(),
    };
    let last_month = listed.last_month.as_ref().map(Users::sum);
    let charged = listed.charged.as_ref().map(Charges::sum);
    Row {
        is_first,
        company: listed.company.name.clone(),
        path: frame.company(&listed.id),
        edit: frame.path(&format!("companies/{}/mapping", percent_encoded(listed.id.as_str()))),
        is_mapped: listed.company.mapping.is_some(),
        account: status.account.as_ref().map_or_else(String::new, |(_, name)| name.clone()),
        contract: status.contract.as_ref().map_or_else(String::new, |(_, name)| name.clone()),
        users: is_first.then_some(users),
        last_month: match last_month.filter(|_| is_first) {
            Some(Some(users)) => whole(users),
            Some(None) => words.missing.to_owned(),
            None => String::new(),
        },
        charged: charged.filter(|_| is_first).map(whole),
        // Without a count for the month there is nothing to compare.
        is_charged_otherwise: last_month
            .flatten()
            .zip(charged)
            .is_some_and(|(counted, charged)| counted != charged),
        tone: shown::tone(status.state),
        state: advice::state(status.state, &shown::moving(status), reader),
        code: status.code.map_or("", ErrorCode::as_str),
        kaseya_says: status.kaseya_says.clone(),
        wait: status.wait.as_ref().map(|wait| advice::wait(wait, reader)),
        last_sync: status
            .last_sync
            .map_or_else(|| words.never_synced.to_owned(), |at| shown::instant(at, zone, language)),
        evidence: status.evidence.map(|evidence| {
            let kind = match evidence {
                Evidence::Read(_) => words.seen,
                Evidence::ImpliedByTotal(_) => words.implied,
                Evidence::Remembered(_) => words.remembered,
            };
            match evidence.at() {
                at if status.last_sync == Some(at) => kind.to_owned(),
                at => format!("{kind}, {}", shown::instant(at, zone, language)),
            }
        }),
    }
}

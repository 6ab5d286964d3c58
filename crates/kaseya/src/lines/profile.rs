//! Line profiles: how a tenant's V1 shows and takes the lines of a contract. Nobody has published it, so it is data: a wrong
//! guess is replaced in the field. What keeps a line safe is in no profile (see [`Session::lines`](crate::Session::lines)).

use std::{collections::BTreeMap, fmt, ops::Range, sync::LazyLock};

use domain::{ContractId, LineId};
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

/// How the lines of a contract are read and written below V1's base.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LineProfile {
    name: String,
    text: String,
    pub(crate) read: LineRead,
    pub(crate) write: LineWrite,
    pub(crate) fields: LineFields,
    pub(crate) outcome: Outcome,
}

/// How lines are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LineRead {
    pub route: String,
    /// The value of `$filter`, where one list holds the lines of all contracts.
    pub filter: Option<String>,
    /// The fields that lead from the answer to the list of lines.
    pub rows: Vec<String>,
    /// The fields that lead to the number of all lines.
    pub total: Option<Vec<String>>,
    pub paging: Paging,
}

/// How a list that is longer than a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Paging {
    /// It always comes whole.
    None,
    /// `$top` and `$skip`, with the rows of a page.
    Skip(usize),
    /// `PageSize` and `PageNumber`, from 1, with the rows of a page.
    Page(usize),
}

/// How a line is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LineWrite {
    pub method: WriteMethod,
    pub route: String,
    pub body: WriteBody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteMethod {
    Put,
    Patch,
    Post,
}

impl WriteMethod {
    /// The word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Post => "post",
        }
    }
}

impl LineWrite {
    /// Whether it replaces all lines of the contract: a contract, or a list that is PUT, holds what is to be there.
    pub fn replaces_all(&self) -> bool {
        match self.body {
            WriteBody::Contract => true,
            WriteBody::Array => self.method == WriteMethod::Put,
            WriteBody::Line | WriteBody::JsonPatch => false,
        }
    }
}

/// What a write sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteBody {
    Line,
    Array,
    JsonPatch,
    Contract,
}

impl WriteBody {
    /// The word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Array => "array",
            Self::JsonPatch => "json_patch",
            Self::Contract => "contract",
        }
    }
}

/// Names of a line's fields, in any case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineFields {
    pub line: String,
    pub service: String,
    pub contract: String,
    pub units: String,
    pub unit_price: String,
    pub effective_date: String,
    /// What marks a row as a proration of a past change, which is no line.
    pub proration: Option<String>,
    /// What a paged list is sorted by.
    pub sort: Option<String>,
    pub date_form: DateForm,
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateForm {
    Midnight,
    UtcMidnight,
    Day,
}

impl DateForm {
    /// The word in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Midnight => "midnight",
            Self::UtcMidnight => "utc_midnight",
            Self::Day => "day",
        }
    }

    pub fn text(self, day: Date) -> String {
        match self {
            Self::Midnight => format!("{day}T00:00:00"),
            Self::UtcMidnight => format!("{day}T00:00:00Z"),
            Self::Day => day.to_string(),
        }
    }
}

/// What says whether a call succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// The field with the status word; without one the HTTP status alone tells.
    pub status: Option<String>,
    #[serde(default)]
    pub success: Vec<String>,
    /// Words that are a plain no, compared without blanks and case. None is published: the shipped ones go by the names of
    /// HTTP's statuses. A fault of the server is none of them: it may have come after the change was made.
    #[serde(default)]
    pub no: Vec<String>,
    /// The field that says what went wrong.
    pub error: Option<String>,
    #[serde(default)]
    pub no_error: Vec<String>,
}

/// What is wrong with a profile's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line profile, line {line}: {problem}")]
pub struct LineProfileError {
    /// The line of the text, from 1.
    pub line: usize,
    /// The field, what is wrong with it, and the fix.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    read: ReadTable,
    write: WriteTable,
    fields: Option<Spanned<LineFields>>,
    outcome: Option<Spanned<Outcome>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadTable {
    route: Spanned<String>,
    filter: Option<Spanned<String>>,
    rows: Spanned<String>,
    total: Option<Spanned<String>>,
    paging: Spanned<PagingKind>,
    page_size: Option<Spanned<u16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteTable {
    method: WriteMethod,
    route: Spanned<String>,
    body: WriteBody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PagingKind {
    None,
    Skip,
    Page,
}

const CONTRACT: &str = "{contractId}";
const LINE: &str = "{lineId}";

/// Texts of profiles that come with the program, the default first.
const SHIPPED: [&str; 7] = [
    include_str!("../../../../deploy/line-profiles/nested-list.toml"),
    include_str!("../../../../deploy/line-profiles/recurring-list.toml"),
    include_str!("../../../../deploy/line-profiles/flat-list.toml"),
    include_str!("../../../../deploy/line-profiles/whole-contract.toml"),
    include_str!("../../../../deploy/line-profiles/nested-list-patch.toml"),
    include_str!("../../../../deploy/line-profiles/plain-contract.toml"),
    include_str!("../../../../deploy/line-profiles/filtered-list.toml"),
];

fn parse_shipped(text: &str) -> LineProfile {
    LineProfile::parse(text).expect("a shipped profile is right: a test reads each")
}

/// It has every table, and those that another profile leaves out are taken from it.
static DEFAULT: LazyLock<LineProfile> = LazyLock::new(|| parse_shipped(SHIPPED[0]));
static PARSED: LazyLock<Vec<LineProfile>> =
    LazyLock::new(|| SHIPPED.into_iter().map(parse_shipped).collect());

impl Default for LineProfile {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl LineProfile {
    /// Those that come with the program, the default first.
    pub fn shipped() -> &'static [Self] {
        &PARSED
    }

    /// The stored profile; the default where none is stored.
    pub fn stored(text: Option<&str>) -> Result<Self, LineProfileError> {
        text.map_or_else(|| Ok(Self::default()), Self::parse)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The TOML text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a profile's TOML text. The error names the line, the field and the fix.
    pub fn parse(text: &str) -> Result<Self, LineProfileError> {
        let at = |span: Range<usize>, problem: String| LineProfileError {
            line: line_of(text, span.start),
            problem,
        };
        let file: File = toml::from_str(text).map_err(|error: toml::de::Error| {
            at(error.span().unwrap_or_default(), error.message().to_owned())
        })?;
        let name = checked(&file.name, "name", |name| {
            let plain = !name.is_empty() && name.len() <= 60;
            let letters =
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            (plain && letters)
                .then(|| name.to_owned())
                .ok_or("write 1 to 60 lower-case letters, digits and hyphens")
        });
        let route = |of: &str| {
            let begins = of.starts_with('/') && of.bytes().all(|byte| byte.is_ascii_graphic());
            let inside = of.replace(CONTRACT, "").replace(LINE, "");
            let plain = begins && !inside.contains(['{', '}', '?', '#', '%', '\\']) && !inside.contains("..");
            if !plain {
                return Err(
                    "begin it with / and write only plain characters, {contractId} and {lineId}: no query, no escapes",
                );
            }
            // Side by side with other digits an id would be another's.
            let alone = [CONTRACT, LINE].into_iter().all(|id| stands_alone(of, id));
            alone.then(|| of.to_owned()).ok_or("write each id between slashes or in brackets, and only once")
        };
        let path = |path: &str| {
            let steps: Vec<String> =
                if path.is_empty() { Vec::new() } else { path.split('.').map(str::to_owned).collect() };
            let plain = steps.iter().all(|step| !step.is_empty() && step.len() <= 60);
            (plain && steps.len() <= 4)
                .then_some(steps)
                .ok_or("write up to 4 field names with dots between, e.g. Result.Services")
        };
        let problem = |(span, problem): (Range<usize>, String)| at(span, problem);

        let name = name.map_err(problem)?;
        let read_route = checked(&file.read.route, "read.route", route).map_err(problem)?;
        let filter = file.read.filter.as_ref().map(|filter| {
            checked(filter, "read.filter", |text| {
                let plain = text.contains(CONTRACT) && text.len() <= 200;
                plain.then(|| text.to_owned()).ok_or("write the value of $filter, with {contractId} in it")
            })
        });
        let filter = filter.transpose().map_err(problem)?;
        if read_route.contains(CONTRACT) == filter.is_some() {
            let fix =
                "write {contractId} either in read.route or, for one list of all contracts, in read.filter";
            return Err(at(file.read.route.span(), format!("read.route: {fix}")));
        }
        if read_route.contains(LINE) {
            return Err(at(
                file.read.route.span(),
                "read.route: all lines are read at once: leave {lineId} out".to_owned(),
            ));
        }
        let rows = checked(&file.read.rows, "read.rows", path).map_err(problem)?;
        if let (Some(total), true) = (&file.read.total, rows.is_empty()) {
            let fix = "read.total: leave it out where read.rows is empty: an answer that is the list has no number beside it";
            return Err(at(total.span(), fix.to_owned()));
        }
        if let Some(total) = &file.read.total
            && total.get_ref().eq_ignore_ascii_case(file.read.rows.get_ref())
        {
            let fix = "read.total: this is read.rows: write the field with the number of all lines, or leave it out";
            return Err(at(total.span(), fix.to_owned()));
        }
        let total = file
            .read
            .total
            .as_ref()
            .map(|total| checked(total, "read.total", path))
            .transpose()
            .map_err(problem)?;
        let size = file.read.page_size.as_ref().map(|size| {
            let right = (1..=1_000).contains(size.get_ref());
            let wrong = || (size.span(), "read.page_size: write 1 to 1000".to_owned());
            if right { Ok(usize::from(*size.get_ref())) } else { Err(wrong()) }
        });
        let size = size.transpose().map_err(problem)?;
        let paging = match (file.read.paging.get_ref(), size) {
            (PagingKind::None, None) => Paging::None,
            (PagingKind::Skip, Some(size)) => Paging::Skip(size),
            (PagingKind::Page, Some(size)) => Paging::Page(size),
            (PagingKind::None, Some(_)) => {
                let fix = "read.page_size: leave it out where read.paging is none";
                return Err(at(file.read.paging.span(), fix.to_owned()));
            }
            (PagingKind::Skip | PagingKind::Page, None) => {
                let fix = "read.page_size is missing: write how many lines are asked for at once";
                return Err(at(file.read.paging.span(), fix.to_owned()));
            }
        };
        let write_route = checked(&file.write.route, "write.route", route).map_err(problem)?;
        let needed = match file.write.body {
            WriteBody::Line | WriteBody::JsonPatch => LINE,
            WriteBody::Contract => CONTRACT,
            WriteBody::Array => "",
        };
        if !write_route.contains(needed) {
            let fix = format!("write.route: this write.body needs {needed} in the route");
            return Err(at(file.write.route.span(), fix));
        }
        let changed = if file.write.body == WriteBody::Contract { CONTRACT } else { LINE };
        if file.write.method == WriteMethod::Post && !write_route.contains(changed) {
            let fix = format!(
                "write.method: a post to a list adds a line, and bills twice: write {changed} in write.route, or put or patch"
            );
            return Err(at(file.write.route.span(), fix));
        }
        if (file.write.body, file.write.method) == (WriteBody::Array, WriteMethod::Put)
            && (filter.is_some() || write_route.contains(LINE) || !write_route.contains(CONTRACT))
        {
            let fix = "write.route: a list that is put replaces all lines: write it below one contract, with {contractId} and \
                       without {lineId}, or patch";
            return Err(at(file.write.route.span(), fix.to_owned()));
        }
        if file.write.body == WriteBody::Contract && (rows.len() < 2 || filter.is_some()) {
            let fix = "read.rows: a whole contract is written only where its lines are read inside it, e.g. Result.Services";
            return Err(at(file.read.rows.span(), fix.to_owned()));
        }
        if file.write.body == WriteBody::Contract && paging != Paging::None {
            let fix = "read.paging: a whole contract is written only where it is read whole: write none";
            return Err(at(file.read.paging.span(), fix.to_owned()));
        }
        let (fields, outcome) = (file.fields, file.outcome);
        if let Some(fields) = &fields {
            let wrong = |(key, problem)| at(key_in(text, fields.span(), key), problem);
            fields.get_ref().check().map_err(wrong)?;
            if fields.get_ref().sort.is_some() && paging == Paging::None {
                let fix = "fields.sort: leave it out where read.paging is none: a list that always comes whole needs no order";
                return Err(at(key_in(text, fields.span(), "sort"), fix.to_owned()));
            }
        }
        if let Some(outcome) = &outcome {
            let wrong = |(key, problem)| at(key_in(text, outcome.span(), key), problem);
            outcome.get_ref().check().map_err(wrong)?;
        }
        let has_status = outcome.as_ref().is_none_or(|outcome| outcome.get_ref().status.is_some());
        if rows.is_empty() && has_status {
            let fix = "read.rows is empty, so the answer is the list itself and has no status: write an outcome without status";
            return Err(at(file.read.rows.span(), fix.to_owned()));
        }
        Ok(Self {
            name,
            text: text.to_owned(),
            read: LineRead { route: read_route, filter, rows, total, paging },
            write: LineWrite { method: file.write.method, route: write_route, body: file.write.body },
            fields: fields.map_or_else(|| DEFAULT.fields.clone(), Spanned::into_inner),
            outcome: outcome.map_or_else(|| DEFAULT.outcome.clone(), Spanned::into_inner),
        })
    }
}

/// The profile without its text, which says the same.
impl fmt::Debug for LineProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineProfile").field("name", &self.name).finish_non_exhaustive()
    }
}

type Wrong = (Range<usize>, String);

fn checked<T>(
    value: &Spanned<String>,
    field: &str,
    check: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<T, Wrong> {
    check(value.get_ref())
        .map_err(|fix| (value.span(), format!("{field}: {:?} is not valid: {fix}", value.get_ref())))
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

/// Where a key of a table stands, or the table's head.
fn key_in(text: &str, table: Range<usize>, key: &str) -> Range<usize> {
    let mut place = table.start;
    for line in text.get(place..).unwrap_or_default().split_inclusive('\n') {
        if place > table.start && line.starts_with('[') {
            break;
        }
        if line.split('=').next().is_some_and(|name| name.trim() == key) {
            return place..place + line.len();
        }
        place += line.len();
    }
    table
}

/// Whether an id stands in a route at most once, and by itself.
fn stands_alone(route: &str, id: &str) -> bool {
    let mut parts = route.split(id);
    match (parts.next(), parts.next(), parts.next()) {
        (_, None, _) => true,
        (Some(before), Some(after), None) => {
            before.ends_with(['/', '(']) && (after.is_empty() || after.starts_with(['/', ')']))
        }
        _ => false,
    }
}

/// Fills the ids into a route or filter.
pub(crate) fn filled(route: &str, contract: ContractId, line: Option<LineId>) -> String {
    let route = route.replace(CONTRACT, &contract.to_string());
    line.map_or(route.clone(), |line| route.replace(LINE, &line.to_string()))
}

impl LineFields {
    /// The names by their keys in a profile.
    pub fn named(&self) -> [(&'static str, &str); 6] {
        [
            ("line", &self.line),
            ("service", &self.service),
            ("contract", &self.contract),
            ("units", &self.units),
            ("unit_price", &self.unit_price),
            ("effective_date", &self.effective_date),
        ]
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let more = [("proration", &self.proration), ("sort", &self.sort)];
        let more = more.into_iter().filter_map(|(key, name)| Some((key, name.as_deref()?)));
        for (key, name) in self.named().into_iter().chain(more) {
            let wrong = |problem: String| Err((key, format!("fields.{key}: {problem}")));
            if name.is_empty() || name.len() > 60 || name.split('.').any(str::is_empty) {
                return wrong("write the field's name, up to 60 characters".to_owned());
            }
            if name.contains('.') && ["line", "units", "effective_date"].contains(&key) {
                return wrong(format!("{name:?} lies inside another field, and the line's own is needed"));
            }
            // A list may be sorted by any field.
            if key == "sort" {
                continue;
            }
            if let Some(other) = seen.insert(name.to_ascii_lowercase(), key) {
                return wrong(format!("{name:?} is already fields.{other}: each field has its own name"));
            }
            let usual = USUAL_NAMES.iter().find(|(usual, _)| usual.eq_ignore_ascii_case(name));
            if let Some((usual, of)) = usual.filter(|(_, of)| *of != key) {
                return wrong(format!(
                    "{usual} is the {of} of a line: write the name of the field that is meant"
                ));
            }
        }
        Ok(())
    }
}

/// Names that mean one thing wherever Kaseya has shown them, and what: a number taken from one of them for another thing would be
/// written over it.
const USUAL_NAMES: [(&str, &str); 15] = [
    ("ContractId", "contract"),
    ("ClientContractId", "contract"),
    ("ServiceId", "service"),
    ("Units", "units"),
    ("UnitPrice", "unit_price"),
    ("EffectiveDate", "effective_date"),
    ("AccountId", "account"),
    ("ClientAccountId", "account"),
    ("UnitCost", "cost"),
    ("TotalPrice", "total price"),
    ("TotalCost", "total cost"),
    ("OriginalUnitPrice", "original price"),
    ("OriginalUnitCost", "original cost"),
    ("Margin", "margin"),
    ("SortOrder", "place on the invoice"),
];

impl Outcome {
    fn check(&self) -> Result<(), (&'static str, String)> {
        let empty = |words: &[String]| words.iter().any(|word| word.trim().is_empty());
        let yes_and_no = self.success.iter().find(|yes| self.no.iter().any(|no| plain(no) == plain(yes)));
        match &self.status {
            Some(_) if self.success.is_empty() => Err((
                "success",
                "outcome.success: write at least one word of outcome.status for a success".to_owned(),
            )),
            None if !self.success.is_empty() || !self.no.is_empty() => Err((
                "success",
                "outcome.status is missing: write the field whose words outcome.success and outcome.no are"
                    .to_owned(),
            )),
            Some(_) if empty(&self.success) || empty(&self.no) => Err((
                if empty(&self.no) { "no" } else { "success" },
                "outcome: an empty word says neither yes nor no: leave it out".to_owned(),
            )),
            _ => match yes_and_no {
                Some(word) => Err((
                    "success",
                    format!("outcome.success: {word:?} is in outcome.no too: leave it in one of them"),
                )),
                None => Ok(()),
            },
        }
    }
}

/// A word as it is compared with those for no: letters and digits alone.
pub(crate) fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_profiles_are_read_and_have_names_of_their_own() {
        let names: std::collections::BTreeSet<&str> =
            LineProfile::shipped().iter().map(LineProfile::name).collect();
        assert_eq!(names.len(), SHIPPED.len());
        assert!(SHIPPED[0].contains("\n[fields]\n") && SHIPPED[0].contains("\n[outcome]\n"));
    }

    #[test]
    fn a_mistake_is_named_with_its_line_its_field_and_the_fix() {
        let good = SHIPPED[0];
        for (from, to, line, said) in [
            ("name = \"nested-list\"", "name = \"Nested\"", 5, "name: \"Nested\""),
            ("route = \"/finance/contracts/{contractId}/services\"\n", "route = \"/x\"\n", 9, "read.route"),
            ("paging = \"skip\"", "paging = \"cursor\"", 15, "cursor"),
            ("page_size = 100", "page_size = 0", 17, "read.page_size"),
            ("page_size = 100\n", "", 15, "read.page_size is missing"),
            ("/services/{lineId}\"", "/services\"", 23, "write.route"),
            ("body = \"line\"", "body = \"contract\"", 11, "read.rows"),
            ("method = \"put\"", "method = \"delete\"", 21, "delete"),
            ("unit_price = \"UnitPrice\"", "unit_price = \"units\"", 35, "fields.unit_price"),
            ("success = [\"OK\"]", "success = []", 50, "outcome.success"),
            ("[read]", "[read]\nverb = \"get\"", 8, "verb"),
            (
                "service = \"ServiceId\"",
                "service = \"Id\"",
                32,
                "fields.service: \"Id\" is already fields.line",
            ),
            ("line = \"Id\"", "line = \"ContractId\"", 31, "fields.line: ContractId is the contract"),
            ("units = \"Units\"", "units = \"UnitPrice\"", 34, "fields.units: UnitPrice is the unit_price"),
            ("units = \"Units\"", "units = \"Line.Units\"", 34, "fields.units"),
            ("units = \"Units\"", "units = \"\"", 34, "fields.units: write the field's name"),
            ("/services/{lineId}\"", "/services{lineId}\"", 23, "write.route"),
            ("/{contractId}/services/{lineId}\"", "/{lineId}/{lineId}\"", 23, "write.route"),
            ("total = \"TotalRecords\"", "total = \"result\"", 13, "read.total"),
            ("no = [", "no = [\"ok\", ", 50, "outcome.success"),
            ("rows = \"Result\"", "rows = \"\"", 13, "read.total"),
        ] {
            assert!(good.contains(from), "{from}");
            let error = LineProfile::parse(&good.replacen(from, to, 1)).expect_err(to);
            assert!(error.problem.contains(said), "{error}");
            assert_eq!(error.line, line, "{error}");
        }
    }
    #[test]
    fn a_write_that_may_add_a_line_or_drop_others_is_no_profile() {
        let wrong = |method: &str, route: &str, body: &str| {
            let text = SHIPPED[0]
                .replace("method = \"put\"", &format!("method = \"{method}\""))
                .replace(
                    "route = \"/finance/contracts/{contractId}/services/{lineId}\"",
                    &format!("route = \"{route}\""),
                )
                .replace("body = \"line\"\n", &format!("body = \"{body}\"\n"));
            LineProfile::parse(&text).err().map(|error| (error.line, error.problem))
        };
        for (method, route, body, said) in [
            ("post", "/finance/contracts/{contractId}/services", "array", "adds a line"),
            ("put", "/finance/services", "array", "replaces all lines"),
            ("put", "/finance/contracts/{contractId}/services/{lineId}", "array", "replaces all lines"),
        ] {
            let (line, problem) = wrong(method, route, body).expect(said);
            assert!(line == 23 && problem.contains(said) && problem.contains("write."), "{line} {problem}");
        }
        for (method, route, body) in [
            ("post", "/finance/contracts/{contractId}/services/{lineId}", "line"),
            ("put", "/finance/contracts/{contractId}/services", "array"),
            ("patch", "/finance/contracts/{contractId}/services", "array"),
            ("put", "/finance/services({lineId})", "line"),
        ] {
            assert_eq!(wrong(method, route, body), None);
        }
    }
}

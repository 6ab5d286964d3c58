//! A profile's text: parsed and checked; each error names the line, the field and the fix.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{
    CONTRACT, DEFAULT, LINE, LineFields, LineProfile, LineProfileError, LineRead, LineWrite, Outcome, Paging,
    WriteBody, WriteMethod,
};

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

impl LineProfile {
    /// Parses a profile's TOML text. The error names the line, the field and the fix.
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
            // Next to other digits an id would become another id.
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

/// The place of a key in a table, or the table's header.
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

/// Whether an id occurs at most once in a route, and stands alone.
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

//! A table of a document, read field by field.

use std::{cell::RefCell, collections::BTreeSet, fmt::Display, ops::RangeInclusive};

use domain::{MAX_NAME, MAX_NOTE, check_text};
use jiff::{Timestamp, civil::Date};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Mistake, Mistakes};

/// Fields that may be longer than a name.
const LONG: [&str; 4] = ["note", "v2_base", "v1_base", "password"];

/// A place in the text, in bytes.
pub(super) type Span = std::ops::Range<usize>;

/// The document's text, and its mistakes so far.
pub(super) struct Source<'t> {
    text: &'t str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, mistakes: RefCell::default() }
    }

    pub(super) fn note(
        &self,
        span: Span,
        field: impl Into<String>,
        fault: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let mistake = Mistake { line, field: field.into(), fault: fault.into(), fix: fix.into() };
        self.mistakes.borrow_mut().push(mistake);
    }

    /// All mistakes, sorted by line.
    pub(super) fn into_mistakes(self) -> Mistakes {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|mistake| mistake.line);
        Mistakes(mistakes)
    }

    fn last_line(&self) -> Span {
        let end = self.text.trim_end().len();
        end..end
    }
}

/// A table. Fields that are read are known; a field not read before [`Section::finish`] is a mistake.
pub(super) struct Section<'s, 'd> {
    source: &'s Source<'s>,
    table: &'d DeTable<'d>,
    span: Span,
    path: String,
    known: BTreeSet<&'static str>,
}

impl<'s, 'd> Section<'s, 'd> {
    /// The document itself.
    pub(super) fn top(source: &'s Source<'s>, table: &'d DeTable<'d>) -> Self {
        Self { source, table, span: source.last_line(), path: String::new(), known: BTreeSet::new() }
    }

    /// The place of its start.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The place of a field, or of its section if the field is missing.
    pub(super) fn span_of(&self, name: &str) -> Span {
        self.table.get(name).map_or(self.span(), Spanned::span)
    }

    /// A field's name with its path.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Notes a mistake at a field.
    pub(super) fn mistake(&self, name: &str, fault: impl Into<String>, fix: impl Into<String>) {
        self.source.note(self.span_of(name), self.path_of(name), fault, fix);
    }

    /// Notes a mistake at any place.
    pub(super) fn mistake_at(
        &self,
        span: Span,
        field: String,
        fault: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.source.note(span, field, fault, fix);
    }

    /// Whether a field is present.
    pub(super) fn has(&mut self, name: &'static str) -> bool {
        self.known.insert(name);
        self.table.contains_key(name)
    }

    /// Refuses a field if it is present.
    pub(super) fn refuse(&mut self, name: &'static str, fault: &str, fix: &str) {
        if self.has(name) {
            self.mistake(name, fault, fix);
        }
    }

    /// Notes every field that was not read.
    pub(super) fn finish(self) {
        for (name, value) in self.table {
            let found = name.get_ref().as_ref();
            if self.known.contains(found) {
                continue;
            }
            let nearest = self.known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, found));
            let fix = match nearest {
                Some(known) if strsim::damerau_levenshtein(known, found) <= 3 => {
                    format!("write `{known}` if that is what you mean, or remove it")
                }
                _ => {
                    let known: Vec<&str> = self.known.iter().copied().collect();
                    format!("remove it, or use one of: {}", known.join(", "))
                }
            };
            let what = match value.get_ref() {
                DeValue::Table(_) => "there is no such section",
                DeValue::Array(list) if list.iter().any(|row| row.get_ref().is_table()) => {
                    "there is no such section"
                }
                _ => "there is no such field",
            };
            self.source.note(name.span(), self.path_of(found), what, fix);
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.insert(name);
        self.table.get(name)
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        example: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            self.mistake(name, "it is missing", format!("write {example}"));
            return None;
        }
        read(self)
    }

    fn wrong_kind(&self, name: &str, wanted: &str, found: &DeValue<'_>, example: &str) {
        self.mistake(
            name,
            format!("it is {}, and {wanted} is wanted", kind(found)),
            format!("write {example}"),
        );
    }

    /// A required text.
    pub(super) fn text(&mut self, name: &'static str, example: &str) -> Option<String> {
        self.required(name, example, |section| section.optional_text(name, example))
    }

    /// An optional text.
    pub(super) fn optional_text(&mut self, name: &'static str, example: &str) -> Option<String> {
        let value = self.value(name)?.get_ref();
        match value.as_str() {
            Some(text) if text.trim().is_empty() => {
                self.mistake(name, "it is empty", format!("write {example}"));
                None
            }
            Some(text) => {
                let most = if LONG.contains(&name) { MAX_NOTE } else { MAX_NAME };
                let refused = check_text(text, most).err();
                if let Some(error) = refused {
                    self.mistake(name, error.to_string(), format!("write {example}"));
                }
                refused.is_none().then(|| text.to_owned())
            }
            None => {
                self.wrong_kind(name, "a text in quotes", value, example);
                None
            }
        }
    }

    /// A required text that is parsed further.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        name: &'static str,
        example: &str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(name, example)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(name, error.to_string(), format!("write {example}"));
                None
            }
        }
    }

    /// One of a few words, required.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        example: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        self.required(name, example, |section| section.optional_one_of(name, example, words))
    }

    /// One of a few words, optional.
    pub(super) fn optional_one_of<T: Copy>(
        &mut self,
        name: &'static str,
        example: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.optional_text(name, example)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.mistake(name, format!("it is {text:?}"), format!("use one of: {}", words.join(", ")));
        }
        found
    }

    /// A required whole number.
    pub(super) fn integer(
        &mut self,
        name: &'static str,
        example: &str,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        self.required(name, example, |section| section.optional_integer(name, example, range))
    }

    /// An optional whole number.
    pub(super) fn optional_integer(
        &mut self,
        name: &'static str,
        example: &str,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let value = self.value(name)?;
        whole_number(self.source, value, &self.path_of(name), example, range)
    }

    /// A required boolean.
    pub(super) fn boolean(&mut self, name: &'static str, example: &str) -> Option<bool> {
        self.required(name, example, |section| section.optional_boolean(name, example))
    }

    /// An optional boolean.
    pub(super) fn optional_boolean(&mut self, name: &'static str, example: &str) -> Option<bool> {
        let value = self.value(name)?.get_ref();
        if value.as_bool().is_none() {
            self.wrong_kind(name, "true or false without quotes", value, example);
        }
        value.as_bool()
    }

    /// A required day.
    pub(super) fn day(&mut self, name: &'static str, example: &str) -> Option<Date> {
        self.required(name, example, |section| section.optional_day(name, example))
    }

    /// An optional day.
    pub(super) fn optional_day(&mut self, name: &'static str, example: &str) -> Option<Date> {
        let value = self.value(name)?.get_ref();
        let day = match value.as_datetime() {
            Some(found) if found.time.is_none() && found.offset.is_none() => found.to_string().parse().ok(),
            _ => None,
        };
        if day.is_none() {
            self.wrong_kind(name, "a day without quotes", value, example);
        }
        day
    }

    /// An optional instant.
    pub(super) fn optional_instant(&mut self, name: &'static str, example: &str) -> Option<Timestamp> {
        let value = self.value(name)?.get_ref();
        let instant = value.as_datetime().filter(|found| found.offset.is_some());
        let instant = instant.and_then(|found| found.to_string().parse().ok());
        if instant.is_none() {
            self.wrong_kind(name, "an instant with its offset, without quotes,", value, example);
        }
        instant
    }

    /// A required table.
    pub(super) fn required_section(&mut self, name: &'static str) -> Option<Section<'s, 'd>> {
        if !self.has(name) {
            self.mistake(
                name,
                "the section is missing",
                format!("add [{}] with its fields", self.path_of(name)),
            );
            return None;
        }
        self.optional_section(name)
    }

    /// An optional table.
    pub(super) fn optional_section(&mut self, name: &'static str) -> Option<Section<'s, 'd>> {
        let value = self.value(name)?;
        let path = self.path_of(name);
        match value.get_ref().as_table() {
            Some(table) => {
                Some(Section { source: self.source, table, span: value.span(), path, known: BTreeSet::new() })
            }
            None => {
                let fix = format!("write [{path}] on a line of its own and its fields below");
                let fault = format!("it is {}, and one section is wanted", kind(value.get_ref()));
                self.mistake(name, fault, fix);
                None
            }
        }
    }

    /// The tables of an optional list.
    pub(super) fn sections(&mut self, name: &'static str) -> Vec<Section<'s, 'd>> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let path = self.path_of(name);
        let fix = format!("write [[{path}]] with two brackets, once for each");
        let Some(list) = value.get_ref().as_array() else {
            let fault = format!("it is {}, and a list of sections is wanted", kind(value.get_ref()));
            self.mistake(name, fault, fix);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (n, row) in (1..).zip(list.iter()) {
            let path = format!("{path}[{n}]");
            match row.get_ref().as_table() {
                Some(table) => sections.push(Section {
                    source: self.source,
                    table,
                    span: row.span(),
                    path,
                    known: BTreeSet::new(),
                }),
                None => {
                    let fault = format!("it is {}, and a section is wanted", kind(row.get_ref()));
                    self.source.note(row.span(), path, fault, fix.clone());
                }
            }
        }
        sections
    }

    /// All fields of a table with unknown field names: name, place, value.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'d str, Span, &'d Spanned<DeValue<'d>>)> {
        self.table.iter().map(|(name, value)| (name.get_ref().as_ref(), name.span(), value))
    }

    pub(super) fn source(&self) -> &'s Source<'s> {
        self.source
    }
}

pub(super) fn whole_number(
    source: &Source<'_>,
    value: &Spanned<DeValue<'_>>,
    path: &str,
    example: &str,
    range: RangeInclusive<i64>,
) -> Option<i64> {
    let fault = match value.get_ref() {
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) if range.contains(&number) => return Some(number),
            _ => format!("it is {}, and must be from {} to {}", digits.as_str(), range.start(), range.end()),
        },
        DeValue::Float(number) => format!("it is {}, and a whole number is wanted", number.as_str()),
        other => format!("it is {}, and a whole number without quotes is wanted", kind(other)),
    };
    source.note(value.span(), path, fault, format!("write {example}"));
    None
}

/// The kind of a value, in the words of people who write TOML.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

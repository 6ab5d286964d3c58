//! The result of one way to read a contract's lines.

use std::fmt;

use domain::{AnswerFault, ContractId};
use serde_json::Value;

use super::{Seen, shape};
use crate::{
    LineProfile,
    answer::{self, Envelope, Verdict},
    fields::{self, Object},
    lines::{LineFields, is_mark, parse_lines},
};

/// The kind of answer that came for the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateAnswer {
    /// A list of rows of its own.
    List,
    /// A list of rows inside something else.
    Embedded,
    /// 404 or similar: nothing is served there.
    NotFound,
    /// 401 or 403.
    NotAllowed,
    /// The call limit.
    Limited,
    /// A server error.
    ServerError,
    /// A web page.
    Page,
    /// Another refusal.
    Refused,
    /// JSON without a list of rows, or no JSON.
    Garbled,
    /// No complete answer: a timeout, a redirect, an answer without end.
    NoAnswer,
    /// Not asked: the probe had no calls left.
    NotAsked,
}

impl CandidateAnswer {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Embedded => "embedded",
            Self::NotFound => "not found",
            Self::NotAllowed => "not allowed",
            Self::Limited => "call limit",
            Self::ServerError => "server error",
            Self::Page => "web page",
            Self::Refused => "refused",
            Self::Garbled => "garbled",
            Self::NoAnswer => "no answer",
            Self::NotAsked => "not asked",
        }
    }

    fn of(seen: &Seen, found: Option<&Vec<String>>) -> Self {
        match seen.status {
            401 | 403 => Self::NotAllowed,
            429 => Self::Limited,
            500.. => Self::ServerError,
            _ if seen.is_page() => Self::Page,
            404 | 405 | 410 => Self::NotFound,
            200..=299 => match found {
                Some(path) if path.len() > 1 => Self::Embedded,
                Some(_) => Self::List,
                None => Self::Garbled,
            },
            _ => Self::Refused,
        }
    }
}

impl fmt::Display for CandidateAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rows' sum compared with the contract's total in V2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumCheck {
    /// Equal.
    Equal,
    /// Different.
    Differs,
    /// V2 shows no total, the rows show no prices, or everything is 0.
    Unknown,
}

impl SumCheck {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differs => "differs",
            Self::Unknown => "not told",
        }
    }
}

/// The result of one line profile's way to read lines: only shapes and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The profile's name.
    pub profile: String,
    /// The call, with its route's parameters in braces.
    pub call: String,
    /// An earlier candidate with the same call: the call was made once.
    pub same_call_as: Option<String>,
    /// The kind of answer.
    pub answer: CandidateAnswer,
    /// The HTTP status; `None` where the call was not made or not answered.
    pub status: Option<u16>,
    /// Number of rows, wherever they are in the answer.
    pub rows: usize,
    /// The number of all lines, where the answer gives it as the profile describes.
    pub total: Option<u64>,
    /// The profile's fields that every row shows.
    pub matched: Vec<&'static str>,
    /// The sum of the rows against the total.
    pub sum: SumCheck,
    /// Why it does not fit, each in a few words; empty if it fits, or if a contract without lines cannot show it.
    pub misses: Vec<String>,
}

impl Candidate {
    /// Whether lines were read as the profile describes.
    pub fn fits(&self) -> bool {
        self.rows > 0 && self.misses.is_empty()
    }

    /// How near it is to fitting; the nearest is the highest.
    pub(super) fn nearness(&self) -> (bool, bool, usize, usize) {
        let rows = matches!(self.answer, CandidateAnswer::List | CandidateAnswer::Embedded);
        (rows, self.sum == SumCheck::Equal, self.matched.len(), usize::MAX - self.misses.len())
    }

    /// A candidate that was not asked or not answered.
    pub(super) fn without_answer(
        profile: &LineProfile,
        call: String,
        answer: CandidateAnswer,
        why: String,
    ) -> Self {
        Self {
            profile: profile.name().to_owned(),
            call,
            same_call_as: None,
            answer,
            status: None,
            rows: 0,
            total: None,
            matched: Vec::new(),
            sum: SumCheck::Unknown,
            misses: vec![why],
        }
    }

    /// Judges an answer by the profile.
    pub(super) fn judge(
        profile: &LineProfile,
        call: String,
        seen: &Seen,
        contract: ContractId,
        total: Option<f64>,
    ) -> Self {
        let (read, names) = (&profile.read, &profile.fields);
        let at = list_at(&seen.body, &read.rows).map(|_| read.rows.clone());
        let found = at.or_else(|| any_list(&seen.body)).filter(|_| seen.is_success());
        let rows = found.as_ref().and_then(|path| list_at(&seen.body, path)).unwrap_or_default();
        let answer = CandidateAnswer::of(seen, found.as_ref());
        let matched: Vec<&'static str> = NAMES
            .into_iter()
            .filter(|field| !rows.is_empty() && rows.iter().all(|row| shows(row, field, names)))
            .collect();
        let mut misses = Vec::new();
        if let Some(path) = found.as_ref().filter(|path| **path != read.rows) {
            misses.push(format!("rows stand at {} and not at {}", path.join("."), read.rows.join(".")));
        }
        if found.is_some() && !rows.is_empty() {
            let lacking = NAMES.into_iter().filter(|field| !matched.contains(field) && needs(profile, field));
            misses.extend(lacking.map(|field| {
                let name = name_of(names, field);
                format!("fields.{field}: no row, or not every row, shows {name:?} as it should be")
            }));
        }
        match answer {
            CandidateAnswer::List | CandidateAnswer::Embedded => {
                misses.extend(reading_miss(profile, seen, contract, misses.is_empty()));
            }
            CandidateAnswer::Garbled => misses.push(format!("no list of rows: {}", seen.shape())),
            other => misses.push(other.as_str().to_owned()),
        }
        Self {
            profile: profile.name().to_owned(),
            call,
            same_call_as: None,
            answer,
            status: Some(seen.status),
            rows: rows.len(),
            total: shown_total(profile, &seen.body),
            matched,
            sum: sum_check(&rows, names, total.filter(|_| !is_part(profile, &seen.body, rows.len()))),
            misses,
        }
    }
}

/// The keys of a profile's fields.
pub(super) const NAMES: [&str; 6] = ["line", "service", "contract", "units", "unit_price", "effective_date"];

/// A field that lines cannot do without; in a list of all contracts each row must also name its contract.
fn needs(profile: &LineProfile, field: &str) -> bool {
    matches!(field, "line" | "service" | "units" | "effective_date")
        || field == "contract" && profile.read.filter.is_some()
}

fn name_of<'a>(names: &'a LineFields, field: &str) -> &'a str {
    let (_, name) = names.named().into_iter().find(|(key, _)| *key == field).expect("it is one of the six");
    name
}

/// Whether a row shows a field with a valid value.
fn shows(row: &Object, field: &str, names: &LineFields) -> bool {
    let name = name_of(names, field);
    match field {
        "units" | "unit_price" => fields::at(row, name).is_some_and(Value::is_number),
        "contract" => fields::at(row, name).is_some(),
        "effective_date" => {
            (fields::at(row, name).is_some() || fields::entry(row, name).is_some())
                && fields::date(row, name, AnswerFault::LineEffectiveDate).is_ok()
        }
        _ => fields::id(row, name, AnswerFault::LineWithoutId).is_ok(),
    }
}

/// Any other reason why the client cannot read this answer by the profile.
fn reading_miss(
    profile: &LineProfile,
    seen: &Seen,
    contract: ContractId,
    else_right: bool,
) -> Option<String> {
    let envelope = Envelope::V1(profile.clone().into());
    match answer::read(&seen.response, &envelope) {
        Verdict::Success(success) => {
            let fault = parse_lines(&success, contract, profile).err()?;
            // What is missing was named already.
            else_right.then(|| fault.to_string())
        }
        Verdict::Unclear { .. } => {
            Some("outcome.success: the answer's word for success is another".to_owned())
        }
        Verdict::Refused(..) => Some("the answer says that it did not succeed".to_owned()),
        _ => Some("outcome.status: the answer has no such field".to_owned()),
    }
}

/// The number of lines according to the answer.
pub(super) fn shown_total(profile: &LineProfile, body: &Value) -> Option<u64> {
    profile.read.total.as_ref().and_then(|path| value_at(body, path)).and_then(Value::as_u64)
}

/// Whether these rows are only a part of all lines, so that they add up to no total.
pub(super) fn is_part(profile: &LineProfile, body: &Value, rows: usize) -> bool {
    shown_total(profile, body).is_some_and(|total| total > rows as u64)
}

/// The objects of a list at a path.
pub(super) fn list_at<'a>(body: &'a Value, path: &[String]) -> Option<Vec<&'a Object>> {
    let rows = value_at(body, path)?.as_array()?;
    rows.iter().map(Value::as_object).collect()
}

fn value_at<'a>(body: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(body, |place, name| fields::get(place.as_object()?, name))
}

/// The path to the first list of objects, the shortest first.
fn any_list(body: &Value) -> Option<Vec<String>> {
    let mut places = vec![(Vec::new(), body)];
    while !places.is_empty() && places[0].0.len() <= 4 {
        let is_list = |value: &Value| {
            let rows = value.as_array().filter(|rows| !rows.is_empty());
            rows.is_some_and(|rows| rows.iter().all(Value::is_object))
        };
        if let Some((path, _)) = places.iter().find(|(_, value)| is_list(value)) {
            return Some(path.clone());
        }
        places = places
            .into_iter()
            .flat_map(|(path, value)| {
                let inner = value.as_object().into_iter().flatten();
                inner.map(move |(name, value)| ([path.clone(), vec![name.clone()]].concat(), value))
            })
            .collect();
    }
    None
}

/// Whether the profile's field marks a row as a proration.
fn is_proration(row: &Object, names: &LineFields) -> bool {
    let marks = |name: &str| fields::at(row, name).is_some_and(is_mark);
    names.proration.as_deref().is_some_and(marks)
}

/// The sum of units by price over all rows.
pub(super) fn sum(rows: &[&Object], names: &LineFields) -> Option<f64> {
    let number = |row: &Object, name: &str| fields::at(row, name).and_then(Value::as_f64);
    rows.iter().map(|row| Some(number(row, &names.units)? * number(row, &names.unit_price)?)).sum()
}

pub(super) fn sum_check(rows: &[&Object], names: &LineFields, total: Option<f64>) -> SumCheck {
    let lines: Vec<&Object> = rows.iter().copied().filter(|row| !is_proration(row, names)).collect();
    match (sum(&lines, names), total) {
        // A contract that costs nothing shows nothing.
        (Some(sum), Some(total)) if !rows.is_empty() && (total != 0.0 || sum != 0.0) => {
            if (sum - total).abs() < 0.01 { SumCheck::Equal } else { SumCheck::Differs }
        }
        _ => SumCheck::Unknown,
    }
}

/// Whether prorations are not rows among the lines, as far as the rows of a contract show that has some according to
/// a person.
pub(super) struct Prorations {
    pub said: String,
    pub are_no_lines: Option<bool>,
}

/// What rows with the same service look like: duplicate lines, or prorations. No source has shown a proration in V1,
/// so the total is used to guess which it is.
pub(super) fn prorations(
    rows: &[&Object],
    names: &LineFields,
    total: Option<f64>,
    has_some: bool,
) -> Prorations {
    if let Some(mark) = &names.proration {
        let marked = rows.iter().filter(|row| is_proration(row, names)).count();
        let said = format!("{marked} of {} rows are marked as prorations by {mark}", rows.len());
        return Prorations { said, are_no_lines: (marked > 0).then_some(true) };
    }
    let service = |row: &Object| fields::id(row, &names.service, AnswerFault::LineWithoutService).ok();
    let mut services: Vec<i32> = rows.iter().filter_map(|row| service(row)).collect();
    services.sort_unstable();
    services.dedup();
    if services.len() == rows.len() {
        let said = format!("{} rows of as many services: no row looks like a proration", rows.len());
        return Prorations { said, are_no_lines: (has_some && !rows.is_empty()).then_some(true) };
    }
    let date = |row: &&Object| {
        fields::date(row, &names.effective_date, AnswerFault::LineEffectiveDate).ok().flatten()
    };
    let of = |id: i32| rows.iter().copied().filter(move |row| service(row) == Some(id));
    let newest: Vec<&Object> = services.iter().filter_map(|id| of(*id).max_by_key(date)).collect();
    let mut differing: Vec<&str> =
        services.iter().flat_map(|id| shape::differing(&of(*id).collect::<Vec<_>>())).collect();
    differing.sort_unstable();
    differing.dedup();
    let counts = format!("{} rows of {} services", rows.len(), services.len());
    let (told, are_no_lines) = match (sum_check(rows, names, total), sum_check(&newest, names, total)) {
        (SumCheck::Differs, SumCheck::Equal) => (
            "only the newest row of each service comes to the contract's total: the older rows look like prorations, which is a guess",
            Some(false),
        ),
        (SumCheck::Equal, _) => (
            "all rows come to the contract's total: services that stand there more than once look like lines, which is a guess",
            None,
        ),
        _ => ("the total does not tell lines from prorations", None),
    };
    let said = format!("{counts}; {told}; rows of one service differ in {}", differing.join(", "));
    Prorations { said, are_no_lines }
}

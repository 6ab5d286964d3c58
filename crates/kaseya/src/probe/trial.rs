//! Which write has its effect: tries each write that a profile leaves open on one line of a test contract, the least
//! harmful first, and puts the line back.

use std::{fmt, sync::Arc};

use domain::{ContractId, LineId, ServiceId};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};

use super::Findings;
use crate::{
    BmsError, ContractLine, LineProfile, Session, WriteError,
    answer::{self, Verdict},
    lines::{LineFields, LineWrite, Paging, WriteBody, WriteMethod, fields_changed, names_line},
};

/// A line of a test contract, to be written and put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialOrder {
    /// The test contract.
    pub contract: ContractId,
    /// The line.
    pub line: LineId,
    /// The units to write; they must differ from the line's units.
    pub to: u32,
}

/// The effect of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The line holds units and date as sent, and nothing else changed.
    Done,
    /// The line holds the units, but from another day.
    OtherDate,
    /// Nothing changed.
    Nothing,
    /// The line changed to something else.
    Otherwise,
    /// There are more lines than before: the write adds a line where it should change one.
    AddedLine,
    /// Other lines changed, or some are gone.
    OtherLines,
    /// The lines could not be read afterwards.
    Unread,
    /// The write was not sent.
    NotSent,
}

impl Effect {
    /// The stable words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "units and date",
            Self::OtherDate => "units, from another day",
            Self::Nothing => "no effect",
            Self::Otherwise => "the line changed to something else",
            Self::AddedLine => "it ADDED A LINE instead of changing one",
            Self::OtherLines => "other lines changed",
            Self::Unread => "not known: the lines could not be read",
            Self::NotSent => "not sent",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A write that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialStep {
    /// Method, route and body, e.g. `PUT /finance/contracts/{contractId}/services/{lineId}, the line`.
    pub write: String,
    /// Kaseya's answer.
    pub answer: String,
    /// The effect.
    pub effect: Effect,
    /// What the line showed afterwards, and how many lines there were.
    pub shown: String,
}

/// The state of a line after it was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutBack {
    /// Nothing was changed.
    NotNeeded,
    /// The line holds again what it held.
    Done,
    /// The line does not hold it again, or its state is unknown.
    Failed {
        /// What a person has to do.
        what: String,
        /// The added lines. For the person alone: a report that is sent away names no ids.
        added: Vec<LineId>,
    },
}

/// The result of the trial of writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Every write in order; none was tried after a write that had an effect.
    pub steps: Vec<TrialStep>,
    /// Why nothing was tried, in that case.
    pub not_tried: Option<String>,
    /// The profile whose write has its effect and its date.
    pub works: Option<LineProfile>,
    /// The state of the line.
    pub put_back: PutBack,
    /// What the line held before.
    pub held: String,
}

impl Trial {
    pub(super) fn not_tried(why: &str) -> Self {
        let (steps, put_back) = (Vec::new(), PutBack::NotNeeded);
        Self { steps, not_tried: Some(why.to_owned()), works: None, put_back, held: String::new() }
    }
}

/// What a write of units may change on a line.
type Held = (f64, Option<Date>);
/// What a write must leave as it is, apart from the fields that no change of units explains.
type Kept = (ServiceId, Option<f64>);

fn kept(line: &ContractLine) -> Kept {
    (line.service_id, line.unit_price)
}

fn held(line: &ContractLine) -> Held {
    (line.units, line.effective_date)
}

fn said(held: Option<Held>) -> String {
    match held {
        Some((units, Some(day))) => format!("{units} units from {day}"),
        Some((units, None)) => format!("{units} units without a date"),
        None => "no such line".to_owned(),
    }
}

/// A contract's lines next to those that it had before.
struct Beside<'a> {
    before: &'a [ContractLine],
    now: &'a [ContractLine],
    line: LineId,
    fields: &'a LineFields,
}

impl Beside<'_> {
    fn found(lines: &[ContractLine], id: LineId) -> Option<&ContractLine> {
        lines.iter().find(|line| line.id == id)
    }

    fn line(&self) -> Option<&ContractLine> {
        Self::found(self.now, self.line)
    }

    fn others_are_the_same(&self) -> bool {
        let others = |lines: &[ContractLine]| -> Vec<(LineId, Held, Kept)> {
            let others = lines.iter().filter(|line| line.id != self.line);
            others.map(|line| (line.id, held(line), kept(line))).collect()
        };
        let keeps = |line: &&ContractLine| line.id == self.line || self.changed_fields(line.id).is_empty();
        others(self.before) == others(self.now) && self.before.iter().all(|line| keeps(&line))
    }

    /// The names of a line's fields that changed although neither the units nor the date explain it.
    fn changed_fields(&self, id: LineId) -> Vec<String> {
        let (Some(before), Some(now)) = (Self::found(self.before, id), Self::found(self.now, id)) else {
            return Vec::new();
        };
        fields_changed(before, now, self.fields).into_iter().map(|field| field.name).collect()
    }

    /// Whether the line itself holds what it held, whatever else changed.
    fn line_is_as_before(&self) -> bool {
        let all = |line: &ContractLine| (held(line), kept(line));
        self.line().map(all) == Self::found(self.before, self.line).map(all)
            && self.changed_fields(self.line).is_empty()
    }

    fn is_as_before(&self) -> bool {
        self.line_is_as_before() && self.others_are_the_same()
    }

    fn effect(&self, units: u32, day: Date) -> Effect {
        if self.now.len() > self.before.len() {
            return Effect::AddedLine;
        }
        if !self.others_are_the_same() || self.line().is_none() {
            return Effect::OtherLines;
        }
        if self.line().map(kept) != Self::found(self.before, self.line).map(kept)
            || !self.changed_fields(self.line).is_empty()
        {
            return Effect::Otherwise;
        }
        match self.line().map(held) {
            Some((shown, date)) if shown == f64::from(units) => {
                if date == Some(day) {
                    Effect::Done
                } else {
                    Effect::OtherDate
                }
            }
            _ if self.is_as_before() => Effect::Nothing,
            _ => Effect::Otherwise,
        }
    }

    fn shown(&self) -> String {
        let (before, now) = (self.before.len(), self.now.len());
        let fields = match self.changed_fields(self.line) {
            changed if changed.is_empty() => String::new(),
            changed => format!(", and other {}", changed.join(", ")),
        };
        format!("{}{fields}; {now} lines after {before}", said(self.line().map(held)))
    }
}

/// The writes that a profile leaves open, the least harmful first: two fields of a line, a line, a list where the
/// profile has one, a contract. A POST may add a line and bill twice, so it comes last, and only where the profile
/// has it.
fn writes(profile: &LineProfile) -> Vec<LineWrite> {
    let (read, own) = (&profile.read, &profile.write);
    let inside = read.rows.len() > 1;
    let list = if inside { format!("{}/services", read.route) } else { read.route.clone() };
    let mut routes = vec![own.route.clone(), format!("{list}/{{lineId}}")];
    routes.push(format!("{}/{{lineId}}", list.replace("/{contractId}", "")));
    routes.retain(|route| route.contains("{lineId}"));
    let mut writes: Vec<LineWrite> = Vec::new();
    let mut add = |method: WriteMethod, route: &str, body: WriteBody| {
        let write = LineWrite { method, route: route.to_owned(), body };
        if !writes.contains(&write) {
            writes.push(write);
        }
    };
    use WriteMethod::{Patch, Post, Put};
    for (method, body) in [(Patch, WriteBody::JsonPatch), (Patch, WriteBody::Line), (Put, WriteBody::Line)] {
        routes.iter().for_each(|route| add(method, route, body));
    }
    // A list that replaces all lines would remove the others.
    if own.body == WriteBody::Array && own.method != Post {
        add(Patch, &own.route, WriteBody::Array);
        add(own.method, &own.route, WriteBody::Array);
    }
    if inside && read.filter.is_none() && read.paging == Paging::None {
        let own_contract = (own.body == WriteBody::Contract).then_some(&own.route);
        for method in [Patch, Put] {
            own_contract
                .into_iter()
                .chain([&read.route])
                .for_each(|route| add(method, route, WriteBody::Contract));
        }
    }
    if own.method == Post {
        add(Post, &own.route, own.body);
    }
    writes
}

/// Method, route and body.
fn named(write: &LineWrite) -> String {
    let body = match write.body {
        WriteBody::Line => "the line",
        WriteBody::Array => "a list with the line",
        WriteBody::JsonPatch => "two changes by RFC 6902",
        WriteBody::Contract => "the whole contract",
    };
    format!("{} {}, {body}", write.method.as_str().to_ascii_uppercase(), write.route)
}

struct Answered {
    said: String,
    kind: AnswerKind,
}

/// What may have come of a write, judged by its answer alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AnswerKind {
    NotSent,
    Refused,
    Taken,
    /// Neither a yes nor a no.
    Unclear,
    /// It may still have its effect later: nothing else is tried.
    MayCome,
}

impl AnswerKind {
    fn says(self, said: impl Into<String>) -> Answered {
        Answered { said: said.into(), kind: self }
    }

    /// Whether the write may change the line, however the line looks now.
    fn may_change(self) -> bool {
        matches!(self, Self::Taken | Self::Unclear | Self::MayCome)
    }
}

impl Session {
    /// Tries the writes one after the other until one has an effect, reads units and date after each, and puts the
    /// line back whatever the result.
    pub(super) async fn try_writes(&self, profile: &Arc<LineProfile>, order: TrialOrder) -> Trial {
        let before = match self.lines_by(profile, order.contract).await {
            Ok(before) => before,
            Err(error) => {
                return Trial::not_tried(&format!(
                    "the lines could not be read: {error}; nothing was written"
                ));
            }
        };
        let Some(line) = Beside::found(&before, order.line).cloned() else {
            return Trial::not_tried("the contract has no such line: nothing was written");
        };
        let whole = line.units.fract() == 0.0 && (0.0..1_000_000.0).contains(&line.units);
        let (true, Some(effective)) = (whole, line.effective_date) else {
            let why = "the line has no whole units or no effective date: nothing was written";
            return Trial::not_tried(why);
        };
        if line.units == f64::from(order.to) {
            let why = format!("the line has {} units already: say others; nothing was written", order.to);
            return Trial::not_tried(&why);
        }
        let today = self.shared.clock.now().to_zoned(TimeZone::UTC).date();
        let day = if today == effective { today.saturating_add(1.day()) } else { today };

        let fields = &profile.fields;
        let mut steps = Vec::new();
        let mut works = None;
        // The last reading, and the write that may have changed something.
        let (mut now, mut suspect, mut last_sent) = (Some(before.clone()), None, None);
        for write in writes(profile) {
            let by = Arc::new(profile.with_write(write.clone()));
            let Some(present) = now.as_deref().and_then(|lines| Beside::found(lines, order.line)).cloned()
            else {
                break;
            };
            let answered = self.try_write(&by, order.contract, &present, (order.to, day)).await;
            let read = self.lines_by(profile, order.contract).await;
            let (effect, shown) = match &read {
                Ok(lines) => {
                    let beside = Beside { before: &before, now: lines, line: order.line, fields };
                    let effect = beside.effect(order.to, day);
                    let not_sent = effect == Effect::Nothing && answered.kind == AnswerKind::NotSent;
                    (if not_sent { Effect::NotSent } else { effect }, beside.shown())
                }
                Err(error) => (Effect::Unread, error.to_string()),
            };
            now = read.ok();
            steps.push(TrialStep { write: named(&write), answer: answered.said, effect, shown });
            if !matches!(effect, Effect::Nothing | Effect::NotSent) {
                suspect = Some(Arc::clone(&by));
                // After a plain no, or after another write that may have come late, it is not known which write had
                // the effect.
                let its_own = answered.kind != AnswerKind::Refused && last_sent.is_none();
                works = (effect == Effect::Done && its_own).then(|| LineProfile::clone(&by));
                break;
            }
            if answered.kind.may_change() {
                last_sent = Some(by);
            }
            if answered.kind == AnswerKind::MayCome {
                break;
            }
        }
        // An effect that does not show yet may show later: the old number is sent after it.
        let suspect = suspect.or(last_sent);
        // The line as it is now: a write may compare it with what Kaseya has.
        let present = now.as_deref().and_then(|lines| Beside::found(lines, order.line)).unwrap_or(&line);
        // Checked above to be whole and small.
        let units = line.units as u32;
        // A write that adds a line would add another one.
        let only_added = matches!(steps.last(), Some(TrialStep { effect: Effect::AddedLine, .. }))
            && now.as_deref().is_some_and(|now| {
                Beside { before: &before, now, line: order.line, fields }.line_is_as_before()
            });
        let put_back = match suspect {
            Some(_) if only_added => {
                put_back(fields, &before, &line, "without another write", &Ok(now.unwrap_or_default()))
            }
            None => PutBack::NotNeeded,
            Some(by) => {
                let to = (units, effective);
                let mut answered = self.try_write(&by, order.contract, present, to).await;
                let mut left = self.lines_by(profile, order.contract).await;
                let mut came = put_back(fields, &before, &line, &answered.said, &left);
                // The number is absolute: it may be sent once more, except after a plain no.
                if came != PutBack::Done && !matches!(answered.kind, AnswerKind::Refused | AnswerKind::Taken)
                {
                    let again = left.as_deref().ok().and_then(|lines| Beside::found(lines, order.line));
                    answered = self.try_write(&by, order.contract, again.unwrap_or(present), to).await;
                    left = self.lines_by(profile, order.contract).await;
                    came = put_back(fields, &before, &line, &answered.said, &left);
                }
                came
            }
        };
        Trial { steps, not_tried: None, works, put_back, held: said(Some(held(&line))) }
    }

    async fn try_write(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        line: &ContractLine,
        to: (u32, Date),
    ) -> Answered {
        let not_sent = |error: &dyn fmt::Display| AnswerKind::NotSent.says(format!("not sent: {error}"));
        let request = match self.line_write(profile, contract, line, to).await {
            Ok(request) => request,
            Err(WriteError::NotSent(error)) => return not_sent(&error),
            Err(error) => return not_sent(&error),
        };
        let token = match self.v1_at_hand() {
            Ok(token) => token,
            Err(error) => return not_sent(&error),
        };
        let sent = self.exchange(&request.call, Some(&token.secret), request.body, request.timeout).await;
        use AnswerKind::{MayCome, Refused, Taken, Unclear};
        match sent {
            Ok(Verdict::Success(success)) if names_line(&success.result, profile, contract, line) => {
                Taken.says("taken")
            }
            Ok(Verdict::Success(_)) => Taken.says("taken, with an answer about another line"),
            Ok(Verdict::Unclear { status, .. }) => {
                let kind = if status == 202 { MayCome } else { Unclear };
                kind.says(format!("status {status}, neither a yes nor a no"))
            }
            Ok(Verdict::Refused(status, _) | Verdict::NotUnderstood(status, _)) => {
                let kind = if answer::may_be_done(status.into()) { Unclear } else { Refused };
                kind.says(format!("refused with status {status}"))
            }
            Ok(Verdict::Unauthorized(_)) => Refused.says("not allowed (401)"),
            Ok(Verdict::Forbidden(_)) => Refused.says("not allowed (403)"),
            Ok(Verdict::Limited(_)) => MayCome.says("the call limit is reached"),
            Ok(Verdict::Server(_)) => Unclear.says("a server error"),
            Ok(Verdict::Page | Verdict::NotKaseya) => Unclear.says("a web page"),
            Ok(Verdict::Garbled(fault)) => Unclear.says(format!("unclear: {fault}")),
            Err(BmsError::NoAnswer { cause, .. }) if cause.may_have_arrived() => {
                MayCome.says(format!("no answer: {cause}"))
            }
            Err(error) => not_sent(&error),
        }
    }
}

/// The state of the line after it was put back.
fn put_back(
    fields: &LineFields,
    before: &[ContractLine],
    line: &ContractLine,
    answer: &str,
    left: &Result<Vec<ContractLine>, BmsError>,
) -> PutBack {
    let by_hand = format!("set it by hand to {}", said(Some(held(line))));
    match left {
        Ok(left) => {
            let beside = Beside { before, now: left, line: line.id, fields };
            if beside.is_as_before() {
                return PutBack::Done;
            }
            let shown = said(beside.line().map(held));
            let added: Vec<LineId> =
                left.iter().map(|line| line.id).filter(|id| Beside::found(before, *id).is_none()).collect();
            let more = match added.as_slice() {
                [] if beside.others_are_the_same() => String::new(),
                [] => "; OTHER LINES CHANGED: look at the contract's history".to_owned(),
                added => format!("; REMOVE BY HAND the lines that were added: {}", added.len()),
            };
            let fields = match beside.changed_fields(line.id) {
                changed if changed.is_empty() => String::new(),
                changed => format!("; SET BY HAND what it has lost: {}", changed.join(", ")),
            };
            let what = format!("put back, {answer}: the line now holds {shown}: {by_hand}{fields}{more}");
            PutBack::Failed { what, added }
        }
        Err(error) => PutBack::Failed {
            what: format!(
                "put back, {answer}, and the line could not be read ({error}): look at it, and {by_hand}"
            ),
            added: Vec::new(),
        },
    }
}

/// What the trial shows about the assumptions about writes.
pub(super) fn judge(trial: &Trial, findings: &mut Findings) {
    const WRITES: [&str; 3] = ["v1-write", "v1-write-date", "v1-write-back"];
    if let Some(why) = &trial.not_tried {
        WRITES.into_iter().for_each(|id| findings.unknown(id, why));
        return;
    }
    let Some(last) = trial.steps.last() else {
        WRITES.into_iter().for_each(|id| findings.unknown(id, "nothing was tried"));
        return;
    };
    let evidence = format!("{}: {}; the line then showed {}", last.write, last.answer, last.shown);
    let effect = last.effect;
    match effect {
        Effect::Unread | Effect::NotSent => {
            findings.unknown("v1-write", evidence.clone());
            findings.unknown("v1-write-date", evidence);
        }
        _ => {
            let has_units = matches!(effect, Effect::Done | Effect::OtherDate);
            findings.judge("v1-write", has_units, evidence.clone());
            if has_units {
                findings.judge("v1-write-date", effect == Effect::Done, evidence);
            } else {
                findings.unknown("v1-write-date", evidence);
            }
        }
    }
    match &trial.put_back {
        PutBack::NotNeeded => {
            findings.unknown("v1-write-back", "no write changed the line: nothing was put back")
        }
        PutBack::Done => {
            findings.judge("v1-write-back", true, format!("put back: the line holds {} again", trial.held));
        }
        PutBack::Failed { what, .. } => findings.judge("v1-write-back", false, what.clone()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::lines::tests::line;

    #[test]
    fn a_write_that_changes_a_price_or_a_service_too_is_no_success() {
        let shown = |units: u32, service: u32, price: &str| {
            line(&format!(
                r#"{{"Id": 1, "ServiceId": {service}, "Units": {units}, "UnitPrice": {price},
                    "EffectiveDate": "2026-12-01T00:00:00", "ModifiedOn": "at {units}"}}"#
            ))
            .expect("a line")
        };
        let (before, profile) = ([shown(2, 11, "3.50")], LineProfile::default());
        for (now, effect) in [
            (shown(14, 11, "3.50"), Effect::Done),
            (shown(2, 11, "3.50"), Effect::Nothing),
            (shown(14, 11, "4.20"), Effect::Otherwise),
            (shown(14, 11, "null"), Effect::Otherwise),
            (shown(14, 12, "3.50"), Effect::Otherwise),
            (shown(2, 11, "4.20"), Effect::Otherwise),
            (shown(14, 11, r#"3.50, "Discount": 5"#), Effect::Otherwise),
        ] {
            let now = [now];
            let beside = Beside { before: &before, now: &now, line: LineId(1), fields: &profile.fields };
            assert_eq!(beside.effect(14, date(2026, 12, 1)), effect);
            assert_eq!(beside.is_as_before(), effect == Effect::Nothing);
        }
    }

    #[test]
    fn the_least_harmful_write_comes_first_and_a_post_only_where_the_profile_says_so() {
        for profile in LineProfile::shipped() {
            let tried = writes(profile);
            let rank = |write: &LineWrite| match (write.body, write.method) {
                (_, WriteMethod::Post) => 5,
                (WriteBody::JsonPatch, _) => 0,
                (WriteBody::Line, WriteMethod::Patch) => 1,
                (WriteBody::Line, _) => 2,
                (WriteBody::Array, _) => 3,
                (WriteBody::Contract, _) => 4,
            };
            assert!(tried.is_sorted_by_key(rank), "{tried:?}");
            assert!(tried.contains(&profile.write), "{}", profile.name());
            assert!(tried.iter().all(|write| write.method != WriteMethod::Post));
            // Each is a profile that can be stored.
            tried.iter().for_each(|write| assert_eq!(profile.with_write(write.clone()).write, *write));
        }
        let posting = LineProfile::shipped()[0].text().replace("\"put\"", "\"post\"");
        let tried = writes(&LineProfile::parse(&posting).expect("a profile"));
        assert_eq!(tried.iter().filter(|write| write.method == WriteMethod::Post).count(), 1);
        assert_eq!(tried.last().map(|write| write.method), Some(WriteMethod::Post));
    }
}

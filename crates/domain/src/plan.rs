//! Wanted against present: what changes, what is held, what cannot be.

use jiff::civil::Date;

use crate::{Brake, Brakes, ErrorCode, LineId, Wanted, target::MAX_UNITS};

/// A line as Kaseya shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Kaseya's line.
    pub id: LineId,
    /// Its units; Kaseya answers a decimal.
    pub units: f64,
    /// From which day they count.
    pub effective_date: Option<Date>,
}

/// What a plan needs beside the lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanContext {
    /// What the target should hold.
    pub wanted: Wanted,
    /// From which day, before the line's own start is looked at; `None` when the count's period is already invoiced.
    pub effective_date: Option<Date>,
    /// The contract's last day, if it has one.
    pub contract_end: Option<Date>,
    /// The partner's brakes.
    pub brakes: Brakes,
    /// The units that a person approved for this target, if any.
    pub approved: Option<u32>,
    /// The units that a person dismissed for this target, if any.
    pub dismissed: Option<u32>,
    /// Whether the line is to be left alone for now, after a write without an answer.
    pub unsure: bool,
}

/// One line's units, from and to, with its effective date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Which line.
    pub line: LineId,
    /// What Kaseya shows.
    pub from: f64,
    /// What is wanted.
    pub to: u32,
    /// From which day.
    pub effective_date: Date,
    /// Whether a person's approval covers it: the brakes let it pass, the run's too.
    pub approved: bool,
}

/// What is to be done about a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Kaseya holds our number.
    Unchanged {
        /// The line, when there is one: wanted 0 where no line exists is nothing to do.
        line: Option<Line>,
    },
    /// To be written.
    Write(Change),
    /// Waits for a person.
    Hold(Change, Brake),
    /// A person has said no to this very number: not sent, and not asked again. People see *not sent* with QTY-01.
    Dismissed(Change),
    /// Left alone after a write without an answer (NET-02).
    Wait(Line),
    /// Not sent.
    NotSent(ErrorCode),
}

/// Decides one target from the lines that Kaseya shows for its service on its contract.
///
/// `same_service` holds every line of the target's service on the contract. A line's present units may be a fraction
/// or negative, because a person may have typed them; what is written never is.
pub fn plan_target(same_service: &[Line], context: &PlanContext) -> Decision {
    let wanted = match context.wanted {
        Wanted::Units(units) if units <= MAX_UNITS => units,
        Wanted::Units(_) | Wanted::Unknown => return Decision::NotSent(ErrorCode::Qty02),
    };
    let line = match same_service {
        [] if wanted == 0 => return Decision::Unchanged { line: None },
        [] => return Decision::NotSent(ErrorCode::Svc01),
        [line] => *line,
        _ => return Decision::NotSent(ErrorCode::Svc03),
    };
    if context.unsure {
        return Decision::Wait(line);
    }
    if line.units == f64::from(wanted) {
        return Decision::Unchanged { line: Some(line) };
    }
    let Some(by_rule) = context.effective_date else {
        return Decision::NotSent(ErrorCode::Per01);
    };
    let effective_date = line.effective_date.map_or(by_rule, |start| by_rule.max(start));
    if context.contract_end.is_some_and(|end| effective_date > end) {
        return Decision::NotSent(ErrorCode::Con01);
    }
    let approved = context.approved.is_some_and(|units| context.brakes.approval_stands(units, wanted));
    let change = Change { line: line.id, from: line.units, to: wanted, effective_date, approved };
    if context.dismissed == Some(wanted) {
        return Decision::Dismissed(change);
    }
    match context.brakes.check(line.units, wanted) {
        Some(brake) if !approved => Decision::Hold(change, brake),
        _ => Decision::Write(change),
    }
}

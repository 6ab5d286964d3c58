//! What a decision about a target comes out as, and what people are told beside its code.

use domain::{Brake, Change, CompanyState, Decision, ErrorCode, Outcome, Rewrite};
use jiff::civil::Date;
use kaseya::ContractLine;

use crate::{
    content::{Contract, Target},
    outcome::TargetResult,
};

/// What a decision comes out as; for a change that is to be written, what it comes out as in a plan. `cycle` is the
/// contract's billing cycle where a person is to choose.
pub(crate) fn result_of(
    contract: &Contract,
    target: &Target,
    decision: &Decision,
    line: Option<&ContractLine>,
    cycle: Option<&str>,
) -> TargetResult {
    let to = target.wanted_units();
    let of_change = |change: &Change, outcome| TargetResult {
        from: Some(change.from),
        to: Some(change.to),
        effective_date: Some(change.effective_date),
        words: rewrite_words(change),
        ..TargetResult::of(outcome)
    };
    let result = match decision {
        Decision::Unchanged { line } => {
            let from = line.map(|line| line.units);
            TargetResult { from, to, ..TargetResult::of(Outcome::of(CompanyState::Unchanged)) }
        }
        Decision::Write(change) => {
            of_change(change, Outcome { state: CompanyState::Changed, code: drift_code(change) })
        }
        Decision::Hold(change, brake) => {
            let code = match brake {
                Brake::Drift => ErrorCode::Drf01,
                Brake::PlanSwitch => ErrorCode::Map03,
                Brake::BillingCycle => ErrorCode::Per01,
                Brake::FallToZero | Brake::LargeChange | Brake::ManyCompanies | Brake::Leftover => {
                    ErrorCode::Qty01
                }
            };
            let held = of_change(change, Outcome::with(CompanyState::Held, code));
            let cycle_words =
                cycle.filter(|_| *brake == Brake::BillingCycle).map(|cycle| cycle_words(contract, cycle));
            TargetResult { brake: Some(*brake), words: cycle_words.or(held.words.clone()), ..held }
        }
        Decision::Dismissed(change) => {
            let code = drift_code(change).unwrap_or(ErrorCode::Qty01);
            of_change(change, Outcome::with(CompanyState::NotSent, code))
        }
        Decision::Wait(line) => TargetResult {
            from: Some(line.units),
            to,
            deferred_until: target.unsure_until,
            ..TargetResult::of(Outcome::with(CompanyState::Deferred, ErrorCode::Net02))
        },
        Decision::Awaited(line, pending) => TargetResult {
            from: Some(line.units),
            to,
            effective_date: Some(pending.effective_date),
            words: Some(format!(
                "Kaseya took {} units from {} on and shows {} until then.",
                pending.to, pending.effective_date, line.units
            )),
            ..TargetResult::of(Outcome::of(CompanyState::Sent))
        },
        Decision::NotSent(code) => TargetResult {
            from: line.map(|line| line.units),
            to,
            ..TargetResult::not_sent(*code, words_for(*code, contract, target, line))
        },
    };
    with_price_note(result, target, line)
}

/// DRF-01, where a line that was edited in Kaseya is sent our number again.
pub(crate) fn drift_code(change: &Change) -> Option<ErrorCode> {
    matches!(change.rewrite, Some(Rewrite::Edited { .. })).then_some(ErrorCode::Drf01)
}

fn cycle_words(contract: &Contract, cycle: &str) -> String {
    format!(
        "The contract \"{}\" is billed \"{cycle}\" in Kaseya, not monthly: choose whether it is billed in arrears or in \
         advance (contract_billing in the settings), or approve this one change.",
        contract.name
    )
}

fn rewrite_words(change: &Change) -> Option<String> {
    Some(match change.rewrite? {
        Rewrite::Edited { left } => {
            format!("The line was edited in Kaseya: we had left {left} units, and it showed {}.", change.from)
        }
        Rewrite::NotApplied { sent } => format!(
            "Kaseya took {sent} units before, and the line still showed {}: sent once more.",
            change.from
        ),
    })
}

/// The price is the partner's own business and is never sent otherwise than it came: people are told once that it is
/// another.
fn with_price_note(result: TargetResult, target: &Target, line: Option<&ContractLine>) -> TargetResult {
    let prices = target.known_price.zip(line.and_then(|line| line.unit_price));
    let Some((before, now)) = prices.filter(|(before, now)| before != now) else { return result };
    let service = &target.service_name;
    let note = format!("The price of \"{service}\" in Kaseya is now {now}; it was {before}.");
    let words = result.words.map_or(note.clone(), |words| format!("{words} {note}"));
    TargetResult { words: Some(words), ..result }
}

fn words_for(
    code: ErrorCode,
    contract: &Contract,
    target: &Target,
    line: Option<&ContractLine>,
) -> Option<String> {
    let (service, name) = (&target.service_name, &contract.name);
    match code {
        ErrorCode::Svc01 => Some(format!("The service \"{service}\" is not on the contract \"{name}\".")),
        ErrorCode::Svc03 => {
            Some(format!("The service \"{service}\" is on the contract \"{name}\" more than once."))
        }
        ErrorCode::Svc04 => line.map(|line| {
            format!(
                "The line \"{service}\" was sent our number a second time in this period, and shows {} once more: \
                 Kaseya counts it itself, or somebody sets it there.",
                line.units
            )
        }),
        ErrorCode::Con01 => Some(format!("The contract \"{name}\" ends before the period to be billed.")),
        ErrorCode::Per03 => Some(format!(
            "The line \"{service}\" or its contract \"{name}\" begins only after the contract's last day."
        )),
        ErrorCode::Qty02 => Some(format!("The user count for \"{service}\" is missing or too old.")),
        ErrorCode::Qty03 => line.map(|line| {
            format!(
                "The line \"{service}\" shows {} units. Users are whole and nothing is rounded: set the line to a whole \
                 number in Kaseya.",
                line.units
            )
        }),
        ErrorCode::Per01 => newest_count(target)
            .map(|day| format!("The month of the count of {day} has already been invoiced.")),
        _ => None,
    }
}

fn newest_count(target: &Target) -> Option<Date> {
    target.addends.iter().filter_map(|addend| addend.count.map(|count| count.day)).max()
}

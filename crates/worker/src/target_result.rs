//! The result of a decision about a target, and the information for people in addition to its code.

use domain::{Brake, Change, CompanyState, Decision, ErrorCode, Outcome, Remark, Rewrite};
use jiff::civil::Date;
use kaseya::ContractLine;
use messages::job_content::{Contract, Target};

use crate::{in_use, outcome::TargetResult};

/// The result of a decision; for a change to be written, its result in a plan. `cycle` is the contract's billing
/// cycle if a person must choose.
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
        remarks: Vec::from_iter(rewritten(change)),
        ..TargetResult::of(outcome)
    };
    let result = match decision {
        Decision::Unchanged { line: held } => held_otherwise(target, line).unwrap_or_else(|| {
            let (from, code) = (held.map(|held| held.units), price_code(line, to));
            TargetResult { from, to, ..TargetResult::of(Outcome { state: CompanyState::Unchanged, code }) }
        }),
        Decision::Write(change) => {
            let code = rewrite_code(change, target).or_else(|| price_code(line, Some(change.to)));
            of_change(change, Outcome { state: CompanyState::Changed, code })
        }
        Decision::Hold(change, brake) => {
            let code = match brake {
                Brake::Drift => ErrorCode::Drf01,
                Brake::PlanSwitch => ErrorCode::Map03,
                Brake::BillingCycle => ErrorCode::Per01,
                Brake::LaterFinal => ErrorCode::Qty05,
                Brake::SetElsewhere => ErrorCode::Svc04,
                Brake::FallToZero | Brake::LargeChange | Brake::ManyCompanies | Brake::Leftover => {
                    ErrorCode::Qty01
                }
            };
            let held = of_change(change, Outcome::with(CompanyState::Held, code));
            let remarks = match (brake, cycle) {
                (Brake::BillingCycle, Some(cycle)) => {
                    let (contract, billing_cycle) = (contract.name.clone(), cycle.to_owned());
                    vec![Remark::CycleToChoose { contract, billing_cycle }]
                }
                (Brake::SetElsewhere, _) => Vec::from_iter(remark_on(code, contract, target, line)),
                _ => held.remarks.into_iter().chain(why_held(*brake, change, target)).collect(),
            };
            TargetResult { brake: Some(*brake), remarks, ..held }
        }
        Decision::Dismissed(change) => {
            let code = match target.dismissed {
                Some(word) if word.brake == Brake::SetElsewhere => ErrorCode::Svc04,
                _ => rewrite_code(change, target).unwrap_or(ErrorCode::Qty01),
            };
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
            remarks: vec![Remark::Awaited {
                sent: pending.to,
                from_day: pending.effective_date,
                shown: line.units,
            }],
            ..TargetResult::of(Outcome::of(CompanyState::Sent))
        },
        Decision::NotSent(ErrorCode::Qty02) if target.other_basis => TargetResult {
            from: line.map(|line| line.units),
            to,
            ..TargetResult::not_sent(ErrorCode::Qty04, None)
        },
        Decision::NotSent(code) => TargetResult {
            from: line.map(|line| line.units),
            to,
            ..TargetResult::not_sent(*code, remark_on(*code, contract, target, line))
        },
    };
    with_price_note(result, target, line)
}

/// The line holds our number, and what came with our change may make its invoice wrong.
fn held_otherwise(target: &Target, line: Option<&ContractLine>) -> Option<TargetResult> {
    match (dated_otherwise(target, line), with_changed_fields(target, line)) {
        (Some(mut dated), Some(changed)) => {
            dated.remarks.extend(changed.remarks);
            Some(dated)
        }
        (dated, changed) => dated.or(changed),
    }
}

/// Fields of the line have the values that a change of ours left, although it sent others: this is reported as long
/// as readings show them.
fn with_changed_fields(target: &Target, line: Option<&ContractLine>) -> Option<TargetResult> {
    let line = line?;
    let fields = line.still_changed(&target.fields_changed);
    let to = target.wanted_units();
    let code = price_code(Some(line), to).unwrap_or(ErrorCode::Unk01);
    (!fields.is_empty()).then(|| TargetResult {
        from: Some(line.units),
        to,
        remarks: vec![Remark::FieldsChanged { service: target.service_name.clone(), fields }],
        ..TargetResult::of(Outcome::with(CompanyState::Sent, code))
    })
}

/// The line holds our number from another day than the one we sent: this is reported as long as readings show it
/// (G-02, G-03).
fn dated_otherwise(target: &Target, line: Option<&ContractLine>) -> Option<TargetResult> {
    let (change, line) = (target.remembered.undated?, line?);
    let shown_day = change.shown_instead(line.units, line.effective_date, target.effective_date)?;
    let (sent, from_day) = (change.units, change.effective_date);
    Some(TargetResult {
        from: Some(line.units),
        to: target.wanted_units(),
        effective_date: Some(from_day),
        remarks: vec![Remark::DateShownOtherwise { sent, from_day, shown_day }],
        ..TargetResult::of(Outcome::with(CompanyState::Sent, ErrorCode::Unk01))
    })
}

/// The brake's reasons other than what Kaseya shows.
fn why_held(brake: Brake, change: &Change, target: &Target) -> Option<Remark> {
    match brake {
        Brake::FallToZero if change.to > 0 => {
            let (company, left) = target.share_that_ends()?;
            Some(Remark::ShareEnds { company: company.to_string(), left })
        }
        Brake::LargeChange => {
            let invoiced = target.invoiced.filter(|invoiced| *invoiced != change.from)?;
            Some(Remark::FarFromInvoiced { invoiced })
        }
        _ => None,
    }
}

/// The code of a number sent over another of Kaseya's: DRF-01 if the line was edited there. SVC-04 if it was set back
/// before and a person approved sending once more: that it shows our number today says nothing of tomorrow.
fn rewrite_code(change: &Change, target: &Target) -> Option<ErrorCode> {
    let rewrite = change.rewrite?;
    let word = target.approved.filter(|_| change.approved);
    if word.is_some_and(|(_, word)| word.brake == Brake::SetElsewhere) {
        return Some(ErrorCode::Svc04);
    }
    matches!(rewrite, Rewrite::Edited { .. }).then_some(ErrorCode::Drf01)
}

/// PRC-01 if units are wanted on a line with a price of 0: they appear on the invoice, and nothing is charged for
/// them.
pub(crate) fn price_code(line: Option<&ContractLine>, units: Option<u32>) -> Option<ErrorCode> {
    let is_free = line.and_then(|line| line.unit_price).is_some_and(|price| price <= 0.0);
    (is_free && units.is_some_and(|units| units > 0)).then_some(ErrorCode::Prc01)
}

fn rewritten(change: &Change) -> Option<Remark> {
    let shown = change.from;
    Some(match change.rewrite? {
        Rewrite::Edited { left } => Remark::LineEdited { left, shown },
        Rewrite::NotApplied { sent } => Remark::SentOnceMore { sent, shown },
    })
}

/// The price is the partner's own business and is always sent back unchanged: people are notified once that it
/// differs.
fn with_price_note(result: TargetResult, target: &Target, line: Option<&ContractLine>) -> TargetResult {
    let known_price = target.last_known.and_then(|line| line.unit_price);
    let prices = known_price.zip(line.and_then(|line| line.unit_price));
    let Some((before, now)) = prices.filter(|(before, now)| before != now) else { return result };
    let note = Remark::PriceChanged { service: target.service_name.clone(), before, now };
    TargetResult { remarks: result.remarks.into_iter().chain([note]).collect(), ..result }
}

fn remark_on(
    code: ErrorCode,
    contract: &Contract,
    target: &Target,
    line: Option<&ContractLine>,
) -> Option<Remark> {
    let (service, contract) = (target.service_name.clone(), contract.name.clone());
    let shown = line.map(|line| line.units);
    match code {
        ErrorCode::Map05 => in_use::service_named_otherwise(target),
        ErrorCode::Svc01 => Some(Remark::LineMissing { service, contract }),
        ErrorCode::Svc03 => Some(Remark::LineTwice { service, contract }),
        ErrorCode::Svc04 => shown.map(|shown| Remark::LineSetElsewhere { service, shown }),
        ErrorCode::Con01 => Some(Remark::ContractEndsBefore { contract }),
        ErrorCode::Per03 => Some(Remark::LineBeginsTooLate { service, contract }),
        ErrorCode::Qty02 => Some(Remark::CountMissing { service }),
        ErrorCode::Qty03 => shown.map(|shown| Remark::UnitsNotWhole { service, shown }),
        ErrorCode::Per01 => newest_count(target).map(|count_day| Remark::MonthInvoiced { count_day }),
        _ => None,
    }
}

fn newest_count(target: &Target) -> Option<Date> {
    target.addends.iter().filter_map(|addend| addend.count.map(|count| count.day)).max()
}

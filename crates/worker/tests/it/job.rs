//! Short constructors for jobs, and readers for their results.

use domain::Remark;
use messages::{field::wire_instant, v1};

/// Time and day of every count in these tests.
pub const COUNTED_AT: &str = "2026-11-30T22:00:00Z";
pub const COUNT_DAY: &str = "2026-11-30";
/// Effective date of their changes.
pub const EFFECTIVE: &str = "2026-11-01";

/// One count; `None` means missing.
pub fn addend(company: &str, product: &str, users: impl Into<Option<u32>>) -> v1::Addend {
    let users = users.into();
    v1::Addend {
        company_id: company.to_owned(),
        product_id: product.to_owned(),
        mapping_version: Some(1),
        users,
        count_day: users.map(|_| COUNT_DAY.to_owned()),
        counted_at: users.map(|_| wire_instant(COUNTED_AT.parse().expect("an instant"))),
        billed_units: users,
    }
}

/// A target's line as it was read the evening before.
pub fn last_known(units: f64, unit_price: Option<f64>) -> Option<v1::LineSeen> {
    Some(v1::LineSeen {
        contract_id: Some(5001),
        service_id: Some(701),
        line_id: Some(90_011),
        units: Some(units),
        unit_price,
        seen_at: Some(wire_instant(COUNTED_AT.parse().expect("an instant"))),
        ..v1::LineSeen::default()
    })
}

/// A person's approval of a change from `from` to `to` units in November, by hold 9.
pub fn approval(from: f64, to: u32) -> Option<v1::Approval> {
    Some(v1::Approval {
        hold_id: uuid::Uuid::from_u128(9).to_string(),
        units: Some(to),
        from_units: Some(from),
        effective_date: Some("2026-11-01".to_owned()),
        brake: Some("large_change".to_owned()),
    })
}

/// The matching dismissal, without its units.
pub fn dismissal(from: f64) -> Option<v1::Dismissal> {
    Some(v1::Dismissal {
        from_units: Some(from),
        effective_date: Some("2026-11-01".to_owned()),
        brake: Some("fall_to_zero".to_owned()),
    })
}

/// A service on a contract that wants the sum of its addends.
pub fn target(service: i32, addends: Vec<v1::Addend>) -> v1::TargetWork {
    let wanted_units = addends.iter().map(|addend| addend.billed_units).sum();
    v1::TargetWork {
        service_id: Some(service),
        service_name: format!("Service {service}"),
        known_service_name: Some(format!("Service {service}")),
        addends,
        wanted_units,
        effective_date: Some(EFFECTIVE.to_owned()),
        ..v1::TargetWork::default()
    }
}

/// A contract with its targets.
pub fn contract(id: i32, targets: Vec<v1::TargetWork>) -> v1::ContractWork {
    v1::ContractWork {
        contract_id: Some(id),
        account_id: Some(301),
        contract_name: format!("Contract {id}"),
        known_contract_name: Some(format!("Contract {id}")),
        owner_account_id: Some(301),
        targets,
        ..v1::ContractWork::default()
    }
}

/// A contract with one product of one company.
pub fn simple(id: i32, company: &str, users: impl Into<Option<u32>>) -> v1::ContractWork {
    contract(id, vec![target(701, vec![addend(company, "standard", users)])])
}

/// The outcome of a company on a contract.
pub fn outcome<'a>(done: &'a v1::JobDone, company: &str, contract: i32) -> &'a v1::CompanyOutcome {
    done.companies
        .iter()
        .find(|outcome| outcome.company_id == company && outcome.contract_id == Some(contract))
        .unwrap_or_else(|| panic!("nothing is said of {company} on {contract}: {done:?}"))
}

/// Its remarks, in addition to the code.
pub fn remarks(done: &v1::JobDone, company: &str, contract: i32) -> Vec<Remark> {
    let remarks = outcome(done, company, contract).remarks.iter().cloned();
    remarks.map(|remark| remark.try_into().expect("a remark")).collect()
}

/// State and code of a company on a contract, such as `changed` or `not_sent SVC-01`.
pub fn came_out(done: &v1::JobDone, company: &str, contract: i32) -> String {
    let outcome = outcome(done, company, contract);
    match &outcome.code {
        Some(code) => format!("{} {code}", outcome.state),
        None => outcome.state.clone(),
    }
}

/// The results of the granted changes.
pub fn results(done: &v1::JobDone) -> Vec<v1::ChangeResult> {
    done.changes.iter().map(v1::ChangeDone::result).collect()
}

/// The left-over contracts, the earliest retry, and the reason.
pub fn left(done: &v1::JobDone) -> (Vec<i32>, Option<String>, Option<String>) {
    let left = done.left_over.clone().unwrap_or_default();
    let at = messages::field::optional_instant("not_before", left.not_before).expect("an instant");
    (left.contract_ids, at.map(|at| at.to_string()), left.code)
}

/// The contract as a survey has shown it.
pub fn surveyed(survey: &v1::JobDone, work: v1::ContractWork) -> v1::ContractWork {
    let seen = survey.contracts_seen.iter().find(|seen| seen.contract_id == work.contract_id).cloned();
    v1::ContractWork { seen, ..work }
}

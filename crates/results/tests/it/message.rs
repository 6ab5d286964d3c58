//! Short builders for `JobDone`.

use jiff::Timestamp;
use messages::{field::wire_instant, v1};
use uuid::Uuid;

use crate::world::PARTNER;

/// The name under which the scheduler reports jobs that need no worker.
pub const SCHEDULER: &str = "scheduler-01930000-0000-7000-8000-0000000000cc";

/// When attempts end, unless a test sets another time.
pub const ENDED: &str = "2026-12-01T05:00:20Z";

pub fn run(number: u32) -> Uuid {
    Uuid::from_u128(1000 + u128::from(number))
}

pub fn job(number: u32) -> Uuid {
    Uuid::from_u128(2000 + u128::from(number))
}

pub fn intent(number: u32) -> Uuid {
    Uuid::from_u128(3000 + u128::from(number))
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn wire(text: &str) -> Option<pbjson_types::Timestamp> {
    Some(wire_instant(at(text)))
}

/// An attempt that did nothing; the methods below add what it did.
pub fn done(run_number: u32, job_number: u32, attempt: u32) -> v1::JobDone {
    v1::JobDone {
        partner_id: PARTNER.to_owned(),
        run_id: run(run_number).to_string(),
        run_number: Some(run_number.into()),
        job_id: job(job_number).to_string(),
        attempt: Some(attempt),
        mode: v1::SyncMode::Apply.into(),
        trigger: "schedule".to_owned(),
        worker_id: "worker-1".to_owned(),
        login: v1::LoginOutcome::Accepted.into(),
        host: v1::HostHealth::Answered.into(),
        credentials_version: Some(1),
        finished_at: wire(ENDED),
        ..v1::JobDone::default()
    }
}

/// What tests add to a message.
pub trait With: Sized {
    /// A company's outcome on a contract, with one product on service 11.
    fn company(self, name: &str, contract: i32, state: &str, units: (f64, u32)) -> Self;
    /// Gives the last company a code.
    fn code(self, code: &str) -> Self;
    /// Holds the last company by this brake.
    fn held_by(self, brake: &str) -> Self;
    /// A line on service 11 as last read: contract, line, units, when.
    fn line(self, contract: i32, line: i32, units: f64, seen_at: &str) -> Self;
    /// The outcome of a change.
    fn change(self, number: u32, result: v1::ChangeResult, at: &str) -> Self;
    /// What is left.
    fn left(self, contracts: &[i32], not_before: Option<&str>) -> Self;
    /// When the attempt ended.
    fn ended(self, at: &str) -> Self;
    /// The scheduler's own report.
    fn by_scheduler(self) -> Self;
}

impl With for v1::JobDone {
    fn company(mut self, name: &str, contract: i32, state: &str, units: (f64, u32)) -> Self {
        self.companies.push(v1::CompanyOutcome {
            company_id: name.to_owned(),
            contract_id: (contract != 0).then_some(contract),
            account_id: (contract != 0).then_some(contract - 900),
            state: state.to_owned(),
            seen_equal: Some(matches!(state, "changed" | "unchanged")),
            products: vec![v1::ProductOutcome {
                product_id: "standard".to_owned(),
                service_id: (contract != 0).then_some(11),
                state: state.to_owned(),
                users: Some(units.1),
                count_day: Some("2026-11-30".to_owned()),
                from_units: Some(units.0),
                to_units: Some(units.1),
                effective_date: Some("2026-11-01".to_owned()),
                ..v1::ProductOutcome::default()
            }],
            evidence: matches!(state, "changed" | "unchanged")
                .then(|| v1::Evidence { kind: "read".to_owned(), at: self.finished_at }),
            ..v1::CompanyOutcome::default()
        });
        self
    }

    fn code(mut self, code: &str) -> Self {
        let company = self.companies.last_mut().expect("a company");
        company.code = Some(code.to_owned());
        company.products[0].code = Some(code.to_owned());
        self
    }

    fn held_by(self, brake: &str) -> Self {
        let mut held = self.code("QTY-01");
        held.companies.last_mut().expect("a company").products[0].brake = Some(brake.to_owned());
        held
    }

    fn line(mut self, contract: i32, line: i32, units: f64, seen_at: &str) -> Self {
        self.lines.push(v1::LineSeen {
            contract_id: Some(contract),
            service_id: Some(11),
            line_id: Some(line),
            units: Some(units),
            unit_price: Some(3.5),
            effective_date: Some("2026-11-01".to_owned()),
            seen_at: wire(seen_at),
            implied_by_total: None,
        });
        self
    }

    fn change(mut self, number: u32, result: v1::ChangeResult, at: &str) -> Self {
        self.changes.push(v1::ChangeDone {
            intent_id: intent(number).to_string(),
            result: result.into(),
            at: wire(at),
            detail: None,
            effective_date_read: None,
            fields_changed: Vec::new(),
        });
        self
    }

    fn left(mut self, contracts: &[i32], not_before: Option<&str>) -> Self {
        let code = not_before.map(|_| "NET-01".to_owned());
        self.left_over = Some(v1::LeftOver {
            contract_ids: contracts.to_vec(),
            not_before: not_before.and_then(wire),
            code,
        });
        self
    }

    fn by_scheduler(self) -> Self {
        Self {
            login: v1::LoginOutcome::NotTried.into(),
            host: v1::HostHealth::NotCalled.into(),
            worker_id: SCHEDULER.to_owned(),
            ..self
        }
    }

    fn ended(mut self, at: &str) -> Self {
        self.finished_at = wire(at);
        for evidence in self.companies.iter_mut().filter_map(|company| company.evidence.as_mut()) {
            evidence.at = wire(at);
        }
        self
    }
}

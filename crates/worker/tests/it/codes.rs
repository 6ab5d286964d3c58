//! Every code of the error catalogue that comes from Kaseya, produced by a response of the simulator: one row per
//! code and shape of response. Kaseya's words for a refused login are unknown: if they do not name the cause, the
//! code is AUTH-01.

use domain::ErrorCode;
use jiff::SignedDuration;
use kaseya_simulator::{ContractStatus, Endpoint, Fault, Line, RetryAfter, Right, State};
use messages::v1;
use serde_json::{Value, json};

use crate::{
    job::{addend, came_out, contract, surveyed, target},
    world::{World, sealed, state},
};

/// Codes that do not come from Kaseya: counts, mappings, jobs, the brakes, and logins that we block.
const OTHERS: [ErrorCode; 11] = [
    ErrorCode::Auth08,
    ErrorCode::Lin02,
    ErrorCode::Qty01,
    ErrorCode::Qty02,
    ErrorCode::Qty05,
    ErrorCode::Map01,
    ErrorCode::Map02,
    ErrorCode::Map03,
    ErrorCode::Job01,
    ErrorCode::Job02,
    ErrorCode::Job03,
];

/// The deviation from the normal case.
enum Shape {
    State(fn(&mut State)),
    /// The same, in a run that started with a survey.
    Surveyed(fn(&mut State)),
    /// The same, with the service mapped by its name in the catalogue.
    NamedService(fn(&mut State)),
    Fault(Endpoint, u32, Fault),
    /// The same fault this many times, from the first call on.
    Faults(Endpoint, u32, Fault),
    Target(fn(v1::TargetWork) -> v1::TargetWork),
    StateAndTarget(fn(&mut State), fn(v1::TargetWork) -> v1::TargetWork),
    /// Nothing listens at V2's address.
    NoHost,
}

fn answer(status: u16, body: Value) -> Fault {
    Fault::Answer { status, body }
}

fn says(status: u16, message: &str) -> Fault {
    answer(status, json!({"success": false, "error": {"code": 1, "message": message}, "result": null}))
}

fn login(fault: Fault) -> Shape {
    Shape::Fault(Endpoint::Authenticate, 1, fault)
}

fn taken() -> Fault {
    answer(200, json!({"ResponseCode": 200, "Status": "OK", "Error": "None", "Result": {}}))
}

fn edit_contract(state: &mut State) -> &mut kaseya_simulator::Contract {
    state.contract_mut(5001).expect("a contract of the state")
}

fn rows() -> Vec<(ErrorCode, &'static str, Shape)> {
    use ErrorCode::*;
    vec![
        (Auth01, "not_sent", Shape::State(|state| state.login.password = "another".into())),
        (Auth01, "not_sent", Shape::State(|state| state.login.user = "another".into())),
        (Auth01, "not_sent", Shape::State(|state| state.login.tenant = "another".into())),
        (Auth01, "not_sent", login(says(400, "Invalid credentials"))),
        (Auth01, "not_sent", login(says(200, "The user, password or company is incorrect"))),
        (Auth01, "not_sent", login(answer(200, json!({"success": true, "error": null, "result": {}})))),
        (Auth02, "not_sent", login(says(401, "Your password has expired"))),
        (Auth03, "not_sent", login(says(401, "The user is locked"))),
        (Auth04, "not_sent", login(says(401, "MFA code required"))),
        (Auth05, "not_sent", login(says(403, "The role lacks Has API Access"))),
        (Auth06, "not_sent", Shape::Fault(Endpoint::ContractsLookup, 1, says(403, "No right"))),
        (Auth06, "not_sent", Shape::Faults(Endpoint::ContractLines, 2, says(401, "Security Error"))),
        (Auth06, "not_sent", Shape::Fault(Endpoint::WriteLine, 1, answer(403, json!({})))),
        (
            Auth07,
            "not_sent",
            Shape::Fault(Endpoint::V1Token, 1, answer(400, json!({"error": "invalid_grant"}))),
        ),
        (Host01, "not_sent", login(answer(404, json!({})))),
        (Ten01, "not_sent", login(says(400, "Tenant can't be empty"))),
        (Acc01, "not_sent", Shape::State(|state| state.accounts[0].active = false)),
        (Acc01, "not_sent", Shape::State(|state| state.accounts.clear())),
        (
            Acc01,
            "not_sent",
            Shape::State(|state| {
                state.behaviour.role.hidden_accounts.insert(301);
            }),
        ),
        (
            Con01,
            "not_sent",
            Shape::State(|state| edit_contract(state).end = Some("2026-11-15".parse().expect("a day"))),
        ),
        (
            Con01,
            "not_sent",
            Shape::StateAndTarget(
                |state| edit_contract(state).end = Some("2026-12-15".parse().expect("a day")),
                |target| v1::TargetWork { effective_date: Some("2027-01-01".into()), ..target },
            ),
        ),
        (Con02, "not_sent", Shape::State(|state| edit_contract(state).status = ContractStatus::Inactive)),
        (Con02, "not_sent", Shape::State(|state| state.contracts.retain(|contract| contract.id != 5001))),
        (
            Con03,
            "not_sent",
            Shape::Surveyed(|state| edit_contract(state).contract_type = "Fixed Price".into()),
        ),
        (Con03, "not_sent", Shape::State(|state| edit_contract(state).contract_type = "Fixed Price".into())),
        (Con04, "not_sent", Shape::State(|state| edit_contract(state).account = 999)),
        (Svc01, "not_sent", Shape::State(|state| edit_contract(state).lines.clear())),
        (Svc02, "not_sent", Shape::NamedService(|state| state.services[0].active = false)),
        (Svc02, "not_sent", Shape::NamedService(|state| state.services.retain(|service| service.id != 701))),
        (
            Svc03,
            "not_sent",
            Shape::State(|state| {
                let lines = &mut edit_contract(state).lines;
                let twice = Line { id: 90_019, ..lines[0].clone() };
                lines.push(twice);
            }),
        ),
        (
            Svc04,
            "held",
            Shape::Target(|target| v1::TargetWork {
                last_confirmed_units: Some(14),
                rewritten_for: Some("2026-11-01".into()),
                ..target
            }),
        ),
        (Map04, "not_sent", Shape::Target(|target| v1::TargetWork { other_writer: Some(true), ..target })),
        (
            Map05,
            "not_sent",
            Shape::Target(|target| v1::TargetWork { known_service_name: Some("Another".into()), ..target }),
        ),
        (Per01, "not_sent", Shape::Target(|target| v1::TargetWork { effective_date: None, ..target })),
        (Per01, "held", Shape::Surveyed(|state| edit_contract(state).billing_cycle = "Yearly".into())),
        (Per01, "held", Shape::State(|state| edit_contract(state).billing_cycle = "Quarterly".into())),
        (
            Per03,
            "not_sent",
            Shape::State(|state| {
                let contract = edit_contract(state);
                contract.end = Some("2026-12-15".parse().expect("a day"));
                contract.lines[0].effective_date = "2027-01-01".parse().expect("a day");
            }),
        ),
        // Case A16: the missing count was taken on another basis than the billed one.
        (
            Qty04,
            "not_sent",
            Shape::Target(|target| v1::TargetWork {
                addends: vec![addend("acme", "standard", None::<u32>)],
                wanted_units: None,
                other_basis: Some(true),
                ..target
            }),
        ),
        (Prc01, "changed", Shape::State(|state| edit_contract(state).lines[0].unit_price = 0.0)),
        (Qty03, "not_sent", Shape::State(|state| edit_contract(state).lines[0].units = 12.5)),
        (Drf01, "held", Shape::Target(|target| v1::TargetWork { last_confirmed_units: Some(14), ..target })),
        (
            Drf01,
            "changed",
            Shape::Target(|target| v1::TargetWork {
                last_confirmed_units: Some(14),
                drift_policy: Some("send_ours".into()),
                ..target
            }),
        ),
        (Lim01, "deferred", Shape::Fault(Endpoint::ContractLines, 1, answer(429, json!({})))),
        (Lim01, "deferred", Shape::Fault(Endpoint::ContractsLookup, 1, answer(429, json!({})))),
        (Lim01, "deferred", Shape::Fault(Endpoint::WriteLine, 1, answer(429, json!({})))),
        (Net01, "deferred", Shape::Faults(Endpoint::ContractLines, 3, Fault::BadGateway)),
        (Net01, "deferred", Shape::Faults(Endpoint::ContractsLookup, 3, answer(503, json!({})))),
        (Net01, "deferred", Shape::NoHost),
        (Net02, "deferred", Shape::Fault(Endpoint::WriteLine, 1, Fault::DropBeforeApply)),
        (
            Net02,
            "deferred",
            Shape::Fault(Endpoint::WriteLine, 1, Fault::ApplyLater(SignedDuration::from_mins(3))),
        ),
        (Unk01, "not_sent", Shape::Fault(Endpoint::ContractLines, 1, Fault::NoSuccess("Nope".into()))),
        (
            Unk01,
            "not_sent",
            Shape::Fault(Endpoint::WriteLine, 1, Fault::NoSuccess("Period is closed".into())),
        ),
        (Unk01, "deferred", Shape::Fault(Endpoint::ContractLines, 1, Fault::Truncated)),
        (Lin01, "not_sent", Shape::Fault(Endpoint::ContractLines, 1, Fault::Without(vec!["Units".into()]))),
        (Lin01, "not_sent", Shape::Fault(Endpoint::ContractLines, 1, answer(405, json!({})))),
        (Unk01, "deferred", Shape::Fault(Endpoint::ContractLines, 1, Fault::NullResult)),
        (Unk01, "sent", Shape::Fault(Endpoint::WriteLine, 1, taken())),
        // The simulator's own words when it names the cause.
        (Auth01, "not_sent", Shape::State(|state| says_which(state).login.password = "another".into())),
        (Auth02, "not_sent", Shape::State(|state| says_which(state).behaviour.login.password_expired = true)),
        (Auth03, "not_sent", Shape::State(|state| says_which(state).behaviour.login.locked = true)),
        (
            Auth04,
            "not_sent",
            Shape::State(|state| says_which(state).behaviour.login.second_factor = Some("123456".into())),
        ),
        (
            Auth05,
            "not_sent",
            Shape::State(|state| says_which(state).behaviour.role.without_api_access = true),
        ),
        (Ten01, "not_sent", Shape::State(|state| says_which(state).login.tenant = "another".into())),
        // Causes it does not name: one response for all of them.
        (Auth01, "not_sent", Shape::State(|state| state.behaviour.login.locked = true)),
        (Auth01, "not_sent", Shape::State(|state| state.behaviour.role.without_api_access = true)),
        (
            Auth06,
            "not_sent",
            Shape::State(|state| state.behaviour.role.lacks_on_v2 = [Right::ViewContracts].into()),
        ),
        (
            Auth06,
            "not_sent",
            Shape::State(|state| state.behaviour.role.lacks_on_v1 = [Right::ModifyContracts].into()),
        ),
        (Auth07, "not_sent", Shape::State(|state| state.behaviour.login.v1_refuses = true)),
        (Host01, "not_sent", login(Fault::Page { status: 200 })),
        (
            Lim01,
            "deferred",
            Shape::Fault(
                Endpoint::ContractLines,
                1,
                Fault::LimitReached { retry_after: RetryAfter::Date, html: true },
            ),
        ),
    ]
}

/// The state of a Kaseya that names the cause of a refusal.
fn says_which(state: &mut State) -> &mut State {
    state.behaviour.login.says_which = true;
    state
}

#[tokio::test]
async fn every_code_of_kaseyas_comes_from_an_answer() {
    for (place, (code, expected, shape)) in rows().into_iter().enumerate() {
        let mut state = state();
        let mut target = target(701, vec![addend("acme", "standard", 14)]);
        match &shape {
            Shape::State(edit) | Shape::Surveyed(edit) => edit(&mut state),
            Shape::NamedService(edit) => {
                edit(&mut state);
                target.service_name = "Password Boss Standard".to_owned();
                target.known_service_name = Some(target.service_name.clone());
            }
            Shape::Target(change) => target = change(target),
            Shape::StateAndTarget(edit, change) => {
                edit(&mut state);
                target = change(target);
            }
            Shape::Fault(..) | Shape::Faults(..) | Shape::NoHost => {}
        }
        let mut world = World::new(state).await;
        let mut work = contract(5001, vec![target]);
        match shape {
            Shape::Fault(endpoint, nth, fault) => world.kaseya.fail(endpoint, nth, fault),
            Shape::Faults(endpoint, times, fault) => {
                (1..=times).for_each(|nth| world.kaseya.fail(endpoint, nth, fault.clone()));
            }
            Shape::NoHost => {
                let mut script = world.script();
                let integration = script.content.integration.as_mut().expect("an integration");
                let closed = "http://127.0.0.1:1".to_owned();
                integration.sealed_password = sealed("correct horse", &closed);
                integration.v1_base = Some(format!("{closed}/api"));
                integration.v2_base = Some(closed);
            }
            Shape::Surveyed(_) => work = surveyed(&world.survey(&[5001], 1).await, work),
            Shape::State(_) | Shape::NamedService(_) | Shape::Target(_) | Shape::StateAndTarget(..) => {}
        }
        let done = world.work(vec![work]).await;
        assert_eq!(came_out(&done, "acme", 5001), format!("{expected} {code}"), "row {place}");
    }
}

#[test]
fn no_code_of_kaseyas_is_left_out() {
    let rows = rows();
    for code in ErrorCode::ALL {
        let from_kaseya = !OTHERS.contains(code);
        let has_row = rows.iter().any(|(shown, ..)| shown == code);
        assert_eq!(has_row, from_kaseya, "{code}");
    }
}

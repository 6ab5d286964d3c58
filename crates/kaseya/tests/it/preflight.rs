//! S-12 to S-14: the findings of Authenticate, against the simulator.

use domain::ErrorCode;
use kaseya::{Access, Check, Finding, Session};
use kaseya_simulator::{Clock, Endpoint, Fault, Logins, Running, Simulator, State};
use secrecy::SecretString;
use serde_json::json;

use crate::partner::{HandClock, access, bms, limits};

const NOON: &str = "2026-03-01T12:00:00Z";

async fn simulator() -> Running {
    let state = State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .contract(5011, 301, "Hours")
        .with(|state| state.contracts[0].contract_type = "Time and Material".to_owned())
        .contract(5012, 301, "Managed services")
        .line(90021, 701, 12.0)
        .build();
    let clock = Clock::standing(NOON.parse().expect("an instant"));
    Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

fn session(kaseya: &Running) -> Session {
    bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits())
}

/// A letter per check in order: passed, failed, untold, not reached.
fn letters(checked: &[kaseya::Checked]) -> String {
    assert!(checked.iter().map(|checked| checked.check).eq(Check::ALL), "{checked:?}");
    let letter = |checked: &kaseya::Checked| match checked.finding {
        Finding::Passed => 'p',
        Finding::Failed { .. } => 'F',
        Finding::Unknown(_) => '?',
        Finding::NotReached => '-',
    };
    checked.iter().map(letter).collect()
}

fn failure(checked: &[kaseya::Checked]) -> (Check, ErrorCode, Option<&str>) {
    let mut failed = checked.iter().filter_map(|checked| match &checked.finding {
        Finding::Failed { code, words, .. } => {
            Some((checked.check, *code, words.as_ref().map(kaseya::Words::as_str)))
        }
        _ => None,
    });
    failed.next().expect("a check that failed")
}

fn no_right() -> Fault {
    Fault::Answer { status: 403, body: json!({"success": false, "error": {"message": "No right"}}) }
}

#[tokio::test]
async fn right_credentials_pass_with_two_logins_and_five_reads_and_change_nothing() {
    let kaseya = simulator().await;
    let before = kaseya.state();
    let session = session(&kaseya);
    let checked = session.preflight().await.checks;
    // No read shows what may be changed.
    assert_eq!(letters(&checked), "ppppppp?");
    assert_eq!(kaseya.state(), before);
    assert_eq!(kaseya.logins(), Logins { v2_accepted: 1, v1_accepted: 1, ..Logins::default() });
    let calls: Vec<(String, u64)> =
        kaseya.calls().into_iter().map(|(endpoint, calls)| (endpoint.to_string(), calls)).collect();
    let expected = [
        "POST /v2/security/authenticate",
        "GET /v2/security/userinfo",
        "GET /v2/finance/contracts/summary",
        "POST /v2/admin/finance/services/search",
        "GET /v2/crm/accounts/lookup",
        "POST /api/token",
        "GET /api/finance/contracts/{contractId}/services",
    ];
    assert_eq!(calls, expected.map(|endpoint| (endpoint.to_owned(), 1)));
    assert_eq!(session.login(), kaseya::Login::Accepted);
}

#[tokio::test]
async fn it_logs_in_for_real_also_with_tokens_at_hand() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    bms.session(access(&kaseya.base_url()), limits()).sign_in().await.unwrap();
    let checked = bms.session(access(&kaseya.base_url()), limits()).preflight().await.checks;
    assert_eq!(letters(&checked), "ppppppp?");
    assert_eq!(kaseya.logins(), Logins { v2_accepted: 2, v1_accepted: 2, ..Logins::default() });
}

#[tokio::test]
async fn a_refused_login_ends_it_and_is_not_sent_again() {
    let kaseya = simulator().await;
    let bms = bms(&HandClock::at(NOON));
    let wrong = Access { password: SecretString::from("wrong"), ..access(&kaseya.base_url()) };
    for _ in 0..3 {
        let checked = bms.session(wrong.clone(), limits()).preflight().await.checks;
        assert_eq!(letters(&checked), "F-------");
        let said = Some("Invalid credentials");
        assert_eq!(failure(&checked), (Check::LogInV2, ErrorCode::Auth01, said));
    }
    assert_eq!(kaseya.logins(), Logins { v2_refused: 1, ..Logins::default() });
}

#[tokio::test]
async fn lin_01_a_contract_without_lines_ticks_no_route_of_lines() {
    let kaseya = simulator().await;
    kaseya
        .edit(|state| {
            let mut full = state.contracts[1].clone();
            full.id = 5013;
            state.contracts[1].lines.clear();
            state.contracts.push(full);
        })
        .unwrap();
    // A contract with a price is looked at first.
    assert_eq!(letters(&session(&kaseya).preflight().await.checks), "ppppppp?");
    kaseya.edit(|state| state.contracts.iter_mut().for_each(|contract| contract.lines.clear())).unwrap();
    assert_eq!(letters(&session(&kaseya).preflight().await.checks), "pppppp??");
}

#[tokio::test]
async fn each_missing_right_is_named_and_the_others_are_still_looked_at() {
    for (endpoint, expected, check, code) in [
        (Endpoint::UserInfo, "pFppppp-", Check::ApiAccess, ErrorCode::Auth05),
        (Endpoint::AccountsLookup, "ppFpppp?", Check::ViewAccounts, ErrorCode::Auth06),
        (Endpoint::ContractsSummary, "pppFpp-?", Check::ViewContracts, ErrorCode::Auth06),
        (Endpoint::ServicesSearch, "ppppFpp?", Check::ViewServices, ErrorCode::Auth06),
        (Endpoint::ContractLines, "ppppppF?", Check::ViewLines, ErrorCode::Auth06),
    ] {
        let kaseya = simulator().await;
        kaseya.fail(endpoint, 1, no_right());
        let checked = session(&kaseya).preflight().await.checks;
        assert_eq!(letters(&checked), expected);
        let (failed, said, words) = failure(&checked);
        assert_eq!((failed, said), (check, code));
        // V1's envelopes differ from this one, and its words are found too.
        assert_eq!(words, Some("No right"));
        assert!(check.menu().is_some());
    }
}

#[tokio::test]
async fn v1_that_refuses_after_v2_is_its_own_case_and_no_line_is_read() {
    let kaseya = simulator().await;
    let body = json!({"error": "invalid_grant", "error_description": "No access"});
    kaseya.fail(Endpoint::V1Token, 1, Fault::Answer { status: 400, body });
    let checked = session(&kaseya).preflight().await.checks;
    assert_eq!(letters(&checked), "pppppF-?");
    assert_eq!(failure(&checked), (Check::LogInV1, ErrorCode::Auth07, Some("invalid_grant; No access")));
    assert_eq!(kaseya.calls().get(&Endpoint::ContractLines), None);
}

#[tokio::test]
async fn case_e9_authenticate_does_not_tick_pages_that_count_from_0() {
    let kaseya = simulator().await;
    kaseya.edit(|state| state.behaviour.lists.pages_from_zero = true).unwrap();
    let checked = session(&kaseya).preflight().await.checks;
    assert_eq!(letters(&checked), "ppF----?");
    // Accounts come without a total: page 0 has rows that page 1 lacks.
    let Finding::Failed { code, fault, .. } = &checked[2].finding else { panic!("{checked:?}") };
    assert_eq!((*code, *fault), (ErrorCode::Unk01, Some(domain::AnswerFault::EmptyPage)));

    // With more than a page of accounts the last page is empty.
    let kaseya = simulator().await;
    kaseya
        .edit(|state| {
            let contract = state.contracts[0].clone();
            state
                .contracts
                .extend((6000..6150).map(|id| kaseya_simulator::Contract { id, ..contract.clone() }));
        })
        .unwrap();
    assert_eq!(letters(&session(&kaseya).preflight().await.checks), "ppppppp?");
    kaseya.edit(|state| state.behaviour.lists.pages_from_zero = true).unwrap();
    let rows = json!([{"id": 301, "name": "x", "isActive": true}]);
    kaseya.fail(
        Endpoint::AccountsLookup,
        1,
        Fault::Answer { status: 200, body: json!({"success": true, "result": rows}) },
    );
    assert_eq!(letters(&session(&kaseya).preflight().await.checks), "pppF---?");
}

#[tokio::test]
async fn case_e14_the_right_is_named_only_where_its_lack_may_be_the_cause() {
    let kaseya = simulator().await;
    kaseya.fail(Endpoint::AccountsLookup, 1, no_right());
    let checked = session(&kaseya).preflight().await.checks;
    assert_eq!(checked[2].right(), Some("CRM > Accounts: View"));
    let named: Vec<Check> = checked.iter().filter(|one| one.right().is_some()).map(|one| one.check).collect();
    assert_eq!(named, [Check::ViewAccounts, Check::ModifyContracts]);
    for fault in
        [Fault::Truncated, Fault::Answer { status: 429, body: json!({}) }, Fault::NoSuccess("x".to_owned())]
    {
        let kaseya = simulator().await;
        kaseya.fail(Endpoint::AccountsLookup, 1, fault.clone());
        let checked = session(&kaseya).preflight().await.checks;
        assert_eq!(checked[2].right(), None, "{fault:?}");
    }
}

#[tokio::test]
async fn a_host_that_stops_answering_ends_it() {
    for (fault, code) in [
        (Fault::DropBeforeApply, ErrorCode::Net01),
        (Fault::Truncated, ErrorCode::Unk01),
        (Fault::Answer { status: 429, body: json!({}) }, ErrorCode::Lim01),
    ] {
        let kaseya = simulator().await;
        // After a broken connection the call is tried once more.
        for nth in 1..=2 {
            kaseya.fail(Endpoint::AccountsLookup, nth, fault.clone());
        }
        let checked = session(&kaseya).preflight().await.checks;
        assert_eq!(letters(&checked), "ppF----?");
        assert_eq!(failure(&checked).1, code);
    }
}

#[tokio::test]
async fn a_role_that_may_modify_nothing_and_a_tenant_without_contracts_are_seen() {
    let kaseya = simulator().await;
    kaseya.edit(|state| state.contracts.clear()).unwrap();
    let body = json!({"success": true, "result": {"userAccessRights": [{"canModify": false}]}});
    kaseya.fail(Endpoint::UserInfo, 1, Fault::Answer { status: 200, body });
    let checked = session(&kaseya).preflight().await.checks;
    assert_eq!(letters(&checked), "pppppp?F");
    assert_eq!(failure(&checked), (Check::ModifyContracts, ErrorCode::Auth06, None));
}

#[tokio::test]
async fn lin_01_one_odd_contract_fails_no_tick_where_another_fits() {
    let kaseya = simulator().await;
    kaseya
        .edit(|state| {
            let other = state.contracts[1].clone();
            let line = kaseya_simulator::Line { id: 90_031, ..other.lines[0].clone() };
            state.contracts.push(kaseya_simulator::Contract { id: 5013, lines: vec![line], ..other });
        })
        .expect("edited");
    kaseya.fail(Endpoint::ContractLines, 1, Fault::Without(vec!["Units".to_owned()]));
    assert_eq!(letters(&session(&kaseya).preflight().await.checks), "ppppppp?");
    assert_eq!(kaseya.calls()[&Endpoint::ContractLines], 2);
    // Where no contract's lines fit, it is the profile.
    let kaseya = simulator().await;
    (1..=2)
        .for_each(|nth| kaseya.fail(Endpoint::ContractLines, nth, Fault::Without(vec!["Units".to_owned()])));
    let checked = session(&kaseya).preflight().await.checks;
    assert_eq!(failure(&checked), (Check::ViewLines, ErrorCode::Lin01, None));
}

//! Reads and writes of contracts and lines, against the simulator.

use std::time::Duration;

use domain::{AccountId, AnswerFault, ContractId, ErrorCode, FailureClass};
use jiff::civil::date;
use kaseya::{BmsError, Limits, Session, WriteError};
use kaseya_simulator::{Clock, ContractStatus, Endpoint, Fault, HoldAt, Running, Simulator, State};
use serde_json::json;

use crate::partner::{HandClock, access, bms, limits};

const NOON: &str = "2026-03-01T12:00:00Z";
const CONTRACT: ContractId = ContractId(5012);

async fn start(edit: impl FnOnce(&mut State)) -> Running {
    let state = State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.1)
        .service(702, "Password Boss Advanced", 0.1)
        .contract(5012, 301, "Managed services")
        .line(90021, 701, 12.0)
        .line(90022, 702, 2.5)
        .with(edit)
        .build();
    let clock = Clock::standing(NOON.parse().expect("an instant"));
    Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

async fn signed_in(kaseya: &Running) -> Session {
    session(kaseya, limits()).await
}

async fn session(kaseya: &Running, limits: Limits) -> Session {
    let session = bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits);
    session.sign_in().await.expect("the credentials are right");
    session
}

fn calls(kaseya: &Running, endpoint: Endpoint) -> u64 {
    kaseya.calls().get(&endpoint).copied().unwrap_or_default()
}

fn units(kaseya: &Running) -> f64 {
    kaseya.state().contracts[0].lines[0].units
}

#[tokio::test]
async fn what_is_written_is_read_afterwards_and_nothing_else_changes() {
    let kaseya = start(|_| {}).await;
    let before = kaseya.state().contracts;
    let session = signed_in(&kaseya).await;
    let lines = session.lines(CONTRACT).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.units).collect::<Vec<_>>(), [12.0, 2.5]);
    session.write_units(CONTRACT, &lines[0], 14, date(2026, 3, 1)).await.unwrap();
    let again = session.lines(CONTRACT).await.unwrap();
    assert_eq!((again[0].units, again[0].effective_date), (14.0, Some(date(2026, 3, 1))));
    assert_eq!(again[1], lines[1]);

    let mut expected = before;
    expected[0].lines[0].units = 14.0;
    expected[0].lines[0].effective_date = date(2026, 3, 1);
    assert_eq!(kaseya.state().contracts, expected);
    assert_eq!(kaseya.history().len(), 1);
    let counted: u32 = session.calls().values().sum();
    assert_eq!(u64::from(counted), kaseya.calls().values().sum::<u64>());
    for (endpoint, count) in kaseya.calls() {
        assert_eq!(u64::from(session.calls()[&endpoint.to_string()]), count);
    }
}

#[tokio::test]
async fn contracts_are_looked_up_a_hundred_at_a_time() {
    let kaseya = start(|state| {
        let mut contract = state.contracts[0].clone();
        contract.lines.clear();
        for id in 6000..6150 {
            contract.id = id;
            contract.status = ContractStatus::Inactive;
            contract.end = Some(date(2026, 12, 31));
            state.contracts.push(contract.clone());
        }
    })
    .await;
    let session = signed_in(&kaseya).await;
    let mut asked: Vec<ContractId> = (6000..6150).rev().map(ContractId).collect();
    // Twice, and an id that does not exist.
    asked.extend([CONTRACT, CONTRACT, ContractId(1)]);
    let found = session.contracts(&asked).await.unwrap();
    assert_eq!(found.len(), 151);
    // Two for a hundred each, and one for the id alone that the first left out.
    assert!(found[0].id == CONTRACT && found[0].is_active && found[0].end_date.is_none());
    assert!(!found[1].is_active && found[1].end_date == Some(date(2026, 12, 31)));
    assert_eq!(calls(&kaseya, Endpoint::ContractsLookup), 3);
    assert_eq!(session.contracts(&[]).await.unwrap(), []);
    assert_eq!(calls(&kaseya, Endpoint::ContractsLookup), 3);
}

#[tokio::test]
async fn lists_are_read_to_their_last_page() {
    let kaseya = start(|state| {
        let (account, service) = (state.accounts[0].clone(), state.services[0].clone());
        for id in 1000..1250 {
            state.accounts.push(kaseya_simulator::Account {
                id,
                name: format!("Client {id}"),
                ..account.clone()
            });
            state.services.push(kaseya_simulator::Service {
                id,
                name: format!("Backup {id}"),
                active: id != 1100,
                ..service.clone()
            });
        }
    })
    .await;
    let session = signed_in(&kaseya).await;
    assert_eq!(session.accounts("client").await.unwrap().len(), 250);
    assert_eq!(session.services("BACKUP").await.unwrap().len(), 249);
    assert_eq!(session.services("standard").await.unwrap()[0].name, "Password Boss Standard");
    assert_eq!(session.accounts("nobody").await.unwrap(), []);
}

#[tokio::test]
async fn case_e8_pages_that_kaseya_cuts_are_read_on_without_a_total_or_with_one_in_quotes() {
    let rows = |ids: std::ops::Range<i32>| -> Vec<_> {
        ids.map(|id| json!({"id": id, "name": "Client", "isActive": true})).collect()
    };
    for total in [json!(null), json!("130")] {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        for (nth, ids) in [(1, 1..51), (2, 51..101), (3, 101..131), (4, 131..131)] {
            let body = json!({"success": true, "result": rows(ids), "totalRecords": total.clone()});
            kaseya.fail(Endpoint::AccountsLookup, nth, Fault::Answer { status: 200, body });
        }
        assert_eq!(session.accounts("client").await.unwrap().len(), 130, "{total}");
    }
}

#[tokio::test]
async fn case_e8_a_part_of_an_accounts_contracts_tells_of_no_other_that_it_is_elsewhere() {
    let rows = |count: i32| -> Vec<_> {
        (1..=count).map(|id| json!({"id": id, "name": "Contract", "isActive": true})).collect()
    };
    let (there, not_there) = (ContractId(7), ContractId(9_999));
    for (count, total, elsewhere) in [
        (50, json!(80), None),
        (50, json!("80"), None),
        (50, json!(null), None),
        (51, json!(51), Some(false)),
        (51, json!(null), Some(false)),
    ] {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        let body = json!({"success": true, "result": rows(count), "totalRecords": total});
        let of_nobody = json!({"success": true, "result": []});
        kaseya.fail(Endpoint::ContractsLookup, 1, Fault::Answer { status: 200, body: body.clone() });
        kaseya.fail(Endpoint::ContractsLookup, 2, Fault::Answer { status: 200, body: of_nobody });
        kaseya.fail(Endpoint::ContractsLookup, 3, Fault::Answer { status: 200, body });
        assert_eq!(session.is_contract_of(there, AccountId(301)).await, Ok(true));
        let answer = session.is_contract_of(not_there, AccountId(301)).await;
        match elsewhere {
            Some(is_theirs) => assert_eq!(answer, Ok(is_theirs)),
            None => assert_eq!(answer.unwrap_err().answer_fault().unwrap().1, AnswerFault::PartOfList),
        }
    }
}

#[tokio::test]
async fn case_a24_a_total_that_is_the_pages_own_count_is_not_the_whole() {
    let row = |id: i32| json!({"Id": id, "ContractId": CONTRACT.0, "ServiceId": id, "Units": 1.0});
    let rows = |ids: std::ops::Range<i32>| -> Vec<_> { ids.map(row).collect() };
    for total in [50, 0] {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        session.sign_in_to_lines().await.unwrap();
        for (nth, ids) in [(1, 1..51), (2, 51..61), (3, 61..61)] {
            let rows = rows(ids);
            let total = if nth == 1 { total } else { rows.len() };
            let body = json!({"ResponseCode": 0, "Status": "OK", "Error": "None", "Result": rows, "TotalRecords": total});
            kaseya.fail(Endpoint::ContractLines, nth, Fault::Answer { status: 200, body });
        }
        assert_eq!(session.lines(CONTRACT).await.unwrap().len(), 60, "{total}");
        assert_eq!(calls(&kaseya, Endpoint::ContractLines), 3);
    }
}

#[tokio::test]
async fn pages_that_repeat_rows_or_never_end_are_read_once() {
    let kaseya = start(|_| {}).await;
    let session = signed_in(&kaseya).await;
    let rows = |from: i32, count: i32| -> Vec<_> {
        (from..from + count).map(|id| json!({"id": id, "name": "Client", "isActive": true})).collect()
    };
    let page = |rows: Vec<_>| Fault::Answer { status: 200, body: json!({"success": true, "result": rows}) };
    kaseya.fail(Endpoint::AccountsLookup, 1, page(rows(1, 100)));
    kaseya.fail(Endpoint::AccountsLookup, 2, page(rows(51, 100)));
    kaseya.fail(Endpoint::AccountsLookup, 3, page(rows(51, 100)));
    assert_eq!(session.accounts("client").await.unwrap().len(), 150);
    assert_eq!(calls(&kaseya, Endpoint::AccountsLookup), 3);
}

#[tokio::test]
async fn reads_are_sent_again_only_where_nothing_came_of_them() {
    let again = [(1, 2), (2, 3)];
    for (failures, sent) in again {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        for nth in 1..=failures {
            kaseya.fail(Endpoint::ContractLines, nth, Fault::BadGateway);
        }
        assert_eq!(session.lines(CONTRACT).await.unwrap().len(), 2);
        assert_eq!(calls(&kaseya, Endpoint::ContractLines), sent);
    }
    let kaseya = start(|_| {}).await;
    let session = signed_in(&kaseya).await;
    for nth in 1..=3 {
        kaseya.fail(Endpoint::ContractLines, nth, Fault::BadGateway);
    }
    let error = session.lines(CONTRACT).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (ErrorCode::Net01, FailureClass::Transient));
    assert_eq!(calls(&kaseya, Endpoint::ContractLines), 3);
}

#[tokio::test]
async fn a_bad_answer_is_an_error_of_its_kind_and_not_asked_for_again() {
    let without = |name: &str| Fault::Without(vec![name.to_owned()]);
    let null = json!({"ResponseCode": 0, "Status": "OK", "Error": "None", "Result": null});
    let unknown = json!({"ResponseCode": 404, "Status": "NotFound", "Error": "NotFound", "Result": null});
    for (fault, code, words) in [
        (Fault::NoSuccess("Try later".to_owned()), ErrorCode::Unk01, Some("Try later")),
        (Fault::Truncated, ErrorCode::Unk01, None),
        (without("Units"), ErrorCode::Lin01, None),
        (without("ServiceId"), ErrorCode::Lin01, None),
        (Fault::Answer { status: 200, body: null }, ErrorCode::Unk01, None),
        (Fault::Answer { status: 404, body: unknown }, ErrorCode::Lin01, Some("NotFound")),
        (
            Fault::Answer { status: 403, body: json!({"Message": "No right"}) },
            ErrorCode::Auth06,
            Some("No right"),
        ),
    ] {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        kaseya.fail(Endpoint::ContractLines, 1, fault.clone());
        let error = session.lines(CONTRACT).await.unwrap_err();
        assert_eq!((error.code(), error.words()), (code, words), "{fault:?}");
        // If no contract's lines fit the profile, the profile is wrong; otherwise it is this contract's own fault.
        let own = if code == ErrorCode::Lin01 { ErrorCode::Unk01 } else { code };
        assert_eq!(error.of_one_contract().code(), own, "{fault:?}");
        assert_eq!(calls(&kaseya, Endpoint::ContractLines), 1, "{fault:?}");
        // The next contract is not affected.
        assert_eq!(session.lines(CONTRACT).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn case_e12_a_read_whose_connection_breaks_is_repeated_once_at_once() {
    for (failures, reads) in [(1, Some(2)), (2, None)] {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        for nth in 1..=failures {
            kaseya.fail(Endpoint::ContractLines, nth, Fault::DropBeforeApply);
        }
        let read = session.lines(CONTRACT).await;
        assert_eq!(read.as_ref().ok().map(Vec::len), reads);
        assert_eq!(read.err().map(|error| error.code()), reads.is_none().then_some(ErrorCode::Net01));
        assert_eq!(calls(&kaseya, Endpoint::ContractLines), 2);
    }
}

#[tokio::test]
async fn a_write_is_sent_once_and_says_what_became_of_it() {
    use WriteError::Unanswered;
    let done = 14.0;
    let not_done = 12.0;
    let refused = |code, words: Option<&'static str>| (code, words, FailureClass::Permanent);
    let unknown = (ErrorCode::Net02, None, FailureClass::Transient);
    let until = "2026-03-01T12:10:00Z".parse().unwrap();
    let error = json!({"ResponseCode": 400, "Status": "BadRequest", "Error": "Period is closed"});
    for (fault, after, (code, words, class)) in [
        (Fault::NoSuccess("Not today".into()), not_done, refused(ErrorCode::Unk01, Some("Not today"))),
        (
            Fault::Answer { status: 400, body: error },
            not_done,
            refused(ErrorCode::Unk01, Some("Period is closed")),
        ),
        (Fault::Answer { status: 403, body: json!({}) }, not_done, refused(ErrorCode::Auth06, None)),
        (Fault::Answer { status: 401, body: json!({}) }, not_done, refused(ErrorCode::Auth06, None)),
        (
            Fault::Answer { status: 429, body: json!({}) },
            not_done,
            (ErrorCode::Lim01, None, FailureClass::LimitedUntil(until)),
        ),
        (Fault::BadGateway, not_done, unknown),
        (Fault::DropBeforeApply, not_done, unknown),
        (Fault::ApplyThenDrop, done, unknown),
        (Fault::Truncated, done, unknown),
    ] {
        let kaseya = start(|_| {}).await;
        let session = signed_in(&kaseya).await;
        let line = session.lines(CONTRACT).await.unwrap().remove(0);
        kaseya.fail(Endpoint::WriteLine, 1, fault.clone());
        let error = session.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap_err();
        assert_eq!((error.code(), error.words(), error.class()), (code, words, class), "{fault:?}");
        assert_eq!(error == Unanswered, code == ErrorCode::Net02, "{fault:?}");
        assert_eq!((calls(&kaseya, Endpoint::WriteLine), units(&kaseya)), (1, after), "{fault:?}");
        assert_eq!(session.calls()["PUT /api/finance/contracts/{contractId}/services/{lineId}"], 1);
    }
}

#[tokio::test]
async fn a_write_that_is_not_answered_in_time_may_land_later() {
    let kaseya = start(|_| {}).await;
    let session = session(&kaseya, Limits { write_timeout: Duration::from_secs(1), ..limits() }).await;
    let line = session.lines(CONTRACT).await.unwrap().remove(0);
    let held = kaseya.hold(Endpoint::WriteLine, 1, HoldAt::AfterApply);
    let error = session.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap_err();
    assert_eq!(error, WriteError::Unanswered);
    held.reached().await;
    assert_eq!(units(&kaseya), 14.0);
    held.release();
}

#[tokio::test]
async fn a_write_never_logs_in() {
    let kaseya = start(|_| {}).await;
    let clock = HandClock::at(NOON);
    let bms = bms(&clock);
    let first = bms.session(access(&kaseya.base_url()), limits());
    first.sign_in().await.unwrap();
    let line = first.lines(CONTRACT).await.unwrap().remove(0);
    let before: u64 = kaseya.calls().values().sum();

    let second = bms.session(access(&kaseya.base_url()), limits());
    let error = second.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap_err();
    assert_eq!(error, WriteError::NotSent(BmsError::NotSignedIn));
    assert_eq!((kaseya.calls().values().sum::<u64>(), second.calls().len()), (before, 0));

    // A token that is old on our side is not used for a write either.
    second.sign_in().await.unwrap();
    clock.advance(jiff::SignedDuration::from_hours(24 * 91));
    let error = second.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap_err();
    assert_eq!(error, WriteError::NotSent(BmsError::NotSignedIn));
    assert_eq!((calls(&kaseya, Endpoint::WriteLine), units(&kaseya)), (0, 12.0));
}

#[tokio::test]
async fn a_write_with_a_token_that_is_over_changes_nothing_and_the_next_sign_in_logs_in() {
    let kaseya = start(|_| {}).await;
    let bms = bms(&HandClock::at(NOON));
    let first = bms.session(access(&kaseya.base_url()), limits());
    first.sign_in().await.unwrap();
    let line = first.lines(CONTRACT).await.unwrap().remove(0);

    let second = bms.session(access(&kaseya.base_url()), limits());
    second.sign_in().await.unwrap();
    kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 401, body: json!({}) });
    let error = second.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap_err();
    assert_eq!(error, WriteError::NotSent(BmsError::NotSignedIn));
    assert!(second.sign_in().await.unwrap().logged_in);
    second.write_units(CONTRACT, &line, 14, date(2026, 3, 1)).await.unwrap();
    assert_eq!((kaseya.logins().v1_accepted, units(&kaseya)), (2, 14.0));
}

#[tokio::test]
async fn a_write_that_finds_nobody_was_not_sent_and_is_not_counted() {
    let kaseya = start(|_| {}).await;
    let session = signed_in(&kaseya).await;
    let line = session.lines(CONTRACT).await.unwrap().remove(0);
    let counted: u32 = session.calls().values().sum();
    kaseya.stop().await;
    // A connection kept from before may take the first write with it; a new one surely is refused.
    let write = || session.write_units(CONTRACT, &line, 14, date(2026, 3, 1));
    let mut error = write().await.unwrap_err();
    if error == WriteError::Unanswered {
        error = write().await.unwrap_err();
    } else {
        assert_eq!(session.calls().values().sum::<u32>(), counted);
    }
    assert!(matches!(error, WriteError::NotSent(BmsError::NoAnswer { .. })), "{error:?}");
    assert_eq!(error.code(), ErrorCode::Net01);
}

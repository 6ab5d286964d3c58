//! Line profiles: what each describes is read and written, against a simulator of that form.

use std::collections::BTreeMap;

use domain::{ContractId, ErrorCode, ServiceId};
use jiff::civil::date;
use kaseya::{BmsError, LineProfile, Session, WriteError};
use kaseya_simulator::{
    Clock, Endpoint, Fault, LineBehaviour, LineForm, Running, Simulator, State, WriteBody,
};

use crate::partner::{HandClock, access, bms, limits};

pub const NOON: &str = "2026-03-01T12:00:00Z";
const CONTRACT: ContractId = ContractId(5012);

/// The shipped profile of this name.
fn shipped(name: &str) -> LineProfile {
    LineProfile::shipped().iter().find(|profile| profile.name() == name).expect("a shipped profile").clone()
}

/// A profile that no code knows: the lines inside the contract and paged, other names, dates and words, PATCH with an array.
const FOREIGN: &str = include_str!("../../../testkit/foreign-line-profile.toml");

pub fn foreign() -> (LineProfile, String, String, LineForm) {
    let mut lines = LineBehaviour::default();
    lines.follow_profile(FOREIGN).expect("a profile");
    (LineProfile::parse(FOREIGN).expect("a profile"), lines.lines_route, lines.line_route, lines.form)
}

/// Profiles with the form of Kaseya that each describes: routes of all lines and of one, and the rest.
pub fn matrix() -> Vec<(LineProfile, String, String, LineForm)> {
    let nested = "/api/finance/contracts/{contractId}/services";
    let recurring = "/api/finance/contracts/recurringservices/{contractId}";
    let form = LineForm::default;
    let row = |name, lines: &str, line: String, form| (shipped(name), lines.to_owned(), line, form);
    let small = shipped("nested-list").text().replace("page_size = 100", "page_size = 3");
    let patch = shipped("nested-list")
        .text()
        .replace("\"put\"", "\"patch\"")
        .replace("\"line\"\n", "\"json_patch\"\n");
    vec![
        row("nested-list", nested, format!("{nested}/{{lineId}}"), form()),
        row(
            "recurring-list",
            &format!("{recurring}/services"),
            format!("{recurring}/services/{{lineId}}"),
            form(),
        ),
        row(
            "whole-contract",
            recurring,
            recurring.to_owned(),
            LineForm { inside: Some("Services".to_owned()), write_body: WriteBody::Contract, ..form() },
        ),
        row(
            "flat-list",
            "/api/finance/contractservices",
            "/api/finance/contractservices/{lineId}".to_owned(),
            LineForm { filtered: true, ..form() },
        ),
        row(
            "nested-list-patch",
            nested,
            "/api/finance/contracts/services/{lineId}".to_owned(),
            LineForm { write_method: "PATCH".to_owned(), ..form() },
        ),
        (
            LineProfile::parse(&small).expect("a profile"),
            nested.to_owned(),
            format!("{nested}/{{lineId}}"),
            form(),
        ),
        (
            LineProfile::parse(&patch).expect("a profile"),
            nested.to_owned(),
            format!("{nested}/{{lineId}}"),
            LineForm { write_method: "PATCH".to_owned(), write_body: WriteBody::JsonPatch, ..form() },
        ),
        foreign(),
    ]
}

pub async fn start(lines_route: &str, line_route: &str, form: &LineForm) -> Running {
    let mut builder = State::builder().account(301, "Account");
    for service in 701..=760 {
        builder = builder.service(service, &format!("Service {service}"), 3.1);
    }
    builder = builder.contract(5012, 301, "Managed services");
    for service in 701..=760 {
        builder = builder.line(90_000 + service, service, f64::from(service - 700));
    }
    let state = builder.contract(5013, 301, "Other").line(91_000, 701, 4.0).with(|state| {
        let lines = &mut state.behaviour.lines;
        lines.lines_route = lines_route.to_owned();
        lines.line_route = line_route.to_owned();
        (lines.success_status, lines.success_error) = (form.done.clone(), form.no_error.clone());
        lines.form = form.clone();
    });
    let clock = Clock::standing(NOON.parse().expect("an instant"));
    Simulator::new(state.build(), clock).start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

async fn session(base: &str, profile: &LineProfile) -> Session {
    let mut access = access(base);
    access.bases = access.bases.with_line_profile(profile.clone());
    let session = bms(&HandClock::at(NOON)).session(access, limits());
    session.sign_in().await.expect("the credentials are right");
    session
}

#[tokio::test]
async fn every_profile_reads_all_lines_and_changes_the_two_fields_of_one() {
    for (profile, lines_route, line_route, form) in matrix() {
        let name = profile.name().to_owned();
        let kaseya = start(&lines_route, &line_route, &form).await;
        let before = kaseya.state().contracts;
        let session = session(&kaseya.base_url(), &profile).await;
        let lines = session.lines(CONTRACT).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(lines.len(), 60, "{name}");
        let held: BTreeMap<ServiceId, f64> = lines.iter().map(|line| (line.service_id, line.units)).collect();
        assert_eq!(held[&ServiceId(760)], 60.0, "{name}");

        let mut expected = before;
        // Two lines of one contract, one after the other, without a reading between.
        for (place, units) in [(1, 14), (2, 0)] {
            let sent = session.write_units(CONTRACT, &lines[place], units, date(2026, 3, 1)).await;
            sent.unwrap_or_else(|error| panic!("{name}: {error}"));
            let line = &mut expected[0].lines[place];
            (line.units, line.effective_date) = (units.into(), date(2026, 3, 1));
        }
        assert_eq!(kaseya.state().contracts, expected, "{name}");
        assert_eq!(kaseya.history().len(), 2, "{name}");
        let again = session.lines(CONTRACT).await.unwrap();
        assert_eq!((again[1].units, again[1].effective_date), (14.0, Some(date(2026, 3, 1))), "{name}");
    }
}

#[tokio::test]
async fn a_profile_that_does_not_fit_reads_no_lines() {
    let all = matrix();
    for (profile, ..) in &all {
        for (other, lines_route, line_route, form) in &all {
            let same_reading = profile.text().split("[write]").next() == other.text().split("[write]").next();
            if same_reading
                || profile.name().starts_with("nested-list") && other.name().starts_with("nested-list")
            {
                continue;
            }
            let kaseya = start(lines_route, line_route, form).await;
            let session = session(&kaseya.base_url(), profile).await;
            let read = session.lines(CONTRACT).await;
            let code = read.as_ref().map_err(BmsError::code).err();
            assert_eq!(code, Some(ErrorCode::Lin01), "{} at {}: {read:?}", profile.name(), other.name());
        }
    }
}

#[tokio::test]
async fn e1_a_filter_that_is_not_known_and_rows_without_a_contract_are_no_answer() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(3);
    assert_eq!(profile.name(), "flat-list");
    for rules in [
        |lines: &mut LineBehaviour| lines.of_all_contracts = true,
        |lines: &mut LineBehaviour| lines.without_contract_ids = true,
    ] {
        let kaseya = start(&lines_route, &line_route, &form).await;
        kaseya.edit(|state| rules(&mut state.behaviour.lines)).expect("it is not kept in a file");
        let session = session(&kaseya.base_url(), &profile).await;
        let read = session.lines(CONTRACT).await.map_err(BmsError::of_one_contract);
        assert!(matches!(read, Err(BmsError::Garbled { .. })), "{read:?}");
    }
}

#[tokio::test]
async fn a_whole_contract_goes_back_as_it_stands_at_the_write() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(2);
    assert_eq!(profile.name(), "whole-contract");
    let kaseya = start(&lines_route, &line_route, &form).await;
    let session = session(&kaseya.base_url(), &profile).await;
    let lines = session.lines(CONTRACT).await.unwrap();
    // Another user edits two lines after the reading: the edit next to our line stays, and ours is not written.
    kaseya
        .edit(|state| {
            state.contracts[0].lines[5].units = 77.0;
            state.contracts[0].lines[6].units = 78.0;
        })
        .expect("it is not kept in a file");
    let day = date(2026, 3, 1);
    session.write_units(CONTRACT, &lines[0], 14, day).await.unwrap();
    let late = session.write_units(CONTRACT, &lines[6], 15, day).await;
    assert!(matches!(late, Err(WriteError::NotSent(_))), "{late:?}");
    let held: Vec<f64> = kaseya.state().contracts[0].lines.iter().map(|line| line.units).collect();
    assert_eq!((held[0], held[5], held[6]), (14.0, 77.0, 78.0));
}

/// Answers written out here: what they say is taken for neither more nor less.
#[tokio::test]
async fn without_a_status_an_answer_that_says_no_in_other_words_is_no_success() {
    let (foreign, lines_route, line_route, form) = foreign();
    let outcome = foreign.text().find("[outcome]").expect("its last table");
    let text = format!("{}[outcome]\nerror = \"Error\"\n", &foreign.text()[..outcome]);
    let profile = LineProfile::parse(&text).expect("a profile");
    let form = LineForm { without_status: true, error: "Error".to_owned(), ..form };
    for (body, refused) in [
        (r#"{"success":false,"error":{"code":5,"message":"Locked"}}"#, true),
        (r#"{"ResponseCode":500,"Error":null,"Result":null}"#, false),
        (r#"{"Status":"Failed","Result":null}"#, false),
        (r#"{"Error":{"Code":5},"Result":null}"#, false),
    ] {
        let kaseya = start(&lines_route, &line_route, &form).await;
        let session = session(&kaseya.base_url(), &profile).await;
        let lines = session.lines(CONTRACT).await.unwrap();
        let body = serde_json::from_str(body).expect("JSON");
        kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 200, body });
        let said = session.write_units(CONTRACT, &lines[0], 14, date(2026, 3, 1)).await;
        match said {
            Err(WriteError::Refused { .. }) => assert!(refused),
            Err(WriteError::Unclear { .. } | WriteError::Unanswered) => assert!(!refused),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn pages_are_asked_for_one_after_the_other_and_a_part_is_never_the_whole() {
    let (profile, lines_route, line_route, form) = foreign();
    for (largest, size, by_asked_size) in
        [(None, 25, false), (Some(7), 25, false), (Some(7), 25, true), (Some(7), 64, true), (None, 64, true)]
    {
        let text = profile.text().replace("page_size = 25", &format!("page_size = {size}"));
        let text = text.replace("total = \"Data.ItemCount\"\n", "");
        let kaseya = start(&lines_route, &line_route, &form).await;
        let rules = |lines: &mut LineBehaviour| {
            (lines.without_totals, lines.largest_page) = (true, largest);
            lines.pages_by_asked_size = by_asked_size;
        };
        kaseya.edit(|state| rules(&mut state.behaviour.lines)).expect("it is not kept in a file");
        let session = session(&kaseya.base_url(), &LineProfile::parse(&text).expect("a profile")).await;
        for (contract, held) in [(ContractId(5013), 1), (CONTRACT, 60)] {
            let lines = session.lines(contract).await.unwrap();
            assert_eq!(lines.len(), held, "{largest:?} {size} {by_asked_size}");
        }
    }
}

#[tokio::test]
async fn lin_01_misfits_are_reported_until_lines_have_fitted() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    let session = session(&kaseya.base_url(), &profile).await;
    let without = Fault::Without(vec!["ServiceId".to_owned()]);
    kaseya.fail(Endpoint::ContractLines, 1, without.clone());
    let first = session.lines(CONTRACT).await.expect_err("no row has a service");
    assert_eq!((first.code(), session.lines_fit()), (ErrorCode::Lin01, false));
    assert_eq!(first.of_one_contract().code(), ErrorCode::Unk01);
    assert_eq!(session.lines(CONTRACT).await.map(|lines| lines.len()), Ok(60));
    assert!(session.lines_fit());
    kaseya.fail(Endpoint::ContractLines, 1, without);
    let later = session.lines(ContractId(5013)).await.expect_err("no row has a service");
    assert_eq!(later.code(), ErrorCode::Unk01);
}

/// A total below the number of lines that came counts none of them: the next page is requested.
#[tokio::test]
async fn case_a24_a_total_that_counts_no_lines_ends_no_list() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    let text = profile.text().replace("page_size = 100", "page_size = 50");
    for total in ["ResponseCode", "TotalRecords"] {
        let kaseya = start(&lines_route, &line_route, &form).await;
        let rules = |lines: &mut LineBehaviour| lines.largest_page = Some(7);
        kaseya.edit(|state| rules(&mut state.behaviour.lines)).expect("it is not kept in a file");
        let text = text.replace("total = \"TotalRecords\"", &format!("total = \"{total}\""));
        let session = session(&kaseya.base_url(), &LineProfile::parse(&text).expect("a profile")).await;
        assert_eq!(session.lines(CONTRACT).await.map(|lines| lines.len()), Ok(60), "{total}");
    }
}

/// A server that cuts pages by itself may count those rows alone.
#[tokio::test]
async fn case_e7_a_total_of_the_page_alone_makes_no_part_the_whole() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    let none =
        profile.text().replace("paging = \"skip\"", "paging = \"none\"").replace("page_size = 100\n", "");
    let large = profile.text().replace("page_size = 100", "page_size = 1000");
    // Without paging no more can be requested: the lines that came may not be all.
    for (text, read) in [(profile.text(), 60), (&large, 60), (&none, 50)] {
        let kaseya = start(&lines_route, &line_route, &form).await;
        let rules = |lines: &mut LineBehaviour| {
            (lines.largest_page, lines.totals_of_page) = (Some(50), true);
        };
        kaseya.edit(|state| rules(&mut state.behaviour.lines)).expect("it is not kept in a file");
        let session = session(&kaseya.base_url(), &LineProfile::parse(text).expect("a profile")).await;
        assert_eq!(session.lines(CONTRACT).await.map(|lines| lines.len()), Ok(read), "{text}");
        assert!(!session.lines_are_counted(CONTRACT), "{text}");
    }
}

#[tokio::test]
async fn issue_12_a_line_is_written_only_under_the_contract_that_it_was_read_from() {
    for (profile, lines_route, line_route, form) in matrix() {
        let kaseya = start(&lines_route, &line_route, &form).await;
        let session = session(&kaseya.base_url(), &profile).await;
        let lines = session.lines(CONTRACT).await.unwrap();
        let written = session.write_units(ContractId(5013), &lines[0], 14, date(2026, 3, 1)).await;
        assert!(matches!(written, Err(WriteError::NotSent(_))), "{}: {written:?}", profile.name());
        assert_eq!(kaseya.calls().get(&Endpoint::WriteLine), None, "{}", profile.name());
    }
}

/// What is PUT as a list is all that is there afterwards.
#[tokio::test]
async fn issue_12_a_list_that_is_put_holds_every_line_of_the_contract() {
    let (nested, lines_route, ..) = matrix().swap_remove(0);
    let text = nested
        .text()
        .replace("/services/{lineId}\"", "/services\"")
        .replace("body = \"line\"\n", "body = \"array\"\n");
    for page_size in [100, 25] {
        let text = text.replace("page_size = 100", &format!("page_size = {page_size}"));
        let form = LineForm { write_body: WriteBody::Array, ..LineForm::default() };
        let kaseya = start(&lines_route, &lines_route, &form).await;
        let mut expected = kaseya.state().contracts;
        let session = session(&kaseya.base_url(), &LineProfile::parse(&text).expect("a profile")).await;
        let lines = session.lines(CONTRACT).await.unwrap();
        session.write_units(CONTRACT, &lines[30], 14, date(2026, 3, 1)).await.unwrap();
        let line = &mut expected[0].lines[30];
        (line.units, line.effective_date) = (14.0, date(2026, 3, 1));
        assert_eq!(kaseya.state().contracts, expected, "pages of {page_size}");
    }
}

//! The search for the line profile that fits, and the trial of its writes, against a simulator in every form.

use domain::{ContractId, LineId};
use jiff::civil::date;
use kaseya::{
    Candidate, CandidateAnswer, Effect, LineProfile, MOST_V1_CALLS, Outcome, ProbeOrder, ProbeReport,
    PutBack, Search, SumCheck, Trial, TrialOrder,
};
use kaseya_simulator::{
    Change, Endpoint, Fault, Line, LineBehaviour, LineForm, Prorations, Running, StoredDate, UnitWrite,
    WriteBody,
};
use serde_json::json;

use crate::{
    partner::{HandClock, access, bms, limits},
    profiles::{NOON, foreign, matrix, start},
};

const CONTRACT: ContractId = ContractId(5012);
const LINE: LineId = LineId(90_702);
const TRIAL: TrialOrder = TrialOrder { contract: CONTRACT, line: LINE, to: 14 };

/// The forms of the shipped profiles that the matrix does not have.
fn more() -> [(LineProfile, String, String, LineForm); 2] {
    let shipped = |name: &str| {
        LineProfile::shipped()
            .iter()
            .find(|profile| profile.name() == name)
            .expect("a shipped profile")
            .clone()
    };
    let (contract, list) = ("/api/finance/contracts/{contractId}", "/api/finance/contracts/services");
    let inside = LineForm {
        inside: Some("Services".to_owned()),
        write_body: WriteBody::Contract,
        ..LineForm::default()
    };
    let filtered = LineForm { filtered: true, ..LineForm::default() };
    [
        (shipped("plain-contract"), contract.to_owned(), contract.to_owned(), inside),
        (shipped("filtered-list"), list.to_owned(), format!("{list}/{{lineId}}"), filtered),
    ]
}

async fn probe(kaseya: &Running, profile: LineProfile, trial: Option<TrialOrder>) -> ProbeReport {
    let mut access = access(&kaseya.base_url());
    access.bases = access.bases.with_line_profile(profile);
    let session = bms(&HandClock::at(NOON)).session(access, limits());
    let order = ProbeOrder { contract: Some(CONTRACT), trial };
    session.probe(order).await.expect("the credentials are right")
}

fn search(found: &ProbeReport) -> &Search {
    found.search.as_ref().expect("V1 gave a token")
}

fn candidate<'a>(search: &'a Search, name: &str) -> &'a Candidate {
    search.candidates.iter().find(|one| one.profile == name).expect("a candidate")
}

fn table(search: &Search, v1_calls: u32) -> String {
    let row = |one: &Candidate| {
        let call = one.same_call_as.as_ref().map_or(one.call.clone(), |other| format!("as {other}"));
        let (fields, sum) = (one.matched.len(), one.sum.as_str());
        let said = if one.fits() { "fits".to_owned() } else { one.misses.join("; ") };
        format!(
            "{:<18} {:<100} {:<10} {:>3} rows {fields} fields, sum {sum}: {said}\n",
            one.profile, call, one.answer, one.rows
        )
    };
    let rows: String = search.candidates.iter().map(row).collect();
    let fits = search.fitting.as_ref().map_or("none", LineProfile::name);
    format!(
        "{rows}fits: {fits} (alike: {}), {}; {}; {v1_calls} V1 calls\n",
        search.same_reading.join(", "),
        search.paging,
        search.prorations
    )
}

#[tokio::test]
async fn the_probe_names_the_profile_of_each_form_with_at_most_12_calls() {
    for (profile, lines_route, line_route, form) in matrix().into_iter().chain(more()) {
        let kaseya = start(&lines_route, &line_route, &form).await;
        let before = kaseya.state();
        let name = profile.name().to_owned();
        let is_shipped = LineProfile::shipped().contains(&profile);
        // The search begins with the default; a profile that no code knows has to be given.
        let given = if name == "foreign" { profile.clone() } else { LineProfile::default() };
        let found = probe(&kaseya, given, None).await;
        let search = search(&found);
        println!("== {name}\n{}", table(search, found.v1_calls));
        assert!(found.v1_calls <= MOST_V1_CALLS, "{name}: {}", found.v1_calls);
        let v1: u32 = found.v1_calls;
        assert_eq!(kaseya.calls().get(&Endpoint::WriteLine), None, "{name} after {v1} calls");
        assert_eq!(kaseya.state(), before, "{name}");
        let fitting = search.fitting.as_ref().unwrap_or_else(|| panic!("{name}: {search:#?}"));
        if is_shipped {
            assert!(search.same_reading.contains(&name), "{name}: {search:#?}");
            let first = LineProfile::shipped().iter().find(|one| one.name() == search.same_reading[0]);
            assert_eq!(Some(fitting.text()), first.map(LineProfile::text), "{name}");
            let row = candidate(search, &name);
            assert_eq!((row.rows, row.matched.len(), row.sum), (60, 6, SumCheck::Equal), "{name}");
        }
        if name == "foreign" {
            assert_eq!(fitting.name(), "foreign");
        }
        // Every other way to read finds nothing, and the report says so.
        for other in &search.candidates {
            let alike = search.same_reading.contains(&other.profile);
            assert_eq!(other.fits(), alike, "{name}: {other:?}");
            assert_eq!(other.answer == CandidateAnswer::NotFound, !alike, "{name}: {other:?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_two_candidates_share_is_made_once() {
    let (_, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    let found = probe(&kaseya, LineProfile::default(), None).await;
    let shared = candidate(search(&found), "nested-list-patch");
    assert_eq!(shared.same_call_as.as_deref(), Some("nested-list"));
    assert!(shared.fits());
    // Without a token, of an unknown contract, of this one, of its second line alone, and of two others at most.
    assert!(kaseya.calls()[&Endpoint::ContractLines] <= 6);
}

#[tokio::test]
async fn the_paging_is_found_and_saved() {
    for (form, ignores, expected, said) in [
        (LineForm::default(), false, "paging = \"skip\"", "$top and $skip"),
        (LineForm { numbered_pages: true, ..LineForm::default() }, false, "paging = \"page\"", "PageSize"),
        (LineForm::default(), true, "paging = \"none\"", "nothing cuts"),
    ] {
        let (_, lines_route, line_route, _) = matrix().swap_remove(0);
        let kaseya = start(&lines_route, &line_route, &form).await;
        kaseya.edit(|state| state.behaviour.lines.ignores_paging = ignores).expect("edited");
        let found = probe(&kaseya, LineProfile::default(), None).await;
        let search = search(&found);
        assert!(found.v1_calls <= MOST_V1_CALLS && search.paging.contains(said), "{search:#?}");
        let fitting = search.fitting.as_ref().expect("it fits");
        assert!(fitting.text().contains(expected), "{}", fitting.text());
        // The saved profile parses to the same profile, and reads the lines.
        let again = LineProfile::parse(fitting.text()).expect("a profile");
        assert_eq!(again, *fitting);
        let mut access = access(&kaseya.base_url());
        access.bases = access.bases.with_line_profile(again);
        let session = bms(&HandClock::at(NOON)).session(access, limits());
        assert_eq!(session.lines(CONTRACT).await.map(|lines| lines.len()), Ok(60));
    }
}

#[tokio::test]
async fn where_no_profile_fits_the_nearest_is_named_with_what_it_misses() {
    let names = [("Units".to_owned(), "Quantity".to_owned())];
    let (_, lines_route, line_route, _) = matrix().swap_remove(0);
    type Rules = fn(&mut LineBehaviour);
    let nothing: Rules = |_| {};
    for (form, rules, answer, missed) in [
        (
            LineForm { names: names.into(), ..LineForm::default() },
            nothing,
            CandidateAnswer::List,
            "fields.units",
        ),
        (
            LineForm { inside: Some("Services".to_owned()), ..LineForm::default() },
            nothing,
            CandidateAnswer::Embedded,
            "rows stand at Result.Services and not at Result",
        ),
        (
            LineForm { without_status: true, ..LineForm::default() },
            nothing,
            CandidateAnswer::List,
            "outcome.status",
        ),
        (
            LineForm::default(),
            |lines: &mut LineBehaviour| lines.of_all_contracts = true,
            CandidateAnswer::List,
            "another contract",
        ),
    ] {
        let kaseya = start(&lines_route, &line_route, &form).await;
        kaseya.edit(|state| rules(&mut state.behaviour.lines)).expect("edited");
        let found = probe(&kaseya, LineProfile::default(), Some(TRIAL)).await;
        let search = search(&found);
        assert_eq!((&search.fitting, found.profile()), (&None, None), "{search:#?}");
        let (nearest, misses) = search.nearest.as_ref().expect("one is nearest");
        assert_eq!(nearest, "nested-list", "{search:#?}");
        assert!(misses.iter().any(|miss| miss.contains(missed)), "{missed}: {misses:?}");
        assert_eq!(candidate(search, nearest).answer, answer);
        // Nothing is written where nothing can be read.
        let trial = found.trial.as_ref().expect("it was asked for");
        assert!(trial.not_tried.is_some() && kaseya.history().is_empty(), "{trial:?}");
    }
}

#[tokio::test]
async fn what_stands_in_the_place_of_lines_is_told_apart() {
    let (_, lines_route, line_route, form) = matrix().swap_remove(0);
    for (fault, answer) in [
        (Fault::Answer { status: 401, body: json!({"Status": "Unauthorized"}) }, CandidateAnswer::NotAllowed),
        (Fault::Answer { status: 404, body: json!({}) }, CandidateAnswer::NotFound),
        (Fault::Page { status: 404 }, CandidateAnswer::Page),
        (Fault::Page { status: 200 }, CandidateAnswer::Page),
        (Fault::Answer { status: 500, body: json!({}) }, CandidateAnswer::ServerError),
        (Fault::Answer { status: 400, body: json!({}) }, CandidateAnswer::Refused),
        (
            Fault::Answer { status: 200, body: json!({"Status": "OK", "Result": "none"}) },
            CandidateAnswer::Garbled,
        ),
        (Fault::Truncated, CandidateAnswer::Garbled),
        (Fault::Answer { status: 429, body: json!({}) }, CandidateAnswer::Limited),
        (Fault::Answer { status: 302, body: json!({}) }, CandidateAnswer::NoAnswer),
    ] {
        let kaseya = start(&lines_route, &line_route, &form).await;
        // The third call of lines is the first candidate's: before it come one without a token and one of an unknown contract.
        kaseya.fail(Endpoint::ContractLines, 3, fault.clone());
        let found = probe(&kaseya, LineProfile::default(), None).await;
        let search = search(&found);
        assert_eq!(search.candidates[0].answer, answer, "{fault:?}");
        assert!(search.fitting.is_none() && found.v1_calls <= MOST_V1_CALLS, "{fault:?}: {search:#?}");
    }
}

#[tokio::test]
async fn a_call_without_an_answer_ends_no_search() {
    let (_, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    for nth in [1, 2] {
        kaseya.fail(Endpoint::ContractLines, nth, Fault::Answer { status: 302, body: json!({}) });
    }
    let found = probe(&kaseya, LineProfile::default(), None).await;
    let contradicted = found.assumptions.iter().filter(|one| one.outcome == Outcome::Contradicted);
    let contradicted: Vec<&str> = contradicted.map(|one| one.assumption.id.as_str()).collect();
    assert_eq!(contradicted, ["v1-no-token", "v1-unknown-contract"], "{found:#?}");
    assert_eq!(search(&found).fitting.as_ref().map(LineProfile::name), Some("nested-list"));
}

#[tokio::test]
async fn a_part_that_is_not_answered_tells_nothing_of_pages() {
    let (_, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    let calls = Endpoint::ContractLines;
    // After a call without a token, one of an unknown contract, and the candidate's own.
    kaseya.fail(calls, 4, Fault::Answer { status: 500, body: json!({}) });
    let found = probe(&kaseya, LineProfile::default(), None).await;
    let search = search(&found);
    assert!(search.paging.starts_with("not told"), "{}", search.paging);
    let text = search.fitting.as_ref().map(LineProfile::text).expect("a profile");
    assert!(text.contains("paging = \"skip\""), "{text}");
}

#[tokio::test]
async fn rows_of_one_service_are_told_from_lines_by_the_total() {
    let (_, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    let found = probe(&kaseya, LineProfile::default(), None).await;
    assert!(
        search(&found).prorations.contains("no row looks like a proration"),
        "{:?}",
        search(&found).prorations
    );
    // Two lines of one service, both of them in the total.
    kaseya
        .edit(|state| {
            let lines = &mut state.contracts[0].lines;
            let service = lines[0].service;
            lines[1].service = service;
        })
        .expect("edited");
    let found = probe(&kaseya, LineProfile::default(), None).await;
    let said = &search(&found).prorations;
    assert!(said.contains("60 rows of 59 services") && said.contains("look like lines"), "{said}");
    assert!(said.contains("Units") && !said.contains("Service 7"), "{said}");
}

fn effects(trial: &Trial) -> Vec<Effect> {
    trial.steps.iter().map(|step| step.effect).collect()
}

#[tokio::test]
async fn the_write_of_each_form_is_found_and_the_line_put_back() {
    for (profile, lines_route, line_route, form) in matrix().into_iter().chain(more()) {
        let name = profile.name().to_owned();
        let kaseya = start(&lines_route, &line_route, &form).await;
        let before = kaseya.state().contracts;
        // A wrong write next to the right reading; a profile that writes a list has to be given.
        let given = match (name.as_str(), form.write_body) {
            ("foreign", _) => profile.clone(),
            (_, WriteBody::JsonPatch) => LineProfile::default(),
            _ => profile.clone(),
        };
        let found = probe(&kaseya, given, Some(TRIAL)).await;
        let trial = found.trial.as_ref().expect("it was asked for");
        assert_eq!(trial.put_back, PutBack::Done, "{name}: {trial:#?}");
        assert_eq!(kaseya.state().contracts, before, "{name}");
        assert_eq!(effects(trial).last(), Some(&Effect::Done), "{name}: {trial:#?}");
        let written: Vec<(f64, f64)> = kaseya.history().iter().map(|write| (write.from, write.to)).collect();
        assert_eq!(written, [(2.0, 14.0), (14.0, 2.0)], "{name}");
        // The profile that is named writes as it says, also from its text.
        let works = LineProfile::parse(found.profile().expect("it writes").text()).expect("a profile");
        let mut access = access(&kaseya.base_url());
        access.bases = access.bases.with_line_profile(works);
        let session = bms(&HandClock::at(NOON)).session(access, limits());
        session.sign_in().await.expect("signed in");
        let lines = session.lines(CONTRACT).await.expect("the lines");
        let day = date(2026, 3, 1);
        session
            .write_units(CONTRACT, &lines[1], 5, day)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(kaseya.state().contracts[0].lines[1].units, 5.0, "{name}");
    }
}

#[tokio::test]
async fn a_default_that_cannot_write_is_told_which_write_does() {
    // PATCH at the flat address, where the default puts below the contract.
    let (profile, lines_route, line_route, form) = matrix().swap_remove(4);
    assert_eq!(profile.name(), "nested-list-patch");
    let kaseya = start(&lines_route, &line_route, &form).await;
    let found = probe(&kaseya, LineProfile::default(), Some(TRIAL)).await;
    assert_eq!(found.profile().map(LineProfile::text), Some(profile.text()));
    let trial = found.trial.as_ref().expect("it was asked for");
    assert!(effects(trial).iter().rev().skip(1).all(|effect| *effect == Effect::Nothing), "{trial:#?}");
}

#[tokio::test]
async fn a_write_without_effect_or_of_another_day_is_no_success() {
    type Rules = fn(&mut LineBehaviour);
    let rows: [(Rules, Effect, bool); 3] = [
        (|lines| lines.without_effect = true, Effect::Nothing, true),
        (|lines| lines.stored_date = StoredDate::AsBefore, Effect::OtherDate, true),
        (|lines| lines.stored_date = StoredDate::NextMonth, Effect::OtherDate, false),
    ];
    for (rules, effect, restored) in rows {
        let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
        let kaseya = start(&lines_route, &line_route, &form).await;
        kaseya.edit(|state| rules(&mut state.behaviour.lines)).expect("edited");
        let found = probe(&kaseya, profile, Some(TRIAL)).await;
        let trial = found.trial.as_ref().expect("it was asked for");
        assert!(effects(trial).contains(&effect), "{trial:#?}");
        assert_eq!((found.profile(), trial.put_back == PutBack::Done), (None, restored), "{trial:#?}");
        assert_eq!(kaseya.state().contracts[0].lines[1].units, 2.0);
    }
}

#[tokio::test]
async fn a_line_that_stays_changed_is_said_with_what_to_do() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    // A plain no is final; without an answer the old number is sent once more.
    for (fault, times) in [(Fault::NoSuccess("Period is closed".to_owned()), 1), (Fault::DropBeforeApply, 2)]
    {
        let kaseya = start(&lines_route, &line_route, &form).await;
        (2..2 + times).for_each(|nth| kaseya.fail(Endpoint::WriteLine, nth, fault.clone()));
        let found = probe(&kaseya, profile.clone(), Some(TRIAL)).await;
        let trial = found.trial.as_ref().expect("it was asked for");
        let PutBack::Failed { what: why, .. } = &trial.put_back else { panic!("{trial:#?}") };
        assert!(
            why.contains("now holds 14 units") && why.contains("set it by hand to 2 units from"),
            "{why}"
        );
        assert!(!format!("{found:?}").contains("Period is closed"));
    }
    let kaseya = start(&lines_route, &line_route, &form).await;
    let before = kaseya.state().contracts;
    kaseya.fail(Endpoint::WriteLine, 2, Fault::DropBeforeApply);
    let found = probe(&kaseya, profile.clone(), Some(TRIAL)).await;
    let back = found.trial.map(|trial| trial.put_back);
    assert_eq!((back, kaseya.state().contracts), (Some(PutBack::Done), before));
    // A write without an answer ends the trial, and the line is put back all the same.
    let kaseya = start(&lines_route, &line_route, &form).await;
    let before = kaseya.state().contracts;
    kaseya.fail(Endpoint::WriteLine, 1, Fault::ApplyThenDrop);
    let found = probe(&kaseya, profile, Some(TRIAL)).await;
    let trial = found.trial.as_ref().expect("it was asked for");
    assert_eq!((trial.put_back.clone(), kaseya.state().contracts), (PutBack::Done, before));
}

#[tokio::test]
async fn a_profile_without_the_usual_names_is_searched_with_its_own() {
    let (profile, lines_route, line_route, form) = foreign();
    let kaseya = start(&lines_route, &line_route, &form).await;
    let found = probe(&kaseya, profile, None).await;
    let contradicted = found.assumptions.iter().filter(|one| one.outcome == Outcome::Contradicted);
    let contradicted: Vec<&str> = contradicted.map(|one| one.assumption.id.as_str()).collect();
    // The simulator refuses in V1's usual words, whatever its lines are.
    assert_eq!(contradicted, ["v1-unknown-contract"], "{found:#?}");
    let row = candidate(search(&found), "foreign");
    // A page of 25 of 60 lines is not the sum of all.
    assert_eq!((row.rows, row.total, row.sum), (25, Some(60), SumCheck::Unknown));
}

#[tokio::test]
async fn a_write_that_adds_a_line_is_recognised_and_ends_the_trial() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    let adds = Change::LineTwice { contract: CONTRACT.0, line: LINE.0 };
    kaseya.fail(Endpoint::WriteLine, 1, Fault::Meanwhile(adds));
    let found = probe(&kaseya, profile, Some(TRIAL)).await;
    let trial = found.trial.as_ref().expect("it was asked for");
    assert_eq!((effects(trial).last(), found.profile()), (Some(&Effect::AddedLine), None), "{trial:#?}");
    assert!(trial.steps.last().is_some_and(|step| step.shown.contains("61 lines after 60")), "{trial:#?}");
    let PutBack::Failed { what, added } = &trial.put_back else { panic!("{trial:#?}") };
    let there = kaseya.state().contracts[0].lines[60].id;
    assert!(what.contains("REMOVE BY HAND the lines that were added: 1"), "{what}");
    assert_eq!(added, &[LineId(there)]);
    assert_eq!(kaseya.state().contracts[0].lines[1].units, 2.0, "the line itself is put back");
}

#[tokio::test]
async fn where_a_write_added_a_line_and_nothing_else_no_other_is_sent_to_put_it_back() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    let kaseya = start(&lines_route, &line_route, &form).await;
    kaseya.edit(|state| state.behaviour.lines.without_effect = true).expect("edited");
    let adds = Change::LineTwice { contract: CONTRACT.0, line: LINE.0 };
    kaseya.fail(Endpoint::WriteLine, 1, Fault::Meanwhile(adds));
    let found = probe(&kaseya, profile, Some(TRIAL)).await;
    let trial = found.trial.as_ref().expect("it was asked for");
    assert_eq!(effects(trial).last(), Some(&Effect::AddedLine), "{trial:#?}");
    // A write that adds a line would add another one.
    assert_eq!(kaseya.calls()[&Endpoint::WriteLine], 1, "{trial:#?}");
    let PutBack::Failed { what, added } = &trial.put_back else { panic!("{trial:#?}") };
    assert_eq!(added, &[LineId(kaseya.state().contracts[0].lines[60].id)]);
    assert!(what.contains("without another write") && what.contains("REMOVE BY HAND"), "{what}");
}

#[tokio::test]
async fn rows_that_only_their_newest_bring_to_the_total_look_like_prorations() {
    let (_, lines_route, line_route, form) = matrix().swap_remove(0);
    let past = |state: &mut kaseya_simulator::State| {
        state.behaviour.lines.prorations = Prorations::Unmarked;
        let line = &mut state.contracts[0].lines[1];
        line.effective_date = date(2026, 2, 20);
        state.history.push(UnitWrite {
            at: NOON.parse().expect("an instant"),
            contract: CONTRACT.0,
            line: LINE.0,
            from: 1.0,
            from_effective_date: None,
            to: 2.0,
            effective_date: date(2026, 2, 10),
            user: "Anna".to_owned(),
        });
    };
    let outcome = |found: &ProbeReport| {
        let one =
            found.assumptions.iter().find(|one| one.assumption.id == "v1-prorations").expect("in the table");
        (one.outcome, one.evidence.clone())
    };
    let kaseya = start(&lines_route, &line_route, &form).await;
    kaseya.edit(past).expect("edited");
    let found = probe(&kaseya, LineProfile::default(), None).await;
    let said = &search(&found).prorations;
    assert!(
        said.contains("61 rows of 60 services") && said.contains("older rows look like prorations"),
        "{said}"
    );
    assert_eq!(outcome(&found), (Outcome::Contradicted, said.clone()));
    // Marked, and named in the profile: the client distinguishes them from lines.
    kaseya.edit(|state| state.behaviour.lines.prorations = Prorations::Marked).expect("edited");
    let named = LineProfile::default()
        .text()
        .replace("date_form = \"midnight\"", "date_form = \"midnight\"\nproration = \"ProrationOf\"");
    let found = probe(&kaseya, LineProfile::parse(&named).expect("a profile"), None).await;
    assert_eq!(outcome(&found).0, Outcome::Confirmed, "{found:#?}");
    // A person names a contract that has a past change, and no row shows it.
    kaseya.edit(|state| state.behaviour.lines.prorations = Prorations::Hidden).expect("edited");
    let found = probe(&kaseya, LineProfile::default(), None).await;
    assert_eq!(outcome(&found).0, Outcome::Confirmed, "{found:#?}");
}

#[tokio::test]
async fn whether_all_lines_come_without_a_page_is_told_by_many_and_by_a_total() {
    for (lines, largest, outcome) in
        [(160, None, Outcome::Confirmed), (60, None, Outcome::Unknown), (60, Some(50), Outcome::Contradicted)]
    {
        let (_, lines_route, line_route, form) = matrix().swap_remove(0);
        let kaseya = start(&lines_route, &line_route, &form).await;
        kaseya
            .edit(|state| {
                let first = state.contracts[0].lines[0].clone();
                let more = (60..lines).map(|number| Line {
                    id: 95_000 + number,
                    service: 800 + number,
                    ..first.clone()
                });
                state.contracts[0].lines.extend(more);
                state.behaviour.lines.largest_page = largest;
            })
            .expect("edited");
        let whole =
            LineProfile::default().text().replace("\"skip\"", "\"none\"").replace("page_size = 100\n", "");
        let found = probe(&kaseya, LineProfile::parse(&whole).expect("a profile"), None).await;
        let one = found
            .assumptions
            .iter()
            .find(|one| one.assumption.id == "v1-default-page")
            .expect("in the table");
        assert_eq!(one.outcome, outcome, "{lines} {largest:?}: {}", one.evidence);
    }
}

#[tokio::test]
async fn a_post_is_tried_only_where_the_profile_says_so() {
    let (profile, lines_route, line_route, form) = matrix().swap_remove(0);
    let form = LineForm { write_method: "POST".to_owned(), ..form };
    for (given, works) in
        [(profile.text().replace("\"put\"", "\"post\""), true), (profile.text().to_owned(), false)]
    {
        let kaseya = start(&lines_route, &line_route, &form).await;
        let given = LineProfile::parse(&given).expect("a profile");
        let found = probe(&kaseya, given.clone(), Some(TRIAL)).await;
        assert_eq!(found.profile(), works.then_some(&given));
        let posted =
            found.trial.iter().flat_map(|trial| &trial.steps).filter(|step| step.write.starts_with("POST"));
        assert_eq!(posted.count(), usize::from(works));
        assert_eq!(kaseya.history().len(), if works { 2 } else { 0 });
    }
}

//! The probe, against the simulator as it is and in other shapes, and its table against the file of calls.

use std::collections::BTreeSet;

use domain::{ContractId, LineId};
use kaseya::{Assumption, Outcome, ProbeOrder, Probed, Session, TrialOrder};
use kaseya_simulator::{Clock, Endpoint, Fault, IdsBinding, Logins, Running, Simulator, State, StoredDate};
use serde_json::{Value, json};

use crate::{
    contract_file::contract_file,
    partner::{HandClock, access, bms, limits},
};

const NOON: &str = "2026-03-01T12:00:00Z";

async fn simulator() -> Running {
    let mut state =
        State::builder().account(301, "Panificio Niccolò").service(701, "Password Boss Standard", 3.5);
    for id in 5000..5120 {
        state = state.contract(id, 301, "Managed services").line(id + 85_000, 701, 12.0);
    }
    let state = state.account(302, "Closed").with(|state| state.accounts[1].active = false).build();
    let clock = Clock::standing(NOON.parse().expect("an instant"));
    Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

fn session(kaseya: &Running) -> Session {
    bms(&HandClock::at(NOON)).session(access(&kaseya.base_url()), limits())
}

fn of(found: &[Probed], outcome: Outcome) -> BTreeSet<&str> {
    found.iter().filter(|one| one.outcome == outcome).map(|one| one.assumption.id.as_str()).collect()
}

#[tokio::test]
async fn the_simulators_usual_kaseya_confirms_what_can_be_told_and_is_not_changed() {
    let kaseya = simulator().await;
    let before = kaseya.state();
    let found = session(&kaseya).probe(ProbeOrder::default()).await.unwrap().assumptions;
    assert_eq!(of(&found, Outcome::Contradicted), BTreeSet::new(), "{found:#?}");
    let unknown = [
        "call-limit",
        "lookup-by-account",
        "refused-units",
        "v1-default-page",
        "v1-lines-paging",
        "v1-prorations",
        "v1-write",
        "v1-write-back",
        "v1-write-date",
        "wrong-login",
    ];
    assert_eq!(of(&found, Outcome::Unknown), BTreeSet::from(unknown), "{found:#?}");
    assert_eq!(kaseya.state(), before);
    assert_eq!(kaseya.logins(), Logins { v2_accepted: 1, v1_accepted: 1, ..Logins::default() });
    assert_eq!(kaseya.calls().get(&Endpoint::WriteLine), None);
    assert!(kaseya.calls().values().sum::<u64>() < 45);
    // No name, no secret.
    let shown = format!("{found:?}");
    for secret in
        ["Niccol", "Password Boss", "Managed services", "correct horse", "sync@", "simulated.", "Example MSP"]
    {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn few_contracts_tell_what_one_account_has() {
    let kaseya = simulator().await;
    kaseya.edit(|state| state.contracts.truncate(3)).unwrap();
    let found = session(&kaseya).probe(ProbeOrder::default()).await.unwrap().assumptions;
    assert!(of(&found, Outcome::Confirmed).contains("lookup-by-account"), "{found:#?}");
    assert!(of(&found, Outcome::Unknown).contains("page-size-cap"));
}

const TEST_LINE: TrialOrder = TrialOrder { contract: ContractId(5000), line: LineId(90_000), to: 13 };

fn of_line(line: TrialOrder) -> ProbeOrder {
    ProbeOrder { trial: Some(line), ..ProbeOrder::default() }
}

const WRITES: [&str; 3] = ["v1-write", "v1-write-date", "v1-write-back"];

fn evidence<'a>(found: &'a [Probed], id: &str) -> &'a str {
    &found.iter().find(|one| one.assumption.id == id).expect("it is in the table").evidence
}

#[tokio::test]
async fn case_e6_a_write_is_proven_by_its_effect_and_its_date_and_put_back() {
    let kaseya = simulator().await;
    let before = kaseya.state();
    let found = session(&kaseya).probe(of_line(TEST_LINE)).await.unwrap().assumptions;
    for id in WRITES {
        assert!(of(&found, Outcome::Confirmed).contains(id), "{found:#?}");
    }
    assert_eq!(kaseya.state().contracts, before.contracts);
    let written: Vec<(f64, f64)> = kaseya.history().iter().map(|write| (write.from, write.to)).collect();
    assert_eq!(written, [(12.0, 13.0), (13.0, 12.0)]);

    // A line that does not exist, and a line without whole units, are left alone.
    kaseya.edit(|state| state.contracts[1].lines[0].units = 2.5).unwrap();
    for line in [
        TrialOrder { line: LineId(1), ..TEST_LINE },
        TrialOrder { contract: ContractId(5001), line: LineId(90_001), ..TEST_LINE },
        // The line has these units already.
        TrialOrder { to: 12, ..TEST_LINE },
    ] {
        let found = session(&kaseya).probe(of_line(line)).await.unwrap().assumptions;
        assert!(WRITES.iter().all(|id| of(&found, Outcome::Unknown).contains(id)), "{found:#?}");
    }
    assert_eq!(kaseya.history().len(), 2);
}

#[tokio::test]
async fn case_e6_a_204_is_fine_and_a_write_without_effect_is_contradicted() {
    let kaseya = simulator().await;
    kaseya.edit(|state| state.behaviour.lines.answers_nothing = true).unwrap();
    let before = kaseya.state().contracts;
    let found = session(&kaseya).probe(of_line(TEST_LINE)).await.unwrap().assumptions;
    assert!(WRITES.iter().all(|id| of(&found, Outcome::Confirmed).contains(id)), "{found:#?}");
    assert_eq!(kaseya.state().contracts, before);

    let kaseya = simulator().await;
    kaseya.edit(|state| state.behaviour.lines.without_effect = true).unwrap();
    let found = session(&kaseya).probe(of_line(TEST_LINE)).await.unwrap().assumptions;
    assert!(of(&found, Outcome::Contradicted).contains("v1-write"), "{found:#?}");
    assert!(of(&found, Outcome::Unknown).contains("v1-write-date"), "{found:#?}");
    assert!(evidence(&found, "v1-write-back").contains("holds 12 units from"), "{found:#?}");
}

#[tokio::test]
async fn case_e6_another_date_and_a_line_that_stays_changed_are_said() {
    let kaseya = simulator().await;
    kaseya.edit(|state| state.behaviour.lines.stored_date = StoredDate::NextMonth).unwrap();
    let found = session(&kaseya).probe(of_line(TEST_LINE)).await.unwrap().assumptions;
    assert!(of(&found, Outcome::Confirmed).contains("v1-write"), "{found:#?}");
    let contradicted = of(&found, Outcome::Contradicted);
    assert!(contradicted.contains("v1-write-date") && contradicted.contains("v1-write-back"), "{found:#?}");
    assert!(
        evidence(&found, "v1-write-back").contains("set it by hand to 12 units from 2024-01-01"),
        "{found:#?}"
    );

    // The write that puts the line back is refused: the line keeps one unit more, and the report says so.
    let kaseya = simulator().await;
    kaseya.fail(Endpoint::WriteLine, 2, Fault::NoSuccess("Period is closed".to_owned()));
    let found = session(&kaseya).probe(of_line(TEST_LINE)).await.unwrap().assumptions;
    assert!(of(&found, Outcome::Contradicted).contains("v1-write-back"), "{found:#?}");
    assert!(evidence(&found, "v1-write-back").contains("now holds 13 units"), "{found:#?}");

    // Refused at once: nothing to put back.
    let kaseya = simulator().await;
    kaseya.fail(Endpoint::WriteLine, 1, Fault::NoSuccess("Period is closed".to_owned()));
    let found = session(&kaseya).probe(of_line(TEST_LINE)).await.unwrap().assumptions;
    assert!(of(&found, Outcome::Contradicted).contains("v1-write"), "{found:#?}");
    assert_eq!(kaseya.history(), []);
}

#[tokio::test]
async fn other_shapes_contradict_what_they_concern() {
    let answer = |status, body: Value| Fault::Answer { status, body };
    let list = |rows: Value| json!({"success": true, "result": rows});
    let row = |name: &str| json!({name: 1, "ContractType": "Managed", "startDate": "2024-01-01T00:00:00Z", "endDate": "2027-01-01T00:00:00"});
    let not_found = json!({"ResponseCode": 404, "Status": "NotFound", "Error": "NotFound"});
    let line = |units: Value| json!({"Status": "OK", "Error": "None", "TotalRecords": 2, "Result": [{"Id": 1, "ServiceId": 2, "Units": units, "UnitPrice": 1.0, "EffectiveDate": "2024-01-01T00:00:00+01:00"}]});
    for (endpoint, nth, fault, expected) in [
        (
            Endpoint::ContractsSummary,
            1,
            answer(200, list(json!([row("Id")]))),
            vec!["list-totals", "v2-names", "summary-fields", "summary-words", "calendar-dates"],
        ),
        (Endpoint::ContractsSummary, 2, answer(404, json!({"success": false})), vec!["page-after-the-last"]),
        (Endpoint::ContractsSummary, 5, answer(200, list(json!([{"id": 1}]))), vec!["pages-from-1"]),
        (Endpoint::ContractsLookup, 1, answer(200, list(json!([]))), vec!["lookup-by-ids"]),
        (Endpoint::ContractsLookup, 2, answer(400, json!({"success": false})), vec!["lookup-unknown-id"]),
        (Endpoint::ServicesSearch, 2, answer(200, list(json!([]))), vec!["text-filter"]),
        (Endpoint::UserInfo, 1, answer(403, json!({"success": false})), vec!["v2-no-token"]),
        (Endpoint::Refresh, 1, answer(400, json!({"success": false})), vec!["token-refresh"]),
        (Endpoint::V1Token, 1, answer(400, json!({"error": "invalid_grant"})), vec!["v1-token"]),
        (Endpoint::ContractLines, 1, answer(200, json!({})), vec!["v1-no-token"]),
        (Endpoint::ContractLines, 3, answer(404, not_found), vec!["v1-lines-route"]),
        (
            Endpoint::ContractLines,
            3,
            answer(200, line(json!("12"))),
            vec!["v1-lines-whole", "v1-line-fields", "v1-units", "v1-line-dates"],
        ),
        (Endpoint::ContractLines, 3, Fault::Without(vec!["UnitCost".to_owned()]), vec!["v1-line-fields"]),
    ] {
        let kaseya = simulator().await;
        kaseya.fail(endpoint, nth, fault.clone());
        let found = session(&kaseya).probe(ProbeOrder::default()).await.unwrap().assumptions;
        let contradicted = of(&found, Outcome::Contradicted);
        let missed: Vec<&&str> = expected.iter().filter(|id| !contradicted.contains(**id)).collect();
        assert!(missed.is_empty(), "{missed:?} after {fault:?}: {found:#?}");
    }
}

#[tokio::test]
async fn case_e1_e7_e8_what_look_ups_and_lines_may_leave_out_is_probed() {
    type Set = fn(&mut kaseya_simulator::Behaviour);
    let cases: [(Set, &[&str]); 5] = [
        (|behaviour| behaviour.lines.of_all_contracts = true, &["v1-lines-alone"]),
        (|behaviour| behaviour.lines.without_contract_ids = true, &["v1-lines-alone"]),
        (|behaviour| behaviour.lists.ids = IdsBinding::Comma, &["lookup-by-ids", "accounts-by-ids"]),
        (
            |behaviour| behaviour.lists.ids = IdsBinding::Ignored,
            &["lookup-by-ids", "lookup-one-id", "services-by-id"],
        ),
        (|behaviour| behaviour.lists.ignores_account = true, &["lookup-unknown-account"]),
    ];
    for (set, expected) in cases {
        let kaseya = simulator().await;
        kaseya
            .edit(|state| {
                let service = kaseya_simulator::Service { id: 702, ..state.services[0].clone() };
                state.services.push(service);
                set(&mut state.behaviour);
            })
            .unwrap();
        let found = session(&kaseya).probe(ProbeOrder::default()).await.unwrap().assumptions;
        let contradicted = of(&found, Outcome::Contradicted);
        assert!(expected.iter().all(|id| contradicted.contains(id)), "{expected:?}: {found:#?}");
    }
}

#[tokio::test]
async fn a_refused_login_ends_the_probe() {
    let kaseya = simulator().await;
    kaseya.edit(|state| state.login.password = "another".to_owned()).unwrap();
    let error = session(&kaseya).probe(ProbeOrder::default()).await.unwrap_err();
    assert_eq!(error.code(), domain::ErrorCode::Auth01);
    assert_eq!(kaseya.calls().values().sum::<u64>(), 1);
}

/// What the file of calls marks as a guess, in the calls that the client makes.
fn guesses(file: &Value) -> BTreeSet<String> {
    const MADE: [&str; 10] = [
        "v1-contract-lines",
        "v1-token",
        "v1-write-line",
        "v2-accounts-lookup",
        "v2-authenticate",
        "v2-contracts-lookup",
        "v2-contracts-summary",
        "v2-refresh",
        "v2-services-search",
        "v2-user-info",
    ];
    let is_guess = |of: &Value| of["standing"] == "guess";
    let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    let mut found = BTreeSet::new();
    for call in
        list(&file["calls"]).iter().filter(|call| MADE.contains(&call["name"].as_str().expect("a name")))
    {
        let name = text(&call["name"]);
        if is_guess(call) {
            found.insert(name);
            continue;
        }
        let fields = list(&call["request"]["fields"]).into_iter().chain(list(&call["answer"]["fields"]));
        found.extend(fields.filter(is_guess).map(|field| format!("{name}.{}", text(&field["name"]))));
        let notes = list(&call["notes"]).into_iter().map(|note| text(&note));
        found.extend(notes.filter(|note| note.contains("guess")).map(|note| format!("{name}: {note}")));
    }
    for (name, envelope) in file["envelopes"].as_object().expect("envelopes") {
        let fields = list(&envelope["fields"]).into_iter().filter(is_guess);
        found.extend(fields.map(|field| format!("envelope {name}.{}", text(&field["name"]))));
    }
    for failure in list(&file["failures"]).iter().filter(|failure| is_guess(failure)) {
        found.insert(format!("failures {}: {}", text(&failure["api"]), text(&failure["case"])));
    }
    found
}

#[tokio::test]
async fn every_guess_that_the_client_depends_on_is_in_the_table_and_no_other() {
    let kaseya = simulator().await;
    let found = session(&kaseya).probe(ProbeOrder::default()).await.unwrap().assumptions;
    let table: Vec<&Assumption> = found.iter().map(|one| one.assumption).collect();
    let covered: BTreeSet<String> = table.iter().flat_map(|one| one.guesses.clone()).collect();
    assert_eq!(covered, guesses(&contract_file()));
    let ids: BTreeSet<&str> = table.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), table.len(), "two assumptions have one id");
    for one in table {
        assert!(matches!(one.standing.as_str(), "vendor" | "observed" | "guess"), "{}", one.id);
        assert!(!one.says.is_empty() && !one.if_contradicted.is_empty(), "{}", one.id);
    }
}

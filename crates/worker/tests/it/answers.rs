//! Responses that a foreign Kaseya may send, and what the worker does with them (cases E1 to E13, A24).

use domain::{AnswerFault, FieldChange, Remark};
use jiff::civil::date;
use kaseya_simulator::{Account, Behaviour, Endpoint, Fault, IdsBinding, Line, State, StoredDate, WriteBody};
use messages::v1::ChangeResult;
use serde_json::json;

use crate::{
    job::{addend, came_out, contract, outcome, remarks, results, simple, surveyed, target},
    world::{World, state},
};

async fn behaving(set: impl FnOnce(&mut Behaviour)) -> World {
    let mut state = state();
    set(&mut state.behaviour);
    World::new(state).await
}

fn faults(done: &messages::v1::JobDone, company: &str, contract: i32) -> Vec<AnswerFault> {
    let fault = |remark| match remark {
        Remark::AnswerUnusable { fault, .. } => Some(fault),
        _ => None,
    };
    remarks(done, company, contract).into_iter().filter_map(fault).collect()
}

/// A tenant with this many accounts, each with one contract and one line of 12 units.
fn many(contracts: i32) -> State {
    let mut builder = State::builder().service(701, "Password Boss Standard", 3.5);
    for id in 0..contracts {
        builder = builder.account(301 + id, "Client").contract(5001 + id, 301 + id, "Managed").line(
            90_001 + id,
            701,
            12.0,
        );
    }
    builder.build()
}

fn of_account(id: i32, account: i32, company: &str) -> messages::v1::ContractWork {
    messages::v1::ContractWork { account_id: Some(account), ..simple(id, company, 14) }
}

#[tokio::test]
async fn case_e1_a_line_of_another_contract_is_never_written() {
    // Service 702 is only on 5001: with the filter ignored it looks unambiguous on 5002 too.
    let mut world = behaving(|behaviour| behaviour.lines.of_all_contracts = true).await;
    let done = world.work(vec![contract(5002, vec![target(702, vec![addend("acme", "advanced", 9)])])]).await;
    assert_eq!(came_out(&done, "acme", 5002), "deferred UNK-01");
    assert_eq!(faults(&done, "acme", 5002), [AnswerFault::OtherContract]);
    assert_eq!((world.kaseya.history(), done.lines.len()), (Vec::new(), 0));
}

#[tokio::test]
async fn case_e1_a_line_id_seen_under_another_contract_is_refused() {
    let mut state = many(2);
    state.contracts[1].lines[0].service = 702;
    state.behaviour.lines.of_all_contracts = true;
    state.behaviour.lines.without_contract_ids = true;
    let mut world = World::new(state).await;
    let other = contract(5002, vec![target(701, vec![addend("beta", "standard", 20)])]);
    let other = messages::v1::ContractWork { account_id: Some(302), ..other };
    let done = world.work(vec![simple(5001, "acme", 14), other]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5002), "deferred UNK-01");
    assert_eq!(faults(&done, "beta", 5002), [AnswerFault::LineOfOtherContract]);
    assert_eq!(world.units(5001, 90_001), 14.0);
}

#[tokio::test]
async fn case_e1_lines_that_show_another_account_are_never_used() {
    // The wanted number equals what the lines hold, or differs: neither is believed.
    for users in [12, 14] {
        let mut state = many(2);
        state.contracts[0].lines[0].extras.insert("AccountId".to_owned(), json!(302));
        let mut world = World::new(state).await;
        let done = world.work(vec![simple(5001, "acme", users)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01");
        assert_eq!(faults(&done, "acme", 5001), [AnswerFault::OtherAccount]);
        assert_eq!((world.kaseya.history(), done.lines.len()), (Vec::new(), 0));
    }
    // The mapped account's own id is accepted.
    let mut state = many(1);
    state.contracts[0].lines[0].extras.insert("AccountId".to_owned(), json!("301"));
    let mut world = World::new(state).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}

#[tokio::test]
async fn case_e1_a_contract_that_moved_and_whose_lines_say_so_is_con_04() {
    let mut state = many(2);
    state.contracts[0].account = 302;
    state.contracts[0].lines[0].extras.insert("AccountId".to_owned(), json!(302));
    let mut world = World::new(state).await;
    let done = world.work(vec![simple(5001, "acme", 12)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-04");
}

#[tokio::test]
async fn case_e1_an_answer_to_a_write_that_names_another_line_is_read_back() {
    for (other, result) in [
        (json!({"Id": 90_012, "ContractId": 5001}), ChangeResult::Unsure),
        (json!({"Id": 90_011, "ContractId": 5002}), ChangeResult::Unsure),
        (json!({"Id": 90_011, "ContractId": 5001}), ChangeResult::Sent),
    ] {
        let mut world = World::new(state()).await;
        let body = json!({"ResponseCode": 0, "Status": "OK", "Error": "None", "Result": other});
        world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 200, body });
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(results(&done), [result], "{other}");
    }
}

#[tokio::test]
async fn case_e1_contracts_of_an_account_that_is_ignored_prove_no_owner() {
    let mut state = many(2);
    state.behaviour.lists.ignores_account = true;
    let mut world = World::new(state).await;
    // 5002 belongs to account 302 and is mapped to 301.
    let done = world.work(vec![simple(5002, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5002), "deferred UNK-01");
    assert_eq!(faults(&done, "acme", 5002), [AnswerFault::FilterIgnored]);
    assert_eq!(world.kaseya.history(), []);
}

#[tokio::test]
async fn case_e2_another_date_is_not_confirmed_and_both_dates_are_said() {
    for (stored, shown_day) in
        [(StoredDate::NextMonth, date(2026, 12, 1)), (StoredDate::AsBefore, date(2024, 1, 1))]
    {
        let mut world = behaving(|behaviour| behaviour.lines.stored_date = stored).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(results(&done), [ChangeResult::Sent]);
        assert_eq!(came_out(&done, "acme", 5001), "sent UNK-01");
        let from_day = date(2026, 11, 1);
        let said = Remark::DateShownOtherwise { sent: 14, from_day, shown_day };
        assert_eq!(remarks(&done, "acme", 5001), [said]);
        assert_eq!(done.changes[0].effective_date_read, Some(shown_day.to_string()));
        assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false));
    }
    let mut world = World::new(state()).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(done.changes[0].effective_date_read.as_deref(), Some("2026-11-01"));
}

#[tokio::test]
async fn case_e3_a_2xx_without_a_clear_no_is_read_back_and_journalled() {
    let words: [(&str, &str); 4] = [("Success", "None"), ("OK", "Success"), ("Accepted", ""), ("", "None")];
    for (status, error) in words {
        let mut world = behaving(|behaviour| {
            behaviour.lines.success_status = status.to_owned();
            behaviour.lines.success_error = error.to_owned();
        })
        .await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(
            (results(&done), came_out(&done, "acme", 5001)),
            (vec![ChangeResult::Confirmed], "changed".into())
        );
    }
    let mut world = behaving(|behaviour| behaviour.lines.answers_nothing = true).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(
        (results(&done), came_out(&done, "acme", 5001)),
        (vec![ChangeResult::Confirmed], "changed".into())
    );
}

#[tokio::test]
async fn case_e3_what_may_have_been_taken_is_never_said_to_be_refused() {
    let answered = |status| Fault::ApplyThenAnswer { status, body: json!({"Message": "hm"}) };
    let applied = [answered(202), answered(302), answered(408), answered(409), answered(500)];
    for fault in applied.into_iter().chain([Fault::ApplyThenPage { status: 200 }, Fault::Truncated]) {
        let mut world = World::new(state()).await;
        world.kaseya.fail(Endpoint::WriteLine, 1, fault.clone());
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(results(&done), [ChangeResult::Confirmed], "{fault:?}");
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{fault:?}");
        assert_eq!(world.calls(Endpoint::WriteLine), 1, "{fault:?}");
    }
    // Not applied: it may still land, and Kaseya's words are kept.
    for status in [200, 302, 408, 409, 503] {
        let mut world = World::new(state()).await;
        let body = json!({"Status": "Queued", "Error": "Later"});
        world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status, body });
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(results(&done), [ChangeResult::Unsure], "{status}");
        assert_eq!(came_out(&done, "acme", 5001), "deferred NET-02", "{status}");
    }
}

#[tokio::test]
async fn case_e3_a_clear_no_is_refused_and_says_that_it_was_sent() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 400, body: json!({}) });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(results(&done), [ChangeResult::Refused]);
    assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01");
    assert_eq!(remarks(&done, "acme", 5001), [Remark::ChangeRefused { sent: 14, status: 400 }]);
}

#[tokio::test]
async fn case_e7_a24_lines_are_read_to_their_last_page() {
    let five = |set: fn(&mut Behaviour)| {
        let mut state = state();
        let lines = &mut state.contract_mut(5001).expect("a contract of the state").lines;
        let (first, free) = (lines[0].clone(), 90_050);
        lines.clear();
        lines.extend((0..5).map(|at| Line { id: free + at, service: 800 + at, ..first.clone() }));
        lines[4].service = 701;
        set(&mut state.behaviour);
        state
    };
    let pages: [fn(&mut Behaviour); 3] = [
        |behaviour| {
            behaviour.lines.largest_page = Some(2);
            behaviour.lines.without_totals = true;
        },
        |behaviour| {
            behaviour.lines.largest_page = Some(5);
            behaviour.lines.without_totals = true;
        },
        |behaviour| behaviour.lines.largest_page = Some(4),
    ];
    for set in pages {
        let mut world = World::new(five(set)).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed");
        assert_eq!(world.units(5001, 90_054), 14.0);
        // A service that is on no page does not exist.
        let missing = contract(5001, vec![target(799, vec![addend("acme", "standard", 14)])]);
        assert_eq!(came_out(&world.work(vec![missing]).await, "acme", 5001), "not_sent SVC-01");
    }
}

#[tokio::test]
async fn case_a24_a_page_that_is_exactly_full_without_a_total_is_not_the_whole() {
    // A hundred lines fill the requested page; our service is on the next page, or on none.
    for (lines, came, pages) in [(101, "changed", 6), (100, "not_sent SVC-01", 2)] {
        let mut state = state();
        let known = &mut state.contract_mut(5001).expect("a contract of the state").lines;
        let first = known[0].clone();
        known.clear();
        known.extend((0..lines).map(|at| Line { id: 91_000 + at, service: 8_000 + at, ..first.clone() }));
        if let Some(beyond) = known.get_mut(100) {
            beyond.service = 701;
        }
        state.behaviour.lines.without_totals = true;
        let mut world = World::new(state).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), came);
        // Each reading continues to an empty page; a change is read back.
        assert_eq!(world.calls(Endpoint::ContractLines), pages);
    }
}

#[tokio::test]
async fn case_e7_what_may_be_a_part_of_the_lines_is_never_svc_01() {
    for totals in [true, false] {
        let mut state = state();
        let lines = &mut state.contract_mut(5001).expect("a contract of the state").lines;
        let first = lines[0].clone();
        lines.extend((0..20).map(|at| Line { id: 90_050 + at, service: 800 + at, ..first.clone() }));
        state.behaviour.lines.ignores_paging = true;
        state.behaviour.lines.largest_page = Some(10);
        state.behaviour.lines.without_totals = !totals;
        let mut world = World::new(state).await;
        let work = contract(5001, vec![target(819, vec![addend("acme", "standard", 14)])]);
        let done = world.work(vec![work]).await;
        assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01");
        assert_eq!(faults(&done, "acme", 5001), [AnswerFault::PartOfList]);
    }
}

#[tokio::test]
async fn case_e7_a_list_that_is_put_is_never_a_part_that_counts_itself() {
    // An unexpected page size.
    for (largest_page, came, lines) in [(None, "changed", 90), (Some(64), "deferred UNK-01", 90)] {
        let mut state = many(1);
        let first = state.contracts[0].lines[0].clone();
        let others = (0..89).map(|at| Line { id: 91_000 + at, service: 800 + at, ..first.clone() });
        state.contracts[0].lines.extend(others);
        let rules = &mut state.behaviour.lines;
        rules.line_route = rules.lines_route.clone();
        rules.form.write_body = WriteBody::Array;
        (rules.largest_page, rules.totals_of_page) = (largest_page, true);
        let mut world = World::new(state).await;
        let profile = kaseya::LineProfile::default().text().replace("/services/{lineId}\"", "/services\"");
        let profile = profile.replace("body = \"line\"\n", "body = \"array\"\n");
        let profile = profile.replace("page_size = 100", "page_size = 1000");
        if let Some(integration) = &mut world.script().content.integration {
            integration.line_profile = Some(profile);
        }
        let survey = world.survey(&[5001], 1).await;
        let done = world.work(vec![surveyed(&survey, simple(5001, "acme", 14))]).await;
        assert_eq!(came_out(&done, "acme", 5001), came, "{largest_page:?}");
        assert_eq!(world.kaseya.state().contracts[0].lines.len(), lines);
    }
}

#[tokio::test]
async fn case_e7_a_price_that_a_write_has_changed_is_said_and_not_confirmed() {
    for (catalogue, came) in [(3.5, "sent UNK-01"), (0.0, "sent PRC-01")] {
        let mut state = state();
        state.behaviour.lines.resets_prices = true;
        state.services[0].unit_price = catalogue;
        state.contract_mut(5001).expect("a contract of the state").lines[0].unit_price = 4.2;
        let mut world = World::new(state).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!((results(&done), world.units(5001, 90_011)), (vec![ChangeResult::Sent], 14.0));
        assert_eq!(came_out(&done, "acme", 5001), came);
        let service = "Service 701".to_owned();
        let price = Remark::PriceChanged { service: service.clone(), before: 4.2, now: catalogue };
        let cost = FieldChange {
            name: "UnitCost".to_owned(),
            before: Some("1.75".to_owned()),
            now: Some("0.0".to_owned()),
        };
        let cost = Remark::FieldsChanged { service, fields: vec![cost] };
        assert_eq!(remarks(&done, "acme", 5001), [price, cost]);
        assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false));
        let changed = &done.changes[0].fields_changed;
        let names: Vec<&str> = changed.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["UnitPrice", "UnitCost"]);
    }
}

#[tokio::test]
async fn case_e7_a_field_that_our_write_changed_is_said_until_it_has_another_value() {
    let changed = |name: &str, before: &str, now: &str| messages::v1::FieldChange {
        name: name.to_owned(),
        before: Some(before.to_owned()),
        now: Some(now.to_owned()),
    };
    let mut state = state();
    let line = &mut state.contract_mut(5001).expect("a contract of the state").lines[0];
    (line.unit_price, line.unit_cost) = (3.5, 0.0);
    let units = line.units;
    let mut world = World::new(state).await;
    let mut work = simple(5001, "acme", 12);
    assert_eq!(units, 12.0);
    work.targets[0].fields_changed =
        vec![changed("UnitPrice", "4.2", "3.50"), changed("UnitCost", "1.75", "0")];
    let done = world.work(vec![work.clone()]).await;
    assert_eq!(came_out(&done, "acme", 5001), "sent UNK-01");
    let fields = vec![
        FieldChange {
            name: "UnitPrice".to_owned(),
            before: Some("4.2".to_owned()),
            now: Some("3.50".to_owned()),
        },
        FieldChange {
            name: "UnitCost".to_owned(),
            before: Some("1.75".to_owned()),
            now: Some("0".to_owned()),
        },
    ];
    let service = "Service 701".to_owned();
    assert_eq!(remarks(&done, "acme", 5001), [Remark::FieldsChanged { service, fields }]);

    work.targets[0].fields_changed = vec![changed("UnitPrice", "4.2", "3"), changed("Discount", "5", "0")];
    let mut state = crate::world::state();
    state.contract_mut(5001).expect("a contract of the state").lines[0].unit_price = 3.5;
    let mut world = World::new(state).await;
    let done = world.work(vec![work]).await;
    assert_eq!(came_out(&done, "acme", 5001), "unchanged", "both have other values by now");
}

#[tokio::test]
async fn case_e8_half_an_answer_to_a_look_up_by_ids_is_not_known() {
    let companies = ["acme", "beta", "gamma"];
    let work = || -> Vec<_> {
        companies.iter().zip(0..).map(|(company, at)| of_account(5001 + at, 301 + at, company)).collect()
    };
    // One value with commas: only the first of several ids is taken, and a single id is found.
    let mut state = many(3);
    state.behaviour.lists.ids = IdsBinding::Comma;
    let mut world = World::new(state).await;
    let done = world.work(work()).await;
    for (company, at) in companies.iter().zip(0..) {
        assert_eq!(came_out(&done, company, 5001 + at), "changed");
    }
    // Ignored, and the response is cut: a missing contract is neither CON-02 nor ACC-01.
    let mut state = many(3);
    state.behaviour.lists.ids = IdsBinding::Ignored;
    state.behaviour.lists.largest_page = Some(1);
    let mut world = World::new(state).await;
    let done = world.work(work()).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    for (company, at) in [("beta", 1), ("gamma", 2)] {
        assert_eq!(came_out(&done, company, 5001 + at), "deferred UNK-01");
        assert_eq!(faults(&done, company, 5001 + at), [AnswerFault::PartOfIds]);
    }
    // Only capped: each contract is requested by itself.
    let mut state = many(3);
    state.behaviour.lists.largest_page = Some(1);
    let mut world = World::new(state).await;
    let done = world.work(work()).await;
    for (company, at) in companies.iter().zip(0..) {
        assert_eq!(came_out(&done, company, 5001 + at), "changed");
    }
}

#[tokio::test]
async fn case_e8_what_is_surely_gone_still_is() {
    for ids in [IdsBinding::Repeated, IdsBinding::Comma] {
        let mut state = many(3);
        state.behaviour.lists.ids = ids;
        state.accounts.remove(1);
        state.contracts.remove(2);
        let mut world = World::new(state).await;
        let work = vec![
            of_account(5001, 301, "acme"),
            of_account(5002, 302, "beta"),
            of_account(5003, 303, "gamma"),
        ];
        let done = world.work(work).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed");
        assert_eq!(came_out(&done, "beta", 5002), "not_sent ACC-01");
        assert_eq!(came_out(&done, "gamma", 5003), "not_sent CON-02");
    }
    let mut state = many(1);
    state.accounts[0] = Account { active: false, ..state.accounts[0].clone() };
    let mut world = World::new(state).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent ACC-01");
}

#[tokio::test]
async fn case_e9_pages_from_zero_are_a_contradiction_and_no_svc_02() {
    let mut world = behaving(|behaviour| behaviour.lists.pages_from_zero = true).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01");
    assert_eq!(faults(&done, "acme", 5001), [AnswerFault::EmptyPage]);
}

#[tokio::test]
async fn case_e10_quota_maintenance_and_a_login_that_is_not_understood_have_their_codes() {
    let mut world = World::new(state()).await;
    let quota = json!({"ResponseCode": 403, "Status": "Forbidden", "Error": "API calls quota exceeded"});
    world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Answer { status: 403, body: quota });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred LIM-01");

    let mut world = behaving(|behaviour| behaviour.maintenance = true).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-01");
    let mut world = World::new(state()).await;
    (1..=3).for_each(|nth| world.kaseya.fail(Endpoint::ContractLines, nth, Fault::Page { status: 200 }));
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-01");

    for (status, said) in [(400, "Bad Request"), (405, "Method Not Allowed"), (415, "Unsupported Media Type")]
    {
        let mut world = behaving(|behaviour| behaviour.login.not_understood = Some(status)).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01");
        assert_eq!(outcome(&done, "acme", 5001).kaseya_says.as_deref(), Some(said));
    }
}

#[tokio::test]
async fn case_e12_a_mark_before_json_and_a_connection_that_breaks_once_do_no_harm() {
    let mut world = behaving(|behaviour| behaviour.byte_order_mark = true).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");

    let mut world = World::new(state()).await;
    for endpoint in [Endpoint::ContractLines, Endpoint::ContractsLookup, Endpoint::ServicesSearch] {
        world.kaseya.fail(endpoint, 1, Fault::DropBeforeApply);
    }
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!((world.calls(Endpoint::WriteLine), world.calls(Endpoint::Authenticate)), (1, 1));
}

#[tokio::test]
async fn case_e13_unk_01_says_what_was_wrong_and_where() {
    let mut world = World::new(state()).await;
    // The first contract's lines fit the profile, so the error is in the second's own response.
    let two = || vec![simple(5001, "acme", 12), simple(5002, "beta", 14)];
    world.kaseya.fail(Endpoint::ContractLines, 2, Fault::Without(vec!["Units".into()]));
    let done = world.work(two()).await;
    assert_eq!(came_out(&done, "beta", 5002), "deferred UNK-01");
    let endpoint = "GET /api/finance/contracts/{contractId}/services".to_owned();
    let said = Remark::AnswerUnusable { endpoint, fault: AnswerFault::LineWithoutUnits };
    assert_eq!(remarks(&done, "beta", 5002), [said]);

    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::ContractLines, 2, Fault::Answer { status: 404, body: json!({}) });
    let done = world.work(two()).await;
    assert_eq!(came_out(&done, "beta", 5002), "not_sent UNK-01");
    assert_eq!(faults(&done, "beta", 5002), [AnswerFault::NoWords]);
}

#[tokio::test]
async fn case_e14_jobs_go_by_the_stored_line_profile() {
    let mut world = behaving(|behaviour| {
        behaviour.lines.lines_route = "/api/x/{contractId}/lines".to_owned();
        behaviour.lines.line_route = "/api/x/{contractId}/lines/{lineId}".to_owned();
    })
    .await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent LIN-01");
    if let Some(integration) = &mut world.script().content.integration {
        let shipped = kaseya::LineProfile::default();
        integration.line_profile =
            Some(shipped.text().replace("/finance/contracts/{contractId}/services", "/x/{contractId}/lines"));
    }
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}

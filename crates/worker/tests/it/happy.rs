//! The normal case: read, planned, permitted, written, checked, reported.

use kaseya_simulator::{ContractStatus, Endpoint};
use messages::v1::{self, ChangeResult, HostHealth, LoginOutcome};

use crate::{
    job::{COUNT_DAY, EFFECTIVE, addend, came_out, contract, left, outcome, results, simple, target},
    world::{World, state},
};

#[tokio::test]
async fn s_20_a_count_lands_in_the_lines_units_and_is_confirmed_by_a_second_reading() {
    let mut world = World::new(state()).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;

    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let company = outcome(&done, "acme", 5001);
    assert_eq!(company.seen_equal, Some(true));
    assert_eq!((company.products[0].from_units, company.products[0].to_units), (Some(12.0), Some(14)));
    assert_eq!(company.products[0].effective_date.as_deref(), Some(EFFECTIVE));
    assert_eq!(results(&done), [ChangeResult::Confirmed]);
    assert_eq!(done.lines.len(), 1, "lines of services that are not ours are none of our business");
    assert_eq!((done.lines[0].line_id, done.lines[0].units), (Some(90_011), Some(14.0)));
    assert_eq!((done.login(), done.host()), (LoginOutcome::Accepted, HostHealth::Answered));
    assert_eq!(left(&done), (vec![], None, None));
    assert_eq!((done.attempt, done.run_number, done.credentials_version), (Some(1), Some(7), Some(1)));

    let history = world.kaseya.history();
    assert_eq!((history.len(), history[0].from, history[0].to), (1, 12.0, 14.0));
    assert_eq!(history[0].effective_date.to_string(), EFFECTIVE);
    let counted: u32 = done.calls.iter().filter_map(|made| made.calls).sum();
    assert_eq!(u64::from(counted), world.kaseya.calls().values().sum::<u64>());
    assert_eq!(world.calls(Endpoint::ContractLines), 2);

    let script = world.script();
    let asked = &script.permits[0];
    assert_eq!(asked.changes[0].from_units, Some(12.0));
    assert_eq!(asked.changes[0].addends, [addend("acme", "standard", 14)]);
    assert_eq!(asked.changes[0].approved_hold_id, None);
    assert_eq!((asked.login_accepted, asked.credentials_version), (Some(true), Some(1)));
    assert_eq!(done.changes[0].intent_id, asked.changes[0].intent_id);
}

#[tokio::test]
async fn d_05_the_same_job_twice_changes_nothing_the_second_time_and_logs_in_once() {
    let mut world = World::new(state()).await;
    world.work(vec![simple(5001, "acme", 14)]).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "unchanged");
    assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(true));
    assert_eq!(done.login(), LoginOutcome::NotTried);
    assert_eq!((world.kaseya.history().len(), world.script().permits.len()), (1, 1));
    assert_eq!(world.calls(Endpoint::Authenticate), 1);
}

#[tokio::test]
async fn b_05_billed_units_are_sent_and_unbilled_users_are_reported_too() {
    let mut world = World::new(state()).await;
    let billed = v1::Addend { billed_units: Some(14), ..addend("acme", "standard", 16) };
    let unbilled = v1::UnbilledProduct {
        company_id: "acme".to_owned(),
        product_id: "advanced".to_owned(),
        users: Some(3),
        count_day: Some(COUNT_DAY.to_owned()),
        note: "Trial".to_owned(),
    };
    let work =
        v1::ContractWork { unbilled: vec![unbilled], ..contract(5001, vec![target(701, vec![billed])]) };
    let done = world.work(vec![work]).await;
    let company = outcome(&done, "acme", 5001);
    assert_eq!((company.state.as_str(), company.seen_equal), ("changed", Some(true)));
    let [standard, advanced] = &company.products[..] else { panic!("two products: {company:?}") };
    assert_eq!((standard.users, standard.billed_units, standard.to_units), (Some(16), Some(14), Some(14)));
    assert_eq!(
        (advanced.state.as_str(), advanced.users, advanced.note.as_deref()),
        ("not_billed", Some(3), Some("Trial"))
    );
    let history = world.kaseya.history();
    assert_eq!((history.len(), history[0].to), (1, 14.0));
    let asked = &world.script().permits[0].changes[0].addends[0];
    assert_eq!((asked.users, asked.billed_units), (Some(16), Some(14)));
}

#[tokio::test]
async fn companies_on_one_target_are_added_and_each_is_reported() {
    let mut world = World::new(state()).await;
    let shared = target(701, vec![addend("acme", "standard", 6), addend("beta", "standard", 7)]);
    let done = world.work(vec![contract(5001, vec![shared])]).await;
    assert_eq!((came_out(&done, "acme", 5001), came_out(&done, "beta", 5001)).0, "changed");
    assert_eq!(outcome(&done, "acme", 5001).products[0].users, Some(6));
    assert_eq!(outcome(&done, "beta", 5001).products[0].to_units, Some(13));
    assert_eq!(world.units(5001, 90_011), 13.0);
}

#[tokio::test]
async fn d_11_a_missing_count_sends_nothing_and_reads_no_line() {
    let mut world = World::new(state()).await;
    let missing = target(701, vec![addend("acme", "standard", 5), addend("beta", "standard", None)]);
    let done = world.work(vec![contract(5001, vec![missing])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent QTY-02");
    assert_eq!(came_out(&done, "beta", 5001), "not_sent QTY-02");
    assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false));
    assert_eq!(world.calls(Endpoint::ContractLines), 0);
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn a_contract_or_service_that_is_not_as_it_should_be_is_named_and_the_others_are_done() {
    let mut state = state();
    state.contract_mut(5002).expect("a contract").end = Some("2026-11-15".parse().expect("a day"));
    state.contract_mut(5003).expect("a contract").status = ContractStatus::Inactive;
    let twice = state.contract(5001).expect("a contract").lines[1].clone();
    state.contract_mut(5001).expect("a contract").lines.push(kaseya_simulator::Line { id: 90_019, ..twice });
    let mut world = World::new(state).await;
    let first = contract(
        5001,
        vec![
            target(701, vec![addend("acme", "standard", 14)]),
            target(702, vec![addend("beta", "advanced", 4)]),
            target(709, vec![addend("gamma", "other", 4)]),
            target(708, vec![addend("delta", "none", 0)]),
        ],
    );
    let gone = simple(5999, "zeta", 4);
    let done = world.work(vec![first, simple(5002, "eta", 14), simple(5003, "theta", 14), gone]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5001), "not_sent SVC-03");
    assert_eq!(came_out(&done, "gamma", 5001), "not_sent SVC-01");
    assert_eq!(came_out(&done, "delta", 5001), "unchanged", "0 wanted where no line is: nothing to do");
    assert_eq!(came_out(&done, "eta", 5002), "not_sent CON-01");
    assert_eq!(came_out(&done, "theta", 5003), "not_sent CON-02");
    assert_eq!(came_out(&done, "zeta", 5999), "not_sent CON-02");
    assert_eq!(outcome(&done, "eta", 5002).products[0].to_units, Some(14));
    assert_eq!(world.calls(Endpoint::ContractLines), 2, "only the first contract is read");
    assert_eq!(world.kaseya.history().len(), 1);
}

#[tokio::test]
async fn a_job_without_contracts_calls_nobody() {
    let mut world = World::new(state()).await;
    let done = world.work(vec![]).await;
    assert_eq!((done.login(), done.host()), (LoginOutcome::NotTried, HostHealth::NotCalled));
    assert!(world.kaseya.calls().is_empty());
}

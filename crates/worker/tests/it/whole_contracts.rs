//! Writes that send all lines of a contract: what they would revert or lose on lines other than the one they
//! change.

use domain::{FieldChange, Remark};
use kaseya_simulator::{Endpoint, InForce, Line, State};
use messages::{
    field::wire_instant,
    v1::{self, ChangeResult},
};
use serde_json::json;
use testkit::line_profiles;

use crate::{
    job::{came_out, left, outcome, remarks, results, simple},
    world::{World, state},
};

/// The profiles with writes that send all lines.
const WHOLE: [&str; 3] = ["whole-contract", "plain-contract", "list-put-whole"];

async fn world(profile: &str, state: State) -> World {
    let (_, text) = line_profiles().into_iter().find(|(name, _)| *name == profile).expect("a profile");
    let mut state = state;
    state.behaviour.lines.follow_profile(&text).expect("a profile");
    let world = World::new(state).await;
    if let Some(integration) = &mut world.script().content.integration {
        integration.line_profile = Some(text);
    }
    world
}

/// The second line of the first contract was changed from 3 to 8 units, effective in January.
fn waiting_state() -> State {
    let mut state = state();
    state.behaviour.lines.waits_for_effective_date = true;
    let line = &mut state.contract_mut(5001).expect("a contract").lines[1];
    line.until_then = Some(InForce { units: line.units, effective_date: line.effective_date });
    (line.units, line.effective_date) = (8.0, jiff::civil::date(2027, 1, 1));
    state
}

/// The scheduler's report of that change.
fn work(lands_until: Option<&str>) -> v1::ContractWork {
    let waiting = v1::WaitingChange {
        line_id: Some(90_012),
        to_units: Some(8),
        effective_date: "2027-01-01".to_owned(),
        lands_until: lands_until.map(|until| wire_instant(until.parse().expect("an instant"))),
    };
    v1::ContractWork { waiting: vec![waiting], ..simple(5001, "acme", 14) }
}

#[tokio::test]
async fn lin_02_a_whole_write_takes_back_no_change_of_a_line_that_is_not_ours_to_say() {
    for profile in WHOLE {
        let mut world = world(profile, waiting_state()).await;
        let done = world.work(vec![work(None)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "not_sent LIN-02", "{profile}");
        let from_day = jiff::civil::date(2027, 1, 1);
        assert_eq!(remarks(&done, "acme", 5001), [Remark::ChangeInWait { from_day }], "{profile}");
        assert_eq!((world.calls(Endpoint::WriteLine), world.units(5001, 90_012)), (0, 8.0), "{profile}");
        // Nothing is retried automatically before the next sync.
        assert_eq!(left(&done), (vec![], None, None), "{profile}");
        // A change that may still land is waited for.
        let done = world.work(vec![work(Some("2026-12-01T05:08:00Z"))]).await;
        assert_eq!(came_out(&done, "acme", 5001), "deferred NET-02", "{profile}");
        let until = Some("2026-12-01T05:08:00Z".to_owned());
        assert_eq!(left(&done), (vec![5001], until, Some("NET-02".to_owned())), "{profile}");
        assert_eq!(world.calls(Endpoint::WriteLine), 0, "{profile}");
        // A line that shows the change has nothing to lose.
        world.kaseya.edit(|state| state.behaviour.lines.waits_for_effective_date = false).expect("edited");
        let done = world.work(vec![work(None)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{profile}");
        assert_eq!((world.units(5001, 90_011), world.units(5001, 90_012)), (14.0, 8.0), "{profile}");
    }
}

#[tokio::test]
async fn lin_02_a_write_of_one_line_is_sent_beside_changes_that_wait() {
    for profile in ["nested-list", "flat-list", "foreign"] {
        let mut world = world(profile, waiting_state()).await;
        let done = world.work(vec![work(None)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{profile}");
        assert_eq!((world.units(5001, 90_011), world.units(5001, 90_012)), (14.0, 8.0), "{profile}");
        assert_eq!(world.script().permits[0].whole_contracts, Some(false));
    }
}

/// A write loses the discount of one line of the first contract.
fn forgets_discount(state: &mut State, place: usize) {
    state.behaviour.lines.forgets_extras = true;
    let lines = &mut state.contract_mut(5001).expect("a contract").lines;
    lines.iter_mut().for_each(|line| line.extras.clear());
    lines[place].extras.insert("Discount".to_owned(), json!(5));
}

#[tokio::test]
async fn case_e7_a_field_that_a_write_lost_is_said_and_not_confirmed() {
    for profile in ["nested-list", "whole-contract", "list-put-whole"] {
        let mut state = state();
        forgets_discount(&mut state, 0);
        let mut world = world(profile, state).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(
            (results(&done), world.units(5001, 90_011)),
            (vec![ChangeResult::Sent], 14.0),
            "{profile}"
        );
        assert_eq!(came_out(&done, "acme", 5001), "sent UNK-01", "{profile}");
        let lost = FieldChange { name: "Discount".to_owned(), before: Some("5".to_owned()), now: None };
        let said = Remark::FieldsChanged { service: "Service 701".to_owned(), fields: vec![lost] };
        assert_eq!(remarks(&done, "acme", 5001), [said], "{profile}");
        assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false), "{profile}");
    }
}

#[tokio::test]
async fn case_e7_lines_that_a_whole_write_changed_beside_ours_are_said() {
    for profile in WHOLE {
        let mut state = state();
        forgets_discount(&mut state, 1);
        let mut world = world(profile, state).await;
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "sent UNK-01", "{profile}");
        let said = Remark::OtherLinesChanged { contract: "Contract 5001".to_owned(), lines: 1 };
        assert_eq!(
            (remarks(&done, "acme", 5001), results(&done)),
            (vec![said], vec![ChangeResult::Sent]),
            "{profile}"
        );
        assert_eq!(world.script().permits[0].whole_contracts, Some(true), "{profile}");
    }
}

#[tokio::test]
async fn contracts_of_many_pages_are_handed_back_before_calls_are_spent_on_half_of_one() {
    for (profile, lines_read) in [("small-pages", 6), ("nested-list", 4)] {
        let mut state = state();
        for contract in &mut state.contracts {
            let first = contract.lines[0].clone();
            let id = first.id * 10;
            let more = (0..60).map(|number| Line { id: id + number, service: 800 + number, ..first.clone() });
            contract.lines.extend(more);
        }
        let mut world = world(profile, state).await;
        // A login, and for the first contract 3 pages twice and a write between, or 1.
        world.script().content.allowance = Some(v1::CallAllowance { v2: Some(100), v1: Some(12) });
        let done = world.work(vec![simple(5001, "acme", 14), simple(5002, "beta", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{profile}");
        assert_eq!(world.calls(Endpoint::ContractLines), lines_read, "{profile}");
        let both = lines_read == 4;
        assert_eq!(left(&done).0, if both { vec![] } else { vec![5002] }, "{profile}");
        assert_eq!(left(&done).2.as_deref(), (!both).then_some("LIM-01"), "{profile}");
        assert_eq!(world.calls(Endpoint::WriteLine), if both { 2 } else { 1 }, "{profile}");
    }
}

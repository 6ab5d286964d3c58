//! A person's actions on Kaseya's pages.

use jiff::civil::date;
use kaseya_simulator::{Change, ContractStatus, NoSuchThing, State};
use serde_json::json;

use crate::http::small;

/// Applies a change to [`small`].
fn after(change: Change) -> State {
    let mut state = small();
    state.apply(&change).unwrap();
    assert_ne!(state, small(), "{change:?} changes nothing");
    assert_eq!(state.history, []);
    state
}

#[test]
fn contracts_end_are_switched_moved_and_deleted() {
    let ended = after(Change::ContractEnds { contract: 5012, on: date(2026, 2, 28) });
    assert_eq!(ended.contracts[0].end, Some(date(2026, 2, 28)));
    let off = after(Change::ContractBecomes { contract: 5012, status: ContractStatus::Inactive });
    assert_eq!(off.contracts[0].status, ContractStatus::Inactive);
    assert_eq!(after(Change::ContractGoes { contract: 5012 }).contracts, []);
    let mut two =
        State::builder().account(302, "Another").with(|state| state.contracts = small().contracts).build();
    two.apply(&Change::ContractMoves { contract: 5012, account: 302 }).unwrap();
    assert_eq!(two.contracts[0].account, 302);
}

#[test]
fn lines_come_twice_go_and_are_edited() {
    let twice = after(Change::LineTwice { contract: 5012, line: 90021 });
    let ids: Vec<(i32, i32)> = twice.contracts[0].lines.iter().map(|line| (line.id, line.service)).collect();
    assert_eq!(ids, [(90021, 701), (90022, 702), (90023, 701)]);
    let gone = after(Change::LineGoes { contract: 5012, line: 90021 });
    assert_eq!(gone.contracts[0].lines.len(), 1);
    let units = after(Change::Units { contract: 5012, line: 90021, units: 2.5 });
    assert_eq!(units.contracts[0].lines[0].units, 2.5);
    let price = after(Change::Price { contract: 5012, line: 90021, unit_price: 9.0 });
    assert_eq!(price.contracts[0].lines[0].unit_price, 9.0);
    let own = after(Change::CountsItself { contract: 5012, line: 90021, units: Some(4.0) });
    assert_eq!(own.contracts[0].lines[0].counts_itself, Some(4.0));
}

#[test]
fn accounts_services_and_the_password_change() {
    assert!(!after(Change::AccountBecomes { account: 301, active: false }).accounts[0].active);
    assert_eq!(after(Change::AccountGoes { account: 301 }).accounts, []);
    assert!(!after(Change::ServiceBecomes { service: 701, active: false }).services[0].active);
    assert_eq!(after(Change::ServiceGoes { service: 701 }).services.len(), 1);
    assert_eq!(after(Change::Password("new".to_owned())).login.password, "new");
}

#[test]
fn what_does_not_exist_is_named_and_nothing_changes() {
    let on = date(2026, 2, 28);
    for (change, kind, id) in [
        (Change::ContractEnds { contract: 1, on }, "contract", 1),
        (Change::ContractMoves { contract: 5012, account: 2 }, "account", 2),
        (Change::ContractGoes { contract: 1 }, "contract", 1),
        (Change::LineTwice { contract: 5012, line: 3 }, "line", 3),
        (Change::LineGoes { contract: 1, line: 90021 }, "contract", 1),
        (Change::Units { contract: 5012, line: 3, units: 1.0 }, "line", 3),
        (Change::AccountGoes { account: 2 }, "account", 2),
        (Change::ServiceBecomes { service: 4, active: false }, "service", 4),
    ] {
        let mut state = small();
        assert_eq!(state.apply(&change), Err(NoSuchThing { kind, id }), "{change:?}");
        assert_eq!(state, small());
    }
}

#[test]
fn a_change_is_said_in_few_words() {
    let said = json!({"CountsItself": {"contract": 5012, "line": 90021}});
    let change: Change = serde_json::from_value(said).unwrap();
    assert_eq!(change, Change::CountsItself { contract: 5012, line: 90021, units: None });
}

//! States in memory and on disk.

use kaseya_simulator::{Clock, DataError, Simulator, State, WriteRefused};
use proptest::prelude::*;

use crate::http::{noon, put_units, small, v1_token};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_state_by_chance_is_the_same_for_its_seed_and_survives_its_file(seed: u64) {
        let state = State::random(seed);
        prop_assert_eq!(&state, &State::random(seed));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tenant.json");
        state.save(&file).unwrap();
        prop_assert_eq!(State::load(&file).unwrap(), state);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_changes_its_line_and_nothing_else(seed: u64, units in -3_i32..100, half: bool) {
        let before = State::random(seed);
        for contract in &before.contracts {
            for line in &contract.lines {
                let mut state = before.clone();
                let mut wanted = line.clone();
                wanted.units = f64::from(units) + if half { 0.5 } else { 0.0 };
                let outcome = state.write_line(contract.id, wanted.clone(), noon(), "me");
                let whole = !half;
                prop_assert_eq!(outcome.is_ok(), whole && units >= 0);
                if outcome.is_ok() {
                    prop_assert_eq!(state.history.len(), 1);
                    prop_assert_eq!((state.history[0].from, state.history[0].to), (line.units, wanted.units));
                    prop_assert_eq!(state.line_mut(contract.id, line.id).unwrap().clone(), wanted);
                    *state.line_mut(contract.id, line.id).unwrap() = line.clone();
                    state.history.clear();
                }
                prop_assert_eq!(&state, &before);
            }
        }
    }
}

#[test]
fn states_by_chance_hold_what_tests_look_for() {
    let states: Vec<State> = (0..200).map(State::random).collect();
    let contracts = || states.iter().flat_map(|state| state.contracts.iter().map(move |c| (state, c)));
    let lines = || contracts().flat_map(|(state, contract)| contract.lines.iter().map(move |l| (state, l)));
    assert!(contracts().any(|(_, contract)| contract.end.is_some()));
    assert!(lines().any(|(_, line)| line.units.fract() != 0.0));
    assert!(lines().any(|(state, line)| state.services.iter().all(|service| service.id != line.service)));
    assert!(contracts().any(|(_, contract)| {
        let mut services: Vec<i32> = contract.lines.iter().map(|line| line.service).collect();
        services.sort_unstable();
        services.windows(2).any(|pair| pair[0] == pair[1])
    }));
}

#[test]
fn a_write_to_what_does_not_exist_is_refused() {
    let mut state = small();
    let line = state.lines(5012).unwrap()[0].clone();
    assert_eq!(state.lines(1), None);
    assert_eq!(state.write_line(1, line.clone(), noon(), "me"), Err(WriteRefused::UnknownContract));
    let unknown = kaseya_simulator::Line { id: 1, ..line.clone() };
    assert_eq!(state.write_line(5012, unknown, noon(), "me"), Err(WriteRefused::UnknownLine));
    let other = kaseya_simulator::Line { service: 702, ..line };
    assert_eq!(state.write_line(5012, other, noon(), "me"), Err(WriteRefused::OtherService));
    assert_eq!(state, small());
}

#[test]
fn a_file_that_is_no_state_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    let error = State::load(&file).unwrap_err();
    assert!(matches!(error, DataError::Read { .. }) && error.to_string().contains("tenant.json"), "{error}");

    std::fs::write(&file, "{\n  \"login\": {\"usr\": \"x\"}\n}").unwrap();
    let error = State::load(&file).unwrap_err().to_string();
    assert!(error.contains("`usr`") && error.contains("line 2"), "{error}");

    let mut twice = small();
    twice.contracts[0].lines[1].id = 90021;
    twice.save(&file).unwrap();
    let error = State::load(&file).unwrap_err();
    assert!(matches!(error, DataError::TwoOfOneId { kind: "lines", id: 90021, .. }), "{error}");
}

#[tokio::test]
async fn a_change_that_cannot_be_kept_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    let kaseya = Simulator::new(small(), Clock::standing(noon())).keep_in(file.clone());
    let kaseya = kaseya.start(([127, 0, 0, 1], 0).into()).await.unwrap();
    assert_eq!(State::load(&file).unwrap(), small());
    kaseya.edit(|state| state.accounts[0].active = false).unwrap();
    assert!(!State::load(&file).unwrap().accounts[0].active);

    let token = v1_token(&kaseya).await;
    let before = kaseya.state();
    folder.close().unwrap();
    let refused = put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap();
    assert_eq!(refused.status, 500);
    let error = kaseya.edit(|state| state.accounts.clear()).unwrap_err();
    assert!(matches!(error, DataError::Write { .. }), "{error}");
    assert_eq!(kaseya.state(), before);
}

//! Slices of a run.

use domain::{
    ContractId, MAX_COUNTS, MAX_SLICE_BYTES, MAX_TARGETS, halve, halve_of_kin, slices, slices_of_kin, weight,
};
use proptest::prelude::*;

#[test]
fn a_contract_with_too_many_targets_is_a_slice_of_its_own() {
    let contracts = [(ContractId(1), 3), (ContractId(2), 12), (ContractId(3), 7), (ContractId(4), 0)];
    let expected = [vec![ContractId(1)], vec![ContractId(2)], vec![ContractId(3), ContractId(4)]];
    assert_eq!(slices(&contracts, 10), expected);
    assert!(slices(&[], 10).is_empty());
}

#[test]
fn case_c2_slices_are_bounded_by_counts_and_bytes_as_well_as_targets() {
    let cut = |each: usize| {
        let contracts: Vec<(ContractId, usize)> = (0..1000).map(|id| (ContractId(id), each)).collect();
        slices(&contracts, MAX_TARGETS).iter().map(Vec::len).max()
    };
    assert_eq!(cut(weight(1, 1, 300)), Some(100));
    assert_eq!(cut(weight(1, MAX_COUNTS / 4, 300)), Some(4));
    assert_eq!(cut(weight(1, 1, MAX_SLICE_BYTES / 8)), Some(7));
    assert_eq!(cut(weight(1, 5_000, 5_000 * 300)), Some(1));
}

proptest! {
    #[test]
    fn every_contract_is_in_one_slice_in_order_and_slices_are_full(
        targets in prop::collection::vec(0_usize..30, 0..60), most in 1_usize..40,
    ) {
        let contracts: Vec<(ContractId, usize)> = (0..).map(ContractId).zip(targets).collect();
        let cut = slices(&contracts, most);
        let together: Vec<ContractId> = cut.iter().flatten().copied().collect();
        let all: Vec<ContractId> = contracts.iter().map(|(contract, _)| *contract).collect();
        prop_assert_eq!(together, all);
        let weight = |contract: &ContractId| {
            let found = contracts.iter().find(|(id, _)| id == contract).expect("a contract that was given");
            found.1.max(1)
        };
        for slice in &cut {
            prop_assert!(slice.len() == 1 || slice.iter().map(weight).sum::<usize>() <= most);
        }
        for pair in cut.windows(2) {
            prop_assert!(pair[0].iter().map(weight).sum::<usize>() + weight(&pair[1][0]) > most);
        }
    }

    #[test]
    fn halving_ends_with_single_contracts(count in 1_i32..200) {
        let mut open = vec![(0..count).map(ContractId).collect::<Vec<_>>()];
        let mut alone = Vec::new();
        while let Some(slice) = open.pop() {
            match halve(&slice) {
                None => alone.extend(slice),
                Some((first, second)) => {
                    prop_assert!(first.len() - second.len() <= 1);
                    open.extend([second, first]);
                }
            }
        }
        prop_assert_eq!(alone, (0..count).map(ContractId).collect::<Vec<_>>());
    }
}

#[test]
fn case_a17_contracts_of_one_company_are_in_one_slice_where_it_holds_them() {
    let company = |number: i32| domain::CompanyId::new(format!("c{number}")).expect("an id");
    // Each contract belongs to another company, except the first and the last, which share one.
    let companies: Vec<_> =
        (0..150).map(|number| [company(if number == 149 { 0 } else { number })].into()).collect();
    let contracts: Vec<_> = (0..).map(ContractId).zip(&companies).map(|(id, of)| (id, 1, of)).collect();
    let found = slices_of_kin(&contracts, MAX_TARGETS);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [100, 50]);
    let of = |id| found.iter().position(|slice| slice.contains(&ContractId(id)));
    assert_eq!(of(0), of(149));
    let all: usize = found.iter().map(Vec::len).sum();
    assert_eq!(all, contracts.len());
}

proptest! {
    /// No company is in both halves, even if companies share contracts; nothing is lost, and halving ends.
    #[test]
    fn case_a17_halves_of_a_slice_have_no_company_in_common(
        of in prop::collection::vec(prop::collection::btree_set(0_u8..12, 0..3), 1..30),
    ) {
        let companies: Vec<std::collections::BTreeSet<domain::CompanyId>> = of
            .iter()
            .map(|of| of.iter().map(|number| domain::CompanyId::new(format!("c{number}")).expect("an id")).collect())
            .collect();
        let contracts: Vec<_> = (0..).map(ContractId).zip(&companies).collect();
        let of_half = |half: &[ContractId]| -> std::collections::BTreeSet<_> {
            let ours = contracts.iter().filter(|(id, _)| half.contains(id));
            ours.flat_map(|(_, companies)| companies.iter()).collect()
        };
        if let Some((first, second)) = halve_of_kin(&contracts) {
            prop_assert!(!first.is_empty() && !second.is_empty());
            prop_assert!(of_half(&first).is_disjoint(&of_half(&second)));
            let mut all: Vec<ContractId> = first.into_iter().chain(second).collect();
            all.sort();
            prop_assert_eq!(all, contracts.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        }
        let strangers = of.iter().all(|of| of.is_empty());
        prop_assert!(!strangers || contracts.len() < 2 || halve_of_kin(&contracts).is_some());
    }
}

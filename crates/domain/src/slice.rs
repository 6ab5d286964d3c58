//! Slices: which contracts one job takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{CompanyId, ContractId};

/// The maximum number of targets in a slice.
pub const MAX_TARGETS: usize = 100;
/// The maximum number of counts that a slice's targets are sums of.
pub const MAX_COUNTS: usize = 500;
/// The approximate maximum size of a slice on the bus, in bytes, for its worker's input and for its worker's report.
pub const MAX_SLICE_BYTES: usize = 192 * 1024;

/// A contract's share of a slice, in targets: the largest of its targets, counts and bytes, each relative to a
/// slice's maximum.
pub fn weight(targets: usize, counts: usize, bytes: usize) -> usize {
    let by_counts = counts.div_ceil(MAX_COUNTS / MAX_TARGETS);
    let by_bytes = bytes.div_ceil(MAX_SLICE_BYTES / MAX_TARGETS);
    targets.max(by_counts).max(by_bytes).max(1)
}

/// Cuts contracts, each with its [`weight`] in targets, into slices of at most `max_targets`, in order.
///
/// A contract is never split: one with more targets is a slice of its own. A contract without a target also costs
/// calls and counts as one.
pub fn slices(contracts: &[(ContractId, usize)], max_targets: usize) -> Vec<Vec<ContractId>> {
    let mut slices: Vec<Vec<ContractId>> = Vec::new();
    let mut in_last = 0;
    for (contract, targets) in contracts {
        let targets = (*targets).max(1);
        match slices.last_mut() {
            Some(last) if in_last + targets <= max_targets => {
                last.push(*contract);
                in_last += targets;
            }
            _ => {
                slices.push(vec![*contract]);
                in_last = targets;
            }
        }
    }
    slices
}

/// Like [`slices`], but keeps the contracts of one company in one slice if they fit: its users may have moved between
/// them, and a worker writes both halves of such a plan switch or neither.
pub fn slices_of_kin(
    contracts: &[(ContractId, usize, &BTreeSet<CompanyId>)],
    max_targets: usize,
) -> Vec<Vec<ContractId>> {
    let mut places: BTreeMap<&CompanyId, usize> = BTreeMap::new();
    let mut groups: Vec<(Vec<ContractId>, usize)> = Vec::new();
    for (contract, targets, companies) in contracts {
        let weight = (*targets).max(1);
        let known = companies.iter().find_map(|company| places.get(company)).copied();
        let place = known.filter(|place| groups[*place].1 + weight <= max_targets).unwrap_or(groups.len());
        if place == groups.len() {
            groups.push((Vec::new(), 0));
        }
        groups[place].0.push(*contract);
        groups[place].1 += weight;
        for company in *companies {
            places.entry(company).or_insert(place);
        }
    }
    // The first contract represents its whole group.
    let firsts: Vec<(ContractId, usize)> =
        groups.iter().map(|(contracts, weight)| (contracts[0], *weight)).collect();
    let of_group: BTreeMap<ContractId, &Vec<ContractId>> =
        groups.iter().map(|(contracts, _)| (contracts[0], contracts)).collect();
    slices(&firsts, max_targets)
        .iter()
        .map(|firsts| firsts.iter().flat_map(|first| of_group[first].iter().copied()).collect())
        .collect()
}

/// Like [`halve`], but keeps together the contracts of one company, and of the companies that it shares a contract
/// with: a worker writes both halves of a plan switch or neither. `None` if all of them belong together.
pub fn halve_of_kin(
    contracts: &[(ContractId, &BTreeSet<CompanyId>)],
) -> Option<(Vec<ContractId>, Vec<ContractId>)> {
    let mut groups: Vec<(BTreeSet<&CompanyId>, Vec<ContractId>)> = Vec::new();
    for (contract, companies) in contracts {
        let mut group: (BTreeSet<&CompanyId>, Vec<ContractId>) = (companies.iter().collect(), Vec::new());
        let place = groups.iter().position(|(known, _)| !known.is_disjoint(&group.0));
        let (kin, others): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(known, _)| !known.is_disjoint(&group.0));
        groups = others;
        for (companies, contracts) in kin {
            group.0.extend(companies);
            group.1.extend(contracts);
        }
        group.1.push(*contract);
        groups.insert(place.unwrap_or(groups.len()).min(groups.len()), group);
    }
    if groups.len() < 2 {
        return None;
    }
    let half = contracts.len().div_ceil(2);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let last = groups.len() - 1;
    for (place, (_, group)) in groups.into_iter().enumerate() {
        let is_first =
            second.is_empty() && place < last && (first.is_empty() || first.len() + group.len() <= half);
        if is_first { &mut first } else { &mut second }.extend(group);
    }
    Some((first, second))
}

/// The two halves of a slice that is too large to send; `None` for a single contract, which is then given up with
/// JOB-03.
pub fn halve(contracts: &[ContractId]) -> Option<(Vec<ContractId>, Vec<ContractId>)> {
    let (first, second) = contracts.split_at(contracts.len().div_ceil(2));
    (!second.is_empty()).then(|| (first.to_vec(), second.to_vec()))
}

//! Leftovers (D-13) in the plan.

use store::targets::leftovers::TargetNames;

use super::{tests::*, *};
use crate::runs::Items;
use domain::Month;
use jiff::civil::date;
use messages::inbound::Companies;
use proptest::prelude::*;

fn approved(contract: i32, service: i32) -> ApprovedLeftover {
    ApprovedLeftover {
        target: TargetNames {
            contract: ContractId(contract),
            contract_name: "Old".to_owned(),
            account: AccountId(1),
            account_name: "Account".to_owned(),
            service: ServiceId(service),
            service_name: "Old service".to_owned(),
        },
        seen: 12.0,
        effective_date: date(2026, 11, 1),
        companies: BTreeSet::from([company_id(1)]),
    }
}

/// Company 1 on contract 7, product 1 on service 11, three users, and these approvals.
fn plan_with(approved: &[ApprovedLeftover]) -> PartnerPlan {
    let settings = settings([(1, Some(11))], [(1, company(Some(7))), (2, company(Some(8)))]);
    let day = date(2026, 11, 22);
    let counts = open([(1, report(day, [(1, Some(3))])), (2, report(day, [(1, Some(4))]))]);
    let mut plan = plan_partner(&settings, &integration(), &counts, now());
    plan.add_leftovers(approved, |_| Some(Month::of(day).first_day()));
    plan
}

#[test]
fn what_a_person_approved_is_a_target_of_zero_without_addends() {
    let plan = plan_with(&[approved(9, 12), approved(7, 10)]);
    assert_eq!(
        wanted(&plan),
        [
            (7, 10, Wanted::Units(0)),
            (7, 11, Wanted::Units(3)),
            (8, 11, Wanted::Units(4)),
            (9, 12, Wanted::Units(0))
        ]
    );
    let contract = &plan.contracts[&ContractId(9)];
    assert_eq!((contract.name.as_str(), contract.companies.len()), ("Old", 0));
    let [target] = &contract.targets[..] else { panic!("{contract:?}") };
    assert_eq!((target.addends.len(), target.effective_date), (0, Some(date(2026, 11, 1))));
    assert_eq!(target.leftover.as_ref().map(|left| left.seen), Some(12.0));
}

#[test]
fn case_a9_the_approval_of_a_leftover_is_gone_by_in_its_month_alone() {
    let october = ApprovedLeftover { effective_date: date(2026, 10, 1), ..approved(9, 12) };
    assert!(!plan_with(&[october]).contracts.contains_key(&ContractId(9)));
}

#[test]
fn a_run_has_what_its_companies_left_behind() {
    let plan = plan_with(&[approved(9, 12)]);
    let of = |companies: Companies| {
        let items = Items::of_companies(&plan, &companies);
        items.work.keys().map(|contract| contract.0).collect::<Vec<_>>()
    };
    assert_eq!(of(Companies::All), [7, 8, 9]);
    assert_eq!(of(Companies::Only(BTreeSet::from([company_id(1)]))), [7, 9]);
    assert_eq!(of(Companies::Only(BTreeSet::from([company_id(2)]))), [8]);
    let items = Items::of_contracts(&plan, &BTreeSet::from([ContractId(9)]));
    assert_eq!(items.work, BTreeMap::from([(ContractId(9), 1)]), "for a worker");
}

proptest! {
    #[test]
    fn d_13_a_target_with_an_addend_is_never_a_leftover_and_a_leftover_never_gets_units(
        chosen in proptest::collection::vec((7_i32..11, 10_i32..13), 0..6),
    ) {
        let leftovers: Vec<ApprovedLeftover> =
            chosen.iter().map(|(contract, service)| approved(*contract, *service)).collect();
        let (before, after) = (plan_with(&[]), plan_with(&leftovers));
        for contract in after.contracts.values() {
            for target in &contract.targets {
                let known = before.contracts.get(&contract.contract);
                let mapped = known.and_then(|known| known.targets.iter().find(|one| one.service == target.service));
                match mapped {
                    Some(mapped) => prop_assert_eq!(mapped, target, "what is mapped stays as it is"),
                    None => {
                        prop_assert!(target.leftover.is_some() && target.addends.is_empty());
                        prop_assert_eq!(target.wanted, Wanted::Units(0));
                    }
                }
            }
        }
        let targets = |plan: &PartnerPlan| -> usize { plan.contracts.values().map(|one| one.targets.len()).sum() };
        let asked: BTreeSet<_> = chosen.iter().filter(|place| ![(7, 11), (8, 11)].contains(place)).collect();
        prop_assert_eq!(targets(&after), targets(&before) + asked.len());
    }
}

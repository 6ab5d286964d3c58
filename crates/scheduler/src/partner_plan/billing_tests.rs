//! Billing rules (B-05) in the plan.

use domain::{Month, Wanted};
use jiff::civil::date;
use store::settings::ProductBilling;

use super::{tests::*, *};

fn ruled(contract: Option<i32>, rules: &[(u8, BillingRule)]) -> Company {
    let rules = rules.iter().map(|(n, rule)| {
        let note = (*rule == BillingRule::NotBilled).then(|| "Own use".to_owned());
        (product_id(*n), ProductBilling { rule: *rule, note })
    });
    Company { billing_rules: rules.collect(), ..company(contract) }
}

fn figures(minimum: u32, included_free: u32) -> BillingRule {
    BillingRule::Billed { minimum, included_free }
}

#[test]
fn each_count_is_in_the_sum_as_its_company_is_billed_and_is_kept_beside_it() {
    let settings = settings(
        [(1, Some(11))],
        [(1, ruled(Some(7), &[(1, figures(5, 2))])), (2, ruled(Some(7), &[(1, figures(20, 0))]))],
    );
    let day = date(2026, 11, 22);
    let counts = open([(1, report(day, [(1, Some(12))])), (2, report(day, [(1, Some(3))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(30))]);
    let addends = &plan.contracts[&ContractId(7)].targets[0].addends;
    let both: Vec<_> = addends.iter().map(|addend| (addend.count.unwrap().users, addend.billed)).collect();
    assert_eq!(both, [(12, Some(10)), (3, Some(20))]);
}

#[test]
fn d_11_a_minimum_does_not_stand_in_for_a_missing_count() {
    let settings = settings([(1, Some(11))], [(1, ruled(Some(7), &[(1, figures(5, 0))]))]);
    for counts in [open([(1, report(date(2026, 11, 22), [(1, None)]))]), open([])] {
        let plan = plan_partner(&settings, &integration(), &counts, now());
        assert_eq!(wanted(&plan), [(7, 11, Wanted::Unknown)]);
    }
}

#[test]
fn what_is_not_billed_is_no_addend_and_makes_no_target_of_its_own() {
    let settings = settings(
        [(1, Some(11)), (2, Some(12))],
        [
            (1, ruled(Some(7), &[(1, BillingRule::NotBilled), (2, BillingRule::NotBilled)])),
            (2, company(Some(7))),
        ],
    );
    let day = date(2026, 11, 22);
    let counts = open([
        (1, report(day, [(1, Some(12)), (2, Some(4))])),
        (2, report(day, [(1, Some(3)), (2, Some(1))])),
    ]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(3)), (7, 12, Wanted::Units(1))]);

    let alone = PartnerSettings {
        companies: settings.companies.into_iter().filter(|(id, _)| *id == company_id(1)).collect(),
        ..settings
    };
    let plan = plan_partner(&alone, &integration(), &counts, now());
    assert_eq!(wanted(&plan), [], "nobody says 0 for it");
    let contract = &plan.contracts[&ContractId(7)];
    assert!(!contract.needs_worker() && contract.companies.contains(&company_id(1)));
    let told: Vec<_> = contract
        .unbilled
        .iter()
        .map(|unbilled| {
            (unbilled.product.as_str(), unbilled.count.map(|count| count.users), unbilled.note.as_str())
        })
        .collect();
    assert_eq!(told, [("p1", Some(12), "Own use"), ("p2", Some(4), "Own use")]);
}

#[test]
fn what_is_not_billed_is_not_missed_for_having_no_service() {
    let settings = settings([(1, None)], [(1, ruled(Some(7), &[(1, BillingRule::NotBilled)]))]);
    let counts = open([(1, report(date(2026, 11, 22), [(1, Some(12)), (9, Some(1))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    let contract = &plan.contracts[&ContractId(7)];
    let notes: Vec<_> = contract.notes.iter().map(|note| note.product.as_str()).collect();
    assert_eq!((notes, contract.unbilled.len()), (vec!["p9"], 1));
}

#[test]
fn d_10_a_minimum_ends_on_the_day_on_which_its_company_is_closed() {
    let counts = open([(1, report(date(2026, 11, 22), [(1, Some(3))]))]);
    for (closed_from, expected) in [(date(2026, 11, 23), 0), (date(2026, 11, 24), 5)] {
        let company = Company { closed_from: Some(closed_from), ..ruled(Some(7), &[(1, figures(5, 0))]) };
        let settings = settings([(1, Some(11))], [(1, company)]);
        let plan = plan_partner(&settings, &integration(), &counts, now());
        assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(expected))]);
    }
}

#[test]
fn a_frozen_count_is_what_was_counted_and_is_billed_by_the_rule_when_it_is_sent() {
    let settings = settings([(1, Some(11))], [(1, ruled(Some(7), &[(1, figures(0, 2))]))]);
    let month = Month::of(date(2026, 10, 1));
    let frozen = FrozenMonth {
        month,
        frozen_at: now(),
        companies: BTreeMap::from([(
            company_id(1),
            BTreeMap::from([(product_id(1), FrozenCountOf { users: Some(12), report: true }.made(month))]),
        )]),
        newcomers: BTreeSet::new(),
    };
    let counts = Counts { phase: MonthPhase::Frozen(month), frozen: Some(frozen), ..open([]) };
    let early = "2026-11-05T12:00:00Z".parse().expect("an instant");
    let plan = plan_partner(&settings, &integration(), &counts, early);
    let addend = &plan.contracts[&ContractId(7)].targets[0].addends[0];
    assert_eq!((addend.count.map(|count| count.users), addend.billed), (Some(12), Some(10)));
}

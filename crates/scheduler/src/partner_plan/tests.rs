use domain::{
    Billing, Credentials, IntegrationSettings, IntegrationState, InvoiceDay, Month, PartnerId, ReportId,
};
use jiff::{civil::date, tz::TimeZone};
use proptest::prelude::*;
use store::settings::{Product, ProductMapping, StoredPassword};

use super::*;

const NOW: &str = "2026-11-23T12:00:00Z";

pub(super) fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

pub(super) fn company_id(n: u8) -> CompanyId {
    CompanyId::new(format!("c{n}")).expect("an id")
}

pub(super) fn product_id(n: u8) -> ProductId {
    ProductId::new(format!("p{n}")).expect("an id")
}

pub(super) fn integration() -> Integration {
    Integration {
        credentials: Credentials {
            host: "BMS.example.com".into(),
            v2_base: None,
            v1_base: None,
            tenant: "MSP Ltd".into(),
            user_name: "api".into(),
            password: StoredPassword { sealed: "sealed".into(), ..StoredPassword::default() },
        },
        credentials_version: 1,
        settings: IntegrationSettings {
            freeze_hour: 12,
            max_count_age_days: 7,
            ..IntegrationSettings::new(Billing::Arrears, InvoiceDay::new(10).expect("a day"))
        },
        state: IntegrationState::On,
        count_zone: TimeZone::get("Europe/Rome").expect("a zone"),
        line_profile: None,
        kaseya_zone: None,
        credentials_refused: None,
    }
}

fn mapping(contract: i32) -> CompanyMapping {
    CompanyMapping {
        account_name: "Account".to_owned(),
        account: AccountId(1),
        contract: Contract { id: ContractId(contract), name: format!("Contract {contract}") },
        product_contracts: BTreeMap::new(),
        version: 3,
    }
}

pub(super) fn company(contract: Option<i32>) -> Company {
    Company {
        name: "Company".into(),
        closed_from: None,
        mapping: contract.map(mapping),
        billing_rules: BTreeMap::new(),
    }
}

fn product(service: Option<i32>) -> Product {
    let mapping =
        service.map(|id| ProductMapping { service: ServiceId(id), service_name: format!("Service {id}") });
    Product { name: "Product".into(), mapping }
}

pub(super) fn settings(
    products: impl IntoIterator<Item = (u8, Option<i32>)>,
    companies: impl IntoIterator<Item = (u8, Company)>,
) -> PartnerSettings {
    PartnerSettings {
        partner: PartnerId::new("p").expect("an id"),
        name: "MSP".into(),
        count_zone: TimeZone::get("Europe/Rome").expect("a zone"),
        count_basis: domain::CountBasis::Users,
        integration: None,
        schedule: None,
        products: products.into_iter().map(|(n, service)| (product_id(n), product(service))).collect(),
        companies: companies.into_iter().map(|(n, company)| (company_id(n), company)).collect(),
        contract_billing: BTreeMap::new(),
    }
}

pub(super) fn report(day: Date, users: impl IntoIterator<Item = (u8, Option<u32>)>) -> CompanyReport {
    CompanyReport {
        report: ReportId::new("r").expect("an id"),
        day,
        counted_at: NOW.parse().expect("an instant"),
        is_final: false,
        users: users.into_iter().map(|(n, users)| (product_id(n), users)).collect(),
    }
}

pub(super) fn open(newest: impl IntoIterator<Item = (u8, CompanyReport)>) -> Counts {
    Counts {
        phase: MonthPhase::Open,
        newest: newest.into_iter().map(|(n, report)| (company_id(n), report)).collect(),
        frozen: None,
        other_basis: BTreeSet::new(),
    }
}

pub(super) fn wanted(plan: &PartnerPlan) -> Vec<(i32, i32, Wanted)> {
    let targets = plan.contracts.values().flat_map(|contract| {
        contract.targets.iter().map(|target| (contract.contract.0, target.service.0, target.wanted))
    });
    targets.collect()
}

#[test]
fn a_targets_number_is_the_sum_over_all_companies_and_products_mapped_to_it() {
    let settings = settings(
        [(1, Some(11)), (2, Some(11)), (3, Some(12))],
        [(1, company(Some(7))), (2, company(Some(7)))],
    );
    let day = date(2026, 11, 22);
    let counts = open([(1, report(day, [(1, Some(5)), (2, Some(6))])), (2, report(day, [(1, Some(70))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(81)), (7, 12, Wanted::Units(0))]);
    let target = &plan.contracts[&ContractId(7)].targets[0];
    assert_eq!(target.addends.len(), 4);
    assert!(target.addends.iter().all(|addend| addend.mapping_version == 3));
    assert_eq!(target.effective_date, Some(date(2026, 11, 1)));
}

#[test]
fn a_products_own_contract_takes_its_addend_there() {
    let mut own = company(Some(7));
    let elsewhere = Contract { id: ContractId(8), name: "Eight".into() };
    own.mapping.as_mut().expect("mapped").product_contracts.insert(product_id(2), elsewhere);
    let settings = settings([(1, Some(11)), (2, Some(12))], [(1, own)]);
    let counts = open([(1, report(date(2026, 11, 22), [(1, Some(5)), (2, Some(6))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(5)), (8, 12, Wanted::Units(6))]);
    assert_eq!(plan.contracts[&ContractId(8)].name, "Eight");
}

#[test]
fn what_has_no_service_is_a_note_with_its_number() {
    let settings = settings([(1, None), (2, None), (3, None)], [(1, company(Some(7)))]);
    let counts =
        open([(1, report(date(2026, 11, 22), [(1, Some(5)), (2, Some(0)), (3, None), (9, Some(2))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    let contract = &plan.contracts[&ContractId(7)];
    assert!(contract.targets.is_empty() && !contract.needs_worker());
    let notes: Vec<_> = contract.notes.iter().map(|note| (note.product.as_str(), note.users)).collect();
    assert_eq!(notes, [("p1", Some(5)), ("p3", None), ("p9", Some(2))]);
}

#[test]
fn a_company_without_contract_is_reported_with_its_numbers() {
    let mut closed = company(None);
    closed.closed_from = Some(date(2026, 11, 23));
    let settings = settings([(1, Some(11))], [(1, company(None)), (2, company(None)), (3, closed)]);
    let counts = open([(1, report(date(2026, 11, 22), [(1, Some(5))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    assert!(plan.contracts.is_empty());
    assert_eq!(plan.unmapped.len(), 2, "a closed company is not asked for");
    assert_eq!(plan.unmapped[&company_id(1)].users, BTreeMap::from([(product_id(1), Some(5))]));
    assert_eq!(plan.unmapped[&company_id(2)].count_day, None);
}

#[test]
fn a_closed_company_counts_zero_from_its_day_on() {
    let counts = open([(1, report(date(2026, 11, 22), [(1, Some(5))]))]);
    for (closed_from, expected) in [(date(2026, 11, 23), 0), (date(2026, 11, 24), 5)] {
        let mut company = company(Some(7));
        company.closed_from = Some(closed_from);
        let settings = settings([(1, Some(11))], [(1, company)]);
        let plan = plan_partner(&settings, &integration(), &counts, now());
        assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(expected))]);
    }
}

#[test]
fn one_missing_count_makes_its_target_unknown_and_no_other() {
    let settings = settings(
        [(1, Some(11)), (2, Some(12))],
        [(1, company(Some(7))), (2, company(Some(7))), (3, company(Some(8)))],
    );
    let day = date(2026, 11, 22);
    let counts = open([
        (1, report(day, [(1, None), (2, Some(1))])),
        (2, report(day, [(1, Some(4)), (2, Some(1))])),
        // Too old.
        (3, report(date(2026, 11, 15), [(1, Some(4))])),
    ]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    assert_eq!(
        wanted(&plan),
        [
            (7, 11, Wanted::Unknown),
            (7, 12, Wanted::Units(2)),
            (8, 11, Wanted::Unknown),
            (8, 12, Wanted::Unknown)
        ]
    );
    assert!(plan.contracts[&ContractId(7)].needs_worker());
    assert!(!plan.contracts[&ContractId(8)].needs_worker());
    assert_eq!(plan.contracts[&ContractId(8)].targets[0].effective_date, None);
}

#[test]
fn case_b3_mappings_that_contradict_each_other_are_found() {
    type Edit = fn(&mut PartnerSettings);
    let day = date(2026, 11, 22);
    let planned = |edit: Edit| {
        let companies = [(1, company(Some(7))), (2, company(Some(7)))];
        let mut settings = settings([(1, Some(11)), (2, Some(11))], companies);
        edit(&mut settings);
        let counts = open([(1, report(day, [(1, Some(3))])), (2, report(day, [(1, Some(4))]))]);
        let plan = plan_partner(&settings, &integration(), &counts, now());
        plan.contracts[&ContractId(7)].contradiction.clone()
    };
    fn second(settings: &mut PartnerSettings) -> &mut CompanyMapping {
        let company = settings.companies.get_mut(&company_id(2)).expect("the second");
        company.mapping.as_mut().expect("it is mapped")
    }
    let twice = |id, told: &str, named: &str| {
        Some(Remark::TwoNames { id, told: told.to_owned(), named: named.to_owned() })
    };
    assert_eq!(planned(|_| {}), None);
    // Other spelling, or no name at all, is the same name.
    assert_eq!(planned(|all| second(all).contract.name = "contract  7".to_owned()), None);
    assert_eq!(planned(|all| second(all).account_name.clear()), None);
    let other: Edit = |all| second(all).contract.name = "Backup".to_owned();
    assert_eq!(planned(other), twice(7, "Contract 7", "Backup"));
    let other: Edit = |all| second(all).account_name = "Rossi".to_owned();
    assert_eq!(planned(other), twice(1, "Account", "Rossi"));
    let other: Edit = |all| {
        second(all).account = AccountId(2);
        second(all).account_name = "Rossi".to_owned();
    };
    let (told, named) = ("Account".to_owned(), "Rossi".to_owned());
    assert_eq!(planned(other), Some(Remark::TwoAccounts { id: 7, told, named }));
    let other: Edit = |all| {
        let product = all.products.get_mut(&product_id(2)).expect("the second");
        product.mapping.as_mut().expect("it is mapped").service_name = "Other".to_owned();
    };
    assert_eq!(planned(other), twice(11, "Service 11", "Other"));
}

#[test]
fn in_the_window_the_frozen_count_alone_is_planned() {
    let settings = settings([(1, Some(11)), (2, Some(12))], [(1, company(Some(7))), (2, company(Some(8)))]);
    let month = Month::of(date(2026, 10, 1));
    let count = FrozenCountOf { users: Some(5), report: true }.made(month);
    let frozen = FrozenMonth {
        month,
        frozen_at: now(),
        companies: BTreeMap::from([(company_id(1), BTreeMap::from([(product_id(1), count)]))]),
        newcomers: BTreeSet::new(),
    };
    let day = date(2026, 11, 5);
    let counts = Counts {
        phase: MonthPhase::Frozen(month),
        frozen: Some(frozen),
        ..open([(1, report(day, [(1, Some(50))])), (2, report(day, [(1, Some(60))]))])
    };
    let early = "2026-11-05T12:00:00Z".parse().expect("an instant");
    let plan = plan_partner(&settings, &integration(), &counts, early);
    assert_eq!(
        wanted(&plan),
        [
            (7, 11, Wanted::Units(5)),
            // Its report covered the company and did not list the product.
            (7, 12, Wanted::Units(0)),
            (8, 11, Wanted::Unknown),
            (8, 12, Wanted::Unknown)
        ]
    );
    assert_eq!(plan.contracts[&ContractId(7)].targets[0].effective_date, Some(date(2026, 10, 1)));
}

pub(super) struct FrozenCountOf {
    pub(super) users: Option<u32>,
    pub(super) report: bool,
}

impl FrozenCountOf {
    pub(super) fn made(self, month: Month) -> store::counts::month_ends::FrozenCount {
        store::counts::month_ends::FrozenCount {
            users: self.users,
            day: month.last_day(),
            counted_at: now(),
            report: self.report.then(|| ReportId::new("r").expect("an id")),
        }
    }
}

#[test]
fn a_contract_may_be_billed_otherwise_than_the_others() {
    let mut settings = settings([(1, Some(11))], [(1, company(Some(7))), (2, company(Some(8)))]);
    settings.contract_billing.insert(ContractId(8), Billing::Advance);
    let day = date(2026, 11, 22);
    let counts = open([(1, report(day, [(1, Some(1))])), (2, report(day, [(1, Some(1))]))]);
    let plan = plan_partner(&settings, &integration(), &counts, now());
    let dates: Vec<_> = plan.contracts.values().map(|contract| contract.targets[0].effective_date).collect();
    assert_eq!(dates, [Some(date(2026, 11, 1)), Some(date(2026, 12, 1))]);
}

#[test]
fn after_its_invoice_day_a_months_count_has_no_day_to_count_from() {
    let mut settings = settings([(1, Some(11))], [(1, company(Some(7))), (2, company(Some(8)))]);
    settings.contract_billing.insert(ContractId(8), Billing::Advance);
    let mut integration = integration();
    integration.settings.invoice_day = InvoiceDay::FIRST;
    // At two in the night the first report of the new month has not come in yet.
    let now = "2026-12-02T01:00:00Z".parse().expect("an instant");
    let dates = |day| {
        let counts = open([(1, report(day, [(1, Some(5))])), (2, report(day, [(1, Some(5))]))]);
        let plan = plan_partner(&settings, &integration, &counts, now);
        assert_eq!(wanted(&plan), [(7, 11, Wanted::Units(5)), (8, 11, Wanted::Units(5))]);
        plan.contracts.values().map(|contract| contract.targets[0].effective_date).collect::<Vec<_>>()
    };
    assert_eq!(
        dates(date(2026, 11, 30)),
        [None, Some(date(2027, 1, 1))],
        "in advance it is not of that month"
    );
    assert_eq!(dates(date(2026, 12, 1)), [Some(date(2026, 12, 1)), Some(date(2027, 1, 1))]);
}

/// A company's contract, and the counts its report lists; `None` for a count that could not be taken.
type Counted = (Option<i32>, Option<Vec<Option<u32>>>);

fn companies() -> impl Strategy<Value = Vec<Counted>> {
    let users = proptest::collection::vec(proptest::option::weighted(0.8, 0_u32..50), 0..5);
    proptest::collection::vec(
        (proptest::option::weighted(0.8, 1..5), proptest::option::weighted(0.8, users)),
        0..8,
    )
}

proptest! {
    #[test]
    fn every_mapped_count_is_in_exactly_one_sum(
        services in proptest::collection::vec(proptest::option::weighted(0.7, 11..14), 1..5),
        companies in companies(),
    ) {
        let settings = settings(
            (0_u8..).zip(services.iter().copied()),
            (0_u8..).zip(&companies).map(|(n, (contract, _))| (n, company(*contract))),
        );
        let day = date(2026, 11, 22);
        let counts = open((0_u8..).zip(&companies).filter_map(|(n, (_, users))| {
            Some((n, report(day, (0_u8..).zip(users.as_ref()?.iter().copied()))))
        }));
        let plan = plan_partner(&settings, &integration(), &counts, now());

        // The expected targets, summed in the other direction: over companies and products.
        let mut expected: BTreeMap<(i32, i32), Option<u32>> = BTreeMap::new();
        for (contract, users) in &companies {
            let Some(contract) = contract else { continue };
            for (n, service) in services.iter().enumerate() {
                let Some(service) = service else { continue };
                let count = users.as_ref().and_then(|users| users.get(n).copied().unwrap_or(Some(0)));
                let sum = expected.entry((*contract, *service)).or_insert(Some(0));
                *sum = sum.zip(count).map(|(sum, count)| sum + count);
            }
        }
        let planned: BTreeMap<(i32, i32), Option<u32>> = wanted(&plan)
            .into_iter()
            .map(|(contract, service, wanted)| {
                let units = match wanted { Wanted::Units(units) => Some(units), Wanted::Unknown => None };
                ((contract, service), units)
            })
            .collect();
        prop_assert_eq!(planned, expected);

        // Every company is somewhere, and only unmapped products with users are notes.
        for (n, (contract, _)) in (0_u8..).zip(&companies) {
            let id = company_id(n);
            match contract {
                Some(contract) => prop_assert!(plan.contracts[&ContractId(*contract)].companies.contains(&id)),
                None => prop_assert!(plan.unmapped.contains_key(&id)),
            }
        }
        for note in plan.contracts.values().flat_map(|contract| &contract.notes) {
            prop_assert!(note.users != Some(0));
            let known = settings.products.get(&note.product);
            prop_assert!(known.is_none_or(|product| product.mapping.is_none()));
        }
    }
}

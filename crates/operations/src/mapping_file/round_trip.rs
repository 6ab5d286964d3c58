//! A written file reads back the same, whatever characters the names contain.

use std::collections::BTreeMap;

use domain::{AccountId, BillingRule, CompanyId, ContractId, PartnerId, ProductId, ServiceId};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use store::{
    kaseya::names::KaseyaNames,
    settings::{Company, CompanyMapping, Contract, PartnerSettings, Product, ProductBilling, ProductMapping},
};

use super::{Comparison, Separator, comparison::compare, sheet};

/// Names of every character that a file could misread: quotes, separators, the signs of formulas and of text.
/// Control characters are not allowed in any text (G-15).
fn name() -> impl Strategy<Value = String> {
    let letters = ['a', 'È', '"', ',', ';', '\u{a0}', '＝', '=', '+', '-', '@', '\'', ' ', '\u{feff}', '漢'];
    prop::collection::vec(prop::sample::select(letters.to_vec()), 0..6)
        .prop_map(|letters| letters.into_iter().collect())
}

fn contract() -> impl Strategy<Value = Contract> {
    (1..i32::MAX, name()).prop_map(|(id, name)| Contract { id: ContractId(id), name })
}

fn mapping() -> impl Strategy<Value = CompanyMapping> {
    (name(), contract(), prop::option::of(contract())).prop_map(|(account_name, contract, own)| {
        let product_contracts = own.map(|own| (product("-standard"), own)).into_iter().collect();
        let account = AccountId(1);
        CompanyMapping { account, account_name, contract, product_contracts, version: 3 }
    })
}

fn billing() -> impl Strategy<Value = ProductBilling> {
    let words = name().prop_map(|name| format!("x{name}"));
    prop_oneof![
        words.prop_map(|note| ProductBilling { rule: BillingRule::NotBilled, note: Some(note) }),
        (1..100_u32, 0..9_u32).prop_map(|(minimum, included_free)| ProductBilling {
            rule: BillingRule::Billed { minimum, included_free },
            note: None
        }),
    ]
}

fn product(id: &str) -> ProductId {
    ProductId::new(id).expect("an id")
}

fn settings() -> impl Strategy<Value = PartnerSettings> {
    let service = prop::option::of((1..i32::MAX, name()));
    let company = (name(), prop::option::of(mapping()), prop::option::of(billing()));
    ((name(), service), prop::collection::vec(company, 0..4)).prop_map(|((product_name, service), known)| {
        let mapping = service
            .map(|(service, service_name)| ProductMapping { service: ServiceId(service), service_name });
        let companies = known.into_iter().enumerate().map(|(place, (name, mapping, billing))| {
            let id = CompanyId::new(format!("=company {place}")).expect("an id");
            let billing_rules = billing.map(|billing| (product("-standard"), billing)).into_iter().collect();
            (id, Company { name, closed_from: None, mapping, billing_rules })
        });
        PartnerSettings {
            partner: PartnerId::new("msp-1").expect("an id"),
            name: "MSP".to_owned(),
            count_zone: TimeZone::UTC,
            count_basis: domain::CountBasis::Users,
            integration: None,
            schedule: None,
            products: BTreeMap::from([(product("-standard"), Product { name: product_name, mapping })]),
            companies: companies.collect(),
            contract_billing: BTreeMap::new(),
        }
    })
}

proptest! {
    #[test]
    fn b_08_a_file_as_it_was_written_changes_nothing(stored in settings()) {
        for separator in [Separator::Comma, Separator::Semicolon] {
            let sheet = sheet::read(&sheet::write(&stored, separator)).expect("it is ours");
            let (comparison, _) = compare(&stored, &sheet, &KaseyaNames::default());
            prop_assert_eq!(comparison, Comparison::default());
        }
    }

    #[test]
    fn b_08_any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut file = sheet::write(&empty(), Separator::Comma);
        file.extend(bytes);
        if let Ok(sheet) = sheet::read(&file) {
            // No random row is about a company that exists.
            prop_assert_eq!(compare(&empty(), &sheet, &KaseyaNames::default()).0.differences, []);
        }
    }
}

fn empty() -> PartnerSettings {
    PartnerSettings {
        partner: PartnerId::new("msp-1").expect("an id"),
        name: "MSP".to_owned(),
        count_zone: TimeZone::UTC,
        count_basis: domain::CountBasis::Users,
        integration: None,
        schedule: None,
        products: BTreeMap::new(),
        companies: BTreeMap::new(),
        contract_billing: BTreeMap::new(),
    }
}

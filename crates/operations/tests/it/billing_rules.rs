//! Billing rules: what they say, and that a changed rule is a changed mapping.

use std::collections::BTreeMap;

use domain::{AccountId, BillingRule, ContractId};
use operations::{
    billing_rules::BillingForm,
    company_mapping::{CompanyEdit, MappingForm},
    not_saved::{Field, NotSaved},
};

use crate::world::{World, company, product};

async fn save(world: &World, form: BillingForm) -> Result<(), NotSaved> {
    let rules = BTreeMap::from([(product("standard"), form)]);
    world.acting().save_billing_rules(&world.partner, &company("one"), &rules).await
}

async fn rule(world: &World) -> BillingRule {
    world.settings().await.companies[&company("one")].billing_rule(&product("standard"))
}

fn not_billed(note: &str) -> BillingForm {
    BillingForm::NotBilled { minimum: 0, included_free: 0, note: note.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_05_a_company_is_not_billed_with_a_note_or_by_figures() {
    let world = World::connected().await;
    let mapping = MappingForm {
        account: Some((AccountId(301), "A".to_owned())),
        contract: Some((ContractId(5001), "C".to_owned())),
        product_contracts: BTreeMap::new(),
    };
    let edit =
        CompanyEdit { company: company("one"), shown: None, mapping: Some(mapping), add_together: false };
    world.acting().save_company_mapping(&world.partner, edit).await.expect("it is right");
    let version = world.version("one").await;

    let without = save(&world, not_billed(" ")).await;
    let Err(NotSaved::Mistakes(mistakes)) = without else { panic!("{without:?}") };
    assert_eq!(mistakes[0].field, Field::Note);
    save(&world, not_billed("Own use")).await.expect("it is right");
    assert_eq!(rule(&world).await, BillingRule::NotBilled);
    assert_eq!(world.version("one").await, version.map(|version| version + 1));

    let figures =
        |minimum, included_free| BillingForm::Figures { minimum, included_free, note: String::new() };
    let negative = save(&world, figures(-1, 0)).await;
    let Err(NotSaved::Mistakes(mistakes)) = negative else { panic!("{negative:?}") };
    assert_eq!(mistakes[0].field, Field::Minimum);
    save(&world, figures(5, 2)).await.expect("it is right");
    assert_eq!(rule(&world).await, BillingRule::Billed { minimum: 5, included_free: 2 });
    save(&world, BillingForm::AsCounted).await.expect("it is right");
    assert_eq!(rule(&world).await, BillingRule::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a10_a_line_whose_company_is_not_billed_any_more_is_asked_about_at_once() {
    let world = World::connected().await;
    world
        .sql(
            "insert into product_mappings values ('msp-1', 'standard', 11, 'PB Standard');
             insert into company_mappings values ('msp-1', 'one', 301, 'A', 5001, 'C', 1, '2026-11-01Z');
             insert into targets (partner_id, contract_id, service_id, account_id, account_name, contract_name, service_name,
                                  confirmed_units, confirmed_at, shares, shares_run_number)
             values ('msp-1', 5001, 11, 301, 'A', 'C', 'PB Standard', 10, '2026-11-22Z',
                     '[{\"company\": \"one\", \"product\": \"standard\", \"units\": 10}]', 0);
             insert into lines (partner_id, contract_id, line_id, service_id, units, unit_price, seen_at, run_number)
             values ('msp-1', 5001, 90, 11, 10, 3.5, '2026-11-22Z', 0)",
        )
        .await;
    let holds = "select string_agg(concat_ws(' ', brake, state, contract_id, from_units, company_ids), ', ') from holds";
    save(&world, BillingForm::Figures { minimum: 5, included_free: 0, note: String::new() })
        .await
        .expect("saved");
    assert_eq!(world.text(holds).await, None, "it is billed still");
    save(&world, not_billed("Own use")).await.expect("saved");
    assert_eq!(world.text(holds).await.as_deref(), Some("leftover open 5001 10 {one}"));
    save(&world, BillingForm::AsCounted).await.expect("saved");
    assert_eq!(world.text(holds).await.as_deref(), Some("leftover gone 5001 10 {one}"));
}

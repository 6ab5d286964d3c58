//! Companies' accounts and contracts: versions, questions, leftovers.

use std::collections::BTreeMap;

use domain::{AccountId, ContractId, ServiceId};
use operations::{
    company_mapping::{CompanyEdit, MappingForm},
    not_saved::{Field, MistakeKind, NotSaved},
};

use crate::world::{World, company, product};

fn edit(id: &str, shown: Option<u32>, contract: i32) -> CompanyEdit {
    let mapping = MappingForm {
        account: Some((AccountId(301), "Azienda 1".to_owned())),
        contract: Some((ContractId(contract), format!("Contract {contract}"))),
        product_contracts: BTreeMap::new(),
    };
    CompanyEdit { company: company(id), shown, mapping: Some(mapping), add_together: false }
}

async fn save(world: &World, edit: CompanyEdit) -> Result<usize, NotSaved> {
    world.acting().save_company_mapping(&world.partner, edit).await.map(|leftovers| leftovers.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn s_43_a_mapping_without_a_contract_is_refused_and_s_19_one_before_the_first_save() {
    let world = World::new().await;
    let refused = save(&world, edit("one", None, 5001)).await;
    assert!(matches!(refused, Err(NotSaved::NotConnected)), "{refused:?}");
    world
        .connections
        .save(&world.actor, &world.partner, &world.form(crate::world::RIGHT))
        .await
        .expect("it is right");
    let mut without = edit("one", None, 5001);
    without.mapping.as_mut().expect("a mapping").contract = None;
    let Err(NotSaved::Mistakes(mistakes)) = save(&world, without).await else { panic!("it is refused") };
    assert_eq!((mistakes[0].field, &mistakes[0].kind), (Field::Contract, &MistakeKind::Missing));
    assert_eq!(world.version("one").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_meanwhile_is_not_written_over() {
    let world = World::connected().await;
    save(&world, edit("one", None, 5001)).await.expect("it is right");
    let version = world.version("one").await;
    let refused = save(&world, edit("one", None, 5002)).await;
    assert!(matches!(refused, Err(NotSaved::Stale { version: now }) if now == version), "{refused:?}");
    save(&world, edit("one", version, 5001)).await.expect("it is right");
    assert_eq!(world.version("one").await, version, "nothing has moved");
    save(&world, edit("one", version, 5002)).await.expect("it is right");
    assert_eq!(world.version("one").await, version.map(|version| version + 1));
    let remove = CompanyEdit { mapping: None, ..edit("one", version, 5002) };
    let refused = save(&world, remove.clone()).await;
    assert!(matches!(refused, Err(NotSaved::Stale { .. })), "{refused:?}");
    let remove = CompanyEdit { shown: version.map(|version| version + 1), ..remove };
    save(&world, remove).await.expect("it is right");
    assert_eq!(world.version("one").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_34_two_companies_on_one_line_are_asked_about_and_an_account_has_its_own_contracts() {
    let world = World::connected().await;
    save(&world, edit("one", None, 5001)).await.expect("it is right");
    let Err(NotSaved::AddCompaniesTogether(others)) = save(&world, edit("two", None, 5001)).await else {
        panic!("it is asked");
    };
    assert_eq!(others, [company("one")]);
    let together = CompanyEdit { add_together: true, ..edit("two", None, 5001) };
    save(&world, together).await.expect("it is answered");
    save(&world, edit("two", world.version("two").await, 5001)).await.expect("it was answered");

    let mut elsewhere = edit("three", None, 5001);
    elsewhere.mapping.as_mut().expect("a mapping").account = Some((AccountId(302), "Azienda 2".to_owned()));
    let Err(NotSaved::Mistakes(mistakes)) = save(&world, elsewhere).await else { panic!("it is refused") };
    let both = vec![company("one"), company("two")];
    assert_eq!(mistakes[0].kind, MistakeKind::OtherAccount(both));

    // Products of different services are different lines.
    let mut own = edit("three", None, 5009);
    let services = BTreeMap::from([
        (product("standard"), Some((ServiceId(701), "S".to_owned()))),
        (product("advanced"), Some((ServiceId(702), "A".to_owned()))),
    ]);
    world.acting().save_product_mappings(&world.partner, &services, false).await.expect("it is right");
    let contracts = BTreeMap::from([(product("advanced"), (ContractId(5001), "Contract 5001".to_owned()))]);
    own.mapping.as_mut().expect("a mapping").product_contracts = contracts;
    let asked = save(&world, own).await;
    assert!(matches!(asked, Err(NotSaved::AddCompaniesTogether(_))), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_each_that_can_be_is_saved_and_each_is_checked_against_those_before_it() {
    let world = World::connected().await;
    let edits = [edit("one", None, 5001), edit("two", None, 5001), edit("three", None, 5003)];
    let saved = world.acting().save_company_mappings(&world.partner, &edits).await.expect("it is stored");
    let refused: Vec<usize> = saved.refused.iter().map(|(place, _)| *place).collect();
    assert_eq!(refused, [1], "{:?}", saved.refused);
    assert!(world.version("one").await.is_some() && world.version("three").await.is_some());
    assert_eq!(world.version("two").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_a_line_that_is_left_over_is_asked_about() {
    let world = World::connected().await;
    save(&world, edit("one", None, 5001)).await.expect("it is right");
    let services = BTreeMap::from([(product("standard"), Some((ServiceId(701), "S".to_owned())))]);
    world.acting().save_product_mappings(&world.partner, &services, false).await.expect("it is right");
    world
        .sql(
            "insert into targets (partner_id, contract_id, service_id, confirmed_units, confirmed_at, shares,
                 shares_run_number, account_id, account_name, contract_name, service_name)
             values ('msp-1', 5001, 701, 3, '2026-11-22Z',
                 '[{\"company\": \"one\", \"product\": \"standard\", \"units\": 3}]', 1, 301, 'A', 'C', 'S');
             insert into lines values ('msp-1', 5001, 9001, 701, 3, 4.5, '2026-11-01', '2026-11-22Z', 1)",
        )
        .await;
    let shown = world.version("one").await;
    let remove = CompanyEdit { mapping: None, ..edit("one", shown, 5001) };
    let left = world.acting().save_company_mapping(&world.partner, remove).await.expect("it is right");
    let [left] = &left[..] else { panic!("{left:?}") };
    assert_eq!(
        (left.contract.0, left.units, &left.companies[..]),
        (ContractId(5001), 3.0, &[company("one")][..])
    );
}

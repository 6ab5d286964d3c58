//! A change is stored with who made it; a refused change or a comparison is not (F8).

use std::collections::BTreeMap;

use domain::{AccountId, ContractId, ServiceId};
use operations::{
    billing_rules::BillingForm,
    company_mapping::{CompanyEdit, MappingForm},
    schedule::ScheduleForm,
};

use crate::world::{RIGHT, World, company, product};

#[tokio::test(flavor = "multi_thread")]
async fn case_f8_each_setting_is_kept_with_who_changed_it() {
    let world = World::connected().await;
    let (acting, partner) = (world.acting(), &world.partner);
    let services = BTreeMap::from([(product("standard"), Some((ServiceId(701), "Standard".to_owned())))]);
    acting.save_product_mappings(partner, &services, false).await.expect("it is right");
    let mapping = MappingForm {
        account: Some((AccountId(301), "Azienda 1".to_owned())),
        contract: Some((ContractId(5001), "Servizi gestiti".to_owned())),
        product_contracts: BTreeMap::new(),
    };
    let edit =
        CompanyEdit { company: company("one"), shown: None, mapping: Some(mapping), add_together: false };
    acting.save_company_mapping(partner, edit.clone()).await.expect("it is right");
    acting.save_company_mapping(partner, edit).await.expect_err("it was changed meanwhile");
    let own_use = BillingForm::NotBilled { minimum: 0, included_free: 0, note: "Own use".to_owned() };
    let rules = BTreeMap::from([(product("standard"), own_use)]);
    acting.save_billing_rules(partner, &company("one"), &rules).await.expect("it is right");
    let daily = ScheduleForm { weekly: false, weekday: None, hour: Some(2), zone: "Europe/Rome".to_owned() };
    acting.save_schedule(partner, &daily).await.expect("it is right");
    let wrong = ScheduleForm { hour: Some(24), ..daily };
    acting.save_schedule(partner, &wrong).await.expect_err("no day has so many hours");
    let file = b"row,company_id,company,product_id,product,account_id,account,contract_id,contract,service_id,service,billing,minimum,included_free,note\n\
                 product,,,standard,Standard,,,,,,,,,,\n";
    let shown = acting.look_at_mapping_file(partner, file).await.expect("it is a file");
    acting.apply_mapping_file(partner, file, &shown.mark(), false).await.expect("it is as it was shown");
    for _ in 0..2 {
        acting.switch_off(partner).await.expect("it answers");
    }
    let on = world.form(RIGHT);
    world.connections.save(&world.actor, partner, &on).await.expect("it is right");
    let host = "bms.kaseya.com";
    assert_eq!(
        world.events().await,
        [
            format!("connection_saved Pia {host}"),
            "products_mapped Pia products".to_owned(),
            "companies_mapped Pia one".to_owned(),
            "billing_rules_saved Pia one".to_owned(),
            "schedule_saved Pia schedule".to_owned(),
            "mapping_file_applied Pia mapping file".to_owned(),
            "switched_off Pia integration".to_owned(),
            format!("connection_saved Pia {host}"),
            "switched_on Pia integration".to_owned(),
        ]
    );
    let sql = "select details::text from security_events where kind = 'companies_mapped'";
    let details = world.text(sql).await.expect("a row");
    assert!(details.contains("301") && details.contains("5001"), "{details}");
}

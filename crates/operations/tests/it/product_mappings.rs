//! Services of products: only those listed change, and two on one service need confirmation.

use std::collections::BTreeMap;

use domain::ServiceId;
use operations::{
    not_saved::{Field, MistakeKind, NotSaved},
    product_mappings::ProductServices,
};

use crate::world::{World, product};

fn services(of: &[(&str, Option<i32>)]) -> ProductServices {
    of.iter()
        .map(|(id, service)| (product(id), service.map(|id| (ServiceId(id), format!("Service {id}")))))
        .collect()
}

async fn stored(world: &World) -> BTreeMap<String, Option<i32>> {
    let products = world.settings().await.products;
    products
        .into_iter()
        .map(|(id, known)| (id.to_string(), known.mapping.map(|mapping| mapping.service.0)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s_19_s_25_mappings_come_after_the_first_save_and_only_what_is_listed_changes() {
    let world = World::new().await;
    let operations = world.acting();
    let one = services(&[("standard", Some(701))]);
    let refused = operations.save_product_mappings(&world.partner, &one, false).await;
    assert!(matches!(refused, Err(NotSaved::NotConnected)), "{refused:?}");
    world
        .connections
        .save(&world.actor, &world.partner, &world.form(crate::world::RIGHT))
        .await
        .expect("it is right");
    operations.save_product_mappings(&world.partner, &one, false).await.expect("it is right");
    let other = services(&[("advanced", Some(702))]);
    operations.save_product_mappings(&world.partner, &other, false).await.expect("it is right");
    let gone = services(&[("standard", None)]);
    operations.save_product_mappings(&world.partner, &gone, false).await.expect("it is right");
    let expected = BTreeMap::from([("advanced".to_owned(), Some(702)), ("standard".to_owned(), None)]);
    assert_eq!(stored(&world).await, expected);

    let unknown = services(&[("trial", Some(701))]);
    let Err(NotSaved::Mistakes(mistakes)) =
        operations.save_product_mappings(&world.partner, &unknown, false).await
    else {
        panic!("there is no such product");
    };
    assert_eq!(mistakes[0].field, Field::Product);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_34_two_products_on_one_service_are_asked_about_once() {
    let world = World::connected().await;
    let operations = world.acting();
    let both = services(&[("standard", Some(701)), ("advanced", Some(701))]);
    let Err(NotSaved::AddProductsTogether(products)) =
        operations.save_product_mappings(&world.partner, &both, false).await
    else {
        panic!("it is asked");
    };
    assert_eq!(products, [product("advanced"), product("standard")]);
    assert_eq!(stored(&world).await["standard"], None);
    operations.save_product_mappings(&world.partner, &both, true).await.expect("it is answered");
    operations.save_product_mappings(&world.partner, &both, false).await.expect("it was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b3_a_service_is_believed_only_by_the_name_that_kaseya_showed() {
    let world = World::connected().await;
    let operations = world.acting();
    // Names are compared with what a person looked up.
    world.connections.services(&world.partner, "").await.expect("it is read");
    let swapped = services(&[("standard", Some(701))]);
    let Err(NotSaved::Mistakes(mistakes)) =
        operations.save_product_mappings(&world.partner, &swapped, false).await
    else {
        panic!("Kaseya calls it otherwise");
    };
    let (told, named) = ("Service 701".to_owned(), "Password Boss Standard".to_owned());
    assert_eq!(mistakes[0].kind, MistakeKind::NotItsName { id: 701, told, named });
    assert_eq!(stored(&world).await.get("standard"), Some(&None));
    let right = (ServiceId(701), "password boss standard".to_owned());
    let right = BTreeMap::from([(product("standard"), Some(right))]);
    operations.save_product_mappings(&world.partner, &right, false).await.expect("it is right");
    // Kaseya's own name is shown.
    world.connections.services(&world.partner, "").await.expect("it is read");
    let settings = world.settings().await;
    let mapping = settings.products[&product("standard")].mapping.as_ref().expect("it is mapped");
    assert_eq!(mapping.service_name, "Password Boss Standard");
}

//! Stored passwords sealed with a new key while everything runs.

use connection::credentials;
use operations::key_rotation::Rotated;
use secrecy::{ExposeSecret as _, SecretString};
use testkit::entropy;
use vault::KeyRing;

use crate::world::{RIGHT, World};

async fn opens(world: &World, keys: &KeyRing) -> bool {
    let stored = world.settings().await.integration.expect("an integration");
    let opened = credentials::open(&world.partner, &stored.credentials, keys);
    opened.is_some_and(|opened| {
        opened.password.expose_secret() == RIGHT && credentials::are_stored(&opened, &stored, keys)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_password_is_sealed_with_the_new_key_and_one_that_no_key_opens_is_named() {
    let world = World::connected().await;
    let entropy = entropy(11);
    let second = KeyRing::generate("second", |bytes| entropy.fill(bytes)).expect("a ring");
    let alone = KeyRing::parse(&second).expect("a ring");
    let old = world.ring.expose_secret().replace("write", "read");
    let both = SecretString::from(format!("{}{old}", second.expose_secret()));
    let both = KeyRing::parse(&both).expect("a ring");
    let rotate =
        async |keys: &KeyRing| world.operations().rotate_keys(keys).await.expect("the database answers");

    let unopened = Rotated { unopened: vec![world.partner.clone()], ..Rotated::default() };
    assert_eq!(rotate(&alone).await, unopened, "the first key is not in this ring");
    assert!(!opens(&world, &alone).await);

    assert_eq!(rotate(&both).await, Rotated { resealed: 1, ..Rotated::default() });
    assert!(opens(&world, &alone).await, "the first key is not needed any more, neither for the marks");
    assert_eq!(rotate(&both).await, Rotated { already: 1, ..Rotated::default() });
}

//! F1 a and b: logins are counted by what is called, whatever host, tenant or user was typed. What a partner has
//! not proven delays no partner that has.

use connection::{NotTried, OpenCredentials};
use kaseya_simulator::{Clock, Running, Simulator, State};

use crate::world::{RIGHT, World};

/// OpenCredentials under a host, tenant and user of the attacker's choice that all reach the same Kaseya.
fn under_label(world: &World, label: usize, password: &str) -> OpenCredentials {
    let base = world.kaseya.base_url();
    let (tenants, users) = (["Example MSP", "EXAMPLE msp", " example  MSP "], ["sync", "SYNC", "Sync "]);
    // The V1 path differs each time: while the password is wrong, only V2 is called.
    OpenCredentials {
        host: format!("label-{label}.example.com"),
        v1_base: Some(format!("{base}/api{}", if label.is_multiple_of(2) { "" } else { "/other" })),
        tenant: tenants[label % 3].to_owned(),
        user_name: users[label % 3].to_owned(),
        ..world.values(password)
    }
}

/// The attacker's own Kaseya, which refuses every login.
async fn own_server() -> Running {
    let state = State::builder().login("nobody", "nothing", "None").build();
    let clock = Clock::standing("2026-11-23T10:00:00Z".parse().expect("an instant"));
    Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

fn at(server: &Running, values: OpenCredentials) -> OpenCredentials {
    let base = server.base_url();
    OpenCredentials { v2_base: Some(base.clone()), v1_base: Some(format!("{base}/api")), ..values }
}

#[tokio::test]
async fn case_f1_a_wrong_logins_under_eight_labels_lock_nobody() {
    let world = World::new().await;
    world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    let mut waits = 0;
    for label in 0..8 {
        let tried =
            world.try_as("attacker", &under_label(&world, label, &format!("wrong {label}")), false).await;
        waits += usize::from(matches!(tried, Err(NotTried::NotBefore { .. })));
    }
    assert_eq!((world.kaseya.logins().v2_refused, waits), (1, 7));
    assert_eq!(world.kaseya.locked_out(), 0);
    // The neighbour goes on, as often as it likes.
    for _ in 0..3 {
        let tried = world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
        assert!(tried.is_proven(), "{tried:?}");
    }
}

#[tokio::test]
async fn case_f1_a_partners_that_kaseya_never_let_in_share_one_limit() {
    let world = World::new().await;
    for label in 0..8 {
        let partner = format!("attacker-{}", label % 4);
        let wrong = under_label(&world, label, &format!("wrong {label}"));
        let _ = world.try_as(&partner, &wrong, false).await;
    }
    assert_eq!(world.kaseya.logins().v2_refused, 4, "Kaseya locks at the fifth");
    world.pass(31);
    let tried = world.try_as("new", &world.values(RIGHT), false).await.expect("it is tried");
    assert!(tried.is_proven(), "{tried:?}");
}

#[tokio::test]
async fn case_f1_b_refusals_of_an_own_server_under_a_victims_label_keep_nobody_waiting() {
    let world = World::new().await;
    let own = own_server().await;
    // Before the victim's first login too: it is another server.
    for password in ["one", "two", "three"] {
        world.try_as("attacker", &at(&own, world.values(password)), false).await.expect("it is tried");
    }
    assert_eq!(own.logins().v2_refused, 3);
    let first = world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    assert!(first.is_proven(), "{first:?}");
}

#[tokio::test]
async fn case_f1_b_what_is_not_proven_counts_against_itself_alone() {
    let world = World::new().await;
    world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    world.try_as("attacker", &world.values("one"), false).await.expect("it is tried");
    let waits = world.try_as("attacker", &world.values("two"), false).await;
    assert!(matches!(waits, Err(NotTried::NotBefore { .. })), "{waits:?}");
    // Neither with the proven password, nor with its own mistyped one.
    for _ in 0..2 {
        let tried = world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
        assert!(tried.is_proven(), "{tried:?}");
    }
    world.try_as("victim", &world.values("mistyped"), false).await.expect("it is tried");
}

#[tokio::test]
async fn case_f1_b_strangers_and_a_mistyping_victim_together_lock_nobody() {
    let world = World::new().await;
    world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    for stranger in 0..4 {
        let mut values = world.values(&format!("wrong {stranger}"));
        if stranger == 2 {
            // Another spelling of the same address.
            values.v2_base = Some(format!("{}//", world.kaseya.base_url()));
        }
        let _ = world.try_as(&format!("stranger-{stranger}"), &values, false).await;
    }
    for password in ["mistyped", "again", "and again", "once more"] {
        let _ = world.try_as("victim", &world.values(password), false).await;
    }
    assert!(world.kaseya.logins().v2_refused < 5, "{:?}", world.kaseya.logins());
    assert_eq!(world.kaseya.locked_out(), 0);
    world.pass(31);
    let tried = world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    assert!(tried.is_proven(), "{tried:?}");
}

#[tokio::test]
async fn case_f1_b_both_that_have_proven_it_share_the_counter() {
    let world = World::new().await;
    for partner in ["msp-1", "msp-2"] {
        world.try_as(partner, &world.values(RIGHT), false).await.expect("it is tried");
    }
    for password in ["one", "two", "three"] {
        world.try_as("msp-1", &world.values(password), false).await.expect("it is tried");
    }
    let waits = world.try_as("msp-2", &world.values("four"), false).await;
    assert!(matches!(waits, Err(NotTried::NotBefore { .. })), "{waits:?}");
    assert_eq!(world.kaseya.logins().v2_refused, 3);
}

#[tokio::test]
async fn case_f1_b_a_login_at_one_host_of_two_proves_nothing_of_the_other() {
    let world = World::new().await;
    let base = world.kaseya.base_url();
    world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    // The attacker's own server accepts its login, and its V1 is the victim's Kaseya.
    let state = State::builder().login("sync", "anything", "Example MSP").build();
    let clock = Clock::standing("2026-11-23T10:00:00Z".parse().expect("an instant"));
    let own = Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let half = |password: &str| OpenCredentials {
        v2_base: Some(own.base_url()),
        v1_base: Some(format!("{base}/api")),
        ..world.values(password)
    };
    let mut tried = 0;
    for _ in 0..6 {
        tried += usize::from(world.try_as("attacker", &half("anything"), false).await.is_ok());
        own.edit(|state| state.login.password = format!("anything {tried}")).expect("nothing is kept");
    }
    assert!(world.kaseya.logins().v1_refused <= 3, "{:?}", world.kaseya.logins());
    assert_eq!(world.kaseya.locked_out(), 0);
    let alone = "select count(*) from calls_made where alone = 'victim' or alone = ''";
    let before = world.text(alone).await;
    world.try_as("attacker", &half("more"), false).await.ok();
    assert_eq!(world.text(alone).await, before, "the attacker's calls are its own");
    let tried = world.try_as("victim", &world.values(RIGHT), false).await.expect("it is tried");
    assert!(tried.is_proven(), "{tried:?}");
}

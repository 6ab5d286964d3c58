//! Marks show whether credentials are the same, and nothing else.

use proptest::prelude::*;
use secrecy::SecretString;
use vault::{KeyRing, Login};

const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const B: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn marks(ring: &str, [host, tenant, user, password]: [&str; 4]) -> Vec<String> {
    let ring = KeyRing::parse(&SecretString::from(ring)).expect("a ring");
    ring.marks(&Login { host, tenant, user }, &SecretString::from(password))
}

proptest! {
    #[test]
    fn only_the_same_credentials_have_the_same_mark(
        one in prop::array::uniform4(".{0,6}"), other in prop::array::uniform4(".{0,6}"),
    ) {
        let ring = format!("write a {A}");
        let [first, again, second] = [&one, &one, &other].map(|texts| marks(&ring, texts.each_ref().map(|text| text.as_str())));
        prop_assert_eq!(&first, &again);
        prop_assert_eq!(first == second, one == other);
    }

    #[test]
    fn texts_do_not_run_into_one_another(tenant in "[a-z]{1,6}", user in "[a-z]{1,6}") {
        let ring = format!("write a {A}");
        let joined = format!("{tenant}{user}");
        prop_assert_ne!(marks(&ring, ["h", &tenant, &user, "p"]), marks(&ring, ["h", &joined, "", "p"]));
    }
}

#[test]
fn a_mark_is_known_again_after_the_ring_has_a_new_key() {
    let values = ["bms.kaseya.com", "Acme IT", "sync", "canary-secret"];
    let before = marks(&format!("write a {A}"), values);
    let after = marks(&format!("write b {B}\nread a {A}"), values);
    assert_eq!((after.len(), &after[1]), (2, &before[0]));
    assert_ne!(after[0], before[0], "each key has marks of its own");
    assert!(!after.concat().contains("canary"));
}

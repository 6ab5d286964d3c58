//! Sealing, opening and rotating secrets.

use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use vault::{Associated, KeyRing, KeyRingError, Sealed, VaultError};

const HERE: Associated<'static> = Associated {
    partner: "msp-1",
    host: "bms.kaseya.com",
    v2_base: Some("https://api.bms.kaseya.com"),
    v1_base: None,
    tenant: "Acme IT",
    user: "sync",
};
const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const B: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Bytes that differ from call to call, repeatably.
fn counting(seed: u8) -> impl FnMut(&mut [u8]) {
    let mut next = u64::from(seed);
    move |bytes| {
        for byte in bytes {
            next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (next >> 33) as u8;
        }
    }
}

fn ring(text: &str) -> Result<KeyRing, KeyRingError> {
    KeyRing::parse(&SecretString::from(text))
}

fn seal(ring: &KeyRing, secret: &str) -> Sealed {
    ring.seal(&HERE, &SecretString::from(secret), counting(1))
}

proptest! {
    #[test]
    fn what_was_sealed_opens_as_it_was(
        secret in ".*", partner in ".*", host in ".*", base in ".*", tenant in ".*", user in ".*", seed: u8,
    ) {
        let ring = ring(&format!("write a {A}")).unwrap();
        let (v2_base, v1_base) = (Some(base.as_str()), None);
        let at = Associated { partner: &partner, host: &host, v2_base, v1_base, tenant: &tenant, user: &user };
        let sealed = ring.seal(&at, &SecretString::from(secret.clone()), counting(seed));
        let opened = ring.open(&at, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), secret);
    }

    #[test]
    fn any_changed_character_is_refused(secret in ".{0,40}", at: prop::sample::Index, to in "[ -~]") {
        let ring = ring(&format!("write a {A}\nread b {B}")).unwrap();
        let sealed = seal(&ring, &secret);
        let at = at.index(sealed.as_str().len());
        let changed = format!("{}{to}{}", &sealed.as_str()[..at], &sealed.as_str()[at + 1..]);
        prop_assume!(changed != sealed.as_str());
        prop_assert!(ring.open(&HERE, &Sealed::from_text(changed)).is_err());
    }

    #[test]
    fn a_shortened_or_lengthened_text_is_refused(cut in 0_usize..200, more in "[A-Za-z0-9._-]{1,8}") {
        let ring = ring(&format!("write a {A}")).unwrap();
        let sealed = seal(&ring, "pass");
        let cut = cut.min(sealed.as_str().len() - 1);
        prop_assert!(ring.open(&HERE, &Sealed::from_text(&sealed.as_str()[..cut])).is_err());
        let longer = Sealed::from_text(sealed.as_str().to_owned() + &more);
        prop_assert!(ring.open(&HERE, &longer).is_err());
    }

    #[test]
    fn any_text_is_refused_without_panic(text in "(v[12]\\.)?.*") {
        let ring = ring(&format!("write a {A}")).unwrap();
        prop_assert!(ring.open(&HERE, &Sealed::from_text(text)).is_err());
    }

    #[test]
    fn other_associated_data_is_refused(which in 0_usize..6, other in ".+") {
        let mut texts = [HERE.partner, HERE.host, HERE.tenant, HERE.user, HERE.v2_base.unwrap_or_default(), ""];
        prop_assume!(texts[which] != other);
        texts[which] = &other;
        let [partner, host, tenant, user, v2_base, v1_base] = texts;
        let v1_base = Some(v1_base).filter(|base| !base.is_empty());
        let there = Associated { partner, host, v2_base: Some(v2_base), v1_base, tenant, user };
        let ring = ring(&format!("write a {A}\nread b {B}")).unwrap();
        let sealed = seal(&ring, "pass");
        prop_assert_eq!(ring.open(&there, &sealed).unwrap_err(), VaultError::Refused);
        prop_assert_eq!(ring.rewrap(&there, &sealed, counting(2)).unwrap_err(), VaultError::Refused);
    }
}

#[test]
fn text_moved_between_two_fields_is_other_associated_data() {
    let ring = ring(&format!("write a {A}")).unwrap();
    let one = Associated { tenant: "ab", user: "c", ..HERE };
    let other = Associated { tenant: "a", user: "bc", ..HERE };
    let sealed = ring.seal(&one, &SecretString::from("pass"), counting(1));
    assert_eq!(ring.open(&other, &sealed).unwrap_err(), VaultError::Refused);
}

#[test]
fn case_f2_a_base_address_does_not_move_to_the_other_interface_or_away() {
    let ring = ring(&format!("write a {A}")).unwrap();
    let sealed = seal(&ring, "pass");
    for (v2_base, v1_base) in [(None, HERE.v2_base), (None, None), (HERE.v2_base, HERE.v2_base)] {
        let there = Associated { v2_base, v1_base, ..HERE };
        assert_eq!(ring.open(&there, &sealed).unwrap_err(), VaultError::Refused);
    }
}

/// A form that this program does not write opens nothing, so nobody can put one back.
#[test]
fn case_f2_another_form_does_not_open() {
    let ring = ring(&format!("write a {A}")).unwrap();
    let sealed = seal(&ring, "pass");
    for form in ["v1.", "v3.", ""] {
        let other = Sealed::from_text(sealed.as_str().replacen("v2.", form, 1));
        assert_eq!(ring.open(&HERE, &other).unwrap_err(), VaultError::Refused);
        assert_eq!(ring.rewrap(&HERE, &other, counting(2)).unwrap_err(), VaultError::Refused);
    }
}

#[test]
fn an_unknown_key_is_told_apart_from_a_refusal() {
    let sealed = seal(&ring(&format!("write a {A}")).unwrap(), "pass");
    let without = ring(&format!("write b {B}")).unwrap();
    assert_eq!(without.open(&HERE, &sealed).unwrap_err(), VaultError::UnknownKey("a".into()));
    let same_id_other_key = ring(&format!("write a {B}")).unwrap();
    assert_eq!(same_id_other_key.open(&HERE, &sealed).unwrap_err(), VaultError::Refused);
}

#[test]
fn rotation_moves_a_record_to_the_new_key_and_keeps_the_secret() {
    let old = ring(&format!("write a {A}")).unwrap();
    let both = ring(&format!("# rotating\n\nread a {A}\nwrite b {B}\n")).unwrap();
    let new = ring(&format!("write b {B}")).unwrap();
    let sealed = seal(&old, "pass");
    assert_eq!(both.open(&HERE, &sealed).unwrap().expose_secret(), "pass");
    let moved = both.rewrap(&HERE, &sealed, counting(9)).unwrap().expect("it was wrapped with the old key");
    assert_eq!(new.open(&HERE, &moved).unwrap().expose_secret(), "pass");
    assert_eq!(old.open(&HERE, &moved).unwrap_err(), VaultError::UnknownKey("b".into()));
    assert_eq!(both.rewrap(&HERE, &moved, counting(10)).unwrap(), None);
}

#[test]
fn a_data_key_moved_to_another_record_is_refused() {
    let ring = ring(&format!("write a {A}")).unwrap();
    let one = ring.seal(&HERE, &SecretString::from("one"), counting(1));
    let two = ring.seal(&HERE, &SecretString::from("two"), counting(2));
    let [one, two] = [&one, &two].map(|sealed| sealed.as_str().split('.').collect::<Vec<_>>());
    let mixed = Sealed::from_text([one[0], one[1], one[2], two[3]].join("."));
    assert_eq!(ring.open(&HERE, &mixed).unwrap_err(), VaultError::Refused);
}

#[test]
fn a_generated_ring_works() {
    let ring = KeyRing::parse(&KeyRing::generate("2026-11", counting(3)).unwrap()).unwrap();
    assert_eq!(ring.writer_id(), "2026-11");
    assert_eq!(ring.open(&HERE, &seal(&ring, "pass")).unwrap().expose_secret(), "pass");
    assert!(matches!(KeyRing::generate("with blank", counting(3)), Err(KeyRingError::Id { line: 1 })));
}

#[test]
fn a_ring_is_read_from_a_file_and_a_missing_file_is_named() {
    let path = std::env::temp_dir().join(format!("key-ring-{}", std::process::id()));
    std::fs::write(&path, format!("write a {A}\n")).unwrap();
    assert_eq!(KeyRing::read(&path).unwrap().writer_id(), "a");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(KeyRing::read(&path), Err(KeyRingError::File(_))));
}

#[test]
fn a_changed_file_is_taken_without_a_restart_and_a_broken_one_is_not() {
    let path = std::env::temp_dir().join(format!("changed-key-ring-{}", std::process::id()));
    std::fs::write(&path, format!("write a {A}\n")).unwrap();
    let ring = KeyRing::read(&path).unwrap();
    let sealed = seal(&ring, "pass");
    std::fs::write(&path, format!("write b {B}\nread a {A}\n")).unwrap();
    let again = ring.rewrap(&HERE, &sealed, counting(9)).unwrap().expect("wrapped by the old key");
    std::fs::write(&path, format!("write b {B}\n")).unwrap();
    assert_eq!(ring.open(&HERE, &sealed).unwrap_err(), VaultError::UnknownKey("a".into()));
    assert_eq!(ring.open(&HERE, &again).unwrap().expose_secret(), "pass");
    std::fs::write(&path, "write b").unwrap();
    assert_eq!(ring.open(&HERE, &again).unwrap().expose_secret(), "pass", "by the keys read last");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn bad_rings_are_refused_with_their_line() {
    for (text, message) in [
        (String::new(), "key ring: no `write` key; exactly one key writes"),
        (format!("read a {A}"), "key ring: no `write` key; exactly one key writes"),
        (
            format!("write a {A}\nwrite b {B}"),
            "key ring, line 2: a second `write` key; exactly one key writes",
        ),
        (format!("write a {A}\n\nread a {B}"), "key ring, line 3: the id a stands twice"),
        (format!("a {A}"), "key ring, line 1: expected `write ID BASE64` or `read ID BASE64`"),
        (format!("write a.b {A}"), "key ring, line 1: an id has 1 to 32 letters, digits, `-` or `_`"),
        ("write a AAAA".into(), "key ring, line 1: a key is 32 bytes in Base64"),
        ("write a ####".into(), "key ring, line 1: a key is 32 bytes in Base64"),
    ] {
        assert_eq!(ring(&text).unwrap_err().to_string(), message);
    }
}

#[test]
fn nothing_shows_a_key_or_a_secret() {
    let ring = ring(&format!("write a {A}\nread b {B}")).unwrap();
    let shown = format!("{ring:?} {:?}", seal(&ring, "canary-7f3a"));
    assert!(!shown.contains("canary") && !shown.contains(A) && !shown.contains(B), "{shown}");
    let bad = format!("{:?}", KeyRing::parse(&SecretString::from(format!("write a {A}x"))).unwrap_err());
    assert!(!bad.contains("AAAA"), "{bad}");
}

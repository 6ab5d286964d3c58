//! Sealed secrets and key rings.

use std::sync::LazyLock;

use secrecy::{ExposeSecret as _, SecretString};
use vault::{Associated, KeyRing, Sealed};

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let ring = KeyRing::generate("first", |bytes| bytes.fill(7)).expect("a ring");
    KeyRing::parse(&ring).expect("a ring of ours")
});

const HERS: Associated<'_> =
    Associated { partner: "p", host: "h", v2_base: None, v1_base: None, tenant: "t", user: "u" };

/// Nothing opens but what was sealed, and that to its secret.
pub(crate) fn sealed(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    assert!(RING.open(&HERS, &Sealed::from_text(text)).is_err(), "{text:?} opens");
    assert!(
        RING.rewrap(&HERS, &Sealed::from_text(text), |bytes| bytes.fill(9)).is_err(),
        "{text:?} is wrapped"
    );
    let ours = RING.seal(&HERS, &SecretString::from(text), |bytes| bytes.fill(9));
    assert_eq!(RING.open(&HERS, &ours).expect("it opens").expose_secret(), text);
}

pub(crate) fn key_ring(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    if let Ok(ring) = KeyRing::parse(&SecretString::from(text)) {
        assert!(!ring.writer_id().is_empty());
    }
}

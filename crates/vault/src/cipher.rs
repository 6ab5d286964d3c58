//! AES-256-GCM over short byte strings, the nonce in front.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Length of a key in bytes, the ring's as well as a record's.
pub(crate) const KEY_LEN: usize = 32;

/// A key's bytes, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_LEN]>;

/// A fresh key.
pub(crate) fn fresh_key(fill: &mut impl FnMut(&mut [u8])) -> KeyBytes {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    fill(key.as_mut_slice());
    key
}

/// Returns nonce, ciphertext and tag of `plain`.
pub(crate) fn encrypt(key: &KeyBytes, aad: &[u8], plain: &[u8], fill: &mut impl FnMut(&mut [u8])) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    fill(&mut nonce);
    // Reserve the full size from the start, so that a growing buffer leaves no half-encrypted copy behind.
    let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = cipher(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut out[NONCE_LEN..],
        )
        .expect("AES-GCM takes any text shorter than 64 GiB");
    out.extend_from_slice(tag.as_ref());
    out
}

/// The plain text; `None` if the key, the associated data or any byte has changed.
pub(crate) fn decrypt(key: &KeyBytes, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = cipher(key).open_in_place(nonce, Aad::from(aad), &mut body).ok()?.len();
    body.truncate(length);
    Some(body)
}

fn cipher(key: &KeyBytes) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).expect("the key has AES-256's 32 bytes"))
}

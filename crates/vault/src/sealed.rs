//! Sealed secrets: `v2.{key id}.{wrapped data key}.{secret}`, the last two in Base64.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::{
    KeyRing,
    cipher::{KEY_LEN, KeyBytes, decrypt, encrypt, fresh_key},
    ring::Keys,
};

const VERSION: &str = "v2";

/// What a secret is bound to. It opens for exactly these, so that changing an address does not get the password
/// sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Associated<'a> {
    /// The partner of the integration.
    pub partner: &'a str,
    /// Kaseya's host.
    pub host: &'a str,
    /// The V2 base address, if set instead of the host's own.
    pub v2_base: Option<&'a str>,
    /// The V1 base address, if set instead of the host's own.
    pub v1_base: Option<&'a str>,
    /// The tenant.
    pub tenant: &'a str,
    /// The user name.
    pub user: &'a str,
}

/// A sealed secret, as stored in tables and sent in messages. Useless without the key ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// Accepts any text; only opening it shows whether it is a sealed secret.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a secret does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The ring lacks the key: our error, not one of the credentials.
    #[error("the key ring has no key {0:?}")]
    UnknownKey(String),
    /// Not a sealed text, tampered with, or bound to another partner, host, base address, tenant or user.
    #[error(
        "the sealed secret does not open: it was changed, or belongs to another partner, host, address, tenant or user"
    )]
    Refused,
}

impl KeyRing {
    /// Seals `secret` for `associated` with a fresh data key.
    pub fn seal(
        &self,
        associated: &Associated<'_>,
        secret: &SecretString,
        mut fill: impl FnMut(&mut [u8]),
    ) -> Sealed {
        let data_key = fresh_key(&mut fill);
        let aad = secret_aad(associated);
        let body = encrypt(&data_key, &aad, secret.expose_secret().as_bytes(), &mut fill);
        wrap(&self.keys(), &data_key, associated, &body, fill)
    }

    /// Opens a secret that was sealed for `associated`.
    pub fn open(&self, associated: &Associated<'_>, sealed: &Sealed) -> Result<SecretString, VaultError> {
        let (data_key, body) = unwrap(&self.keys(), associated, sealed)?;
        let plain = decrypt(&data_key, &secret_aad(associated), &body).ok_or(VaultError::Refused)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Refused)?;
        Ok(SecretString::from(text))
    }

    /// Wraps the data key with the writing key, for rotation, without opening the secret. `None` if it is already
    /// wrapped with that key.
    pub fn rewrap(
        &self,
        associated: &Associated<'_>,
        sealed: &Sealed,
        fill: impl FnMut(&mut [u8]),
    ) -> Result<Option<Sealed>, VaultError> {
        let keys = self.keys();
        let (data_key, body) = unwrap(&keys, associated, sealed)?;
        if parts(sealed)?.key_id == keys.writer().id {
            return Ok(None);
        }
        Ok(Some(wrap(&keys, &data_key, associated, &body, fill)))
    }
}

fn wrap(
    keys: &Keys,
    data_key: &KeyBytes,
    associated: &Associated<'_>,
    body: &[u8],
    mut fill: impl FnMut(&mut [u8]),
) -> Sealed {
    let writer = keys.writer();
    let aad = key_aad(&writer.id, associated);
    let wrapped = encrypt(&writer.bytes, &aad, data_key.as_slice(), &mut fill);
    let [wrapped, body] = [&wrapped, body].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    Sealed(format!("{VERSION}.{}.{wrapped}.{body}", writer.id))
}

fn unwrap(
    keys: &Keys,
    associated: &Associated<'_>,
    sealed: &Sealed,
) -> Result<(KeyBytes, Vec<u8>), VaultError> {
    let parts = parts(sealed)?;
    let key = keys.key(parts.key_id).ok_or_else(|| VaultError::UnknownKey(parts.key_id.to_owned()))?;
    let plain = decrypt(&key.bytes, &key_aad(parts.key_id, associated), &parts.wrapped);
    let plain = plain.filter(|plain| plain.len() == KEY_LEN).ok_or(VaultError::Refused)?;
    let mut data_key = Zeroizing::new([0; KEY_LEN]);
    data_key.copy_from_slice(&plain);
    Ok((data_key, parts.body))
}

struct Parts<'a> {
    key_id: &'a str,
    wrapped: Vec<u8>,
    body: Vec<u8>,
}

fn parts(sealed: &Sealed) -> Result<Parts<'_>, VaultError> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| VaultError::Refused);
    match sealed.0.split('.').collect::<Vec<_>>().as_slice() {
        [found, key_id, wrapped, body] if *found == VERSION => {
            Ok(Parts { key_id, wrapped: decode(wrapped)?, body: decode(body)? })
        }
        _ => Err(VaultError::Refused),
    }
}

fn key_aad(key_id: &str, associated: &Associated<'_>) -> Vec<u8> {
    joined(&["data key", key_id], associated)
}

fn secret_aad(associated: &Associated<'_>) -> Vec<u8> {
    joined(&["secret"], associated)
}

/// Prefixes each text with its length, so that no two lists of texts give the same bytes.
fn joined(purpose: &[&str], associated: &Associated<'_>) -> Vec<u8> {
    let Associated { partner, host, v2_base, v1_base, tenant, user } = *associated;
    // A base address is never empty: empty means the host's own.
    let bases = [v2_base, v1_base].map(Option::unwrap_or_default);
    let mut aad = VERSION.as_bytes().to_vec();
    for text in purpose.iter().chain(&[partner, host, tenant, user]).chain(&bases) {
        aad.extend_from_slice(&(text.len() as u64).to_be_bytes());
        aad.extend_from_slice(text.as_bytes());
    }
    aad
}

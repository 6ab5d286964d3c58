//! The key ring: the keys that wrap data keys, each with an id, one of them the writer.
//!
//! The text form has one line per key: `write` or `read`, the id, and 32 bytes in Base64. Empty lines and lines
//! that start with `#` are skipped. To rotate: add a new key as `write`, turn the old one to `read`, rewrap every
//! record, then remove the old line.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::cipher::{KEY_LEN, KeyBytes, fresh_key};

/// The keys that wrap data keys. Read again from its file at each use, so that a changed ring needs no restart. While
/// the file cannot be read, the keys read last stay in use.
pub struct KeyRing {
    file: Option<PathBuf>,
    last: Mutex<Arc<Keys>>,
}

pub(crate) struct Keys {
    writer: Key,
    readers: Vec<Key>,
}

pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) bytes: KeyBytes,
}

/// Why a text is not a valid key ring. Never contains a part of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file could not be read.
    #[error("key ring file: {0}")]
    File(#[from] std::io::Error),
    /// A line does not have three words.
    #[error("key ring, line {line}: expected `write ID BASE64` or `read ID BASE64`")]
    Form {
        /// The line, from 1.
        line: usize,
    },
    /// A key's id is empty, longer than 32 characters, or has characters other than letters, digits, `-` and `_`.
    #[error("key ring, line {line}: an id has 1 to 32 letters, digits, `-` or `_`")]
    Id {
        /// The line, from 1.
        line: usize,
    },
    /// A key is not Base64, or not 32 bytes long.
    #[error("key ring, line {line}: a key is {KEY_LEN} bytes in Base64")]
    Key {
        /// The line, from 1.
        line: usize,
    },
    /// An id occurs twice.
    #[error("key ring, line {line}: the id {id} stands twice")]
    Twice {
        /// The line, from 1.
        line: usize,
        /// The id.
        id: String,
    },
    /// A second `write` line.
    #[error("key ring, line {line}: a second `write` key; exactly one key writes")]
    SecondWriter {
        /// The line, from 1.
        line: usize,
    },
    /// No `write` line.
    #[error("key ring: no `write` key; exactly one key writes")]
    NoWriter,
}

impl KeyRing {
    /// Reads the text form from a file.
    pub fn read(path: &Path) -> Result<Self, KeyRingError> {
        Ok(Self { file: Some(path.to_owned()), last: Mutex::new(Arc::new(Keys::read(path)?)) })
    }

    /// Reads the text form, once.
    pub fn parse(text: &SecretString) -> Result<Self, KeyRingError> {
        Ok(Self { file: None, last: Mutex::new(Arc::new(Keys::parse(text)?)) })
    }

    /// The text form of a new ring with one key. Keep it outside the database.
    pub fn generate(id: &str, mut fill: impl FnMut(&mut [u8])) -> Result<SecretString, KeyRingError> {
        if !is_id(id) {
            return Err(KeyRingError::Id { line: 1 });
        }
        let key = Zeroizing::new(STANDARD.encode(fresh_key(&mut fill).as_slice()));
        Ok(SecretString::from(format!("write {id} {}\n", key.as_str())))
    }

    /// The id of the key that wraps new records.
    pub fn writer_id(&self) -> String {
        self.keys().writer.id.clone()
    }

    pub(crate) fn keys(&self) -> Arc<Keys> {
        let read = self.file.as_deref().map(Keys::read);
        // The keys inside are replaced as a whole, so a panic elsewhere left none half-written.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Some(Ok(keys)) => *last = Arc::new(keys),
            Some(Err(error)) => {
                tracing::warn!(%error, "the key ring cannot be read again: its last keys stay in use")
            }
            None => {}
        }
        Arc::clone(&last)
    }
}

impl Keys {
    fn read(path: &Path) -> Result<Self, KeyRingError> {
        Self::parse(&SecretString::from(std::fs::read_to_string(path)?))
    }

    fn parse(text: &SecretString) -> Result<Self, KeyRingError> {
        let mut writer: Option<Key> = None;
        let mut readers: Vec<Key> = Vec::new();
        for (line, text) in (1..).zip(text.expose_secret().lines()) {
            let words: Vec<&str> = text.split_whitespace().collect();
            let (writes, id, key) = match words.as_slice() {
                [] => continue,
                [first, ..] if first.starts_with('#') => continue,
                ["write", id, key] => (true, *id, *key),
                ["read", id, key] => (false, *id, *key),
                _ => return Err(KeyRingError::Form { line }),
            };
            if !is_id(id) {
                return Err(KeyRingError::Id { line });
            }
            if writer.iter().chain(&readers).any(|known| known.id == id) {
                return Err(KeyRingError::Twice { line, id: id.to_owned() });
            }
            let key = Key { id: id.to_owned(), bytes: decode_key(key).ok_or(KeyRingError::Key { line })? };
            match (writes, &writer) {
                (true, Some(_)) => return Err(KeyRingError::SecondWriter { line }),
                (true, None) => writer = Some(key),
                (false, _) => readers.push(key),
            }
        }
        Ok(Self { writer: writer.ok_or(KeyRingError::NoWriter)?, readers })
    }

    pub(crate) fn writer(&self) -> &Key {
        &self.writer
    }

    /// All keys, the writer first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.writer).chain(&self.readers)
    }

    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.all().find(|key| key.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner));
        let readers: Vec<&str> = keys.readers.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("KeyRing").field("writer", &keys.writer.id).field("readers", &readers).finish()
    }
}

fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn decode_key(text: &str) -> Option<KeyBytes> {
    let decoded = Zeroizing::new(STANDARD.decode(text).ok()?);
    let mut bytes = Zeroizing::new([0; KEY_LEN]);
    if decoded.len() != KEY_LEN {
        return None;
    }
    bytes.copy_from_slice(&decoded);
    Some(bytes)
}

//! Seals secrets: a data key per record, wrapped by a key ring kept outside the database.
//!
//! A secret is encrypted with a fresh data key (AES-256-GCM), and the data key with the ring's writing key. Both
//! are bound to partner, host, base addresses, tenant and user, so a sealed text that was moved to another row, or
//! a row with a changed address, does not open. Rotation wraps the data key again and leaves the secret's own
//! ciphertext as it is.
//!
//! Tokens are only ever compared, so they are not sealed: we store their hash.
//!
//! The caller passes randomness in as `fill`; it must be fit for keys.

mod cipher;
mod mark;
mod ring;
mod sealed;
mod token;

pub use mark::Login;
pub use ring::{KeyRing, KeyRingError};
pub use sealed::{Associated, Sealed, VaultError};
pub use token::Token;

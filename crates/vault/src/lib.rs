//! Sealing of secrets: a data key per record, wrapped by a key ring kept outside the database.
//!
//! A secret is encrypted with a fresh data key (AES-256-GCM), and the data key with the ring's writing key. Both are
//! bound to partner, host, base addresses, tenant and user, so a sealed text moved to another row, or a row whose address
//! was changed, opens for nobody. Rotation wraps the data key anew and leaves the secret's own ciphertext as it is.
//!
//! Tokens, which are only ever compared, are not sealed: of them a hash is stored.
//!
//! Randomness is passed in as `fill`; it must be fit for keys.

mod cipher;
mod mark;
mod ring;
mod sealed;
mod token;

pub use mark::Login;
pub use ring::{KeyRing, KeyRingError};
pub use sealed::{Associated, Sealed, VaultError, WITHOUT_BASES};
pub use token::Token;

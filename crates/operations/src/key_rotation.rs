//! All stored passwords sealed with the writing key, so that the keys before it can go.

use connection::credentials;
use domain::PartnerId;
use store::{
    StoreError,
    settings::{self, password_seal},
};
use vault::{KeyRing, Sealed};

use crate::Operations;

/// What a rotation found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Passwords that are sealed with the writing key now and were not before.
    pub resealed: usize,
    /// Passwords that were sealed with it already.
    pub already: usize,
    /// Partners whose password no key of the ring opens.
    pub unopened: Vec<PartnerId>,
}

enum Outcome {
    Resealed,
    Already,
    Unopened,
}

impl Operations {
    /// Seals each stored password with the writing key. Nothing stops meanwhile, provided that the other programs
    /// have the new key too. May be called again: what a call did not reach, the next one does.
    ///
    /// # Errors
    /// If the database fails; what was sealed until then stays so.
    pub async fn rotate_keys(&self, keys: &KeyRing) -> Result<Rotated, StoreError> {
        let partners = self.store.transaction("connected", |tx| Box::pin(settings::connected(tx))).await?;
        let mut rotated = Rotated::default();
        for partner in partners {
            match self.rotate_key_of(&partner, keys).await? {
                Some(Outcome::Resealed) => rotated.resealed += 1,
                // Removed, or replaced by a password that was sealed a moment ago.
                Some(Outcome::Already) | None => rotated.already += 1,
                Some(Outcome::Unopened) => rotated.unopened.push(partner),
            }
        }
        Ok(rotated)
    }

    async fn rotate_key_of(
        &self,
        partner: &PartnerId,
        keys: &KeyRing,
    ) -> Result<Option<Outcome>, StoreError> {
        self.store
            .transaction("rotate_key", |tx| {
                Box::pin(async move {
                    let Some(stored) = settings::read_integration(tx, partner).await? else {
                        return Ok(None);
                    };
                    let known = &stored.credentials;
                    // Opened too: the marks by the new key need the password itself.
                    let Some(opened) = credentials::open(partner, known, keys) else {
                        return Ok(Some(Outcome::Unopened));
                    };
                    let before = &known.password.sealed;
                    let associated = credentials::associated(partner, known);
                    let again = keys.rewrap(&associated, &Sealed::from_text(&**before), |bytes| {
                        self.entropy.fill(bytes);
                    });
                    let sealed = match again {
                        Ok(Some(sealed)) => sealed,
                        Ok(None) => return Ok(Some(Outcome::Already)),
                        Err(_) => return Ok(Some(Outcome::Unopened)),
                    };
                    let marks = credentials::marks(&opened, keys);
                    let is_stored =
                        password_seal::reseal(tx, partner, before, sealed.as_str(), &marks).await?;
                    Ok(is_stored.then_some(Outcome::Resealed))
                })
            })
            .await
    }
}

//! A connection on its way into the store: checked against what is in force, tried, sealed, stored (S-02 to S-15,
//! B-03). The portal's form, its API and the settings file are three readers of a [`NewConnection`].

use std::fmt;

use connection::{Authenticator, OpenCredentials, credentials::are_stored};
use domain::{IntegrationSettings, PartnerId};
use store::{
    StoreError, Transaction,
    settings::{Integration, NewIntegration},
    targets::shared,
};
use vault::KeyRing;

use crate::{
    credentials::{self, Sealing},
    not_saved::NotSaved,
};

/// A connection with valid fields.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Where and as whom to log in.
    pub credentials: OpenCredentials,
    /// The settings.
    pub settings: IntegrationSettings,
    /// The position of the switch.
    pub enabled: bool,
    /// Whether a person confirms a tenant that another partner of this installation uses.
    pub share_tenant: bool,
}

/// What happens to credentials that differ from those in force.
#[derive(Clone, Copy)]
pub enum Trial<'a> {
    /// They are tried, and stored only if they work.
    Beside(&'a Authenticator),
    /// They are stored untried: Kaseya cannot be reached from here.
    Without,
}

impl fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Beside(_) => "Beside",
            Self::Without => "Without",
        })
    }
}

impl Trial<'_> {
    /// Tries credentials; fails unless they work. It runs outside a transaction: a login takes time, and the
    /// partner's jobs continue meanwhile.
    pub(crate) async fn prove(
        self,
        partner: &PartnerId,
        credentials: &OpenCredentials,
    ) -> Result<(), NotSaved> {
        let Self::Beside(authenticator) = self else { return Ok(()) };
        let tried = authenticator.authenticate(partner, credentials, false).await?;
        if tried.is_proven() { Ok(()) } else { Err(NotSaved::NotProven(Box::new(tried))) }
    }
}

/// A connection to store.
pub(crate) struct SealedConnection {
    pub(crate) integration: NewIntegration,
    /// Whether the credentials differ from those in force.
    pub(crate) new_credentials: bool,
}

impl NewConnection {
    /// Whether its credentials must be tried before they are stored: they differ from those in force, or are the
    /// first. Where Kaseya refuses those in force, there is nothing to lose.
    pub(crate) fn is_tried_first(&self, in_force: Option<&Integration>, keys: &KeyRing) -> bool {
        in_force.is_none_or(|known| {
            known.credentials_refused.is_none() && !are_stored(&self.credentials, known, keys)
        })
    }

    /// Checks the connection against the one in force, after its trial, and seals it. The caller holds the partner.
    pub(crate) async fn seal(
        &self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        in_force: Option<&Integration>,
        sealing: Sealing<'_>,
    ) -> Result<SealedConnection, NotSaved> {
        let new = &self.credentials;
        // After the trial: a caller who cannot log in must not learn that other partners use this tenant.
        if !self.share_tenant && sharing_is_asked(tx, partner, new, in_force).await? {
            return Err(NotSaved::SharedTenant);
        }
        let sealed = credentials::seal(partner, new, in_force, sealing);
        if sealed.are_new {
            let marks = &sealed.credentials.password.marks;
            credentials::not_refused(tx, partner, new, marks, sealing.now).await?;
        }
        Ok(SealedConnection {
            integration: NewIntegration {
                credentials: sealed.credentials,
                credentials_version: sealed.version,
                settings: self.settings,
            },
            new_credentials: sealed.are_new,
        })
    }
}

/// Whether these credentials reach a tenant that another partner of this installation uses, and did not before.
async fn sharing_is_asked(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    credentials: &OpenCredentials,
    in_force: Option<&Integration>,
) -> Result<bool, StoreError> {
    let address = credentials.address();
    let was_reached = in_force.is_some_and(|known| known.address().is_same_kaseya(&address));
    Ok(!was_reached && !shared::others(tx, partner, &address).await?.is_empty())
}

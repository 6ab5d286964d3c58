//! What is saved and Kaseya has not shown yet (A23).
//!
//! It is saved all the same: a file may be applied where Kaseya cannot be reached. Every door says so, and nothing is sent
//! for it before a sync has found it under its name (MAP-05).

use domain::{CompanyId, PartnerId};
use store::{
    StoreError,
    kaseya::never_shown::{NeverShown, never_shown},
};

use crate::Operations;

impl Operations {
    /// Ids of the partner's settings, or of one company's mapping, that Kaseya has never shown.
    pub async fn never_shown(
        &self,
        partner: &PartnerId,
        company: Option<&CompanyId>,
    ) -> Result<Vec<NeverShown>, StoreError> {
        self.store
            .transaction("never_shown", |tx| Box::pin(async move { never_shown(tx, partner, company).await }))
            .await
    }
}

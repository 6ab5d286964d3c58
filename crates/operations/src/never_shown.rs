//! Ids that are saved but that Kaseya has not shown yet (A23).
//!
//! They are saved anyway, since a file may be applied while Kaseya is unreachable. Pages, API and program all say
//! so, and nothing is sent for such an id before a sync has found it under its name (MAP-05).

use domain::{CompanyId, PartnerId};
use store::{
    StoreError,
    kaseya::never_shown::{NeverShown, never_shown},
};

use crate::Operations;

impl Operations {
    /// Ids in the partner's settings, or in one company's mapping, that Kaseya has never shown.
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

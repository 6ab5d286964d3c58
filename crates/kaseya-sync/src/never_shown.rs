//! The ids in mappings that Kaseya has never shown (A23): a sync finds out whether they are right.

use domain::PartnerId;
use store::{
    StoreError,
    kaseya::never_shown::{NeverShown, never_shown},
};

use crate::{installation::Installation, output};

/// How many are listed for people.
const LISTED: usize = 10;

/// The ids of a partner that Kaseya has never shown.
pub(crate) async fn read(
    installation: &Installation,
    partner: &PartnerId,
) -> Result<Vec<NeverShown>, StoreError> {
    installation.store.transaction("never_shown", |tx| Box::pin(never_shown(tx, partner, None))).await
}

/// Prints them, if there are any.
pub(crate) fn say(unknown: &[NeverShown]) -> anyhow::Result<()> {
    if unknown.is_empty() {
        return Ok(());
    }
    output::say(&format_args!(
        "not yet known to Kaseya: {} ids of the mappings; nothing is sent for one before a sync has found it there under its \
         name (MAP-05)",
        unknown.len()
    ))?;
    for one in unknown.iter().take(LISTED) {
        output::say(&format_args!("  {} {} \"{}\"", one.of.as_str(), one.id, one.name))?;
    }
    if unknown.len() > LISTED {
        output::say(&format_args!("  and {} more", unknown.len() - LISTED))?;
    }
    Ok(())
}

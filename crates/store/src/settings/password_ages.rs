//! The age of the stored passwords, and the warnings sent about it (B-03).

use domain::PartnerId;
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// A password that has reached a certain age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgedPassword {
    /// The partner.
    pub partner: PartnerId,
    /// When the password was stored.
    pub changed_at: Timestamp,
    /// The last step announced, in days before day 180; `None` before the first.
    pub warned: Option<u16>,
}

/// The passwords stored before an instant, of partners that are on.
pub async fn stored_before(
    tx: &Transaction<'_>,
    instant: Timestamp,
) -> Result<Vec<AgedPassword>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: whichever replica comes first tells of every partner's password
             select partner_id, password_changed_at, password_warned::int from integrations
             where state = 'on' and password_changed_at <= $1",
            &[&instant],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let warned = row.get::<Option<i32>>("password_warned")?;
            Ok(AgedPassword {
                partner: row.partner_id("partner_id")?,
                changed_at: row.get("password_changed_at")?,
                warned: warned.and_then(|step| u16::try_from(step).ok()),
            })
        })
        .collect()
}

/// Records that a step was announced. Returns false if it already was, or the password has changed meanwhile.
pub async fn announced(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    changed_at: Timestamp,
    step: u16,
) -> Result<bool, StoreError> {
    let changed = tx
        .execute(
            "update integrations set password_warned = $3::int
             where partner_id = $1 and password_changed_at = $2 and coalesce(password_warned, 181) > $3",
            &[&partner.as_str(), &changed_at, &i32::from(step)],
        )
        .await?;
    Ok(changed == 1)
}

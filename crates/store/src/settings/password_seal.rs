//! A stored password, sealed anew with another key.

use domain::PartnerId;

use crate::{StoreError, Transaction};

/// Stores the password sealed anew. The credentials are the same, so their version stays. False if the password was
/// replaced meanwhile; the newer one stays.
pub async fn reseal(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    before: &str,
    sealed_password: &str,
    password_marks: &[String],
) -> Result<bool, StoreError> {
    let sql = "update integrations set sealed_password = $3, password_marks = $4
               where partner_id = $1 and sealed_password = $2";
    let changed = tx.execute(sql, &[&partner.as_str(), &before, &sealed_password, &password_marks]).await?;
    Ok(changed == 1)
}

//! Sealed passwords in an old format, to be converted to the current one. Reads only columns that every schema
//! version has.

use domain::PartnerId;

use crate::{StoreError, Transaction};

/// A stored password, and the credentials it belongs to.
#[derive(Debug, Clone)]
pub struct SealedPassword {
    /// The partner.
    pub partner: PartnerId,
    /// Kaseya's host.
    pub host: String,
    /// The V2 base address, if one is set.
    pub v2_base: Option<String>,
    /// The V1 base address, if one is set.
    pub v1_base: Option<String>,
    /// The tenant.
    pub tenant: String,
    /// The user name.
    pub user_name: String,
    /// The password, sealed.
    pub sealed: String,
}

/// The passwords sealed in this format, given by its prefix. They are locked until the transaction ends.
pub async fn sealed_in(tx: &Transaction<'_>, form: &str) -> Result<Vec<SealedPassword>, StoreError> {
    let sql = "-- all partners: their passwords move to another form together
               select partner_id, host, v2_base, v1_base, tenant, user_name, sealed_password from integrations
               where starts_with(sealed_password, $1 || '.') order by partner_id for update";
    let rows = tx.query(sql, &[&form]).await?;
    let passwords = rows.iter().map(|row| {
        Ok(SealedPassword {
            partner: row.partner_id("partner_id")?,
            host: row.get("host")?,
            v2_base: row.get("v2_base")?,
            v1_base: row.get("v1_base")?,
            tenant: row.get("tenant")?,
            user_name: row.get("user_name")?,
            sealed: row.get("sealed_password")?,
        })
    });
    passwords.collect()
}

/// Stores the same password in another format. The credentials do not change.
pub async fn store_sealed(tx: &Transaction<'_>, partner: &PartnerId, sealed: &str) -> Result<(), StoreError> {
    let sql = "update integrations set sealed_password = $2 where partner_id = $1";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &sealed]).await
}

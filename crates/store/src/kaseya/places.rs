//! A partner's place at a Kaseya: what it shares there with others, and what counts for it alone (F1).

use domain::{KaseyaAddress, PartnerId};

use crate::{Row, StoreError, Transaction};

/// Where a partner calls, and whether what it does there counts for others. It does once Kaseya has let the partner in there, in
/// this tenant; before, anybody may say that a tenant is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The partner.
    pub partner: PartnerId,
    /// What is called.
    pub address: KaseyaAddress,
    /// The partner for which this counts alone; empty where it counts for all whom Kaseya has let in.
    pub(crate) alone: String,
}

impl Place {
    /// The partner's place at an address, as it is now.
    pub async fn of(
        tx: &Transaction<'_>,
        partner: &PartnerId,
        address: KaseyaAddress,
    ) -> Result<Self, StoreError> {
        let row = tx
            .query_one(
                "select alone_at($1, $2, $3) as alone",
                &[&partner.as_str(), &address.hosts(), &address.tenant()],
            )
            .await?;
        Ok(Self { partner: partner.clone(), address, alone: row.get("alone")? })
    }

    /// Whose rows count for it, as the column `alone` names them.
    pub(crate) fn counted(&self) -> Vec<&str> {
        if self.alone.is_empty() { vec!["", self.partner.as_str()] } else { vec![&self.alone] }
    }
}

/// Of a row's columns `host`, `v2_base`, `v1_base` and `tenant`.
pub(crate) fn address_of(row: &Row) -> Result<KaseyaAddress, StoreError> {
    let (host, tenant): (String, String) = (row.get("host")?, row.get("tenant")?);
    let (v2_base, v1_base): (Option<String>, Option<String>) = (row.get("v2_base")?, row.get("v1_base")?);
    Ok(KaseyaAddress::new(&host, v2_base.as_deref(), v1_base.as_deref(), &tenant))
}

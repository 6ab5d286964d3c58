//! A partner's place at a Kaseya: what it shares there with others, and what counts for it alone (F1).

use domain::{KaseyaAddress, PartnerId};

use crate::{Row, StoreError, Transaction};

/// Where a partner calls, and whether its activity there counts for others. It does once Kaseya has let the partner
/// in there, in this tenant. Before that, any partner can claim a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The partner.
    pub partner: PartnerId,
    /// The address called.
    pub address: KaseyaAddress,
    /// The partner that this counts for alone; empty if it counts for all that Kaseya has let in.
    pub(crate) alone: String,
}

impl Place {
    /// The partner's current place at an address.
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

    /// The values of the column `alone` that count for this place.
    pub(crate) fn counted(&self) -> Vec<&str> {
        if self.alone.is_empty() { vec!["", self.partner.as_str()] } else { vec![&self.alone] }
    }
}

/// Reads a row's columns `host`, `v2_base`, `v1_base` and `tenant`.
pub(crate) fn address_of(row: &Row) -> Result<KaseyaAddress, StoreError> {
    let (host, tenant): (String, String) = (row.get("host")?, row.get("tenant")?);
    let (v2_base, v1_base): (Option<String>, Option<String>) = (row.get("v2_base")?, row.get("v1_base")?);
    Ok(KaseyaAddress::new(&host, v2_base.as_deref(), v1_base.as_deref(), &tenant))
}

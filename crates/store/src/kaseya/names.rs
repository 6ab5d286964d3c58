//! Kaseya's names for the ids in our settings (G-06).
//!
//! A name that a person entered for an id is trusted once Kaseya shows the same name. From then on the settings
//! follow Kaseya: a rename there is a rename here. A name that never matched stays as entered, so that nothing is
//! sent under it.

use std::collections::BTreeMap;

use domain::{PartnerId, is_name_of};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// The kinds of named things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameOf {
    /// A service of the catalogue.
    Service,
    /// A contract.
    Contract,
    /// An account.
    Account,
}

impl NameOf {
    /// The stable text in the tables and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Contract => "contract",
            Self::Account => "account",
        }
    }

    /// The columns of the settings that repeat the name: table, id and name.
    fn columns(self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self {
            Self::Service => &[
                ("product_mappings", "service_id", "service_name"),
                ("targets", "service_id", "service_name"),
            ],
            Self::Contract => &[
                ("company_mappings", "contract_id", "contract_name"),
                ("company_product_contracts", "contract_id", "contract_name"),
                ("targets", "contract_id", "contract_name"),
            ],
            Self::Account => &[
                ("company_mappings", "account_id", "account_name"),
                ("targets", "account_id", "account_name"),
            ],
        }
    }
}

/// Takes the names that Kaseya showed. An entered name that matched the previous name, or matches the new one, is
/// replaced by the new one.
pub async fn see(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    of: NameOf,
    names: &BTreeMap<i32, String>,
    seen_at: Timestamp,
) -> Result<(), StoreError> {
    let shown: Vec<(i32, &str)> =
        names.iter().map(|(id, name)| (*id, name.trim())).filter(|(_, name)| !name.is_empty()).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let ids: Vec<i32> = shown.iter().map(|(id, _)| *id).collect();
    let shown: Vec<&str> = shown.iter().map(|(_, name)| *name).collect();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&partner.as_str(), &ids, &shown, &of.as_str(), &seen_at];
    for (table, id, name) in of.columns() {
        let sql = format!(
            "select distinct told.{id} as id, told.{name} as told, seen.name as now, known.name as before
             from {table} told join unnest($2::int[], $3::text[]) as seen (id, name) on told.{id} = seen.id
                  left join kaseya_names known on known.partner_id = $1 and known.kind = $4 and known.id = seen.id
             where told.partner_id = $1 and told.{name} <> seen.name
               and (known.seen_at is null or known.seen_at <= $5)"
        );
        // Compared here, like all names, so that the database's locale has no say.
        let (mut follow, mut entered_as, mut now_as) = (Vec::new(), Vec::new(), Vec::new());
        for row in &tx.query(&sql, &parameters).await? {
            let (told, now): (String, String) = (row.get("told")?, row.get("now")?);
            let before: Option<String> = row.get("before")?;
            if is_name_of(&told, &now) || before.is_some_and(|before| is_name_of(&told, &before)) {
                follow.push(row.get::<i32>("id")?);
                entered_as.push(told);
                now_as.push(now);
            }
        }
        if follow.is_empty() {
            continue;
        }
        if *table == "targets" {
            let sql = "select name_targets($1, $2, $3, $4, $5)";
            tx.execute(sql, &[&partner.as_str(), &of.as_str(), &follow, &entered_as, &now_as]).await?;
            continue;
        }
        let sql = format!(
            "update {table} told set {name} = follow.now
             from unnest($2::int[], $3::text[], $4::text[]) as follow (id, told, now)
             where told.partner_id = $1 and told.{id} = follow.id and told.{name} = follow.told"
        );
        tx.execute(&sql, &[&partner.as_str(), &follow, &entered_as, &now_as]).await?;
    }
    tx.execute(
        "insert into kaseya_names (partner_id, kind, id, name, seen_at)
         select $1, $4, id, name, $5 from unnest($2::int[], $3::text[]) as seen (id, name)
         on conflict (partner_id, kind, id) do update set name = excluded.name, seen_at = excluded.seen_at
         where kaseya_names.seen_at <= excluded.seen_at",
        &[&partner.as_str(), &ids, &shown, &of.as_str(), &seen_at],
    )
    .await
    .map(drop)
}

/// The newest names of these ids that Kaseya has shown.
pub async fn known(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    of: NameOf,
    ids: &[i32],
) -> Result<BTreeMap<i32, String>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = "select id, name from kaseya_names where partner_id = $1 and kind = $2 and id = any($3)";
    let rows = tx.query(sql, &[&partner.as_str(), &of.as_str(), &ids]).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

/// All names of one kind that Kaseya has shown a partner.
pub async fn of_kind(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    of: NameOf,
) -> Result<BTreeMap<i32, String>, StoreError> {
    let sql = "select id, name from kaseya_names where partner_id = $1 and kind = $2";
    let rows = tx.query(sql, &[&partner.as_str(), &of.as_str()]).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

/// Names of all three kinds, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KaseyaNames {
    /// Of services.
    pub services: BTreeMap<i32, String>,
    /// Of contracts.
    pub contracts: BTreeMap<i32, String>,
    /// Of accounts.
    pub accounts: BTreeMap<i32, String>,
}

/// All names that Kaseya has shown a partner.
pub async fn all(tx: &Transaction<'_>, partner: &PartnerId) -> Result<KaseyaNames, StoreError> {
    let rows = tx
        .query("select kind, id, name from kaseya_names where partner_id = $1", &[&partner.as_str()])
        .await?;
    let mut names = KaseyaNames::default();
    for row in rows {
        let kind: String = row.get("kind")?;
        let of = match kind.as_str() {
            "service" => &mut names.services,
            "contract" => &mut names.contracts,
            _ => &mut names.accounts,
        };
        of.insert(row.get("id")?, row.get("name")?);
    }
    Ok(names)
}

/// Deletes all names and owners: another host or tenant has ids of its own.
pub async fn forget(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute("delete from kaseya_names where partner_id = $1", &[&partner.as_str()]).await?;
    tx.execute("update contracts set owner_account_id = null where partner_id = $1", &[&partner.as_str()])
        .await
        .map(drop)
}

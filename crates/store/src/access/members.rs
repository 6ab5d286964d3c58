//! People who may sign in by OpenID Connect, and their partners.

use domain::{MemberId, PartnerId, Role};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// A person who may sign in to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub member: MemberId,
    /// The email address by which the person was added, in lower case.
    pub email: String,
    /// The member's role.
    pub role: Role,
    /// Whether the person has signed in yet.
    pub has_signed_in: bool,
    /// When the member was added.
    pub added_at: Timestamp,
    /// The name of the actor who added the member.
    pub added_by: String,
}

/// A member to add.
#[derive(Debug, Clone, Copy)]
pub struct NewMember<'a> {
    /// The membership.
    pub member: MemberId,
    /// The partner that the member may see.
    pub partner: &'a PartnerId,
    /// The person's email address.
    pub email: &'a str,
    /// The member's role.
    pub role: Role,
    /// The name of the actor who adds the member.
    pub by: &'a str,
}

/// Adds a member. Returns false if the partner already has one with that address.
pub async fn add(tx: &Transaction<'_>, new: &NewMember<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "insert into members (member_id, partner_id, email, role, added_at, added_by)
               values ($1, $2, lower($3), $4, $5, $6)
               on conflict (partner_id, email) where removed_at is null do nothing";
    let role = new.role.as_str();
    Ok(tx.execute(sql, &[&new.member.0, &new.partner.as_str(), &new.email, &role, &now, &new.by]).await? == 1)
}

/// A partner's members, ordered by address.
pub async fn list(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Vec<Member>, StoreError> {
    let sql = "select member_id, email, role, subject is not null as has_signed_in, added_at, added_by
               from members where partner_id = $1 and removed_at is null order by email";
    let rows = tx.query(sql, &[&partner.as_str()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                member: MemberId(row.get("member_id")?),
                email: row.get("email")?,
                role: row.named("role", Role::parse)?,
                has_signed_in: row.get("has_signed_in")?,
                added_at: row.get("added_at")?,
                added_by: row.get("added_by")?,
            })
        })
        .collect()
}

/// Removes a member, signed in or not. Returns whether the partner had that member.
pub async fn remove(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    member: MemberId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql =
        "update members set removed_at = $3 where partner_id = $1 and member_id = $2 and removed_at is null";
    Ok(tx.execute(sql, &[&partner.as_str(), &member.0, &now]).await? == 1)
}

/// A person has signed in with this address, which the identity provider has verified. From now on every membership
/// that waited for the address belongs to this person alone.
pub async fn arrived(
    tx: &Transaction<'_>,
    issuer: &str,
    subject: &str,
    email: &str,
) -> Result<(), StoreError> {
    let sql = "-- all partners: a person may be a member of several
               update members set issuer = $1, subject = $2
               where email = lower($3) and issuer is null and removed_at is null
                 and not exists (select from members as own
                                 where own.partner_id = members.partner_id and own.issuer = $1 and own.subject = $2
                                   and own.removed_at is null)";
    tx.execute(sql, &[&issuer, &subject, &email]).await.map(drop)
}

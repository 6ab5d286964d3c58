//! Access to a partner's portal: members, identified by email address, and API tokens.

use domain::{MemberId, PartnerId, Role, SecurityEventKind, Text, TokenId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::{
        admins,
        members::{self, NewMember},
        security_events::SecurityEvent,
        tokens::{self, NewToken},
    },
};
use vault::Token;

use crate::{Acting, acting::Kept};

/// Maximum length of a token's name, in characters.
pub const MAX_NAME: usize = 100;
/// Default lifetime of a token, in days.
pub const TOKEN_DAYS: u16 = 90;
/// Maximum lifetime of a token, in days.
pub const MAX_TOKEN_DAYS: u16 = 365;
/// Maximum length of an email address, in bytes.
pub const MAX_EMAIL: usize = 254;

/// Why access is not granted.
#[derive(Debug, thiserror::Error)]
pub enum NotLetIn {
    /// The address is not a valid email address.
    #[error("write one e-mail address")]
    NoAddress,
    /// The partner already has a member with this address.
    #[error("this address is a member already: to change the role, remove it and add it again")]
    Known,
    /// The token's name is empty or too long.
    #[error("say what the token is for, in at most {MAX_NAME} characters")]
    NoName,
    /// The token's lifetime is 0 days or above the maximum.
    #[error("write for how many days the token lets somebody in: 1 to {MAX_TOKEN_DAYS}")]
    Days,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token to create.
#[derive(Debug, Clone, Copy)]
pub struct TokenForm<'a> {
    /// What the token is for.
    pub name: &'a str,
    /// What the token may do.
    pub role: Role,
    /// Lifetime in days.
    pub days: u16,
}

/// A newly created token.
#[derive(Debug)]
pub struct MadeToken {
    /// The token's id.
    pub token: TokenId,
    /// The secret, shown only to the creator: we keep only its hash.
    pub secret: Token,
    /// When the token expires.
    pub expires_at: Timestamp,
}

/// Outcome of taking access away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetOut {
    /// Access is gone.
    Done,
    /// The partner has no member or token with this id.
    Unknown,
    /// This is the last administrator: without one, no user could grant access. Nothing is changed.
    LastAdmin,
}

impl Acting<'_> {
    /// Grants access to any user who signs in with this address.
    pub async fn add_member(
        &self,
        partner: &PartnerId,
        email: &str,
        role: Role,
    ) -> Result<MemberId, NotLetIn> {
        let email = email.trim();
        if !is_address(email) {
            return Err(NotLetIn::NoAddress);
        }
        let now = self.clock.now();
        let member = MemberId(self.entropy.uuid(now));
        let new = NewMember { member, partner, email, role, by: &self.actor().name };
        let kept = self
            .store
            .transaction("add_member", |tx| {
                Box::pin(async move {
                    if !members::add(tx, &new, now).await? {
                        return Err(NotLetIn::Known);
                    }
                    let details = json!({ "email": email.to_lowercase(), "role": role.as_str() });
                    Ok(self
                        .keep(tx, SecurityEvent::of(SecurityEventKind::MemberAdded, partner, member, details))
                        .await?)
                })
            })
            .await?;
        kept.log();
        Ok(member)
    }

    /// Takes a member's access away, signed in or not.
    pub async fn remove_member(&self, partner: &PartnerId, member: MemberId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        let (came, kept) = self
            .store
            .transaction("remove_member", |tx| {
                Box::pin(async move {
                    if admins::is_last(tx, partner, member.0, now).await? {
                        return Ok((LetOut::LastAdmin, Kept::NOTHING));
                    }
                    if !members::remove(tx, partner, member, now).await? {
                        return Ok((LetOut::Unknown, Kept::NOTHING));
                    }
                    let removed =
                        SecurityEvent::of(SecurityEventKind::MemberRemoved, partner, member, json!({}));
                    Ok::<_, StoreError>((LetOut::Done, self.keep(tx, removed).await?))
                })
            })
            .await?;
        kept.log();
        Ok(came)
    }

    /// Creates a token.
    pub async fn make_token(&self, partner: &PartnerId, form: TokenForm<'_>) -> Result<MadeToken, NotLetIn> {
        let (name, role) = (form.name.trim(), form.role);
        if Text::<MAX_NAME>::new(name).is_err() {
            return Err(NotLetIn::NoName);
        }
        if form.days == 0 || form.days > MAX_TOKEN_DAYS {
            return Err(NotLetIn::Days);
        }
        let now = self.clock.now();
        let lifetime = SignedDuration::from_hours(24 * i64::from(form.days));
        let expires_at = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
        let token = TokenId(self.entropy.uuid(now));
        let secret = Token::generate(|bytes| self.entropy.fill(bytes));
        let (hash, by) = (secret.hash(), &self.actor().name);
        let new = &NewToken { token, partner, name, role, hash: &hash, by, expires_at };
        let kept = self
            .store
            .transaction("make_token", |tx| {
                Box::pin(async move {
                    tokens::mint(tx, new, now).await?;
                    let details = json!({ "name": name, "role": role.as_str(), "expires_at": expires_at });
                    self.keep(tx, SecurityEvent::of(SecurityEventKind::TokenMade, partner, token, details))
                        .await
                })
            })
            .await?;
        kept.log();
        Ok(MadeToken { token, secret, expires_at })
    }

    /// Revokes a token and signs out its sessions. The partner cannot revoke the provider's tokens.
    pub async fn revoke_token(&self, partner: &PartnerId, token: TokenId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        let (came, kept) = self
            .store
            .transaction("revoke_token", |tx| {
                Box::pin(async move {
                    if admins::is_last(tx, partner, token.0, now).await? {
                        return Ok((LetOut::LastAdmin, Kept::NOTHING));
                    }
                    if tokens::is_the_providers(tx, partner, token).await? {
                        return Ok((LetOut::Unknown, Kept::NOTHING));
                    }
                    self.revoke(tx, partner, token, now).await
                })
            })
            .await?;
        kept.log();
        Ok(came)
    }

    /// Revokes any token of the partner, the provider's and the last administrator's included. Only for the
    /// operator.
    pub async fn revoke_any_token(&self, partner: &PartnerId, token: TokenId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        let (came, kept) = self
            .store
            .transaction("revoke_token", |tx| Box::pin(self.revoke(tx, partner, token, now)))
            .await?;
        kept.log();
        Ok(came)
    }

    async fn revoke(
        &self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        token: TokenId,
        now: Timestamp,
    ) -> Result<(LetOut, Kept), StoreError> {
        match tokens::revoke(tx, partner, token, now).await? {
            None => return Ok((LetOut::Unknown, Kept::NOTHING)),
            Some(since) if since != now => return Ok((LetOut::Done, Kept::NOTHING)),
            Some(_) => {}
        }
        let revoked = SecurityEvent::of(SecurityEventKind::TokenRevoked, partner, token, json!({}));
        Ok((LetOut::Done, self.keep(tx, revoked).await?))
    }
}

/// Whether the text is plausible as an email address. Only a sign-in with the address proves more.
fn is_address(text: &str) -> bool {
    let plain = text.len() <= MAX_EMAIL && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    plain && parts.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{MAX_EMAIL, is_address};

    #[test]
    fn an_impossible_address_is_refused() {
        for right in ["pia@example.com", "a.b+c@sub.example.it", "pia@localhost"] {
            assert!(is_address(right), "{right}");
        }
        for wrong in
            ["", "pia", "@example.com", "pia@", "pia @example.com", "pia@example.com\nugo@example.com"]
        {
            assert!(!is_address(wrong), "{wrong}");
        }
        assert!(!is_address(&format!("{}@example.com", "a".repeat(MAX_EMAIL))));
    }
}

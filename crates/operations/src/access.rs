//! Who may come in to a partner's portal: people as members, by their addresses, and who holds a token.

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

/// The longest name of a token, in characters.
pub const MAX_NAME: usize = 100;
/// How many days a token lets somebody in, where nobody has said otherwise.
pub const TOKEN_DAYS: u16 = 90;
/// The most days that a token lets somebody in.
pub const MAX_TOKEN_DAYS: u16 = 365;
/// The longest address that mail can have, in bytes.
pub const MAX_EMAIL: usize = 254;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum NotLetIn {
    /// It can be no address.
    #[error("write one e-mail address")]
    NoAddress,
    /// The partner has a member of this address.
    #[error("this address is a member already: to change the role, remove it and add it again")]
    Known,
    /// A token has no name, or a long one.
    #[error("say what the token is for, in at most {MAX_NAME} characters")]
    NoName,
    /// A token would let somebody in for no day, or for too many.
    #[error("write for how many days the token lets somebody in: 1 to {MAX_TOKEN_DAYS}")]
    Days,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct TokenForm<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// For how many days it lets somebody in.
    pub days: u16,
}

/// A token that was made.
#[derive(Debug)]
pub struct MadeToken {
    /// Its id.
    pub token: TokenId,
    /// What lets somebody in. It is told to nobody else, and only its hash is kept.
    pub secret: Token,
    /// When its time is over.
    pub expires_at: Timestamp,
}

/// What came of letting somebody in no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetOut {
    /// It is so.
    Done,
    /// The partner has nothing of this id.
    Unknown,
    /// It is the last admin: nobody else could say who may come in. Nothing is changed.
    LastAdmin,
}

impl Acting<'_> {
    /// Lets whoever signs in with this address in.
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

    /// Lets a member in no more, signed in or not.
    pub async fn remove_member(&self, partner: &PartnerId, member: MemberId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        let (came, kept) = self
            .store
            .transaction("remove_member", |tx| {
                Box::pin(async move {
                    if !admins::another(tx, partner, member.0, now).await? {
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

    /// Makes a token.
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

    /// Lets nobody in by a token any more; whoever is signed in by it is signed out. The provider's are not the partner's to
    /// revoke.
    pub async fn revoke_token(&self, partner: &PartnerId, token: TokenId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        let (came, kept) = self
            .store
            .transaction("revoke_token", |tx| {
                Box::pin(async move {
                    if !admins::another(tx, partner, token.0, now).await? {
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

    /// Revokes any token of the partner, the provider's and the last admin's too: for the operator.
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

/// Whether mail could be sent there; more is known when somebody signs in with it.
fn is_address(text: &str) -> bool {
    let plain = text.len() <= MAX_EMAIL && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    plain && parts.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{MAX_EMAIL, is_address};

    #[test]
    fn what_can_be_no_address_is_told_before_anybody_waits_for_it() {
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

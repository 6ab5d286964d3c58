//! Who may come in to a partner's portal: people as members, by their addresses, and who holds a token.

use domain::{MemberId, PartnerId, Role, Text, TokenId};
use store::{
    StoreError,
    access::{
        admins,
        members::{self, NewMember},
        tokens::{self, NewToken},
    },
};
use vault::Token;

use crate::Operations;

/// The longest name of a token, in characters.
pub const MAX_NAME: usize = 100;
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
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
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

impl Operations {
    /// Lets whoever signs in with this address in.
    pub async fn add_member(
        &self,
        partner: &PartnerId,
        email: &str,
        role: Role,
        by: &str,
    ) -> Result<MemberId, NotLetIn> {
        let email = email.trim();
        if !is_address(email) {
            return Err(NotLetIn::NoAddress);
        }
        let now = self.clock.now();
        let member = MemberId(self.entropy.uuid(now));
        let new = NewMember { member, partner, email, role, by };
        let is_new = self.store.transaction("add_member", |tx| Box::pin(members::add(tx, &new, now))).await?;
        if is_new { Ok(member) } else { Err(NotLetIn::Known) }
    }

    /// Lets a member in no more, signed in or not.
    pub async fn remove_member(&self, partner: &PartnerId, member: MemberId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        self.store
            .transaction("remove_member", |tx| {
                Box::pin(async move {
                    if !admins::another(tx, partner, member.0).await? {
                        return Ok(LetOut::LastAdmin);
                    }
                    members::remove(tx, partner, member, now).await.map(let_out)
                })
            })
            .await
    }

    /// Makes a token. It is told to nobody else, and only its hash is kept.
    pub async fn make_token(
        &self,
        partner: &PartnerId,
        name: &str,
        role: Role,
        by: &str,
    ) -> Result<(TokenId, Token), NotLetIn> {
        let name = name.trim();
        if Text::<MAX_NAME>::new(name).is_err() {
            return Err(NotLetIn::NoName);
        }
        let now = self.clock.now();
        let token = TokenId(self.entropy.uuid(now));
        let secret = Token::generate(|bytes| self.entropy.fill(bytes));
        let new = NewToken { token, partner, name, role, hash: &secret.hash(), by };
        self.store.transaction("make_token", |tx| Box::pin(tokens::mint(tx, &new, now))).await?;
        Ok((token, secret))
    }

    /// Lets nobody in by a token any more; whoever is signed in by it is signed out. The provider's are not the partner's to
    /// revoke.
    pub async fn revoke_token(&self, partner: &PartnerId, token: TokenId) -> Result<LetOut, StoreError> {
        let now = self.clock.now();
        self.store
            .transaction("revoke_token", |tx| {
                Box::pin(async move {
                    if !admins::another(tx, partner, token.0).await? {
                        return Ok(LetOut::LastAdmin);
                    }
                    if tokens::is_the_providers(tx, partner, token).await? {
                        return Ok(LetOut::Unknown);
                    }
                    tokens::revoke(tx, partner, token, now).await.map(let_out)
                })
            })
            .await
    }
}

fn let_out(was_there: bool) -> LetOut {
    if was_there { LetOut::Done } else { LetOut::Unknown }
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

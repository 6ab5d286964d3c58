//! Kaseya's host as a customer types it (S-06 to S-08).
//!
//! A page extracts the host from the typed text and shows what was stripped ([`Host::clean`]); a file must hold the
//! name alone ([`Host::parse`]). Both refuse anything that could lead elsewhere than it seems: user info, ports,
//! addresses, and names that look like Kaseya's but are others.

mod look_alike;

use std::fmt;

/// A host name and nothing else: lower case, international names in their ASCII form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

/// A host extracted from typed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The host.
    pub host: Host,
    /// What was stripped or rewritten, to be shown; empty when the name alone was typed.
    pub notes: Vec<Note>,
}

/// What was typed in addition to a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Blanks before or after it.
    Blank,
    /// A scheme before it.
    Scheme,
    /// A query or fragment after it.
    Query,
    /// A path after it.
    Path,
    /// A dot at its end.
    Dot,
    /// `api.` before it: the name of the other API.
    Api,
    /// Another name that Kaseya's own page gives it.
    OtherName,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blank => "the host has a blank in it",
            Self::Scheme => "the host has a scheme (such as https://) in front",
            Self::Query => "the host has a query (from ? or # on) behind it",
            Self::Path => "the host has a path (from / on) behind it",
            Self::Dot => "the host ends with a dot",
            Self::Api => "the host begins with `api.`",
            Self::OtherName => "the host is written by a name of its API alone",
        })
    }
}

/// Why a text is not a host name, with the fix where it is obvious.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError {
    fault: HostFault,
    fix: Option<String>,
}

/// What is wrong with a text that is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostFault {
    /// It is empty.
    Empty,
    /// Something is in or next to the name.
    Around(Note),
    /// It contains a user name (before @).
    UserInfo,
    /// It has a port.
    Port,
    /// It is an address.
    Address,
    /// It is not a full name.
    Name,
    /// It looks like this known host but is another.
    LooksLike(&'static str),
    /// Its letters come from several scripts.
    MixedScripts,
}

impl HostError {
    /// What is wrong.
    pub fn fault(&self) -> HostFault {
        self.fault
    }

    /// The fix, where it is obvious.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            HostFault::Empty => f.write_str("the host is empty"),
            HostFault::Around(note) => note.fmt(f),
            HostFault::UserInfo => f.write_str("the host has a user name (before @) in it"),
            HostFault::Port => f.write_str("the host has a port (from : on) behind it"),
            HostFault::Address => f.write_str("the host is an address, not a name"),
            HostFault::Name => f.write_str("the host is not a full name"),
            HostFault::LooksLike(known) => write!(f, "the host looks like `{known}` and is another"),
            HostFault::MixedScripts => {
                f.write_str("the host mixes letters of several scripts, as names do that are made to deceive")
            }
        }?;
        match &self.fix {
            Some(fix) => write!(f, ": write only `{fix}`"),
            None => f.write_str(": write only the name, such as `bms.kaseya.com`"),
        }
    }
}

impl std::error::Error for HostError {}

/// Kaseya's page gives Vorex's API two names; its UI has one.
const OTHER_NAMES: [(&str, &str); 1] = [("vorexlogin.kaseya.com", "vorexlogin.com")];

impl Host {
    /// Checks a host name that must be alone. Any addition is refused with the fix, never cut silently.
    pub fn parse(typed: &str) -> Result<Self, HostError> {
        let Cleaned { host, notes } = Self::clean(typed)?;
        match notes.first() {
            None => Ok(host),
            Some(note) => Err(HostError { fault: HostFault::Around(*note), fix: Some(host.0) }),
        }
    }

    /// Extracts the host from typed text, and reports what was stripped.
    pub fn clean(typed: &str) -> Result<Cleaned, HostError> {
        let refuse = |fault, fix| Err(HostError { fault, fix });
        let mut notes = Vec::new();
        let mut take = |note, taken: bool| notes.extend(taken.then_some(note));
        let text = typed.trim();
        if text.is_empty() {
            return refuse(HostFault::Empty, None);
        }
        take(Note::Blank, text.len() < typed.len());
        let (scheme, text) =
            text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        take(Note::Scheme, scheme.is_some());
        let name = text.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        take(Note::Query, text.contains(['?', '#']));
        take(Note::Path, text[name.len()..].starts_with(['/', '\\']));
        // An addition to the name is refused here, and the name alone is offered if it would be accepted.
        let offered = |name: &str| Some(Self::clean(name).ok()?.host.0);
        if let Some((_, name)) = name.rsplit_once('@') {
            return refuse(HostFault::UserInfo, offered(name));
        }
        let blank = |c: char| c.is_whitespace() || c.is_control();
        if name.contains(blank) {
            return refuse(HostFault::Around(Note::Blank), offered(&name.replace(blank, "")));
        }
        let name = name.strip_suffix('.').map_or(name, |name| {
            take(Note::Dot, true);
            name
        });
        let host = match url::Host::parse(name) {
            Ok(url::Host::Domain(name)) => name,
            Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => return refuse(HostFault::Address, None),
            Err(_) => match name.split_once(':') {
                Some((name, _)) => return refuse(HostFault::Port, offered(name)),
                None => return refuse(HostFault::Name, None),
            },
        };
        let host = host.strip_prefix("api.").map_or(host.as_str(), |name| {
            take(Note::Api, true);
            name
        });
        let host = OTHER_NAMES.iter().find(|(other, _)| *other == host).map_or(host, |(_, name)| {
            take(Note::OtherName, true);
            name
        });
        let letters = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let full = host.contains('.')
            && host.len() <= 240
            && host.split('.').all(|label| (1..=63).contains(&label.len()) && letters(label));
        if !full {
            return refuse(HostFault::Name, None);
        }
        if let Some(known) = look_alike::of(host) {
            return refuse(HostFault::LooksLike(known), Some(known.to_owned()));
        }
        if look_alike::mixes_scripts(host) {
            return refuse(HostFault::MixedScripts, None);
        }
        Ok(Cleaned { host: Self(host.to_owned()), notes })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;

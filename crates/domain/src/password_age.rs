//! A password's age, and when to warn about it (B-03).
//!
//! Kaseya can let passwords expire, after 180 days if its advice is followed. It does not tell whether a tenant does,
//! or how long its user has had the password: we count from the day the password was first stored here.

use jiff::{SignedDuration, Timestamp};

/// The age in days at which a password expires by Kaseya's advice.
pub const PASSWORD_DAYS: u16 = 180;

/// Days before expiry on which we warn, once each.
pub const PASSWORD_STEPS: [u16; 4] = [30, 14, 7, 1];

/// A password near its expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordWarning {
    /// The last of [`PASSWORD_STEPS`] reached.
    pub step: u16,
    /// When it is 180 days old; may be past.
    pub due: Timestamp,
}

impl PasswordWarning {
    /// Whole days until `due`, counting the current one; 0 once it is past.
    pub fn days_left(&self, now: Timestamp) -> u16 {
        let seconds = now.duration_until(self.due).as_secs().max(0).unsigned_abs();
        u16::try_from(seconds.div_ceil(24 * 60 * 60)).unwrap_or(u16::MAX)
    }
}

/// The warning for a password stored at `changed`; `None` while it is young.
pub fn password_warning(changed: Timestamp, now: Timestamp) -> Option<PasswordWarning> {
    let due = changed.saturating_add(days(PASSWORD_DAYS)).unwrap_or(Timestamp::MAX);
    let left = now.duration_until(due);
    let step = PASSWORD_STEPS.into_iter().filter(|step| left <= days(*step)).min()?;
    Some(PasswordWarning { step, due })
}

fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

//! How old a password is, and when to say so (B-03).
//!
//! Kaseya can let passwords expire, after 180 days where its advice is followed. Whether a tenant does, and since when its
//! user has the password, it does not tell: we count from the day on which the password was first stored here.

use jiff::{SignedDuration, Timestamp};

/// The age at which Kaseya's advice lets a password expire.
pub const PASSWORD_DAYS: u16 = 180;

/// So many days before that it is said, each once.
pub const PASSWORD_STEPS: [u16; 4] = [30, 14, 7, 1];

/// A password that comes of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordWarning {
    /// The last of [`PASSWORD_STEPS`] that was reached.
    pub step: u16,
    /// When it is 180 days old; this may be past.
    pub due: Timestamp,
}

impl PasswordWarning {
    /// Whole days until then, the one under way counted; 0 when it is past.
    pub fn days_left(&self, now: Timestamp) -> u16 {
        let seconds = now.duration_until(self.due).as_secs().max(0).unsigned_abs();
        u16::try_from(seconds.div_ceil(24 * 60 * 60)).unwrap_or(u16::MAX)
    }
}

/// What there is to say of a password that is stored since `changed`; `None` while it is young.
pub fn password_warning(changed: Timestamp, now: Timestamp) -> Option<PasswordWarning> {
    let due = changed.saturating_add(days(PASSWORD_DAYS)).unwrap_or(Timestamp::MAX);
    let left = now.duration_until(due);
    let step = PASSWORD_STEPS.into_iter().filter(|step| left <= days(*step)).min()?;
    Some(PasswordWarning { step, due })
}

fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

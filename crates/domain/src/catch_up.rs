//! What a schedule owes when its time has come, also after downtime.

use jiff::{Timestamp, civil::Date};

use crate::{Occurrence, Schedule};

/// The most missed days that are recorded one by one; of a longer downtime the newest are.
pub const MAX_MISSED: usize = 60;

/// What to do when an occurrence is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRun {
    /// The one to run.
    pub run: Occurrence,
    /// Nominal days before it that had no run and get none, oldest first: to be recorded as missed.
    pub missed: Vec<Date>,
    /// The next to wait for; `None` only beyond the calendar's end.
    pub next: Option<Occurrence>,
}

/// What is owed at `now` to a partner that waits for `next`; `None` while that is not due.
///
/// After downtime the newest occurrence that has come due is run, once, and those before it are recorded as missed.
/// Only what came due after `next` did speaks of downtime: days that an edit has made due together are run one after
/// the other.
pub fn due(schedule: &Schedule, next: Occurrence, now: Timestamp) -> Option<DueRun> {
    if next.due > now {
        return None;
    }
    let mut passed = vec![next];
    let mut following = schedule.after(next.nominal);
    while let Some(occurrence) = following.filter(|occurrence| occurrence.due <= now) {
        passed.push(occurrence);
        following = schedule.after(occurrence.nominal);
    }
    let newest = passed[passed.len() - 1];
    if newest.due <= next.due {
        return Some(DueRun { run: next, missed: Vec::new(), next: schedule.after(next.nominal) });
    }
    let missed: Vec<Date> = passed[..passed.len() - 1].iter().map(|occurrence| occurrence.nominal).collect();
    let recorded = missed[missed.len().saturating_sub(MAX_MISSED)..].to_vec();
    Some(DueRun { run: newest, missed: recorded, next: following })
}

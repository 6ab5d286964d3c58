//! What a schedule owes when it comes due, also after downtime.

use jiff::{Timestamp, civil::Date};

use crate::{Occurrence, Schedule};

/// The maximum of missed days recorded one by one; after a longer downtime, the newest are recorded.
pub const MAX_MISSED: usize = 60;

/// What to do when an occurrence is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRun {
    /// The occurrence to run.
    pub run: Occurrence,
    /// Earlier nominal days without a run, oldest first, to be recorded as missed.
    pub missed: Vec<Date>,
    /// The next occurrence to wait for; `None` only beyond the calendar's end.
    pub next: Option<Occurrence>,
}

/// What is owed at `now` to a partner that waits for `next`; `None` while `next` is not due.
///
/// After downtime the newest due occurrence runs once, and the earlier ones are recorded as missed. Only an
/// occurrence that came due after `next` is a sign of downtime: days that an edit made due together run one after the
/// other.
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

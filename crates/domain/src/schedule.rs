//! When a partner's schedule comes due.
//!
//! `cron` finds the occurrences in civil time; they are then placed in the zone. A local time that does not exist
//! runs at the first instant after the gap; a local time that exists twice runs once, at the first. A day that the
//! zone skips altogether has no occurrence.
//!
//! # Edits
//!
//! A partner's nominal days only increase, and each runs at most once, whatever is edited and when
//! ([`Schedule::next_after_edit`]):
//!
//! - An occurrence already due at the time of the edit runs as the old schedule had it.
//! - A promised day that is also a day of the new schedule keeps its run, at the new time; if that time is already
//!   past, it runs at once. A daily partner that changes its hour or zone at any moment therefore gets exactly one
//!   run per nominal day, in order. (A move of the zone far to the east can make two days due at once: they run one
//!   after the other.)
//! - A promised day that is not a day of the new schedule is dropped: weekly on Monday means Monday.
//! - A new schedule begins at once: its first time after the edit counts, unless that nominal day already had its
//!   run.

use std::{str::FromStr as _, time::Duration};

use chrono::{Datelike as _, NaiveDate};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{PartnerId, local_time};

pub use jiff::civil::Weekday;

/// The frequency of a schedule.
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
    calendar: cron::Schedule,
}

/// One due date of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The local day it stands for. No day of a partner runs twice, whatever is edited.
    pub nominal: Date,
    /// The instant at which it comes due.
    pub due: Timestamp,
}

/// Why a schedule is invalid.
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
        let hour_of_day = parse_hour(hour)?;
        let zone = parse_zone(zone)?;
        // Days of the week by name: cron's own numbers begin on Sunday with 1.
        let weekday = match frequency {
            Frequency::Daily => "*",
            Frequency::Weekly(Weekday::Monday) => "MON",
            Frequency::Weekly(Weekday::Tuesday) => "TUE",
            Frequency::Weekly(Weekday::Wednesday) => "WED",
            Frequency::Weekly(Weekday::Thursday) => "THU",
            Frequency::Weekly(Weekday::Friday) => "FRI",
            Frequency::Weekly(Weekday::Saturday) => "SAT",
            Frequency::Weekly(Weekday::Sunday) => "SUN",
        };
        let calendar = cron::Schedule::from_str(&format!("0 0 {hour_of_day} * * {weekday}"))
            .expect("an hour from 0 to 23 and a day's name make a cron expression");
        Ok(Self { frequency, hour: hour_of_day, zone, calendar })
    }

    /// Daily, or the day of the week.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// The hour of local time, 0 to 23.
    pub fn hour(&self) -> i8 {
        self.hour
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first occurrence with a nominal day after `day`. `None` only beyond the calendar's end (2100).
    pub fn after(&self, day: Date) -> Option<Occurrence> {
        self.all_after(day).next()
    }

    /// The first occurrence due after `instant`: where a new schedule begins.
    pub fn after_instant(&self, instant: Timestamp) -> Option<Occurrence> {
        // Two days back: where clocks go back across midnight, an instant's local day can be the previous one.
        let day = self.zone.to_datetime(instant).date();
        let day = day.yesterday().and_then(Date::yesterday).unwrap_or(day);
        self.all_after(day).find(|occurrence| occurrence.due > instant)
    }

    /// The first occurrence due after `now` with a nominal day after the last one run or recorded: where a schedule
    /// continues after it was off.
    pub fn resume(&self, last_nominal: Option<Date>, now: Timestamp) -> Option<Occurrence> {
        let next = self.after_instant(now)?;
        match last_nominal {
            Some(last) if next.nominal <= last => self.after(last),
            _ => Some(next),
        }
    }

    /// The occurrence to wait for when this schedule replaces another at `now`, by the rules above.
    ///
    /// `pending` is the occurrence that the partner was waiting for, if it had a schedule; `last_nominal` is the last
    /// day run or recorded as missed.
    pub fn next_after_edit(
        &self,
        pending: Option<Occurrence>,
        last_nominal: Option<Date>,
        now: Timestamp,
    ) -> Option<Occurrence> {
        let begins = self.resume(last_nominal, now);
        let Some(promised) = pending else {
            return begins;
        };
        if promised.due <= now {
            return Some(promised);
        }
        let kept = promised.nominal.yesterday().ok().and_then(|day| self.after(day));
        // If its time is already past, the edit makes it due.
        let kept = kept.map(|kept| Occurrence { due: kept.due.max(now), ..kept });
        [kept, begins].into_iter().flatten().min_by_key(|occurrence| occurrence.nominal)
    }

    fn all_after(&self, day: Date) -> impl Iterator<Item = Occurrence> {
        let end_of_day = NaiveDate::from_ymd_opt(
            day.year().into(),
            day.month().unsigned_abs().into(),
            day.day().unsigned_abs().into(),
        )
        .and_then(|day| day.and_hms_opt(23, 59, 59));
        // Civil times, written as UTC because cron requires a zone.
        let civil_times = end_of_day.into_iter().flat_map(|end| self.calendar.after_owned(end.and_utc()));
        civil_times.filter_map(|civil| {
            let nominal = Date::new(
                i16::try_from(civil.year()).ok()?,
                i8::try_from(civil.month()).ok()?,
                i8::try_from(civil.day()).ok()?,
            )
            .ok()?;
            let due = local_time::place(&self.zone, nominal.at(self.hour, 0, 0, 0))?;
            local_time::exists(&self.zone, nominal).then_some(Occurrence { nominal, due })
        })
    }
}

pub(crate) fn parse_hour(hour: i64) -> Result<i8, ScheduleError> {
    i8::try_from(hour).ok().filter(|hour| (0..24).contains(hour)).ok_or(ScheduleError::Hour(hour))
}

pub(crate) fn parse_zone(zone: &str) -> Result<TimeZone, ScheduleError> {
    TimeZone::get(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))
}

/// The partner's own delay within `window`, always the same: it spreads thousands of partners due at the same hour.
pub fn spread_offset(partner: &PartnerId, window: Duration) -> Duration {
    // FNV-1a: stable across releases and machines, which the standard library's hasher does not promise.
    let hash = partner.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let seconds = window.as_secs().max(1);
    Duration::from_secs(hash % seconds)
}

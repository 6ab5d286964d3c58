//! Whether a count's day, its instant of counting and the present agree (G-07).
//!
//! All three come from outside, by message, API or file, and each entry point checks them here. Otherwise a provider
//! that labels its days in another zone than the partner's would count a day that has not begun there, and a final
//! report for it would freeze a month before its last day.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use crate::local_time;

/// How far the provider's clock may be ahead of ours.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Why a count cannot have been taken at its stated instant, or not on its stated day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountTimeError {
    /// It would stay the newest of its day until that instant.
    #[error("it is in the future: {counted_at} is later than {now}; give the instant of counting")]
    InFuture {
        /// The instant of counting.
        counted_at: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// The users of a day that has not begun cannot be counted.
    #[error(
        "{day} begins at {begins} where the partner's counts are taken ({zone}), later than counted_at {counted_at}; name \
         the day that it is there"
    )]
    DayNotBegun {
        /// The day of the count.
        day: Date,
        /// The first instant of that day.
        begins: Timestamp,
        /// The partner's count zone.
        zone: String,
        /// The instant of counting.
        counted_at: Timestamp,
    },
}

impl CountTimeError {
    /// The invalid field.
    pub fn field(&self) -> &'static str {
        match self {
            Self::InFuture { .. } => "counted_at",
            Self::DayNotBegun { .. } => "day",
        }
    }
}

/// Checks a count of `day` taken at `counted_at`; `zone` is the partner's count zone.
pub fn check_count_time(
    day: Date,
    counted_at: Timestamp,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<(), CountTimeError> {
    if counted_at > now.saturating_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX) {
        return Err(CountTimeError::InFuture { counted_at, now });
    }
    let begins = day_begins(day, zone);
    if counted_at < begins {
        let zone = zone.iana_name().unwrap_or("UTC").to_owned();
        return Err(CountTimeError::DayNotBegun { day, begins, zone, counted_at });
    }
    Ok(())
}

/// The first instant of a day in a zone.
pub fn day_begins(day: Date, zone: &TimeZone) -> Timestamp {
    local_time::place(zone, day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// Whether a day is over in a zone: a count marked final is believed from then on.
pub(crate) fn day_is_over(day: Date, zone: &TimeZone, now: Timestamp) -> bool {
    day.tomorrow().is_ok_and(|next| now >= day_begins(next, zone))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    #[test]
    fn case_b1_a_count_of_a_day_that_has_not_begun_in_the_count_zone_is_refused() {
        for (day, zone_name, first) in [
            (date(2026, 11, 30), "America/Los_Angeles", "2026-11-30T08:00:00Z"),
            (date(2026, 11, 30), "UTC", "2026-11-30T00:00:00Z"),
            (date(2026, 11, 30), "Pacific/Auckland", "2026-11-29T11:00:00Z"),
            (date(2026, 11, 30), "Pacific/Honolulu", "2026-11-30T10:00:00Z"),
            (date(2028, 2, 29), "Pacific/Kiritimati", "2028-02-28T10:00:00Z"),
            // Midnight does not exist there on this day: it begins at one.
            (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        ] {
            let (zone, first) = (zone(zone_name), at(first));
            let before = first - SignedDuration::from_secs(1);
            let refused = check_count_time(day, before, &zone, at("2030-01-01T00:00:00Z"));
            let error = refused.expect_err("it has not begun");
            assert_eq!(error.field(), "day", "{zone_name}");
            assert!(error.to_string().contains(zone_name), "{error}");
            assert_eq!(check_count_time(day, first, &zone, first), Ok(()), "{zone_name}");
        }
    }

    #[test]
    fn case_b1_a_count_is_no_further_ahead_than_clocks_may_differ() {
        let now = at("2026-11-30T12:00:00Z");
        let check = |counted_at| check_count_time(date(2026, 11, 30), at(counted_at), &zone("UTC"), now);
        assert_eq!(check("2026-11-30T12:05:00Z"), Ok(()));
        assert_eq!(check("2026-11-30T12:05:01Z").expect_err("too far").field(), "counted_at");
        // The day has not begun by our clock, but may have by the provider's.
        let midnight = check_count_time(
            date(2026, 12, 1),
            at("2026-12-01T00:01:00Z"),
            &zone("UTC"),
            at("2026-11-30T23:58:00Z"),
        );
        assert_eq!(midnight, Ok(()));
    }

    #[test]
    fn case_b1_a_day_is_over_when_the_next_begins_in_its_zone() {
        let (day, zone) = (date(2028, 2, 29), zone("America/Los_Angeles"));
        assert!(!day_is_over(day, &zone, at("2028-03-01T07:59:59Z")));
        assert!(day_is_over(day, &zone, at("2028-03-01T08:00:00Z")));
    }
}

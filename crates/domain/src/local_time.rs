//! Placing local times in a zone.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

/// The instant of a local time. A time that does not exist gives the first instant after the gap; a time that exists
/// twice gives the first. `None` only beyond the calendar's ends.
pub(crate) fn place(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            // With the offset after the gap, a time inside the gap is before it.
            let before_the_gap = after.to_timestamp(local).ok()?;
            zone.following(before_the_gap)
                .find(|change| change.offset() == after)
                .map(|change| change.timestamp())
        }
    }
}

/// Whether the zone has this day: a country that crosses the date line skips a day.
pub(crate) fn exists(zone: &TimeZone, day: Date) -> bool {
    place(zone, day.at(0, 0, 0, 0)).is_some_and(|first| zone.to_datetime(first).date() == day)
}

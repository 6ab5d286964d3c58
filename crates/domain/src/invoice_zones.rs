//! The zones of an invoice day: the partner's, and Kaseya's if it is known.
//!
//! Kaseya makes its invoices by its tenant's clock. If that is in another zone than the partner's schedule, the
//! invoice day begins where it begins first and ends where it ends last (G-09).

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::local_time;

/// The zones of an invoice day.
#[derive(Debug, Clone, Copy)]
pub struct InvoiceZones<'z> {
    partner: &'z TimeZone,
    kaseya: Option<&'z TimeZone>,
}

impl<'z> InvoiceZones<'z> {
    /// The partner's zone, and the Kaseya tenant's if it is set.
    pub fn new(partner: &'z TimeZone, kaseya: Option<&'z TimeZone>) -> Self {
        Self { partner, kaseya }
    }

    /// The start of a day in the zone where it begins first.
    pub(crate) fn day_begins(self, day: Date) -> Option<Timestamp> {
        self.midnights(day).min()
    }

    /// The instant from which a day has begun in both zones.
    pub(crate) fn day_has_begun(self, day: Date) -> Option<Timestamp> {
        self.midnights(day).max()
    }

    /// The earlier of the two zones' dates at an instant.
    pub(crate) fn earlier_date(self, now: Timestamp) -> Date {
        let partner = self.partner.to_datetime(now).date();
        self.kaseya.map_or(partner, |kaseya| partner.min(kaseya.to_datetime(now).date()))
    }

    fn midnights(self, day: Date) -> impl Iterator<Item = Timestamp> {
        let zones = std::iter::once(self.partner).chain(self.kaseya);
        zones.filter_map(move |zone| local_time::place(zone, day.at(0, 0, 0, 0)))
    }
}

/// For callers where Kaseya's zone is unknown or does not matter.
impl<'z> From<&'z TimeZone> for InvoiceZones<'z> {
    fn from(partner: &'z TimeZone) -> Self {
        Self::new(partner, None)
    }
}

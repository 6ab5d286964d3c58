//! The zones that an invoice day is in: the partner's, and Kaseya's where that is known.
//!
//! Kaseya makes its invoices by its tenant's clock. Where that is in another zone than the partner's schedule, the invoice
//! day begins where it begins first, and is over where it ends last (G-09).

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::local_time;

/// The zones that an invoice day is in.
#[derive(Debug, Clone, Copy)]
pub struct InvoiceZones<'z> {
    partner: &'z TimeZone,
    kaseya: Option<&'z TimeZone>,
}

impl<'z> InvoiceZones<'z> {
    /// The partner's zone, and the Kaseya tenant's if it has been told.
    pub fn new(partner: &'z TimeZone, kaseya: Option<&'z TimeZone>) -> Self {
        Self { partner, kaseya }
    }

    /// When a day begins where it begins first.
    pub(crate) fn day_begins(self, day: Date) -> Option<Timestamp> {
        self.midnights(day).min()
    }

    /// When a day has begun in both.
    pub(crate) fn day_has_begun(self, day: Date) -> Option<Timestamp> {
        self.midnights(day).max()
    }

    /// The date at an instant where it is earlier.
    pub(crate) fn earlier_date(self, now: Timestamp) -> Date {
        let partner = self.partner.to_datetime(now).date();
        self.kaseya.map_or(partner, |kaseya| partner.min(kaseya.to_datetime(now).date()))
    }

    fn midnights(self, day: Date) -> impl Iterator<Item = Timestamp> {
        let zones = std::iter::once(self.partner).chain(self.kaseya);
        zones.filter_map(move |zone| local_time::place(zone, day.at(0, 0, 0, 0)))
    }
}

/// Where Kaseya's zone is not known, or is no matter.
impl<'z> From<&'z TimeZone> for InvoiceZones<'z> {
    fn from(partner: &'z TimeZone) -> Self {
        Self::new(partner, None)
    }
}

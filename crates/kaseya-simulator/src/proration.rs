//! What a line owes for a period: units times time, in whole calendar days. Pure arithmetic.
//!
//! The vendor says that a change within a period is charged from its effective date, and that a change after
//! invoicing gives an extra line next time. Counting by days of the period is a guess.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// A range of days: the first included, the second excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The first day after the range.
    pub until: Date,
}

impl Period {
    fn days(self) -> f64 {
        f64::from((self.until - self.from).get_days().max(0))
    }

    /// The intersection; empty if the two do not overlap.
    pub fn within(self, other: Self) -> Self {
        let from = self.from.max(other.from);
        Self { from, until: self.until.min(other.until).max(from) }
    }
}

/// A part of what a period owes: this many units of the whole period, from this day on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Charge {
    /// The first day charged.
    pub from: Date,
    /// Units times the fraction of the period; negative for a decrease.
    pub quantity: f64,
}

/// The units of a line over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    first: f64,
    from: BTreeMap<Date, f64>,
}

impl Timeline {
    /// The same units at all times.
    pub fn new(units: f64) -> Self {
        Self { first: units, from: BTreeMap::new() }
    }

    /// Sets the units from a day on, and discards what was known of later days.
    pub fn set(&mut self, day: Date, units: f64) {
        self.from.split_off(&day);
        self.from.insert(day, units);
    }

    /// The units on a day.
    pub fn units(&self, day: Date) -> f64 {
        self.from.range(..=day).next_back().map_or(self.first, |(_, units)| *units)
    }

    /// What a period owes for the days on which the line runs: the units of its first such day, then one more
    /// charge for each change within.
    pub fn charges(&self, period: Period, runs: Period) -> Vec<Charge> {
        let billed = period.within(runs);
        if billed.days() == 0.0 {
            return Vec::new();
        }
        let rest = |from: Date| Period { from, until: billed.until }.days() / period.days();
        let mut units = self.units(billed.from);
        let mut charges = vec![Charge { from: billed.from, quantity: units * rest(billed.from) }];
        for (day, later) in self.from.range(billed.from..billed.until) {
            if *later != units {
                charges.push(Charge { from: *day, quantity: (later - units) * rest(*day) });
                units = *later;
            }
        }
        charges
    }

    /// The sum of the charges.
    pub fn quantity(&self, period: Period, runs: Period) -> f64 {
        self.charges(period, runs).iter().map(|charge| charge.quantity).sum()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};
    use proptest::prelude::*;

    use super::*;

    fn day(number: i64) -> Date {
        date(2026, 1, 1).saturating_add(number.days())
    }

    fn month(number: i8) -> Period {
        let from = date(2026, number, 1);
        Period { from, until: from.saturating_add(1.month()) }
    }

    fn whole() -> Period {
        Period { from: date(2020, 1, 1), until: date(2030, 1, 1) }
    }

    fn timeline(first: i32, changes: &[(i64, i32)]) -> Timeline {
        let mut timeline = Timeline::new(f64::from(first));
        for (number, units) in changes {
            timeline.set(day(*number), f64::from(*units));
        }
        timeline
    }

    fn changes() -> impl Strategy<Value = Vec<(i64, i32)>> {
        prop::collection::vec((0_i64..365, 0_i32..50), 0..12)
    }

    proptest! {
        #[test]
        fn charges_are_the_units_of_each_day(
            first in 0_i32..50, changes in changes(), number in 1_i8..12, start in 0_i64..365, days in 0_i64..365,
        ) {
            let line = timeline(first, &changes);
            let (period, runs) = (month(number), Period { from: day(start), until: day(start + days) });
            let mut by_day = 0.0;
            for number in 0..366 {
                let today = Period { from: day(number), until: day(number + 1) };
                if today.within(period).within(runs).days() == 1.0 {
                    by_day += line.units(day(number));
                }
            }
            let quantity = line.quantity(period, runs);
            prop_assert!((quantity - by_day / period.days()).abs() < 1e-9, "{} {}", quantity, by_day);
        }

        #[test]
        fn without_a_change_inside_the_quantity_is_the_units(first in 0_i32..50, number in 1_i8..12) {
            let line = timeline(first, &[]);
            let period = month(number);
            let charge = Charge { from: period.from, quantity: f64::from(first) };
            prop_assert_eq!(line.charges(period, whole()), vec![charge]);
        }

        #[test]
        fn changes_on_the_first_of_a_month_never_prorate(
            first in 0_i32..50, units in prop::collection::vec(0_i32..50, 12), number in 1_i8..12,
        ) {
            let mut line = timeline(first, &[]);
            for (index, units) in units.iter().enumerate() {
                line.set(date(2026, index as i8 + 1, 1), f64::from(*units));
            }
            let charge =
                Charge { from: month(number).from, quantity: f64::from(units[number as usize - 1]) };
            prop_assert_eq!(line.charges(month(number), whole()), vec![charge]);
        }

        #[test]
        fn the_last_word_counts_from_its_day_on(first in 0_i32..50, changes in changes(), at in 0_i64..365) {
            let mut line = timeline(first, &changes);
            let before: Vec<f64> = (0..at).map(|number| line.units(day(number))).collect();
            line.set(day(at), 7.0);
            prop_assert!((at..400).all(|number| line.units(day(number)) == 7.0));
            prop_assert_eq!((0..at).map(|number| line.units(day(number))).collect::<Vec<_>>(), before);
        }
    }

    #[test]
    fn a_decrease_in_the_middle_is_a_negative_part() {
        let line = timeline(10, &[(15, 4)]);
        let charges = line.charges(month(1), whole());
        assert_eq!(charges[0], Charge { from: day(0), quantity: 10.0 });
        assert_eq!(charges[1], Charge { from: day(15), quantity: -6.0 * 16.0 / 31.0 });
        assert_eq!(charges.len(), 2);
    }
}

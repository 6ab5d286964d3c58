//! Edited schedules: no night is lost, and none runs twice.

use domain::{Frequency, Occurrence, Schedule, Weekday, due};
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, date},
};
use proptest::prelude::*;

const ZONES: [&str; 8] = [
    "Europe/Rome",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
    "Asia/Kathmandu",
    "America/Santiago",
];

fn rome(frequency: Frequency, hour: i64) -> Schedule {
    Schedule::new(frequency, hour, "Europe/Rome").expect("a schedule")
}

/// An instant given in Rome's winter time.
fn at(text: &str) -> Timestamp {
    format!("{text}:00+01:00").parse().expect("an instant")
}

/// A partner that claims due runs at once unless something is down.
struct Partner {
    schedule: Schedule,
    pending: Occurrence,
    runs: Vec<(Date, Timestamp)>,
    missed: Vec<Date>,
}

impl Partner {
    fn new(schedule: Schedule, now: Timestamp) -> Self {
        let pending = schedule.next_after_edit(None, None, now).expect("before the year 2100");
        Self { schedule, pending, runs: Vec::new(), missed: Vec::new() }
    }

    /// Time advances to `until`; each run is claimed `delay` after it is due.
    fn live(&mut self, mut now: Timestamp, until: Timestamp, delay: i64) {
        loop {
            now = now.max(self.pending.due + delay.minutes());
            if now >= until {
                return;
            }
            let owed = due(&self.schedule, self.pending, now).expect("before the year 2100");
            self.missed.extend(owed.missed);
            self.runs.push((owed.run.nominal, now));
            self.pending = owed.next.expect("before the year 2100");
        }
    }

    fn edit(&mut self, schedule: Schedule, now: Timestamp) {
        let last = self.runs.last().map(|(nominal, _)| *nominal);
        self.pending = schedule.next_after_edit(Some(self.pending), last, now).expect("before the year 2100");
        self.schedule = schedule;
    }
}

fn frequency() -> impl Strategy<Value = Frequency> {
    prop_oneof![
        Just(Frequency::Daily),
        (0_usize..7).prop_map(|day| {
            Frequency::Weekly(Weekday::Monday.cycle_forward().nth(day).expect("before the year 2100"))
        })
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_daily_partner_edited_at_any_moment_runs_each_nominal_day_once_in_order(
        first in (0_i64..24, prop::sample::select(&ZONES[..])),
        edits in prop::collection::vec((0_i64..4000, 0_i64..24, prop::sample::select(&ZONES[..])), 0..12),
        start in 0_i64..365 * 24 * 60,
    ) {
        let mut now = at("2026-01-01T00:00") + start.minutes();
        let mut partner = Partner::new(Schedule::new(Frequency::Daily, first.0, first.1).unwrap(), now);
        for (minutes, hour, zone) in edits {
            let then = now + minutes.minutes();
            partner.live(now, then, 0);
            now = then;
            partner.edit(Schedule::new(Frequency::Daily, hour, zone).unwrap(), now);
        }
        partner.live(now, now + 240.hours(), 0);
        prop_assert!(partner.runs.len() >= 7);
        prop_assert!(partner.missed.is_empty(), "missed {:?}", partner.missed);
        for pair in partner.runs.windows(2) {
            prop_assert_eq!(pair[1].0, pair[0].0.tomorrow().unwrap());
        }
    }

    #[test]
    fn a_daily_partner_whose_hour_is_edited_never_waits_more_than_two_days(
        edits in prop::collection::vec((0_i64..4000, 0_i64..24), 0..12),
    ) {
        let mut now = at("2026-01-05T12:00");
        let mut partner = Partner::new(rome(Frequency::Daily, 2), now);
        for (minutes, hour) in edits {
            let then = now + minutes.minutes();
            partner.live(now, then, 0);
            now = then;
            partner.edit(rome(Frequency::Daily, hour), now);
        }
        partner.live(now, now + 96.hours(), 0);
        for pair in partner.runs.windows(2) {
            prop_assert!(pair[1].1.duration_since(pair[0].1).as_hours() <= 48);
            let local_day = partner.schedule.zone().to_datetime(pair[0].1).date();
            prop_assert_eq!(pair[0].0, local_day, "a run is on its own day");
        }
    }

    #[test]
    fn whatever_is_edited_and_however_late_claims_are_nominal_days_only_go_up(
        edits in prop::collection::vec((0_i64..20_000, frequency(), 0_i64..24, prop::sample::select(&ZONES[..])), 1..12),
        delay in 0_i64..60,
    ) {
        let mut now = at("2026-01-05T12:00");
        let mut partner = Partner::new(rome(Frequency::Daily, 2), now);
        for (minutes, frequency, hour, zone) in edits {
            let then = now + minutes.minutes();
            partner.live(now, then, delay);
            now = then;
            partner.edit(Schedule::new(frequency, hour, zone).unwrap(), now);
            let latest = now + (16 * 24).hours();
            prop_assert!(partner.pending.due <= latest, "the next run is never further than two weeks");
        }
        for pair in partner.runs.windows(2) {
            prop_assert!(pair[1].0 > pair[0].0);
        }
    }
}

#[test]
fn a_promised_day_whose_new_time_is_past_runs_at_once() {
    // Monday 9 November 2026.
    let (last, now) = (Some(date(2026, 11, 8)), at("2026-11-09T10:00"));
    let pending = rome(Frequency::Daily, 20).after(date(2026, 11, 8));
    let next = rome(Frequency::Daily, 6).next_after_edit(pending, last, now).unwrap();
    assert_eq!(next, Occurrence { nominal: date(2026, 11, 9), due: now });
    let owed = due(&rome(Frequency::Daily, 6), next, now + 1.seconds()).unwrap();
    assert_eq!((owed.run, owed.next.unwrap().nominal), (next, date(2026, 11, 10)));
}

#[test]
fn a_day_that_has_run_is_not_run_again_at_the_new_hour() {
    let (last, now) = (Some(date(2026, 11, 9)), at("2026-11-09T10:00"));
    let pending = rome(Frequency::Daily, 6).after(date(2026, 11, 9));
    let next = rome(Frequency::Daily, 20).next_after_edit(pending, last, now).unwrap();
    assert_eq!(next.nominal, date(2026, 11, 10));
}

#[test]
fn what_is_already_due_is_run_as_it_was() {
    let now = at("2026-11-09T06:10");
    let pending = rome(Frequency::Daily, 6).after(date(2026, 11, 8));
    for edited in [rome(Frequency::Daily, 20), rome(Frequency::Weekly(Weekday::Friday), 6)] {
        assert_eq!(edited.next_after_edit(pending, Some(date(2026, 11, 8)), now), pending);
    }
}

#[test]
fn weekly_to_daily_begins_at_once_and_keeps_the_promised_day() {
    let monday_evening = Frequency::Weekly(Weekday::Monday);
    let last = Some(date(2026, 11, 2));
    let pending = rome(monday_evening, 20).after(date(2026, 11, 2));
    let friday = rome(Frequency::Daily, 6).next_after_edit(pending, last, at("2026-11-06T10:00")).unwrap();
    assert_eq!(friday, Occurrence { nominal: date(2026, 11, 7), due: at("2026-11-07T06:00") });
    let now = at("2026-11-09T10:00");
    let monday = rome(Frequency::Daily, 6).next_after_edit(pending, last, now).unwrap();
    assert_eq!(monday, Occurrence { nominal: date(2026, 11, 9), due: now });
}

#[test]
fn daily_to_weekly_waits_for_the_weekday() {
    let wednesday = Frequency::Weekly(Weekday::Wednesday);
    let pending = rome(Frequency::Daily, 20).after(date(2026, 11, 8));
    let (last, now) = (Some(date(2026, 11, 8)), at("2026-11-09T10:00"));
    let next = rome(wednesday, 6).next_after_edit(pending, last, now).unwrap();
    assert_eq!(next, Occurrence { nominal: date(2026, 11, 11), due: at("2026-11-11T06:00") });
    // Monday is still promised and is a day of the new schedule.
    let next = rome(Frequency::Weekly(Weekday::Monday), 6).next_after_edit(pending, last, now).unwrap();
    assert_eq!(next, Occurrence { nominal: date(2026, 11, 9), due: now });
}

#[test]
fn another_weekday_takes_the_next_of_its_own() {
    let pending = rome(Frequency::Weekly(Weekday::Monday), 6).after(date(2026, 11, 9));
    let (last, now) = (Some(date(2026, 11, 9)), at("2026-11-10T10:00"));
    for (weekday, expected) in [
        (Weekday::Thursday, date(2026, 11, 12)),
        (Weekday::Monday, date(2026, 11, 16)),
        (Weekday::Tuesday, date(2026, 11, 17)),
    ] {
        let next = rome(Frequency::Weekly(weekday), 6).next_after_edit(pending, last, now).unwrap();
        assert_eq!(next.nominal, expected);
    }
}

#[test]
fn a_schedule_that_was_off_goes_on_without_catching_up_and_without_a_day_twice() {
    let schedule = rome(Frequency::Daily, 20);
    let now = at("2026-11-09T10:00");
    assert_eq!(schedule.resume(None, now).unwrap().nominal, date(2026, 11, 9));
    assert_eq!(schedule.resume(Some(date(2026, 11, 1)), now).unwrap().nominal, date(2026, 11, 9));
    assert_eq!(schedule.resume(Some(date(2026, 11, 9)), now).unwrap().nominal, date(2026, 11, 10));
}

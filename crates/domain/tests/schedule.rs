//! Schedules: one run per local day, whatever the clocks do.

use domain::{Frequency, MAX_MISSED, Occurrence, Schedule, ScheduleError, Weekday, due};
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, date},
};
use proptest::prelude::*;

const ZONES: [&str; 10] = [
    "Europe/Rome",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "Atlantic/Azores",
    "America/Sao_Paulo",
];

fn daily(hour: i64, zone: &str) -> Schedule {
    Schedule::new(Frequency::Daily, hour, zone).expect("a schedule")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The due instant is the first at which the local clock has reached the nominal day's hour.
fn assert_placed(schedule: &Schedule, occurrence: Occurrence) {
    let target = occurrence.nominal.at(schedule.hour(), 0, 0, 0);
    let local = |instant| schedule.zone().to_datetime(instant);
    assert!(local(occurrence.due) >= target, "{occurrence:?} is too early");
    for earlier in [1.nanoseconds(), 30.minutes(), 60.minutes(), 120.minutes()] {
        assert!(local(occurrence.due - earlier) < target, "{occurrence:?} is too late");
    }
}

#[test]
fn every_local_day_of_2020_to_2040_in_ten_zones_runs_exactly_once_in_order() {
    for zone in ZONES {
        for hour in [0, 2, 23] {
            let schedule = daily(hour, zone);
            let (mut day, mut last_due) = (date(2019, 12, 31), Timestamp::MIN);
            while day < date(2040, 12, 31) {
                let occurrence = schedule.after(day).unwrap();
                assert_eq!(occurrence.nominal, day.tomorrow().unwrap(), "{zone}");
                assert!(occurrence.due > last_due, "{zone}");
                assert_placed(&schedule, occurrence);
                (day, last_due) = (occurrence.nominal, occurrence.due);
            }
        }
    }
}

#[test]
fn a_weekly_schedule_runs_on_its_own_weekday() {
    for weekday in Weekday::Monday.cycle_forward().take(7) {
        let schedule = Schedule::new(Frequency::Weekly(weekday), 5, "Europe/Rome").unwrap();
        let mut day = date(2026, 1, 1);
        for _ in 0..60 {
            let next = schedule.after(day).unwrap();
            assert_eq!(next.nominal.weekday(), weekday);
            assert!((1..=7).contains(&(next.nominal - day).get_days()));
            assert_placed(&schedule, next);
            day = next.nominal;
        }
    }
}

#[test]
fn a_local_time_in_a_gap_runs_at_the_first_instant_after_it() {
    let rome = daily(2, "Europe/Rome").after(date(2026, 3, 28)).unwrap();
    assert_eq!(rome, Occurrence { nominal: date(2026, 3, 29), due: at("2026-03-29T01:00:00Z") });
    let santiago = daily(0, "America/Santiago").after(date(2026, 9, 5)).unwrap();
    assert_eq!(santiago, Occurrence { nominal: date(2026, 9, 6), due: at("2026-09-06T04:00:00Z") });
    // The gap of half an hour from 02:00 to 02:30.
    let lord_howe = daily(2, "Australia/Lord_Howe").after(date(2026, 10, 3)).unwrap();
    assert_eq!(lord_howe, Occurrence { nominal: date(2026, 10, 4), due: at("2026-10-03T15:30:00Z") });
    // The gap ends at midnight: the run still belongs to the day before.
    let nuuk = daily(23, "America/Nuuk").after(date(2026, 3, 27)).unwrap();
    assert_eq!(nuuk, Occurrence { nominal: date(2026, 3, 28), due: at("2026-03-29T01:00:00Z") });
}

#[test]
fn a_local_time_that_exists_twice_runs_at_its_first() {
    let rome = daily(2, "Europe/Rome").after(date(2026, 10, 24)).unwrap();
    assert_eq!(rome, Occurrence { nominal: date(2026, 10, 25), due: at("2026-10-25T00:00:00Z") });
    let azores = daily(0, "Atlantic/Azores").after(date(2026, 10, 24)).unwrap();
    assert_eq!(azores, Occurrence { nominal: date(2026, 10, 25), due: at("2026-10-25T00:00:00Z") });
}

#[test]
fn a_day_that_the_zone_leaves_out_has_no_run() {
    for hour in 0..24 {
        let next = daily(hour, "Pacific/Apia").after(date(2011, 12, 29)).unwrap();
        assert_eq!(next.nominal, date(2011, 12, 31));
    }
}

#[test]
fn what_is_no_hour_or_zone_is_refused() {
    for hour in [-1, 24, i64::MAX, i64::MIN] {
        assert_eq!(Schedule::new(Frequency::Daily, hour, "Europe/Rome"), Err(ScheduleError::Hour(hour)));
    }
    for zone in ["", "Europe/Roma", "CEST+1", "../etc"] {
        assert_eq!(Schedule::new(Frequency::Daily, 2, zone), Err(ScheduleError::Zone(zone.to_owned())));
    }
    for hour in 0..24 {
        assert!(Schedule::new(Frequency::Daily, hour, "Europe/Rome").is_ok());
    }
}

#[test]
fn after_downtime_the_newest_is_run_and_the_older_are_recorded() {
    let schedule = daily(2, "Europe/Rome");
    let next = schedule.after(date(2026, 11, 9)).unwrap();
    assert_eq!(due(&schedule, next, next.due - 1.seconds()), None);
    let prompt = due(&schedule, next, next.due).unwrap();
    assert_eq!((prompt.run, prompt.missed, prompt.next), (next, vec![], schedule.after(next.nominal)));
    let late = due(&schedule, next, at("2026-11-13T12:00:00Z")).unwrap();
    assert_eq!(late.run.nominal, date(2026, 11, 13));
    assert_eq!(late.missed, [date(2026, 11, 10), date(2026, 11, 11), date(2026, 11, 12)]);
    assert_eq!(late.next.unwrap().nominal, date(2026, 11, 14));
    let very_late = due(&schedule, next, at("2027-11-13T12:00:00Z")).unwrap();
    assert_eq!(very_late.missed.len(), MAX_MISSED);
    assert_eq!(very_late.missed.last(), Some(&date(2027, 11, 12)));
}

prop_compose! {
    fn any_schedule()(hour in 0_i64..24, zone in prop::sample::select(&ZONES[..]), day in 0_usize..14) -> Schedule {
        let frequency = match Weekday::Monday.cycle_forward().nth(day) {
            Some(weekday) if day < 7 => Frequency::Weekly(weekday),
            _ => Frequency::Daily,
        };
        Schedule::new(frequency, hour, zone).expect("a schedule")
    }
}

proptest! {
    #[test]
    fn after_an_instant_is_the_first_one_due_later(
        schedule in any_schedule(),
        seconds in 1_577_836_800_i64..2_240_611_200,
    ) {
        let instant = Timestamp::from_second(seconds).unwrap();
        let next = schedule.after_instant(instant).unwrap();
        prop_assert!(next.due > instant);
        let three_weeks_before: Date = next.nominal - 21.days();
        let mut earlier = schedule.after(three_weeks_before).unwrap();
        while earlier != next {
            prop_assert!(earlier.due <= instant);
            earlier = schedule.after(earlier.nominal).unwrap();
        }
    }

    #[test]
    fn catching_up_never_gives_a_day_two_runs_and_leaves_none_out(
        schedule in any_schedule(),
        sleeps in prop::collection::vec(0_i64..20 * 24 * 60, 1..20),
    ) {
        let mut now = at("2026-03-01T00:00:00Z");
        let mut next = schedule.after_instant(now).unwrap();
        let mut expected = next.nominal;
        for minutes in sleeps {
            now += minutes.minutes();
            let Some(owed) = due(&schedule, next, now) else {
                prop_assert!(next.due > now);
                continue;
            };
            for nominal in owed.missed.iter().copied().chain([owed.run.nominal]) {
                prop_assert_eq!(nominal, expected);
                expected = schedule.after(nominal).unwrap().nominal;
            }
            prop_assert!(owed.run.due <= now);
            next = owed.next.unwrap();
            prop_assert_eq!(next.nominal, expected);
            prop_assert!(next.due > now);
        }
    }
}

//! The month's end: the freeze, the window, the count that is sent, and its effective date.

use domain::{
    Billing, FreezeCause, Frequency, InvoiceDay, InvoiceOutlook, InvoiceZones, KnownCounts, Month, MonthEnd,
    MonthPhase, Remark, Schedule, UserCount, choose_count, effective_date, full_read_window, invoiced_month,
    later_start, window_end,
};
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, date},
    tz::TimeZone,
};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn month(year: i16, month: i8) -> Month {
    Month::of(date(year, month, 1))
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

fn invoice_day(day: i8) -> InvoiceDay {
    InvoiceDay::new(day).expect("a day of every month")
}

fn rome() -> MonthEnd {
    MonthEnd::new("Europe/Rome", 6).expect("a rule")
}

fn count(users: u32, day: Date) -> UserCount {
    UserCount { users, day, counted_at: at("2026-11-30T22:00:00Z") }
}

#[test]
fn s_27_months_end_on_their_own_last_day_also_in_leap_years() {
    for (year, of, last) in [
        (2026, 1, 31),
        (2026, 2, 28),
        (2028, 2, 29),
        (2000, 2, 29),
        (2100, 2, 28),
        (2026, 4, 30),
        (2026, 12, 31),
    ] {
        assert_eq!(month(year, of).last_day(), date(year, of, last));
    }
    assert_eq!(month(2026, 12).next(), month(2027, 1));
    assert_eq!(month(2027, 1).previous(), month(2026, 12));
    assert_eq!(month(2028, 2).to_string(), "2028-02");
}

#[test]
fn s_27_a_month_is_frozen_by_its_final_report_or_at_the_cut_off() {
    let rule = rome();
    let february = month(2028, 2);
    assert_eq!(rule.cut_off(february), at("2028-03-01T05:00:00Z"));
    assert_eq!(rule.freezes(february, false, at("2028-03-01T04:59:59Z")), None);
    assert_eq!(rule.freezes(february, false, at("2028-03-01T05:00:00Z")), Some(FreezeCause::CutOff));
    assert_eq!(rule.freezes(february, true, at("2028-02-29T23:30:00Z")), Some(FreezeCause::ReportFinal));
}

#[test]
fn only_the_frozen_count_is_sent_from_the_freeze_to_the_end_of_the_invoice_day() {
    let (rule, partner) = (rome(), zone("America/New_York"));
    let frozen_at = |of: Month| (of == month(2026, 11)).then(|| at("2026-12-01T00:10:00Z"));
    let phase = |instant: &str| rule.phase(at(instant), frozen_at, invoice_day(5), &partner);
    assert_eq!(phase("2026-11-30T22:59:59Z"), MonthPhase::Open);
    assert_eq!(phase("2026-11-30T23:00:00Z"), MonthPhase::Closing(month(2026, 11)));
    assert_eq!(phase("2026-12-01T00:10:00Z"), MonthPhase::Frozen(month(2026, 11)));
    // The partner's own midnight after the 5th.
    assert_eq!(window_end(month(2026, 11), invoice_day(5), &partner), at("2026-12-06T05:00:00Z"));
    assert_eq!(phase("2026-12-06T04:59:59Z"), MonthPhase::Frozen(month(2026, 11)));
    assert_eq!(phase("2026-12-06T05:00:00Z"), MonthPhase::Open);
}

#[test]
fn without_a_frozen_count_the_window_begins_at_the_cut_off() {
    let (rule, partner) = (rome(), zone("Europe/Rome"));
    let phase = |instant: &str| rule.phase(at(instant), |_| None, invoice_day(1), &partner);
    assert_eq!(phase("2026-12-01T04:59:59Z"), MonthPhase::Closing(month(2026, 11)));
    assert_eq!(phase("2026-12-01T05:00:00Z"), MonthPhase::Frozen(month(2026, 11)));
    assert_eq!(phase("2026-12-01T23:00:00Z"), MonthPhase::Open);
}

#[test]
fn a_month_frozen_before_its_last_day_ends_is_sent_from_then_on() {
    let frozen_at = |of: Month| (of == month(2026, 11)).then(|| at("2026-11-30T22:30:00Z"));
    let phase =
        |instant: &str| rome().phase(at(instant), frozen_at, invoice_day(5), &zone("Pacific/Honolulu"));
    assert_eq!(phase("2026-11-30T22:29:59Z"), MonthPhase::Open);
    assert_eq!(phase("2026-11-30T22:30:00Z"), MonthPhase::Frozen(month(2026, 11)));
}

#[test]
fn d_03_the_newest_count_is_sent_unless_it_is_too_old() {
    let known = KnownCounts { newest: Some(count(14, date(2026, 11, 18))), ..KnownCounts::default() };
    let choose = |today| choose_count(&known, MonthPhase::Open, 2, today, at("2026-11-20T12:00:00Z"));
    assert_eq!(choose(date(2026, 11, 20)), known.newest);
    assert_eq!(choose(date(2026, 11, 21)), None);
    assert_eq!(choose(date(2026, 11, 17)), None, "a count of a day to come is none");
}

#[test]
fn in_the_window_nothing_but_that_months_frozen_count_is_sent() {
    let newest = Some(count(15, date(2026, 12, 2)));
    let frozen = Some(count(14, date(2026, 11, 30)));
    let choose = |known: KnownCounts, phase| {
        choose_count(&known, phase, 2, date(2026, 12, 2), at("2026-12-02T12:00:00Z"))
    };
    let both = KnownCounts { newest, frozen, closed_from: None };
    let window = MonthPhase::Frozen(month(2026, 11));
    assert_eq!(choose(both, window), frozen);
    assert_eq!(choose(KnownCounts { frozen: None, ..both }, window), None, "missing is missing");
    assert_eq!(choose(both, MonthPhase::Frozen(month(2026, 10))), None, "another month's is none");
    assert_eq!(choose(both, MonthPhase::Open), newest);
    assert_eq!(
        choose(both, MonthPhase::Closing(month(2026, 11))),
        None,
        "no count of December before the freeze"
    );
    let november = KnownCounts { newest: frozen, ..both };
    assert_eq!(choose(november, MonthPhase::Closing(month(2026, 11))), frozen);
}

#[test]
fn a_closed_company_counts_zero_from_its_day_on() {
    let now = at("2026-12-02T12:00:00Z");
    let closed = |day| KnownCounts {
        newest: Some(count(15, date(2026, 12, 2))),
        frozen: Some(count(14, date(2026, 11, 30))),
        closed_from: Some(day),
    };
    let users =
        |day, phase| choose_count(&closed(day), phase, 2, date(2026, 12, 2), now).map(|count| count.users);
    assert_eq!(users(date(2026, 12, 2), MonthPhase::Open), Some(0));
    assert_eq!(users(date(2026, 12, 3), MonthPhase::Open), Some(15));
    let window = MonthPhase::Frozen(month(2026, 11));
    assert_eq!(users(date(2026, 11, 30), window), Some(0));
    assert_eq!(users(date(2026, 12, 1), window), Some(14), "until then its users are charged");
}

#[test]
fn in_arrears_a_change_counts_from_the_first_of_the_counts_month() {
    let of = |count_day, contract, line| {
        let (now, rome) = (at("2026-12-02T12:00:00Z"), zone("Europe/Rome"));
        effective_date(Billing::Arrears, invoice_day(5), count_day, now, &rome, contract, line)
    };
    let november = date(2026, 11, 30);
    assert_eq!(of(november, None, None), Some(date(2026, 11, 1)));
    assert_eq!(of(date(2026, 12, 1), None, None), Some(date(2026, 12, 1)));
    assert_eq!(of(november, Some(date(2026, 11, 9)), None), Some(date(2026, 11, 9)));
    assert_eq!(of(november, Some(date(2026, 11, 9)), Some(date(2026, 11, 20))), Some(date(2026, 11, 20)));
    assert_eq!(of(november, Some(date(2020, 1, 1)), None), Some(date(2026, 11, 1)));
}

#[test]
fn a_month_whose_invoice_is_made_takes_no_change_any_more() {
    let of = |count_day, now| {
        let new_york = zone("America/New_York");
        effective_date(Billing::Arrears, invoice_day(1), count_day, at(now), &new_york, None, None)
    };
    // Midnight after the invoice day, for the partner.
    assert_eq!(of(date(2028, 2, 29), "2028-03-02T04:59:59Z"), Some(date(2028, 2, 1)));
    assert_eq!(of(date(2028, 2, 29), "2028-03-02T05:00:00Z"), None);
    assert_eq!(of(date(2028, 1, 15), "2028-03-01T12:00:00Z"), None);
    assert_eq!(of(date(2028, 3, 1), "2028-03-02T05:00:00Z"), Some(date(2028, 3, 1)));
}

#[test]
fn a_line_that_counts_later_than_its_count_says_so() {
    let of = |line, by_rule, contract| later_start("Standard", line, by_rule, contract);
    let (october, november) = (Some(date(2026, 10, 1)), Some(date(2026, 11, 1)));
    let told = of(november, october, Some(date(2026, 1, 1))).expect("told");
    assert_eq!(told, Remark::CountsLater { service: "Standard".to_owned(), from_day: date(2026, 11, 1) });
    assert!(of(november, october, None).is_some());
    for early in [None, october, Some(date(2026, 9, 15))] {
        assert_eq!(of(early, october, None), None);
    }
    // A line that starts with its contract is charged nothing before that; and an invoiced month needs no remark.
    assert_eq!(of(november, october, november), None);
    assert_eq!(of(november, None, None), None);
}

#[test]
fn in_advance_a_change_counts_from_the_next_period_not_yet_billed() {
    let of = |now| {
        let (count_day, rome) = (date(2026, 11, 30), zone("Europe/Rome"));
        effective_date(Billing::Advance, invoice_day(5), count_day, at(now), &rome, None, None)
    };
    // The partner's day counts, not the UTC day.
    // The invoice day is part of its window: we cannot tell whether the invoice is already made.
    assert_eq!(of("2026-12-05T22:59:59Z"), Some(date(2026, 12, 1)));
    assert_eq!(of("2026-12-05T23:00:00Z"), Some(date(2027, 1, 1)));
    assert_eq!(of("2026-12-31T12:00:00Z"), Some(date(2027, 1, 1)));
    assert_eq!(InvoiceDay::new(0), None);
    assert_eq!(InvoiceDay::new(29), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_older_count_never_replaces_a_newer(
        counts in prop::collection::vec((0_u32..100, 0_i32..40, 0_i64..1000), 1..20),
    ) {
        let counts: Vec<UserCount> = counts.into_iter().map(|(users, day, second)| UserCount {
            users,
            day: date(2026, 11, 1).saturating_add(day.days()),
            counted_at: Timestamp::from_second(second).expect("an instant"),
        }).collect();
        let mut kept = counts[0];
        for (at, count) in counts.iter().enumerate() {
            prop_assert!(!(count.replaces(&kept) && kept.replaces(count)));
            if count.replaces(&kept) {
                kept = *count;
            }
            for earlier in &counts[..=at] {
                prop_assert!((kept.day, kept.counted_at) >= (earlier.day, earlier.counted_at));
                prop_assert!(!earlier.replaces(&kept));
            }
        }
    }

    #[test]
    fn in_arrears_only_a_month_before_its_invoice_is_changed(
        age in 0_i64..60,
        day in 1_i8..=28,
        start in 0_i64..20_000,
        partner in prop::sample::select(&["Europe/Rome", "Pacific/Auckland", "America/Santiago"][..]),
    ) {
        let (partner, day) = (zone(partner), invoice_day(day));
        let now = at("2024-01-03T00:30:00Z") + start.hours();
        let counted = partner.to_datetime(now).date().saturating_sub(age.days());
        let effective = effective_date(Billing::Arrears, day, counted, now, &partner, None, None);
        let invoiced = now >= window_end(Month::of(counted), day, &partner);
        prop_assert_eq!(effective, (!invoiced).then(|| counted.first_of_month()));
    }

    #[test]
    fn every_month_passes_through_its_phases_once_and_in_order(
        provider in prop::sample::select(&["Europe/Rome", "Pacific/Kiritimati", "Pacific/Honolulu"][..]),
        partner in prop::sample::select(&["Europe/Rome", "Pacific/Auckland", "America/Santiago"][..]),
        hour in 0_i64..24,
        day in 1_i8..=28,
        frozen_after in prop::option::of(-20_i64..200),
        start in 0_i64..2200,
    ) {
        let rule = MonthEnd::new(provider, hour).expect("a rule");
        let of_month_end = |of: Month| {
            rule.zone().to_ambiguous_timestamp(of.next().first_day().at(0, 0, 0, 0)).compatible().expect("an instant")
        };
        let frozen_at = |of: Month| frozen_after.map(|hours| of_month_end(of) + hours.hours());
        let mut now = at("2024-01-03T00:30:00Z") + (start * 24).hours();
        // The 28th of February may last into March: the month before February is still in its window.
        let mut last = (Month::of(rule.today(now)).previous().previous(), 1);
        for _ in 0..70 * 24 {
            let phase = rule.phase(now, frozen_at, invoice_day(day), &zone(partner));
            let here = match phase {
                MonthPhase::Closing(of) => (of, 1),
                MonthPhase::Frozen(of) => (of, 2),
                MonthPhase::Open => (last.0, 3),
            };
            prop_assert!(here >= last, "{now}: {here:?} after {last:?}");
            if let MonthPhase::Frozen(of) = phase {
                prop_assert!(now < window_end(of, invoice_day(day), &zone(partner)));
                prop_assert!(now >= rule.cut_off(of) || frozen_at(of).is_some_and(|frozen| frozen <= now));
            }
            last = here;
            now += 1.hour();
        }
    }
}

#[test]
fn the_last_month_is_invoiced_until_its_invoice_day_is_over() {
    let rome = zone("Europe/Rome");
    for (now, day, invoiced) in [
        ("2026-12-05T22:59:59Z", 5, month(2026, 11)),
        ("2026-12-05T23:00:00Z", 5, month(2026, 12)),
        ("2026-11-30T23:00:00Z", 1, month(2026, 11)),
        ("2026-12-01T23:00:00Z", 1, month(2026, 12)),
        ("2026-12-28T12:00:00Z", 28, month(2026, 11)),
        ("2026-12-31T12:00:00Z", 28, month(2026, 12)),
    ] {
        assert_eq!(invoiced_month(at(now), invoice_day(day), &rome), invoiced, "{now}, day {day}");
    }
}

#[test]
fn case_a13_the_window_ends_by_the_later_zone_and_the_reading_begins_by_the_earlier() {
    // The invoice day is the 5th of December: its start and end in UTC, for Honolulu, Auckland, UTC and Rome.
    for (partner, kaseya, begins, ends) in [
        ("UTC", "Pacific/Honolulu", "2026-12-05T00:00:00Z", "2026-12-06T10:00:00Z"),
        ("UTC", "Pacific/Auckland", "2026-12-04T11:00:00Z", "2026-12-06T00:00:00Z"),
        ("Europe/Rome", "Pacific/Honolulu", "2026-12-04T23:00:00Z", "2026-12-06T10:00:00Z"),
        ("Europe/Rome", "Pacific/Auckland", "2026-12-04T11:00:00Z", "2026-12-05T23:00:00Z"),
        ("Pacific/Auckland", "Pacific/Honolulu", "2026-12-04T11:00:00Z", "2026-12-06T10:00:00Z"),
        ("Pacific/Honolulu", "Pacific/Auckland", "2026-12-04T11:00:00Z", "2026-12-06T10:00:00Z"),
        ("Europe/Rome", "Europe/Rome", "2026-12-04T23:00:00Z", "2026-12-05T23:00:00Z"),
    ] {
        let (partner_zone, kaseya_zone) = (zone(partner), zone(kaseya));
        let zones = InvoiceZones::new(&partner_zone, Some(&kaseya_zone));
        let (day, begins, ends) = (invoice_day(5), at(begins), at(ends));
        let of = format!("{partner} and {kaseya}");
        let (november, before) = (month(2026, 11), ends - 1.second());
        assert_eq!(window_end(november, day, zones), ends, "{of}");
        let phase = |now| rome().phase(now, |_| None, day, zones);
        assert_eq!((phase(before), phase(ends)), (MonthPhase::Frozen(november), MonthPhase::Open), "{of}");
        assert_eq!(invoiced_month(before, day, zones), november, "{of}");
        assert_eq!(invoiced_month(ends, day, zones), month(2026, 12), "{of}");
        for (billing, on_it, after_it) in [
            (Billing::Arrears, Some(date(2026, 11, 1)), None),
            (Billing::Advance, Some(date(2026, 12, 1)), Some(date(2027, 1, 1))),
        ] {
            let effective = |now| effective_date(billing, day, date(2026, 11, 30), now, zones, None, None);
            assert_eq!((effective(before), effective(ends)), (on_it, after_it), "{of}");
        }
        let reading = begins - 24.hours();
        let window = Some((date(2026, 12, 5), reading));
        for (now, expected) in [
            (reading - 1.second(), None),
            (reading, window),
            (begins, window),
            (before, window),
            (ends, None),
        ] {
            assert_eq!(full_read_window(day, now, zones), expected, "{of} at {now}");
        }
        let schedule = Schedule::new(Frequency::Daily, 2, partner).expect("a schedule");
        let spread = std::time::Duration::ZERO;
        let invoiced_from = |now| {
            InvoiceOutlook::next(&schedule, spread, &rome(), day, true, Some(&kaseya_zone), now)
                .map(|outlook| (outlook.month, outlook.invoiced_from))
        };
        assert_eq!(invoiced_from(begins - 1.second()), Some((november, begins)), "{of}");
        assert_eq!(invoiced_from(begins).map(|(of, _)| of), Some(month(2026, 12)), "{of}");
    }
}

#[test]
fn case_a13_an_invoice_day_that_lasts_into_march_keeps_januarys_count() {
    let (partner, kaseya) = (zone("Europe/Rome"), zone("Pacific/Honolulu"));
    let zones = InvoiceZones::new(&partner, Some(&kaseya));
    let phase = |now: &str| rome().phase(at(now), |_| None, invoice_day(28), zones);
    assert_eq!(phase("2027-03-01T09:59:59Z"), MonthPhase::Frozen(month(2027, 1)));
    assert_eq!(phase("2027-03-01T10:00:00Z"), MonthPhase::Frozen(month(2027, 2)));
    assert_eq!(invoiced_month(at("2027-03-01T09:59:59Z"), invoice_day(28), zones), month(2027, 1));
}

#[test]
fn case_a13_the_day_in_time_is_told_by_where_it_begins_first() {
    let schedule = Schedule::new(Frequency::Daily, 2, "Europe/Rome").expect("a schedule");
    let auckland = zone("Pacific/Auckland");
    let outlook = |day, now: &str| {
        let kaseya = Some(&auckland);
        InvoiceOutlook::next(&schedule, std::time::Duration::ZERO, &rome(), day, true, kaseya, at(now))
            .expect("an outlook")
    };
    // On the 1st at 06:00 in Rome the count is frozen; in Auckland the 2nd begins at noon.
    let first = outlook(invoice_day(1), "2026-11-23T10:00:00Z");
    assert!(first.is_missed());
    assert_eq!(first.invoiced_from, at("2026-11-30T11:00:00Z"));
    let zones = InvoiceZones::new(schedule.zone(), Some(&auckland));
    assert_eq!(first.first_day_in_time(zones), InvoiceDay::new(2));
    // The day has begun in Auckland while it is still November in Rome: the next one is a month later.
    assert_eq!(outlook(invoice_day(1), "2026-11-30T12:00:00Z").month, month(2026, 12));
}

#[test]
fn a_month_is_read_as_it_is_written() {
    for month in ["2026-02", "2026-12"] {
        assert_eq!(Month::parse(month).map(|month| month.to_string()).as_deref(), Some(month));
    }
    for wrong in ["2026-2", "2026-13", "2026", "202602", "2026-02-01", ""] {
        assert_eq!(Month::parse(wrong), None, "{wrong}");
    }
}

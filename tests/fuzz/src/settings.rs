//! Files that people write.

use domain::{Frequency, MonthEnd, Schedule, Weekday};
use jiff::Timestamp;
use kaseya::AllowedHosts;
use operations::settings_file::{self, Surroundings};

/// A partner's settings: what is wrong has its line, and what is taken names its partner.
pub(crate) fn settings_file(bytes: &[u8]) {
    let Some(document) = crate::text(bytes) else { return };
    let now = Timestamp::from_second(1_795_000_000).expect("an instant");
    let allowed_hosts = &AllowedHosts::default();
    let password_file = &|file: &str| Err(format!("{file} cannot be read"));
    let around = Surroundings { password_file, now, stored: None, names: None, allowed_hosts };
    match settings_file::read(document, around) {
        Ok(file) => assert_eq!(settings_file::partner_of(document), Some(file.partner)),
        Err(mistakes) => assert!(!mistakes.to_string().is_empty()),
    }
}

/// A simulated tenant's state: what is read is written and read again the same.
pub(crate) fn simulator_data(bytes: &[u8]) {
    let Ok(state) = serde_json::from_slice::<kaseya_simulator::State>(bytes) else { return };
    let written = serde_json::to_vec(&state).expect("a state is written");
    let again: kaseya_simulator::State = serde_json::from_slice(&written).expect("and read again");
    assert_eq!(state, again);
}

/// The first byte is hour and weekday, the rest the zone. What is taken comes due, again and again, each day once.
pub(crate) fn schedule(bytes: &[u8]) {
    let Some((first, zone)) = bytes.split_first() else { return };
    let Some(zone) = crate::text(zone) else { return };
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(first / 32 % 7).expect("a weekday"))
        .expect("a weekday");
    let _ = MonthEnd::new(zone, i64::from(*first));
    for frequency in [Frequency::Daily, Frequency::Weekly(weekday)] {
        let Ok(schedule) = Schedule::new(frequency, i64::from(first % 32), zone) else { continue };
        let mut last = jiff::civil::date(2026, 3, 27);
        let mut due = Timestamp::MIN;
        for _ in 0..4 {
            let next = schedule.after(last).expect("a schedule goes on");
            assert!(next.nominal > last && next.due > due, "{next:?} after {last}");
            (last, due) = (next.nominal, next.due);
        }
    }
}

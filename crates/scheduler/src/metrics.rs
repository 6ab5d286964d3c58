//! The scheduler's metrics.

use bus::Queue;
use domain::NotReady;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use messages::v1;
use runtime::metrics::{Counter, Gauge, KeyValue, Meter};
use store::statuses::figures::Figures;

/// The scheduler's instruments.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    emitted: Counter<u64>,
    leases_ended: Counter<u64>,
    starts: Counter<u64>,
    changes: Counter<u64>,
    installation: Installation,
}

/// What is the same for every replica, because it is read from the tables. Names begin with `installation`: a sum over
/// replicas would count it twice.
#[derive(Debug, Clone)]
struct Installation {
    open_jobs: Gauge<i64>,
    companies: Gauge<i64>,
    outbox: Gauge<i64>,
    outbox_age: Gauge<i64>,
    jobs_age: Gauge<i64>,
    tickets_age: Gauge<i64>,
    open_breakers: Gauge<i64>,
    refused_partners: Gauge<i64>,
    open_holds: Gauge<i64>,
    partners: Gauge<i64>,
}

impl Installation {
    fn new(meter: &Meter) -> Self {
        let gauge = |name, what| meter.i64_gauge(name).with_description(what).build();
        Self {
            open_jobs: gauge("installation.jobs.open", "Jobs that are not done."),
            companies: gauge(
                "installation.companies",
                "Companies by whether their next invoice would be right, and why not.",
            ),
            outbox: gauge("installation.outbox.events", "Events that wait to be announced."),
            outbox_age: gauge("installation.outbox.age", "Seconds since the oldest of them was stored."),
            jobs_age: gauge(
                "installation.jobs.age",
                "Seconds since the oldest job without a ticket could have had one.",
            ),
            tickets_age: gauge(
                "installation.tickets.age",
                "Seconds since the oldest ticket that no worker has started was sent.",
            ),
            open_breakers: gauge(
                "installation.breakers.open",
                "Kaseya hosts that are not called for a while, after failures.",
            ),
            refused_partners: gauge(
                "installation.partners.refused",
                "Partners that are on and whose credentials Kaseya refuses.",
            ),
            open_holds: gauge(
                "installation.holds.open",
                "Changes that wait for a person, by the days to the partner's invoice day.",
            ),
            partners: gauge(
                "installation.partners",
                "Partners that are on, by the days since their last run without a failed company.",
            ),
        }
    }
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name, what| meter.u64_counter(name).with_description(what).build();
        Self {
            emitted: counter(
                "scheduler.messages.emitted",
                "Tickets and local results that the broker has confirmed.",
            ),
            leases_ended: counter("scheduler.leases.ended", "Leases that ended without word of the worker."),
            starts: counter("scheduler.starts", "Answers to StartJob."),
            changes: counter("scheduler.permit.changes", "Changes that were granted or denied."),
            installation: Installation::new(meter),
        }
    }

    pub(crate) fn emitted(&self, queue: Queue) {
        self.emitted.add(1, &[KeyValue::new("queue", queue.name())]);
    }

    pub(crate) fn leases_ended(&self, ended: u64) {
        self.leases_ended.add(ended, &[]);
    }

    pub(crate) fn started(&self, refused: Option<v1::RefusalReason>) {
        let answer = refused.map_or("content", |reason| reason.as_str_name());
        self.starts.add(1, &[KeyValue::new("answer", answer)]);
    }

    pub(crate) fn permit(&self, granted: usize, denied: impl IntoIterator<Item = v1::DenialReason>) {
        self.changes.add(granted as u64, &[KeyValue::new("answer", "granted")]);
        for reason in denied {
            self.changes.add(1, &[KeyValue::new("answer", reason.as_str_name())]);
        }
    }

    pub(crate) fn open_jobs(&self, kind: domain::JobKind, jobs: i64) {
        self.installation.open_jobs.record(jobs, &[KeyValue::new("kind", kind.as_str())]);
    }

    /// Companies that are ready, or not ready for a reason.
    pub(crate) fn companies(&self, reason: Option<NotReady>, companies: u32) {
        let ready = reason.map_or("ready", NotReady::as_str);
        self.installation.companies.record(companies.into(), &[KeyValue::new("ready", ready)]);
    }

    pub(crate) fn figures(&self, figures: &Figures, now: Timestamp) {
        let shown = &self.installation;
        let age =
            |since: Option<Timestamp>| since.map_or(0, |since| now.duration_since(since).as_secs().max(0));
        shown.outbox.record(figures.unannounced, &[]);
        shown.outbox_age.record(age(figures.unannounced_since), &[]);
        shown.jobs_age.record(age(figures.due_since), &[]);
        shown.tickets_age.record(age(figures.unstarted_since), &[]);
        shown.open_breakers.record(figures.open_breakers, &[]);
        shown.refused_partners.record(figures.refused_partners, &[]);
        let today = TimeZone::UTC.to_datetime(now).date();
        for days in Days::ALL {
            let due = figures.open_holds.iter().filter(|(day, _)| Days::to_invoice(today, *day) == days);
            let holds = due.map(|(_, holds)| holds).sum();
            shown.open_holds.record(holds, &[KeyValue::new("invoice_within", days.as_str())]);
        }
    }

    /// Partners by when their last good run ended; `None` never.
    pub(crate) fn last_good_runs(&self, ended: &[Option<Timestamp>], now: Timestamp) {
        let age =
            |ended: &Option<Timestamp>| ended.map_or(Age::Never, |ended| Age::of(now.duration_since(ended)));
        for shown in Age::ALL {
            let partners = ended.iter().filter(|ended| age(ended) == shown).count();
            let label = KeyValue::new("last_good_run", shown.as_str());
            self.installation.partners.record(i64::try_from(partners).unwrap_or(i64::MAX), &[label]);
        }
    }
}

/// The days to an invoice day, in the steps that matter to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    One,
    Three,
    More,
}

impl Days {
    const ALL: [Self; 3] = [Self::One, Self::Three, Self::More];

    /// From a day to the next invoice day, which may be that day: its hour is unknown.
    fn to_invoice(today: Date, invoice_day: i8) -> Self {
        let in_month = if today.day() <= invoice_day { 0 } else { i32::from(today.days_in_month()) };
        match i32::from(invoice_day) + in_month - i32::from(today.day()) {
            ..=1 => Self::One,
            2..=3 => Self::Three,
            _ => Self::More,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::One => "1d",
            Self::Three => "3d",
            Self::More => "later",
        }
    }
}

/// The age of a partner's last good run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Day,
    TwoDays,
    EightDays,
    Older,
    Never,
}

impl Age {
    const ALL: [Self; 5] = [Self::Day, Self::TwoDays, Self::EightDays, Self::Older, Self::Never];

    fn of(age: SignedDuration) -> Self {
        match age.as_hours() {
            ..=24 => Self::Day,
            25..=48 => Self::TwoDays,
            49..=192 => Self::EightDays,
            _ => Self::Older,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Day => "1d",
            Self::TwoDays => "2d",
            Self::EightDays => "8d",
            Self::Older => "older",
            Self::Never => "never",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_near_its_invoice_also_over_the_end_of_a_month() {
        for (today, invoice_day, near) in [
            ("2026-11-30", 1, Days::One),
            ("2026-11-30", 3, Days::Three),
            ("2026-11-30", 4, Days::More),
            ("2026-02-28", 1, Days::One),
            ("2026-11-10", 10, Days::One),
            ("2026-11-10", 9, Days::More),
        ] {
            let today = today.parse().expect("a day");
            assert_eq!(Days::to_invoice(today, invoice_day), near, "{today} {invoice_day}");
        }
    }

    #[test]
    fn the_age_of_a_run_is_counted_in_whole_steps() {
        for (hours, age) in
            [(0, Age::Day), (24, Age::Day), (25, Age::TwoDays), (48, Age::TwoDays), (193, Age::Older)]
        {
            assert_eq!(Age::of(SignedDuration::from_hours(hours)), age, "{hours}");
        }
    }
}

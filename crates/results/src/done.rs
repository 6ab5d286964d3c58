//! `JobDone`: its instants against our clock, and its products.

use domain::{CompanyOutcome, Evidence, NOTABLE_SKEW, ProductOutcome};
use jiff::{SignedDuration, Timestamp};
use messages::job_done::JobDone;

/// Nothing waits longer than this because a worker says so: a longer delay has to be reported again.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// If the sender's clock is ahead, moves its instants back to `now`: in the future they would override everything
/// that comes until then. Returns how far ahead the clock is, if worth reporting.
pub(crate) fn not_after(done: &mut JobDone, now: Timestamp) -> Option<SignedDuration> {
    let finished = std::iter::once(&mut done.finished_at);
    let told = finished
        .chain(done.lines.iter_mut().map(|line| &mut line.seen_at))
        .chain(done.changes.iter_mut().map(|change| &mut change.at))
        .chain(done.contracts_seen.iter_mut().map(|seen| &mut seen.seen_at))
        .chain(done.services_seen.iter_mut().map(|seen| &mut seen.seen_at))
        .chain(done.contracts_read.iter_mut().map(|read| &mut read.read_at))
        .chain(done.contracts_implied.iter_mut().map(|(_, at)| at))
        .chain(done.companies.iter_mut().filter_map(|company| company.evidence.as_mut()).map(instant_of));
    let mut ahead = SignedDuration::ZERO;
    for at in told.filter(|at| **at > now) {
        ahead = ahead.max(at.duration_since(now));
        *at = now;
    }
    waits_no_longer_than(done, now.saturating_add(LONGEST_WAIT).unwrap_or(Timestamp::MAX));
    (ahead.unsigned_abs() > NOTABLE_SKEW).then_some(ahead)
}

/// Limits how long deferred work waits, so that it never waits until a distant year.
fn waits_no_longer_than(done: &mut JobDone, longest: Timestamp) {
    let left = done.left_over.iter_mut().filter_map(|left| left.not_before.as_mut());
    let companies = done.companies.iter_mut().filter_map(|company| company.deferred_until.as_mut());
    for until in left.chain(companies) {
        *until = longest.min(*until);
    }
}

fn instant_of(evidence: &mut Evidence) -> &mut Timestamp {
    match evidence {
        Evidence::Read(at) | Evidence::ImpliedByTotal(at) | Evidence::Remembered(at) => at,
    }
}

/// Every product of these companies.
pub(crate) fn products<'a>(
    companies: &'a [&'a CompanyOutcome],
) -> impl Iterator<Item = (&'a CompanyOutcome, &'a ProductOutcome)> {
    companies.iter().flat_map(|company| company.products.iter().map(move |product| (*company, product)))
}

#[cfg(test)]
mod tests {
    use messages::{field, v1};

    use super::*;

    #[test]
    fn case_d4_less_than_half_a_minute_ahead_is_no_wrong_clock() {
        let now: Timestamp = "2026-12-01T05:00:00Z".parse().expect("an instant");
        for (seconds, told) in [(-3600, None), (0, None), (30, None), (31, Some(31)), (14_400, Some(14_400))]
        {
            let finished = now + SignedDuration::from_secs(seconds);
            let message = v1::JobDone {
                job_id: uuid::Uuid::from_u128(7).to_string(),
                run_id: uuid::Uuid::from_u128(8).to_string(),
                partner_id: "msp-1".to_owned(),
                run_number: Some(1),
                attempt: Some(1),
                mode: v1::SyncMode::Apply.into(),
                trigger: "schedule".to_owned(),
                worker_id: "worker-1".to_owned(),
                login: v1::LoginOutcome::Accepted.into(),
                host: v1::HostHealth::Answered.into(),
                finished_at: Some(field::wire_instant(finished)),
                ..v1::JobDone::default()
            };
            let mut done = JobDone::try_from(message).expect("it can be read");
            assert_eq!(not_after(&mut done, now), told.map(SignedDuration::from_secs), "{seconds} s");
            assert_eq!(done.finished_at, finished.min(now), "no instant of the future is kept");
        }
    }
}

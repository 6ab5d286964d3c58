//! A partner's year, at random: users come and go and change products, people edit lines in Kaseya, calls fail,
//! responses are lost, workers die. The scheduler's plan, the worker, the client and the simulator are real; the
//! database is the test's memory. Each month is invoiced: every charge is the last day's count, or the company's row
//! says with a code why not (S-30).
//!
//! 180 histories; with `KASEYA_SYNC_LONG=1` 9,000. The parts bypassed here (survey, glance, ledger, permits, store)
//! are covered by the stories of `colours`, which are the rest of 200 and 10,000.

mod history;
mod ledger;
mod partner;
mod services;
mod year;

use history::History;
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestRunner},
};
use year::Tally;

/// Runs the usual number of these years divided by `share`.
#[expect(clippy::print_stdout, reason = "how often what was held is what the run tells")]
fn live(histories: impl Strategy<Value = History>, share: u32) -> Tally {
    let long = std::env::var("KASEYA_SYNC_LONG").is_ok_and(|long| long == "1");
    let cases = if long { 9_000 } else { 180 } / share;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tally = std::cell::RefCell::new(Tally::default());
    let config = Config { cases, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&histories, |history| {
        let lived = runtime.block_on(year::live(&history))?;
        tally.borrow_mut().add(&lived);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let tally = tally.into_inner();
    println!("{cases} histories: {tally}");
    tally
}

#[test]
fn s_30_in_a_year_without_trouble_every_invoice_is_the_last_days_count() {
    let tally = live(history::untroubled(), 4);
    assert_eq!(tally.held(), 0, "a person approved all: {tally}");
    assert!(tally.right > 0 && tally.changed > 0);
}

#[test]
fn s_30_whatever_goes_wrong_every_invoice_is_right_or_held_with_a_code() {
    let tally = live(history::any_history(), 2);
    assert!(tally.right > 0 && tally.held() > 0, "there is trouble, and not all is: {tally}");
}

#[test]
fn s_30_whatever_goes_wrong_with_a_person_who_approves_too() {
    let tally = live(history::with_an_attentive_person(), 4);
    assert!(tally.right > 9 * tally.held(), "what a person mends goes on by itself: {tally}");
}

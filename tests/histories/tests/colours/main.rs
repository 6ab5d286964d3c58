//! Whether green is earned: random weeks around a month's end, through the real scheduler, worker, results and
//! store, on a private Postgres and a clock that the test controls, with the simulator as Kaseya.
//!
//! 20 stories; with `KASEYA_SYNC_LONG=1` 1,000. Each is generated from its seed alone: `ORACLE_SEED=7` runs that
//! one, `ORACLE_SEEDS=100-300` these, and `ORACLE_KINDS=LineGoes,Down` only these kinds of events. A failing story
//! is shrunk first, unless `ORACLE_AS_IT_IS` is set, and reported with its events and the contents of the rows.

mod judge;
mod kind;
mod life;
mod partner;
mod pinned;
mod services;
mod stepped_bus;
mod story;

use std::{cell::RefCell, ops::Range};

use judge::Tally;
use kind::Kind;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Runs the story of a seed; returns the failure as text.
fn live(seed: u64, kinds: &[Kind]) -> Result<Tally, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let max_shrink_iters = if std::env::var("ORACLE_AS_IT_IS").is_ok() { 0 } else { 60 };
    let config = Config { cases: 1, max_shrink_iters, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let tally = RefCell::new(Tally::default());
    let outcome = TestRunner::new_with_rng(config, rng).run(&story::stories(kinds), |story| {
        let lived = runtime.block_on(life::live(&story))?;
        tally.borrow_mut().add(&lived);
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(tally.into_inner()),
        Err(failure) => Err(format!("ORACLE_SEED={seed}: {failure}")),
    }
}

/// The seeds to run: those requested, or `usual`.
fn seeds(usual: Range<u64>) -> Range<u64> {
    let number = |text: &str| text.parse::<u64>().expect("a seed is a number");
    if let Ok(seed) = std::env::var("ORACLE_SEED") {
        let seed = number(&seed);
        return seed..seed + 1;
    }
    match std::env::var("ORACLE_SEEDS") {
        Ok(seeds) => {
            let (first, last) = seeds.split_once('-').expect("seeds from-to");
            number(first)..number(last) + 1
        }
        Err(_) => usual,
    }
}

#[expect(clippy::print_stdout, reason = "what the rows said is what the run tells")]
fn live_all(usual: Range<u64>) {
    let (seeds, kinds) = (seeds(usual), Kind::chosen());
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for seed in seeds.clone() {
        match live(seed, &kinds) {
            Ok(lived) => tally.add(&lived),
            Err(failure) => {
                println!("{failure}");
                failures.push(seed);
            }
        }
    }
    println!("stories of seeds {seeds:?}: {tally}");
    assert!(failures.is_empty(), "stories of these seeds failed: {failures:?}");
}

#[test]
fn every_invoice_is_right_or_said_and_every_green_row_was_seen() {
    let long = std::env::var("KASEYA_SYNC_LONG").is_ok_and(|long| long == "1");
    live_all(0..if long { 500 } else { 10 });
}

#[test]
fn every_invoice_is_right_or_said_and_every_green_row_was_seen_on_the_other_core() {
    let long = std::env::var("KASEYA_SYNC_LONG").is_ok_and(|long| long == "1");
    if std::env::var("ORACLE_SEED").is_err() && std::env::var("ORACLE_SEEDS").is_err() {
        live_all(if long { 500..1_000 } else { 10..20 });
    }
}

//! The number of calls per sync, counted by the simulator: the table of figures.
//!
//! `cargo test -p kaseya-sync --test pipeline few_calls -- --nocapture` prints it.

use jiff::civil::date;
use kaseya_simulator::Endpoint;

use crate::world::{Figures, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_companies_and_contracts() {
    const COMPANIES: u32 = 2_000;
    let world = World::new(COMPANIES, COMPANIES).await;

    // Every third line holds one unit less than the count.
    let changed = COMPANIES.div_ceil(3);
    let figures = world.night(&[]).await;
    figures.print("first sync ever, 2,000 contracts");
    figures.at_most(25 + COMPANIES + changed);
    assert_eq!(figures.calls(Endpoint::WriteLine), u64::from(changed));
    assert_eq!(world.states().await, [("sent".to_owned(), 667), ("unchanged".to_owned(), 1_333)]);

    let figures = world.night(&[]).await;
    figures.print("quiet, the night after that with its changes");
    figures.at_most(25);
    assert_eq!(figures.calls(Endpoint::ContractLines), 0);
    assert_eq!(world.states().await, [("unchanged".to_owned(), i64::from(COMPANIES))]);
    assert_eq!(world.journal().await, [("confirmed".to_owned(), 667)], "d_14: the totals confirm them");

    let twentieth: Vec<u32> = (1..=COMPANIES).step_by(20).collect();
    let changed = u32::try_from(twentieth.len()).expect("a few");
    let figures = world.night(&twentieth).await;
    figures.print("5 % changed (100)");
    figures.at_most(25 + changed * 205 / 100);
    assert_eq!(figures.calls(Endpoint::WriteLine), u64::from(changed));

    let figures = world.night(&[]).await;
    figures.print("quiet, the night after that");
    figures.at_most(25);
    assert_eq!(world.journal().await, [("confirmed".to_owned(), 767)]);
    world.all_right().await;

    // B-13: edited by hand, unnoticed.
    world.edit(7, |line| line.units += 4.0);
    let figures = world.night(&[]).await;
    figures.print("quiet, and one line edited by hand");
    figures.at_most(25 + 1);
    assert_eq!(figures.contracts_read, 1, "the one whose total moved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b_13_an_edit_that_no_total_tells_is_found_by_the_full_read_before_the_invoice_day() {
    let world = World::new(40, 40).await;
    world.night(&[]).await;
    world.edit(9, |line| (line.units, line.unit_price) = (line.units * 2.0, line.unit_price / 2.0));
    let figures = world.night(&[]).await;
    assert_eq!(figures.contracts_read, 0, "its total is what it was");
    world.edit(11, |line| line.effective_date = date(2026, 11, 15));
    let (nights, figures) = world.nights_until_read(9).await;
    figures.print("40 companies, the night of the full read");
    assert!(nights < 14, "found before the invoice day, after {nights} nights");

    // S-30: as long as its line counts later than its count, its row says so, whether the line was read again or
    // not.
    let read = world.remarks(11).await;
    let later = r#""kind": "counts_later", "fromDay": "2026-11-15""#;
    assert!(read.as_deref().is_some_and(|said| said.contains(later)), "{read:?}");
    let figures = world.night(&[]).await;
    assert_eq!(figures.contracts_read, 1, "the edited one alone, which waits for a person");
    assert_eq!(world.remarks(11).await, read);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_companies_among_ten_thousand_contracts() {
    let world = World::new(20, 10_000).await;
    let figures = world.night(&[]).await;
    figures.print("first sync ever, 20 mapped among 10,000 contracts");
    let figures = world.night(&[]).await;
    figures.print("quiet, 20 mapped among 10,000 contracts");
    figures.at_most(5);
    let figures: Figures = world.night(&[3]).await;
    figures.print("one of 20 changed");
    world.all_right().await;
}

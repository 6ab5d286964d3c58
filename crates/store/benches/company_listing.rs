//! How long the pages of a partner with 10,000 companies take: `cargo bench -p store`, or with `cargo test --workspace`'s
//! features `cargo bench --workspace --bench company_listing`. It prints figures and judges none.

use std::time::Duration;

use anyhow::Result;
use domain::{Clock as _, Month, PartnerId, ReportId, SystemClock};
use jiff::{Timestamp, civil::date};
use store::{
    counts::reports,
    statuses::listing::{Filter, Query, Sort, page},
};

const TIMES: usize = 15;

#[tokio::main]
async fn main() -> Result<()> {
    let companies = std::env::var("COMPANIES").unwrap_or_else(|_| "10000".to_owned());
    let database = testkit::database().await;
    let client = database.client().await;
    let script = include_str!("../tests/partner_by_chance.sql")
        .replace("SEED", "0.5")
        .replace("COMPANIES", &companies)
        .replace("OWN", "1.1")
        .replace("REPORTS", "20");
    client.batch_execute(&script).await?;
    client.batch_execute("vacuum").await?;
    let (partner, now): (_, Timestamp) = (&PartnerId::new("msp")?, "2026-11-22T10:00:00Z".parse()?);
    for number in 1..=20 {
        let report = &ReportId::new(format!("r{number}"))?;
        let complete = |store: store::Store| async move {
            store.transaction("complete", |tx| Box::pin(reports::complete(tx, partner, report, now))).await
        };
        complete(database.store.clone()).await?;
        // Between two nights autovacuum does it.
        client.batch_execute("vacuum company_standings, newest_reports").await?;
    }
    client.batch_execute("vacuum analyze").await?;
    let first = Query {
        search: "",
        filter: Filter::All,
        sort: Sort::Company,
        descending: false,
        offset: 0,
        size: 100,
    };
    let clock = SystemClock::start();
    for (what, query) in [
        ("first page", first),
        ("last page", Query { offset: 9_900, ..first }),
        ("500 rows", Query { size: 500, ..first }),
        ("search", Query { search: "officina q", ..first }),
        ("search of most", Query { search: "agreement", ..first }),
        ("search of few", Query { search: "c1234", ..first }),
        ("failed", Query { filter: Filter::Failed, ..first }),
        ("unmapped", Query { filter: Filter::Unmapped, ..first }),
        ("worst first", Query { sort: Sort::State, descending: true, ..first }),
        ("by users", Query { sort: Sort::Users, descending: true, ..first }),
    ] {
        let query = &query;
        let mut took = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let begun = clock.monotonic();
            database
                .store
                .transaction("page", |tx| {
                    Box::pin(page(tx, partner, query, Month::of(date(2026, 10, 1)), now))
                })
                .await?;
            took.push(clock.monotonic() - begun);
        }
        took.sort();
        let [median, longest] =
            [took[TIMES / 2], took[TIMES - 1]].map(|took: Duration| took.as_secs_f64() * 1e3);
        print(&format!("{what:<16} median {median:6.1} ms, longest {longest:6.1} ms"))?;
    }
    Ok(())
}

fn print(line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}")
}

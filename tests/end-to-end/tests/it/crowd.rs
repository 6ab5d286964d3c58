//! Many of everything at once.

use end_to_end_tests::{CALM, Installation, Kind};
use kaseya_simulator::Endpoint;

#[tokio::test]
async fn two_schedulers_three_workers_twenty_partners_and_every_ticket_twice() {
    let installation = Installation::new(CALM).await;
    let mut partners = Vec::new();
    for number in 1..=20 {
        partners.push(installation.partner(&format!("msp{number:02}"), 3).await);
    }
    let mut copies = [installation.wire.duplicate("jobs"), installation.wire.duplicate("jobs.now")];
    let all = [Kind::Scheduler, Kind::Scheduler, Kind::Worker, Kind::Worker, Kind::Worker, Kind::Results];
    let _programs = all.map(|kind| installation.start(kind));
    for partner in &partners {
        installation.report(partner, "r1", 12, 13).await;
    }
    for partner in &partners {
        installation.due_now(partner).await;
    }
    installation.until_text("select count(*) from runs where state = 'finished'", "20").await;

    // Then every second one is asked for as well, twice by the same name.
    for partner in partners.iter().step_by(2) {
        installation.report(partner, "r2", 14, 13).await;
        installation.wire.publish("sync.requests", &partner.request("again"));
        installation.wire.publish("sync.requests", &partner.request("again"));
    }
    installation.until_text("select count(*) from runs where state = 'finished'", "30").await;
    assert_eq!(installation.text("select count(*) from runs").await, "30");
    for copying in &mut copies {
        copying.kill().expect("it copied to the end");
        copying.wait().expect("it is our child");
    }

    for (index, partner) in partners.iter().enumerate() {
        let asked_again = index % 2 == 0;
        let units = if asked_again { "14/13" } else { "12/13" };
        assert_eq!(partner.units(), [units, units, units], "{}", partner.id);
        // Each target was written once per run that found it different: two lines, then one.
        assert_eq!(partner.calls(Endpoint::WriteLine), if asked_again { 9 } else { 6 }, "{}", partner.id);
        assert_eq!(partner.writes().len(), if asked_again { 9 } else { 6 }, "{}", partner.id);
    }
    let journal = "select count(*) || ' ' || count(*) filter (where standing = 'confirmed') from journal";
    assert_eq!(installation.text(journal).await, "150 150");
    let twice = "select count(*) from (select from journal group by run_id, contract_id, service_id having count(*) > 1) as t";
    assert_eq!(installation.text(twice).await, "0");
    // The copies did come: each was refused.
    let refused: usize = installation
        .logs()
        .iter()
        .map(|(_, log)| log.lines().filter(|line| line.contains("ticket refused")).count())
        .sum();
    assert!(refused >= 30, "only {refused} tickets were refused");
}

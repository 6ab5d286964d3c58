//! Many of everything at once.

use std::time::Duration;

use end_to_end_tests::{BRISK, CALM, Installation, Kind};
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

    // Then a sync is requested for every second partner too, twice with the same id.
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
    // The copies did arrive: each was refused.
    testkit::until("30 tickets were refused", async || {
        let logs = installation.logs();
        let refused = |log: &str| log.lines().filter(|line| line.contains("ticket refused")).count();
        logs.iter().map(|(_, log)| refused(log)).sum::<usize>() >= 30
    })
    .await;
}

#[tokio::test]
async fn programs_killed_again_and_again_lose_nothing_and_do_nothing_twice() {
    const COMPANIES: i32 = 5;
    let installation = Installation::new(BRISK).await;
    let mut partners = Vec::new();
    for number in 1..=3 {
        partners.push(installation.partner(&format!("msp{number}"), COMPANIES).await);
    }
    let mut programs = Vec::from(installation.start_all());
    for partner in &partners {
        installation.report(partner, "r1", 12, 13).await;
    }
    for partner in &partners {
        installation.due_now(partner).await;
    }
    // Whenever a few more lines are written, one of the programs is killed, in turn, whatever it is doing.
    for killed in 0..9_usize {
        let written = || partners.iter().map(|partner| partner.writes().len()).sum::<usize>();
        let enough = "a few more lines are written";
        testkit::until_at_most(Duration::from_secs(180), enough, async || written() > 3 * killed).await;
        let program = programs.remove(0);
        let kind = program.kind();
        program.kill();
        programs.push(installation.start(kind));
    }

    installation.until_text("select count(*) from runs where state = 'finished'", "3").await;
    for partner in &partners {
        assert_eq!(partner.units(), ["12/13"; 5], "{}", partner.id);
        assert_eq!(partner.writes().len(), 10, "{}", partner.id);
    }
    let journal = "select count(*) || ' ' || count(distinct (partner_id, line_id)) || ' ' || string_agg(distinct standing, ' ')
                   from journal";
    assert_eq!(installation.text(journal).await, "30 30 confirmed");
    let states = "select count(*) || ' ' || string_agg(distinct state, ' ') from statuses";
    assert_eq!(installation.text(states).await, "15 changed");
}

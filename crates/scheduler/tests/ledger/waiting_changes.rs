//! Changes of a contract's lines that Kaseya accepted and may not show yet. A worker that writes whole contracts is
//! sent them.

use messages::v1::{self, DenialReason};

use crate::world::World;

/// A change of a line of contract 101 by a partner, granted at an instant.
async fn change(
    world: &World,
    partner: &str,
    (service, line): (i32, i32),
    result: &str,
    day: &str,
    at: &str,
) {
    let run = world.make_run(partner).await;
    world
        .run(&format!(
            "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, host, tenant,
                               created_at)
             select gen_random_uuid(), run_id, run_number, partner_id, 'work', 'done', false, '{{101}}', host, tenant,
                    created_at
             from runs join integrations using (partner_id) where run_id = '{run}';
             insert into intents (intent_id, partner_id, run_id, run_number, job_id, attempt, contract_id, service_id,
                                  line_id, from_units, to_units, effective_date, addends, company_ids, granted_at,
                                  permit_until, result, settled_at)
             select gen_random_uuid(), partner_id, run_id, run_number, job_id, 1, 101, {service}, {line}, 3, 8, '{day}',
                    '[]', '{{}}', '{at}', '{at}'::timestamptz + interval '1 minute', '{result}',
                    case when '{result}' <> 'open' then '{at}'::timestamptz end
             from jobs where run_id = '{run}'"
        ))
        .await;
    world
        .run(&format!("update runs set state = 'finished', finished_at = created_at where run_id = '{run}'"))
        .await;
}

fn waiting(content: &v1::JobContent) -> Vec<(i32, u32, String, Option<String>)> {
    let told = content.contracts[0].waiting.iter().map(|change| {
        let until = messages::field::optional_instant("lands_until", change.lands_until).expect("an instant");
        let (line, to) = (change.line_id.expect("a line"), change.to_units.expect("units"));
        (line, to, change.effective_date.clone(), until.map(|until| until.to_string()))
    });
    told.collect()
}

/// A second partner with the first partner's contract; both in this tenant.
async fn beside(world: &World, tenant: &str) {
    world.partner("p1", 1).await;
    world.partner("p2", 1).await;
    world.run(&format!("update integrations set tenant = '{tenant}' where partner_id = 'p2'")).await;
}

const MORNING: &str = "2026-11-20T08:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn lin_02_a_worker_is_told_of_changes_that_wait_on_services_that_nothing_is_mapped_to() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    for (target, result, day) in [
        // Nothing is mapped to 8 and 9; 7 is a target.
        ((8, 808), "sent", "2026-12-01"),
        ((9, 809), "unsure", "2026-11-01"),
        ((7, 807), "sent", "2026-12-01"),
        // Its day has come in every zone, it was read, or Kaseya refused it.
        ((8, 818), "sent", "2026-11-18"),
        ((8, 828), "confirmed", "2026-12-01"),
        ((8, 838), "refused", "2026-12-01"),
    ] {
        let at = if result == "unsure" { "2026-11-20T11:55:00Z" } else { MORNING };
        change(&world, "p1", target, result, day, at).await;
    }
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (_, content) = world.started("w1").await;
    let told = |line, day: &str, until: Option<&str>| (line, 8, day.to_owned(), until.map(str::to_owned));
    assert_eq!(
        waiting(&content),
        [
            told(807, "2026-12-01", None),
            told(808, "2026-12-01", None),
            told(809, "2026-11-01", Some("2026-11-20T12:05:00Z")),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_02_a_worker_is_told_of_changes_of_another_partner_of_the_tenant() {
    for (tenant, told) in [("p1 Srl", 2), ("another Srl", 0)] {
        let world = World::running().await;
        beside(&world, tenant).await;
        change(&world, "p2", (8, 808), "sent", "2026-12-01", MORNING).await;
        // The line may not show yet what a total has confirmed.
        change(&world, "p2", (8, 818), "confirmed", "2026-12-01", MORNING).await;
        world.run("update intents set evidence = 'implied_by_total' where line_id = 818").await;
        let run = world.make_run("p1").await;
        world.make_job(&run, &[101]).await;
        let (_, content) = world.started("w1").await;
        assert_eq!(waiting(&content).len(), told, "{tenant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_02_a_whole_write_waits_for_what_another_partner_has_sent_since_its_job_began() {
    let world = World::running().await;
    beside(&world, "p1 Srl").await;
    // The worker has judged for itself every change that it was sent.
    change(&world, "p2", (8, 818), "sent", "2026-12-01", MORNING).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, content) = world.started("w1").await;
    assert_eq!(waiting(&content).len(), 1);
    let granted = world.permit_of(&ticket, "w1", vec![world.change(1, 10)], true).await.expect("a permit");
    assert_eq!(granted.denied, []);
    world.clock.advance(std::time::Duration::from_secs(5));
    for (result, whole, denied) in [
        ("sent", true, vec![DenialReason::LineUnsure]),
        ("open", true, vec![DenialReason::LineUnsure]),
        ("open", false, vec![]),
    ] {
        world.run("delete from intents where line_id = 808").await;
        change(&world, "p2", (8, 808), result, "2026-12-01", "2026-11-20T12:00:03Z").await;
        let permit =
            world.permit_of(&ticket, "w1", vec![world.change(1, 10)], whole).await.expect("a permit");
        let reasons: Vec<DenialReason> = permit.denied.iter().map(v1::DeniedChange::reason).collect();
        assert_eq!(reasons, denied, "{result} {whole}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_01_a_job_of_few_contracts_names_others_whose_lines_were_read() {
    for (contracts, told) in [(vec![101], vec![102, 103]), (vec![101, 102, 103], vec![])] {
        let world = World::running().await;
        world.partner("p1", 4).await;
        world
            .run(
                "insert into contracts (partner_id, contract_id, read_at)
                 values ('p1', 101, '2026-11-20T05:00:00Z'), ('p1', 102, '2026-11-20T04:00:00Z'),
                        ('p1', 103, '2026-11-20T03:00:00Z'), ('p1', 104, '2026-11-20T06:00:00Z'), ('p1', 105, null);
                 insert into lines (partner_id, contract_id, service_id, line_id, units, seen_at, run_number)
                 select 'p1', contract_id, 7, 800 + contract_id, 10, '2026-11-20T03:00:00Z', 0 from contracts
                 where contract_id <> 104",
            )
            .await;
        let run = world.make_run("p1").await;
        world.make_job(&run, &contracts).await;
        let (_, content) = world.started("w1").await;
        assert_eq!(content.fitting_contract_ids, told);
    }
}

//! Workers that fall silent.

use domain::LoginOutcome;
use messages::v1::RefusalReason;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ends_gives_the_next_attempt_and_the_old_worker_nothing() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let first = world.start_and_fall_silent().await;
    let (second, _) = world.started("w2").await;
    assert_eq!(second.attempt, Some(2));
    // If it wakes after all, it no longer has lease, permit or start.
    let superseded = RefusalReason::Superseded;
    assert_eq!(world.renew(&first, "w1", false).await, Err(superseded));
    assert_eq!(world.permit(&first, "w1", vec![world.change(1, 10)]).await, Err(superseded));
    assert_eq!(world.start(&first, "w1").await, Err(superseded));
    assert_eq!(world.text("count(*) from intents").await.as_deref(), Some("0"));
    assert_eq!(world.text("holder from jobs").await.as_deref(), Some("w2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_lease_does_not_end() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, _) = world.started("w1").await;
    for _ in 0..3 {
        world.clock.advance(world.settings.lease / 2);
        world.renew(&ticket, "w1", false).await.expect("the lease goes on");
    }
    world.nothing_else_is_due().await;
    assert_eq!(world.text("attempt from jobs where partner_id = 'p1'").await.as_deref(), Some("1"));
}

/// Lets worker after worker fall silent on the job with this contract, each after Kaseya has accepted its login.
async fn bring_down(world: &World, contract: i32, times: u32) {
    let job = format!("from jobs where state <> 'done' and kind = 'work' and {contract} = any(contract_ids)");
    for _ in 0..times {
        let before = world.number(&format!("attempt {job}")).await;
        loop {
            let (ticket, content) = world.started("w1").await;
            world.renew(&ticket, "w1", true).await.expect("the lease goes on");
            if content.contracts.iter().any(|work| work.contract_id == Some(contract)) {
                break;
            }
            world.done(&ticket, LoginOutcome::Accepted).await;
        }
        world.clock.advance(world.settings.lease);
        testkit::until("the lease has ended", async || {
            let now = world.text(&format!("attempt {job}")).await;
            now.is_none_or(|attempt| attempt != before.to_string())
        })
        .await;
        // This test is not about the hour's calls.
        world.run("delete from call_debits").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_brings_down_every_worker_is_given_up_alone() {
    let world = World::running().await;
    world.partner("p1", 3).await;
    let run = world.make_run("p1").await;
    let job = world.make_job(&run, &[101, 102, 103]).await;
    bring_down(&world, 102, 5).await;
    // The slice is halved; both halves continue the count of attempts.
    let halves =
        "string_agg(contract_ids::text || attempt, ' ' order by contract_ids) from jobs where failures = 0";
    assert_eq!(world.text(halves).await.as_deref(), Some("{101,102}6 {103}6"));
    bring_down(&world, 102, 5).await;
    assert_eq!(world.text("state from jobs where contract_ids = '{103}'").await.as_deref(), Some("done"));
    bring_down(&world, 102, 5).await;

    let told = world.result().await;
    let [company] = &told.companies[..] else { panic!("{:?}", told.companies) };
    assert_eq!((company.contract_id, company.code.as_deref()), (Some(102), Some("JOB-03")));
    assert_eq!((company.state.as_str(), company.products[0].code.as_deref()), ("not_sent", Some("JOB-03")));
    assert_eq!(told.attempt, Some(16));
    let remarks: Vec<&str> = company.remarks.iter().map(|remark| remark.kind.as_str()).collect();
    assert_eq!(remarks, ["broke_off"], "which of the two causes of JOB-03 it was");
    // All others went on.
    let open = "string_agg(contract_ids::text, ' ') from jobs where state <> 'done' and kind = 'work'";
    assert_ne!(told.job_id, "");
    let left = world.text(open).await;
    assert!(left.is_none() || left.as_deref() == Some("{101}"), "{left:?} of {job}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a17_contracts_of_one_company_are_never_cut_apart_when_attempts_break_off() {
    let world = World::running().await;
    world.partner("p1", 3).await;
    // The first company has its other product on the last contract: a plan switch may go over both.
    world
        .run(
            "insert into company_product_contracts
             select partner_id, company_id, (select min(product_id) from products), 103, 'Own'
             from company_mappings where contract_id = 101",
        )
        .await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102, 103]).await;
    bring_down(&world, 101, 5).await;
    let halves = "string_agg(contract_ids::text, ' ' order by contract_ids) from jobs where failures = 0";
    assert_eq!(world.text(halves).await.as_deref(), Some("{101,103} {102}"));
    bring_down(&world, 101, 5).await;
    let told = world.result().await;
    let given_up = told.companies.iter().filter(|company| company.code.as_deref() == Some("JOB-03"));
    let contracts: std::collections::BTreeSet<_> = given_up.map(|company| company.contract_id).collect();
    assert_eq!(contracts, [Some(101), Some(103)].into(), "both or neither");
}

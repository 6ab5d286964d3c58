//! D-04: a company that is mapped elsewhere while its run goes on is followed automatically.

use domain::{ContractId, JobId, LoginOutcome, PartnerId, RunId, RunMode};
use messages::v1::{self, DenialReason};
use store::jobs::runs::{JobSlice, NewJob, NewRun, Occasion};

use crate::world::{NOON, World};

const RUN: u128 = 100;

/// A partner with four companies and a run for these slices.
async fn asked_for(slices: &[&[i32]]) -> World {
    let world = World::running().await;
    world.partner("p1", 4).await;
    ask_for(&world, slices).await;
    world
}

/// A run for these slices, requested by a person.
async fn ask_for(world: &World, slices: &[&[i32]]) {
    let partner = &PartnerId::new("p1").expect("an id");
    let jobs: &Vec<NewJob> = &slices
        .iter()
        .zip(1..)
        .map(|(contracts, number)| NewJob {
            job: JobId(uuid::Uuid::from_u128(number)),
            content: JobSlice::Work { contracts: contracts.iter().copied().map(ContractId).collect() },
        })
        .collect();
    world
        .in_transaction(|tx| {
            Box::pin(async move {
                let run = NewRun {
                    run: RunId(uuid::Uuid::from_u128(RUN)),
                    partner,
                    occasion: Occasion::Request("Anna"),
                    mode: RunMode::Apply,
                    all_companies: false,
                    traceparent: None,
                    expires_at: None,
                };
                let now = NOON.parse().expect("an instant");
                store::jobs::runs::create(tx, &run, jobs, now).await
            })
        })
        .await;
}

async fn remap(world: &World, company: &str, contract: i32) {
    world
        .run(&format!(
            "update company_mappings set contract_id = {contract}, version = version + 1 where company_id = '{company}'"
        ))
        .await;
}

/// Starts the next ticket; returns it with its contracts.
async fn next(world: &World) -> (v1::JobReady, Vec<i32>) {
    let ticket = world.ticket_now().await;
    let content = world.start(&ticket, "w1").await.expect("the job starts");
    (ticket, content.contracts.iter().filter_map(|work| work.contract_id).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_remapped_before_the_start_is_in_the_content_on_its_new_contract() {
    let world = asked_for(&[&[101, 102]]).await;
    remap(&world, "c1", 150).await;
    // c3 is not part of the run and was not requested.
    remap(&world, "c3", 151).await;
    assert_eq!(next(&world).await.1, [102, 150]);
    assert_eq!(world.number("count(*) from jobs").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_remapped_during_an_attempt_is_in_the_next_one() {
    let world = asked_for(&[&[101, 102]]).await;
    let (ticket, contracts) = next(&world).await;
    assert_eq!(contracts, [101, 102]);
    remap(&world, "c1", 150).await;
    let permit = world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
    assert_eq!(permit.denied[0].reason(), DenialReason::MappingChanged);
    world.hand_back(&ticket, &[101]).await;
    let (ticket, contracts) = next(&world).await;
    assert_eq!(contracts, [150]);
    // Once more, while that attempt goes on.
    remap(&world, "c1", 160).await;
    world.hand_back(&ticket, &[150]).await;
    assert_eq!(next(&world).await.1, [160]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_leaves_a_contract_of_two_is_followed_and_the_other_stays() {
    let world = World::running().await;
    world.partner("p1", 4).await;
    remap(&world, "c2", 101).await;
    ask_for(&world, &[&[101]]).await;
    remap(&world, "c2", 170).await;
    assert_eq!(next(&world).await.1, [101, 170]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_run_has_or_has_dealt_with_is_not_added_again() {
    let world = asked_for(&[&[101, 104], &[102]]).await;
    // c1 moves to c2's contract, which a job of the run has yet to do.
    remap(&world, "c1", 102).await;
    let (ticket, contracts) = next(&world).await;
    assert_eq!(contracts, [104]);
    // c4 moves to a contract that the run has already reported.
    remap(&world, "c4", 180).await;
    world
        .run(
            "insert into run_companies select run_id, partner_id, 'c4', 180, 'unchanged', null, '[]', 1 from runs",
        )
        .await;
    world.hand_back(&ticket, &[104]).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let (ticket, contracts) = next(&world).await;
        told.push(contracts);
        world.done(&ticket, LoginOutcome::Accepted).await;
    }
    told.sort();
    assert_eq!(told, [vec![], vec![102]]);
}

//! F1 b, d and e at a job's start: a partner's settings of a tenant, a host, or a Kaseya of its own block no other
//! partner.

use domain::{JobId, LoginOutcome, PartnerId};
use messages::v1::{self, RefusalReason};

use crate::world::{HOST, World};

/// A hostile partner and a good partner under one label: both typed the same host, tenant and user.
async fn two_under_one_label() -> World {
    let world = World::running().await;
    for partner in ["evil", "good"] {
        world.partner(partner, 2).await;
    }
    world.run("update integrations set tenant = 'Good Srl'").await;
    world
}

/// The hostile partner's calls go to a server of its own.
async fn own_server(world: &World) {
    world
        .run(
            "update integrations set v2_base = 'https://api.own.example.com', v1_base = 'https://own.example.com/api'
             where partner_id = 'evil'",
        )
        .await;
}

/// Kaseya has let a partner in at the label's host.
async fn let_in(world: &World, partner: &str) {
    world
        .run(&format!(
            "insert into login_tries (host, tenant, user_name, partner_id, marks, begun_at, outcome, heard_at)
             values ('{HOST}', 'good srl', 'api', '{partner}', '{{{partner}-mark}}', '2026-11-20T02:00Z', 'accepted',
                     '2026-11-20T02:00Z')"
        ))
        .await;
}

async fn job_of(world: &World, partner: &str) {
    let run = world.make_run(partner).await;
    world.make_job(&run, &[101]).await;
}

/// What results does when the host did not answer a job.
async fn host_failed(world: &World, ticket: &v1::JobReady) {
    let (partner, job) = ids(ticket);
    let (partner, now) = (&partner, domain::Clock::now(&world.clock));
    world.in_transaction(|tx| Box::pin(store::kaseya::breakers::host_failed(tx, partner, job, now))).await;
}

fn ids(ticket: &v1::JobReady) -> (PartnerId, JobId) {
    let partner = PartnerId::new(ticket.partner_id.clone()).expect("an id");
    (partner, JobId::parse(&ticket.job_id).expect("an id"))
}

/// The ticket of a partner, in whatever order tickets come.
async fn ticket_of(world: &World, partner: &str) -> v1::JobReady {
    loop {
        let ticket = world.ticket().await;
        if ticket.partner_id == partner {
            return ticket;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_b_refusals_of_whoever_is_not_proven_do_not_put_off_a_proven_job() {
    let world = two_under_one_label().await;
    let_in(&world, "good").await;
    let at = ["2026-11-20T11:50Z", "2026-11-20T11:55Z", "2026-11-20T11:58Z"];
    world.refused_logins("evil", "good srl", at).await;
    job_of(&world, "good").await;
    world.started("w1").await;
    job_of(&world, "evil").await;
    let ticket = world.ticket().await;
    assert_eq!(world.start(&ticket, "w2").await, Err(RefusalReason::Credentials), "its own wait for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_d_a_host_that_nobody_else_knows_fails_for_its_partner_alone() {
    let world = two_under_one_label().await;
    own_server(&world).await;
    for _ in 0..4 {
        job_of(&world, "evil").await;
        let (ticket, _) = world.started("w1").await;
        host_failed(&world, &ticket).await;
        world.done(&ticket, LoginOutcome::NotTried).await;
        if world.number("count(*) from breakers where open_until is not null").await > 0 {
            break;
        }
    }
    job_of(&world, "evil").await;
    let waits = ticket_of(&world, "evil").await;
    assert_eq!(world.start(&waits, "w1").await, Err(RefusalReason::BreakerOpen));
    // Neither the label's host, nor the same host for others.
    job_of(&world, "good").await;
    let (ticket, content) = world.started("w2").await;
    assert_eq!((ticket.partner_id.as_str(), content.probing), ("good", Some(false)));
    world.done(&ticket, LoginOutcome::NotTried).await;
    world
        .run(
            "update integrations set v2_base = 'https://own.example.com', v1_base = 'https://own.example.com/api'
             where partner_id = 'good'",
        )
        .await;
    job_of(&world, "good").await;
    let (_, content) = world.started("w2").await;
    assert_eq!(content.probing, Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_d_a_host_that_fails_for_several_or_is_known_fails_for_all() {
    let world = two_under_one_label().await;
    world.partner("third", 1).await;
    let open =
        format!("count(*) from breakers where host = '{HOST}' and alone = '' and open_until is not null");
    let fail = async |partner: &str| {
        job_of(&world, partner).await;
        let (ticket, _) = world.started("w1").await;
        host_failed(&world, &ticket).await;
        world.done(&ticket, LoginOutcome::NotTried).await;
    };
    // One fails; from the second on it is the host.
    for partner in ["evil", "good", "evil"] {
        fail(partner).await;
    }
    assert_eq!(world.number(&open).await, 0);
    fail("good").await;
    assert_eq!(world.number(&open).await, 1);

    world.run("delete from breakers").await;
    let_in(&world, "third").await;
    for _ in 0..3 {
        fail("evil").await;
    }
    assert_eq!(world.number(&open).await, 1, "another partner was let in there: it is a host that works");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_d_a_path_that_never_answers_says_nothing_of_its_host() {
    let world = two_under_one_label().await;
    let_in(&world, "good").await;
    world
        .run(&format!(
            "update integrations set v2_base = 'https://{HOST}/never/answers' where partner_id = 'evil'"
        ))
        .await;
    for _ in 0..3 {
        job_of(&world, "evil").await;
        let (ticket, _) = world.started("w1").await;
        host_failed(&world, &ticket).await;
        world.done(&ticket, LoginOutcome::NotTried).await;
    }
    job_of(&world, "good").await;
    let (ticket, _) = world.started("w2").await;
    assert_eq!(ticket.partner_id, "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_e_a_slow_own_server_holds_neither_the_lane_nor_the_slots_of_its_label() {
    let world = World::new().await;
    for partner in ["evil", "evil2", "evil3", "evil4", "evil5", "good"] {
        world.partner(partner, 1).await;
    }
    world
        .run(
            "update integrations set tenant = 'Good Srl', v2_base = 'https://' || partner_id || '-own.example',
                 v1_base = 'https://' || partner_id || '-own.example/api' where partner_id like 'evil%';
             update integrations set tenant = 'Good Srl'",
        )
        .await;
    for partner in ["evil", "evil2", "evil3", "evil4", "evil5"] {
        job_of(&world, partner).await;
    }
    world.start_scheduler();
    for _ in 0..5 {
        world.started("slow").await;
    }
    job_of(&world, "good").await;
    let (ticket, _) = world.started("w1").await;
    assert_eq!(ticket.partner_id, "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_e_whoever_was_never_let_in_holds_no_lane_of_a_tenant() {
    let world = two_under_one_label().await;
    let_in(&world, "good").await;
    job_of(&world, "evil").await;
    world.started("slow").await;
    job_of(&world, "good").await;
    let (ticket, _) = world.started("w1").await;
    assert_eq!(ticket.partner_id, "good");

    // Two partners that Kaseya has let in take turns.
    world.done(&ticket, LoginOutcome::Accepted).await;
    world.partner("fair", 1).await;
    world.run("update integrations set tenant = 'good SRL ' where partner_id = 'fair'").await;
    let_in(&world, "fair").await;
    job_of(&world, "good").await;
    job_of(&world, "fair").await;
    let (first, _) = world.started("w1").await;
    assert_eq!(first.partner_id, "good");
    assert_eq!(world.number("count(*) from jobs where partner_id = 'fair' and state = 'ready'").await, 1);
    world.done(&first, LoginOutcome::Accepted).await;
    let (second, _) = world.started("w1").await;
    assert_eq!(second.partner_id, "fair");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_c_calls_of_whoever_was_never_let_in_use_up_nobodys_hour() {
    let world = two_under_one_label().await;
    let_in(&world, "good").await;
    world
        .run(&format!(
            "insert into calls_made (host, tenant, alone, endpoint, minute, calls)
             values ('{HOST}', 'good srl', 'evil', 'GET /api/lines', '2026-11-20T11:50:00Z', 5000),
                    ('{HOST}', 'good srl', 'evil', 'POST /v2/accounts', '2026-11-20T11:50:00Z', 5000)"
        ))
        .await;
    job_of(&world, "good").await;
    let (ticket, _) = world.started("w1").await;
    assert_eq!(ticket.partner_id, "good");
    job_of(&world, "evil").await;
    let waits = world.ticket().await;
    assert_eq!(world.start(&waits, "w2").await, Err(RefusalReason::BudgetSpent));
}

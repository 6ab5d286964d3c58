//! Requests of a worker that contradict the ledger (F3), and what the ledger notes to recognise them.

use messages::v1::{self, DenialReason, RefusalReason};

use crate::world::World;

/// A job for contract 101 that `w1` has started; contract 102 is another job's.
async fn started() -> (World, v1::JobReady) {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, _) = world.started("w1").await;
    (world, ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f3_a_start_notes_who_holds_the_attempt_and_what_it_is_asked() {
    let (world, ticket) = started().await;
    assert_eq!(world.text("holders[1] from jobs").await.as_deref(), Some("w1"));
    let asked = "asked #>> '{contracts,101}' from jobs";
    let told = r#"{"account": 201, "products": [{"b": 10, "c": "c1", "p": "std", "s": 7, "u": 10, "w": 10}], "services": [7]}"#;
    assert_eq!(world.text(asked).await.as_deref(), Some(told));
    assert_eq!(
        world.text("count(*) from jobs, jsonb_object_keys(asked -> 'contracts')").await.as_deref(),
        Some("1")
    );
    world.clock.advance(world.settings.lease);
    world.until("attempt from jobs", "2").await;
    world.started("w2").await;
    let holders = "array_to_string(holders, ' ') from jobs";
    assert_eq!(world.text(holders).await.as_deref(), Some("w1 w2"), "who held it before is still known");
    drop(ticket);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f3_a_permit_is_for_what_the_job_was_asked_and_for_nothing_else() {
    let (world, ticket) = started().await;
    let true_change = world.change(1, 10);
    let of = |forge: fn(&mut v1::IntendedChange)| {
        let mut change = true_change.clone();
        forge(&mut change);
        change
    };
    let forged = [
        ("another job's contract", world.change(2, 10)),
        ("other units", world.change(1, 9)),
        ("other units than the counts make", of(|change| change.to_units = Some(11))),
        ("another service", of(|change| change.service_id = Some(8))),
        ("another company", of(|change| change.addends[0].company_id = "c2".to_owned())),
        ("other users", of(|change| change.addends[0].users = Some(9))),
        ("other billed units", of(|change| change.addends[0].billed_units = Some(9))),
        ("a count twice", of(|change| change.addends.push(change.addends[0].clone()))),
    ];
    for (name, change) in forged {
        let asked = vec![true_change.clone(), change];
        let refused = world.permit_as_asked(&ticket, "w1", asked).await.expect_err(name);
        assert_eq!(refused, RefusalReason::Superseded, "{name}");
    }
    assert_eq!(world.number("count(*) from intents").await, 0, "nothing is granted beside what is forged");
    let other = world.permit_as_asked(&ticket, "w2", vec![true_change.clone()]).await;
    assert_eq!(other.expect_err("another worker"), RefusalReason::Superseded);
    let permit = world.permit_as_asked(&ticket, "w1", vec![true_change.clone()]).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids, [true_change.intent_id.as_str()]);
    let [granted] = &permit.granted[..] else { panic!("one change: {permit:?}") };
    assert_eq!(
        (
            granted.contract_id,
            granted.service_id,
            granted.line_id,
            granted.to_units,
            granted.effective_date.as_str()
        ),
        (Some(101), Some(7), Some(1001), Some(10), "2026-11-01")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f3_no_change_is_granted_under_the_id_of_another() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102]).await;
    let (ticket, _) = world.started("w1").await;
    let first = world.change(1, 10);
    world.permit_as_asked(&ticket, "w1", vec![first.clone()]).await.expect("a permit");
    let second = v1::IntendedChange { intent_id: first.intent_id, ..world.change(2, 10) };
    let permit = world.permit_as_asked(&ticket, "w1", vec![second]).await.expect("an answer");
    assert!(permit.granted_intent_ids.is_empty() && permit.granted.is_empty());
    assert_eq!(
        permit.denied[0].reason(),
        DenialReason::MappingChanged,
        "it is asked for again under its own"
    );
    assert_eq!(world.text("contract_id from intents").await.as_deref(), Some("101"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f3_a_local_job_is_told_of_under_a_name_that_only_its_message_knows() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    world.run("update user_counts set users = null, basis = null").await;
    let run = world.make_run("p1").await;
    world.make_local(&run, &[101], &[]).await;
    let told = world.result().await;
    assert!(told.worker_id.starts_with("scheduler-") && told.worker_id.len() > 40, "{}", told.worker_id);
    assert_eq!(world.text("holders[1] from jobs").await, Some(told.worker_id.clone()));
    // Sent again, because no confirmation that it was stored came, it has the same name.
    world.until("state from jobs", "emitted").await;
    world.clock.advance(world.settings.ticket_timeout);
    assert_eq!(world.result().await.worker_id, told.worker_id);
}

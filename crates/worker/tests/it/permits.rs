//! No write without a permit: refused, denied, or too short.

use std::time::Duration;

use messages::v1::{
    self, ChangeResult, DenialReason, DeniedChange, Permit, PermitWrites, Refusal, RefusalReason,
    permit_answer::Answer,
};

use crate::{
    job::{addend, came_out, contract, left, outcome, results, simple, target},
    world::{self, World, grant_all, state},
};

fn three() -> Vec<v1::ContractWork> {
    vec![simple(5001, "acme", 14), simple(5002, "beta", 14), simple(5003, "gamma", 14)]
}

/// Denies the changes of one contract and grants the others.
fn deny(contract: i32, reason: DenialReason) -> impl FnMut(&PermitWrites) -> Answer + Send {
    move |asked| {
        let (denied, granted): (Vec<_>, Vec<_>) =
            asked.changes.iter().partition(|change| change.contract_id == Some(contract));
        Answer::Permit(Permit {
            seconds: Some(30),
            granted_intent_ids: granted.iter().map(|change| change.intent_id.clone()).collect(),
            denied: denied
                .iter()
                .map(|change| DeniedChange { intent_id: change.intent_id.clone(), reason: reason.into() })
                .collect(),
            granted: granted.iter().map(|change| world::granted(change)).collect(),
        })
    }
}

#[tokio::test]
async fn s_16_switched_off_means_not_one_write_and_every_company_says_off() {
    let mut world = World::new(state()).await;
    world.on_permit(|_| {
        Answer::Refused(Refusal { reason: RefusalReason::SwitchedOff.into(), detail: String::new() })
    });
    let done = world.work(three()).await;
    for (company, contract) in [("acme", 5001), ("beta", 5002), ("gamma", 5003)] {
        assert_eq!(came_out(&done, company, contract), "off JOB-01");
        assert_eq!(outcome(&done, company, contract).seen_equal, Some(false));
    }
    assert_eq!(left(&done), (vec![], None, None));
    assert_eq!(world.script().permits.len(), 1, "what is off is not asked again for each contract");
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn a_refused_permit_hands_back_all_that_is_left() {
    for reason in [
        RefusalReason::Superseded,
        RefusalReason::Held,
        RefusalReason::Busy,
        RefusalReason::BudgetSpent,
        RefusalReason::BreakerOpen,
        RefusalReason::Credentials,
        RefusalReason::CredentialsChanged,
    ] {
        let mut world = World::new(state()).await;
        world.on_permit(move |_| Answer::Refused(Refusal { reason: reason.into(), detail: String::new() }));
        let done = world.work(three()).await;
        assert!(done.companies.is_empty(), "{reason:?}");
        assert_eq!(left(&done), (vec![5001, 5002, 5003], None, None), "{reason:?}");
        assert!(world.kaseya.history().is_empty(), "{reason:?}");
    }
}

#[tokio::test]
async fn b_14_stopped_writes_wait_five_minutes() {
    let mut world = World::new(state()).await;
    world.on_permit(|_| {
        Answer::Refused(Refusal { reason: RefusalReason::WritesStopped.into(), detail: String::new() })
    });
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "gamma", 5003), "deferred JOB-01");
    let (contracts, not_before, _) = left(&done);
    assert_eq!((contracts.len(), not_before.as_deref()), (3, Some("2026-12-01T05:05:00Z")));
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn d_04_an_edited_company_is_left_out_and_the_others_go_on() {
    let mut world = World::new(state()).await;
    world.on_permit(deny(5001, DenialReason::MappingChanged));
    let done = world.work(three()).await;
    assert_eq!(left(&done), (vec![5001], None, None));
    assert_eq!(came_out(&done, "beta", 5002), "changed");
    assert_eq!(came_out(&done, "gamma", 5003), "changed");
    assert_eq!((world.units(5001, 90_011), world.kaseya.history().len()), (12.0, 2));
}

#[tokio::test]
async fn too_many_companies_in_one_run_are_held() {
    let mut world = World::new(state()).await;
    world.on_permit(deny(5001, DenialReason::ManyCompanies));
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "held QTY-01");
    let product = &outcome(&done, "acme", 5001).products[0];
    assert_eq!((product.brake.as_deref(), product.to_units), (Some("many_companies"), Some(14)));
    assert!(product.effective_date.is_some() && product.from_units == Some(12.0));
    assert_eq!(world.units(5001, 90_011), 12.0);
    assert_eq!(left(&done), (vec![], None, None));
}

#[tokio::test]
async fn d_05_an_older_run_ends_without_another_try() {
    let mut world = World::new(state()).await;
    world.on_permit(deny(5001, DenialReason::OlderRun));
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred JOB-02");
    assert_eq!(left(&done), (vec![], None, None), "there is nothing to wait for");
    assert_eq!(world.units(5001, 90_011), 12.0);
}

#[tokio::test]
async fn an_unsure_line_is_left_alone_for_ten_minutes() {
    let mut world = World::new(state()).await;
    world.on_permit(deny(5001, DenialReason::LineUnsure));
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-02");
    assert_eq!(left(&done), (vec![5001], Some("2026-12-01T05:10:00Z".into()), Some("NET-02".into())));
    assert_eq!((world.units(5001, 90_011), world.kaseya.history().len()), (12.0, 2));
}

#[tokio::test]
async fn an_unsure_line_that_the_scheduler_told_of_is_read_and_not_planned() {
    let mut world = World::new(state()).await;
    let until = messages::field::wire_instant("2026-12-01T05:04:00Z".parse().expect("an instant"));
    let unsure =
        v1::TargetWork { unsure_until: Some(until), ..target(701, vec![addend("acme", "standard", 14)]) };
    let done = world.work(vec![contract(5001, vec![unsure])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-02");
    assert_eq!(left(&done).1.as_deref(), Some("2026-12-01T05:04:00Z"));
    assert!(world.script().permits.is_empty());
}

/// The scheduler takes `wait` to respond with a permit of 30 seconds; a write may take 15.
async fn slow_permit(wait: Duration) -> (World, v1::JobDone) {
    let mut world = World::new(state()).await;
    let clock = world.clock.clone();
    world.on_permit(move |asked| {
        clock.advance(wait);
        grant_all(asked)
    });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    (world, done)
}

#[tokio::test]
async fn a_permit_that_leaves_no_room_for_a_write_permits_none() {
    let (world, done) = slow_permit(Duration::from_secs(15)).await;
    assert_eq!(results(&done), [ChangeResult::NotBegun]);
    assert_eq!(left(&done), (vec![5001], None, None));
    assert!(done.companies.is_empty() && world.kaseya.history().is_empty());

    let (world, done) = slow_permit(Duration::from_secs(14)).await;
    assert_eq!(results(&done), [ChangeResult::Confirmed]);
    assert_eq!(world.kaseya.history().len(), 1);
}

#[tokio::test]
async fn a_permit_for_other_changes_permits_none_and_one_that_cannot_be_read_neither() {
    for granted in [uuid::Uuid::from_u128(1).to_string(), "no id".to_owned()] {
        let mut world = World::new(state()).await;
        world.on_permit(move |_| {
            let granted_intent_ids = vec![granted.clone()];
            Answer::Permit(Permit { seconds: Some(30), granted_intent_ids, ..Permit::default() })
        });
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(left(&done).0, [5001]);
        assert!(done.changes.is_empty() && world.kaseya.history().is_empty());
    }
}

#[tokio::test]
async fn b_02_a_plan_asks_for_no_permit_and_writes_nothing() {
    let mut world = World::new(state()).await;
    world.script().content.mode = v1::SyncMode::Plan.into();
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(done.mode(), v1::SyncMode::Plan);
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(outcome(&done, "acme", 5001).products[0].to_units, Some(14));
    assert!(done.changes.is_empty() && world.script().permits.is_empty());
    assert!(world.kaseya.history().is_empty());
}

/// A permit with the requested intent and another change.
fn forged(forge: fn(&mut v1::GrantedChange)) -> impl FnMut(&PermitWrites) -> Answer + Send {
    move |asked| {
        let Answer::Permit(mut permit) = grant_all(asked) else { unreachable!("it grants") };
        permit.granted.iter_mut().for_each(forge);
        Answer::Permit(permit)
    }
}

#[tokio::test]
async fn case_f3_a_permit_that_differs_in_anything_from_what_was_asked_permits_nothing() {
    let forgeries: [fn(&mut v1::GrantedChange); 6] = [
        |change| change.to_units = Some(15),
        |change| change.contract_id = Some(5002),
        |change| change.service_id = Some(702),
        |change| change.line_id = Some(90012),
        |change| change.effective_date = "2027-01-01".to_owned(),
        |change| change.intent_id = uuid::Uuid::from_u128(1).to_string(),
    ];
    for forge in forgeries {
        let mut world = World::new(state()).await;
        world.on_permit(forged(forge));
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(left(&done).0, [5001]);
        assert!(done.changes.is_empty() && world.kaseya.history().is_empty());
    }
}

#[tokio::test]
async fn case_f3_a_permit_grants_no_change_that_it_denies_and_holds_no_longer_than_a_switch_off_waits() {
    let mut world = World::new(state()).await;
    world.on_permit(|asked| {
        let Answer::Permit(permit) = grant_all(asked) else { unreachable!("it grants") };
        let reason = DenialReason::OlderRun.into();
        let denied = asked.changes.iter();
        let denied = denied.map(|change| DeniedChange { intent_id: change.intent_id.clone(), reason });
        Answer::Permit(Permit { denied: denied.collect(), ..permit })
    });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(left(&done).0, [5001]);
    assert!(world.kaseya.history().is_empty());

    let mut world = World::new(state()).await;
    let clock = world.clock.clone();
    world.on_permit(move |asked| {
        clock.advance(Duration::from_secs(166));
        let Answer::Permit(permit) = grant_all(asked) else { unreachable!("it grants") };
        Answer::Permit(Permit { seconds: Some(u32::MAX), ..permit })
    });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(results(&done), [ChangeResult::NotBegun]);
    assert!(world.kaseya.history().is_empty());
}

#[tokio::test]
async fn case_f3_an_answer_for_another_attempt_starts_nothing_and_permits_nothing() {
    let others: [fn(v1::AnsweredAttempt) -> Option<v1::AnsweredAttempt>; 4] = [
        |of| Some(v1::AnsweredAttempt { partner_id: "msp-2".to_owned(), ..of }),
        |of| Some(v1::AnsweredAttempt { job_id: uuid::Uuid::from_u128(9).to_string(), ..of }),
        |of| Some(v1::AnsweredAttempt { attempt: Some(2), ..of }),
        |of| Some(v1::AnsweredAttempt { worker_id: "worker-9".to_owned(), ..of }),
    ];
    for other in others {
        let mut world = World::new(state()).await;
        world.script().answered_for = other;
        world.ticket(vec![simple(5001, "acme", 14)], 1).await;
        testkit::until("the ticket is shown", async || world.script().starts.len() == 1).await;
        world.script().answered_for = Some;
        // The next ticket is executed, and is the only one.
        world.publish(bus::Queue::Jobs, &world::ticket(2, 1)).await;
        let done = world.done().await;
        assert_eq!(done.job_id, uuid::Uuid::from_u128(2).to_string());
        assert_eq!(world.kaseya.history().len(), 1);

        // The start gets the right response, and the permit is for another attempt.
        let mut world = World::new(state()).await;
        world.script().after_start = Some(other);
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(left(&done).0, [5001]);
        assert!(done.changes.is_empty() && world.kaseya.history().is_empty());
    }
}

#[tokio::test]
async fn case_f3_an_older_schedulers_answers_are_used_as_they_came() {
    let mut world = World::new(state()).await;
    world.script().answered_for = |_| None;
    world.on_permit(|asked| {
        let Answer::Permit(permit) = grant_all(asked) else { unreachable!("it grants") };
        Answer::Permit(Permit { granted: Vec::new(), ..permit })
    });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}

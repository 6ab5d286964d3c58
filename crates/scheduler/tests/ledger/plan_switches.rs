//! Plan switches (B-07): both changes are granted or neither, a begun switch is finished, and a worker learns of
//! both.

use messages::v1::{self, DenialReason};

use crate::world::World;

const PAIR: &str = "01930000-0000-7000-8000-0000000000aa";
const HOLD: &str = "01930000-0000-7000-8000-000000000001";

/// A partner of ten companies with both products mapped, and a scheduler: `std` is service 7, `adv` service 8.
async fn world() -> World {
    let world = World::running().await;
    world.partner("p1", 10).await;
    world.run("insert into product_mappings values ('p1', 'adv', 8, 'Advanced')").await;
    world
}

/// A started job for the contracts of all companies.
async fn started() -> (World, v1::JobReady) {
    let world = world().await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &(101..=110).collect::<Vec<_>>()).await;
    let (ticket, _) = world.started("w1").await;
    (world, ticket)
}

/// The two changes of company `c1`'s plan switch: the fall first.
fn switch(world: &World) -> Vec<v1::IntendedChange> {
    let fall = v1::IntendedChange { pair_id: Some(PAIR.to_owned()), ..world.change(1, 6) };
    let addends = fall.addends.iter().map(|addend| v1::Addend { product_id: "adv".into(), ..addend.clone() });
    let rise = v1::IntendedChange {
        intent_id: world.change(1, 0).intent_id,
        service_id: Some(8),
        line_id: Some(2001),
        from_units: Some(1.0),
        to_units: Some(3),
        addends: addends.collect(),
        ..fall.clone()
    };
    vec![fall, rise]
}

fn denials(permit: &v1::Permit) -> Vec<DenialReason> {
    permit.denied.iter().map(v1::DeniedChange::reason).collect()
}

/// The run's brake already holds changes of six companies: no further change passes.
async fn brake(world: &World) {
    for company in 5..=10 {
        world
            .run(&format!(
                "insert into holds values ('01930000-0000-7000-8000-0000000001{company:02}', 'p1', {contract}, 7,
                     '{{c{company}}}', 'many_companies', 8, 10, '2026-11-01', 'open', '2026-11-19T12:00:00Z', 0, null, null,
                     null)",
                contract = 100 + company,
            ))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_both_changes_are_granted_and_on_record_as_a_pair() {
    let (world, ticket) = started().await;
    let permit = world.permit(&ticket, "w1", switch(&world)).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids.len(), 2);
    let stored = "string_agg(concat_ws(' ', service_id, pair_id), ', ' order by service_id) from intents";
    assert_eq!(world.text(stored).await, Some(format!("7 {PAIR}, 8 {PAIR}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_where_one_change_is_denied_the_other_is_too() {
    let newer = |service| {
        format!(
            "update targets set newest_run_number = 99 where contract_id = 101 and service_id = {service}"
        )
    };
    let approval = format!(
        "insert into holds values ('{HOLD}', 'p1', 101, 7, '{{c1}}', 'large_change', 8, 6, '2026-11-01', 'approved',
             '2026-11-19T12:00:00Z', 1, '2026-11-20T11:00:00Z', 'Anna', 'd1')"
    );
    for (obstacle, reason) in [
        (newer(7), DenialReason::OlderRun),
        (newer(8), DenialReason::OlderRun),
        ("delete from product_mappings where product_id = 'adv'".to_owned(), DenialReason::MappingChanged),
        (approval, DenialReason::ManyCompanies),
    ] {
        let (world, ticket) = started().await;
        world.run(&obstacle).await;
        let mut changes = switch(&world);
        let beside = world.change(2, 9);
        if reason == DenialReason::ManyCompanies {
            // Only the fall was approved, and the run's brake holds the rise.
            brake(&world).await;
            changes[0].approved_hold_id = Some(HOLD.to_owned());
        } else {
            changes.push(beside.clone());
        }
        let permit = world.permit(&ticket, "w1", changes).await.expect("a permit");
        assert_eq!(denials(&permit), [reason; 2], "{obstacle}");
        let granted: Vec<_> =
            (reason != DenialReason::ManyCompanies).then_some(beside.intent_id).into_iter().collect();
        assert_eq!(permit.granted_intent_ids, granted, "{obstacle}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_what_is_left_of_a_pair_is_finished_whatever_the_runs_brake_holds_since() {
    let (world, ticket) = started().await;
    let changes = switch(&world);
    world.permit(&ticket, "w1", changes.clone()).await.expect("a permit");
    brake(&world).await;
    let again = v1::IntendedChange { intent_id: world.change(1, 0).intent_id, ..changes[1].clone() };
    let permit =
        world.permit(&ticket, "w1", vec![again.clone(), world.change(2, 9)]).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids, [again.intent_id]);
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies]);
    // If the fall of a pair was never begun, there is nothing to finish.
    world.run("update intents set result = 'not_begun' where service_id = 7").await;
    let again = v1::IntendedChange { intent_id: world.change(1, 0).intent_id, ..changes[1].clone() };
    let permit = world.permit(&ticket, "w1", vec![again]).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies]);
}

fn target(content: &v1::JobContent, service: i32) -> &v1::TargetWork {
    let targets = &content.contracts[0].targets;
    targets.iter().find(|target| target.service_id == Some(service)).expect("a target")
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_after_a_killed_worker_the_next_job_names_the_rise_that_is_left() {
    for (ends, told) in [
        ("select 1", Some(PAIR)),
        ("update intents set result = 'not_begun' where service_id = 8", Some(PAIR)),
        ("update intents set result = 'confirmed' where service_id = 8", None),
        ("update intents set result = 'not_begun' where service_id = 7", None),
    ] {
        let world = world().await;
        let run = world.make_run("p1").await;
        world.make_job(&run, &[101]).await;
        let (ticket, _) = world.started("w1").await;
        world.permit(&ticket, "w1", switch(&world)).await.expect("a permit");
        world.run(ends).await;
        world.clock.advance(world.settings.lease);
        let (_, content) = world.started("w2").await;
        assert_eq!(target(&content, 8).begun_pair_id.as_deref(), told, "{ends}");
        assert_eq!(target(&content, 7).begun_pair_id, None, "a fall is never what is left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_a_job_names_the_products_whose_users_were_in_a_line() {
    let world = world().await;
    world
        .run(
            r#"insert into targets (partner_id, contract_id, service_id, shares, shares_run_number) values
                   ('p1', 101, 7, '[{"company": "c1", "product": "std", "units": 12}]', 5),
                   ('p1', 101, 9, '[{"company": "c1", "product": "old", "units": 4},
                                    {"company": "c1", "product": "std", "units": 1},
                                    {"company": "c2", "product": "old", "units": 1},
                                    {"company": "c1", "product": "none", "units": 0}]', 4),
                   ('p1', 102, 9, '[{"company": "c2", "product": "old", "units": 2}]', 4);
               insert into products values ('p1', 'old', 'Old', null);
               insert into user_counts values ('p1', 'r1', 'c2', 'old', 2, 'users')"#,
        )
        .await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102]).await;
    let (_, content) = world.started("w1").await;
    let share = v1::Share { company_id: "c1".into(), product_id: "std".into(), units: Some(12) };
    let shares = Some(v1::SharesSeen { shares: vec![share], run_number: Some(5) });
    assert_eq!((&target(&content, 7).shares, &target(&content, 8).shares), (&shares, &None));
    // `std` still has a line, c2 is not on this contract, and c2 still has users of the old product: MAP-02.
    let left: Vec<_> = content.contracts.iter().flat_map(|contract| &contract.left_behind).collect();
    let old = v1::LeftBehindProduct {
        company_id: "c1".into(),
        product_id: "old".into(),
        service_id: Some(9),
        run_number: Some(4),
    };
    assert_eq!(left, [&old]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_the_contracts_of_one_company_are_in_one_job() {
    let world = World::new().await;
    world.partner("p1", 60).await;
    world
        .run(
            "insert into product_mappings values ('p1', 'adv', 8, 'Advanced');
             insert into company_product_contracts values ('p1', 'c1', 'adv', 199, 'Own')",
        )
        .await;
    let run = world.make_run("p1").await;
    let survey = world.make_job(&run, &(101..=160).chain([199]).collect::<Vec<_>>()).await;
    world
        .run(&format!(
            "update runs set all_companies = true;
             update jobs set kind = 'survey', survey_result = 'given_up' where job_id = '{survey}'"
        ))
        .await;
    world.start_scheduler();
    // A hundred targets a job, and two on each contract.
    let together = "string_agg(cardinality(contract_ids) || ' ' || (contract_ids @> '{101,199}')::text, ', '
                               order by cardinality(contract_ids)) from jobs where kind = 'work'";
    world.until(together, "10 false, 51 true").await;
}

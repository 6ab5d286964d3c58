//! Lines of ours that nothing is mapped to any more (D-13): what a job receives about them, and what may be written.

use messages::v1::{self, DenialReason};

use crate::world::{NOON, SERVICE, World};

const HOLD: &str = "0190a7c2-5a10-7000-8000-000000000007";
/// A contract that nothing is mapped to.
const OLD: i32 = 150;

/// A partner with one company that left twelve units behind on [`OLD`]; a person has approved 0 for them.
async fn left_behind() -> World {
    let world = World::running().await;
    world.partner("p1", 1).await;
    world
        .run(&format!(
            "insert into targets (partner_id, contract_id, service_id, confirmed_units, confirmed_at, shares,
                                  shares_run_number, account_id, account_name, contract_name, service_name)
             values ('p1', {OLD}, {SERVICE}, 12, '{NOON}',
                     '[{{\"company\": \"c1\", \"product\": \"std\", \"units\": 12}}]', 1, 201, 'Account', 'Old contract',
                     'Password manager');
             insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units,
                                effective_date, state, opened_at, run_number, decided_at, decided_by)
             values ('{HOLD}', 'p1', {OLD}, {SERVICE}, '{{c1}}', 'leftover', 12, 0, '2026-11-01', 'approved', '{NOON}', 1,
                     '{NOON}', 'Anna')"
        ))
        .await;
    world
}

async fn started(world: &World, contract: i32) -> (v1::JobReady, v1::JobContent) {
    let run = world.make_run("p1").await;
    world.make_job(&run, &[contract]).await;
    world.started("w1").await
}

/// The change that sets the leftover to 0.
fn to_zero(world: &World) -> v1::IntendedChange {
    v1::IntendedChange {
        from_units: Some(12.0),
        addends: Vec::new(),
        approved_hold_id: Some(HOLD.to_owned()),
        ..world.change(OLD - 100, 0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_a_job_is_told_of_what_a_person_approved() {
    let world = left_behind().await;
    let (ticket, content) = started(&world, OLD).await;
    let [contract] = &content.contracts[..] else { panic!("{content:?}") };
    assert_eq!((contract.account_id, contract.contract_name.as_str()), (Some(201), "Old contract"));
    let [target] = &contract.targets[..] else { panic!("{contract:?}") };
    assert_eq!((target.service_id, target.wanted_units, target.addends.len()), (Some(SERVICE), Some(0), 0));
    assert_eq!(target.leftover, Some(v1::Leftover { seen_units: Some(12.0) }));
    assert_eq!(target.effective_date.as_deref(), Some("2026-11-01"));
    let approval = target.approval.clone().expect("the person's");
    assert_eq!((approval.hold_id.as_str(), approval.units), (HOLD, Some(0)));

    let change = to_zero(&world);
    let permit = world.permit(&ticket, "w1", vec![change.clone()]).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids, [change.intent_id]);
    let stored = "concat_ws(' ', contract_id, from_units, to_units, addends, company_ids) from intents";
    assert_eq!(world.text(stored).await.as_deref(), Some("150 12 0 [] {}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_it_is_not_written_once_something_is_mapped_there_again() {
    for edit in [
        format!("update company_mappings set contract_id = {OLD} where company_id = 'c1'"),
        format!("insert into company_product_contracts values ('p1', 'c1', 'std', {OLD}, 'Own')"),
    ] {
        let world = left_behind().await;
        let (ticket, _) = started(&world, OLD).await;
        world.run(&edit).await;
        let permit = world.permit(&ticket, "w1", vec![to_zero(&world)]).await.expect("an answer");
        let denied: Vec<DenialReason> = permit.denied.iter().map(v1::DeniedChange::reason).collect();
        assert_eq!(
            (denied, permit.granted_intent_ids.len()),
            (vec![DenialReason::MappingChanged], 0),
            "{edit}"
        );
        assert_eq!(world.number("count(*) from intents").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_it_is_not_written_without_a_persons_word_about_just_that() {
    for edit in [
        "update holds set state = 'open', decided_at = null, decided_by = null",
        "update holds set state = 'gone'",
        "update holds set brake = 'fall_to_zero'",
        "update holds set contract_id = 151",
    ] {
        let world = left_behind().await;
        let (ticket, _) = started(&world, OLD).await;
        world.run(edit).await;
        let permit = world.permit(&ticket, "w1", vec![to_zero(&world)]).await.expect("an answer");
        assert_eq!(permit.granted_intent_ids.len(), 0, "{edit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_a_word_about_a_leftover_lets_no_count_pass() {
    let world = left_behind().await;
    world.run(&format!("update company_mappings set contract_id = {OLD} where company_id = 'c1'")).await;
    let (ticket, content) = started(&world, OLD).await;
    let target = &content.contracts[0].targets[0];
    assert_eq!((&target.leftover, &target.approval, target.wanted_units), (&None, &None, Some(10)));
    let counted = v1::IntendedChange {
        approved_hold_id: Some(HOLD.to_owned()),
        addends: world.change(1, 0).addends,
        ..world.change(OLD - 100, 0)
    };
    let permit = world.permit(&ticket, "w1", vec![counted]).await.expect("an answer");
    assert_eq!(permit.granted_intent_ids.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_what_is_left_over_bills_its_users_until_it_is_zero() {
    let world = left_behind().await;
    world
        .run(&format!(
            "insert into products values ('p1', 'old', 'Old', null);
             update targets set service_id = 9, shares = '[{{\"company\": \"c1\", \"product\": \"old\", \"units\": 12}}]';
             update holds set service_id = 9;
             update company_mappings set contract_id = {OLD} where company_id = 'c1'"
        ))
        .await;
    let (_, content) = started(&world, OLD).await;
    let contract = &content.contracts[0];
    let services: Vec<_> =
        contract.targets.iter().map(|target| (target.service_id, target.leftover.is_some())).collect();
    assert_eq!(services, [(Some(SERVICE), false), (Some(9), true)]);
    let left: Vec<_> = contract.left_behind.iter().map(|left| (&*left.product_id, left.service_id)).collect();
    assert_eq!(left, [("old", Some(9))], "a rise beside it waits for a person, or for the 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_is_mapped_as_is_known_after_its_mapping_is_gone() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    started(&world, 101).await;
    world.run("delete from company_mappings where company_id = 'c1'").await;
    let known = "concat_ws(' ', account_id, account_name, contract_name, service_name) from targets";
    assert_eq!(world.text(known).await.as_deref(), Some("201 Account Contract Password manager"));
}

use bus::{EventTopic, Settlement};
use messages::v1;
use serde_json::json;

use crate::world::{Part, World};

const HOLD: &str = "01890000-0000-7000-8000-000000000001";

/// A partner with an open hold of contract 1001 at 12 units.
async fn held() -> World {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 2).await;
    let counted = [("c1", &[("standard", Some(12))][..]), ("c2", &[][..])];
    world.counts("p", Part::whole("r", "2026-11-22", "2026-11-22T22:00:00Z"), &counted).await;
    world
        .sql(&format!(
            "insert into holds values ('{HOLD}', 'p', 1001, 11, '{{c1}}', 'large_change', 3, 12, '2026-11-01', 'open',
                                       '2026-11-23T01:00Z', 1, null, null, null)"
        ))
        .await;
    world
}

async fn decide(world: &World, id: &str, hold: &str, decision: &str, units: u32) {
    let message = json!({
        "decisionId": id, "partnerId": "p", "holdId": hold, "decision": decision, "decidedBy": "Bruno", "units": units,
    });
    assert_eq!(world.send(&message).await, Settlement::Done);
}

const STATE: &str = "select concat_ws(' ', state, decided_by, decision_id) from holds";

#[tokio::test]
async fn an_approval_is_sent_by_a_run_for_its_contract_once() {
    let world = held().await;
    for _ in 0..2 {
        decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    }
    assert_eq!(world.text(STATE).await, "approved Bruno d");
    assert_eq!(world.open_jobs().await, "1 work ready {1001} {} now");
    assert_eq!(world.text("select concat_ws(' ', trigger, requested_by) from runs").await, "request Bruno");
}

#[tokio::test]
async fn another_number_than_the_one_that_is_held_is_neither_approved_nor_dismissed() {
    let world = held().await;
    for decision in ["HOLD_DECISION_APPROVE", "HOLD_DECISION_DISMISS"] {
        decide(&world, "d", HOLD, decision, 11).await;
        assert_eq!(world.text(STATE).await, "open", "{decision}");
    }
    assert_eq!(world.text("select count(*) from runs").await, "0");
    // The refused decision does not use up its id.
    decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    assert_eq!(world.text(STATE).await, "approved Bruno d");
}

#[tokio::test]
async fn a_dismissal_leaves_kaseya_as_it_is() {
    let world = held().await;
    decide(&world, "d", HOLD, "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(world.text(STATE).await, "dismissed Bruno d");
    decide(&world, "later", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    assert_eq!(world.text(STATE).await, "dismissed Bruno d");
    assert_eq!(world.text("select count(*) from runs").await, "0");
}

#[tokio::test]
async fn an_approval_is_taken_back_until_it_is_used() {
    let world = held().await;
    decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    decide(&world, "e", HOLD, "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(world.text(STATE).await, "dismissed Bruno e");
    world.sql("update holds set state = 'used'").await;
    decide(&world, "f", HOLD, "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(world.text(STATE).await, "used Bruno e");
}

#[tokio::test]
async fn an_approval_while_it_is_off_waits_for_the_next_run() {
    let world = held().await;
    world.sql("update integrations set state = 'off'").await;
    decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    assert_eq!(world.text(STATE).await, "approved Bruno d");
    assert_eq!(world.text("select count(*) from runs").await, "0");
}

#[tokio::test]
async fn decisions_on_others_holds_and_on_none_do_nothing() {
    let world = held().await;
    world.partner("q", 1).await;
    world.sql("update holds set partner_id = 'q'").await;
    decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    decide(&world, "e", "01890000-0000-7000-8000-0000000000ff", "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(world.text(STATE).await, "open");
    for decision in ["HOLD_DECISION_APPROVE", "HOLD_DECISION_DISMISS"] {
        let message = json!({ "decisionId": "f", "partnerId": "p", "holdId": HOLD, "decision": decision,
                              "decidedBy": "Bruno" });
        assert!(
            matches!(world.send(&message).await, Settlement::DeadLetter(_)),
            "a decision without units was taken"
        );
    }
}

const OTHER: &str = "01890000-0000-7000-8000-000000000002";

/// The same with the other half of a plan switch, on another contract, at 3 units.
async fn held_pair() -> World {
    let world = held().await;
    world
        .sql(&format!(
            "insert into company_product_contracts values ('p', 'c1', 'advanced', 1002, 'Own');
             insert into holds values ('{OTHER}', 'p', 1002, 12, '{{c1}}', 'plan_switch', 0, 3, '2026-11-01', 'open',
                                       '2026-11-23T01:00Z', 1, null, null, null);
             update holds set pair_id = '01890000-0000-7000-8000-0000000000aa'"
        ))
        .await;
    world
}

const STATES: &str =
    "select string_agg(concat_ws(' ', state, decided_by, decision_id), ', ' order by hold_id) from holds";

#[tokio::test]
async fn b_07_deciding_either_half_of_a_plan_switch_decides_both() {
    for (hold, units, decisions) in [(HOLD, 12, ["Bruno d", "Bruno"]), (OTHER, 3, ["Bruno", "Bruno d"])] {
        let world = held_pair().await;
        for _ in 0..2 {
            decide(&world, "d", hold, "HOLD_DECISION_APPROVE", units).await;
        }
        assert_eq!(world.text(STATES).await, format!("approved {}, approved {}", decisions[0], decisions[1]));
        assert_eq!(world.open_jobs().await, "1 work ready {1001,1002} {} now", "one run for both contracts");

        let world = held_pair().await;
        decide(&world, "d", hold, "HOLD_DECISION_DISMISS", units).await;
        assert_eq!(
            world.text(STATES).await,
            format!("dismissed {}, dismissed {}", decisions[0], decisions[1])
        );
        assert_eq!(world.text("select count(*) from runs").await, "0");
    }
}

#[tokio::test]
async fn b_07_another_number_of_the_other_half_than_the_person_saw_is_not_decided() {
    let world = held_pair().await;
    let message = |other: u32| {
        json!({ "decisionId": "d", "partnerId": "p", "holdId": HOLD, "decision": "HOLD_DECISION_APPROVE",
                "decidedBy": "Bruno", "units": 12, "otherUnits": other })
    };
    world.send(&message(4)).await;
    assert_eq!(world.text(STATES).await, "open, open");
    world.send(&message(3)).await;
    assert_eq!(world.text(STATES).await, "approved Bruno d, approved Bruno");
}

#[tokio::test]
async fn b_07_a_half_that_stands_alone_is_decided_alone() {
    let world = held_pair().await;
    world.sql(&format!("update holds set state = 'gone' where hold_id = '{OTHER}'")).await;
    decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    assert_eq!(world.text(STATES).await, "approved Bruno d, gone");
}

#[tokio::test]
async fn case_a9_an_approval_says_from_what_once_kaseya_shows_other_units_than_at_first() {
    let world = held().await;
    world.sql("update holds set from_units = 100, from_changed = true").await;
    decide(&world, "blind", HOLD, "HOLD_DECISION_APPROVE", 12).await;
    assert_eq!(world.text(STATE).await, "open");
    decide(&world, "left", HOLD, "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(world.text(STATE).await, "dismissed Bruno left");
}

#[tokio::test]
async fn case_a9_one_half_approves_no_other_half_that_has_changed_unseen() {
    for changed in ["from_units = 100, from_changed = true", "to_units = 9, to_changed = true"] {
        let world = held_pair().await;
        world.sql(&format!("update holds set {changed} where hold_id = '{OTHER}'")).await;
        decide(&world, "blind", HOLD, "HOLD_DECISION_APPROVE", 12).await;
        assert_eq!(world.text(STATES).await, "open, open", "{changed}");
        decide(&world, "left", HOLD, "HOLD_DECISION_DISMISS", 12).await;
        assert_eq!(world.text(STATES).await, "dismissed Bruno left, dismissed Bruno", "{changed}");
    }
}

#[tokio::test]
async fn case_a17_an_approval_that_cannot_be_sent_yet_is_answered_with_what_it_waits_for() {
    let refused = "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = '2026-11-22Z'";
    for (hindrance, expected) in [
        ("update integrations set state = 'off'", "d MESSAGE_ANSWER_TAKEN JOB-01"),
        ("update installation set writes_stopped = true", "d MESSAGE_ANSWER_TAKEN writes_stopped"),
        (refused, "d MESSAGE_ANSWER_TAKEN credentials"),
    ] {
        let world = held().await;
        let mut events =
            world.context.bus.listen(EventTopic::DecisionAnswered, Default::default()).await.expect("a bus");
        world.sql(hindrance).await;
        decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
        assert_eq!(answered(&mut events).await, expected);
        assert_eq!(world.text(STATE).await, "approved Bruno d");
    }
}

/// The next answer to a decision, in short.
async fn answered(events: &mut bus::Consumer) -> String {
    let event = events.next().await.expect("an answer");
    let answer: v1::DecisionAnswered = event.message.decode().expect("an answer to a decision");
    let words = [
        Some(answer.decision_id.clone()),
        Some(answer.answer().as_str_name().to_owned()),
        answer.code.clone(),
    ];
    let held = answer.held_units.map(|units| units.to_string());
    let wait = answer.wait.map(|wait| wait.reason);
    words.into_iter().chain([held, wait]).flatten().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn case_e5_every_decision_is_answered_by_an_event() {
    let world = held().await;
    let mut events =
        world.context.bus.listen(EventTopic::DecisionAnswered, Default::default()).await.expect("a bus");
    let unknown = "01890000-0000-7000-8000-0000000000ff";
    decide(&world, "unknown", unknown, "HOLD_DECISION_APPROVE", 12).await;
    assert_eq!(answered(&mut events).await, "unknown MESSAGE_ANSWER_REFUSED UNKNOWN-HOLD");
    decide(&world, "other", HOLD, "HOLD_DECISION_APPROVE", 11).await;
    assert_eq!(answered(&mut events).await, "other MESSAGE_ANSWER_REFUSED OTHER-UNITS 12");
    for _ in 0..2 {
        decide(&world, "d", HOLD, "HOLD_DECISION_APPROVE", 12).await;
        assert_eq!(answered(&mut events).await, "d MESSAGE_ANSWER_TAKEN");
    }
    decide(&world, "d", HOLD, "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(answered(&mut events).await, "d MESSAGE_ANSWER_REFUSED ID-USED");
    assert_eq!(world.text(STATE).await, "approved Bruno d");
    world.sql("update holds set state = 'used'").await;
    decide(&world, "closed", HOLD, "HOLD_DECISION_DISMISS", 12).await;
    assert_eq!(answered(&mut events).await, "closed MESSAGE_ANSWER_REFUSED NOT-OPEN");
    // An unreadable message is answered too, as far as it names its partner.
    let message = json!({ "decisionId": "bad", "partnerId": "p", "holdId": HOLD, "decision": "approve" });
    assert!(matches!(world.send(&message).await, Settlement::DeadLetter(_)));
    assert_eq!(answered(&mut events).await, "bad MESSAGE_ANSWER_REFUSED INVALID");
}

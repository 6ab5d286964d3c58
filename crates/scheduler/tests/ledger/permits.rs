//! `PermitWrites`: which changes may be written, and what is recorded before the write.

use std::{collections::BTreeMap, time::Duration};

use domain::{BillingRule, CompanyId, PartnerId, ProductId};
use messages::v1::{self, DenialReason, RefusalReason};
use store::settings::{self, NewCompany, ProductBilling, billing_rules};

use crate::world::World;

/// A started job of a partner with this many companies, for all their contracts.
async fn started(companies: u32) -> (World, v1::JobReady) {
    let world = World::running().await;
    world.partner("p1", companies).await;
    let run = world.make_run("p1").await;
    let contracts: Vec<i32> = (101..=100 + i32::try_from(companies).expect("few")).collect();
    world.make_job(&run, &contracts).await;
    let (ticket, _) = world.started("w1").await;
    (world, ticket)
}

fn denials(permit: &v1::Permit) -> Vec<DenialReason> {
    permit.denied.iter().map(v1::DeniedChange::reason).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_change_is_on_record_with_its_intent() {
    let (world, ticket) = started(1).await;
    let change = world.change(1, 10);
    let permit = world.permit(&ticket, "w1", vec![change.clone()]).await.expect("a permit");
    assert_eq!((permit.seconds, &permit.granted_intent_ids), (Some(30), &vec![change.intent_id.clone()]));
    assert_eq!(permit.denied, []);
    let stored = "concat_ws(' ', intent_id, contract_id, service_id, line_id, from_units, to_units, effective_date, result,
        company_ids, addends->0->>'company', addends->0->>'users', addends->0->>'count_day', attempt) from intents";
    assert_eq!(
        world.text(stored).await.as_deref(),
        Some(
            format!("{} 101 7 1001 8 10 2026-11-01 open {{c1}} c1 10 2026-11-20 1", change.intent_id)
                .as_str()
        )
    );
    let until = "to_char(permit_until at time zone 'UTC', 'HH24:MI:SS') from jobs";
    assert_eq!(world.text(until).await.as_deref(), Some("12:00:30"));
    // A second request, because the answer was lost, is stored once.
    world.clock.advance(Duration::from_secs(10));
    let again = world.permit(&ticket, "w1", vec![change]).await.expect("a permit");
    assert_eq!(again.granted_intent_ids, permit.granted_intent_ids);
    assert_eq!(world.number("count(*) from intents").await, 1);
    assert_eq!(world.text(until).await.as_deref(), Some("12:00:40"));
    // The login that it reported is accepted.
    assert_eq!(world.text("string_agg(outcome, ' ') from login_tries").await.as_deref(), Some("accepted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_keeps_the_lease_alive_for_longer_than_itself() {
    let mut world = World::new().await;
    world.settings.permit = Duration::from_secs(90);
    world.start_scheduler();
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, _) = world.started("w1").await;
    world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
    world.clock.advance(Duration::from_secs(89));
    world.nothing_else_is_due().await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.started("w2").await.0.attempt, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_edited_company_is_left_out() {
    let (world, ticket) = started(3).await;
    world
        .run(
            "update company_mappings set version = 2 where company_id = 'c1';
             delete from company_mappings where company_id = 'c3'",
        )
        .await;
    let changes = vec![world.change(1, 10), world.change(2, 10), world.change(3, 10)];
    let kept = changes[1].intent_id.clone();
    let permit = world.permit(&ticket, "w1", changes).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids, [kept]);
    assert_eq!(denials(&permit), [DenialReason::MappingChanged, DenialReason::MappingChanged]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d_04_a_count_that_goes_elsewhere_by_now_is_not_written_here() {
    let edits = [
        "update product_mappings set service_id = 8 where product_id = 'std'",
        "delete from product_mappings where product_id = 'std'",
        "update company_mappings set contract_id = 199 where company_id = 'c1'",
        "insert into company_product_contracts values ('p1', 'c1', 'std', 199, 'Another')",
    ];
    for edit in edits {
        let (world, ticket) = started(1).await;
        // Another product's own contract does not concern this one.
        world.run("insert into company_product_contracts values ('p1', 'c1', 'adv', 198, 'Other')").await;
        let permit = world.permit(&ticket, "w1", vec![world.change(1, 9)]).await.expect("a permit");
        assert_eq!(permit.denied, []);
        world.run(edit).await;
        let permit = world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
        assert_eq!(denials(&permit), [DenialReason::MappingChanged], "{edit}");
    }
    let (world, ticket) = started(1).await;
    world.run("insert into company_product_contracts values ('p1', 'c1', 'std', 101, 'The same')").await;
    let permit = world.permit(&ticket, "w1", vec![world.change(1, 10)]).await.expect("a permit");
    assert_eq!(permit.denied, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn d_04_a_company_that_is_closed_meanwhile_is_left_out() {
    let (world, ticket) = started(2).await;
    for (number, closed_from) in [(1, Some("2026-11-15")), (2, None)] {
        let company = NewCompany {
            company: CompanyId::new(format!("c{number}")).expect("an id"),
            name: "Another name".to_owned(),
            closed_from: closed_from.map(|day| day.parse().expect("a day")),
            mapping: None,
            billing_rules: BTreeMap::new(),
        };
        let (partner, company) = (&PartnerId::new("p1").expect("an id"), &company);
        world.in_transaction(|tx| Box::pin(settings::store_company(tx, partner, company))).await;
    }
    let permit =
        world.permit(&ticket, "w1", vec![world.change(1, 10), world.change(2, 10)]).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::MappingChanged]);
    assert_eq!(permit.granted_intent_ids.len(), 1, "another name is no other mapping");
}

#[tokio::test(flavor = "multi_thread")]
async fn d_04_what_is_billed_otherwise_meanwhile_is_left_out() {
    let (world, ticket) = started(3).await;
    let standard = ProductId::new("std").expect("an id");
    let billed = |rule, note: &str| {
        BTreeMap::from([(standard.clone(), ProductBilling { rule, note: Some(note.to_owned()) })])
    };
    let free = BillingRule::Billed { minimum: 0, included_free: 2 };
    for (number, before, now) in [
        (1, BTreeMap::new(), billed(free, "As agreed")),
        (2, BTreeMap::new(), billed(BillingRule::NotBilled, "Trial")),
        (3, billed(free, "As agreed"), billed(free, "As agreed in May")),
    ] {
        let partner = &PartnerId::new("p1").expect("an id");
        let company = &CompanyId::new(format!("c{number}")).expect("an id");
        let (before, now) = (&before, &now);
        world.in_transaction(|tx| Box::pin(billing_rules::store(tx, partner, company, before, now))).await;
    }
    let changes = (1..=3).map(|number| world.change(number, 10)).collect();
    let permit = world.permit(&ticket, "w1", changes).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::MappingChanged, DenialReason::MappingChanged]);
    assert_eq!(permit.granted_intent_ids.len(), 1, "another note is no other rule");
}

#[tokio::test(flavor = "multi_thread")]
async fn b_04_the_journal_will_know_what_was_counted_and_what_is_billed_of_it() {
    let (world, ticket) = started(1).await;
    let mut change = world.change(1, 8);
    change.addends[0].users = Some(10);
    change.addends[0].billed_units = Some(8);
    world.permit(&ticket, "w1", vec![change]).await.expect("a permit");
    let addend = world.text("addends -> 0 from intents").await.expect("an addend");
    let addend: serde_json::Value = serde_json::from_str(&addend).expect("JSON");
    assert_eq!((&addend["users"], &addend["billed"]), (&10.into(), &8.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_run_never_speaks_after_a_newer_one_and_an_unsure_line_is_left_alone() {
    let (world, ticket) = started(3).await;
    world.run("update targets set newest_run_number = 99 where contract_id = 101").await;
    world.earlier_write(102, 10, "unsure", "2026-11-20T11:50:01Z").await;
    world.earlier_write(103, 10, "unsure", "2026-11-20T11:50:00Z").await;
    let changes = vec![world.change(1, 10), world.change(2, 10), world.change(3, 10)];
    let kept = changes[2].intent_id.clone();
    let permit = world.permit(&ticket, "w1", changes).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::OlderRun, DenialReason::LineUnsure]);
    assert_eq!(permit.granted_intent_ids, [kept]);
    assert_eq!(world.number("newest_run_number from targets where contract_id = 101").await, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_changes_too_many_companies_is_held_but_for_what_was_approved() {
    let (world, ticket) = started(10).await;
    // Of ten companies four may change: the brake begins at five, and five are more than a fifth.
    let first = (1..=4).map(|number| world.change(number, 10)).collect();
    assert_eq!(world.permit(&ticket, "w1", first).await.expect("a permit").denied, []);
    let hold = "01930000-0000-7000-8000-000000000001";
    world
        .run(&format!(
            "insert into holds values ('{hold}', 'p1', 105, 7, '{{c5}}', 'many_companies', 8, 10, '2026-11-01', 'approved',
                '2026-11-19T12:00:00Z', 1, '2026-11-20T11:00:00Z', 'Anna', 'd1')"
        ))
        .await;
    let approved = |number, to| v1::IntendedChange {
        approved_hold_id: Some(hold.to_owned()),
        ..world.change(number, to)
    };
    // c1 was granted before. c5 is approved, but not for thirty units. c6 has no approval: the hold it names is c5's.
    let changes =
        vec![world.change(1, 11), approved(5, 10), approved(5, 30), approved(6, 10), world.change(7, 10)];
    let kept = changes[1].intent_id.clone();
    let permit = world.permit(&ticket, "w1", changes).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids, [kept]);
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies; 4]);
    let recorded = "approved_hold_id from intents where contract_id = 105";
    assert_eq!(world.text(recorded).await.as_deref(), Some(hold));
    // Withdrawn since: held again.
    world.run("update holds set state = 'dismissed'").await;
    let permit = world.permit(&ticket, "w1", vec![approved(5, 10)]).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies]);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a9_an_approval_reaches_only_its_from_and_its_month() {
    let hold = "01930000-0000-7000-8000-000000000001";
    for (from, day, granted) in [(8.0, "2026-11-01", 1), (9.0, "2026-11-01", 0), (8.0, "2026-10-01", 0)] {
        let (world, ticket) = started(10).await;
        braked(&world, 6..=10).await;
        world
            .run(&format!(
                "insert into holds values ('{hold}', 'p1', 105, 7, '{{c5}}', 'large_change', {from}, 10, '{day}',
                    'approved', '2026-11-19T12:00:00Z', 1, '2026-11-20T11:00:00Z', 'Anna', 'd1')"
            ))
            .await;
        let change = v1::IntendedChange {
            approved_hold_id: Some(hold.to_owned()),
            from_units: Some(8.0),
            ..world.change(5, 10)
        };
        let permit = world.permit(&ticket, "w1", vec![change]).await.expect("a permit");
        assert_eq!(permit.granted_intent_ids.len(), granted, "{from} {day}");
    }
}

/// The run's brake has held these companies' changes in an earlier run.
async fn braked(world: &World, companies: impl IntoIterator<Item = i32>) {
    for number in companies {
        world
            .run(&format!(
                "insert into holds values ('01930000-0000-7000-8000-0000000000{number:02}', 'p1', {contract}, 7, '{{c{number}}}',
                     'many_companies', 8, 10, '2026-11-01', 'open', '2026-11-19T12:00:00Z', 0, null, null, null)",
                contract = 100 + number,
            ))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_what_the_runs_brake_holds_is_not_let_through_by_the_next_run() {
    let (world, ticket) = started(10).await;
    // The earlier run wrote c1 to c4 and held the others; this run would change four of them, which is few enough.
    braked(&world, 5..=10).await;
    let four = || (5..=8).map(|number| world.change(number, 10)).collect();
    let permit = world.permit(&ticket, "w1", four()).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies; 4]);
    // Together with the held changes, one more is too much.
    let permit = world.permit(&ticket, "w1", vec![world.change(1, 11)]).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies]);

    // When few are left, other changes are granted and those are still held.
    world.run("update holds set state = 'gone' where contract_id > 106").await;
    let changes = vec![world.change(1, 11), world.change(5, 10), world.change(6, 9)];
    let free = changes[0].intent_id.clone();
    let permit = world.permit(&ticket, "w1", changes).await.expect("a permit");
    assert_eq!(permit.granted_intent_ids, [free]);
    assert_eq!(denials(&permit), [DenialReason::ManyCompanies; 2]);

    // A person lets them through.
    world
        .run(
            "update holds set state = 'approved', decided_at = '2026-11-20T11:00:00Z', decided_by = 'Anna'
             where contract_id = 105",
        )
        .await;
    let hold = Some("01930000-0000-7000-8000-000000000005".to_owned());
    let approved = v1::IntendedChange { approved_hold_id: hold, ..world.change(5, 10) };
    let permit = world.permit(&ticket, "w1", vec![approved]).await.expect("a permit");
    assert_eq!(permit.denied, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_by_another_brake_is_not_the_runs() {
    let (world, ticket) = started(10).await;
    braked(&world, 5..=10).await;
    world.run("update holds set brake = 'large_change'").await;
    let permit =
        world.permit(&ticket, "w1", vec![world.change(5, 9), world.change(1, 9)]).await.expect("a permit");
    assert_eq!(permit.denied, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_granted_when_the_ground_has_changed() {
    for (obstacle, reason) in [
        ("update integrations set state = 'switching_off'", RefusalReason::SwitchedOff),
        ("update installation set writes_stopped = true", RefusalReason::WritesStopped),
        ("update runs set mode = 'plan'", RefusalReason::WritesStopped),
        ("update integrations set credentials_version = 2", RefusalReason::CredentialsChanged),
        ("update jobs set attempt = 2", RefusalReason::Superseded),
        ("update jobs set holder = 'w2'", RefusalReason::Superseded),
    ] {
        let (world, ticket) = started(1).await;
        world.run(obstacle).await;
        assert_eq!(world.permit(&ticket, "w1", vec![world.change(1, 10)]).await, Err(reason), "{obstacle}");
        assert_eq!(world.number("count(*) from intents").await, 0);
        assert_eq!(world.text("permit_until from jobs").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a8_the_first_of_two_partners_of_one_line_goes_on_and_the_other_writes_nothing() {
    let (world, ticket) = started(2).await;
    world.partner("p2", 2).await;
    let ours = || vec![world.change(1, 10), world.change(2, 10)];
    // Another tenant has ids of its own.
    let claim = |at: &str| {
        format!(
            "insert into targets (partner_id, contract_id, service_id, claimed_at) values ('p2', 101, 7, '{at}')
             on conflict (partner_id, contract_id, service_id) do update set claimed_at = excluded.claimed_at"
        )
    };
    world.run(&claim("2026-11-19T12:00:00Z")).await;
    assert_eq!(denials(&world.permit(&ticket, "w1", ours()).await.expect("a permit")), []);
    // The same tenant in another spelling: p2 wrote the line before.
    world
        .run("update integrations set tenant = 'P1  srl', host = upper(host) || '.' where partner_id = 'p2'")
        .await;
    let permit = world.permit(&ticket, "w1", ours()).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::OtherWriter]);
    assert_eq!(permit.granted_intent_ids.len(), 1);
    // A partner that came later, or has removed its mapping, blocks no other.
    world.run(&claim("2026-11-20T13:00:00Z")).await;
    assert_eq!(denials(&world.permit(&ticket, "w1", ours()).await.expect("a permit")), []);
    world.run(&claim("2026-11-19T12:00:00Z")).await;
    world.run("delete from company_mappings where partner_id = 'p2' and company_id = 'c1'").await;
    assert_eq!(denials(&world.permit(&ticket, "w1", ours()).await.expect("a permit")), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_e1_a_line_id_remembered_under_another_contract_is_not_written() {
    let (world, ticket) = started(2).await;
    let ours = || vec![world.change(1, 10), world.change(2, 10)];
    // Line 1001 is what the worker found on contract 101; contract 900 was not read in its session.
    let known = |partner: &str, seen_at: &str| {
        format!(
            "insert into lines (partner_id, contract_id, line_id, service_id, units, seen_at, run_number)
             values ('{partner}', 900, 1001, 7, 8, '{seen_at}', 1)"
        )
    };
    world.partner("p2", 1).await;
    world.run(&known("p2", "2026-11-19T12:00:00Z")).await;
    assert_eq!(
        denials(&world.permit(&ticket, "w1", ours()).await.expect("a permit")),
        [],
        "another partner's"
    );
    world.run(&known("p1", "2026-11-19T12:00:00Z")).await;
    let permit = world.permit(&ticket, "w1", ours()).await.expect("a permit");
    assert_eq!(denials(&permit), [DenialReason::LineOfOtherContract]);
    assert_eq!(permit.granted_intent_ids.len(), 1);
    // A contract that has not been read for more than a cycle is no evidence any more.
    world.run("update lines set seen_at = '2026-10-01T12:00:00Z' where partner_id = 'p1'").await;
    assert_eq!(denials(&world.permit(&ticket, "w1", ours()).await.expect("a permit")), []);
}

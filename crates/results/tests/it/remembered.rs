//! What the ledger remembers of our changes: on their way, confirmed, sent a second time.

use domain::{ContractId, PartnerId, Pending, Remembered, ServiceId, Undated};
use jiff::civil::{Date, date};
use messages::v1::ChangeResult::{Confirmed, Sent, Unsure};

use crate::{
    message::{With as _, done},
    world::{PARTNER, World},
};

const GRANTED: &str = "2026-12-01T05:00:05Z";
const SENT: &str = "2026-12-01T05:00:10Z";
/// The next night, and the night in which the day has come everywhere.
const NEXT: &str = "2026-12-02T05:00:00Z";
const DAY_AFTER: &str = "2027-01-02T05:00:00Z";

async fn remembered(world: &World, today: Date) -> Remembered {
    remembered_of(world, today, Some(14)).await
}

/// What is remembered of the target if these units are wanted, except its dates.
async fn remembered_of(world: &World, today: Date, wanted: Option<u32>) -> Remembered {
    Remembered { undated: None, ..with_dates(world, today, wanted).await }
}

async fn with_dates(world: &World, today: Date, wanted: Option<u32>) -> Remembered {
    let partner = PartnerId::new(PARTNER).expect("an id");
    let contract = ContractId(1001);
    let all = world.database.owner.transaction("remembered", |tx| {
        let partner = &partner;
        let wanted = std::collections::BTreeMap::from([((contract, ServiceId(11)), wanted)]);
        Box::pin(async move { store::targets::remembered(tx, partner, &wanted, today).await })
    });
    all.await.expect("a database").get(&(contract, ServiceId(11))).copied().unwrap_or_default()
}

#[tokio::test]
async fn case_e2_a_change_is_undated_until_a_reading_shows_the_day_that_was_sent() {
    let world = for_january(Sent).await;
    let today = date(2026, 12, 1);
    let undated = Undated { units: 14, effective_date: date(2027, 1, 1) };
    assert_eq!(with_dates(&world, today, Some(14)).await.undated, Some(undated));
    world.sql("update intents set effective_date_read = '2026-12-01'").await;
    assert_eq!(with_dates(&world, today, Some(14)).await.undated, Some(undated));
    world.sql("update intents set effective_date_read = effective_date").await;
    assert_eq!(with_dates(&world, today, Some(14)).await.undated, None);
}

/// A change from 12 to 14 for the first of January, with the result that its worker reported.
async fn for_january(result: messages::v1::ChangeResult) -> World {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
    world.sql("update intents set effective_date = '2027-01-01'").await;
    world.store(&[done(7, 1, 1).line(1001, 9001, 12.0, SENT).change(1, result, SENT)]).await;
    world.run(8).await;
    world.job(8, 2, 1).await;
    world
}

fn pending(due: bool) -> Option<Pending> {
    Some(Pending { from: 12.0, to: 14, effective_date: date(2027, 1, 1), due })
}

#[tokio::test]
async fn d_14_a_change_for_a_later_day_stays_on_its_way_until_then_whatever_the_line_shows() {
    let world = for_january(Sent).await;
    assert_eq!(remembered(&world, date(2026, 12, 1)).await.pending, pending(false));
    world.store(&[done(8, 2, 1).line(1001, 9001, 12.0, NEXT)]).await;
    assert_eq!(world.text("select standing from journal").await, "sent");
    assert_eq!(remembered(&world, date(2026, 12, 2)).await.pending, pending(false));

    // Its day has come and the line does not show it: the journal says so, and it is still what Kaseya accepted.
    world.store(&[done(8, 2, 2).line(1001, 9001, 12.0, DAY_AFTER)]).await;
    assert_eq!(world.text("select standing from journal").await, "not_applied");
    assert_eq!(remembered(&world, date(2027, 1, 2)).await.pending, pending(true));
}

#[tokio::test]
async fn a_change_that_is_shown_is_confirmed_and_no_longer_on_its_way() {
    for shown_by in [NEXT, DAY_AFTER] {
        let world = for_january(Sent).await;
        world.store(&[done(8, 2, 1).line(1001, 9001, 14.0, shown_by)]).await;
        assert_eq!(world.text("select standing from journal").await, "confirmed");
        let known = Remembered { last_confirmed: Some(14), ..Remembered::default() };
        assert_eq!(remembered(&world, date(2027, 1, 2)).await, known);
    }
}

#[tokio::test]
async fn what_got_no_answer_was_not_taken_and_may_land_within_the_hour() {
    let world = for_january(Unsure).await;
    let unanswered = Remembered { unanswered: Some(14), ..Remembered::default() };
    assert_eq!(remembered(&world, date(2026, 12, 1)).await, unanswered);
    // A day later the line is as we left it: what has not landed by then never does.
    let equal = done(8, 2, 1).company("acme", 1001, "unchanged", (12.0, 12));
    world.store(&[equal.line(1001, 9001, 12.0, DAY_AFTER)]).await;
    let known = Remembered { last_confirmed: Some(12), ..Remembered::default() };
    assert_eq!(remembered(&world, date(2027, 1, 2)).await, known);
}

#[tokio::test]
async fn a_line_that_is_found_equal_is_remembered_and_ends_what_was_on_its_way() {
    let world = for_january(Sent).await;
    let equal = done(8, 2, 1).company("acme", 1001, "unchanged", (12.0, 12));
    world.store(&[equal.line(1001, 9001, 12.0, DAY_AFTER)]).await;
    let known = Remembered { last_confirmed: Some(12), ..Remembered::default() };
    assert_eq!(remembered(&world, date(2027, 1, 2)).await, known);
    // What was seen before that no longer counts.
    let older = done(8, 2, 2).company("acme", 1001, "unchanged", (10.0, 10)).line(1001, 9001, 10.0, NEXT);
    world.store(&[older]).await;
    assert_eq!(remembered(&world, date(2027, 1, 2)).await, known);
}

#[tokio::test]
async fn b_13_the_newest_second_sending_is_remembered_with_its_period() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (15.0, 12), GRANTED).await;
    world.sql("update intents set rewrite = true").await;
    let of = |wanted| remembered_of(&world, date(2026, 12, 1), wanted);
    assert_eq!(of(Some(12)).await.rewritten_for, None, "not yet taken");
    world.store(&[done(7, 1, 1).change(1, Confirmed, SENT)]).await;
    let known = Remembered {
        last_confirmed: Some(12),
        rewritten_for: Some(date(2026, 11, 1)),
        ..Remembered::default()
    };
    assert_eq!(of(Some(12)).await, known);
    // case A14: nothing is remembered of a number that was never sent again.
    let never_sent = Remembered { rewritten_for: None, ..known };
    for wanted in [Some(13), None] {
        assert_eq!(of(wanted).await, never_sent);
    }
}

/// The names of service 11 and contract 1001 in the settings, and those seen in Kaseya.
async fn names(world: &World) -> (String, String) {
    let told =
        "select concat_ws(', ', (select max(service_name) from product_mappings where service_id = 11),
                       (select max(contract_name) from company_mappings where contract_id = 1001))";
    let seen = "select string_agg(kind || ' ' || name, ', ' order by kind, id) from kaseya_names";
    (world.text(told).await, world.text(seen).await)
}

#[tokio::test]
async fn case_b3_names_follow_kaseya_only_where_they_agreed_before() {
    let world = World::new().await;
    world.sql("update product_mappings set service_name = 'standard'; update company_mappings set contract_name = 'Other'").await;
    world.run(8).await;
    let seen = |number: u32, service: &str, contract: &str, at: &str| {
        let mut message = done(number, number, 1);
        message.finished_at = Some(messages::field::wire_instant(at.parse().expect("an instant")));
        message.services_named =
            vec![messages::v1::ServiceNamed { service_id: Some(11), name: service.to_owned() }];
        let shown = domain::ShownContract { name: contract.to_owned(), ..domain::ShownContract::default() };
        let seen_at = at.parse().expect("an instant");
        message.contracts_seen =
            vec![domain::SeenContract { contract: ContractId(1001), seen_at, shown: Some(shown) }.into()];
        message
    };
    world.job(8, 8, 1).await;
    world.store(&[seen(8, "Standard", "Managed", NEXT)]).await;
    let kaseyas = "contract Managed, service Standard".to_owned();
    assert_eq!(names(&world).await, ("Standard, Other".to_owned(), kaseyas));
    // Renamed in Kaseya: the name that agreed is renamed here; earlier readings no longer count.
    world.run(9).await;
    world.job(9, 9, 1).await;
    world.store(&[seen(9, "Standard 2027", "Managed IT", DAY_AFTER)]).await;
    world.job(8, 10, 1).await;
    let older = seen(8, "Old", "Old", SENT);
    world.store(&[messages::v1::JobDone { job_id: crate::message::job(10).to_string(), ..older }]).await;
    let kaseyas = "contract Managed IT, service Standard 2027".to_owned();
    assert_eq!(names(&world).await, ("Standard 2027, Other".to_owned(), kaseyas));
}

#[tokio::test]
async fn case_b3_names_that_are_equal_follow_kaseya_whatever_the_databases_locale() {
    for told in ["CAFFÈ  roma", "Caffe\u{300} Roma", "Caffè\u{a0}Roma", ""] {
        let world = World::new().await;
        world.sql(&format!("update product_mappings set service_name = '{told}'")).await;
        world.run(8).await;
        world.job(8, 8, 1).await;
        let mut message = done(8, 8, 1);
        message.finished_at = Some(messages::field::wire_instant(NEXT.parse().expect("an instant")));
        message.services_named =
            vec![messages::v1::ServiceNamed { service_id: Some(11), name: "Caffè Roma".to_owned() }];
        world.store(&[message]).await;
        assert_eq!(world.text("select service_name from product_mappings").await, "Caffè Roma", "{told:?}");
    }
}

#[tokio::test]
async fn case_e1_a_reading_with_line_ids_of_another_contract_is_not_believed() {
    let world = World::new().await;
    let read = |contract: i32, read_at: &str| messages::v1::ContractRead {
        contract_id: Some(contract),
        read_at: Some(messages::field::wire_instant(read_at.parse().expect("an instant"))),
        found: vec![messages::v1::ServiceFound { service_id: Some(11), lines: Some(1) }],
        ..messages::v1::ContractRead::default()
    };
    let first = "2026-12-01T05:00:05Z";
    let mut message =
        done(7, 1, 1).company("acme", 1001, "unchanged", (12.0, 12)).line(1001, 9001, 12.0, first);
    message.contracts_read = vec![read(1001, first)];
    world.store(&[message]).await;
    assert_eq!(world.status("acme", 1001).await, "unchanged 7 1");

    world.job(7, 2, 1).await;
    // Another session, which did not read 1001: the filter is ignored, and beta's contract shows acme's line.
    let second = "2026-12-01T05:00:20Z";
    let mut message =
        done(7, 2, 1).company("beta", 1002, "unchanged", (12.0, 12)).line(1002, 9001, 12.0, second);
    message.contracts_read = vec![read(1002, second)];
    world.store(&[message]).await;
    assert_eq!(world.status("beta", 1002).await, "not_sent UNK-01 7 1");
    let remarks = "select remarks::text from statuses where company_id = 'beta'";
    assert!(world.text(remarks).await.contains("line_of_other_contract"), "{}", world.text(remarks).await);
    let kept = "select string_agg(concat_ws(' ', contract_id, line_id), ', ') from lines";
    assert_eq!(world.text(kept).await, "1001 9001");
    let last_sync = "select count(last_sync)::text from statuses where company_id = 'beta'";
    assert_eq!(world.text(last_sync).await, "0", "nothing of beta's was seen");

    // A reading of both in one message replaces what was known: a line that has moved is where it is now.
    let third = "2026-12-01T05:00:25Z";
    let mut message = done(7, 2, 2)
        .company("acme", 1001, "not_sent", (12.0, 12))
        .code("SVC-01")
        .company("beta", 1002, "unchanged", (12.0, 12))
        .line(1002, 9001, 12.0, third);
    message.contracts_read = vec![read(1001, third), read(1002, third)];
    world.store(&[message]).await;
    assert_eq!(world.status("beta", 1002).await, "unchanged 7 2");
    assert_eq!(world.text(kept).await, "1002 9001");
}

/// A reading of contract 1001, without or with the total that a survey showed before it.
fn reading(at: &str, total_before: Option<f64>, lines_total: f64, moved: f64) -> messages::v1::ContractRead {
    messages::v1::ContractRead {
        contract_id: Some(1001),
        read_at: Some(messages::field::wire_instant(at.parse().expect("an instant"))),
        found: vec![messages::v1::ServiceFound { service_id: Some(11), lines: Some(1) }],
        total_before,
        total_moved: Some(moved),
        lines_total: Some(lines_total),
        ..messages::v1::ContractRead::default()
    }
}

/// For each change in progress on contract 1001, whether the contract was read since.
async fn read_since(world: &World) -> Vec<bool> {
    let underway = world.database.owner.transaction("underway", |tx| {
        Box::pin(async move {
            let partner = PartnerId::new(PARTNER).expect("an id");
            store::targets::changes_underway(tx, &partner, &[ContractId(1001)]).await
        })
    });
    underway.await.expect("a database").iter().map(|change| change.read_since).collect()
}

#[tokio::test]
async fn g_03_a_change_that_a_later_reading_did_not_show_is_told_by_no_total() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
    world.sql("update intents set effective_date = '2027-01-01'").await;
    let mut message = done(7, 1, 1).line(1001, 9001, 12.0, SENT).change(1, Sent, SENT);
    message.contracts_read = vec![reading(SENT, Some(42.0), 42.0, 7.0)];
    world.store(&[message]).await;
    // The attempt that sent it left it to the next total.
    assert_eq!(read_since(&world).await, [false]);
    world.run(8).await;
    world.job(8, 2, 1).await;
    let mut message = done(8, 2, 1).line(1001, 9001, 12.0, NEXT);
    message.contracts_read = vec![reading(NEXT, Some(42.0), 42.0, 0.0)];
    world.store(&[message]).await;
    assert_eq!(read_since(&world).await, [true]);
}

#[tokio::test]
async fn g_01_the_total_that_is_expected_is_always_the_newest_readings() {
    let world = World::new().await;
    let expected = "select coalesce(expected_total::text, 'unknown') from contracts where contract_id = 1001";
    let read = async |attempt: u32, reading: messages::v1::ContractRead| {
        if attempt > 1 {
            world.next_attempt(1, attempt).await;
        }
        let mut message = done(7, 1, attempt);
        message.contracts_read = vec![reading];
        world.store(&[message]).await;
        world.text(expected).await
    };
    assert_eq!(read(1, reading("2026-12-01T05:00:05Z", Some(42.0), 42.0, 7.0)).await, "49");
    // No survey before it: another user has changed a line meanwhile, and 49 is from an older reading.
    assert_eq!(read(2, reading("2026-12-01T05:00:10Z", None, 35.0, 3.5)).await, "38.5");
    // The total counts more than the lines: without a survey, nothing is expected.
    assert_eq!(read(3, reading("2026-12-01T05:00:15Z", Some(50.0), 42.0, 0.0)).await, "50");
    assert_eq!(read(4, reading("2026-12-01T05:00:20Z", None, 42.0, 0.0)).await, "unknown");
}

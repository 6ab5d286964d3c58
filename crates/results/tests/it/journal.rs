//! The outcome of granted changes: reported by their own worker, or completed from a later reading.

use messages::v1::ChangeResult::{Confirmed, NotBegun, Refused, Sent, Unsure};

use crate::{
    message::{With as _, done},
    world::World,
};

const GRANTED: &str = "2026-12-01T05:00:05Z";
/// After the first attempt's permit.
const SECOND: &str = "2026-12-01T05:03:00Z";
/// Ten minutes after the end of the first attempt's permit: by now the write can no longer land.
const TOO_LATE: &str = "2026-12-01T05:10:35Z";

async fn journal(world: &World) -> String {
    world.text("select concat_ws(' ', from_units, to_units, standing) from journal order by entry").await
}

async fn intents(world: &World) -> String {
    world.text("select result from intents order by intent_id").await
}

/// Attempt 1 of job 1 was granted 12 to 14 and never reported; attempt 2 is at work.
async fn killed() -> World {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
    world.next_attempt(1, 2).await;
    world
}

#[tokio::test]
async fn b_04_what_reached_kaseya_is_journalled_and_what_did_not_is_not() {
    for (result, in_journal) in [
        (Confirmed, "12 14 confirmed"),
        (Sent, "12 14 sent"),
        (Unsure, "12 14 unsure"),
        (Refused, ""),
        (NotBegun, ""),
    ] {
        let world = World::new().await;
        world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
        world.store(&[done(7, 1, 1).change(1, result, "2026-12-01T05:00:10Z")]).await;
        assert_eq!(journal(&world).await, in_journal);
        let row = "select concat_ws(' ', confirmed_units, confirmed_at) from targets";
        let expected = if result == Confirmed { "14 2026-12-01 05:00:10+00" } else { "" };
        assert_eq!(world.text(row).await, expected, "{result:?}");
    }
}

/// The date that was sent, and the line's date when it was read.
async fn dates(world: &World) -> String {
    world.text("select concat_ws(' ', effective_date, effective_date_read, standing) from journal order by entry").await
}

#[tokio::test]
async fn case_e2_the_journal_keeps_the_date_that_kaseya_holds() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
    let mut message = done(7, 1, 1).change(1, Sent, "2026-12-01T05:00:10Z");
    message.changes[0].effective_date_read = Some("2027-01-01".to_owned());
    world.store(&[message]).await;
    let sent = world.text("select effective_date from intents").await;
    assert_eq!(dates(&world).await, format!("{sent} 2027-01-01 sent"));

    // Completed from a later reading, the date is the line's date then.
    let world = killed().await;
    world
        .store(&[done(7, 1, 2).company("acme", 1001, "unchanged", (14.0, 14)).line(1001, 9001, 14.0, SECOND)])
        .await;
    assert_eq!(dates(&world).await, format!("{sent} 2026-11-01 confirmed"));
}

#[tokio::test]
async fn d_06_a_killed_attempts_change_is_completed_from_its_intent_in_one_row() {
    let world = killed().await;
    let message = done(7, 1, 2).company("acme", 1001, "unchanged", (14.0, 14)).line(1001, 9001, 14.0, SECOND);
    world.store(&[message.clone(), message]).await;
    assert_eq!(journal(&world).await, "12 14 confirmed");
    assert_eq!(world.status("acme", 1001).await, "changed 7 2", "the run changed it");
    let product = world.text("select products -> 0 from statuses").await;
    assert!(product.contains("\"from\": 12") && product.contains("\"state\": \"changed\""), "{product}");
    assert_eq!(world.text("select changed from runs where run_number = 7").await, "1");
    assert_eq!(world.text("select last_change from statuses").await, "2026-12-01 05:03:00+00");
}

#[tokio::test]
async fn d_06_a_killed_attempt_that_wrote_nothing_leaves_no_row() {
    let world = killed().await;
    let readings = [(SECOND, "open"), ("2026-12-01T05:10:34Z", "open"), (TOO_LATE, "not_applied")];
    for (attempt, (seen, result)) in (2..).zip(readings) {
        world.store(&[done(7, 1, attempt).line(1001, 9001, 12.0, seen)]).await;
        assert_eq!((intents(&world).await.as_str(), journal(&world).await.as_str()), (result, ""), "{seen}");
    }
}

#[tokio::test]
async fn b_04_a_killed_attempts_change_that_lands_late_is_journalled() {
    let world = killed().await;
    // The second attempt found 12, was granted the same change, and stopped before it began.
    world.granted(2, (7, 1, 2), (12.0, 14), "2026-12-01T05:02:30Z").await;
    let second = done(7, 1, 2).line(1001, 9001, 12.0, SECOND).change(2, NotBegun, SECOND);
    world.store(&[second.left(&[1001], None)]).await;
    assert_eq!(intents(&world).await, "open, not_begun");
    world.store(&[done(7, 1, 3).line(1001, 9001, 14.0, "2026-12-01T05:05:00Z")]).await;
    assert_eq!(intents(&world).await, "confirmed, not_begun");
    assert_eq!(journal(&world).await, "12 14 confirmed");
}

#[tokio::test]
async fn b_04_an_unsure_change_is_journalled_also_when_its_own_worker_is_heard_last() {
    let world = killed().await;
    world.store(&[done(7, 1, 2).line(1001, 9001, 12.0, TOO_LATE)]).await;
    assert_eq!((intents(&world).await.as_str(), journal(&world).await.as_str()), ("not_applied", ""));
    let first = done(7, 1, 1).change(1, Unsure, "2026-12-01T05:00:20Z");
    world.store(&[first.clone(), first.clone()]).await;
    assert_eq!(journal(&world).await, "12 14 unsure");
    world.store(&[done(7, 1, 3).line(1001, 9001, 12.0, "2026-12-01T05:12:00Z"), first]).await;
    assert_eq!(journal(&world).await, "12 14 not_applied", "said again it is nothing new");
}

#[tokio::test]
async fn d_06_the_next_attempts_own_write_is_not_taken_for_the_killed_ones() {
    let world = killed().await;
    // Kaseya still showed 12; the second attempt wrote 14 itself and read it back.
    world.granted(2, (7, 1, 2), (12.0, 14), "2026-12-01T05:02:30Z").await;
    let message = done(7, 1, 2).line(1001, 9001, 14.0, SECOND).change(2, Confirmed, "2026-12-01T05:02:40Z");
    world.store(&[message.clone(), message]).await;
    assert_eq!(intents(&world).await, "not_applied, confirmed");
    assert_eq!(journal(&world).await, "12 14 confirmed");
}

#[tokio::test]
async fn d_06_of_two_killed_attempts_the_one_that_wrote_is_told_by_what_the_other_had_found() {
    let world = killed().await;
    // Kaseya still showed 12 when the second attempt was granted its write; it was killed too, and the third finds
    // 14.
    world.granted(2, (7, 1, 2), (12.0, 14), "2026-12-01T05:02:30Z").await;
    world.store(&[done(7, 1, 3).line(1001, 9001, 14.0, SECOND)]).await;
    assert_eq!(intents(&world).await, "not_applied, confirmed");
    assert_eq!(journal(&world).await, "12 14 confirmed");
}

#[tokio::test]
async fn d_06_a_killed_attempts_change_and_the_next_ones_are_two_rows() {
    let world = killed().await;
    // The first write had landed; meanwhile another number is wanted, and the second attempt writes it.
    world.granted(2, (7, 1, 2), (14.0, 15), "2026-12-01T05:02:30Z").await;
    let message = done(7, 1, 2).line(1001, 9001, 15.0, SECOND).change(2, Confirmed, "2026-12-01T05:02:40Z");
    world.store(&[message]).await;
    assert_eq!(journal(&world).await, "12 14 confirmed, 14 15 confirmed");
}

#[tokio::test]
async fn a_permit_that_is_still_out_is_not_judged() {
    let world = killed().await;
    world.store(&[done(7, 1, 2).line(1001, 9001, 12.0, "2026-12-01T05:00:20Z")]).await;
    assert_eq!(intents(&world).await, "open");
}

#[tokio::test]
async fn a_reading_from_before_the_permit_says_nothing_about_it() {
    let world = killed().await;
    world.store(&[done(7, 1, 2).line(1001, 9001, 14.0, "2026-12-01T05:00:01Z")]).await;
    assert_eq!((intents(&world).await.as_str(), journal(&world).await.as_str()), ("open", ""));
}

#[tokio::test]
async fn an_unsure_change_is_judged_only_when_its_ten_minutes_are_over() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
    let unsure = done(7, 1, 1).line(1001, 9001, 12.0, "2026-12-01T05:00:12Z").change(
        1,
        Unsure,
        "2026-12-01T05:00:10Z",
    );
    world.store(&[unsure.left(&[1001], Some("2026-12-01T05:10:10Z"))]).await;
    assert_eq!(journal(&world).await, "12 14 unsure");
    world.store(&[done(7, 1, 2).line(1001, 9001, 12.0, "2026-12-01T05:10:09Z")]).await;
    assert_eq!(journal(&world).await, "12 14 unsure", "it may land yet");
    world.store(&[done(7, 1, 3).line(1001, 9001, 12.0, "2026-12-01T05:10:10Z")]).await;
    assert_eq!(journal(&world).await, "12 14 not_applied");
}

#[tokio::test]
async fn an_unsure_change_that_a_reading_shows_is_confirmed_at_once() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 14), GRANTED).await;
    world.store(&[done(7, 1, 1).change(1, Unsure, "2026-12-01T05:00:10Z")]).await;
    world.store(&[done(7, 1, 2).line(1001, 9001, 14.0, "2026-12-01T05:02:00Z")]).await;
    assert_eq!(journal(&world).await, "12 14 confirmed");
    assert_eq!(world.text("select confirmed_units from targets").await, "14");
}

#[tokio::test]
async fn a_change_that_was_made_is_journalled_also_when_its_own_worker_is_heard_last() {
    let world = killed().await;
    // Another user set the line to 20 after our write; the second attempt's report comes first.
    world.store(&[done(7, 1, 2).line(1001, 9001, 20.0, SECOND)]).await;
    assert_eq!(journal(&world).await, "");
    let first = done(7, 1, 1).line(1001, 9001, 14.0, "2026-12-01T05:00:12Z").change(
        1,
        Confirmed,
        "2026-12-01T05:00:10Z",
    );
    world.store(&[first.clone(), first]).await;
    assert_eq!(journal(&world).await, "12 14 confirmed");
    assert_eq!(world.text("select units from lines").await, "20", "an older sight is not the last");
}

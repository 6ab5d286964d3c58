//! Writes that may have begun and were never reported: they may land late, over a newer number.

use messages::v1::{self, DenialReason};

use crate::world::World;

/// Until when each contract's line is left alone, according to the content.
fn left_alone(content: &v1::JobContent) -> Vec<Option<String>> {
    let targets = content.contracts.iter().map(|work| &work.targets[0]);
    targets
        .map(|target| target.unsure_until.map(|until| messages::field::instant("unsure_until", Some(until))))
        .map(|until| until.map(|until| until.expect("an instant").to_string()))
        .collect()
}

fn at(instant: &str) -> Option<String> {
    Some(instant.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn d_05_after_an_unreported_write_another_number_waits_ten_minutes() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101, 102]).await;
    let (first, content) = world.started("w1").await;
    assert_eq!(left_alone(&content), [None, None]);
    let changes = vec![world.change(1, 10), world.change(2, 10)];
    assert_eq!(world.permit(&first, "w1", changes).await.expect("a permit").denied, []);
    // The worker is killed while both are on their way, and c1 has two more users by now.
    world.clock.advance(world.settings.lease);
    world.run("update user_counts set users = 12 where company_id = 'c1'").await;

    let (second, content) = world.started("w2").await;
    assert_eq!(left_alone(&content), [at("2026-11-20T12:10:30Z"), None]);
    let changes = vec![world.change(1, 12), world.change(2, 10)];
    let kept = changes[1].intent_id.clone();
    let permit = world.permit(&second, "w2", changes).await.expect("a permit");
    assert_eq!(
        permit.denied.iter().map(v1::DeniedChange::reason).collect::<Vec<_>>(),
        [DenialReason::LineUnsure]
    );
    // The same number may land twice.
    assert_eq!(permit.granted_intent_ids, [kept]);
    world.hand_back(&second, &[101]).await;

    world.clock.set("2026-11-20T12:10:29Z".parse().expect("an instant"));
    let (third, content) = world.started("w2").await;
    assert_eq!(left_alone(&content), [at("2026-11-20T12:10:30Z")]);
    world.hand_back(&third, &[101]).await;
    world.clock.set("2026-11-20T12:10:30Z".parse().expect("an instant"));
    let (fourth, content) = world.started("w2").await;
    assert_eq!(left_alone(&content), [None]);
    assert_eq!(world.permit(&fourth, "w2", vec![world.change(1, 12)]).await.expect("a permit").denied, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_may_land_is_waited_for_and_only_by_the_ledgers_clock() {
    let world = World::running().await;
    // All want ten units.
    let late = at("2026-11-20T12:00:01Z");
    let cases = [
        ("open", 14, "2026-11-20T11:50:01Z", late.clone()),
        ("open", 14, "2026-11-20T11:50:00Z", None),
        ("open", 10, "2026-11-20T11:50:01Z", None),
        // Judged early, because a later change was for the same number.
        ("not_applied", 14, "2026-11-20T11:50:01Z", late.clone()),
        ("not_applied", 14, "2026-11-20T11:50:00Z", None),
        // Never a blind repeat.
        ("unsure", 10, "2026-11-20T11:50:01Z", late.clone()),
        ("unsure", 14, "2026-11-20T11:50:01Z", late),
        ("unsure", 14, "2026-11-20T11:50:00Z", None),
        ("sent", 14, "2026-11-20T11:50:01Z", None),
        ("confirmed", 14, "2026-11-20T11:50:01Z", None),
        ("refused", 14, "2026-11-20T11:50:01Z", None),
        ("not_begun", 14, "2026-11-20T11:50:01Z", None),
    ];
    world.partner("p1", 12).await;
    let run = world.make_run("p1").await;
    let contracts = Vec::from_iter(101..=112);
    world.make_job(&run, &contracts).await;
    let ticket = world.ticket().await;
    for (contract, (result, to, last_sign, _)) in contracts.iter().zip(&cases) {
        world.earlier_write(*contract, *to, result, last_sign).await;
    }
    let content = world.start(&ticket, "w1").await.expect("the job starts");
    assert_eq!(left_alone(&content), cases.map(|(.., expected)| expected));
}

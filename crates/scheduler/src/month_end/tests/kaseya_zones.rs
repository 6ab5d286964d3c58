//! The invoice day also depends on Kaseya's zone.

use super::{
    pushes::{frozen_world, over},
    *,
};

/// Kaseya reports a zone for the partner's tenant.
async fn told(world: &World, zone: &str) {
    world
        .sql(&format!(
            "insert into kaseya_zones values ('p', 'bms.example.com', 'p Ltd', '{zone}', '2026-11-30T00:00Z')"
        ))
        .await;
}

/// A round at this instant: the months pushed, and the readings begun before the invoice day.
async fn round(world: &World, now: &str) -> (usize, usize) {
    world.clock.set(now.parse().expect("an instant"));
    let pushed = freeze_due(&world.context).await.expect("a round");
    (pushed, crate::full_read::begin_due(&world.context).await.expect("a round"))
}

#[tokio::test]
async fn case_a13_in_honolulu_the_invoice_day_lasts_and_the_frozen_count_with_it() {
    // In Rome the 10th is over at 23:00 UTC, in Honolulu at 10:00 UTC on the 11th.
    for (zone, last, over_at) in [
        (None, "2026-12-10T22:59:59Z", "2026-12-10T23:00:00Z"),
        (Some("Pacific/Honolulu"), "2026-12-11T09:59:59Z", "2026-12-11T10:00:00Z"),
        (Some("Pacific/Auckland"), "2026-12-10T22:59:59Z", "2026-12-10T23:00:00Z"),
    ] {
        let world = frozen_world().await;
        if let Some(zone) = zone {
            told(&world, zone).await;
        }
        world.clock.set("2026-12-08T20:05:00Z".parse().expect("an instant"));
        report(
            &world,
            "newer",
            "2026-12-08",
            "2026-12-08T20:00:00Z",
            false,
            &[("c1", &standard(6)), ("c2", &standard(9))],
        )
        .await;
        over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "not_sent", Some("NET-01"))]).await;
        world.clock.set(last.parse().expect("an instant"));
        assert_eq!(sent(&world).await, [Some(5), Some(9)], "{zone:?}");
        assert_eq!(
            freeze_due(&world.context).await.expect("a round"),
            1,
            "{zone:?}: what is left behind is pushed"
        );
        over(&world, &[("c2", 1002, "not_sent", Some("NET-01"))]).await;
        world.clock.set(over_at.parse().expect("an instant"));
        assert_eq!(sent(&world).await, [Some(6), Some(9)], "{zone:?}");
    }
}

#[tokio::test]
async fn case_a13_after_the_later_end_nothing_is_pushed_again() {
    let world = frozen_world().await;
    told(&world, "Pacific/Honolulu").await;
    over(&world, &[("c1", 1001, "unchanged", None), ("c2", 1002, "not_sent", Some("NET-01"))]).await;
    assert_eq!(round(&world, "2026-12-11T10:00:00Z").await.0, 0);
}

#[tokio::test]
async fn case_a13_the_lines_are_read_24_hours_before_the_day_begins_anywhere() {
    for (zone, begins) in [
        (None, "2026-12-08T23:00:00Z"),
        (Some("Pacific/Auckland"), "2026-12-08T11:00:00Z"),
        (Some("Pacific/Honolulu"), "2026-12-08T23:00:00Z"),
    ] {
        let world = World::at("2026-12-08T00:00:00Z").await;
        world.partner("p", 2).await;
        if let Some(zone) = zone {
            told(&world, zone).await;
        }
        let begins: Timestamp = begins.parse().expect("an instant");
        let before = (begins - SignedDuration::from_secs(1)).to_string();
        assert_eq!(round(&world, &before).await, (0, 0), "{zone:?}");
        assert_eq!(round(&world, &begins.to_string()).await, (0, 1), "{zone:?}");
        assert_eq!(world.text("select concat_ws(' ', invoice_day) from full_reads").await, "2026-12-10");
        assert_eq!(round(&world, "2026-12-10T22:00:00Z").await, (0, 0), "{zone:?}: once");
    }
}

#[tokio::test]
async fn case_a13_another_tenants_zone_is_no_matter() {
    let world = World::at("2026-12-08T11:00:00Z").await;
    world.partner("p", 2).await;
    world.sql("insert into kaseya_zones values ('p', 'bms.example.com', 'other', 'Pacific/Auckland', now()), ('q', 'bms.example.com', 'p Ltd', 'Pacific/Auckland', now())").await;
    assert_eq!(round(&world, "2026-12-08T11:00:00Z").await, (0, 0));
    told(&world, "Pacific/Auckland").await;
    assert_eq!(round(&world, "2026-12-08T11:00:01Z").await, (0, 1));
}

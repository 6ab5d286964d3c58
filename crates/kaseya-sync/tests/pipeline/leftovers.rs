//! Lines that were ours and are no longer mapped (D-13).

use crate::world::World;

/// Three companies with lines that equal their counts: ten units each.
async fn synced() -> World {
    let world = World::new(3, 5).await;
    world.night(&[]).await;
    world.all_right().await;
    assert_eq!(world.holds().await, "");
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_13_the_line_of_a_mapping_that_is_gone_falls_to_zero_only_when_a_person_says_so() {
    let world = synced().await;
    world.unmap(1).await;
    world.night(&[]).await;
    assert_eq!(world.holds().await, "5001: 10 to 0 open leftover {c1} 2026-11-01");
    world.night(&[]).await;
    assert_eq!(world.units(1), 10.0, "nothing is sent without a person's word");
    assert_eq!(world.holds().await, "5001: 10 to 0 open leftover {c1} 2026-11-01", "asked once");
    assert_eq!(world.announced_holds().await, 1);

    world.decide(1, true).await;
    world.until_holds("5001: 10 to 0 used leftover {c1} 2026-11-01").await;
    assert_eq!(world.units(1), 0.0);
    let standing =
        "concat_ws(' ', from_units, to_units, standing, effective_date, addends, trigger) from journal
        where contract_id = 5001 and to_units = 0 and approved_hold_id = (select hold_id from holds)";
    assert_eq!(world.text(standing).await.as_deref(), Some("10 0 confirmed 2026-11-01 [] request"));

    let writes = world.writes();
    world.night(&[]).await;
    assert_eq!(world.holds().await, "5001: 10 to 0 used leftover {c1} 2026-11-01");
    assert_eq!((world.units(1), world.writes()), (0.0, writes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_13_what_a_person_leaves_is_not_asked_about_until_it_was_mapped_again() {
    let world = synced().await;
    // Another contract of the account: the old line is left over, and the new one has the count.
    world.map(2, 4).await;
    world.night(&[]).await;
    assert_eq!((world.units(2), world.units(4)), (10.0, 10.0));
    world.decide(2, false).await;
    let left = "5002: 10 to 0 dismissed leftover {c2} 2026-11-01";
    world.until_holds(left).await;
    for _ in 0..3 {
        world.night(&[]).await;
    }
    assert_eq!((world.units(2), world.holds().await.as_str()), (10.0, left));

    world.map(2, 2).await;
    world.night(&[2]).await;
    assert_eq!(world.units(2), 11.0, "mapped again, it holds what is counted");
    world.map(2, 5).await;
    world.night(&[]).await;
    let asked_anew = "5002: 10 to 0 gone leftover {c2} 2026-11-01, 5002: 11 to 0 open leftover {c2} 2026-11-01, \
        5004: 10 to 0 open leftover {c2} 2026-11-01";
    assert_eq!(world.holds().await, asked_anew);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_13_a_line_that_was_edited_since_is_asked_about_with_what_it_shows() {
    let world = synced().await;
    world.not_billed(3).await;
    world.night(&[]).await;
    assert_eq!(world.holds().await, "5003: 10 to 0 open leftover {c3} 2026-11-01");
    world.edit(3, |line| line.units = 15.0);
    world.decide(3, true).await;
    world.until_holds("5003: 15 to 0 open leftover {c3} 2026-11-01").await;
    assert_eq!(world.units(3), 15.0);
    assert_eq!(world.announced_holds().await, 2);
    world.decide(3, true).await;
    world.until_holds("5003: 15 to 0 used leftover {c3} 2026-11-01").await;
    assert_eq!(world.units(3), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_13_a_line_that_is_not_there_any_more_settles_the_question() {
    let world = synced().await;
    world.unmap(1).await;
    world.night(&[]).await;
    world.remove_line(1);
    world.decide(1, true).await;
    world.until_holds("5001: 10 to 0 used leftover {c1} 2026-11-01").await;
    world.night(&[]).await;
    assert_eq!(world.holds().await, "5001: 10 to 0 used leftover {c1} 2026-11-01");
}

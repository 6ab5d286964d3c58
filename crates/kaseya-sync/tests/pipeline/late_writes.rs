//! Writes with a lost response that Kaseya makes much later (design, section 1).

use jiff::{SignedDuration, ToSpan as _};
use kaseya_simulator::{Endpoint, Fault};

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn net_02_a_write_that_lands_after_a_second_one_is_found_and_fixed() {
    // Three lines; the first holds 9 units, and 10 users are counted.
    let world = World::new(3, 3).await;
    world.fail(Endpoint::WriteLine, 1, Fault::ApplyLater(SignedDuration::from_mins(15)));
    let waits_until = world.night_until_it_waits().await;
    assert_eq!(world.units(1), 9.0, "nothing has landed");
    assert_eq!(world.journal().await, [("unsure".to_owned(), 1)]);

    // Ten minutes later the line shows the old number, and by now another is wanted.
    world.recount(1, 11).await;
    world.go_to(waits_until);
    world.rest_of_the_night().await;
    assert_eq!(world.units(1), 11.0);
    assert_eq!(world.states().await, [("changed".to_owned(), 1), ("unchanged".to_owned(), 2)]);

    // The first write lands after the second and overwrites it.
    world.go_to(waits_until + 10.minutes());
    assert_eq!(world.units(1), 10.0);

    world.next_day();
    world.night(&[]).await;
    assert_eq!(world.units(1), 11.0, "its total has moved, and our own late number is no edit of anybody's");
    assert_eq!(world.journal().await, [("confirmed".to_owned(), 2), ("not_applied".to_owned(), 1)]);
}

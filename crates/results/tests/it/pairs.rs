//! Plan switches (B-07): holds in pairs, the journal's pairs, and which companies' users are on a line.

use messages::v1;

use crate::{
    message::{With as _, done, intent},
    world::World,
};

const PAIR: &str = "01930000-0000-7000-8000-0000000000aa";
const OTHER: &str = "01930000-0000-7000-8000-0000000000bb";

async fn next(world: &World, message: v1::JobDone) {
    let number = u32::try_from(message.run_number.expect("a number")).expect("a small number");
    world.run(number).await;
    world.job(number, number, 1).await;
    world.store(&[message]).await;
}

/// Acme's fall on contract 1001 and its rise on 1002, held together.
fn held(number: u32, to: (u32, u32), pair: Option<&str>) -> v1::JobDone {
    let mut done = done(number, number, 1)
        .company("acme", 1001, "held", (12.0, to.0))
        .held_by("fall_to_zero")
        .company("beta", 1002, "held", (0.0, to.1))
        .held_by("plan_switch");
    for company in &mut done.companies {
        company.products[0].pair_id = pair.map(str::to_owned);
    }
    done
}

const HOLDS: &str =
    "select concat_ws(' ', contract_id, to_units, state, pair_id) from holds order by contract_id";

#[tokio::test]
async fn b_07_holds_of_a_plan_switch_stand_as_a_pair_and_open_again_together() {
    let world = World::new().await;
    next(&world, held(8, (0, 3), Some(PAIR))).await;
    assert_eq!(world.text(HOLDS).await, format!("1001 0 open {PAIR}, 1002 3 open {PAIR}"));
    let told = "select body ->> 'pairId' from events where topic = 'hold.opened' order by number";
    assert_eq!(world.text(told).await, format!("{PAIR}, {PAIR}"));

    // Another number on one half alone: a person must decide on both again.
    world
        .sql("update holds set state = 'approved', decided_at = '2026-12-01T06:00Z', decided_by = 'Anna'")
        .await;
    next(&world, held(9, (0, 9), Some(OTHER))).await;
    assert_eq!(world.text(HOLDS).await, format!("1001 0 open {OTHER}, 1002 9 open {OTHER}"));
    assert_eq!(world.text("select decided_by from holds where decided_by is not null").await, "");

    // With the same numbers an approval stays in force.
    world
        .sql("update holds set state = 'approved', decided_at = '2026-12-01T06:00Z', decided_by = 'Anna'")
        .await;
    next(&world, held(10, (0, 9), Some(PAIR))).await;
    assert_eq!(world.text(HOLDS).await, format!("1001 0 approved {PAIR}, 1002 9 approved {PAIR}"));

    // No pair any more: each half is its own question.
    next(&world, held(11, (0, 9), None)).await;
    assert_eq!(world.text(HOLDS).await, "1001 0 approved, 1002 9 approved");
}

#[tokio::test]
async fn b_07_the_journal_shows_the_pair() {
    let world = World::new().await;
    world.granted(1, (7, 1, 1), (12.0, 9), "2026-12-01T05:00:05Z").await;
    world.sql(&format!("update intents set pair_id = '{PAIR}'")).await;
    let message = done(7, 1, 1).change(1, v1::ChangeResult::Confirmed, "2026-12-01T05:00:10Z");
    world.store(&[message]).await;
    let journal = format!("select pair_id from journal where intent_id = '{}'", intent(1));
    assert_eq!(world.text(&journal).await, PAIR);
}

#[tokio::test]
async fn b_07_whose_users_are_in_a_line_is_known_once_kaseya_holds_or_has_taken_the_number() {
    let world = World::new().await;
    let shares =
        "select concat_ws(' ', contract_id, shares_run_number, shares) from targets where shares is not null
                  order by contract_id";
    let billed = |mut done: v1::JobDone, units: &[u32]| {
        for (company, units) in done.companies.iter_mut().zip(units) {
            company.products[0].billed_units = Some(*units);
        }
        done
    };
    let both = done(9, 9, 1).company("acme", 1001, "unchanged", (15.0, 15)).company(
        "beta",
        1001,
        "unchanged",
        (15.0, 15),
    );
    next(&world, billed(both, &[12, 3])).await;
    let of = |units: &[(&str, u32)]| {
        let shares = units.iter().map(|(company, units)| {
            format!("{{\"units\": {units}, \"company\": \"{company}\", \"product\": \"standard\"}}")
        });
        format!("[{}]", shares.collect::<Vec<_>>().join(", "))
    };
    assert_eq!(world.text(shares).await, format!("1001 9 {}", of(&[("acme", 12), ("beta", 3)])));
    // Held or unsent units are on no line; an older run says nothing.
    let held = done(10, 10, 1).company("acme", 1001, "held", (15.0, 0)).held_by("fall_to_zero");
    next(&world, billed(held, &[0])).await;
    next(&world, billed(done(8, 8, 1).company("acme", 1001, "changed", (9.0, 10)), &[10])).await;
    assert_eq!(world.text(shares).await, format!("1001 9 {}", of(&[("acme", 12), ("beta", 3)])));
    next(&world, billed(done(11, 11, 1).company("acme", 1001, "sent", (15.0, 7)), &[7])).await;
    assert_eq!(world.text(shares).await, format!("1001 11 {}", of(&[("acme", 7)])));
}

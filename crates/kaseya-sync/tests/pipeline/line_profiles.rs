//! A partner's nights with every form of V1 that a line profile describes (issue 12).

use jiff::{SignedDuration, civil::date};
use kaseya_simulator::{Contract, Endpoint, Fault, Prorations, UnitWrite};
use testkit::{FOREIGN_LINE_PROFILE, line_profiles};

use crate::world::World;

/// Runs `live` with each profile except the foreign one, all at once.
async fn each<F: Future<Output = ()> + 'static>(live: impl Fn(&'static str, World) -> F) {
    let here = tokio::task::LocalSet::new();
    let all = async {
        let mut lives = tokio::task::JoinSet::new();
        for (name, profile) in line_profiles().into_iter().filter(|(name, _)| *name != "foreign") {
            let world = World::serving(&profile).await;
            world.set_line_profile(&profile).await;
            lives.spawn_local(live(name, world));
        }
        lives.join_all().await;
    };
    here.run_until(all).await;
}

/// State and code of a company.
async fn state(world: &World, company: u32) -> String {
    let row = format!("concat_ws(' ', state, code) from statuses where company_id = 'c{company}'");
    world.text(&row).await.unwrap_or_default()
}

fn is_green(state: &str) -> bool {
    state.starts_with("changed") || state.starts_with("unchanged")
}

/// The contracts with one line changed as a sync in November changes it.
fn with_units(contracts: &[Contract], world: &World, company: u32, units: f64) -> Vec<Contract> {
    let mut contracts = contracts.to_vec();
    let line = world.line(company);
    let mut lines = contracts.iter_mut().flat_map(|contract| &mut contract.lines);
    let changed = lines.find(|known| known.id == line.id).expect("its line");
    (changed.units, changed.effective_date) = (units, date(2026, 11, 1));
    contracts
}

/// One partner's nights: a change, a quiet night, a lost write, and responses that cannot be exactly the contract's
/// lines.
async fn nights(name: &str, world: &World) {
    let before = world.contracts();
    world.night(&[]).await;
    // Units and date of the one line that was behind, and nothing else.
    assert_eq!(world.contracts(), with_units(&before, world, 1, 10.0), "{name}");
    assert_eq!(world.states().await, [("changed".to_owned(), 1), ("unchanged".to_owned(), 2)], "{name}");
    assert_eq!(world.journal().await, [("confirmed".to_owned(), 1)], "{name}");
    world.night(&[]).await;
    assert_eq!(world.states().await, [("unchanged".to_owned(), 3)], "{name}");
    assert_eq!(world.writes(), 1, "{name}");

    world.edit_lines(|lines| lines.without_effect = true);
    world.night(&[2]).await;
    let lost = state(world, 2).await;
    assert!(!is_green(&lost), "{name}: {lost}");
    assert_eq!(world.line(2).units, 10.0, "{name}");
    world.edit_lines(|lines| lines.without_effect = false);
    world.night(&[]).await;
    assert_eq!((world.line(2).units, state(world, 2).await.as_str()), (11.0, "changed"), "{name}");

    // Rows of other contracts; lines cut to a common page size, and to another.
    let mut usual = world.contracts();
    let usual_lines = world.lines_behaviour();
    let (writes, mut more) = (world.writes(), 0.0);
    for (cut, what) in [(None, "of all contracts"), (Some(20), "cut to 20"), (Some(17), "cut to 17")] {
        world.edit_lines(|lines| match cut {
            None => lines.of_all_contracts = true,
            Some(_) => {
                (lines.largest_page, lines.ignores_paging, lines.without_totals) = (cut, true, true);
            }
        });
        world.night_with_more_until_it_waits(&[1, 2, 3]).await;
        for company in 1..=3 {
            assert_eq!(state(world, company).await, "deferred UNK-01", "{name}, {what}");
        }
        assert_eq!(world.contracts(), usual, "{name}, {what}");
        world.edit_lines(|lines| *lines = usual_lines.clone());
        world.rest_of_the_night().await;
        world.next_day();
        more += 1.0;
        let held = [1, 2, 3].map(|company| world.line(company).units);
        assert_eq!(held, [10.0, 11.0, 10.0].map(|units| units + more), "{name}, after {what}");
        usual = world.contracts();
    }
    assert_eq!(world.writes(), writes + 9, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_12_a_profile_that_no_code_knows_syncs_a_partner_by_configuration_alone() {
    let world = World::serving(FOREIGN_LINE_PROFILE).await;
    world.set_line_profile(FOREIGN_LINE_PROFILE).await;
    nights("foreign", &world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_12_every_profile_syncs_and_no_answer_that_may_be_wrong_is_believed() {
    each(|name, world| async move { nights(name, &world).await }).await;
}

/// Two lines of one contract, written in one night or in two; Kaseya shows a change only from its effective date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_12_a_change_that_waits_for_its_day_survives_a_write_of_its_contract() {
    for together in [true, false] {
        each(move |name, world| async move {
            world.edit_lines(|lines| lines.waits_for_effective_date = true);
            // Billed in advance: changes count from the next month.
            world.run("update integrations set billing = 'advance', invoice_day = 1").await;
            if !together {
                world.night(&[]).await;
                assert_eq!(world.row(1).await.split(' ').next(), Some("sent"), "{name}");
            }
            world.map_second_product().await;
            world.night_with_second_product(1, 10, 3).await;
            let second = world.contracts()[0].lines[0].clone();
            for (line, units) in [(world.line(1), 10.0), (second, 3.0)] {
                let held = (line.units, line.effective_date);
                assert_eq!(held, (units, date(2026, 12, 1)), "{name}, together {together}");
            }
            assert_eq!(world.row(1).await.split(' ').next(), Some("sent"), "{name}");
        })
        .await;
    }
}

/// A line's change waits for its effective date, and its product is unmapped before then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lin_02_a_change_that_waits_survives_writes_after_its_product_was_unmapped() {
    each(|name, world| async move {
        world.edit_lines(|lines| lines.waits_for_effective_date = true);
        world.run("update integrations set billing = 'advance', invoice_day = 1").await;
        world.map_second_product().await;
        world.night_with_second_product(1, 9, 3).await;
        let waiting = world.contracts()[0].lines[0].clone();
        assert_eq!((waiting.units, waiting.effective_date), (3.0, date(2026, 12, 1)), "{name}");
        world.run("delete from product_mappings where product_id = 'adv'").await;
        world.night_with_second_product(1, 10, 3).await;
        let whole = ["whole-contract", "plain-contract", "list-put-whole"].contains(&name);
        assert_eq!(world.contracts()[0].lines[0], waiting, "{name}");
        let (held, row) = if whole { (9.0, "not_sent LIN-02") } else { (10.0, "sent") };
        assert_eq!(world.line(1).units, held, "{name}");
        assert!(state(&world, 1).await.starts_with(row), "{name}: {}", state(&world, 1).await);
    })
    .await;
}

/// The first of two writes of one contract gets no response and lands five minutes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_12_nothing_is_written_beside_a_write_of_the_contract_that_may_yet_land() {
    each(|name, world| async move {
        world.map_second_product().await;
        world.fail(Endpoint::WriteLine, 1, Fault::ApplyLater(SignedDuration::from_mins(5)));
        world.night_with_second_product(1, 10, 3).await;
        let held = (world.line(1).units, world.contracts()[0].lines[0].units);
        assert_eq!(held, (10.0, 3.0), "{name}");
    })
    .await;
}

/// A change in the middle of a month has left a row next to the line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_12_a_proration_is_no_line_where_it_is_marked_and_stops_the_sync_where_not() {
    for (shown, marked) in
        [(Prorations::Marked, true), (Prorations::Marked, false), (Prorations::Unmarked, true)]
    {
        let (_, nested) = line_profiles().swap_remove(0);
        let mark = if marked {
            "date_form = \"midnight\"\nproration = \"ProrationOf\""
        } else {
            "date_form = \"midnight\""
        };
        let profile = nested.replace("date_form = \"midnight\"", mark);
        let world = World::serving(&profile).await;
        world.set_line_profile(&profile).await;
        world.edit_lines(|lines| lines.prorations = shown);
        let line = world.line(1).id;
        world.past_change(UnitWrite {
            at: "2026-10-12T12:00:00Z".parse().expect("an instant"),
            contract: 5001,
            line,
            from: 5.0,
            from_effective_date: None,
            to: 9.0,
            effective_date: date(2026, 10, 12),
            user: "Anna".to_owned(),
        });
        world.night(&[]).await;
        let told = shown == Prorations::Marked && marked;
        let (row, units) = if told { ("changed read", 10.0) } else { ("not_sent SVC-03 read", 9.0) };
        assert_eq!((world.row(1).await.as_str(), world.line(1).units), (row, units), "{shown:?} {marked}");
        assert_eq!(world.writes(), u64::from(told), "{shown:?} {marked}");
    }
}

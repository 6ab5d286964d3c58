//! The evidence of a row is what Kaseya showed (G-01 to G-03).

use kaseya_simulator::{ContractPrices, Endpoint, Fault, StoredDate};
use serde_json::{Value, json};

use crate::world::World;

/// The response to a successful write.
fn yes() -> Value {
    json!({"ResponseCode": 200, "Status": "OK", "Error": "None", "Result": null, "TotalRecords": 0})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a1_a_deleted_line_stays_svc_01_until_a_line_is_there() {
    // By its total, and among so many contracts that ours are only looked up.
    for contracts in [3, 400] {
        let world = World::new(3, contracts).await;
        world.night(&[]).await;
        world.night(&[]).await;
        let synced = world.last_sync(2).await;
        assert!(synced.is_some());
        world.remove_line(2);
        // Only a total or a reading shows it: in a quiet look-up the row keeps the last reading, with its instant.
        if contracts == 400 {
            world
                .run("update contracts set read_at = read_at - interval '40 days' where contract_id = 5002")
                .await;
            world
                .run("update lines set seen_at = seen_at - interval '40 days' where contract_id = 5002")
                .await;
        }
        for night in 1..=4 {
            world.night(&[]).await;
            assert_eq!(world.row(2).await, "not_sent SVC-01 read", "night {night} of {contracts}");
            assert_eq!(world.last_sync(2).await, synced, "night {night} of {contracts}");
        }
        // A person adds it again, as the advice says: another line, with no units.
        world.add_line(2, 777_000 + i32::try_from(contracts).expect("a small number"));
        world.allow_large_changes().await;
        world.night(&[]).await;
        assert_eq!((world.row(2).await, world.units(2)), ("changed read".to_owned(), 10.0), "{contracts}");
        assert!(world.last_sync(2).await > synced);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a2_a_product_mapped_later_asks_for_a_reading_of_its_service() {
    for contracts in [3, 400] {
        let world = World::new(3, contracts).await;
        world.night(&[]).await;
        world.night(&[]).await;
        assert_eq!(world.row(2).await.split_once(' ').expect("a state").0, "unchanged");
        // Every contract has an old line of this service with 1 unit and no users.
        world.map_second_product().await;
        let figures = world.night(&[]).await;
        assert_eq!(figures.contracts_read, 3, "{contracts}");
        assert_eq!(world.row(2).await, "held QTY-01 read", "{contracts}");
        assert!(world.holds().await.contains("1 to 0 open fall_to_zero"), "{}", world.holds().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a3_two_lost_writes_that_cancel_out_are_not_confirmed_by_the_total() {
    // More than a hundred contracts: changes are left to the next total if that can show them.
    let world = World::new(120, 120).await;
    world.allow_run(100).await;
    world.edit_contract(2, |contract| contract.lines[1].units = 4.0);
    world.map_second_product().await;
    world
        .run(
            "insert into billing_rules select 'msp', company_id, 'adv', true, 0, 0, 'Not sold'
             from companies where company_id <> 'c2'",
        )
        .await;
    world.night_with_second_product(2, 10, 4).await;
    world.night_with_second_product(2, 10, 4).await;
    assert_eq!(world.row(2).await, "unchanged implied_by_total");
    let before = world.last_sync(2).await;

    // Two users move; Kaseya accepts both writes, and makes neither.
    for nth in [1, 2] {
        world.fail(Endpoint::WriteLine, nth, Fault::Answer { status: 200, body: yes() });
    }
    let figures = world.night_with_second_product(2, 8, 6).await;
    let found = (world.row(2).await, world.holds().await);
    assert_eq!(figures.calls(Endpoint::WriteLine), 2, "{found:?} {:?}", world.journal().await);
    assert_eq!(figures.calls(Endpoint::ContractLines), 2, "read, and read back: no total tells these two");
    assert!(world.row(2).await.starts_with("sent UNK-01"), "{}", world.row(2).await);
    let journal = world.journal().await;
    assert_eq!(journal.iter().find(|(standing, _)| standing == "sent"), Some(&("sent".to_owned(), 2)));
    assert_eq!(world.last_sync(2).await, before, "nothing was seen to hold our numbers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a3_an_old_total_confirms_no_change_that_waits_for_its_day() {
    // Read back at once, or left to the next total.
    for contracts in [3, 120] {
        let world = World::new(contracts, contracts).await;
        world.allow_run(100).await;
        world.run("update integrations set billing = 'advance', invoice_day = 1").await;
        world.night(&[]).await;
        world.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 200, body: yes() });
        let synced = world.last_sync(2).await;
        world.night(&[2]).await;
        for night in 1..=3 {
            assert_eq!(world.row(2).await, "sent remembered", "night {night} of {contracts}");
            world.night(&[]).await;
        }
        assert_eq!((world.units(2), world.last_sync(2).await), (10.0, synced), "{contracts}");
        assert_eq!(world.journal().await.last(), Some(&("sent".to_owned(), 1)), "{contracts}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_e2_another_date_stays_said_as_long_as_readings_show_it() {
    // Read back at once, or confirmed by a total, which shows no date.
    for contracts in [3, 120] {
        let world = World::new(contracts, contracts).await;
        world.allow_run(100).await;
        world.night(&[]).await;
        world.night(&[]).await;
        world.store_dates(StoredDate::AsBefore);
        world.night(&[2]).await;
        assert_eq!(world.units(2), 11.0);
        for night in 1..=3 {
            world
                .run("update contracts set read_at = read_at - interval '40 days' where contract_id = 5002")
                .await;
            world.night(&[]).await;
            assert_eq!(world.row(2).await, "sent UNK-01 remembered", "night {night} of {contracts}");
        }
        let dates = "concat_ws(' ', effective_date <> effective_date_read, evidence) from journal
                     where contract_id = 5002 and to_units = 11";
        assert_eq!(world.text(dates).await.as_deref(), Some("t read"), "{contracts}");
        let sent =
            world.text("max(effective_date) from journal where contract_id = 5002").await.expect("a date");
        world.edit(2, |line| line.effective_date = sent.parse().expect("a date"));
        world
            .run("update contracts set read_at = read_at - interval '40 days' where contract_id = 5002")
            .await;
        world.night(&[]).await;
        assert_eq!(world.row(2).await, "unchanged read", "{contracts}: somebody set the date right");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_e7_a_field_that_our_write_changed_stays_said_until_it_is_set_right() {
    let world = World::new(3, 3).await;
    world.allow_run(100).await;
    world.night(&[]).await;
    let cost = world.line(2).unit_cost;
    world.edit_lines(|lines| lines.resets_prices = true);
    world.night(&[2]).await;
    assert_eq!((world.units(2), world.row(2).await), (11.0, "sent UNK-01 remembered".to_owned()));
    let unread = "update contracts set read_at = read_at - interval '40 days' where contract_id = 5002";
    for night in 1..=3 {
        world.run(unread).await;
        world.night(&[]).await;
        assert_eq!(world.row(2).await, "sent UNK-01 remembered", "night {night}");
    }
    // The next write finds it as it was left, and changes nothing more.
    world.edit_lines(|lines| lines.resets_prices = false);
    world.night(&[2]).await;
    assert_eq!((world.units(2), world.row(2).await), (12.0, "sent UNK-01 remembered".to_owned()));
    world.edit(2, |line| line.unit_cost = cost);
    world.run(unread).await;
    world.night(&[]).await;
    assert_eq!(world.row(2).await, "unchanged read", "somebody set the cost right");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_e11_a_total_that_counts_nothing_confirms_nothing() {
    for totals in [ContractPrices::Zero, ContractPrices::Null] {
        let world = World::new(120, 120).await;
        world.allow_run(100).await;
        world.show_totals(totals);
        world.night(&[]).await;
        assert_eq!(world.row(1).await, "changed read", "its change was read back");
        let synced = world.last_sync(2).await;
        assert!(synced.is_some());
        world.night(&[]).await;
        assert_eq!(world.row(2).await, "unchanged read", "{totals:?}");
        assert_eq!(world.last_sync(2).await, synced, "{totals:?}: nothing was seen since");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a7_units_at_a_price_of_0_are_a_standing_warning() {
    let world = World::new(3, 3).await;
    world.night(&[]).await;
    world.night(&[]).await;
    assert_eq!(world.money_at_risk().await, 0.0);
    world.edit(2, |line| line.unit_price = 0.0);
    for night in 1..=3 {
        world.night(&[]).await;
        assert_eq!(world.row(2).await, "unchanged PRC-01 read", "night {night}");
        assert_eq!(world.money_at_risk().await, 35.0, "night {night}: ten units at the price before");
    }
    world.night(&[2]).await;
    assert_eq!((world.row(2).await, world.units(2)), ("changed PRC-01 read".to_owned(), 11.0));
    world.edit(2, |line| line.unit_price = 3.5);
    world.night(&[]).await;
    assert_eq!(world.row(2).await, "unchanged read");
    assert_eq!(world.money_at_risk().await, 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a18_check_again_asks_for_the_account_and_its_code_stands() {
    // With totals, and with our contracts only looked up, which shows no account.
    for contracts in [3, 400] {
        let world = World::new(3, contracts).await;
        world.night(&[]).await;
        world.night(&[]).await;
        world.edit_account(|account| account.active = false);
        world.check_again(2).await;
        assert_eq!(world.row(2).await, "not_sent ACC-01 read", "{contracts}");
        // No total shows it, and no quiet night overwrites it (G-02).
        for night in 1..=2 {
            world.night(&[]).await;
            assert_eq!(world.row(2).await, "not_sent ACC-01 read", "night {night} of {contracts}");
        }
        world.edit_account(|account| (account.active, account.name) = (true, "Account, renamed".to_owned()));
        world.check_again(2).await;
        assert_eq!(world.row(2).await, "unchanged read", "{contracts}");
        let name = world.text("account_name from company_mappings where company_id = 'c2'").await;
        assert_eq!(name.as_deref(), Some("Account, renamed"), "{contracts}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a18_a_service_renamed_in_kaseya_is_renamed_here_by_the_next_night() {
    let world = World::new(3, 3).await;
    world.night(&[1]).await;
    world.edit_service(|service| service.name = "Standard, renamed".to_owned());
    world.night(&[2]).await;
    for told in ["max(service_name) from product_mappings", "min(service_name) from targets"] {
        assert_eq!(world.text(told).await.as_deref(), Some("Standard, renamed"), "{told}");
    }
    assert_eq!(
        (world.row(2).await, world.units(2)),
        ("changed read".to_owned(), 11.0),
        "its id is still ours"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_a19_another_address_starts_over() {
    let world = World::new(3, 400).await;
    world.night(&[]).await;
    world.night_of_a_fall(3).await;
    assert_eq!(world.holds().await, "5003: 10 to 0 open fall_to_zero {c3} 2026-11-01");
    let other = world.another_kaseya(400, 10.0).await;
    world.save_address(&other.base_url()).await;
    assert_eq!(world.states().await, [], "no row says anything of the other Kaseya");
    assert_eq!(world.holds().await, "5003: 10 to 0 gone fall_to_zero {c3} 2026-11-01");

    let figures = world.night(&[]).await;
    assert_eq!(figures.contracts_read, 3, "nothing is remembered");
    assert_eq!((world.row(1).await, world.row(2).await), ("unchanged read".into(), "unchanged read".into()));
    assert!(other.calls().values().sum::<u64>() > 0);
    let journal = world.journal().await;
    assert_eq!(journal, [("confirmed".to_owned(), 1)], "what was written there stays on record");
}

//! The mapping file: compared first, its mistakes named, and applied as it was shown or not at all.

use domain::TextError;
use operations::mapping_file::{
    BadRow, Comparison, Difference, MAX_BYTES, MAX_ROWS, NotApplied, NotLooked, Separator, Wrong,
};

use crate::world::{World, company};

const HEAD: &str = "row,company_id,company,product_id,product,account_id,account,contract_id,contract,service_id,service,\
                    billing,minimum,included_free,note\n";

fn file(rows: &[&str]) -> String {
    format!("{HEAD}{}", rows.join("\n"))
}

async fn look(world: &World, file: &str) -> Comparison {
    world.acting().look_at_mapping_file(&world.partner, file.as_bytes()).await.expect("it is a file")
}

async fn apply(
    world: &World,
    file: &str,
    shown: &Comparison,
    add_together: bool,
) -> Result<usize, NotApplied> {
    let applied =
        world.acting().apply_mapping_file(&world.partner, file.as_bytes(), &shown.mark(), add_together).await;
    applied.map(|leftovers| leftovers.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_a_file_is_looked_at_applied_as_shown_and_then_changes_nothing() {
    let world = World::connected().await;
    let file = file(&[
        "product,,,standard,Standard,,,,,701,Password Boss Standard,,,,",
        "company_product,one,,standard,,,,5004,Altro,,,billed,5,1,",
        "company,one,One,,,301,Azienda 1,5001,Servizi gestiti,,,,,,",
        "company_product,two,Two,advanced,Advanced,,,,,,,not_billed,,,a trial",
    ]);
    let shown = look(&world, &file).await;
    assert_eq!((shown.bad.len(), shown.differences.len()), (0, 4), "{shown:?}");
    assert!(!shown.asks_to_add_together());
    assert_eq!(world.version("one").await, None, "looking stores nothing");

    assert_eq!(apply(&world, &file, &shown, false).await.expect("it is as it was shown"), 0);
    let settings = world.settings().await;
    let one = &settings.companies[&company("one")];
    let mapping = one.mapping.as_ref().expect("it is mapped");
    assert_eq!((mapping.account.0, mapping.contract.id.0, mapping.product_contracts.len()), (301, 5001, 1));
    assert_eq!((one.billing_rules.len(), settings.companies[&company("two")].billing_rules.len()), (1, 1));

    let operations = world.acting();
    for separator in [Separator::Comma, Separator::Semicolon] {
        let file = operations.mapping_file(&world.partner, separator).await.expect("it is connected");
        let again = operations.look_at_mapping_file(&world.partner, &file).await.expect("it is ours");
        assert_eq!(again, Comparison::default());
    }
    // An emptied cell removes the mapping; a row left out changes nothing.
    let file = self::file(&["product,,,standard,,,,,,,,,,,", "company_product,one,,standard,,,,,,,,,,,"]);
    let shown = look(&world, &file).await;
    apply(&world, &file, &shown, false).await.expect("it is as it was shown");
    let settings = world.settings().await;
    let one = &settings.companies[&company("one")];
    assert!(
        one.billing_rules.is_empty() && one.mapping.as_ref().expect("it stays").product_contracts.is_empty()
    );
    assert!(settings.products.values().all(|product| product.mapping.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_each_bad_row_is_named_and_with_one_nothing_is_applied() {
    let world = World::connected().await;
    world
        .sql(
            "insert into company_mappings (partner_id, company_id, account_id, account_name, contract_id, contract_name,
                                           version, edited_at)
             values ('msp-1', 'three', 399, 'Another', 5009, 'Theirs', 1, '2026-11-01T00:00:00Z')",
        )
        .await;
    let good = "company,two,Two,,,301,Azienda 1,5001,Servizi gestiti,,,,,,";
    let most = i32::MAX.unsigned_abs();
    for (row, column, wrong) in [
        ("firm,one,,,,,,,,,,,,,", "row", Wrong::NotOneOf("product, company, company_product")),
        (",one,,,,,,,,,,,,,", "row", Wrong::Missing),
        ("company,,One,,,301,,5001,,,,,,,", "company_id", Wrong::Missing),
        ("company,four,,,,301,,5001,,,,,,,", "company_id", Wrong::Unknown("four".to_owned())),
        ("company,one,Two,,,301,,5001,,,,,,,", "company", Wrong::OtherName("One".to_owned())),
        ("product,,,trial,,,,,,701,,,,,", "product_id", Wrong::Unknown("trial".to_owned())),
        ("product,,,standard,Advanced,,,,,701,,,,,", "product", Wrong::OtherName("Standard".to_owned())),
        ("product,,,standard,,,,,,7.5E2,,,,,", "service_id", Wrong::OutOfRange { least: 1, most }),
        // S-43: no mapping without a contract.
        ("company,one,,,,301,Azienda 1,,,,,,,,", "contract_id", Wrong::Missing),
        ("company,one,,,,,,5001,,,,,,,", "account_id", Wrong::Missing),
        ("company,one,,,,0,,5001,,,,,,,", "account_id", Wrong::OutOfRange { least: 1, most }),
        ("company,one,,,,301,,5009,,,,,,,", "contract_id", Wrong::OtherAccount(vec![company("three")])),
        ("company_product,one,,standard,,,,5001,,,,,,,", "contract_id", Wrong::NotMapped),
        (
            "company_product,one,,standard,,,,,,,,free,,,",
            "billing",
            Wrong::NotOneOf("as_counted, not_billed, billed"),
        ),
        ("company_product,one,,standard,,,,,,,,not_billed,,,", "note", Wrong::Missing),
        (
            "company_product,one,,standard,,,,,,,,billed,-1,,",
            "minimum",
            Wrong::OutOfRange { least: 0, most: domain::MAX_UNITS },
        ),
        ("company,two,Two,,,301,,5001,,,,,,,", "row", Wrong::Twice(2)),
        ("company,one,One, Ltd,,,301,,5001,,,,,,,", "row", Wrong::TooManyCells),
    ] {
        let file = file(&[good, row]);
        let shown = look(&world, &file).await;
        let expected = BadRow { line: 3, column, wrong };
        assert!(shown.bad.contains(&expected), "{row}: {:?}", shown.bad);
        let refused = apply(&world, &file, &shown, true).await;
        assert!(matches!(refused, Err(NotApplied::LookAgain(_))), "{row}: {refused:?}");
    }
    assert_eq!(world.version("two").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_what_was_changed_meanwhile_is_not_written_over() {
    let world = World::connected().await;
    let first = file(&["company,one,One,,,301,Azienda 1,5001,Servizi gestiti,,,,,,"]);
    let shown = look(&world, &first).await;
    apply(&world, &first, &shown, false).await.expect("it is as it was shown");

    let file =
        file(&["company,one,One,,,301,Azienda 1,5004,Altro,,,,,,", "product,,,standard,,,,,,701,,,,,"]);
    let shown = look(&world, &file).await;
    world.sql("update company_mappings set version = version + 1 where company_id = 'one'").await;
    let Err(NotApplied::LookAgain(again)) = apply(&world, &file, &shown, false).await else {
        panic!("it is shown again");
    };
    assert!(matches!(again.differences[0], Difference::Product { .. }), "{again:?}");
    assert_eq!(
        world.settings().await.companies[&company("one")]
            .mapping
            .as_ref()
            .expect("it is mapped")
            .contract
            .id
            .0,
        5001
    );
    apply(&world, &file, &again, false).await.expect("it is as it was shown last");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_34_b_08_users_are_added_together_only_when_a_person_says_so() {
    let world = World::connected().await;
    let file = file(&[
        "company,one,One,,,301,Azienda 1,5001,,,,,,,",
        "company,two,Two,,,301,Azienda 1,5001,,,,,,,",
        "product,,,standard,,,,,,701,,,,,",
        "product,,,advanced,,,,,,701,,,,,",
    ]);
    let shown = look(&world, &file).await;
    assert_eq!(shown.companies_together, [[company("one"), company("two")]]);
    assert_eq!(shown.products_together.len(), 2);
    assert!(matches!(apply(&world, &file, &shown, false).await, Err(NotApplied::LookAgain(_))));
    apply(&world, &file, &shown, true).await.expect("it is answered");
    assert_eq!(look(&world, &file).await, Comparison::default(), "what is together is not asked about again");
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_other_spreadsheets_are_read_and_what_is_no_file_is_refused() {
    let world = World::connected().await;
    let operations = world.acting();
    let excel = format!("\u{feff}{}", file(&["company,one,'One,,,301,'=Name,5001,,,,,,,"]).replace(',', ";"));
    let excel = excel.replace("'One", "One").replace('\n', "\r\n");
    let shown = look(&world, &excel).await;
    let [Difference::Company { to: Some(to), .. }] = &shown.differences[..] else { panic!("{shown:?}") };
    assert_eq!(to.account_name, "=Name");

    let rows = HEAD.to_owned() + &"company,one\n".repeat(MAX_ROWS + 1);
    type IsRefusal = fn(&NotLooked) -> bool;
    let cases: [(Vec<u8>, IsRefusal); 5] = [
        (Vec::new(), |error| matches!(error, NotLooked::NoColumn("row"))),
        (HEAD.replace("note", "notes").into_bytes(), |error| matches!(error, NotLooked::NoColumn("note"))),
        ([HEAD.as_bytes(), b"company,one,\xe0\n"].concat(), |error| matches!(error, NotLooked::NotUtf8)),
        (vec![b' '; MAX_BYTES + 1], |error| matches!(error, NotLooked::TooLarge)),
        (rows.into_bytes(), |error| matches!(error, NotLooked::TooManyRows)),
    ];
    for (bytes, expected) in cases {
        let refused =
            operations.look_at_mapping_file(&world.partner, &bytes).await.expect_err("it is no file");
        assert!(expected(&refused), "{refused}");
    }
    let world = World::new().await;
    let refused = world.acting().mapping_file(&world.partner, Separator::Comma).await;
    assert!(matches!(refused, Err(NotLooked::NotConnected)), "S-19");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_b3_swapped_ids_are_bad_rows_with_both_names() {
    let world = World::connected().await;
    world
        .sql(
            "insert into kaseya_names values ('msp-1', 'service', 701, 'Password Boss Standard', '2026-11-22Z'),
                 ('msp-1', 'service', 702, 'Password Boss Advanced', '2026-11-22Z'),
                 ('msp-1', 'account', 301, 'Azienda 1', '2026-11-22Z'),
                 ('msp-1', 'contract', 5001, 'Servizi gestiti', '2026-11-22Z')",
        )
        .await;
    let file = file(&[
        "product,,,advanced,Advanced,,,,,701,Password Boss Advanced,,,,",
        "product,,,standard,Standard,,,,,702,Password Boss Standard,,,,",
        "company,one,One,,,301,Azienda 2,5001,Servizi gestiti,,,,,,",
        "company,two,Two,,,301,azienda 1,5001,Altro,,,,,,",
    ]);
    let shown = look(&world, &file).await;
    let wrong = |line, column, id, told: &str, named: &str| BadRow {
        line,
        column,
        wrong: Wrong::NotItsName { id, told: told.to_owned(), named: named.to_owned() },
    };
    let expected = [
        wrong(2, "service", 701, "Password Boss Advanced", "Password Boss Standard"),
        wrong(3, "service", 702, "Password Boss Standard", "Password Boss Advanced"),
        wrong(4, "account", 301, "Azienda 2", "Azienda 1"),
        wrong(5, "contract", 5001, "Altro", "Servizi gestiti"),
    ];
    assert_eq!(shown.bad, expected);
    assert!(matches!(apply(&world, &file, &shown, true).await, Err(NotApplied::LookAgain(_))));
    let settings = world.settings().await;
    assert!(settings.products.values().all(|product| product.mapping.is_none()));
    assert!(settings.companies.values().all(|company| company.mapping.is_none()));
}

/// B4: cells that the kind of row does not read, and names without their ids.
#[tokio::test(flavor = "multi_thread")]
async fn case_b4_a_filled_cell_without_effect_is_a_bad_row() {
    let world = World::connected().await;
    let none = |column| (column, Wrong::NoEffect(None));
    let without = |column, other| (column, Wrong::NoEffect(Some(other)));
    for (row, expected) in [
        ("company_product,one,One,standard,Standard,,,,,,,,10,,", without("minimum", "billing")),
        ("company_product,one,One,standard,Standard,,,,,,,as_counted,,3,", none("included_free")),
        ("company_product,one,One,standard,Standard,,,,,,,,,,Own use", without("note", "billing")),
        ("company_product,one,One,standard,Standard,,,,,,,not_billed,10,,Own use", none("minimum")),
        ("company_product,one,One,standard,Standard,,,,,,,billed,0,0,Own use", without("note", "minimum")),
        ("company_product,one,One,standard,Standard,,,,Altro,,,,,,", without("contract", "contract_id")),
        ("company_product,one,One,standard,Standard,301,,,,,,,,,", none("account_id")),
        ("company,one,One,,,,Azienda 1,,,,,,,,", without("account", "account_id")),
        ("company,one,One,,,,,,Servizi gestiti,,,,,,", without("contract", "contract_id")),
        ("company,one,One,,,301,Azienda 1,5001,Servizi gestiti,,,not_billed,,,Own use", none("billing")),
        ("company,one,One,standard,,301,Azienda 1,5001,Servizi gestiti,,,,,,", none("product_id")),
        ("product,,,standard,Standard,,,,,,Standard,,,,", without("service", "service_id")),
        ("product,one,,standard,Standard,,,,,701,Standard,,,,", none("company_id")),
    ] {
        let (column, wrong) = expected;
        let file = file(&["company,two,Two,,,301,Azienda 1,5002,Servizi gestiti,,,,,,", row]);
        let shown = look(&world, &file).await;
        let expected = BadRow { line: 3, column, wrong };
        assert!(shown.bad.contains(&expected), "{row}: {:?}", shown.bad);
        assert!(apply(&world, &file, &shown, true).await.is_err(), "{row}");
    }
    let strange =
        file(&["company,two,Two,,,301,Azienda 1,5002,,,,,,,,mine"]).replacen("note\n", "note,remark\n", 1);
    let refused = world.acting().look_at_mapping_file(&world.partner, strange.as_bytes()).await;
    assert!(matches!(refused, Err(NotLooked::StrangeColumn(column)) if column == "remark"));
    assert_eq!(world.version("two").await, None, "nothing is stored");
}

/// B5: rows are numbered as in a spreadsheet.
#[tokio::test(flavor = "multi_thread")]
async fn case_b5_bad_rows_are_named_by_the_number_that_a_spreadsheet_shows() {
    let world = World::connected().await;
    let good = "company,two,Two,,,301,Azienda 1,5002,Servizi gestiti,,,,,,";
    let bad = "company,one,One,,,301,Azienda 1,abc,Servizi gestiti,,,,,,";
    let lines = |shown: &Comparison| shown.bad.iter().map(|row| row.line).collect::<Vec<_>>();
    for (rows, expected) in [
        (vec![good, bad], vec![3]),
        (vec![good, "", bad], vec![4]),
        (vec!["", "", bad], vec![4]),
        // A line break in quotes: one row, itself invalid because of it.
        (vec!["company,two,Two,,,301,\"Azienda\n1\",5002,Servizi gestiti,,,,,,", bad], vec![2, 3]),
        (vec![",,,,,,,,,,,,,,", bad], vec![3]),
    ] {
        let file = file(&rows);
        let windows = file.replace('\n', "\r\n");
        for file in
            [file.clone(), windows.clone(), format!("\u{feff}{windows}"), format!("{windows}\r\n\r\n")]
        {
            assert_eq!(lines(&look(&world, &file).await), expected, "{file:?}");
        }
    }
    let twice = file(&["", good, good]).replace('\n', "\r\n");
    let shown = look(&world, &twice).await;
    assert_eq!(shown.bad, [BadRow { line: 4, column: "row", wrong: Wrong::Twice(3) }]);
}

/// B9: the one rule for texts applies to files too.
#[tokio::test(flavor = "multi_thread")]
async fn case_b9_a_text_in_a_file_keeps_to_the_one_rule() {
    let world = World::connected().await;
    let long = "x".repeat(300_000);
    for (note, wrong) in [
        (long.as_str(), TextError::TooLong { length: 300_000, most: 500 }),
        ("a\u{7}b", TextError::Control),
        ("a\u{202e}b", TextError::Direction(0x202e)),
    ] {
        let row = format!("company_product,one,One,standard,Standard,,,,,,,not_billed,,,{note}");
        let shown = look(&world, &file(&[&row])).await;
        assert_eq!(shown.bad, [BadRow { line: 2, column: "note", wrong: Wrong::Text(wrong) }]);
    }
}

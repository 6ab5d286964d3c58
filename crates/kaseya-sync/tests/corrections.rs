//! `correct`: the command corrects a frozen number, with a reason.

use std::process::{Command, Stdio};

use store::DatabaseRole;
use testkit::{TestDatabase, database_as};

/// Runs `correct msp`, which must end with this code. Returns stdout and stderr.
async fn correct(database: &TestDatabase, code: i32, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the file is written");
    };
    file("database-url", &database.url);
    file("config.toml", &format!("[database]\nurl_file = \"{}/database-url\"\n", folder.path().display()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaseya-sync"));
    command
        .arg("--config")
        .arg(folder.path().join("config.toml"))
        .args(["correct", "msp"])
        .args(arguments)
        .env("USER", "Pia")
        .stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.output()).await;
    let output = ended.expect("it is waited for").expect("the program starts");
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said.concat());
    said.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a6_the_command_corrects_a_frozen_number_with_its_reason() {
    let database = database_as(DatabaseRole::Operator).await;
    let client = database.client().await;
    client
        .batch_execute(
            "insert into partners (partner_id, name, count_zone) values ('msp', 'MSP', 'UTC');
             insert into products (partner_id, product_id, name) values ('msp', 'standard', 'Standard');
             insert into companies (partner_id, company_id, name) values ('msp', 'niccolo', 'Niccolò');
             insert into month_ends (partner_id, month, frozen_at, final, looked_at)
             values ('msp', '2026-10-01', '2026-11-01T05:00:00Z', true, '2026-11-01T05:00:00Z');
             insert into frozen_counts (partner_id, month, company_id, product_id, users, day, counted_at, recorded_at)
             values ('msp', '2026-10-01', 'niccolo', 'standard', 5, '2026-10-31', '2026-11-01T00:00:00Z',
                     '2026-11-01T05:00:00Z')",
        )
        .await
        .expect("the statements are right");
    let rows = async || {
        let sql =
            "select string_agg(concat_ws(' ', correction, users, reason), ', ' order by correction) as rows
                   from frozen_counts";
        let row = client.query_one(sql, &[]).await.expect("a row");
        row.get::<_, String>("rows")
    };
    let arguments = |month, company, users, reason| {
        [
            "--month",
            month,
            "--company",
            company,
            "--product",
            "standard",
            "--users",
            users,
            "--reason",
            reason,
        ]
    };
    for (wrong, field) in [
        (arguments("2026-09", "niccolo", "6", "one left"), "month"),
        (arguments("2026-10", "nobody", "6", "one left"), "company_id"),
        (arguments("2026-10", "niccolo", "5", "one left"), "users"),
        (arguments("2026-10", "niccolo", "6", " "), "reason"),
    ] {
        let told = correct(&database, 1, &wrong).await;
        assert!(told.contains(field), "{field}: {told}");
    }
    assert_eq!(rows().await, "0 5", "nothing of it was stored");
    let said = correct(&database, 0, &arguments("2026-10", "niccolo", "6", "one was forgotten")).await;
    assert!(said.contains("niccolo counts 6 of standard in 2026-10 now"), "{said}");
    assert_eq!(rows().await, "0 5, 1 6 one was forgotten (Pia)");
}

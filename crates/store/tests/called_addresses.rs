//! The tables compute the called addresses as the domain does (F1).

use domain::{KaseyaAddress, plain_name};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};

async fn in_tables(client: &tokio_postgres::Client, sql: &str, of: &[Option<&str>]) -> String {
    let of: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = of.iter().map(|text| text as _).collect();
    client.query_one(sql, &of).await.expect("the function is there").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_the_tables_and_the_domain_name_one_address() {
    let database = testkit::database().await;
    let client = database.client().await;
    let sql = "select called_hosts($1, $2, $3)";
    let bases = [
        None,
        Some("https://api.bms.kaseya.com"),
        Some("https://API.BMS.Kaseya.com:443/"),
        Some("HTTPS://bms.kaseya.com./api"),
        Some(" https://bms.kaseya.com/api/ "),
        Some("https://bms.kaseya.com//"),
        Some("https://bms.kaseya.com/API"),
        Some("https://bms.kaseya.com/never/answers"),
        Some("https://bms.kaseya.com:8443/api?x=/y#z"),
        Some("http://127.0.0.1:8080/api"),
        Some("http://127.0.0.1:80"),
        Some("http://[::1]:8080/api"),
        Some("https://[::1]/api"),
        Some("https://bms.kaseya.com:"),
        Some("https://api.api.example.com"),
        Some("bms.kaseya.com"),
        Some(""),
    ];
    for host in ["bms.kaseya.com", "BMS.Kaseya.COM", "xn--bcher-kva.example"] {
        for v2 in bases {
            for v1 in bases {
                let ours = KaseyaAddress::new(host, v2, v1, "t").hosts();
                let theirs = in_tables(&client, sql, &[Some(host), v2, v1]).await;
                assert_eq!(theirs, ours, "{host} {v2:?} {v1:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f1_the_tables_and_the_domain_compare_names_alike() {
    let database = testkit::database().await;
    let client = database.client().await;
    let sql = "select plain_name($1)";
    let mut names: Vec<String> = [
        "Acme MSP",
        " ACME  msp ",
        "Acme\u{a0}MSP",
        "Ac\u{ad}me\u{200b}",
        "CAFFÈ",
        "Caffe\u{300}",
        "İstanbul",
        "STRASSE ẞ",
        "ΟΔΟΣ",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..200 {
        let name = "[ A-Za-zÀ-ſΑ-ωА-я0-9\u{a0}\u{2003}@._-]{1,20}".new_tree(&mut runner).expect("a name");
        names.push(name.current());
    }
    for name in names {
        // A name is not empty; the API checks which letters it may have.
        assert_eq!(in_tables(&client, sql, &[Some(&name)]).await, plain_name(&name), "{name:?}");
    }
}

//! The commands with the services as separate programs: what they publish, and how they handle the responses.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bus::{Bus as _, Queue, Settlement};
use bus_rabbitmq::RabbitMq as Bus;
use domain::{IntegrationState, PartnerId, RequestId, RunMode};
use jiff::{Timestamp, civil::date};
use kaseya::AllowedHosts;
use messages::{
    Message as _,
    inbound::{Companies, PortalMessage, Verdict},
    v1,
};
use operations::{
    connection_settings::Trial,
    settings_update::{Applying, Storing, apply},
};
use store::{jobs::requests::Answer, messages::dead_letters::NewLetter};
use testkit::{RabbitMq, TestDatabase, empty_database, entropy};
use tokio_util::sync::CancellationToken;
use vault::KeyRing;

const SAMPLE: &str = include_str!("../../../deploy/sample-partner.toml");

struct Installation {
    database: TestDatabase,
    bus: String,
    folder: tempfile::TempDir,
}

impl Installation {
    async fn new() -> Self {
        let broker = RabbitMq::shared().await.expect("a broker");
        let vhost = broker.empty_vhost().expect("a vhost");
        let database = empty_database().await;
        let folder = tempfile::tempdir().expect("a directory");
        let bus = broker.uri(&vhost);
        write(folder.path(), "database-url", &database.url);
        write(folder.path(), "bus-uri", &bus);
        let path = folder.path().display();
        write(
            folder.path(),
            "config.toml",
            &format!(
                "[database]\nurl_file = \"{path}/database-url\"\n[bus]\nuri_file = \"{path}/bus-uri\"\n\
                 [vault]\nkey_ring_file = \"{path}/ring\"\n"
            ),
        );
        Self { database, bus, folder }
    }

    /// Runs a command while the test responds to it; it must end with this code.
    async fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaseya-sync"));
        command
            .arg("--config")
            .arg(self.folder.path().join("config.toml"))
            .args(arguments)
            .stdin(Stdio::null());
        let ended = tokio::task::spawn_blocking(move || command.output()).await;
        let output = ended.expect("it is waited for").expect("the program starts");
        let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said.concat());
        said.concat()
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the file is written");
}

fn partner() -> PartnerId {
    PartnerId::new("example-msp").expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_then_requests_and_decisions_go_over_the_broker() {
    let installation = Installation::new().await;
    let told = installation.expect(1, &["status", "example-msp"]).await;
    assert!(told.contains("kaseya-sync migrate"), "{told}");
    // Twice: the second finds nothing to do.
    installation.expect(0, &["migrate"]).await;
    installation.expect(0, &["migrate"]).await;
    let ring = installation.folder.path().join("ring");
    installation.expect(0, &["keys", "new", "--file", &ring.to_string_lossy()]).await;
    write(installation.folder.path(), "partner.toml", SAMPLE);
    let keys = KeyRing::read(&ring).expect("a key ring");
    let (entropy, store) = (entropy(3), installation.database.store.clone());
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("an instant");
    let spread = Duration::from_secs(900);
    let (trial, allowed_hosts) = (Trial::Without, &AllowedHosts::default());
    let applying =
        Applying { storing: Storing { keys: &keys, entropy: &entropy, spread, now }, trial, allowed_hosts };
    let applied = apply(&store, SAMPLE, &|file| Err(format!("{file} cannot be read")), applying)
        .await
        .expect("it is right");
    assert_eq!(applied.state, IntegrationState::On);

    let bus = Bus::connect(&installation.bus, "test", entropy.clone()).expect("a bus");
    let stop = CancellationToken::new();
    let mut requests = bus.consume(Queue::SyncRequests, 1, stop.clone()).await.expect("a consumer");
    let mut next = async || {
        let delivery = requests.next().await.expect("a message");
        let message = PortalMessage::decode(delivery.message.kind.as_deref(), &delivery.message.body);
        delivery.settle(Settlement::Done).await.expect("settled");
        message.expect("a message that the scheduler takes")
    };

    // Refused: the command shows the reason.
    let answered = async {
        let PortalMessage::Sync(request) = next().await else { panic!("a request to sync") };
        assert_eq!((request.mode, request.requested_by.as_str()), (RunMode::Plan, "Pia"));
        let Companies::Only(companies) = &request.companies else { panic!("two companies") };
        assert_eq!(companies.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["hill-north", "niccolo"]);
        let answer = Answer::Refused { code: "WRITES-STOPPED".to_owned(), reason: "not today".to_owned() };
        let (partner, id): (PartnerId, RequestId) = (partner(), request.request);
        store
            .transaction("answer", |tx| {
                Box::pin(store::jobs::requests::store_answer(tx, &partner, &id, &answer, now))
            })
            .await
            .expect("answered");
    };
    let arguments =
        ["sync-now", "example-msp", "--plan", "--wait", "--by", "Pia", "--company", "niccolo", "hill-north"];
    let (told, ()) = tokio::join!(installation.expect(1, &arguments), answered);
    assert!(told.contains("refused, WRITES-STOPPED: not today"), "{told}");

    // Without --wait the command does not wait.
    installation.expect(0, &["sync-now", "example-msp"]).await;
    let PortalMessage::Sync(request) = next().await else { panic!("a request to sync") };
    assert_eq!((request.mode, request.companies), (RunMode::Apply, Companies::All));

    // A decision contains the number that the person saw.
    let hold = entropy.uuid(now);
    let client = installation.database.client().await;
    let sql = "insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units,
                                  effective_date, state, opened_at, run_number)
               values ($1, 'example-msp', 5012, 701, '{niccolo}', 'large_change', 12, 99, $2, 'open', $3, 1)";
    client.execute(sql, &[&hold, &date(2026, 11, 1), &now]).await.expect("a hold");
    let taken = async {
        let PortalMessage::Hold(decision) = next().await else { panic!("a decision") };
        assert_eq!((decision.hold.0, decision.verdict, decision.units), (hold, Verdict::Approve, 99));
        let sql = "update holds set state = 'approved', decided_at = opened_at, decided_by = 'Pia' where hold_id = $1";
        client.execute(sql, &[&hold]).await.expect("decided");
    };
    let id = hold.to_string();
    let arguments = ["holds", "example-msp", "approve", id.as_str(), "--by", "Pia"];
    let (said, ()) = tokio::join!(installation.expect(0, &arguments), taken);
    assert!(said.contains("99 units are sent"), "{said}");

    // All at once: one message per hold, and one for the two halves of a plan switch with both numbers.
    let ids = [entropy.uuid(now), entropy.uuid(now), entropy.uuid(now)];
    let pair = entropy.uuid(now);
    let sql = "insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units,
                                  effective_date, state, opened_at, run_number, pair_id)
               select id, 'example-msp', 6000 + place, 701, '{niccolo}', 'large_change', 12, 20 + place, $2, 'open', $3, 1,
                      case when place < 3 then $4::uuid end
               from unnest($1::uuid[]) with ordinality as held (id, place)";
    client.execute(sql, &[&ids.as_slice(), &date(2026, 11, 1), &now, &pair]).await.expect("three holds");
    let taken = async {
        let mut decided = Vec::new();
        for _ in 0..2 {
            let PortalMessage::Hold(decision) = next().await else { panic!("a decision") };
            assert_eq!(decision.verdict, Verdict::Dismiss);
            decided.push((decision.units, decision.other_units));
        }
        decided.sort_unstable();
        assert_eq!(decided[1], (23, None));
        assert!([(21, Some(22)), (22, Some(21))].contains(&decided[0]), "{decided:?}");
        let sql = "update holds set state = 'dismissed', decided_at = opened_at, decided_by = 'Pia' where state = 'open'";
        client.execute(sql, &[]).await.expect("decided");
    };
    let (said, ()) =
        tokio::join!(installation.expect(0, &["holds", "example-msp", "dismiss", "--all"]), taken);
    assert!(ids.iter().all(|id| said.contains(&id.to_string())), "{said}");
    assert_eq!(said.matches("dismissed").count(), 3, "{said}");
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_d1_dead_letters_are_listed_shown_sent_again_and_dropped() {
    let installation = Installation::new().await;
    installation.expect(0, &["migrate"]).await;
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("an instant");
    let body = r#"{"reportId": "a", "partnerId": "example-msp"}"#;
    let entropy = entropy(4);
    let kept = |queue: &str, kind: &str, bytes: usize| NewLetter {
        letter: entropy.uuid(now),
        queue: queue.to_owned(),
        reason: "companies: is missing".to_owned(),
        kind: Some(kind.to_owned()),
        message_id: None,
        body: body.into(),
        body_bytes: i64::try_from(bytes).expect("a size"),
        body_sha256: "00".to_owned(),
        partner: Some(partner()),
    };
    let whole = kept("counts", v1::UserCountsReported::KIND, body.len());
    let start = kept("sync.requests", v1::SyncRequested::KIND, 300_000);
    for letter in [&whole, &start] {
        let keep = installation
            .database
            .store
            .transaction("keep", |tx| Box::pin(store::messages::dead_letters::keep(tx, letter, now)));
        keep.await.expect("kept");
    }
    let (whole, start) = (whole.letter.to_string(), start.letter.to_string());

    let listed = installation.expect(3, &["dead-letters"]).await;
    for word in [whole.as_str(), &start, "counts", "example-msp", "companies: is missing"] {
        assert!(listed.contains(word), "{word} is not in {listed}");
    }
    assert!(installation.expect(0, &["dead-letters", "show", &whole]).await.contains(body));

    let bus = Bus::connect(&installation.bus, "test", entropy.clone()).expect("a bus");
    let stop = CancellationToken::new();
    let mut counts = bus.consume(Queue::Counts, 1, stop.clone()).await.expect("a consumer");
    installation.expect(0, &["dead-letters", "send", &whole, "--by", "Pia"]).await;
    let sent = counts.next().await.expect("a message");
    assert_eq!(sent.message.body, body.as_bytes());
    assert_eq!(sent.message.kind.as_deref(), Some(v1::UserCountsReported::KIND));
    sent.settle(Settlement::Done).await.expect("settled");
    let told = installation.expect(1, &["dead-letters", "send", &whole]).await;
    assert!(told.contains("is sent by Pia"), "{told}");

    // Of a message that no consumer takes, only the start was kept.
    let told = installation.expect(1, &["dead-letters", "send", &start]).await;
    assert!(told.contains("its sender must send it again"), "{told}");
    installation.expect(0, &["dead-letters", "drop", &start, "--by", "Pia"]).await;
    assert!(installation.expect(0, &["dead-letters"]).await.contains("no dead letter waits"));
    let all = installation.expect(0, &["dead-letters", "--all", "--json"]).await;
    let all: serde_json::Value = serde_json::from_str(&all).expect("a document");
    let decided: Vec<_> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|letter| {
            assert!(letter["decided_at"].is_string(), "{letter}");
            (letter["state"].as_str(), letter["decided_by"].as_str())
        })
        .collect();
    assert!(decided.contains(&(Some("sent"), Some("Pia"))), "{decided:?}");
    assert!(decided.contains(&(Some("dropped"), Some("Pia"))), "{decided:?}");
    let told = installation.expect(1, &["dead-letters", "show", &entropy.uuid(now).to_string()]).await;
    assert!(told.contains("lists them"), "{told}");
    stop.cancel();
}

/// How far an instant stored by a command or page is ahead of this machine's clock, in minutes.
async fn minutes_ahead(database: &TestDatabase, sql: &str) -> f64 {
    let sql = format!("select (extract(epoch from ({sql}) - pg_catalog.clock_timestamp()) / 60)::float8");
    database.client().await.query_one(&sql, &[]).await.expect("a row").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_d4_a_command_whose_clock_is_wrong_says_so_and_stores_the_right_time() {
    let installation = Installation::new().await;
    installation.expect(0, &["migrate"]).await;
    let set_up = "insert into partners (partner_id, name, count_zone) values ('example-msp', 'Example', 'Europe/Rome')";
    installation.database.client().await.batch_execute(set_up).await.expect("a partner");
    let make = ["token", "new", "example-msp", "--name", "Nightly", "--role", "admin"];
    let said = installation.expect(0, &make).await;
    assert!(!said.contains("clock"), "{said}");

    installation.database.turn_clock_ahead("3 hours").await;
    let make = ["token", "new", "example-msp", "--name", "Hourly", "--role", "admin"];
    let said = installation.expect(0, &make).await;
    assert!(said.contains(" s behind the installation's, which counts"), "{said}");
    let stored = "select created_at from api_tokens where name = 'Hourly'";
    let ahead = minutes_ahead(&installation.database, stored).await;
    assert!((150.0..=180.5).contains(&ahead), "stored {ahead} minutes ahead");
}

//! The senders of user counts and charges (F7).

use bus::{Bus as _, Queue, Settlement};
use domain::PartnerId;
use http::{Method, StatusCode};
use messages::inbound::CountsReport;
use serde_json::{Value, json};
use store::{
    StoreError,
    counts::{
        reports::{self, ReportHead, ReportedCompany},
        senders::Sender,
    },
};
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// Takes one part of a report from the queue, as the scheduler does. The message contains only what every sender
/// may say.
async fn take_in(world: &World) {
    let mut consumer =
        world.bus.consume(Queue::Counts, 1, CancellationToken::new()).await.expect("the bus is open");
    let delivery = consumer.next().await.expect("a part");
    let message = &delivery.message;
    let report =
        &CountsReport::decode(message.kind.as_deref(), &message.body).expect("the scheduler takes it");
    let head = &ReportHead {
        report: report.report.clone(),
        day: report.day,
        counted_at: report.counted_at,
        is_final: report.is_final,
        parts: 1,
        from_file: false,
    };
    let companies: Vec<ReportedCompany> = report
        .companies
        .iter()
        .map(|counts| ReportedCompany { company: counts.company.clone(), name: None })
        .collect();
    let (partner, now) = (&PartnerId::new("msp").expect("an id"), domain::Clock::now(&world.clock));
    let of_message = &Sender::Message { user: Some("another".to_owned()), app: None };
    let (content, companies) = (&report.content(), &companies);
    let stored: Result<(), StoreError> = world
        .database
        .owner
        .transaction("take_in", |tx| {
            Box::pin(async move {
                reports::note_part(tx, partner, head, (1, content), of_message, now).await?;
                reports::add_companies(tx, partner, &head.report, companies).await?;
                reports::complete(tx, partner, &head.report, now).await.map(drop)
            })
        })
        .await;
    stored.expect("it is taken in");
    delivery.settle(Settlement::Done).await.expect("the bus is open");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f7_who_sent_the_counts_is_shown_where_they_are() {
    let world = World::new().await;
    let company = async |language: &str| {
        let cookie = world.sign_in(&world.viewer).await;
        let headers = &[("cookie", &*cookie), ("accept-language", language)];
        world.request(Method::GET, "/partners/msp/companies/ada", None, headers, "").await.text
    };
    let newest = async || world.get("/companies/ada").await.json["newest_report"].clone();
    // The report predates stored senders.
    let old = json!({ "report_id": "r1", "day": "2026-11-21", "received_at": "2026-11-22T00:00:00Z", "sent_by": [] });
    assert_eq!(newest().await, old);
    assert!(company("en").await.contains("sent by a sender that was not recorded"));

    let report = json!({ "day": "2026-11-22", "counted_at": "2026-11-22T23:30:00Z", "final": false, "companies": [
        { "company_id": "ada", "products": [{ "product_id": "p1", "users": 6, "basis": "users" }] } ] });
    let answer = world.send(Method::PUT, "/user-counts/r-9", &report).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(newest().await, old, "it has not come in yet");
    take_in(&world).await;
    let by = json!([{ "way": "token", "name": "provider" }]);
    assert_eq!((&newest().await["report_id"], &newest().await["sent_by"]), (&json!("r-9"), &by));
    assert_eq!(world.get("/user-counts/r-9").await.json["sent_by"], by);
    let english = company("en").await;
    assert!(
        english.contains("for 22 Nov 2026, received 23 Nov 2026, 11:00; sent by token “provider”"),
        "{english}"
    );
    let italian = company("it").await;
    assert!(
        italian.contains("per il 22/11/2026, ricevuti il 23/11/2026, 11:00; inviati da: token"),
        "{italian}"
    );

    world
        .sql("update report_parts set sent_way = 'message', sent_by = 'provider', sent_app = 'counts' where report_id = 'r-9'")
        .await;
    assert_eq!(newest().await["sent_by"], json!([{ "way": "message", "user": "provider", "app": "counts" }]));
    let english = company("en").await;
    assert!(english.contains("sent by broker user “provider”, which calls itself “counts”"), "{english}");
    world.sql("update report_parts set sent_way = 'file', sent_by = null, sent_app = null").await;
    assert!(company("en").await.contains("sent by a settings file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f7_the_sender_of_a_months_numbers_and_charges_is_shown() {
    let world = World::new().await;
    world
        .sql(
            "insert into products (partner_id, product_id, name) values ('msp', 'p2', 'Two');
             insert into report_parts (partner_id, report_id, part, received_at, sent_way)
             values ('msp', 'r1', 1, '2026-11-22T00:00:00Z', 'file');
             insert into month_ends (partner_id, month, frozen_at, final, looked_at)
             values ('msp', '2026-10-01', '2026-11-01T05:00:00Z', true, '2026-11-01T05:00:00Z');
             insert into frozen_counts (partner_id, month, company_id, product_id, users, day, counted_at, report_id, recorded_at)
             select 'msp', '2026-10-01', 'ada', product, 5, '2026-10-31', '2026-11-01T00:00:00Z', report, '2026-11-01T05:00:00Z'
             from (values ('p1', 'r1'), ('p2', 'r1'), ('p3', null)) as frozen (product, report)",
        )
        .await;
    let ada = async || world.get("/companies/ada").await.json;
    let of_report = json!({ "source": "report", "report_id": "r1", "day": "2026-11-21",
        "received_at": "2026-11-22T00:00:00Z", "sent_by": [{ "way": "file" }] });
    let (sources, charged) =
        (ada().await["last_month_sources"].clone(), ada().await["charged_source"].clone());
    assert_eq!(sources, json!({ "p1": of_report, "p2": of_report }), "no report had the third");
    assert_eq!(charged, Value::Null);

    let charges = json!({ "charges": [{ "company_id": "ada", "product_id": "p1", "users": 5 }] });
    let answer = world.send(Method::PUT, "/charges/2026-10", &charges).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let correction =
        json!({ "company_id": "ada", "product_id": "p2", "users": 6, "reason": "one was forgotten" });
    let answer = world.send(Method::POST, "/frozen-counts/2026-10", &correction).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let at = "2026-11-23T10:00:00Z";
    assert_eq!(ada().await["charged_source"], json!({ "token": "provider", "received_at": at }));
    let corrected =
        json!({ "source": "correction", "reason": "one was forgotten (admin)", "corrected_at": at });
    assert_eq!(ada().await["last_month_sources"], json!({ "p1": of_report, "p2": corrected }));

    let cookie = world.sign_in(&world.viewer).await;
    let shown = world.page(&cookie, "/partners/msp/companies/ada").await.text;
    for said in [
        "received 22 Nov 2026, 01:00; sent by a settings file",
        "corrected 23 Nov 2026, 11:00: one was forgotten (admin)",
        "Charges: received 23 Nov 2026, 11:00; sent by token “provider”",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    world.sql("update charged_months set told_by = null").await;
    assert_eq!(ada().await["charged_source"]["token"], Value::Null);
}

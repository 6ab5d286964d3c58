use bus::{EventTopic, Settlement};
use messages::v1;
use proptest::prelude::*;

use super::{Part as Taken, *};
use crate::{
    facts,
    world::{Counted, Part, World},
};

const AT: &str = "2026-11-22T22:00:00Z";

fn part(number: u32, parts: u32) -> Part<'static> {
    Part { part: number, parts, ..Part::whole("r", "2026-11-22", AT) }
}

async fn counts_of(world: &World) -> String {
    world
        .text(
            "select string_agg(concat_ws(' ', company_id, product_id, coalesce(users::text, 'missing')), ', '
                               order by company_id, product_id) from user_counts",
        )
        .await
}

#[tokio::test]
async fn parts_come_in_any_order_and_repeated() {
    let parts: [(u32, &[Counted]); 3] = [
        (1, &[("c1", &[("standard", Some(1))])]),
        (2, &[("c2", &[("standard", None), ("advanced", Some(0))])]),
        (3, &[("c3", &[])]),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let world = World::at("2026-11-23T12:00:00Z").await;
        world.partner("p", 3).await;
        for (sent, which) in order.into_iter().enumerate() {
            let (number, companies) = parts[which];
            assert_eq!(world.text("select count(complete_at) from reports").await, "0");
            for _ in 0..2 {
                assert_eq!(world.counts("p", part(number, 3), companies).await, Settlement::Done);
            }
            assert_eq!(world.text("select count(*) from report_parts").await, (sent + 1).to_string());
        }
        assert_eq!(world.text("select complete_at = '2026-11-23T12:00Z' from reports").await, "true");
        assert_eq!(counts_of(&world).await, "c1 standard 1, c2 advanced 0, c2 standard missing");
        assert_eq!(world.text("select count(*) from report_companies").await, "3");
    }
}

#[tokio::test]
async fn a_part_that_contradicts_another_is_put_aside_and_leaves_nothing() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 2).await;
    let counted: &[Counted] = &[("c1", &[("standard", Some(1))])];
    world.counts("p", part(1, 2), counted).await;
    let other: &[Counted] = &[("c2", &[("standard", Some(1))])];
    for contradicting in [
        Part { day: "2026-11-21", ..part(2, 2) },
        Part { counted_at: "2026-11-22T21:00:00Z", ..part(2, 2) },
        part(2, 3),
        part(2, 2).last_word(),
    ] {
        let settled = world.counts("p", contradicting, other).await;
        assert!(
            matches!(&settled, Settlement::DeadLetter(reason) if reason.contains("report r")),
            "{settled:?}"
        );
    }
    let settled = world.counts("p", part(2, 2), counted).await;
    assert!(matches!(&settled, Settlement::DeadLetter(reason) if reason.contains("c1")), "{settled:?}");
    assert_eq!(world.text("select count(*) from report_parts").await, "1");
    assert_eq!(world.text("select count(complete_at) from reports").await, "0");
    assert_eq!(world.counts("p", part(2, 2), other).await, Settlement::Done);
    assert_eq!(world.text("select count(complete_at) from reports").await, "1");
}

#[tokio::test]
async fn case_a16_a_count_of_another_basis_is_missing_for_that_reason() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    let message = |report: &str, basis: &str| {
        crate::world::incoming(&serde_json::json!({
            "partnerId": "p", "reportId": report, "day": "2026-11-22", "countedAt": AT, "part": 1, "parts": 1, "final": false,
            "companies": [{ "companyId": "c1", "products": [
                { "productId": "standard", "users": 4, "basis": basis },
                { "productId": "advanced", "users": 2, "basis": "COUNT_BASIS_USERS" },
            ] }],
        }))
    };
    let planned = async || {
        let partner = domain::PartnerId::new("p").expect("an id");
        let now = world.context.clock.now();
        let read = world.database.store.transaction("plan", |tx| Box::pin(facts::read(tx, &partner, now)));
        let plan = read.await.expect("it can be read").facts().expect("it is set up").plan();
        let targets = &plan.contracts[&domain::ContractId(1001)].targets;
        targets.iter().map(|target| (target.wanted, target.other_basis)).collect::<Vec<_>>()
    };
    let (units, unknown) = (domain::Wanted::Units, domain::Wanted::Unknown);
    handle_counts(&world.context, &message("r1", "COUNT_BASIS_LICENCES")).await;
    assert_eq!(planned().await, [(unknown, true), (units(2), false)]);
    assert_eq!(world.text("select concat_ws(' ', users, missing) from newest_reports").await, "2 1");
    // For a partner that bills licences it is the other way round.
    world.sql("update partners set count_basis = 'licences'").await;
    assert_eq!(planned().await, [(units(4), false), (unknown, true)]);
}

#[tokio::test]
async fn case_f7_who_sent_a_part_is_stored_with_it() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 3).await;
    let counted = |company| [(company, &[("standard", Some(1))][..])];
    let message = |number, company| crate::world::counts_message("p", part(number, 4), &counted(company));
    let sent = async |message: Incoming| {
        assert_eq!(handle_counts(&world.context, &message).await, Handled::DONE);
    };
    sent(Incoming {
        user: Some("provider".into()),
        app: Some(" re\u{202e}port ".into()),
        ..message(1, "c1")
    })
    .await;
    sent(Incoming { app: Some(" ".into()), ..message(2, "c2") }).await;
    // Content that a token handed in belongs to that token, whatever sender the message names; other content does
    // not.
    let handed = [(3, message(3, "c3")), (4, message(4, "c1"))];
    let hand_in = async |number: i32, handed: &Incoming, is_final: bool, token: &str| {
        let report = CountsReport::decode(None, &handed.body).expect("a part");
        let (content, parts) = (report.content(), i32::try_from(report.parts).expect("a few"));
        let CountsReport { partner, report, day, counted_at, .. } = report;
        let head = &ReportHead { report, day, counted_at, is_final, parts, from_file: false };
        let (partner, content, now) = (&partner, &[(number, content.as_str())], counted_at);
        let handed = world
            .context
            .store
            .transaction("hand_in", |tx| Box::pin(reports::hand_in(tx, partner, head, content, token, now)));
        handed.await.expect("it answers");
    };
    for (number, handed) in &handed {
        hand_in(*number, handed, false, "Hourly").await;
        // If two senders hand in the same content, the last one counts; with another head it is not the same content.
        hand_in(*number, handed, false, "Nightly").await;
        hand_in(*number, handed, true, "Another").await;
    }
    let [(_, third), _] = handed;
    sent(Incoming { user: Some("kaseya-sync-portal".into()), ..third.clone() }).await;
    sent(message(4, "c4")).await;
    // A repeated part keeps its sender.
    sent(Incoming { user: Some("another".into()), ..third }).await;
    let senders = "select string_agg(concat_ws(' ', part, sent_way, sent_by, sent_app), ', ' order by part) from report_parts";
    assert_eq!(
        world.text(senders).await,
        "1 message provider re port, 2 message, 3 token Nightly, 4 message"
    );
    assert_eq!(world.text("select count(*) from reports_handed_in").await, "0");
}

/// The events of refused parts.
const REFUSED: &str =
    "select string_agg(concat_ws(' ', body ->> 'reportId', body ->> 'part'), ', ' order by number)
                       from events where topic = 'report.refused'";

#[tokio::test]
async fn case_a15_other_content_under_a_used_part_is_put_aside_and_answered() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 3).await;
    let counted: &[Counted] =
        &[("c1", &[("standard", Some(1)), ("advanced", Some(2))]), ("c2", &[("standard", None)])];
    assert_eq!(world.counts("p", part(1, 2), counted).await, Settlement::Done);
    // The same content in another order is the same.
    let turned: &[Counted] =
        &[("c2", &[("standard", None)]), ("c1", &[("advanced", Some(2)), ("standard", Some(1))])];
    assert_eq!(world.counts("p", part(1, 2), turned).await, Settlement::Done);
    assert_eq!(world.text(REFUSED).await, "none");
    let others: [&[Counted]; 4] = [
        &[("c3", &[("standard", Some(1))])],
        &[("c1", &[("standard", Some(1)), ("advanced", Some(2))])],
        &[("c1", &[("standard", Some(3)), ("advanced", Some(2))]), ("c2", &[("standard", None)])],
        &[("c1", &[("standard", Some(1)), ("advanced", Some(2))]), ("c2", &[("standard", Some(0))])],
    ];
    for other in others {
        let settled = world.counts("p", part(1, 2), other).await;
        let Settlement::DeadLetter(reason) = &settled else { panic!("taken: {settled:?}") };
        assert!(reason.contains("part 1 of report r came in before with other content"), "{reason}");
    }
    assert_eq!(world.text(REFUSED).await, "r 1, r 1, r 1, r 1");
    assert_eq!(counts_of(&world).await, "c1 advanced 2, c1 standard 1, c2 standard missing");
    // A complete report's part is used too.
    assert_eq!(world.counts("p", part(2, 2), &[("c3", &[])]).await, Settlement::Done);
    let after = world.counts("p", part(2, 2), &[("c3", &[("standard", Some(9))])]).await;
    assert!(matches!(after, Settlement::DeadLetter(_)), "{after:?}");
}

#[tokio::test]
async fn case_a15_a_report_incomplete_for_an_hour_is_announced_once() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 2).await;
    world.counts("p", part(1, 2), &[("c1", &[("standard", Some(1))])]).await;
    let tell = async |at: &str| {
        world.clock.set(at.parse().expect("an instant"));
        crate::incomplete_reports::tell(&world.context).await.expect("a round")
    };
    assert_eq!(tell("2026-11-23T12:59:59Z").await, 0);
    assert_eq!(tell("2026-11-23T13:00:00Z").await, 1);
    assert_eq!(tell("2026-11-23T14:00:00Z").await, 0);
    let told = "select concat_ws(' ', body ->> 'reportId', body ->> 'day', body ->> 'partsReceived', body ->> 'parts',
                                 body ->> 'since') from events where topic = 'report.incomplete'";
    assert_eq!(world.text(told).await, "r 2026-11-22 1 2 2026-11-23T12:00:00+00:00");
}

#[tokio::test]
async fn unknown_companies_and_products_are_taken_in_unmapped() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    let message = serde_json::json!({
        "partnerId": "p", "reportId": "r", "day": "2026-11-22", "countedAt": AT, "part": 1, "parts": 1, "final": false,
        "companies": [
            { "companyId": "c1", "products": [{ "productId": "plus", "users": 2, "basis": "COUNT_BASIS_LICENCES" }] },
            { "companyId": "c8", "companyName": "L'Étoile", "products": [] },
            { "companyId": "c9", "products": [
                { "productId": "plus", "productName": "Plus", "users": 4, "basis": "COUNT_BASIS_USERS" },
            ] },
        ],
    });
    assert_eq!(handle_counts(&world.context, &crate::world::incoming(&message)).await, Handled::DONE);
    let names = "select string_agg(name, ', ' order by company_id) from companies";
    assert_eq!(world.text(names).await, "Company 1, L'Étoile, c9");
    assert_eq!(world.text("select name from products where product_id = 'plus'").await, "Plus");
    assert_eq!(world.text("select count(*) from company_mappings").await, "1");
    // A name that is not sent again is kept.
    let again = Part::whole("later", "2026-11-23", "2026-11-23T11:00:00Z");
    world.counts("p", again, &[("c8", &[("plus", Some(1))])]).await;
    assert_eq!(world.text(names).await, "Company 1, L'Étoile, c9");
}

#[tokio::test]
async fn what_cannot_be_a_count_is_put_aside() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    let good = Part::whole("r", "2026-11-22", AT);
    for (partner, bad) in [
        ("nobody", good),
        ("p", Part { part: 2, ..good }),
        ("p", Part { counted_at: "2026-11-23T12:06:00Z", ..good }),
        ("p", Part { day: "2026-11-31", ..good }),
    ] {
        assert!(matches!(world.counts(partner, bad, &[]).await, Settlement::DeadLetter(_)), "{}", bad.day);
    }
    assert_eq!(world.text("select count(*) from reports").await, "0");
}

#[tokio::test]
async fn a_part_of_ten_thousand_rows_is_taken_at_once() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    let companies: Vec<String> = (0..5000).map(|n| format!("k{n}")).collect();
    let products = [("standard", Some(1)), ("advanced", Some(2))];
    let counted: Vec<Counted> = companies.iter().map(|company| (company.as_str(), &products[..])).collect();
    assert_eq!(world.counts("p", part(1, 1), &counted).await, Settlement::Done);
    assert_eq!(world.text("select count(*) || ' ' || sum(users) from user_counts").await, "10000 15000");
}

/// The users of product standard at company c1, as they would be sent.
async fn sent(world: &World) -> Option<u32> {
    let partner = domain::PartnerId::new("p").expect("an id");
    let now = "2026-11-23T12:00:00Z".parse().expect("an instant");
    let plan = world
        .database
        .store
        .transaction("plan", |tx| Box::pin(facts::read(tx, &partner, now)))
        .await
        .expect("the partner can be read")
        .facts()
        .expect("it is set up")
        .plan();
    let target = &plan.contracts[&domain::ContractId(1001)].targets[0];
    target.addends[0].count.map(|count| count.users)
}

#[tokio::test]
async fn an_older_report_never_takes_the_place_of_a_newer_one() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    assert_eq!(sent(&world).await, None);
    let reports = [
        ("2026-11-21", "2026-11-23T11:00:00Z", 1, 1),
        ("2026-11-22", "2026-11-22T21:00:00Z", 2, 2),
        ("2026-11-22", "2026-11-22T20:00:00Z", 3, 2),
        ("2026-11-22", "2026-11-22T22:00:00Z", 4, 4),
        ("2026-11-20", "2026-11-23T11:30:00Z", 5, 4),
        ("2026-11-23", "2026-11-23T06:00:00Z", 6, 6),
    ];
    for (day, counted_at, users, expected) in reports {
        let id = format!("r{users}");
        world.counts("p", Part::whole(&id, day, counted_at), &[("c1", &[("standard", Some(users))])]).await;
        assert_eq!(sent(&world).await, Some(expected), "after {id}");
    }
    // An incomplete report is not used, and a report that is too old counts as none.
    let unfinished = Part { parts: 2, ..Part::whole("half", "2026-11-23", "2026-11-23T11:00:00Z") };
    world.counts("p", unfinished, &[("c1", &[("standard", Some(99))])]).await;
    assert_eq!(sent(&world).await, Some(6));
    world.sql("update reports set day = '2026-11-15'").await;
    assert_eq!(sent(&world).await, None);
    world.sql("update reports set day = '2026-11-16' where report_id = 'r5'").await;
    assert_eq!(sent(&world).await, Some(5));
}

proptest! {
    #[test]
    fn a_part_is_taken_as_it_came(users in proptest::collection::vec(proptest::option::of(0_u32..10_000_000), 0..20)) {
        let ids: Vec<String> = (0..users.len()).map(|n| format!("k{n}")).collect();
        let products: Vec<_> = ids.iter().map(String::as_str).zip(users.iter().copied()).collect();
        let message = crate::world::counts_message("p", part(1, 1), &[("c1", &products)]);
        let report = CountsReport::decode(None, &message.body).expect("lawful");
        let taken: Vec<_> = Taken::of(&report, Sender::File).counts.iter().map(|count| count.users.map(|(users, _)| users)).collect();
        prop_assert_eq!(taken, users);
    }
}

#[tokio::test]
async fn case_e5_every_part_of_a_report_is_answered_by_an_event() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 2).await;
    let mut events =
        world.context.bus.listen(EventTopic::ReportAnswered, Default::default()).await.expect("a bus");
    let mut answered = async || {
        let event = events.next().await.expect("an answer");
        let answer: v1::ReportAnswered = event.message.decode().expect("an answer to a report");
        let word = answer.answer().as_str_name().to_owned();
        let words = [
            answer.part.map(|part| part.to_string()),
            Some(word),
            answer.code,
            answer.complete.map(|c| c.to_string()),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let (one, two): (&[Counted], &[Counted]) = (&[("c1", &[])], &[("c2", &[])]);
    world.counts("p", part(1, 2), one).await;
    assert_eq!(answered().await, "1 MESSAGE_ANSWER_TAKEN false");
    for _ in 0..2 {
        world.counts("p", part(2, 2), two).await;
        assert_eq!(answered().await, "2 MESSAGE_ANSWER_TAKEN true");
    }
    world.counts("p", Part { day: "2026-11-21", ..part(2, 2) }, two).await;
    assert_eq!(answered().await, "2 MESSAGE_ANSWER_REFUSED ID-USED");
    world.counts("nobody", part(1, 1), one).await;
    assert_eq!(answered().await, "1 MESSAGE_ANSWER_REFUSED UNKNOWN-PARTNER");
    let tomorrow = Part::whole("s", "2026-11-24", "2026-11-24T12:00:00Z");
    world.counts("p", tomorrow, one).await;
    assert_eq!(answered().await, "1 MESSAGE_ANSWER_REFUSED IN-THE-FUTURE");
    let unreadable =
        crate::world::incoming(&serde_json::json!({ "partnerId": "p", "reportId": "t", "day": "today" }));
    assert!(matches!(
        handle_counts(&world.context, &unreadable).await,
        Handled::Settled(Settlement::DeadLetter(_))
    ));
    assert_eq!(answered().await, "MESSAGE_ANSWER_REFUSED INVALID");
}

#[tokio::test]
async fn case_e17_counts_that_cannot_be_read_are_answered_as_far_as_they_say_whose_they_are() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    let mut answers =
        world.context.bus.listen(EventTopic::ReportAnswered, Default::default()).await.expect("a bus");
    let start = br#"{"partnerId": "p", "reportId": "big", "companies": [{"companyName": "Caf"#;
    let latin = [&start[..], &[0xe9], br#""}]}"#].concat();
    for (body, words) in [(latin, "not UTF-8"), (start.to_vec(), "the body is not a")] {
        let incoming = Incoming { body: body.into(), ..crate::world::incoming(&serde_json::json!({})) };
        let handled = handle_counts(&world.context, &incoming).await;
        assert!(matches!(handled, Handled::Settled(Settlement::DeadLetter(_))), "{words}");
        let event = answers.next().await.expect("an answer");
        let answer: v1::ReportAnswered = event.message.decode().expect("an answer to a report");
        assert_eq!((answer.report_id.as_str(), answer.code.as_deref()), ("big", Some("INVALID")));
        assert!(answer.reason.as_deref().is_some_and(|reason| reason.contains(words)), "{answer:?}");
    }
}

/// A clock for a machine that is an hour ahead of the database's time.
struct AnHourAhead(testkit::Clock);

impl domain::Clock for AnHourAhead {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> std::time::Duration {
        self.0.monotonic()
    }

    fn skew(&self) -> SignedDuration {
        SignedDuration::from_hours(1)
    }
}

#[tokio::test]
async fn case_d4_a_report_is_not_condemned_while_our_own_clocks_differ() {
    let world = World::at("2026-11-22T21:00:00Z").await;
    world.partner("p", 1).await;
    let context =
        Context { clock: std::sync::Arc::new(AnHourAhead(world.clock.clone())), ..world.context.clone() };
    let counted: &[Counted] = &[("c1", &[("standard", Some(1))])];
    let send = async |counted_at| {
        let part = Part { report: counted_at, counted_at, ..part(1, 1) };
        handle_counts(&context, &crate::world::counts_message("p", part, counted)).await
    };
    let waits = send("2026-11-22T22:00:00Z").await;
    assert!(matches!(&waits, Handled::Waits(why) if why.contains("1h")), "{waits:?}");
    let by_both = send("2026-11-22T22:30:00Z").await;
    assert!(matches!(by_both, Handled::Settled(Settlement::DeadLetter(_))), "{by_both:?}");
    world.clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!(send("2026-11-22T22:00:00Z").await, Handled::DONE);
}

//! Access, on a real Postgres.

use anyhow::{Result, bail, ensure};
use domain::{MemberId, PartnerId, Role, SecurityEventKind, TokenId};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use store::{
    StoreError,
    access::{
        Actor, Identity, admins,
        attempts::{Attempt, Limit, attempt},
        idempotency::{self, KeyedCall, Known},
        members::{self, NewMember},
        security_events::{self, SecurityEvent},
        sessions::{self, Ending, NewSession, Oldest},
        tokens::{self, Brought, NewToken},
    },
};
use testkit::TestDatabase;

/// Runs a function of the store in a transaction of its own.
macro_rules! run {
    ($database:expr, |$tx:ident| $call:expr) => {
        $database.store.transaction("test", |$tx| Box::pin(async move { $call.await })).await
    };
}

async fn two_partners() -> Result<(TestDatabase, PartnerId, PartnerId)> {
    let database = testkit::database().await;
    database
        .client()
        .await
        .batch_execute("insert into partners (partner_id, name, count_zone) values ('one', 'One', 'UTC'), ('two', 'Two', 'UTC')")
        .await?;
    Ok((database, PartnerId::new("one")?, PartnerId::new("two")?))
}

fn now() -> Timestamp {
    "2026-11-26T10:00:00Z".parse().expect("an instant")
}

async fn mint(database: &TestDatabase, partner: &PartnerId, byte: u8, role: Role) -> Result<TokenId> {
    let token = TokenId(testkit::entropy(u64::from(byte)).uuid(now()));
    let (hash, at) = ([byte; 32], now());
    let (hash, partner) = (&hash, partner);
    run!(database, |tx| tokens::mint(
        tx,
        &NewToken { token, partner, name: "deploy", role, hash, by: "Pia", expires_at: at + 2160.hours() },
        at
    ))?;
    Ok(token)
}

#[tokio::test]
async fn a_token_lets_in_until_it_is_revoked_and_only_by_its_own_partner() -> Result<()> {
    let (database, one, two) = two_partners().await?;
    let (one, two) = (&one, &two);
    let token = mint(&database, one, 7, Role::Editor).await?;

    let Brought::Good(found) = run!(database, |tx| tokens::by_hash(tx, &[7; 32], now()))? else {
        bail!("it lets in");
    };
    assert_eq!((found.token, &found.partner, found.role), (token, one, Role::Editor));
    assert_eq!(run!(database, |tx| tokens::by_hash(tx, &[8; 32], now()))?, Brought::Unknown);

    // The last use is stored at most once a minute.
    let used = async || -> Result<Option<Timestamp>> {
        Ok(run!(database, |tx| tokens::list(tx, one))?[0].last_used_at)
    };
    assert_eq!(used().await?, Some(now()));
    for (seconds, expected) in [(59, 0), (61, 61)] {
        let at = now() + seconds.seconds();
        run!(database, |tx| tokens::by_hash(tx, &[7; 32], at))?;
        assert_eq!(used().await?, Some(now() + expected.seconds()), "after {seconds} s");
    }

    assert!(run!(database, |tx| tokens::list(tx, two))?.is_empty());
    assert_eq!(run!(database, |tx| tokens::revoke(tx, two, token, now()))?, None, "it is none of theirs");
    let is_good = async |at: Timestamp| -> Result<bool> {
        Ok(matches!(run!(database, |tx| tokens::by_hash(tx, &[7; 32], at))?, Brought::Good(_)))
    };
    assert!(is_good(now()).await?);
    let ends = now() + 2160.hours();
    assert!(is_good(ends - 1.second()).await? && !is_good(ends).await?, "its time is over");
    assert_eq!(run!(database, |tx| tokens::revoke(tx, one, token, now()))?, Some(now()));
    assert!(matches!(run!(database, |tx| tokens::by_hash(tx, &[7; 32], now()))?, Brought::Over(_)));
    // It stays in the list, with the time of its end.
    let later = now() + 1.hour();
    assert_eq!(run!(database, |tx| tokens::revoke(tx, one, token, later))?, Some(now()));
    assert_eq!(run!(database, |tx| tokens::list(tx, one))?[0].revoked_at, Some(now()));
    Ok(())
}

#[tokio::test]
async fn a_session_ends_by_idling_by_age_by_signing_out_and_sees_nothing_once_its_token_is_revoked()
-> Result<()> {
    let (database, one, _) = two_partners().await?;
    let one = &one;
    let token = mint(&database, one, 7, Role::Admin).await?;
    let identity = &Identity::Token(token);
    let address = [192, 0, 2, 7].into();
    let new = &NewSession {
        hash: &[1; 32],
        identity,
        name: "deploy",
        address,
        browser: Some("a browser"),
        confirmed_at: now(),
    };
    run!(database, |tx| sessions::create(tx, new, now()))?;
    let find = async |at: Timestamp| -> Result<bool> {
        let oldest = Oldest {
            created: at - SignedDuration::from_hours(168),
            seen: at - SignedDuration::from_hours(12),
        };
        let found = run!(database, |tx| sessions::find(tx, &[1; 32], oldest))?;
        if found.is_some() {
            run!(database, |tx| sessions::seen(tx, &[1; 32], at))?;
        }
        ensure!(found.iter().all(|session| session.identity == *identity), "{found:?}");
        Ok(found.is_some())
    };
    assert!(find(now() + 12.hours()).await?, "used until now");
    assert!(find(now() + 24.hours()).await?, "used twelve hours ago");
    assert!(!find(now() + 37.hours()).await?, "idle for too long");
    for hours in (24..=168).step_by(12) {
        assert!(find(now() + hours.hours()).await?, "{hours}");
    }
    assert!(!find(now() + 169.hours()).await?, "too old, however busy");

    let visible = run!(database, |tx| sessions::partners(tx, identity, now()))?;
    assert_eq!(
        visible.iter().map(|access| (&access.partner, access.role)).collect::<Vec<_>>(),
        [(one, Role::Admin)]
    );
    let ends = now() + 2160.hours();
    assert!(
        run!(database, |tx| sessions::partners(tx, identity, ends))?.is_empty(),
        "the token's time is over"
    );
    run!(database, |tx| tokens::revoke(tx, one, token, now()))?;
    assert!(run!(database, |tx| sessions::partners(tx, identity, now()))?.is_empty());

    run!(database, |tx| sessions::end(tx, &[1; 32], now()))?;
    assert!(!find(now() + 168.hours()).await?, "signed out");
    Ok(())
}

#[tokio::test]
async fn a_member_is_who_first_signs_in_with_the_verified_address_and_nobody_else() -> Result<()> {
    let (database, one, two) = two_partners().await?;
    let add = async |partner: &PartnerId, number: u64, role: Role| -> Result<bool> {
        let member = MemberId(testkit::entropy(number).uuid(now()));
        let new = &NewMember { member, partner, email: "Pia@Example.com", role, by: "Ugo" };
        Ok(run!(database, |tx| members::add(tx, new, now()))?)
    };
    assert!(add(&one, 1, Role::Viewer).await?);
    assert!(!add(&one, 2, Role::Admin).await?, "she is one already");
    assert!(add(&two, 3, Role::Admin).await?);

    let person = |subject: &str| Identity::Person {
        issuer: "https://id.example".to_owned(),
        subject: subject.to_owned(),
    };
    let roles = async |subject: &str| -> Result<Vec<(String, Role)>> {
        let identity = &person(subject);
        let visible = run!(database, |tx| sessions::partners(tx, identity, now()))?;
        Ok(visible.into_iter().map(|access| (access.name, access.role)).collect())
    };
    assert!(roles("pia").await?.is_empty(), "she was not here yet");
    run!(database, |tx| members::arrived(tx, "https://id.example", "pia", "PIA@example.com"))?;
    let both = [("One".to_owned(), Role::Viewer), ("Two".to_owned(), Role::Admin)];
    assert_eq!(roles("pia").await?, both);
    // The address passes to another person.
    run!(database, |tx| members::arrived(tx, "https://id.example", "mallory", "pia@example.com"))?;
    run!(database, |tx| members::arrived(tx, "https://other.example", "pia", "pia@example.com"))?;
    assert!(roles("mallory").await?.is_empty());
    assert_eq!(roles("pia").await?, both);

    let (one, two) = (&one, &two);
    let listed = run!(database, |tx| members::list(tx, two))?;
    assert!(listed[0].has_signed_in && listed[0].email == "pia@example.com", "{listed:?}");
    let member = listed[0].member;
    assert!(!run!(database, |tx| members::remove(tx, one, member, now()))?, "not one of theirs");
    assert!(run!(database, |tx| members::remove(tx, two, member, now()))?);
    assert_eq!(roles("pia").await?, both[..1]);
    // Added again, she must sign in again; the membership is a new row.
    assert!(add(two, 4, Role::Editor).await?);
    run!(database, |tx| members::arrived(tx, "https://id.example", "pia", "pia@example.com"))?;
    assert_eq!(roles("pia").await?[1], ("Two".to_owned(), Role::Editor));
    Ok(())
}

#[tokio::test]
async fn attempts_are_counted_together_by_several_portals() -> Result<()> {
    let (database, ..) = two_partners().await?;
    let limit = Limit { most: 5, within: SignedDuration::from_mins(10) };
    let mut portals = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = database.another_store().await;
        portals.spawn(async move {
            store.transaction("test", |tx| Box::pin(attempt(tx, "sign-in:192.0.2.7", limit, now()))).await
        });
    }
    let mut allowed = 0;
    while let Some(answer) = portals.join_next().await {
        match answer?? {
            Attempt::Allowed => allowed += 1,
            Attempt::NotBefore(at) => assert_eq!(at, now() + 10.minutes()),
        }
    }
    assert_eq!(allowed, 5);
    let other = run!(database, |tx| attempt(tx, "sign-in:192.0.2.8", limit, now()))?;
    assert_eq!(other, Attempt::Allowed);
    let later = now() + 10.minutes();
    assert_eq!(run!(database, |tx| attempt(tx, "sign-in:192.0.2.7", limit, later))?, Attempt::Allowed);
    Ok(())
}

#[tokio::test]
async fn a_repeated_call_is_answered_and_not_done() -> Result<()> {
    let (database, one, two) = two_partners().await?;
    let token = |byte: u64| TokenId(testkit::entropy(byte).uuid(now()));
    let call = |partner, request_hash| KeyedCall {
        partner,
        caller: token(1),
        key: "k",
        route: "sync",
        request_hash,
    };
    let begin = async |call: KeyedCall<'_>, at: Timestamp| -> Result<Known, StoreError> {
        let call = &call;
        run!(database, |tx| idempotency::begin(tx, call, at))
    };
    let first = call(&one, b"a");
    assert_eq!(begin(first, now()).await?, Known::New);
    assert_eq!(begin(first, now()).await?, Known::Underway);
    assert_eq!(begin(call(&one, b"b"), now()).await?, Known::OtherCall);
    assert_eq!(begin(call(&two, b"b"), now()).await?, Known::New, "keys of partners do not meet");
    let other = KeyedCall { caller: token(2), ..first };
    assert_eq!(begin(other, now()).await?, Known::New, "keys of tokens do not meet");
    let other = &other;
    run!(database, |tx| idempotency::failed(tx, other))?;
    assert_eq!(begin(first, now()).await?, Known::Underway);

    let first = &first;
    run!(database, |tx| idempotency::failed(tx, first))?;
    assert_eq!(begin(*first, now()).await?, Known::New);
    // Its portal died: the caller may retry.
    let later = now() + 6.minutes();
    assert_eq!(begin(*first, later).await?, Known::New);
    run!(database, |tx| idempotency::answered(tx, first, 202, "{}"))?;
    let answered = Known::Answered { status: 202, body: "{}".to_owned() };
    assert_eq!(begin(*first, later + 23.hours()).await?, answered);
    assert_eq!(begin(*first, later + 25.hours()).await?, Known::New, "a day is over");
    Ok(())
}

#[tokio::test]
async fn an_admin_is_left_only_where_one_can_really_come_in() -> Result<()> {
    let (database, one, two) = two_partners().await?;
    let (one, two) = (&one, &two);
    let left = async |partner: &PartnerId, without: uuid::Uuid| -> Result<bool> {
        Ok(!run!(database, |tx| admins::is_last(tx, partner, without, now()))?)
    };
    let TokenId(token) = mint(&database, one, 7, Role::Admin).await?;
    let TokenId(editor) = mint(&database, one, 8, Role::Editor).await?;
    assert!(left(one, editor).await?, "it is no admin");
    assert!(!left(one, token).await?, "an editor lets nobody in");
    let TokenId(other) = mint(&database, one, 9, Role::Admin).await?;
    assert!(left(one, token).await? && left(one, other).await?);
    assert!(left(two, token).await?, "it is another partner's");
    run!(database, |tx| tokens::revoke(tx, one, TokenId(other), now()))?;
    assert!(!left(one, token).await?, "it lets nobody in any more");

    let member = MemberId(testkit::entropy(1).uuid(now()));
    let new = &NewMember { member, partner: one, email: "pia@example.com", role: Role::Admin, by: "Ugo" };
    run!(database, |tx| members::add(tx, new, now()))?;
    assert!(!left(one, token).await?, "the address may be mistyped");
    run!(database, |tx| members::arrived(tx, "https://id.example", "pia", "pia@example.com"))?;
    assert!(left(one, token).await? && left(one, member.0).await?);
    run!(database, |tx| members::remove(tx, one, member, now()))?;
    assert!(!left(one, token).await?);
    Ok(())
}

#[tokio::test]
async fn case_f10_somebody_sees_and_ends_its_own_sessions_and_nobody_elses() -> Result<()> {
    let (database, one, _) = two_partners().await?;
    let (mine, other) = (
        &Identity::Token(mint(&database, &one, 7, Role::Admin).await?),
        &Identity::Person { issuer: "https://id.example".to_owned(), subject: "pia".to_owned() },
    );
    let address = [192, 0, 2, 7].into();
    for (number, identity) in [(1, mine), (2, mine), (3, mine), (4, other)] {
        let new = &NewSession {
            hash: &[number; 32],
            identity,
            name: "x",
            address,
            browser: None,
            confirmed_at: now(),
        };
        run!(database, |tx| sessions::create(tx, new, now()))?;
    }
    let oldest = Oldest { created: now(), seen: now() };
    let left = async |identity: &Identity| -> Result<Vec<u8>> {
        let all = run!(database, |tx| sessions::list(tx, identity, oldest))?;
        Ok(all.iter().map(|session| session.hash[0]).collect())
    };
    let end = async |identity: &Identity, ending: Ending<'_>| -> Result<u64> {
        Ok(run!(database, |tx| sessions::end_those(tx, identity, ending, now()))?)
    };
    assert_eq!(left(mine).await?, [1, 2, 3]);
    assert_eq!(end(mine, Ending::One(&[4; 32])).await?, 0, "it is somebody else's");
    assert_eq!(end(mine, Ending::One(&[3; 32])).await?, 1);
    assert_eq!(end(mine, Ending::AllBut(&[2; 32])).await?, 1);
    assert_eq!((left(mine).await?, left(other).await?), (vec![2], vec![4]));
    let later = now() + 1.minute();
    assert!(run!(database, |tx| sessions::confirm(tx, &[2; 32], later))?);
    assert!(!run!(database, |tx| sessions::confirm(tx, &[1; 32], later))?, "it is over");
    let confirmed = run!(database, |tx| sessions::find(tx, &[2; 32], oldest))?.expect("it goes on");
    assert_eq!((confirmed.confirmed_at, confirmed.created_at), (later, now()));
    Ok(())
}

#[tokio::test]
async fn case_f8_events_are_kept_with_who_and_read_by_their_partner() -> Result<()> {
    let (database, one, two) = two_partners().await?;
    let (one, two) = (&one, &two);
    let token = mint(&database, one, 7, Role::Admin).await?;
    let person = Identity::Person { issuer: "https://id.example".to_owned(), subject: "pia".to_owned() };
    let by = |identity| Actor {
        name: "Pia".to_owned(),
        identity,
        address: Some([192, 0, 2, 7].into()),
        trace_id: Some("a trace".to_owned()),
    };
    let events = [
        (by(Some(Identity::Token(token))), SecurityEventKind::TokenMade, Some(one)),
        (by(Some(person)), SecurityEventKind::SwitchedOff, Some(two)),
        (by(None), SecurityEventKind::SignInRefused, None),
        (by(None), SecurityEventKind::SettingsApplied, Some(one)),
    ];
    for (by, kind, partner) in &events {
        let details = serde_json::json!({ "role": "admin" });
        let event =
            &SecurityEvent { kind: *kind, partner: partner.cloned(), object: "x".to_owned(), details };
        run!(database, |tx| security_events::keep(tx, by, event, now()))?;
    }
    let all = run!(database, |tx| security_events::since(tx, now(), 10))?;
    let read: Vec<_> =
        all.iter().map(|kept| (&kept.by, kept.event.kind, kept.event.partner.as_ref())).collect();
    let expected: Vec<_> = events.iter().rev().map(|(by, kind, partner)| (by, *kind, *partner)).collect();
    assert_eq!(read, expected);
    let theirs = run!(database, |tx| security_events::of_partner(tx, one, None, 1))?;
    assert_eq!(theirs[0].event.kind, SecurityEventKind::SettingsApplied);
    let before = Some(theirs[0].number);
    let theirs = run!(database, |tx| security_events::of_partner(tx, one, before, 10))?;
    assert_eq!(theirs.iter().map(|kept| kept.event.kind).collect::<Vec<_>>(), [SecurityEventKind::TokenMade]);
    Ok(())
}

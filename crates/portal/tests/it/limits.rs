//! Rate limits: Authenticate per partner, failed sign-ins per address. The eleventh attempt is refused and says how
//! long to wait.

use std::time::Duration;

use http::{Method, StatusCode, header};

use crate::world::{Answer, World};

const MINUTE: Duration = Duration::from_secs(60);

/// Authenticate with an empty form, which counts and needs no Kaseya.
async fn authenticate(world: &World, partner: &str, token: &str) -> Answer {
    let path = format!("/v1/partners/{partner}/connection/authenticate");
    world.request(Method::POST, &path, Some(token), &[], "{}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_authenticate_within_five_minutes_waits_and_another_partners_does_not() {
    let world = World::new().await;
    for _ in 0..10 {
        let answer = authenticate(&world, "msp", &world.admin).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    }
    let answer = authenticate(&world, "msp", &world.admin).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text);
    assert_eq!(answer.json["not_before"], "2026-11-23T10:05:00Z");

    // The page shares the limit, also for a Save, and shows the time in the partner's own zone.
    let cookie = world.sign_in(&world.admin).await;
    for (action, language, sentence) in [
        ("authenticate", "en", "Too many tries. The next one is made from "),
        ("save", "it", "Troppi tentativi. Il prossimo è possibile dal "),
    ] {
        let form = format!("action={action}&host=bms.kaseya.com&user_name=sync&company_name=MSP&password=x");
        let spoken = [("accept-language", language)];
        let page = world.post(&cookie, "/partners/msp/integrations/kaseya-bms", &spoken, &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
        let (_, rest) = page.text.split_once(sentence).expect(sentence);
        let rest: String = rest.chars().take(60).collect();
        assert!(rest.contains("11:05"), "{rest}");
    }

    let other = authenticate(&world, "other", &world.stranger).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.text);
    world.clock.advance(5 * MINUTE);
    let answer = authenticate(&world, "msp", &world.admin).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "who waited may try: {}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f6_who_comes_in_is_not_counted_and_uses_up_nobodys_tries() {
    let world = World::new().await;
    let office = [192, 0, 2, 1];
    for _ in 0..12 {
        let answer = world.sign_in_from(office, &world.viewer, "en").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    }
    // Nine failures leave one attempt; a successful sign-in does not count.
    for _ in 0..9 {
        assert_eq!(
            world.sign_in_from(office, "ks_mistyped", "en").await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    assert_eq!(world.sign_in_from(office, &world.admin, "en").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        world.sign_in_from(office, "ks_mistyped", "en").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(world.sign_in_from(office, &world.admin, "en").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_sign_in_of_an_address_within_a_minute_waits_and_another_addresses_does_not() {
    let world = World::new().await;
    let (one, other) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    for _ in 0..10 {
        let answer = world.sign_in_from(one, "ks_mistyped", "en").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    }
    for (language, sentence) in [
        ("en", "Too many tries from this address. Wait a minute, then try again."),
        ("it", "Troppi tentativi da questo indirizzo. Attendi un minuto e riprova."),
    ] {
        let answer = world.sign_in_from(one, &world.admin, language).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "a right token too: {}", answer.text);
        assert!(answer.text.contains(sentence), "{}", answer.text);
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let answer = world.sign_in_from(other, &world.admin, "en").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    world.clock.advance(MINUTE);
    let answer = world.sign_in_from(one, &world.admin, "en").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "who waited may come in: {}", answer.text);
}

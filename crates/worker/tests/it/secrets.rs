//! Passwords: never shown, and never blamed for our own fault.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use domain::Remark;
use kaseya_simulator::Endpoint;
use messages::v1::{HostHealth, LoginOutcome, SealedIntegration, SurveyDone};

use crate::{
    job::{came_out, remarks, simple},
    world::{World, sealed, sealed_at, state},
};

#[tokio::test]
async fn a_sealed_password_that_does_not_open_is_our_fault_and_not_the_credentials() {
    let mut world = World::new(state()).await;
    let integration = world.script().content.integration.clone().expect("an integration");
    // Sealed for this tenant, and sent as another's.
    world.script().content.integration =
        Some(SealedIntegration { tenant: "Other MSP".into(), ..integration });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01");
    assert_eq!(remarks(&done, "acme", 5001), [Remark::PasswordSealed]);
    assert_eq!((done.login(), done.host()), (LoginOutcome::NotTried, HostHealth::NotCalled));
    assert!(world.kaseya.calls().is_empty());
}

/// A tampered database row or response to the worker: the password is for one address only.
#[tokio::test]
async fn case_f2_a_forged_address_is_sent_no_password() {
    for forged in ["v2", "v1", "both", "without", "host", "old form"] {
        let mut world = World::new(state()).await;
        let elsewhere = World::new(state()).await;
        let base = elsewhere.kaseya.base_url();
        {
            let mut script = world.script();
            let integration = script.content.integration.as_mut().expect("an integration");
            match forged {
                "v2" => integration.v2_base = Some(base),
                "v1" => integration.v1_base = Some(format!("{base}/api")),
                "both" => {
                    integration.v1_base = Some(format!("{base}/api"));
                    integration.v2_base = Some(base);
                }
                "without" => (integration.v2_base, integration.v1_base) = (None, None),
                "host" => integration.host = "bms.example.org".to_owned(),
                _ => integration.sealed_password = integration.sealed_password.replacen("v2.", "v1.", 1),
            }
        }
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01", "{forged}");
        assert_eq!(remarks(&done, "acme", 5001), [Remark::PasswordSealed], "{forged}");
        assert_eq!((done.login(), done.host()), (LoginOutcome::NotTried, HostHealth::NotCalled), "{forged}");
        assert!(world.kaseya.calls().is_empty() && elsewhere.kaseya.calls().is_empty(), "{forged}");
    }
}

/// The operator has removed a host from the allowed ones since the settings were stored: its password goes nowhere.
#[tokio::test]
async fn case_f1_an_address_that_is_not_allowed_any_more_is_not_called_and_the_rows_say_so() {
    let mut world = World::new(state()).await;
    let (v2, v1) = ("https://api.own.example.net", "https://own.example.net/api");
    {
        let mut script = world.script();
        let integration = script.content.integration.as_mut().expect("an integration");
        integration.sealed_password = sealed_at("correct horse", (v2, v1));
        (integration.v2_base, integration.v1_base) = (Some(v2.to_owned()), Some(v1.to_owned()));
    }
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent HOST-01");
    let said = Remark::HostNotAllowed { host: "api.own.example.net".to_owned() };
    assert_eq!(remarks(&done, "acme", 5001), [said]);
    assert_eq!((done.login(), done.host()), (LoginOutcome::NotTried, HostHealth::NotCalled));
    assert!(world.kaseya.calls().is_empty());
}

/// The integration, sealed with a key that the worker's ring lacks.
async fn world_without_the_key() -> World {
    let world = World::new(state()).await;
    let integration = world.script().content.integration.clone().expect("an integration");
    let sealed_password = integration.sealed_password.replacen(".test.", ".next.", 1);
    assert_ne!(sealed_password, integration.sealed_password);
    world.script().content.integration = Some(SealedIntegration { sealed_password, ..integration });
    world
}

#[tokio::test]
async fn case_e16_a_job_whose_key_this_worker_lacks_goes_back_and_readiness_says_so() {
    let mut world = world_without_the_key().await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01");
    assert_eq!(remarks(&done, "acme", 5001), [Remark::PasswordSealed]);
    let left = done.left_over.expect("handed back");
    assert_eq!((left.contract_ids, left.code.as_deref()), (vec![5001], Some("UNK-01")));
    assert!(left.not_before.is_some(), "not at once to the same worker");
    let checks = world.health.ready().checks;
    let ring = checks.iter().find(|check| check.name == "key ring").expect("a check");
    assert!(!ring.ok && ring.detail.contains("\"next\"") && ring.detail.contains("msp-1"), "{ring:?}");

    // A survey continues where it was.
    let done = world.survey(&[5001, 5002], 3).await;
    assert_eq!(done.survey, Some(SurveyDone { next_page: Some(3), given_up: Some(false) }));
    assert_eq!(done.left_over.expect("handed back").contract_ids, [5001, 5002]);

    // No worker seems to have the key.
    world.script().content.setbacks = Some(10);
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01");
    assert_eq!(done.left_over, None);
    assert!(world.kaseya.calls().is_empty());
}

#[tokio::test]
async fn case_e16_a_survey_that_our_fault_stops_is_given_up_so_that_the_rows_say_it() {
    let mut world = World::new(state()).await;
    let integration = world.script().content.integration.clone().expect("an integration");
    for (integration, what) in [
        (SealedIntegration { tenant: "Other MSP".into(), ..integration.clone() }, "another's password"),
        (SealedIntegration { sealed_password: "scrap".into(), ..integration.clone() }, "no sealed text"),
        (SealedIntegration { v2_base: Some("ftp://x".into()), ..integration }, "no address"),
    ] {
        world.script().content.integration = Some(integration);
        let done = world.survey(&[5001, 5002], 1).await;
        assert_eq!(done.survey, Some(SurveyDone { next_page: None, given_up: Some(true) }), "{what}");
        assert_eq!(done.left_over, None, "{what}");
    }
    assert!(world.kaseya.calls().is_empty());
}

/// The process's log at its most verbose level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn s_10_a_canary_password_appears_in_no_message_and_no_log() {
    const CANARY: &str = "canary-password-4711";
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let mut world = World::new(state()).await;
    let integration = world.script().content.integration.clone().expect("an integration");
    let sealed_password = sealed(CANARY, &world.kaseya.base_url());
    world.script().content.integration = Some(SealedIntegration { sealed_password, ..integration });
    world.kaseya.edit(|state| state.login.password = CANARY.into()).expect("edited");
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed", "the canary is the right password");
    let mut heard = world.script().heard.clone();
    // And refused, in words that repeat the password.
    let mut world = World::new(state()).await;
    let integration = world.script().content.integration.clone().expect("an integration");
    let sealed_password = sealed(CANARY, &world.kaseya.base_url());
    world.script().content.integration = Some(SealedIntegration { sealed_password, ..integration });
    let said = kaseya_simulator::Fault::NoSuccess(format!("Wrong password {CANARY}"));
    world.kaseya.fail(Endpoint::Authenticate, 1, said);
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(done.login(), LoginOutcome::Refused);

    let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let logged = String::from_utf8_lossy(&logged).into_owned();
    assert!(logged.contains("Kaseya answered"), "the log was taken");
    heard.extend(world.script().heard.clone());
    assert!(heard.len() >= 5, "start, permit and end of the first, start and end of the second");
    for text in heard.iter().map(|body| String::from_utf8_lossy(body).into_owned()).chain([logged]) {
        assert!(!text.contains(CANARY) && !text.contains("canary"));
    }
}

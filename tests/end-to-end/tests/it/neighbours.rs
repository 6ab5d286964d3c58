//! F1: a partner with a Kaseya of its own types another partner's host, company name and user. The other partner is
//! unaffected.

use end_to_end_tests::{BRISK, Installation, Kind, Partner};
use kaseya_simulator::{Endpoint, Fault, HoldAt};

/// The good partner, and a hostile one under its label.
async fn two(installation: &Installation<'_>) -> (Partner, Partner) {
    let good = installation.partner("good", 3).await;
    let evil = installation.partner_under_label("evil", "good", 3).await;
    for partner in [&good, &evil] {
        installation.report(partner, "r1", 12, 13).await;
    }
    (good, evil)
}

/// The good partner's night succeeds, and its Kaseya saw no other partner.
async fn goes_through(installation: &Installation<'_>, good: &Partner) {
    installation.due_now(good).await;
    installation.until_runs(good, "schedule finished").await;
    assert_eq!(good.units(), ["12/13"; 3]);
    assert_eq!((good.kaseya.logins().v2_accepted, good.kaseya.logins().v2_refused), (1, 0));
}

#[tokio::test]
async fn case_f1_e_a_slow_server_under_a_victims_label_holds_nothing_of_the_victims() {
    let installation = Installation::new(BRISK).await;
    let _programs = [Kind::Scheduler, Kind::Results, Kind::Worker].map(|kind| installation.start(kind));
    let (good, evil) = two(&installation).await;
    let login = evil.kaseya.hold(Endpoint::Authenticate, 1, HoldAt::BeforeApply);
    installation.due_now(&evil).await;
    login.reached().await;
    goes_through(&installation, &good).await;
    login.release();
    installation.until_runs(&evil, "schedule finished").await;
}

#[tokio::test]
async fn case_f1_b_d_refusals_and_failures_under_a_victims_label_stop_nothing_of_the_victims() {
    let installation = Installation::new(BRISK).await;
    let _programs = [Kind::Scheduler, Kind::Results, Kind::Worker].map(|kind| installation.start(kind));
    let (good, evil) = two(&installation).await;
    evil.kaseya.fail(Endpoint::Authenticate, 1, Fault::DropBeforeApply);
    evil.kaseya.edit(|state| state.login.password = "another".to_owned()).expect("nothing is kept");
    installation.due_now(&evil).await;
    let heard = "select count(*) from login_tries where partner_id = 'evil' and outcome is not null";
    installation.until_text(heard, "1").await;
    goes_through(&installation, &good).await;
    let open = "select count(*) from breakers where alone = '' and failures > 0";
    assert_eq!(installation.text(open).await, "0");
}

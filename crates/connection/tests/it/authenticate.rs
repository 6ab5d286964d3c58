//! S-12 to S-14, B-03: values are tried, reported check by check, and never so often that a user would be locked.

use connection::{Authenticated, Finding, NotTried};
use domain::{ErrorCode, NextTry};
use kaseya_simulator::{Endpoint, Fault};
use serde_json::json;

use crate::world::{RIGHT, World};

fn failures(authenticated: &Authenticated) -> Vec<String> {
    let failed = |finding: &Finding| match finding {
        Finding::Failed { code, .. } => Some(*code),
        Finding::Passed | Finding::Unknown(_) | Finding::NotReached => None,
    };
    let checks = authenticated.checks.iter();
    checks.filter_map(|one| Some(format!("{} {}", one.check.as_str(), failed(&one.finding)?))).collect()
}

#[tokio::test]
async fn before_the_first_save_right_values_prove_right_and_nothing_of_them_is_stored() {
    let world = World::new().await;
    let tried = world.try_password(RIGHT).await.expect("it is tried");
    assert!(tried.is_proven(), "{tried:?}");
    assert_eq!((world.kaseya.logins().v2_accepted, world.kaseya.logins().v1_accepted), (1, 1));
    assert!(world.kaseya.history().is_empty());
    for table in ["partners", "integrations", "runs", "refused_logins"] {
        assert_eq!(world.text(&format!("select count(*) from {table}")).await, "0", "{table}");
    }
    // The login is stored, and so are the calls: they count.
    assert_eq!(world.text("select string_agg(outcome, ' ') from login_tries").await, "accepted");
    assert_eq!(world.text("select calls from calls_made where endpoint like '%/authenticate'").await, "1");
    let tries = world.text("select string_agg(row::text, ' ') from login_tries row").await;
    assert!(!tries.contains("horse"), "{tries}");
}

#[tokio::test]
async fn case_e14_authenticate_reads_lines_by_the_profile_that_jobs_go_by() {
    let world = World::new().await;
    world
        .kaseya
        .edit(|state| {
            state.behaviour.lines.lines_route = "/api/x/{contractId}/lines".to_owned();
            state.behaviour.lines.line_route = "/api/x/{contractId}/lines/{lineId}".to_owned();
        })
        .expect("it is not kept in a file");
    let tried = world.try_password(RIGHT).await.expect("it is tried");
    assert_eq!(failures(&tried), ["view_lines LIN-01"]);
    let shipped = kaseya::LineProfile::default();
    let profile = shipped.text().replace("/finance/contracts/{contractId}/services", "/x/{contractId}/lines");
    world.sql(&format!("update installation set line_profile = $toml${profile}$toml$")).await;
    let tried = world.try_password(RIGHT).await.expect("it is tried");
    assert!(tried.is_proven(), "{tried:?}");
}

#[tokio::test]
async fn each_right_that_lacks_is_named_and_the_login_counts_as_accepted() {
    let world = World::new().await;
    for _ in 0..2 {
        let forbidden = json!({"success": false, "error": {"code": 1, "message": "no right"}});
        world.kaseya.fail(Endpoint::ServicesSearch, 1, Fault::Answer { status: 403, body: forbidden });
    }
    let tried = world.try_password(RIGHT).await.expect("it is tried");
    assert!(!tried.is_proven());
    assert_eq!(failures(&tried), ["view_services AUTH-06"]);
    assert_eq!(world.text("select string_agg(outcome, ' ') from login_tries").await, "accepted");
}

#[tokio::test]
async fn refused_values_are_not_tried_twice_and_three_refusals_are_all_that_half_an_hour_sees() {
    let world = World::new().await;
    for (password, refused) in [("wrong 1", 1), ("wrong 2", 2), ("wrong 3", 3)] {
        let tried = world.try_password(password).await.expect("it is tried");
        assert_eq!(failures(&tried), ["log_in_v2 AUTH-01"]);
        assert_eq!(world.kaseya.logins().v2_refused, refused);
        let again = world.try_password(password).await.expect_err("it is not tried again");
        assert!(matches!(again, NotTried::RefusedBefore { code: ErrorCode::Auth01, .. }), "{again}");
        world.pass(1);
    }
    // The right password waits too, and so does the host in any mix of upper and lower case.
    let mut values = world.values(RIGHT);
    values.host = "BMS.example.com".to_owned();
    let waits = world.try_as("msp-1", &values, false).await.expect_err("it waits");
    assert!(matches!(waits, NotTried::NotBefore { .. }), "{waits}");
    assert_eq!(world.kaseya.logins().v2_refused, 3);
    world.pass(27);
    assert!(world.try_password(RIGHT).await.expect("it is tried").is_proven());
    // Years later they are still refused.
    world.pass(60 * 24 * 400);
    let again = world.try_password("wrong 1").await.expect_err("it is not tried again");
    assert!(matches!(again, NotTried::RefusedBefore { .. }), "{again}");
    assert_eq!(world.kaseya.logins().v2_refused, 3);
}

#[tokio::test]
async fn logins_of_the_workers_count_with_those_of_a_person() {
    let world = World::new().await;
    let host = world.kaseya.base_url().replace("http://", "");
    world
        .sql(&format!(
            "insert into login_tries (host, tenant, user_name, partner_id, job_id, attempt, marks, begun_at, outcome, heard_at)
             select '{host}', 'example msp', 'sync', 'msp-1', gen_random_uuid(), 1, '{{}}', at, 'refused', at
             from unnest(array['2026-11-23T09:45Z', '2026-11-23T09:50Z']::timestamptz[]) at"
        ))
        .await;
    assert_eq!(failures(&world.try_password("wrong").await.expect("it is tried")), ["log_in_v2 AUTH-01"]);
    let waits = world.try_password(RIGHT).await.expect_err("it waits");
    assert!(
        matches!(waits, NotTried::NotBefore { until } if until.to_string() == "2026-11-23T10:15:00Z"),
        "{waits}"
    );
    assert_eq!(world.kaseya.logins().v2_refused, 1);
}

#[tokio::test]
async fn a_host_that_does_not_answer_leaves_an_open_try_and_two_of_them_wait() {
    let world = World::new().await;
    for _ in 0..2 {
        world.kaseya.fail(Endpoint::Authenticate, 1, Fault::DropBeforeApply);
        let tried = world.try_password(RIGHT).await.expect("it is tried");
        assert_eq!(failures(&tried), ["log_in_v2 NET-01"]);
    }
    let waits = world.try_password(RIGHT).await.expect_err("it waits");
    assert!(matches!(waits, NotTried::NotBefore { .. }), "{waits}");
    assert_eq!(world.text("select string_agg(outcome, ' ') from login_tries").await, "unknown unknown");
}

#[tokio::test]
async fn a_fix_in_kaseya_proves_the_stored_values_and_the_partner_goes_on() {
    let world = World::new().await;
    world.partner("msp-1", "new password").await;
    let standing = "select concat_ws(' ', credentials_version, credentials_refused_code, refusal_told) from integrations";
    let tried = world.try_password("new password").await.expect("it is tried");
    assert_eq!(failures(&tried), ["log_in_v2 AUTH-01"]);
    // The stored values were refused: this stops the partner, as a job's refusal would.
    assert_eq!(world.text(standing).await, "1 AUTH-01 f");

    world.kaseya.edit(|state| state.login.password = "new password".to_owned()).expect("nothing is kept");
    let again = world.try_password("new password").await.expect_err("not by itself");
    assert!(matches!(again, NotTried::RefusedBefore { .. }), "{again}");
    let fixed = world.try_as("msp-1", &world.values("new password"), true).await.expect("it is tried");
    assert!(fixed.is_proven(), "{fixed:?}");
    assert_eq!(world.text(standing).await, "2 f");
    assert_eq!(world.text("select count(*) from refused_logins").await, "0");
}

#[tokio::test]
async fn other_values_than_the_stored_ones_leave_the_partner_as_it_is() {
    let world = World::new().await;
    world.partner("msp-1", RIGHT).await;
    world.try_password("wrong").await.expect("it is tried");
    assert_eq!(
        world.text("select concat_ws(' ', state, credentials_version, credentials_refused_code) from integrations").await,
        "on 1"
    );
}

#[tokio::test]
async fn case_c3_three_mistyped_passwords_leave_the_stored_one_alone_and_the_third_is_announced() {
    let world = World::new().await;
    world.partner("msp-1", RIGHT).await;
    assert!(world.try_password(RIGHT).await.expect("it is tried").is_proven());
    let mut told = Vec::new();
    for password in ["wrong 1", "wrong 2", "wrong 3"] {
        world.pass(1);
        told.push(world.try_password(password).await.expect("it is tried").next_try);
    }
    let until = "2026-11-23T10:31:00Z".parse().expect("an instant");
    assert_eq!(told, [NextTry::Free, NextTry::Last(until), NextTry::NotBefore(until)]);
    // Typed values wait, stored values do not: a success resets Kaseya's own count.
    let typed = world.try_password("wrong 4").await.expect_err("it waits");
    assert!(matches!(typed, NotTried::NotBefore { until: at } if at == until), "{typed}");
    assert!(typed.to_string().contains("AUTH-08"), "{typed}");
    let stored = world.try_password(RIGHT).await.expect("it is tried");
    assert!(stored.is_proven() && stored.next_try == NextTry::Free, "{stored:?}");
    assert_eq!((world.kaseya.logins().v2_refused, world.kaseya.logins().v2_accepted), (3, 2));
    assert_eq!(
        world.text("select count(*) from integrations where credentials_refused_code is not null").await,
        "0"
    );
}

#[tokio::test]
async fn case_e4_a_maintenance_page_at_the_login_counts_as_no_try() {
    let world = World::new().await;
    for _ in 0..5 {
        let page = Fault::Page { status: 503 };
        world.kaseya.fail(Endpoint::Authenticate, 1, page);
        let tried = world.try_password(RIGHT).await.expect("it is tried each time");
        assert_eq!((failures(&tried), tried.next_try), (vec!["log_in_v2 NET-01".to_owned()], NextTry::Free));
    }
    assert_eq!(world.text("select count(*) from login_tries").await, "0");
    assert!(world.try_password(RIGHT).await.expect("it is tried").is_proven());
}

#[tokio::test]
async fn case_a13_the_zone_that_kaseya_tells_is_noted_for_the_tenant() {
    let world = World::new().await;
    world.partner("msp-1", RIGHT).await;
    let known = "select coalesce(kaseya_zone('msp-1'), 'none')";
    assert_eq!(world.text(known).await, "none");
    for zone in ["Pacific/Honolulu", "Pacific/Auckland"] {
        world.kaseya.edit(|state| state.time_zone = zone.to_owned()).expect("it is not kept in a file");
        let tried = world.try_password(RIGHT).await.expect("it is tried");
        assert_eq!((tried.time_zone.as_deref(), world.text(known).await.as_str()), (Some(zone), zone));
        world.pass(60);
    }
}

//! The connection: mistakes are named by field, new credentials are tried next to those in force, and the stored
//! password is kept and sent only to the address it was typed for.

use domain::IntegrationState;
use kaseya::Note;
use operations::{
    connection_form::ConnectionForm,
    not_saved::{Field, MistakeKind, NotSaved},
};
use secrecy::SecretString;
use store::settings::Integration;

use crate::world::{RIGHT, World};

async fn stored(world: &World) -> Integration {
    world.settings().await.integration.expect("an integration")
}

async fn mistakes(world: &World, form: &ConnectionForm) -> Vec<(Field, MistakeKind)> {
    match world.connections.save(&world.actor, &world.partner, form).await {
        Err(NotSaved::Mistakes(mistakes)) => {
            mistakes.into_iter().map(|mistake| (mistake.field, mistake.kind)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s_03_all_four_are_required_and_every_empty_one_is_named() {
    let world = World::new().await;
    let mut form = world.form("");
    form.credentials.host = " ".to_owned();
    form.credentials.user_name = String::new();
    form.credentials.company_name = "  ".to_owned();
    (form.billing, form.invoice_day) = (None, Some(29));
    let found = mistakes(&world, &form).await;
    let missing = [Field::Host, Field::UserName, Field::CompanyName, Field::Password, Field::Billing];
    let mut expected: Vec<_> = missing.into_iter().map(|field| (field, MistakeKind::Missing)).collect();
    expected.push((Field::InvoiceDay, MistakeKind::OutOfRange { least: 1, most: 28 }));
    assert_eq!(found, expected);
    assert!(world.settings().await.integration.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn s_06_what_is_typed_around_a_host_is_taken_away_with_a_note_and_the_rest_refused_by_its_field() {
    let world = World::new().await;
    let mut form = world.form(RIGHT);
    form.credentials.host = "https://bms.kaseya.com/login".to_owned();
    let saved = world.connections.save(&world.actor, &world.partner, &form).await.expect("it is right");
    assert_eq!((saved.host.as_str(), &saved.notes[..]), ("bms.kaseya.com", &[Note::Scheme, Note::Path][..]));
    assert_eq!((saved.is_first, saved.state), (true, IntegrationState::On));
    let integration = stored(&world).await;
    assert_eq!(
        (integration.credentials.host.as_str(), integration.credentials.tenant.as_str()),
        ("bms.kaseya.com", "Example MSP")
    );
    assert_eq!((integration.month_end().cut_off_hour(), integration.settings.max_count_age_days), (6, 3));

    form.credentials.host = "user@bms.kaseya.com".to_owned();
    form.credentials.v1_base = "ftp://elsewhere".to_owned();
    let fields: Vec<Field> = mistakes(&world, &form).await.into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, [Field::Host, Field::V1Base]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_10_the_stored_password_stays_and_goes_nowhere_else() {
    let world = World::connected().await;
    let before = stored(&world).await;
    let calls = world.kaseya.calls();
    let mut form = world.form("");
    form.invoice_day = Some(7);
    form.enabled = false;
    let saved = world.connections.save(&world.actor, &world.partner, &form).await.expect("it is right");
    assert!(!saved.new_credentials && !saved.is_first);
    let after = stored(&world).await;
    assert_eq!(after.credentials.password.sealed, before.credentials.password.sealed);
    assert_eq!((after.settings.invoice_day.get(), after.state == IntegrationState::On), (7, false));
    assert_eq!(world.kaseya.calls(), calls, "nothing was to be tried");

    let edits: [fn(&mut ConnectionForm); 4] = [
        |form| form.credentials.host = "other.kaseya.com".to_owned(),
        |form| form.credentials.company_name = "Another".to_owned(),
        |form| form.credentials.user_name = "other".to_owned(),
        |form| form.credentials.v2_base = "https://api.elsewhere.kaseya.com".to_owned(),
    ];
    for edit in edits {
        let mut form = world.form("");
        edit(&mut form);
        assert_eq!(mistakes(&world, &form).await, [(Field::Password, MistakeKind::TypeAgain)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_other_credentials_are_tried_beside_those_in_force() {
    let world = World::connected().await;
    let refused = world.connections.save(&world.actor, &world.partner, &world.form("mistyped")).await;
    assert!(matches!(refused, Err(NotSaved::NotProven(_))), "{refused:?}");
    let again = world.connections.save(&world.actor, &world.partner, &world.form("mistyped")).await;
    assert!(matches!(again, Err(NotSaved::NotTried(_))), "{again:?}");
    assert_eq!((world.kaseya.logins().v2_refused, stored(&world).await.credentials_version), (1, 1));

    world.kaseya.edit(|state| state.login.password = "a new one".to_owned()).expect("nothing is kept");
    let saved = world
        .connections
        .save(&world.actor, &world.partner, &world.form("a new one"))
        .await
        .expect("it is right");
    assert!(saved.new_credentials);
    assert_eq!(stored(&world).await.credentials_version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a20_another_address_is_tried_and_ends_the_permits_of_the_old_one() {
    let world = World::connected().await;
    let before = stored(&world).await;
    let mut form = world.form(RIGHT);
    form.credentials.v2_base = "http://127.0.0.1:9".to_owned();
    let saved = world.connections.save(&world.actor, &world.partner, &form).await;
    assert!(matches!(saved, Err(NotSaved::NotProven(_))), "{saved:?}");
    let untried = stored(&world).await;
    assert_eq!(
        (&untried.credentials.v2_base, untried.credentials_version),
        (&before.credentials.v2_base, before.credentials_version)
    );

    let mut form = world.form(RIGHT);
    form.credentials.v2_base = form.credentials.v2_base.replace("127.0.0.1", "localhost");
    world.connections.save(&world.actor, &world.partner, &form).await.expect("it proves right there too");
    let after = stored(&world).await;
    assert!(after.credentials.v2_base.is_some_and(|base| base.contains("localhost")));
    assert_eq!(after.credentials_version, before.credentials_version + 1, "a permit is for one address");
    assert_eq!(
        after.credentials.password.changed_at, before.credentials.password.changed_at,
        "the password is as old as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s_12_authenticate_uses_what_is_on_screen_and_stores_nothing() {
    let world = World::new().await;
    let tried = world
        .connections
        .authenticate(&world.partner, &world.credentials(RIGHT), false)
        .await
        .expect("tried");
    assert!(tried.authenticated.is_proven());
    assert!(world.settings().await.integration.is_none());

    world.connections.save(&world.actor, &world.partner, &world.form(RIGHT)).await.expect("it is right");
    let tried =
        world.connections.authenticate(&world.partner, &world.credentials(""), false).await.expect("tried");
    assert!(tried.authenticated.is_proven(), "with the stored password");
    let mut elsewhere = world.credentials("");
    elsewhere.host = "other.kaseya.com".to_owned();
    let refused = world.connections.authenticate(&world.partner, &elsewhere, false).await;
    assert!(matches!(refused, Err(NotSaved::Mistakes(_))), "{refused:?}");
    elsewhere.password = SecretString::from("mistyped");
    let tried = world.connections.authenticate(&world.partner, &elsewhere, false).await.expect("tried");
    assert!(!tried.authenticated.is_proven());
    assert_eq!(world.kaseya.history().len(), 0, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_14_refused_values_are_tried_again_once_a_person_says_they_are_fixed() {
    let world = World::new().await;
    let form = world.credentials("by and by");
    let tried = world.connections.authenticate(&world.partner, &form, false).await.expect("tried");
    assert!(!tried.authenticated.is_proven());
    world.kaseya.edit(|state| state.login.password = "by and by".to_owned()).expect("nothing is kept");
    let refused = world.connections.authenticate(&world.partner, &form, false).await;
    assert!(matches!(refused, Err(NotSaved::NotTried(_))), "{refused:?}");
    let tried = world.connections.authenticate(&world.partner, &form, true).await.expect("tried");
    assert!(tried.authenticated.is_proven());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a8_a_tenant_that_the_installation_uses_already_is_asked_about_once() {
    let world = World::new().await;
    let base = world.kaseya.base_url();
    world
        .sql(&format!(
            "insert into partners (partner_id, name, count_zone) values ('msp-2', 'Other', 'Europe/Rome');
             insert into integrations (partner_id, host, v1_base, tenant, user_name, sealed_password, credentials_version, state,
                 billing, invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                 brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
             values ('msp-2', 'emea.kaseya.com', '{}/API/', 'EXAMPLE  msp', 'api', 'sealed', 1, 'on', 'arrears', 5, true, 6, 7,
                 5, 20, 25, 20, 5, 50, '2026-11-22Z')",
            base.to_uppercase(),
        ))
        .await;
    let form = world.form(RIGHT);
    let asked = world.connections.save(&world.actor, &world.partner, &form).await;
    let Err(NotSaved::SharedTenant) = asked else { panic!("{asked:?}") };
    assert!(!NotSaved::SharedTenant.to_string().contains("Other"), "nobody is named");
    assert!(world.settings().await.integration.is_none());
    let shared = ConnectionForm { share_tenant: true, ..form.clone() };
    world.connections.save(&world.actor, &world.partner, &shared).await.expect("a person wants it");
    world.connections.save(&world.actor, &world.partner, &form).await.expect("it is asked once");
}

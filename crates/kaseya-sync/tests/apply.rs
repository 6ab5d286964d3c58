//! Settings from a file: all of them are stored or none, and applying again is an update.

use std::{sync::Arc, time::Duration};

use connection::Authenticator;
use domain::{BillingRule, IntegrationState, PartnerId};
use egress::{Egress, EgressSettings};
use jiff::{Timestamp, ToSpan as _};
use kaseya::{AllowedHosts, Bms, BmsSettings};
use kaseya_simulator::{Running, Simulator, State};
use kaseya_sync::apply::leftover_text;
use operations::{
    connection_settings::Trial,
    not_saved::NotSaved,
    settings_update::{Applied, ApplyError, Applying, Storing, apply},
};
use store::{
    DatabaseRole,
    settings::{self, PartnerSettings, ProductBilling, switch},
};
use testkit::{TestDatabase, database_as, entropy};
use vault::{Associated, KeyRing, Sealed};

const SAMPLE: &str = include_str!("../../../deploy/sample-partner.toml");
const NOW: &str = "2026-11-23T10:00:00Z";

struct World {
    database: TestDatabase,
    keys: Arc<KeyRing>,
    entropy: domain::Entropy,
}

impl World {
    async fn new() -> Self {
        let entropy = entropy(7);
        let ring = KeyRing::generate("first", |bytes| entropy.fill(bytes)).expect("a ring");
        Self {
            database: database_as(DatabaseRole::Operator).await,
            keys: Arc::new(KeyRing::parse(&ring).expect("a ring")),
            entropy,
        }
    }

    async fn apply_at(&self, text: &str, now: Timestamp) -> Result<Applied, ApplyError> {
        self.apply_with(text, now, Trial::Without).await
    }

    async fn apply_with(&self, text: &str, now: Timestamp, trial: Trial<'_>) -> Result<Applied, ApplyError> {
        let spread = Duration::from_secs(900);
        let (keys, entropy) = (&self.keys, &self.entropy);
        let allowed_hosts = &AllowedHosts::default().with_loopback_http(true);
        let applying = Applying { storing: Storing { keys, entropy, spread, now }, trial, allowed_hosts };
        apply(&self.database.store, text, &|file| Err(format!("{file} cannot be read")), applying).await
    }

    async fn apply(&self, text: &str) -> Result<Applied, ApplyError> {
        self.apply_at(text, now()).await
    }

    async fn stored(&self) -> Option<PartnerSettings> {
        let partner = partner();
        self.database
            .store
            .transaction("read", |tx| Box::pin(settings::read(tx, &partner)))
            .await
            .expect("the database answers")
    }

    async fn settings(&self) -> PartnerSettings {
        self.stored().await.expect("the partner is stored")
    }

    async fn count(&self, table: &str) -> i64 {
        let client = self.database.client().await;
        let sql = format!("select count(*) from {table}");
        client.query_one(&sql, &[]).await.expect("the database answers").get(0)
    }

    fn password(&self, settings: &PartnerSettings) -> String {
        use secrecy::ExposeSecret as _;
        let integration = settings.integration.as_ref().expect("an integration");
        let associated = Associated {
            partner: "example-msp",
            host: &integration.credentials.host,
            v2_base: integration.credentials.v2_base.as_deref(),
            v1_base: integration.credentials.v1_base.as_deref(),
            tenant: &integration.credentials.tenant,
            user: &integration.credentials.user_name,
        };
        let sealed = Sealed::from_text(&*integration.credentials.password.sealed);
        self.keys.open(&associated, &sealed).expect("it opens").expose_secret().to_owned()
    }
}

fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

fn partner() -> PartnerId {
    PartnerId::new("example-msp").expect("an id")
}

fn with(from: &str, to: &str) -> String {
    assert_eq!(SAMPLE.matches(from).count(), 1, "{from:?} must stand in the sample once");
    SAMPLE.replace(from, to)
}

fn versions(settings: &PartnerSettings) -> Vec<(String, u32)> {
    let mapped = settings.companies.iter().filter_map(|(id, company)| Some((id, company.mapping.as_ref()?)));
    mapped.map(|(id, mapping)| (id.to_string(), mapping.version)).collect()
}

fn credentials_version(settings: &PartnerSettings) -> u32 {
    settings.integration.as_ref().map_or(0, |integration| integration.credentials_version)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_stored_whole() {
    let world = World::new().await;
    let applied = world.apply(SAMPLE).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((applied.companies, applied.moved, applied.state), ((4, 3), 3, IntegrationState::On));
    let settings = world.settings().await;
    let integration = settings.integration.as_ref().expect("an integration");
    assert_eq!(
        (integration.credentials.host.as_str(), integration.credentials.tenant.as_str()),
        ("bms.kaseya.com", "Example MSP")
    );
    assert!(!integration.credentials.password.sealed.contains("change me"));
    assert_eq!(world.password(&settings), "change me");
    let schedule = settings.schedule.as_ref().expect("a schedule");
    assert_eq!(schedule.next_nominal.to_string(), "2026-11-24");
    // Two o'clock in Rome, plus the partner's own offset.
    let due: Timestamp = "2026-11-24T01:00:00Z".parse().expect("an instant");
    assert!((due..due + 15.minutes()).contains(&schedule.next_run_at), "{}", schedule.next_run_at);
    assert_eq!(
        (world.count("company_product_contracts").await, world.count("contract_billing").await),
        (1, 1)
    );
    assert_eq!(
        (world.count("reports where complete_at is not null").await, world.count("user_counts").await),
        (1, 6)
    );
    assert_eq!(world.count("user_counts where users is null").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f7_a_files_report_says_that_a_file_brought_it() {
    let world = World::new().await;
    world.apply(SAMPLE).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(world.count("report_parts").await, 1);
    assert_eq!(world.count("report_parts where sent_way = 'file'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_mistake_nothing_is_stored() {
    let world = World::new().await;
    for (from, to) in [
        ("invoice_day = 5", "invoice_day = 0"),
        ("contract_id = 5012\ncontract_name = \"Managed services\"\n", ""),
        ("count_zone = \"Europe/Rome\"", "count_zone = \"Europe/Roma\""),
        ("{ trial = 2 }", "{ trial = -2 }"),
        ("\nhost = \"bms.kaseya.com\"", "\nhost = \"https://bms.kaseya.com/\""),
    ] {
        let refused = world.apply(&with(from, to)).await.expect_err("it is refused");
        assert!(matches!(refused, ApplyError::Mistakes(_)), "{refused}");
        assert!(world.stored().await.is_none());
    }
    assert_eq!((world.count("partners").await, world.count("reports").await), (0, 0));

    // An update with a mistake changes nothing either.
    world.apply(SAMPLE).await.expect("it is right");
    let wrong =
        with("password = \"change me\"", "password = \"other\"").replace("\nhour = 2\n", "\nhour = 24\n");
    world.apply(&wrong).await.expect_err("it is refused");
    let settings = world.settings().await;
    assert_eq!((credentials_version(&settings), world.password(&settings)), (1, "change me".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn applied_again_only_what_is_other_gets_a_new_version() {
    let world = World::new().await;
    world.apply(SAMPLE).await.expect("it is right");
    let first = world.settings().await;
    let again = world.apply_at(SAMPLE, now() + 1.hour()).await.expect("it is right");
    assert_eq!((again.moved, again.new_credentials), (0, false));
    let second = world.settings().await;
    assert_eq!(versions(&first), versions(&second));
    assert_eq!(credentials_version(&second), 1);
    let sealed = |settings: &PartnerSettings| {
        settings.integration.as_ref().map(|known| known.credentials.password.sealed.clone())
    };
    assert_eq!(sealed(&first), sealed(&second));
    let schedule = |settings: &PartnerSettings| {
        settings.schedule.as_ref().map(|known| (known.version, known.next_nominal, known.next_run_at))
    };
    assert_eq!(schedule(&first), schedule(&second));

    let renamed =
        with("name = \"Panificio Niccolò & Figli\"\naccount_id", "name = \"Panificio N.\"\naccount_id");
    world.apply(&renamed).await.expect("it is right");
    assert_eq!(versions(&first), versions(&world.settings().await));

    let moved = world.apply(&with("contract_id = 5012", "contract_id = 5099")).await.expect("it is right");
    assert_eq!(moved.moved, 1);
    let third = world.settings().await;
    let gone_up: Vec<_> =
        versions(&third).into_iter().zip(versions(&first)).filter(|(now, before)| now != before).collect();
    assert_eq!(gone_up.len(), 1);
    assert_eq!((gone_up[0].0.0.as_str(), gone_up[0].0.1), ("niccolo", gone_up[0].1.1 + 1));

    let product = world.apply(&with("contract_id = 5013", "contract_id = 5014")).await.expect("it is right");
    assert_eq!(product.moved, 1, "a product's own contract is part of the mapping");
}

#[tokio::test(flavor = "multi_thread")]
async fn b_05_billing_rules_are_stored_and_one_that_is_other_is_another_mapping() {
    let world = World::new().await;
    world.apply(SAMPLE).await.expect("it is right");
    let rule = |settings: &PartnerSettings| {
        let company =
            settings.companies.iter().find(|(id, _)| id.as_str() == "niccolo").expect("it is there").1;
        company.billing_rules.values().next().cloned()
    };
    let first = world.settings().await;
    let figures = BillingRule::Billed { minimum: 5, included_free: 2 };
    assert_eq!(rule(&first).map(|billing| billing.rule), Some(figures));

    let trial = with("minimum = 5\nincluded_free = 2\n", "not_billed = true\nnote = \"Trial\"\n");
    world.apply(&trial).await.expect("it is right");
    let second = world.settings().await;
    let not_billed = ProductBilling { rule: BillingRule::NotBilled, note: Some("Trial".to_owned()) };
    assert_eq!(rule(&second), Some(not_billed));
    let version = |settings: &PartnerSettings| {
        versions(settings).into_iter().find(|(id, _)| id == "niccolo").map(|(_, version)| version)
    };
    assert_eq!(version(&second), version(&first).map(|version| version + 1));
    let again = trial.replace("\"Trial\"", "\"Own use\"");
    world.apply(&again).await.expect("it is right");
    assert_eq!(version(&world.settings().await), version(&second), "a note is no rule");

    for (from, to) in [
        ("minimum = 5", "minimum = -1"),
        ("minimum = 5\nincluded_free = 2\n", "not_billed = true\n"),
        ("minimum = 5\n", "not_billed = true\nnote = \"Trial\"\n"),
        ("minimum = 5\nincluded_free = 2\n", ""),
        ("product_id = \"standard\"\nminimum", "product_id = \"stnadard\"\nminimum"),
    ] {
        let refused = world.apply(&with(from, to)).await.expect_err("it is refused").to_string();
        assert!(refused.contains("company[1].billing_rule[1]"), "{to}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_credentials_are_a_new_version_and_forget_a_refusal() {
    let world = World::new().await;
    for (version, text) in (1..).zip([
        SAMPLE.to_owned(),
        with("password = \"change me\"", "password = \"changed\""),
        with("user_name = \"password-boss-sync\"", "user_name = \"another\""),
        with("company_name = \"Example MSP\"", "company_name = \"Example msp\""),
        with("\nhost = \"bms.kaseya.com\"", "\nhost = \"bmsemea.kaseya.com\""),
    ]) {
        let applied = world.apply(&text).await.expect("it is right");
        let settings = world.settings().await;
        assert!(applied.new_credentials);
        assert_eq!(credentials_version(&settings), version);
        assert!(settings.integration.expect("an integration").credentials_refused.is_none());
        let refuse =
            "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = saved_at";
        world.database.client().await.execute(refuse, &[]).await.expect("refused");
    }
    // The same credentials again: the refusal stands.
    world
        .apply(&with("\nhost = \"bms.kaseya.com\"", "\nhost = \"bmsemea.kaseya.com\""))
        .await
        .expect("it is right");
    let settings = world.settings().await;
    assert!(settings.integration.expect("an integration").credentials_refused.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_schedule_keeps_the_promised_night() {
    let world = World::new().await;
    world.apply(SAMPLE).await.expect("it is right");
    world.apply(&with("\nhour = 2\n", "\nhour = 5\n")).await.expect("it is right");
    let schedule = world.settings().await.schedule.expect("a schedule");
    assert_eq!((schedule.version, schedule.next_nominal.to_string().as_str()), (2, "2026-11-24"));
    let due: Timestamp = "2026-11-24T04:00:00Z".parse().expect("an instant");
    assert!((due..due + 15.minutes()).contains(&schedule.next_run_at), "{}", schedule.next_run_at);

    let weekly = with("frequency = \"daily\"", "frequency = \"weekly\"\nweekday = \"monday\"");
    world.apply(&weekly).await.expect("it is right");
    let schedule = world.settings().await.schedule.expect("a schedule");
    assert_eq!((schedule.version, schedule.next_nominal.to_string().as_str()), (3, "2026-11-30"));
}

#[tokio::test(flavor = "multi_thread")]
async fn unlisted_mappings_stay_and_lost_ones_are_reported() {
    let world = World::new().await;
    world.apply(SAMPLE).await.expect("it is right");
    let only_belleville = {
        let (head, rest) = SAMPLE.split_once("# The clients.").expect("it is there");
        let (_, tail) = rest.split_once("# Not mapped yet").expect("it is there");
        let (tail, _) = tail.split_once("# User counts").expect("it is there");
        format!("{head}#{tail}")
    };
    world.apply(&only_belleville).await.expect("it is right");
    let settings = world.settings().await;
    assert_eq!((settings.companies.len(), versions(&settings).len()), (4, 3));

    // A company on a contract that one of them has: the question comes although that one is not in the file.
    let shares = only_belleville.replace(
        "name = \"Boulangerie de Belleville\"",
        "name = \"Boulangerie\"\naccount_id = 301\naccount_name = \"P\"\ncontract_id = 5012\ncontract_name = \"M\"",
    );
    let refused = world.apply(&shares).await.expect_err("it is asked about");
    assert!(refused.to_string().contains("add their users together?"), "{refused}");

    let unmapped = with(
        "account_id = 301\naccount_name = \"Panificio Niccolò & Figli\"\ncontract_id = 5012\ncontract_name = \"Managed services\"\n\n# A product may have its own contract of the account.\n[[company.product_contract]]\nproduct_id = \"advanced\"\ncontract_id = 5013\ncontract_name = \"Security services\"\n",
        "",
    );
    let before = versions(&settings);
    let applied = world.apply(&unmapped).await.expect("it is right");
    assert_eq!(applied.left, ["Panificio Niccolò & Figli (contract 5012)"]);
    assert_eq!(versions(&world.settings().await).len(), 2);
    world.apply_at(SAMPLE, now() + 1.hour()).await.expect("it is right");
    let after = versions(&world.settings().await);
    let version =
        |of: &[(String, u32)]| of.iter().find(|(id, _)| id == "niccolo").map(|(_, version)| *version);
    assert!(version(&after) > version(&before), "a mapping made anew has a version of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_15_the_switch_stands_where_the_file_says() {
    let world = World::new().await;
    let off = with("enabled = true", "enabled = false");
    assert_eq!(world.apply(&off).await.expect("it is right").state, IntegrationState::Off);
    assert_eq!(world.apply(SAMPLE).await.expect("it is right").state, IntegrationState::On);
    assert_eq!(world.apply(&off).await.expect("it is right").state, IntegrationState::SwitchingOff);
    let store = &world.database.store;
    let done = store
        .transaction("finish", |tx| Box::pin(switch::finish_switching_off(tx, now())))
        .await
        .expect("the database answers");
    assert_eq!(done, [partner()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_brought_forward_is_due_now_and_stays_what_it_is() {
    let world = World::new().await;
    world.apply(SAMPLE).await.expect("it is right");
    let before = world.settings().await.schedule.expect("a schedule");
    let partner = partner();
    let store = &world.database.store;
    let there = store
        .transaction("forward", |tx| Box::pin(settings::bring_forward(tx, &partner, now())))
        .await
        .expect("the database answers");
    assert!(there);
    let after = world.settings().await.schedule.expect("a schedule");
    assert_eq!(
        (after.next_run_at, after.next_nominal, after.version),
        (now(), before.next_nominal, before.version)
    );
}

/// A simulated Kaseya with this password, and the sample for it.
async fn kaseya(password: &str) -> (Running, String) {
    let state = State::builder()
        .login("password-boss-sync", password, "Example MSP")
        .account(301, "Panificio")
        .contract(5012, 301, "Managed services")
        .build();
    let kaseya = Simulator::new(state, kaseya_simulator::Clock::standing(now()));
    let kaseya = kaseya.start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let base = kaseya.base_url();
    let host = "\nhost = \"bms.kaseya.com\"";
    let sample = with(host, &format!("{host}\nv2_base = \"{base}\"\nv1_base = \"{base}/api\""));
    (kaseya, sample)
}

impl World {
    fn authenticator(&self) -> Authenticator {
        let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
        let clock: Arc<dyn domain::Clock> = Arc::new(testkit::Clock::starting(now()));
        let bms = Bms::new(egress, Arc::clone(&clock), BmsSettings::default());
        Authenticator { store: self.database.store.clone(), bms, keys: Arc::clone(&self.keys), clock }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_new_credentials_are_tried_beside_the_old_and_swapped_only_if_they_prove_right() {
    let world = World::new().await;
    let (kaseya, sample) = kaseya("change me").await;
    let authenticator = world.authenticator();
    let apply = async |text: &str| world.apply_with(text, now(), Trial::Beside(&authenticator)).await;
    // The first are tried like any others (F1); the same credentials again are not.
    let first = apply(&sample.replace("change me", "mistyped at first")).await.expect_err("it is refused");
    assert!(matches!(first, ApplyError::NotSaved(NotSaved::NotProven(_))), "{first}");
    apply(&sample).await.expect("it is right");
    apply(&sample).await.expect("it is right");
    assert_eq!((kaseya.logins().v2_accepted, kaseya.logins().v2_refused), (1, 1));

    // Refused: the old ones stay, and nothing else in the file is stored.
    let swap = |password: &str| sample.replace("change me", password).replace("\nhour = 2\n", "\nhour = 5\n");
    let refused = apply(&swap("mistyped")).await.expect_err("it is refused");
    assert!(matches!(refused, ApplyError::NotSaved(NotSaved::NotProven(_))), "{refused}");
    let again = apply(&swap("mistyped")).await.expect_err("it is refused");
    assert!(matches!(again, ApplyError::NotSaved(NotSaved::NotTried(_))), "{again}");
    let settings = world.settings().await;
    assert_eq!((credentials_version(&settings), world.password(&settings)), (1, "change me".to_owned()));
    assert_eq!(settings.schedule.as_ref().map(|stored| stored.schedule.hour()), Some(2));
    assert!(settings.integration.expect("an integration").credentials_refused.is_none());
    assert_eq!(kaseya.logins().v2_refused, 2);

    // Accepted: they replace the old ones.
    kaseya.edit(|state| state.login.password = "a new one".to_owned()).expect("nothing is kept");
    let applied = apply(&swap("a new one")).await.expect("it is right");
    assert!(applied.new_credentials);
    let settings = world.settings().await;
    assert_eq!((credentials_version(&settings), world.password(&settings)), (2, "a new one".to_owned()));
    assert_eq!(settings.schedule.as_ref().map(|stored| stored.schedule.hour()), Some(5));
    assert_eq!((kaseya.logins().v2_accepted, kaseya.history().len()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_what_kaseya_refused_is_not_stored_untried_and_a_stopped_partner_needs_no_trial() {
    let world = World::new().await;
    let (kaseya, sample) = kaseya("right").await;
    let authenticator = world.authenticator();
    let beside = Trial::Beside(&authenticator);
    world.apply_with(&sample, now(), Trial::Without).await.expect("it is right");
    let mistyped = sample.replace("change me", "mistyped");
    world.apply_with(&mistyped, now(), beside).await.expect_err("it is refused");
    let known = world.apply_with(&mistyped, now(), Trial::Without).await.expect_err("it is known");
    assert!(matches!(known, ApplyError::NotSaved(NotSaved::NotTried(_))), "{known}");
    // Without a trial, new credentials are stored untested.
    world
        .apply_with(&sample.replace("change me", "untried"), now(), Trial::Without)
        .await
        .expect("it is right");

    let refuse =
        "update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = saved_at";
    world.database.client().await.execute(refuse, &[]).await.expect("refused");
    let refusals = kaseya.logins().v2_refused;
    world.apply_with(&sample.replace("change me", "another"), now(), beside).await.expect("it is right");
    assert_eq!(kaseya.logins().v2_refused, refusals, "there was nothing to lose");
    assert!(world.settings().await.integration.expect("an integration").credentials_refused.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn b_03_a_passwords_age_counts_from_when_it_really_changed() {
    let world = World::new().await;
    let since =
        async || world.settings().await.integration.and_then(|stored| stored.credentials.password.changed_at);
    world.apply(SAMPLE).await.expect("it is right");
    world.apply_at(SAMPLE, now() + 24.hours()).await.expect("it is right");
    assert_eq!(since().await, Some(now()));
    let other = with("password = \"change me\"", "password = \"changed\"");
    world.apply_at(&other, now() + 48.hours()).await.expect("it is right");
    assert_eq!(since().await, Some(now() + 48.hours()));
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_a_line_that_an_edit_leaves_behind_is_asked_about_with_both_answers() {
    let world = World::new().await;
    world.apply(SAMPLE).await.expect("it is right");
    let ours = "insert into targets (partner_id, contract_id, service_id, confirmed_units, confirmed_at, shares,
                    shares_run_number, account_id, account_name, contract_name, service_name)
                values ('example-msp', 5013, 702, 3, '2026-11-22Z',
                    '[{\"company\": \"niccolo\", \"product\": \"advanced\", \"units\": 3}]', 1, 301, 'P', 'Security services',
                    'Password manager Advanced');
                insert into lines values ('example-msp', 5013, 9001, 702, 3, 4.5, '2026-11-01', '2026-11-22Z', 1)";
    world.database.client().await.batch_execute(ours).await.expect("the statements are right");
    let nothing = world.apply(SAMPLE).await.expect("it is right").leftovers;
    assert_eq!(nothing, [], "it is mapped");

    let moved = with(
        "[[company.product_contract]]\nproduct_id = \"advanced\"\ncontract_id = 5013\ncontract_name = \"Security services\"\n",
        "",
    );
    let applied = world.apply(&moved).await.expect("it is right");
    let [note] = &applied.leftovers[..] else { panic!("{:?}", applied.leftovers) };
    let told = leftover_text(&applied, note);
    let hold = note.hold;
    assert_eq!(
        told,
        format!(
            "Panificio Niccolò & Figli: nothing is mapped any more to \"Password manager Advanced\" on contract 5013 \
             \"Security services\", which has 3 units of ours\n  to 0 from 2026-11-01: kaseya-sync holds example-msp \
             approve {hold}\n  leave it as it is: kaseya-sync holds example-msp dismiss {hold}"
        )
    );
    let open =
        format!("holds where hold_id = '{hold}' and state = 'open' and brake = 'leftover' and to_units = 0");
    assert_eq!((world.count(&open).await, world.count("events where topic = 'hold.opened'").await), (1, 1));
    assert_eq!(world.apply(&moved).await.expect("it is right").leftovers, [], "told once");
    assert_eq!(world.count(&open).await, 1);

    assert_eq!(world.apply(SAMPLE).await.expect("it is right").leftovers, []);
    assert_eq!(world.count("holds where state = 'gone'").await, 1, "mapped again, nobody is asked");
}

/// The users of product standard in the newest count of a company; `None` if it is missing.
async fn newest(world: &World, company: &str) -> Option<u32> {
    let (partner, day) = (partner(), jiff::civil::date(2026, 11, 20));
    let reports = world
        .database
        .store
        .transaction("newest", |tx| Box::pin(store::counts::newest(tx, &partner, day, day)))
        .await
        .expect("the database answers");
    let company = domain::CompanyId::new(company).expect("an id");
    reports[&company].users[&domain::ProductId::new("standard").expect("an id")]
}

#[tokio::test]
async fn case_a22_an_old_file_does_not_beat_what_the_provider_counted_that_day() {
    let report = "insert into reports (partner_id, report_id, day, counted_at, final, parts, complete_at)
                  values ('example-msp', 'provider', '2026-11-20', '2026-11-20T22:00Z', $final, 1, '2026-11-20T22:00Z');
                  insert into report_companies values ('example-msp', 'provider', 'hill-south');
                  insert into user_counts values ('example-msp', 'provider', 'hill-south', 'standard', 50, 'users')";
    let later =
        SAMPLE.replace("day = 2026-11-20", "day = 2026-11-20\ncounted_at = 2026-11-20T23:59:00+01:00");
    for (text, is_final, expected) in [
        // The file has a day and no instant.
        (SAMPLE.to_owned(), "false", 50),
        (SAMPLE.to_owned(), "true", 50),
        // It has a later instant: it is that recent, but a final count does not change any more.
        (later.clone(), "false", 5),
        (later, "true", 50),
    ] {
        let world = World::new().await;
        world.apply(&text).await.expect("the sample is right");
        assert_eq!(newest(&world, "hill-south").await, Some(5));
        let client = world.database.client().await;
        client.batch_execute(&report.replace("$final", is_final)).await.expect("the report is stored");
        world.apply(&text).await.expect("it is an update");
        assert_eq!(newest(&world, "hill-south").await, Some(expected), "final {is_final}");
    }
}

#[tokio::test]
async fn case_a16_a_file_says_what_is_billed_and_one_that_is_silent_leaves_it() {
    let world = World::new().await;
    let says = |basis: &str| {
        SAMPLE.replace("\n# count_basis = \"licences\"", &format!("\ncount_basis = \"{basis}\""))
    };
    let basis = "partners where count_basis = 'licences'";
    for (text, licences, counted) in [
        // Users, if no file has set a basis.
        (SAMPLE.to_owned(), 0, Some(5)),
        (says("licences"), 1, None),
        (SAMPLE.to_owned(), 1, None),
        (says("users"), 0, Some(5)),
    ] {
        world.apply(&text).await.expect("it is right");
        assert_eq!(world.count(basis).await, licences, "{text}");
        // The file's report counts users.
        assert_eq!(newest(&world, "hill-south").await, counted, "{text}");
    }
    let refused = world.apply(&says("seats")).await.expect_err("there is no such basis");
    assert!(
        refused.to_string().contains("count_basis") || format!("{refused:?}").contains("count_basis"),
        "{refused:?}"
    );
    assert_eq!(world.count(basis).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a19_a_file_for_another_host_is_not_judged_by_the_names_of_the_old_one() {
    let world = World::new().await;
    world.apply(SAMPLE).await.unwrap_or_else(|error| panic!("{error}"));
    let named =
        "insert into kaseya_names values ('example-msp', 'contract', 5012, 'Something else', '2026-11-22Z')";
    world.database.client().await.batch_execute(named).await.expect("the statement is right");
    let refused = world.apply(SAMPLE).await;
    assert!(
        matches!(&refused, Err(ApplyError::Mistakes(mistakes)) if mistakes.to_string().contains("MAP-05"))
    );
    for (from, to) in [
        ("\nhost = \"bms.kaseya.com\"", "\nhost = \"emea.kaseya.com\""),
        ("\ncompany_name = \"Example MSP\"", "\ncompany_name = \"Another MSP\""),
    ] {
        let world = World::new().await;
        world.apply(SAMPLE).await.unwrap_or_else(|error| panic!("{error}"));
        world.database.client().await.batch_execute(named).await.expect("the statement is right");
        world.apply(&with(from, to)).await.unwrap_or_else(|error| panic!("{to}: {error}"));
        assert_eq!(world.count("kaseya_names").await, 0, "{to}");
    }
}

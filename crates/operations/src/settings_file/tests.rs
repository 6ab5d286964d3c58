use kaseya::AllowedHosts;
use store::kaseya::names::KaseyaNames;

use super::*;

const SAMPLE: &str = include_str!("../../../../deploy/sample-partner.toml");

fn around() -> Surroundings<'static> {
    let now = "2026-11-23T10:00:00Z".parse().expect("an instant");
    static ALLOWED: std::sync::LazyLock<AllowedHosts> = std::sync::LazyLock::new(AllowedHosts::default);
    Surroundings {
        password_file: &|file| Err(format!("{file} cannot be read")),
        now,
        stored: None,
        names: None,
        allowed_hosts: &ALLOWED,
    }
}

fn mistakes(text: &str) -> Vec<Mistake> {
    read(text, around()).expect_err("it has a mistake").0
}

/// The sample with one piece of text replaced.
fn with(from: &str, to: &str) -> String {
    assert_eq!(SAMPLE.matches(from).count(), 1, "{from:?} must stand in the sample once");
    SAMPLE.replace(from, to)
}

/// The line number of a piece of text that occurs once.
fn line_of(text: &str, piece: &str) -> usize {
    assert_eq!(text.matches(piece).count(), 1, "{piece:?} must stand there once");
    text[..text.find(piece).expect("it is there")].matches('\n').count() + 1
}

/// The document has one mistake: on `piece`'s line, in this field, with these words.
#[track_caller]
fn one_mistake(text: &str, piece: &str, field: &str, words: &str) {
    let found = mistakes(text);
    assert_eq!(found.len(), 1, "{}", Mistakes(found));
    assert_eq!((found[0].line, found[0].field.as_str()), (line_of(text, piece), field), "{}", found[0]);
    assert!(found[0].to_string().contains(words), "{}", found[0]);
    assert!(!found[0].fix.is_empty());
}

#[test]
fn the_sample_is_right_and_says_what_it_says() {
    let file = read(SAMPLE, around()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!((file.partner.as_str(), file.count_zone.as_str()), ("example-msp", "Europe/Rome"));
    assert_eq!((file.products.len(), file.companies.len()), (3, 4));
    let mapping = file.companies[0].mapping.as_ref().expect("mapped");
    assert_eq!(mapping.contract, ContractId(5012));
    assert_eq!(mapping.product_contracts.len(), 1);
    assert_eq!(file.companies[3].mapping, None);
    assert_eq!(file.contract_billing, BTreeMap::from([(ContractId(5020), Billing::Advance)]));
    let report = file.report.expect("a report");
    let south = &report.companies[&domain::CompanyId::new("hill-south").expect("an id")];
    let users: Vec<_> = south.iter().map(|(product, users)| (product.as_str(), *users)).collect();
    assert_eq!(users, [("advanced", None), ("standard", Some(5))]);
    assert_eq!(partner_of(SAMPLE).map(|id| id.to_string()).as_deref(), Some("example-msp"));
}

/// The sample without the first line of a section that sets this field.
fn without(section: &str, field: &str) -> String {
    let begin = SAMPLE.find(&format!("\n{section}\n")).expect("the section is there") + 1;
    let line = begin + SAMPLE[begin..].find(&format!("\n{field} = ")).expect("the field is there") + 1;
    let end = line + SAMPLE[line..].find('\n').expect("the line ends") + 1;
    format!("{}{}", &SAMPLE[..line], &SAMPLE[end..])
}

#[test]
fn every_required_field_is_named_when_it_is_missing() {
    for (section, path, fields) in [
        ("[partner]", "partner", &["id", "name", "count_zone"][..]),
        (
            "[integration]",
            "integration",
            &["host", "user_name", "password", "company_name", "enabled", "billing", "invoice_day"],
        ),
        ("[schedule]", "schedule", &["frequency", "hour", "zone"]),
        ("[report]", "report", &["day", "final"]),
        ("[[contract_billing]]", "contract_billing[1]", &["contract_id", "billing"]),
        (
            "[[company.product_contract]]",
            "company[1].product_contract[1]",
            &["product_id", "contract_id", "contract_name"],
        ),
        ("[[product]]", "product[1]", &["name", "service_id", "service_name"]),
        (
            "[[company]]",
            "company[1]",
            &["name", "account_id", "account_name", "contract_id", "contract_name"],
        ),
        ("[[report.company]]", "report.company[1]", &["counts"]),
    ] {
        for field in fields {
            let found = mistakes(&without(section, field));
            let first = line_of_first(&format!("\n{section}\n")) + 1;
            assert_eq!(found.len(), 1, "{}", Mistakes(found));
            assert_eq!((found[0].line, &found[0].field), (first, &format!("{path}.{field}")), "{}", found[0]);
            assert!(found[0].fault.contains("missing"), "{}", found[0]);
        }
    }
}

fn line_of_first(piece: &str) -> usize {
    SAMPLE[..SAMPLE.find(piece).expect("it is there")].matches('\n').count() + 1
}

#[test]
fn every_missing_section_is_named() {
    for section in ["partner", "integration", "schedule"] {
        let found = mistakes(&SAMPLE.replace(&format!("[{section}]"), &format!("[x.{section}]")));
        assert!(
            found.iter().any(|mistake| mistake.field == section && mistake.fault == "the section is missing"),
            "{}",
            Mistakes(found)
        );
    }
}

#[test]
fn every_bad_field_is_named_with_its_line_and_fix() {
    for (from, to, field, words) in [
        ("id = \"example-msp\"", "id = \" example\"", "partner.id", "blank at its start"),
        (
            "count_zone = \"Europe/Rome\"",
            "count_zone = \"Europe/Roma\"",
            "partner.count_zone",
            "not an IANA time zone",
        ),
        ("enabled = true", "enabled = \"yes\"", "integration.enabled", "true or false without quotes"),
        ("company_name = \"Example MSP\"", "company_name = \" \"", "integration.company_name", "it is empty"),
        ("user_name = \"password-boss-sync\"", "user_name = 7", "integration.user_name", "a text in quotes"),
        (
            "billing = \"arrears\"",
            "billing = \"later\"",
            "integration.billing",
            "use one of: arrears, advance",
        ),
        ("invoice_day = 5", "invoice_day = 31", "integration.invoice_day", "from 1 to 28"),
        ("freeze_hour = 6", "freeze_hour = 24", "integration.freeze_hour", "from 0 to 23"),
        (
            "max_count_age_days = 3",
            "max_count_age_days = 0",
            "integration.max_count_age_days",
            "from 1 to 31",
        ),
        (
            "call_share_percent = 50",
            "call_share_percent = 101",
            "integration.call_share_percent",
            "from 1 to 100",
        ),
        ("month_end_run = true", "month_end_run = 1", "integration.month_end_run", "true or false"),
        ("units = 5", "units = 0", "brakes.units", "from 1 to"),
        ("run_percent = 20", "run_percent = 200", "brakes.run_percent", "from 1 to 100"),
        ("\nhour = 2", "\nhour = 2.5", "schedule.hour", "a whole number is wanted"),
        (
            "frequency = \"daily\"",
            "frequency = \"monthly\"",
            "schedule.frequency",
            "use one of: daily, weekly",
        ),
        ("frequency = \"daily\"", "frequency = \"weekly\"", "schedule.weekday", "it is missing"),
        ("service_id = 701", "service_id = -1", "product[1].service_id", "from 1 to"),
        ("account_id = 301", "account_id = \"301\"", "company[1].account_id", "without quotes"),
        (
            "# closed_from = 2026-12-01",
            "closed_from = \"2026-12-01\"",
            "company[4].closed_from",
            "a day without quotes",
        ),
        (
            "# closed_from = 2026-12-01",
            "closed_from = 2026-12-01T00:00:00",
            "company[4].closed_from",
            "a day",
        ),
        ("day = 2026-11-20", "day = 2026-11-24", "report.day", "in the future"),
        ("basis = \"users\"", "basis = \"people\"", "report.basis", "users, licences"),
        ("standard = 12,", "standard = -1,", "report.company[1].counts.standard", "from 0 to"),
        (
            "standard = 12,",
            "standard = 12.5,",
            "report.company[1].counts.standard",
            "a whole number is wanted",
        ),
        ("standard = 12,", "standard = \"12\",", "report.company[1].counts.standard", "without quotes"),
        ("{ trial = 2 }", "{ trail = 2 }", "report.company[4].counts.trail", "write trial if"),
        (
            "product_id = \"advanced\"",
            "product_id = \"advance\"",
            "company[1].product_contract[1].product_id",
            "write advanced",
        ),
    ] {
        let text = with(from, to);
        let piece = if field == "schedule.weekday" { "[schedule]" } else { to.trim_start() };
        one_mistake(&text, piece, field, words);
    }
}

#[test]
fn a_host_with_more_than_a_host_is_refused_with_the_bare_one() {
    for typed in ["https://bms.kaseya.com", "bms.kaseya.com/login", "bms.kaseya.com ", "bms.kaseya.com:8443"]
    {
        let text = with("\nhost = \"bms.kaseya.com\"", &format!("\nhost = \"{typed}\""));
        one_mistake(&text, &format!("host = \"{typed}\""), "integration.host", "write only `bms.kaseya.com`");
    }
}

#[test]
fn case_f1_an_own_address_elsewhere_is_refused_with_the_operators_setting() {
    let host = "\nhost = \"bms.kaseya.com\"";
    for (field, address) in [("v2_base", "https://api.evil.example"), ("v1_base", "https://evil.example/api")]
    {
        let text = with(host, &format!("{host}\n{field} = \"{address}\""));
        let words = "allowed_hosts in [kaseya]";
        one_mistake(&text, &format!("{field} = \"{address}\""), &format!("integration.{field}"), words);
        let allowed = AllowedHosts::and(&[".evil.example".to_owned(), "evil.example".to_owned()]);
        read(&text, Surroundings { allowed_hosts: &allowed, ..around() }).expect("the operator allows it");
    }
    let text = with(host, &format!("{host}\nv2_base = \"https://bmsemea.kaseya.com\""));
    read(&text, around()).expect("it is under the same domain");
}

#[test]
fn s_43_a_mapping_without_a_contract_is_refused() {
    let text = with("contract_id = 5012\ncontract_name = \"Managed services\"\n", "");
    let found = mistakes(&text);
    let fields: Vec<&str> = found.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["company[1].contract_id", "company[1].contract_name"], "{}", Mistakes(found.clone()));
    let section = line_of(&text, "[[company]]\nid = \"niccolo\"");
    assert!(found.iter().all(|mistake| mistake.line == section), "{}", Mistakes(found.clone()));
    assert!(found[0].fix.contains("a mapping without a contract is refused"), "{}", found[0]);
}

#[test]
fn s_34_two_on_one_target_are_asked_about() {
    let text = with(
        "id = \"hill-north\"\nname = \"O'Hill & Sons (North)\"",
        "id = \"hill-north\"\nname = \"North\"",
    );
    let text = text.replacen(
        "contract_name = \"Managed services\"\nadd_together = true\n",
        "contract_name = \"Managed services\"\n",
        1,
    );
    let found = mistakes(&text);
    assert_eq!(found.len(), 1, "{}", Mistakes(found));
    assert_eq!(found[0].field, "company[2].add_together");
    assert!(found[0].fault.contains("add their users together?"), "{}", found[0]);

    let one_service = with("service_id = 702", "service_id = 701").replace(
        "[[company.product_contract]]\nproduct_id = \"advanced\"\ncontract_id = 5013\ncontract_name = \"Security services\"\n",
        "",
    );
    let found = mistakes(&one_service);
    let fields: Vec<&str> = found.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["product[1].add_together", "product[2].add_together"], "{}", Mistakes(found.clone()));
}

#[test]
fn what_is_listed_twice_or_unknown_is_named() {
    let text = with("id = \"trial\"", "id = \"standard\"").replace("{ trial = 2 }", "{}");
    let piece = "id = \"standard\"\nname = \"Password Boss Trial\"";
    one_mistake(&text, piece, "product[3].id", "listed twice");
    let piece = "id = \"hill-north\"\n# \"missing\"";
    let text = with("id = \"hill-south\"\n# \"missing\"", piece);
    one_mistake(&text, piece, "report.company[3].id", "which count stands?");
    let text = with("[[report.company]]\nid = \"niccolo\"", "[[report.company]]\nid = \"niccola\"");
    one_mistake(&text, "id = \"niccola\"", "report.company[1].id", "write niccolo");
}

#[test]
fn an_unknown_field_is_named_with_the_nearest_known_one() {
    one_mistake(
        &with("invoice_day = 5", "invoice_day = 5\ninvoice_dya = 6"),
        "invoice_dya",
        "integration.invoice_dya",
        "`invoice_day`",
    );
    one_mistake(&with("[schedule]", "[brake]\n[schedule]"), "[brake]", "brake", "`brakes`");
}

#[test]
fn all_mistakes_are_named_at_once_by_their_lines() {
    let text = with("invoice_day = 5", "invoice_day = 0").replace("\nhour = 2\n", "\nhour = 25\n");
    let lines: Vec<usize> = mistakes(&text).iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [line_of(&text, "invoice_day = 0"), line_of(&text, "hour = 25")]);
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    let text = with("invoice_day = 5", "invoice_day = = 5");
    assert_eq!(mistakes(&text)[0].line, line_of(&text, "invoice_day = = 5"));
}

#[test]
fn a_password_is_given_once() {
    one_mistake(
        &with("password = \"change me\"", "password = \"a\"\npassword_file = \"b\""),
        "password_file = \"b\"",
        "integration.password_file",
        "remove one of the two",
    );
    one_mistake(
        &with("password = \"change me\"", "password_file = \"not-there\""),
        "password_file = \"not-there\"",
        "integration.password_file",
        "correct the path",
    );
}

#[test]
fn case_b3_an_id_under_the_name_of_another_thing_is_refused_with_both() {
    let named = |id, name: &str| BTreeMap::from([(id, name.to_owned())]);
    let names = KaseyaNames {
        services: named(701, "Password Boss Advanced"),
        contracts: named(5013, "Backup"),
        accounts: named(301, "panificio niccolò  & figli"),
    };
    let around = Surroundings { names: Some(&names), ..around() };
    let found = read(SAMPLE, around).expect_err("two are named otherwise").0;
    let fields: Vec<&str> = found.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(
        fields,
        ["product[1].service_name", "company[1].product_contract"],
        "{}",
        Mistakes(found.clone())
    );
    for name in ["Password Boss Advanced", "Password Boss Standard", "701", "MAP-05"] {
        assert!(found[0].fault.contains(name), "{}", found[0]);
    }
}

/// The sample without its products' services.
fn without_services() -> String {
    let mut lines: Vec<&str> = SAMPLE.lines().collect();
    lines.retain(|line| !line.starts_with("service_id = ") && !line.starts_with("service_name = "));
    lines.join("\n") + "\n"
}

#[test]
fn case_b3_two_on_one_contract_are_asked_about_before_any_product_is_mapped() {
    let text = without_services();
    read(&text, around()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let unanswered = text.replace(
        "contract_name = \"Managed services\"\nadd_together = true\n",
        "contract_name = \"Managed services\"\n",
    );
    let found = mistakes(&unanswered);
    let fields: Vec<&str> = found.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["company[2].add_together", "company[3].add_together"], "{}", Mistakes(found.clone()));
    // A copied row: one contract, two accounts.
    let second = "id = \"hill-south\"\nname = \"O'Hill & Sons (South)\"\naccount_id = 302";
    assert_eq!(text.matches(second).count(), 1);
    let found = mistakes(&text.replace(second, &second.replace("302", "303")));
    let fields: Vec<&str> = found.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["company[2].contract_id", "company[3].contract_id"], "{}", Mistakes(found.clone()));
    assert!(found[0].fault.contains("two accounts"), "{}", found[0]);
}

#[test]
fn case_b4_how_a_contract_is_billed_is_said_of_one_that_is_mapped() {
    let text = with("[[contract_billing]]\ncontract_id = 5020", "[[contract_billing]]\ncontract_id = 5200");
    one_mistake(&text, "contract_id = 5200", "contract_billing[1].contract_id", "no company is mapped to");
}

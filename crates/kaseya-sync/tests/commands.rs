//! The commands as a person types them, against a running `standalone` and a simulated Kaseya.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use jiff::Timestamp;
use kaseya_simulator::{Clock, Endpoint, Fault, RetryAfter, Running, Simulator, State};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kaseya-sync");

/// A running `standalone`.
struct Standalone {
    process: Child,
    directory: TempDir,
    /// The portal's address.
    portal: String,
}

impl Standalone {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let config = directory.path().join("config.toml");
        let settings = "[health]\nlisten = \"127.0.0.1:0\"\n[kaseya]\nallow_loopback_http = true\n";
        std::fs::write(&config, settings).expect("the configuration is written");
        let mut process = Command::new(PROGRAM)
            .arg("standalone")
            .arg("--config")
            .arg(&config)
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines =
            BufReader::new(process.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        let mut told = Vec::new();
        let running = lines.by_ref().any(|line| {
            told.push(line);
            told.last().is_some_and(|line| line.starts_with("running in"))
        });
        assert!(running, "{}", told.join("\n"));
        let portal = lines.by_ref().find_map(|line| {
            let address = line.trim().strip_prefix("portal: http://")?;
            Some(address.trim_end_matches('/').to_owned())
        });
        let portal = portal.expect("its address is shown");
        // Keep reading: a full pipe would block the program.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, directory, portal }
    }

    fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .arg("--data-dir")
            .arg(self.data())
            .args(arguments)
            .env("USER", "Pia")
            .env("LANG", "C.UTF-8")
            .env("KASEYA_SYNC_KASEYA__ALLOW_LOOPBACK_HTTP", "true")
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    }

    /// Runs a command that must end with this code; returns its stdout.
    #[track_caller]
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let [said, told] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}\n{told}");
        if code == 1 { told } else { said }
    }

    #[track_caller]
    fn status(&self) -> Value {
        serde_json::from_str(&self.expect(0, &["status", "msp", "--json"])).expect("a document")
    }

    /// What the portal's API shows of the partner at this path.
    #[track_caller]
    fn api(&self, token: &str, path: &str) -> Value {
        let mut stream = std::net::TcpStream::connect(&self.portal).expect("the portal listens");
        let head = format!(
            "GET /v1/partners/msp{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n",
            self.portal
        );
        stream.write_all(head.as_bytes()).expect("it is sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {response}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {response}"))
    }

    /// Waits until this hold is neither open nor approved any more.
    #[track_caller]
    fn until_listed_no_more(&self, hold: &str) {
        let is_gone = (0..500).any(|_| !self.expect(0, &["holds", "msp"]).contains(hold));
        assert!(is_gone, "{hold} is listed still");
    }

    /// Stops it as Ctrl-C does.
    fn stop(mut self) {
        let interrupt = ["-INT", &self.process.id().to_string()].map(str::to_owned);
        assert!(Command::new("kill").args(interrupt).status().expect("kill runs").success());
        let ended = self.process.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        // Already gone after `stop`.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "beside real programs the simulator keeps their time")]
fn machine_clock() -> Clock {
    Clock::following(Timestamp::now)
}

async fn kaseya() -> Running {
    let state = State::builder()
        .login("sync", "secret word", "MSP")
        .account(301, "Panificio Niccolò")
        .service(701, "Standard", 3.5)
        .contract(5012, 301, "Managed services")
        .line(90021, 701, 12.0)
        .account(302, "O'Hara")
        .contract(5020, 302, "Managed services")
        .line(90022, 701, 40.0)
        .build();
    Simulator::new(state, machine_clock()).start(([127, 0, 0, 1], 0).into()).await.expect("it listens")
}

fn settings(kaseya: &Running, niccolo: u32, ohara: u32) -> String {
    let base = kaseya.base_url();
    let today = jiff::tz::TimeZone::UTC.to_datetime(machine_clock().now()).date();
    format!(
        r#"
[partner]
id = "msp"
name = "MSP"
count_zone = "UTC"
[integration]
host = "bms.msp.example"
v2_base = "{base}"
v1_base = "{base}/api"
user_name = "sync"
password_file = "password"
company_name = "MSP"
enabled = true
billing = "arrears"
invoice_day = 1
month_end_run = false
[schedule]
frequency = "daily"
hour = 2
zone = "UTC"
[[product]]
id = "standard"
name = "Password Boss Standard"
service_id = 701
service_name = "Standard"
[[company]]
id = "niccolo"
name = "Panificio Niccolò"
account_id = 301
account_name = "Panificio Niccolò"
contract_id = 5012
contract_name = "Managed services"
[[company]]
id = "ohara"
name = "O'Hara"
account_id = 302
account_name = "O'Hara"
contract_id = 5020
contract_name = "Managed services"
[report]
day = {today}
final = false
[[report.company]]
id = "niccolo"
counts = {{ standard = {niccolo} }}
[[report.company]]
id = "ohara"
counts = {{ standard = {ohara} }}
"#
    )
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let file = directory.join(name);
    std::fs::write(&file, text).expect("the file is written");
    file.to_string_lossy().into_owned()
}

fn state_of<'a>(status: &'a Value, company: &str) -> &'a Value {
    let rows = status["companies"].as_array().expect("a list");
    rows.iter().find(|row| row["company_id"] == company).expect("the company is listed")
}

fn units(kaseya: &Running, contract: i32) -> f64 {
    kaseya.state().lines(contract).expect("the contract")[0].units
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_sync_hold_and_switch_by_the_commands() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let file = write(folder, "msp.toml", &settings(&kaseya, 13, 0));

    // Before anything is stored.
    let told = standalone.expect(1, &["status", "msp"]);
    assert!(told.contains("there is no partner msp"), "{told}");
    let new = |zone| ["new-partner", "other", "--name", "Other MSP", "--count-zone", zone];
    let told = standalone.expect(1, &new("Rome"));
    assert!(told.contains("--count-zone") && told.contains("Europe/Rome"), "{told}");
    let said = standalone.expect(0, &new("Europe/Rome"));
    assert!(said.contains("other is there"), "{said}");
    let told = standalone.expect(1, &new("UTC"));
    assert!(told.contains("there is a partner other already"), "{told}");
    assert!(standalone.expect(0, &["status", "other"]).contains("Other MSP (other): not set up"));
    let wrong =
        write(folder, "wrong.toml", &settings(&kaseya, 13, 0).replace("invoice_day = 1", "invoice_day = 0"));
    let told = standalone.expect(1, &["apply", &wrong]);
    assert!(told.contains("wrong.toml: line ") && told.contains("integration.invoice_day"), "{told}");

    standalone.expect(0, &["apply", &file]);
    let status = standalone.status();
    assert_eq!(
        (&status["integration"], &state_of(&status, "niccolo")["state"]),
        (&"on".into(), &"never".into())
    );

    // A plan writes nothing and shows what would change; the fall to 0 is not in order.
    let said = standalone.expect(3, &["sync-now", "msp", "--plan", "--wait"]);
    assert!(said.contains("plan: nothing is written") && said.contains("13"), "{said}");
    assert_eq!((units(&kaseya, 5012), units(&kaseya, 5020)), (12.0, 40.0));

    // Only one company.
    standalone.expect(0, &["sync-now", "msp", "--company", "niccolo", "--wait"]);
    assert_eq!((units(&kaseya, 5012), units(&kaseya, 5020)), (13.0, 40.0));
    let status = standalone.status();
    assert_eq!(state_of(&status, "niccolo")["state"], "changed");
    assert!(state_of(&status, "niccolo")["last_sync"].is_string());
    let told = standalone.expect(1, &["sync-now", "msp", "--company", "nobody", "--wait"]);
    assert!(told.contains("UNKNOWN-COMPANY"), "{told}");

    // All companies: the fall to 0 waits for a person, who approves it.
    standalone.expect(3, &["sync-now", "msp", "--wait"]);
    let status = standalone.status();
    assert_eq!(state_of(&status, "ohara")["state"], "held");
    let listed = standalone.expect(3, &["holds", "msp"]);
    assert!(listed.contains("O'Hara") && listed.contains("fall to zero"), "{listed}");
    assert!(listed.contains("To be approved: from 40 to 0 units") && listed.contains("→ See"), "{listed}");
    let advice = &state_of(&status, "ohara")["advice"][0];
    assert_eq!((&advice["code"], &advice["level"]), (&"QTY-01".into(), &"held".into()), "{advice}");
    assert_eq!(state_of(&status, "niccolo")["advice"], json!([]));
    let told = standalone.expect(0, &["status", "msp", "--language", "it"]);
    for words in
        ["Da approvare (40 → 0)", "QTY-01 Modifica da approvare (da approvare): O'Hara", "premi Approva"]
    {
        assert!(told.to_lowercase().contains(&words.to_lowercase()), "{words}: {told}");
    }
    let hold = listed
        .split_whitespace()
        .find(|word| domain::HoldId::parse(word).is_ok())
        .unwrap_or_else(|| panic!("no hold in {listed}"))
        .to_owned();
    standalone.expect(0, &["holds", "msp", "approve", &hold]);
    kaseya.until(|state| state.lines(5020).is_some_and(|lines| lines[0].units == 0.0)).await;
    // An approval can be withdrawn until the change is reported.
    standalone.until_listed_no_more(&hold);
    let told = standalone.expect(1, &["holds", "msp", "dismiss", &hold]);
    assert!(told.contains("not open any more"), "{told}");

    // Off: nothing is sent, and the command says why. On again: everything is in order.
    let said = standalone.expect(0, &["off", "msp"]);
    assert!(said.contains("msp is off"), "{said}");
    let file =
        write(folder, "msp.toml", &settings(&kaseya, 14, 0).replace("enabled = true", "enabled = false"));
    standalone.expect(0, &["apply", &file]);
    assert_eq!(state_of(&standalone.status(), "niccolo")["state"], "off");
    let told = standalone.expect(1, &["sync-now", "msp", "--wait"]);
    assert!(told.contains("JOB-01"), "{told}");
    assert_eq!(units(&kaseya, 5012), 13.0);
    standalone.expect(0, &["on", "msp"]);
    standalone.expect(0, &["sync-now", "msp", "--wait"]);
    assert_eq!((units(&kaseya, 5012), units(&kaseya, 5020)), (14.0, 0.0));

    // Every call that Kaseya received is shown under its endpoint.
    let shown: Value =
        serde_json::from_str(&standalone.expect(0, &["calls", "msp", "--json"])).expect("a document");
    let shown: std::collections::BTreeMap<String, u64> = shown["endpoints"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            assert!(row["ours"].as_u64() < row["limit"].as_u64(), "{row}");
            (row["endpoint"].as_str().expect("a name").to_owned(), row["calls"].as_u64().expect("a number"))
        })
        .collect();
    let came = kaseya.calls().into_iter().map(|(endpoint, calls)| (endpoint.to_string(), calls)).collect();
    assert_eq!(shown, came);
    let said = standalone.expect(0, &["calls", "msp"]);
    assert!(said.contains("POST /api/token") && said.contains("in the last hour"), "{said}");

    let ring = std::fs::metadata(standalone.data().join("key-ring")).expect("a key ring");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&ring.permissions()) & 0o777, 0o600);
    standalone.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c1_status_says_for_what_and_until_when_a_job_waits() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let file = write(folder, "msp.toml", &settings(&kaseya, 13, 40));
    standalone.expect(0, &["apply", &file]);
    let limit = Fault::LimitReached { retry_after: RetryAfter::Seconds, html: false };
    kaseya.fail(Endpoint::ContractsSummary, 1, limit);
    let said = standalone.expect(0, &["sync-now", "msp"]);
    assert!(said.contains("asked as request"), "{said}");
    let waits = (0..500).any(|_| standalone.status()["runs"][0]["wait"].is_object());
    let status = standalone.status();
    assert!(waits, "{status}");
    let (run, row) = (&status["runs"][0]["wait"], state_of(&status, "niccolo"));
    assert_eq!((&run["reason"], &run["code"]), (&"call_limit".into(), &"LIM-01".into()), "{run}");
    assert_eq!((&row["state"], &row["code"], &row["wait"]), (&"deferred".into(), &"LIM-01".into(), run));
    assert_eq!(row["deferred_until"], run["until"]);
    let until: Timestamp = run["until"].as_str().expect("an instant").parse().expect("an instant");
    // The schedule's zone is UTC.
    let at = until.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%M").to_string();

    // With its day, if that is not today.
    let english = standalone.expect(0, &["status", "msp"]).to_lowercase();
    for words in ["deferred until ", "the hour's calls to kaseya are used up (lim-01). next try ", &*at] {
        assert!(english.contains(words), "{words}: {english}");
    }
    let italian = standalone.expect(0, &["status", "msp", "--language", "it"]).to_lowercase();
    for words in ["rinviata al", "(lim-01). prossimo tentativo ", &*at] {
        assert!(italian.contains(words), "{words}: {italian}");
    }
    standalone.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_c1_sync_now_says_at_once_that_it_cannot_begin_and_until_when() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    // Such a small share of the hour's calls is soon used up.
    let settings = settings(&kaseya, 13, 40).replace("[schedule]", "call_share_percent = 1\n[schedule]");
    let file = write(folder, "msp.toml", &settings);
    standalone.expect(0, &["apply", &file]);
    let told = (0..50).find_map(|_| {
        let output = standalone.command(&["sync-now", "msp"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        told.contains("Waiting since").then_some(told)
    });
    let told = told.expect("a sync that cannot begin");
    assert!(told.contains("the hour's calls to Kaseya are used up (LIM-01). Next try "), "{told}");
    let wait = standalone.status()["runs"][0]["wait"].clone();
    assert_eq!(wait["code"], "LIM-01", "{wait}");
    standalone.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a23_apply_says_which_ids_kaseya_has_never_shown() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let file = write(folder, "msp.toml", &settings(&kaseya, 13, 40));
    let said = standalone.expect(0, &["apply", &file]);
    assert!(said.contains("not yet known to Kaseya: 5 ids of the mappings"), "{said}");
    assert!(
        said.contains("service 701 \"Standard\"") && said.contains("contract 5012 \"Managed services\""),
        "{said}"
    );
    let said = standalone.expect(0, &["status", "msp"]);
    assert!(said.contains("not yet known to Kaseya: 5 ids of the mappings"), "{said}");
    let first = &standalone.status()["not_yet_known"]["first"][0];
    assert_eq!((&first["kind"], &first["id"]), (&"service".into(), &701.into()), "{first}");
    standalone.expect(0, &["sync-now", "msp", "--wait"]);
    let said = standalone.expect(0, &["apply", &file]);
    assert!(!said.contains("not yet known"), "{said}");
    assert_eq!(standalone.status()["not_yet_known"], json!({ "number": 0, "first": [] }));
    assert!(!standalone.expect(0, &["status", "msp"]).contains("not yet known"));
    standalone.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn g_08_a_sync_of_more_companies_than_a_message_holds_names_the_option_and_asks_for_none() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let file = write(folder, "msp.toml", &settings(&kaseya, 13, 40));
    standalone.expect(0, &["apply", &file]);
    let long = "x".repeat(60);
    let companies: Vec<String> = (0..9_000).map(|number| format!("{number}-{long}")).collect();
    let mut order = vec!["sync-now", "msp", "--company"];
    order.extend(companies.iter().map(String::as_str));
    let told = standalone.expect(1, &order);
    assert!(told.contains("--company: 9000 companies are ") && told.contains("list fewer"), "{told}");
    assert!(!told.contains("company_ids"), "the API's name of it: {told}");
    assert_eq!(standalone.status()["runs"], Value::Array(Vec::new()), "nothing was asked for");
    standalone.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_tells_how_each_assumption_stands_and_needs_no_installation() {
    let kaseya = kaseya().await;
    let folder = tempfile::tempdir().expect("a directory");
    let password = write(folder.path(), "password", "secret word\n");
    let config = write(folder.path(), "config.toml", "[kaseya]\nallow_loopback_http = true\n");
    let base = kaseya.base_url();
    let probe = |more: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(["probe", "--config", &config, "--host", "https://bms.msp.example/", "--user-name", "sync"])
            .args(["--password-file", &password, "--company-name", "MSP"])
            .args(["--v2-base", &base, "--v1-base", &format!("{base}/api")])
            .args(more)
            .output()
            .expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("it is text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, said, told) = probe(&["--json"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("the host has a scheme"), "{told}");
    let rows: Value = serde_json::from_str(&said).expect("a document");
    let outcome = |rows: &Value, id: &str| {
        let found = rows["assumptions"].as_array().expect("a list").iter().find(|row| row["id"] == id);
        found.unwrap_or_else(|| panic!("no {id} in {rows}"))["outcome"].clone()
    };
    assert_eq!(outcome(&rows, "v1-lines-route"), "confirmed");
    assert_eq!(outcome(&rows, "v1-write"), "unknown");
    assert_eq!(
        (&rows["fits"], &rows["line_profiles"]["candidates"][0]["answer"]),
        (&json!("nested-list"), &json!("list"))
    );
    assert!(rows["v1_calls"].as_u64().is_some_and(|calls| calls <= 12), "{rows}");

    // Without a terminal nobody can say yes.
    let write = ["--json", "--write", "5012", "90021", "--to", "13"];
    let (code, _, told) = probe(&write);
    assert_eq!((code, kaseya.history().len()), (Some(1), 0), "{told}");
    assert!(told.contains("--yes"), "{told}");
    let (code, said, told) = probe(&[&write[..], &["--yes"]].concat());
    assert_eq!(code, Some(0), "{told}");
    let rows: Value = serde_json::from_str(&said).expect("a document");
    assert_eq!((outcome(&rows, "v1-write"), units(&kaseya, 5012)), ("confirmed".into(), 12.0));
    assert_eq!((&rows["writes"]["works"], kaseya.history().len()), (&json!("nested-list"), 2), "{rows}");

    // A profile other than the tenant's: contradicted, with what to do, and the one that fits is named and saved.
    let saved = folder.path().join("fits.toml");
    let save = ["--line-profile", "recurring-list", "--save", saved.to_str().expect("a path")];
    let (code, said, told) = probe(&save);
    assert_eq!(code, Some(3), "{said}{told}");
    assert!(said.contains("The line profile that fits: nested-list"), "{said}");
    let text = std::fs::read_to_string(&saved).expect("it is saved");
    assert_eq!(
        kaseya::LineProfile::parse(&text).map(|profile| profile.name().to_owned()),
        Ok("nested-list".to_owned())
    );
    let (code, _, told) = probe(&save);
    assert_eq!((code, told.contains("is there already")), (Some(1), true), "{told}");
    assert!(
        said.contains("v1-lines-route is contradicted") && said.contains("kaseya-sync line-profile"),
        "{said}"
    );

    kaseya.edit(|state| state.login.password = "another".to_owned()).expect("it is not kept in a file");
    let (code, _, told) = probe(&[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("AUTH-01") && !told.contains("secret word"), "{told}");
}

/// `script`, from util-linux, gives the program a terminal and types its own input there.
#[tokio::test(flavor = "multi_thread")]
async fn case_e6_a_write_is_tried_only_after_a_yes_that_is_typed_at_the_terminal() {
    let kaseya = kaseya().await;
    let folder = tempfile::tempdir().expect("a directory");
    let password = write(folder.path(), "password", "secret word\n");
    let config = write(folder.path(), "config.toml", "[kaseya]\nallow_loopback_http = true\n");
    let base = kaseya.base_url();
    let command = format!(
        "'{PROGRAM}' probe --config '{config}' --host bms.msp.example --user-name sync --password-file '{password}' \
         --company-name MSP --v2-base '{base}' --v1-base '{base}/api' --write 5012 90021 --to 13"
    );
    for (answer, code, writes) in [("no\n", 1, 0), ("y\n", 1, 0), ("\n", 1, 0), ("yes\n", 0, 2)] {
        let mut terminal = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script is part of util-linux");
        // It is typed, and the terminal stays open.
        let mut keys = terminal.stdin.take().expect("it is piped");
        keys.write_all(answer.as_bytes()).expect("it is typed");
        let output = terminal.wait_with_output().expect("it ends");
        drop(keys);
        let shown = String::from_utf8_lossy(&output.stdout);
        let asked = "Write 13 units to line 90021 of contract 5012, and put back what it holds now? [yes/no]";
        assert!(shown.contains(asked), "{answer:?}: {shown}");
        assert_eq!(
            (output.status.code(), kaseya.history().len()),
            (Some(code), writes),
            "{answer:?}: {shown}"
        );
        assert_eq!(shown.contains("nothing was sent"), writes == 0, "{answer:?}: {shown}");
        assert_eq!(units(&kaseya, 5012), 12.0, "{answer:?}");
    }
}

/// From the failing tick to a stored profile: the steps of a first day with a real tenant.
#[tokio::test(flavor = "multi_thread")]
async fn lin_01_authenticate_and_probe_go_by_the_partners_stored_profile() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    let password = write(folder, "password", "secret word\n");
    standalone.expect(0, &["apply", &write(folder, "msp.toml", &settings(&kaseya, 13, 41))]);
    standalone.expect(0, &["line-profile", "--partner", "msp", "--set", "recurring-list"]);
    let authenticate = || {
        let output = standalone.command(&["authenticate", "msp", "--json"]);
        serde_json::from_slice::<Value>(&output.stdout).expect("a document")
    };
    let tried = authenticate();
    let lines = |tried: &Value| {
        let checks = tried["checks"].as_array().expect("a list").clone();
        checks.into_iter().find(|check| check["check"] == "view_lines").expect("it is checked")
    };
    assert_eq!((&tried["works"], &lines(&tried)["code"]), (&json!(false), &json!("LIN-01")), "{tried}");

    let base = kaseya.base_url();
    let saved = folder.join("fits.toml");
    let saved = saved.to_str().expect("a path");
    let output = standalone.command(&[
        "probe",
        "--partner",
        "msp",
        "--host",
        "bms.msp.example",
        "--user-name",
        "sync",
        "--password-file",
        &password,
        "--company-name",
        "MSP",
        "--v2-base",
        &base,
        "--v1-base",
        &format!("{base}/api"),
        "--json",
        "--save",
        saved,
    ]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let first = &found["line_profiles"]["candidates"][0];
    assert_eq!(
        (&first["profile"], &first["answer"]),
        (&json!("recurring-list"), &json!("not found")),
        "{found}"
    );
    assert_eq!((output.status.code(), &found["fits"]), (Some(3), &json!("nested-list")));
    standalone.expect(0, &["line-profile", "--partner", "msp", "--set", saved]);
    let tried = authenticate();
    assert_eq!((&tried["works"], &lines(&tried)["finding"]), (&json!(true), &json!("passed")), "{tried}");
    standalone.stop();
}

/// What both documents show under the same names is the same; `shared` names what they must both show at least.
#[track_caller]
fn same_where_both_show(cli: &Value, api: &Value, shared: &[&str]) {
    let (cli, api) = (cli.as_object().expect("an object"), api.as_object().expect("an object"));
    for name in shared {
        assert!(cli.contains_key(*name) && api.contains_key(*name), "{name}: {cli:?} {api:?}");
    }
    for (name, value) in cli.iter().filter(|(name, _)| api.contains_key(*name)) {
        assert_eq!(value, &api[name], "{name}");
    }
}

/// A field has the same name in the API and in every `--json`.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_documents_and_the_api_show_the_same_under_the_same_names() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    // One company changes, the other's fall to 0 is held, with advice.
    standalone.expect(0, &["apply", &write(folder, "msp.toml", &settings(&kaseya, 13, 0))]);
    standalone.expect(3, &["sync-now", "msp", "--wait"]);
    let token = standalone.expect(0, &["token", "new", "msp", "--name", "a program", "--role", "admin"]);
    let api = |path: &str| standalone.api(token.trim(), path);
    let status = standalone.status();

    let overview = api("");
    let shared =
        ["partner", "integration", "credentials_refused", "writes_stopped", "open_holds", "next_run_at"];
    let mut head = status.clone();
    // In the overview `companies` are numbers.
    let of_overview = head.as_object_mut().expect("an object").remove("companies");
    assert!(of_overview.is_some_and(|rows| rows.as_array().map(Vec::len) == Some(2)));
    same_where_both_show(&head, &overview, &shared);
    same_where_both_show(&head, &overview["companies"], &["ready", "not_ready"]);
    assert_ne!(status["not_ready"], json!([]), "{status}");
    assert_eq!(status["runs"], api("/runs")["runs"]);
    for id in ["niccolo", "ohara"] {
        let row = state_of(&status, id);
        let one = api(&format!("/companies/{id}"));
        same_where_both_show(row, &one, &["company_id", "name"]);
        for name in ["account_id", "account"] {
            assert_eq!(row[name], one["mapping"][name], "{name}");
        }
        let contract = &one["contracts"][0];
        let shown: Vec<&str> = contract.as_object().expect("an object").keys().map(String::as_str).collect();
        same_where_both_show(row, contract, &shown);
        let listed = api(&format!("/companies?search={id}"))["companies"][0].clone();
        same_where_both_show(row, &listed, &["company_id", "name", "not_ready"]);
        same_where_both_show(row, &listed["statuses"][0], &["products", "remarks", "state"]);
    }
    let (of_hold, of_row) = (&api("/holds")["holds"][0]["advice"], &state_of(&status, "ohara")["advice"][0]);
    let names = |advice: &Value| advice.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    assert!(names(of_hold).is_some() && names(of_hold) == names(of_row), "{of_hold} {of_row}");
    let calls: Value =
        serde_json::from_str(&standalone.expect(0, &["calls", "msp", "--json"])).expect("a document");
    same_where_both_show(&calls, &api("/calls"), &["host", "company_name", "endpoints", "under_way_v2"]);
    let mut tokens: Value =
        serde_json::from_str(&standalone.expect(0, &["token", "list", "msp", "--json"])).expect("a document");
    // The API's calls are uses of it.
    tokens[0].as_object_mut().and_then(|token| token.remove("last_used_at")).expect("it is shown");
    same_where_both_show(&tokens[0], &api("/tokens")["tokens"][0], &["token_id", "role", "expires_at"]);
    let events = standalone.expect(0, &["security-events", "--json"]);
    let newest: Value = serde_json::from_str(events.lines().next().expect("a line")).expect("a document");
    same_where_both_show(&newest, &api("/security-events")["events"][0], &["event", "token_id", "object"]);
    standalone.stop();
}

/// The command creates the first token: without one nobody can log in to the portal.
#[track_caller]
fn a_token_is_shown_once_and_revoked(standalone: &Standalone) {
    let said = standalone.expect(0, &["token", "new", "msp", "--name", "Pia's laptop", "--role", "admin"]);
    let secret = said.trim();
    assert!(vault::Token::parse(secret).is_some(), "{said}");
    let list = || {
        let said = standalone.expect(0, &["token", "list", "msp", "--json"]);
        assert!(!said.contains(secret), "{said}");
        serde_json::from_str::<Value>(&said).expect("a document")[0].clone()
    };
    let token = list();
    assert_eq!((&token["role"], &token["created_by"]), (&"admin".into(), &"Pia".into()), "{token}");
    assert!(token["revoked_at"].is_null(), "{token}");
    standalone.expect(0, &["token", "revoke", "msp", token["token_id"].as_str().expect("an id")]);
    assert!(list()["revoked_at"].is_string());
    assert!(standalone.expect(1, &["token", "revoke", "msp", "x"]).contains("token list msp"));
    standalone.expect(2, &["token", "new", "msp", "--name", "x", "--role", "owner"]);
}

#[test]
fn a_key_ring_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("ring");
    let make = || {
        Command::new(PROGRAM)
            .args(["keys", "new", "--id", "2026-11", "--file"])
            .arg(&file)
            .output()
            .expect("it starts")
    };
    assert!(make().status.success());
    let ring = vault::KeyRing::read(&file).expect("a key ring");
    assert_eq!(ring.writer_id(), "2026-11");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let again = make();
    assert_eq!(again.status.code(), Some(1), "a ring that is there is never written over");
    assert_eq!(vault::KeyRing::read(&file).expect("still one").writer_id(), "2026-11");
}

#[test]
fn without_a_running_standalone_the_commands_say_so() {
    let folder = tempfile::tempdir().expect("a directory");
    let output = Command::new(PROGRAM)
        .args(["status", "msp", "--data-dir"])
        .arg(folder.path())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("database-url"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_12_values_are_tried_and_swapped_by_the_commands_and_all_writes_are_stopped_by_one() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let file = write(folder, "msp.toml", &settings(&kaseya, 13, 41));

    // Before the first save.
    let said = standalone.expect(0, &["authenticate", &file]);
    assert!(said.contains("✓ login to V1") && said.contains("nothing was stored"), "{said}");
    // case A13: the file's schedule is in UTC.
    assert!(said.contains("Kaseya is in the zone Europe/Rome, your schedule in UTC"), "{said}");
    assert!(standalone.expect(1, &["status", "msp"]).contains("there is no partner msp"));
    standalone.expect(0, &["apply", &file]);
    let document: Value =
        serde_json::from_str(&standalone.expect(0, &["authenticate", "msp", "--json"])).expect("a document");
    assert_eq!((&document["works"], &document["checks"][0]["finding"]), (&true.into(), &"passed".into()));
    let status = standalone.status();
    assert!(status["login_proven_at"].is_string() && status["password_changed_at"].is_string(), "{status}");
    a_token_is_shown_once_and_revoked(&standalone);

    // Kaseya refuses the new credentials: the reason is shown, and the stored ones stay.
    write(folder, "password", "mistyped\n");
    let told = standalone.expect(1, &["apply", &file]);
    assert!(told.contains("✗ login to V2: AUTH-01") && told.contains("those in force stay"), "{told}");
    let document = standalone.command(&["authenticate", &file, "--json"]);
    let document: Value = serde_json::from_slice(&document.stdout).expect("a document");
    assert!(document["not_tried"].as_str().is_some_and(|why| why.contains("AUTH-01")), "{document}");
    assert_eq!(kaseya.logins().v2_refused, 1);

    // All writes of the installation.
    standalone.expect(0, &["stop-writes"]);
    assert_eq!(standalone.status()["writes_stopped"], true);
    standalone.expect(1, &["sync-now", "msp", "--wait"]);
    assert!(kaseya.history().is_empty());
    standalone.expect(0, &["allow-writes"]);
    standalone.expect(0, &["sync-now", "msp", "--wait"]);
    assert_eq!((units(&kaseya, 5012), units(&kaseya, 5020)), (13.0, 41.0));

    // A restored database: a requested sync waits until everything has been read again.
    standalone.expect(0, &["restored"]);
    assert_eq!(standalone.status()["must_reread"], true);
    standalone.stop();
}

/// Lines of both products on the bakery's contract: 12 units and 0.
async fn kaseya_of_two_products() -> Running {
    let state = State::builder()
        .login("sync", "secret word", "MSP")
        .account(301, "Panificio Niccolò")
        .service(701, "Standard", 3.5)
        .service(702, "Advanced", 5.0)
        .contract(5012, 301, "Managed services")
        .line(90021, 702, 0.0)
        .line(90022, 701, 12.0)
        .account(302, "O'Hara")
        .contract(5020, 302, "Managed services")
        .line(90023, 701, 40.0)
        .build();
    Simulator::new(state, machine_clock()).start(([127, 0, 0, 1], 0).into()).await.expect("it listens")
}

/// The settings with Advanced in addition to Standard.
fn settings_of_two(kaseya: &Running, standard: u32, advanced: u32, ohara: u32) -> String {
    let product = "[[product]]\nid = \"advanced\"\nname = \"Password Boss Advanced\"\nservice_id = 702\n\
                   service_name = \"Advanced\"\n";
    let counts = format!("counts = {{ standard = {standard}, advanced = {advanced} }}\n");
    settings(kaseya, standard, ohara).replacen("[[company]]", &format!("{product}[[company]]"), 1).replacen(
        &format!("counts = {{ standard = {standard} }}\n"),
        &counts,
        1,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn b_07_a_plan_switch_is_one_approval_and_all_that_is_open_is_decided_at_once() {
    let kaseya = kaseya_of_two_products().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let report = |standard, advanced, ohara| {
        let file = write(folder, "msp.toml", &settings_of_two(&kaseya, standard, advanced, ohara));
        standalone.expect(0, &["apply", &file]);
    };
    let writes = || -> Vec<String> {
        let history = kaseya.history();
        history.iter().map(|write| format!("{} {}→{}", write.line, write.from, write.to)).collect()
    };
    report(12, 0, 40);
    standalone.expect(0, &["sync-now", "msp", "--wait"]);
    assert_eq!(writes(), [""; 0]);

    // All of the bakery's users moved to Advanced, and O'Hara has none any more.
    report(0, 12, 0);
    standalone.expect(3, &["sync-now", "msp", "--wait"]);
    let listed = standalone.expect(3, &["holds", "msp"]);
    let joined = listed.lines().find(|line| line.contains("are one plan switch"));
    let joined = joined.unwrap_or_else(|| panic!("no pair in {listed}"));
    let halves: Vec<&str> =
        joined.split_whitespace().filter(|word| domain::HoldId::parse(word).is_ok()).collect();
    assert_eq!(halves.len(), 2, "{joined}");
    let said = standalone.expect(0, &["holds", "msp", "approve", halves[1]]);
    assert!(halves.iter().all(|half| said.contains(&format!("{half} is approved"))), "{said}");
    kaseya.until(|state| state.lines(5012).is_some_and(|lines| lines[0].units == 12.0)).await;
    assert_eq!(writes(), ["90022 12→0", "90021 0→12"]);

    // The rest is dismissed, and then there is nothing to decide.
    let said = standalone.expect(0, &["holds", "msp", "dismiss", "--all"]);
    assert!(said.contains("O'Hara") && said.contains("dismissed") && !said.contains("Niccolò"), "{said}");
    assert!(standalone.expect(0, &["holds", "msp", "approve", "--all"]).contains("nothing waits"));
    let told = standalone.expect(2, &["holds", "msp", "approve", "--all", halves[0]]);
    assert!(told.is_empty(), "{told}");

    // Different numbers are new questions, for both companies.
    report(0, 30, 5);
    standalone.expect(3, &["sync-now", "msp", "--wait"]);
    let said = standalone.expect(0, &["holds", "msp", "approve", "--all"]);
    assert!(said.contains("O'Hara") && said.contains("Niccolò") && !said.contains("dismissed"), "{said}");
    assert_eq!(said.matches("approved").count(), 2, "{said}");
    kaseya.until(|state| state.lines(5012).is_some_and(|lines| lines[0].units == 30.0)).await;
    kaseya.until(|state| state.lines(5020).is_some_and(|lines| lines[0].units == 5.0)).await;

    // An approval that waits for the switch can be withdrawn.
    report(0, 60, 5);
    standalone.expect(3, &["sync-now", "msp", "--wait"]);
    let listed = standalone.expect(3, &["holds", "msp"]);
    let hold = listed.split_whitespace().find(|word| domain::HoldId::parse(word).is_ok());
    let hold = hold.unwrap_or_else(|| panic!("no hold in {listed}"));
    standalone.expect(0, &["off", "msp"]);
    standalone.expect(0, &["holds", "msp", "approve", hold]);
    let said = standalone.expect(0, &["holds", "msp", "dismiss", hold]);
    assert!(said.contains(&format!("{hold} is dismissed: Kaseya stays as it is")), "{said}");
    standalone.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn d_13_apply_says_which_line_is_left_over_and_the_command_that_it_prints_sets_it_to_zero() {
    let kaseya = kaseya().await;
    let standalone = Standalone::start();
    let folder = standalone.directory.path();
    write(folder, "password", "secret word\n");
    let mapped = settings(&kaseya, 12, 40);
    let file = write(folder, "msp.toml", &mapped);
    standalone.expect(0, &["apply", &file]);
    standalone.expect(0, &["sync-now", "msp", "--wait"]);

    let mapping = "account_id = 302\naccount_name = \"O'Hara\"\ncontract_id = 5020\ncontract_name = \"Managed services\"\n";
    assert!(mapped.contains(mapping));
    let file = write(folder, "msp.toml", &mapped.replace(mapping, ""));
    let said = standalone.expect(0, &["apply", &file]);
    assert!(
        said.contains("O'Hara: nothing is mapped any more to \"Standard\" on contract 5020")
            && said.contains("40 units"),
        "{said}"
    );
    let command = said.lines().find_map(|line| line.split_once("kaseya-sync holds msp approve "));
    let (from_day, hold) = command.unwrap_or_else(|| panic!("no command in {said}"));
    assert!(from_day.contains("to 0 from ") && said.contains(&format!("dismiss {hold}")), "{said}");

    let listed = standalone.expect(3, &["holds", "msp", "--language", "it"]);
    assert!(listed.contains("Riga rimasta senza mappatura") && listed.contains("\"Standard\""), "{listed}");
    assert!(listed.contains("−140,00") && listed.contains("leftover"), "{listed}");
    assert_eq!((units(&kaseya, 5020), kaseya.history().len()), (40.0, 0), "nothing is sent before");

    standalone.expect(0, &["holds", "msp", "approve", hold]);
    kaseya.until(|state| state.lines(5020).is_some_and(|lines| lines[0].units == 0.0)).await;
    assert_eq!(units(&kaseya, 5012), 12.0);
    standalone.stop();
}

#[test]
fn case_f14_plain_http_to_this_machine_is_refused_where_others_reach_it() {
    let folder = tempfile::tempdir().expect("a directory");
    let password = write(folder.path(), "password", "secret word\n");
    let probe = |settings: &str| {
        let config = write(folder.path(), "config.toml", settings);
        let output = Command::new(PROGRAM)
            .args(["probe", "--config", &config, "--host", "bms.msp.example", "--user-name", "sync"])
            .args(["--password-file", &password, "--company-name", "MSP"])
            .args(["--v2-base", "http://127.0.0.1:1", "--v1-base", "http://127.0.0.1:1/api"])
            .output()
            .expect("it starts");
        String::from_utf8(output.stderr).expect("it is text")
    };
    let switched = "[kaseya]\nallow_loopback_http = true\n";
    for open in [
        "[health]\nlisten = '0.0.0.0:9090'\n",
        "[portal]\naddress = '0.0.0.0:8080'\n",
        "[portal]\nproxies = 1\n",
    ] {
        let told = probe(&format!("{open}{switched}"));
        assert!(told.contains("`kaseya.allow_loopback_http` in file") && told.contains("line 4: "), "{told}");
    }
    let told = probe(switched);
    assert!(!told.contains("allow_loopback_http"), "it is for this machine alone: {told}");
}

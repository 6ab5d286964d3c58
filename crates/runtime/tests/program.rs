//! A real program as a process: how it handles signals, failures and `health-check`, and how it exits.

#![expect(clippy::unwrap_used, reason = "in a test that is how it fails")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;

/// The example `patient`, which cargo builds next to this test.
fn patient() -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/patient");
    assert!(path.exists(), "build the example first: cargo build -p runtime --examples");
    Command::new(path)
}

/// A running `patient`, killed if a test ends without it.
struct Running {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Running {
    fn start(settings: &[(&str, &str)]) -> Self {
        let mut child =
            patient().envs(settings.iter().copied()).stderr(Stdio::piped()).spawn().expect("patient starts");
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self { child, lines }
    }

    /// Reads log lines up to the one with this message.
    fn until(&mut self, message: &str) -> Value {
        loop {
            let line = self.next_before(message);
            if line["message"] == message {
                return line;
            }
        }
    }

    /// The next log line. Every line must be JSON.
    fn next(&mut self) -> Value {
        self.next_before("another line")
    }

    fn next_before(&mut self, message: &str) -> Value {
        let mut line = String::new();
        assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "it ended without saying `{message}`");
        serde_json::from_str(&line).expect(&line)
    }

    fn signal(&self, name: &str) {
        let killed =
            Command::new("sh").args(["-c", &format!("kill -s {name} {}", self.child.id())]).status().unwrap();
        assert!(killed.success());
    }

    /// The exit code, once the program has ended by itself.
    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signal_lets_the_work_finish_and_the_exit_code_is_0() {
    for name in ["TERM", "INT"] {
        let mut patient = Running::start(&[]);
        patient.until("ready to be stopped");
        patient.signal(name);
        patient.until("the work is finished");
        patient.until("ended");
        assert_eq!(patient.exit_code(), Some(0), "{name}");
    }
}

#[test]
fn a_second_signal_does_not_wait_for_the_deadline() {
    // The grace period is far beyond any test's patience: only the second signal can end it.
    let settings = [("KASEYA_SYNC_PATIENT__WORK", "until_hard"), ("KASEYA_SYNC_SHUTDOWN__GRACE", "10h")];
    let mut patient = Running::start(&settings);
    patient.until("ready to be stopped");
    patient.signal("TERM");
    patient.until("told to stop: finishing what is begun");
    patient.signal("TERM");
    patient.until("the work is let go");
    assert_eq!(patient.exit_code(), Some(1), "work was cut off");
}

#[test]
fn the_deadline_is_the_second_step_too() {
    let settings = [("KASEYA_SYNC_PATIENT__WORK", "until_hard"), ("KASEYA_SYNC_SHUTDOWN__GRACE", "10ms")];
    let mut patient = Running::start(&settings);
    patient.until("ready to be stopped");
    patient.signal("TERM");
    patient.until("the work is let go");
    assert_eq!(patient.exit_code(), Some(1));
}

#[test]
fn work_that_does_not_let_go_is_left_and_named() {
    let mut patient = Running::start(&[
        ("KASEYA_SYNC_PATIENT__WORK", "never"),
        ("KASEYA_SYNC_SHUTDOWN__GRACE", "10ms"),
        ("KASEYA_SYNC_SHUTDOWN__ABANDON", "10ms"),
    ]);
    patient.until("ready to be stopped");
    patient.signal("TERM");
    let left = patient.until("the program ends without waiting for these tasks");
    assert!(left["fields"]["tasks"].as_str().unwrap().contains("work"), "{left}");
    assert_eq!(patient.exit_code(), Some(1));
}

#[test]
fn a_service_that_panics_fails_or_ends_early_stops_the_program_with_a_failing_exit_code() {
    let cases = [("panic", "a slip"), ("early", "it ended before it was told to"), ("error", "no more work")];
    for (work, why) in cases {
        let mut patient = Running::start(&[("KASEYA_SYNC_PATIENT__WORK", work)]);
        let failed = patient.until("a task failed, so the program stops");
        assert_eq!(failed["fields"]["task"], "work");
        assert!(failed["fields"]["fault"].as_str().unwrap().contains(why), "{failed}");
        patient.until("ended");
        assert_eq!(patient.exit_code(), Some(1), "{work}");
    }
}

#[test]
fn a_panic_is_a_log_line_with_its_place() {
    let mut patient = Running::start(&[("KASEYA_SYNC_PATIENT__WORK", "panic")]);
    let line = patient.until("panicked: a slip");
    assert!(line["fields"]["location"].as_str().unwrap().contains("patient.rs"), "{line}");
}

fn health_check(settings: &[(&str, &str)]) -> Output {
    patient().arg("health-check").envs(settings.iter().copied()).output().unwrap()
}

#[test]
fn health_check_asks_the_running_program() {
    let mut patient = Running::start(&[("KASEYA_SYNC_HEALTH__LISTEN", "0.0.0.0:0")]);
    let served = patient.until("health pages are served");
    let address = served["fields"]["address"].as_str().unwrap().to_owned();
    patient.until("ready to be stopped");
    let settings = [("KASEYA_SYNC_HEALTH__LISTEN", address.as_str())];
    let ready = health_check(&settings);
    assert!(ready.status.success(), "{}", String::from_utf8_lossy(&ready.stderr));

    patient.signal("TERM");
    patient.exit_code();
    let gone = health_check(&settings);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no answer from"));
}

fn log_filter(address: &str, filter: Option<&str>) -> Output {
    patient()
        .arg("log-filter")
        .args(filter)
        .env("KASEYA_SYNC_HEALTH__LISTEN", address)
        .output()
        .expect("patient runs")
}

#[test]
fn the_log_filter_of_a_running_program_is_changed_and_the_next_lines_follow_it() {
    let settings = [("KASEYA_SYNC_HEALTH__LISTEN", "0.0.0.0:0"), ("KASEYA_SYNC_PATIENT__WORK", "until_hard")];
    let mut patient = Running::start(&settings);
    let served = patient.until("health pages are served");
    let address = served["fields"]["address"].as_str().unwrap().to_owned();
    patient.until("ready to be stopped");
    assert_eq!(log_filter(&address, None).stdout, b"info,opentelemetry=warn\n");

    let refused = log_filter(&address, Some("info,runtime=loud"));
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("log filter `info,runtime=loud`") && said.contains("give a level"), "{said}");

    let changed = log_filter(&address, Some("warn"));
    assert_eq!((changed.status.code(), changed.stdout.as_slice()), (Some(0), b"warn\n".as_slice()));
    let line = patient.until("the log filter changes");
    assert_eq!(
        (&line["fields"]["from"], &line["fields"]["to"]),
        (&"info,opentelemetry=warn".into(), &"warn".into())
    );

    // The line of the first signal is at info and stays out; that of the second is at warn.
    patient.signal("TERM");
    let told = health_check_until_stopping(&address);
    assert!(told.contains("stopping"), "{told}");
    patient.signal("TERM");
    assert_eq!(patient.next()["message"], "told to stop again: letting go");
}

/// What a program says once it is no longer ready.
fn health_check_until_stopping(address: &str) -> String {
    let mut answers = (0..1000).map(|_| health_check(&[("KASEYA_SYNC_HEALTH__LISTEN", address)]));
    let answer = answers.find(|answer| !answer.status.success()).expect("not ready");
    String::from_utf8_lossy(&answer.stderr).into_owned()
}

#[test]
fn while_it_stops_a_program_is_not_ready() {
    let settings = [("KASEYA_SYNC_PATIENT__WORK", "until_hard"), ("KASEYA_SYNC_SHUTDOWN__GRACE", "10h")];
    let mut patient = Running::start(&settings);
    let served = patient.until("health pages are served");
    let address = served["fields"]["address"].as_str().unwrap().to_owned();
    patient.until("ready to be stopped");
    patient.signal("TERM");
    patient.until("told to stop: finishing what is begun");
    // The page changes a moment after the line; the program stays until the next signal.
    assert!(health_check_until_stopping(&address).contains("stopping"));
}

#[test]
fn a_mistake_in_the_configuration_ends_it_before_it_begins() {
    let output = patient().env("KASEYA_SYNC_HEALTH__LISTEN", "everywhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`health.listen` in environment variable KASEYA_SYNC_HEALTH__LISTEN"), "{said}");

    let output = patient().args(["--config", "/nowhere/sync.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`/nowhere/sync.toml` cannot be read"));
}

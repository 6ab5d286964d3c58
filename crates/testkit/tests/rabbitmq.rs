//! The tests' broker leaves nothing behind.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use testkit::{RabbitMq, until};

/// Set in the process to be killed.
const VICTIM: &str = "TESTKIT_RABBITMQ_VICTIM";

#[tokio::test]
async fn it_ends_with_a_killed_test_process_and_removes_its_files() {
    if std::env::var_os(VICTIM).is_some() {
        let broker = RabbitMq::start().await.expect("a broker");
        println!("\nstarted {} {}", broker.uri(""), broker.directory().display());
        // Waits to be killed.
        std::future::pending::<()>().await;
    }
    let mut victim = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "it_ends_with_a_killed_test_process_and_removes_its_files", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let said = BufReader::new(victim.stdout.take().expect("its output"));
    let started = said
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("started ").map(str::to_owned))
        .expect("it starts a broker");
    let (uri, directory) = started.split_once(' ').expect("two words");
    let address = uri.trim_end_matches('/').rsplit('@').next().expect("an address").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    // SIGKILL: no code of the process runs any more.
    victim.kill().expect("killed");
    victim.wait().expect("gone");
    until("the broker is gone", async || TcpStream::connect(&address).is_err()).await;
    until("its files are gone", async || !Path::new(directory).exists()).await;
}

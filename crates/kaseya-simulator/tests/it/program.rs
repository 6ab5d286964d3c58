//! The program `kaseya-simulator`.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use kaseya_simulator::State;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::http::{LINE, LINES, RIGHT, Request, small, v1_login};

const DEADLINE: Duration = Duration::from_secs(60);

/// The first two addresses in its log: its own and its admin address.
async fn administered(data: &Path) -> (Child, SocketAddr, SocketAddr) {
    let mut child = program(data).args(["--admin", "127.0.0.1:0"]).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut address = async || {
        let line = tokio::time::timeout(DEADLINE, log.next_line()).await.unwrap().unwrap().unwrap();
        let (_, address) = line.split_once("address=").unwrap_or_else(|| panic!("no address in {line}"));
        address.trim().parse().unwrap()
    };
    let own = address().await;
    let admin = address().await;
    (child, own, admin)
}

fn program(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaseya-simulator"));
    command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
    command.stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Starts the program and reads its address from its log.
async fn started(data: &Path) -> (Child, SocketAddr) {
    let mut child = program(data).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = tokio::time::timeout(DEADLINE, log.next_line()).await.unwrap().unwrap().unwrap();
    let (_, address) = line.split_once("address=").unwrap_or_else(|| panic!("no address in {line}"));
    (child, address.trim().parse().unwrap())
}

async fn token(to: SocketAddr) -> String {
    let answer = v1_login(RIGHT).send(to).await.unwrap().json();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn first_line(to: SocketAddr) -> Value {
    let answer = Request::get(LINES).token(&token(to).await).send(to).await.unwrap().json();
    answer["Result"][0].clone()
}

#[tokio::test]
async fn without_its_file_it_says_so_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere.json");
    let output = tokio::time::timeout(DEADLINE, program(&missing).output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("nowhere.json") && said.contains("cannot be read"), "{said}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn what_is_written_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("tenant.json");
    small().save(&data).unwrap();
    let (mut child, to) = started(&data).await;
    let mut line = first_line(to).await;
    line["Units"] = json!(14);
    let put = Request::json("PUT", LINE, &line).token(&token(to).await).send(to).await.unwrap();
    assert_eq!(put.status, 200, "{put:?}");
    child.kill().await.unwrap();

    let kept = State::load(&data).unwrap();
    assert_eq!((kept.lines(5012).unwrap()[0].units, kept.history.len()), (14.0, 1));
    let (_child, to) = started(&data).await;
    assert_eq!(first_line(to).await["Units"], json!(14.0));
}

#[tokio::test]
async fn a_file_written_by_hand_is_read_and_left_as_it_is_and_the_other_port_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("tenant.toml");
    let written = include_str!("tenant.toml");
    std::fs::write(&data, written).unwrap();
    let (_child, to, admin) = administered(&data).await;
    // The file's script applies to the third read.
    let token = token(to).await;
    let read = Request::get(LINES).token(&token);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(read.send(to).await.unwrap().status);
    }
    assert_eq!(seen, [200, 200, 503]);
    let units = json!({"Units": {"contract": 5012, "line": 90021, "units": 9.0}});
    assert_eq!(Request::json("POST", "/changes", &units).send(admin).await.unwrap().status, 204);
    assert_eq!(Request::json("DELETE", "/calls", &json!({})).send(admin).await.unwrap().status, 204);
    assert_eq!(read.send(to).await.unwrap().json()["Result"][0]["Units"], json!(9.0));
    assert_eq!(std::fs::read_to_string(&data).unwrap(), written);
}

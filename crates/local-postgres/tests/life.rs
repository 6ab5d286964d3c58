//! Real servers: kept and thrown away, stopped, killed, orphaned.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use local_postgres::{Options, start};

/// Set for the copy of this program that the test kills.
const ORPHAN_MAKER: &str = "LOCAL_POSTGRES_TEST_DIRECTORY";

/// Runs SQL with the client program, as an operator would.
fn psql(socket_directory: &Path, sql: &str) -> Result<String> {
    let output = Command::new("psql")
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres", "-c", sql, "-h"])
        .arg(socket_directory)
        .output()
        .context("psql")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn signal(name: &str, process_id: u32) -> Result<()> {
    let status = Command::new("kill").args([name, &process_id.to_string()]).status()?;
    ensure!(status.success(), "kill {name} {process_id}");
    Ok(())
}

async fn until(what: &str, condition: impl Fn() -> bool) -> Result<()> {
    let reached = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached).await.with_context(|| format!("still not {what}"))
}

#[tokio::test]
async fn a_kept_directory_survives_stop_and_start() -> Result<()> {
    let parent = reachable_directory()?;
    let directory = parent.path().join("kept");
    let first = start(Options::kept(&directory)).await?;
    psql(&first.socket_directory(), "create table kept (n int); insert into kept values (7)")?;
    assert_eq!(psql(&first.socket_directory(), "show fsync")?, "on");
    first.stop().await?;
    ensure!(!directory.join("data/postmaster.pid").exists(), "it was not stopped cleanly");

    let second = start(Options::kept(&directory)).await?;
    assert_eq!(psql(&second.socket_directory(), "select n from kept")?, "7");
    second.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_kept_directory_survives_the_kill_of_its_server() -> Result<()> {
    let parent = reachable_directory()?;
    let directory = parent.path().join("kept");
    let first = start(Options::kept(&directory)).await?;
    psql(&first.socket_directory(), "create table kept (n int); insert into kept values (7)")?;
    signal("-KILL", first.process_id())?;
    // The status file of the dead server still exists and names a process id that any process may have by now.
    ensure!(directory.join("data/postmaster.pid").exists());

    let second = start(Options::kept(&directory)).await?;
    assert_eq!(psql(&second.socket_directory(), "select n from kept")?, "7");
    second.stop().await?;
    Ok(())
}

#[tokio::test]
async fn killing_the_parent_stops_the_server_cleanly_and_keeps_the_data() -> Result<()> {
    if let Some(directory) = std::env::var_os(ORPHAN_MAKER) {
        // This is the copy that the test kills.
        let running = start(Options::kept(directory)).await?;
        psql(&running.socket_directory(), "create table kept (n int); insert into kept values (7)")?;
        println!("\nserver {}", running.process_id());
        std::future::pending::<()>().await;
    }
    let parent = reachable_directory()?;
    let directory = parent.path().join("kept");
    let mut copy = Command::new(std::env::current_exe()?)
        .args(["--exact", "killing_the_parent_stops_the_server_cleanly_and_keeps_the_data", "--nocapture"])
        .env(ORPHAN_MAKER, &directory)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = copy.stdout.take().context("its output")?;
    let server: u32 = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("server ")?.parse().ok())
        .context("the copy started no server")?;
    copy.kill()?;
    copy.wait()?;

    until("stopped", || signal("-0", server).is_err()).await?;
    ensure!(!directory.join("data/postmaster.pid").exists(), "it was not stopped cleanly");
    let log = std::fs::read_to_string(directory.join("postgres.log"))?;
    ensure!(log.contains("database system is shut down"), "{log}");

    let again = start(Options::kept(&directory)).await?;
    assert_eq!(psql(&again.socket_directory(), "select n from kept")?, "7");
    again.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_throwaway_goes_with_its_directory() -> Result<()> {
    let running = start(Options::throwaway()).await?;
    let directory = running.socket_directory().parent().context("its directory")?.to_owned();
    assert_eq!(psql(&running.socket_directory(), "show fsync")?, "off");
    running.stop().await?;
    ensure!(!directory.exists(), "{} is still there", directory.display());

    let dropped = start(Options::throwaway()).await?;
    let directory = dropped.socket_directory().parent().context("its directory")?.to_owned();
    drop(dropped);
    until("removed", || !directory.exists()).await
}

#[tokio::test]
async fn nobody_reaches_it_over_the_network_and_it_does_not_run_as_root() -> Result<()> {
    let running = start(Options::throwaway()).await?;
    assert_eq!(psql(&running.socket_directory(), "show listen_addresses")?, "");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(running.socket_directory())?);
    assert_eq!(mode & 0o777, 0o700);
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(
        running.socket_directory().join(".s.PGSQL.5432"),
    )?);
    assert_ne!(owner, 0);
    running.stop().await?;
    Ok(())
}

/// A temporary directory that the server's unprivileged user may pass through.
fn reachable_directory() -> Result<tempfile::TempDir> {
    let directory = tempfile::tempdir()?;
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(directory)
}

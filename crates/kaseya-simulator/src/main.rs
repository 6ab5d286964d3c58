//! `kaseya-simulator --listen ADDR --data FILE [--admin ADDR]`: a simulated Kaseya BMS over plain HTTP.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::PathBuf,
};

use clap::Parser;
use jiff::Timestamp;
use kaseya_simulator::{Clock, Simulator, State, is_toml};
use tokio::signal::unix::{SignalKind, signal};

/// A simulated Kaseya BMS over plain HTTP.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8095")]
    listen: SocketAddr,
    /// The tenant's state with its behaviour: JSON, written again after each change, or TOML (a name that ends in
    /// .toml), which is only read.
    #[arg(long)]
    data: PathBuf,
    /// A line profile of kaseya-sync: V1 shows and takes lines as it says, whatever the data file sets.
    #[arg(long)]
    line_profile: Option<PathBuf>,
    /// Address and port on which state, behaviour and faults can be set over HTTP; without it they cannot.
    #[arg(long)]
    admin: Option<SocketAddr>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).init();
    let options = Options::parse();
    let mut state = State::load(&options.data)?;
    if let Some(profile) = options.line_profile {
        state.behaviour.lines.follow_profile(&std::fs::read_to_string(profile)?)?;
    }
    let mut simulator = Simulator::new(state, machine_clock());
    if !is_toml(&options.data) {
        simulator = simulator.keep_in(options.data);
    }
    if let Some(address) = options.admin {
        simulator = simulator.administered_on(address);
    }
    let running = simulator.start(options.listen).await?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    running.stop().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the program's own clock is the machine's")]
fn machine_clock() -> Clock {
    Clock::following(Timestamp::now)
}

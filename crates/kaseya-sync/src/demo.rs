//! `demo`: the whole job on one machine, with a simulated Kaseya and a ready MSP.
//!
//! Everything except Kaseya and the provider is real: settings are stored as by `apply`, counts arrive over the bus
//! in parts, the schedule's next day is brought forward and then claimed like any other, and a message requests the
//! second sync. With `--data-dir` all of it is kept, including the simulated Kaseya: another start finds its own
//! work done.

mod msp;
mod provider;
mod report;
mod steps;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc};

use kaseya_simulator::{Clock as KaseyaClock, Running as Kaseya, Simulator, State};
use runtime::Context;

use crate::{
    data_dir::DataDir,
    ended::Ended,
    output,
    services::{self, Services},
};
use steps::Demo;

pub(crate) async fn command(
    context: Context,
    data_dir: Option<PathBuf>,
    once: bool,
    json: bool,
) -> anyhow::Result<Ended> {
    let directory = match data_dir {
        Some(path) => DataDir::at(path),
        // Without a directory to keep, everything is deleted when the demo ends.
        None => DataDir::thrown_away()?,
    };
    let stop = context.shutdown.soft();
    match stop.run_until_cancelled(show(&context, &directory, once, json)).await {
        Some(ended) => ended,
        None => Ok(Ended::InOrder),
    }
}

async fn show(context: &Context, directory: &DataDir, once: bool, json: bool) -> anyhow::Result<Ended> {
    output::tell(&format_args!("starting in {}", directory.path().display()));
    let services = services::prepare(context, directory).await?;
    let demo = Demo {
        kaseya: start_kaseya(&services, directory).await?,
        partner: msp::partner(),
        context: context.clone(),
        services,
    };
    let before = demo.newest_run().await?;
    // Before the services start: work left open by an earlier start then goes to Kaseya's current address.
    demo.store_settings().await?;
    let pages = demo.services.run(context, true).await?;
    context.health.started();
    provider::report(&demo).await?;
    output::tell(&"the schedule's next sync is due now");
    demo.scheduled_sync().await?;
    output::tell(&"a sync is asked for");
    demo.requested_sync().await?;

    let shown = report::Shown::read(&demo, before).await?;
    if json {
        output::say(&shown.document()?)?;
    } else {
        shown.print()?;
    }
    if !once {
        demo.say_where_to_look(directory, pages).await?;
        output::tell(&"Ctrl-C ends it");
        context.shutdown.soft().cancelled().await;
    }
    demo.kaseya.stop().await;
    Ok(Ended::InOrder)
}

/// The simulated Kaseya on a free loopback port, with its stored state or a new one.
async fn start_kaseya(services: &Services, directory: &DataDir) -> anyhow::Result<Kaseya> {
    let file = directory.path().join("kaseya.json");
    let state = if file.exists() { State::load(&file)? } else { msp::kaseya(services.clock.now()) };
    let clock = Arc::clone(&services.clock);
    let kaseya = Simulator::new(state, KaseyaClock::following(move || clock.now()));
    Ok(kaseya.keep_in(file).start((Ipv4Addr::LOCALHOST, 0).into()).await?)
}

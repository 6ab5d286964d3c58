//! `stop-writes`, `allow-writes` and `restored`: commands for the whole installation (B-14).

use std::time::Duration;

use store::settings::installation;

use crate::{ended::Ended, installation::Installation, output};

/// How often to check whether a permit is still out.
const POLL: Duration = Duration::from_millis(200);

/// Stops all writes, and waits until none is in flight: at most the duration of a permit.
pub(crate) async fn stop(installation: &Installation) -> anyhow::Result<Ended> {
    let store = &installation.store;
    store.transaction("stop_writes", |tx| Box::pin(installation::stop_writes(tx, true))).await?;
    let mut told = false;
    loop {
        let now = installation.clock.now();
        let out = store.transaction("permits_out", |tx| Box::pin(installation::permits_out(tx, now))).await?;
        if out == 0 {
            break;
        }
        if !std::mem::replace(&mut told, true) {
            output::tell(&format_args!("{out} permits to write are still out"));
        }
        tokio::time::sleep(POLL).await;
    }
    output::say(&"all writes are stopped: none is begun for any partner until `kaseya-sync allow-writes`")?;
    Ok(Ended::InOrder)
}

pub(crate) async fn allow(installation: &Installation) -> anyhow::Result<Ended> {
    let store = &installation.store;
    store.transaction("allow_writes", |tx| Box::pin(installation::stop_writes(tx, false))).await?;
    output::say(&"writes are allowed: what waited goes on by itself")?;
    Ok(Ended::InOrder)
}

/// The database was restored from a backup.
pub(crate) async fn restored(installation: &Installation) -> anyhow::Result<Ended> {
    let now = installation.clock.now();
    let store = &installation.store;
    let since = store.transaction("restored", |tx| Box::pin(installation::restored(tx, now))).await?;
    output::say(&format_args!(
        "no partner's units are written until all its lines have been read again; that begins at {since}"
    ))?;
    output::tell(
        &"what was counted, approved or edited after the backup is not known here: look at each partner's plan",
    );
    Ok(Ended::InOrder)
}

//! `standalone`: everything in one process, for one small MSP.

use std::path::PathBuf;

use runtime::Context;

use crate::{data_dir::DataDir, ended::Ended, output, services};

/// The default data directory.
const USUAL: &str = "/var/lib/kaseya-sync";

pub(crate) async fn command(context: Context, data_dir: Option<PathBuf>) -> anyhow::Result<Ended> {
    let directory = DataDir::at(data_dir.unwrap_or_else(|| PathBuf::from(USUAL)));
    let pages = services::prepare(&context, &directory).await?.run(&context, false).await?;
    context.health.started();
    let path = directory.path().display();
    output::tell(&format_args!("running in {path}; Ctrl-C ends it. In another terminal:"));
    output::tell(&format_args!(
        "  kaseya-sync --data-dir {path} apply FILE        stores a partner's settings"
    ));
    output::tell(&format_args!("  kaseya-sync --data-dir {path} sync-now PARTNER --plan --wait"));
    output::tell(&format_args!("  kaseya-sync --data-dir {path} status PARTNER"));
    output::tell(&format_args!("  kaseya-sync --data-dir {path} token new PARTNER  lets somebody in"));
    output::tell(&format_args!("  portal: http://{pages}/"));
    if let Some(address) = context.health_address {
        output::tell(&format_args!("  health pages: http://{address}/readyz, /livez, /metrics"));
    }
    context.shutdown.soft().cancelled().await;
    Ok(Ended::InOrder)
}

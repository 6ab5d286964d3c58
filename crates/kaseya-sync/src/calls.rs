//! `calls PARTNER`: the calls to its Kaseya in the last hour.

use operations::calls_used::CallsUsed;
use serde::Serialize;

use crate::{ended::Ended, installation::Installation, output};

/// `--json`: the whole document.
#[derive(Serialize)]
struct Document<'a> {
    partner: &'a str,
    #[serde(flatten)]
    used: &'a CallsUsed,
}

pub(crate) async fn command(installation: &Installation, partner: &str, json: bool) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let Some(used) = installation.operations(None)?.calls_used(&settings).await? else {
        anyhow::bail!("{} has no integration yet", settings.partner)
    };
    if json {
        let document = Document { partner: settings.partner.as_str(), used: &used };
        output::say(&serde_json::to_string_pretty(&document)?)?;
    } else {
        show(&used)?;
    }
    Ok(Ended::InOrder)
}

fn show(used: &CallsUsed) -> anyhow::Result<()> {
    output::say(&format_args!(
        "calls to {} as {} in the last hour, whichever partner made them",
        used.host, used.company_name
    ))?;
    let mut table = output::table(&["endpoint", "calls", "our share", "Kaseya's limit"]);
    for row in &used.endpoints {
        table.add_row([
            row.endpoint.clone(),
            row.calls.to_string(),
            row.ours.to_string(),
            row.limit.to_string(),
        ]);
    }
    output::say(&table)?;
    let (v2, v1) = (used.under_way_v2, used.under_way_v1);
    if v2 + v1 > 0 {
        output::say(&format_args!("jobs under way may make {v2} more to V2 and {v1} to V1"))?;
    }
    Ok(())
}

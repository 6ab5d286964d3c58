//! `calls PARTNER`: the calls to its Kaseya in the last hour.

use serde::Serialize;

use crate::{ended::Ended, installation::Installation, output};

/// `--json`: the whole document.
#[derive(Serialize)]
struct Document<'a> {
    partner: &'a str,
    host: &'a str,
    /// The company name in Kaseya: Kaseya counts calls per host and tenant.
    company_name: &'a str,
    endpoints: Vec<Endpoint>,
    /// Calls that running attempts may still make, per version of the API.
    under_way: UnderWay,
}

/// Calls to one endpoint in the last hour.
#[derive(Serialize)]
struct Endpoint {
    /// Method and route.
    endpoint: String,
    calls: u32,
    /// Kaseya's limit per hour, shared with the customer's other tools.
    limit: u32,
    /// Our share of it.
    ours: u32,
}

#[derive(Serialize)]
struct UnderWay {
    v2: u32,
    v1: u32,
}

pub(crate) async fn command(installation: &Installation, partner: &str, json: bool) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let Some(used) = installation.operations(None)?.calls_used(&settings).await? else {
        anyhow::bail!("{} has no integration yet", settings.partner)
    };
    let endpoints = used.endpoints.into_iter().map(|known| Endpoint {
        endpoint: known.endpoint,
        calls: known.calls,
        limit: known.limit,
        ours: known.ours,
    });
    let document = Document {
        partner: settings.partner.as_str(),
        host: &used.host,
        company_name: &used.company_name,
        endpoints: endpoints.collect(),
        under_way: UnderWay { v2: used.under_way.v2, v1: used.under_way.v1 },
    };
    if json {
        output::say(&serde_json::to_string_pretty(&document)?)?;
    } else {
        show(&document)?;
    }
    Ok(Ended::InOrder)
}

fn show(document: &Document<'_>) -> anyhow::Result<()> {
    output::say(&format_args!(
        "calls to {} as {} in the last hour, whichever partner made them",
        document.host, document.company_name
    ))?;
    let mut table = output::table(&["endpoint", "calls", "our share", "Kaseya's limit"]);
    for row in &document.endpoints {
        table.add_row([
            row.endpoint.clone(),
            row.calls.to_string(),
            row.ours.to_string(),
            row.limit.to_string(),
        ]);
    }
    output::say(&table)?;
    let UnderWay { v2, v1 } = document.under_way;
    if v2 + v1 > 0 {
        output::say(&format_args!("jobs under way may make {v2} more to V2 and {v1} to V1"))?;
    }
    Ok(())
}

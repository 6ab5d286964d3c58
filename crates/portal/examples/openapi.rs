//! Prints the API document: `cargo run -p portal --example openapi > proto-schemas/portal.openapi.json`.

use std::io::Write as _;

fn main() -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&portal::api_document())?;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

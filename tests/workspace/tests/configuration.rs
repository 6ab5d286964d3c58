//! `deploy/configuration.md` is what the defaults say.

use std::{fs, path::Path};

#[test]
fn the_configuration_page_is_what_the_defaults_say() -> anyhow::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/configuration.md");
    assert!(
        fs::read_to_string(page)? == workspace_tests::configuration::document(),
        "write it again: cargo run -q -p workspace-tests --example configuration > deploy/configuration.md"
    );
    Ok(())
}

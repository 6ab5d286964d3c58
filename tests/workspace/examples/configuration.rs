//! Prints the reference of all settings: `cargo run -q -p workspace-tests --example configuration > deploy/configuration.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    write!(std::io::stdout(), "{}", workspace_tests::configuration::document())
}

//! The operator's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    kaseya_sync::main()
}

//! The command line that the services share.

use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::program::Program;

#[derive(Debug, Parser)]
#[command(arg_required_else_help = false)]
pub(crate) struct Arguments {
    /// A TOML file that is laid over the program's defaults; KASEYA_SYNC_SECTION__KEY is laid over the file.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    #[command(subcommand)]
    pub order: Option<Order>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum Order {
    /// Ask the program that runs with the same configuration whether it is ready; exit 0 if it is.
    HealthCheck,
}

impl Arguments {
    /// Reads the process's arguments; answers `--help`, `--version` and mistakes by itself.
    pub(crate) fn read(program: &Program) -> Self {
        let command = Self::command().name(program.name).version(program.version);
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

//! The command line that the services share.

use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::program::Program;

#[derive(Debug, Parser)]
#[command(arg_required_else_help = false)]
pub(crate) struct Arguments {
    /// TOML file whose keys override the program's defaults. KASEYA_SYNC_SECTION__KEY overrides the file.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    #[command(subcommand)]
    pub order: Option<Order>,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Order {
    /// Ask the program that runs with the same configuration whether it is ready; exit 0 if it is.
    HealthCheck,
    /// Print the log filter of the program that runs with the same configuration, or change it until that program ends.
    LogFilter {
        /// A level, or `target=level` pairs separated by commas, such as `info,store=debug`.
        filter: Option<String>,
    },
}

impl Arguments {
    /// Reads the process's arguments; answers `--help`, `--version` and mistakes by itself.
    pub(crate) fn read(program: &Program) -> Self {
        let command = Self::command().name(program.name).version(program.version);
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

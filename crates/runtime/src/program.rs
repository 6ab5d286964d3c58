//! A program, as it names itself.

/// What distinguishes one program from the next.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name: on log lines, spans and metrics.
    pub name: &'static str,
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// Its own sections of the configuration as commented TOML; may also change this crate's defaults.
    pub defaults: &'static str,
}

//! A program, as it names itself.

/// What distinguishes one program from another.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The program's name, on log lines, spans and metrics.
    pub name: &'static str,
    /// The program's version: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// The program's own configuration sections as commented TOML; may also change this crate's defaults.
    pub defaults: &'static str,
}

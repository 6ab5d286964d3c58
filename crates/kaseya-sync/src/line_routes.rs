//! `line-routes`: V1's routes of a contract's lines, for workers, portal and commands alike.

use kaseya::LineRoutes;
use store::installation;

use crate::{ended::Ended, installation::Installation, output};

/// Sets the routes where some are given or the guess is asked for, and shows what holds then.
pub(crate) async fn command(
    installation: &Installation,
    set: Option<(String, String)>,
    guess: bool,
) -> anyhow::Result<Ended> {
    let store = &installation.store;
    if set.is_some() || guess {
        let routes = set.as_ref().map(|(lines, line)| (lines.as_str(), line.as_str()));
        // Checked before it is stored: a job could not go by it.
        LineRoutes::stored(routes)?;
        store
            .transaction("set_line_routes", |tx| Box::pin(installation::set_line_routes(tx, routes)))
            .await?;
    }
    let stored = store.transaction("line_routes", |tx| Box::pin(installation::line_routes(tx))).await?;
    let routes = LineRoutes::stored(stored.as_ref().map(|(lines, line)| (lines.as_str(), line.as_str())))?;
    let (lines, line) = routes.as_strs();
    let standing = if stored.is_some() { "set here" } else { "the guess that is built in" };
    output::say(&format_args!("lines: {lines}\nline: {line}\n{standing}"))?;
    Ok(Ended::InOrder)
}

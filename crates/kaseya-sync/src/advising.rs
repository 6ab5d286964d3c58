//! Prints advice.

use advice::{Advice, Language};
use operations::Advising;
use store::statuses::CompanyStatus;

use crate::output;

/// How many companies per advice are named.
const NAMED: usize = 5;

/// Shows each advice once, with its companies.
pub(crate) fn show(
    advising: &Advising<'_>,
    rows: &[CompanyStatus],
    language: Language,
) -> anyhow::Result<()> {
    let mut told: Vec<(Advice, Vec<&str>)> = Vec::new();
    for row in rows {
        for advice in advising.of_company(row, language) {
            match told.iter_mut().find(|(known, _)| *known == advice) {
                Some((_, names)) => names.push(&row.name),
                None => told.push((advice, vec![&row.name])),
            }
        }
    }
    for (advice, mut names) in told {
        names.dedup();
        let more = names.len().saturating_sub(NAMED);
        let mut who = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        if more > 0 {
            who.push_str(&format!(" (+{more})"));
        }
        say(&advice, &who, language)?;
    }
    Ok(())
}

/// Prints one advice: its title, its subject, and what to do.
pub(crate) fn say(advice: &Advice, who: &str, language: Language) -> anyhow::Result<()> {
    let level = language.level(advice.level);
    output::say(&format_args!("\n{} {} ({level}): {who}", advice.code, advice.title))?;
    output::say(&format_args!("  {} {} {}", advice.happened, advice.next_invoice, advice.done))?;
    output::say(&format_args!("  → {}", advice.to_do))?;
    Ok(())
}

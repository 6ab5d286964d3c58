//! Whether a write has its effect and its date, on a line of a test contract that is put back.

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};

use super::{Findings, WriteBack};
use crate::{BmsError, ContractLine, Session, WriteError};

/// What a line of the test contract holds.
type Held = (f64, Option<Date>);

fn held(line: &ContractLine) -> Held {
    (line.units, line.effective_date)
}

fn said(held: Option<Held>) -> String {
    match held {
        Some((units, Some(day))) => format!("{units} units from {day}"),
        Some((units, None)) => format!("{units} units without a date"),
        None => "no such line".to_owned(),
    }
}

impl Session {
    /// Writes one unit more from another day, reads it, puts units and day back, and reads again. Whatever comes of the first
    /// write, what may have changed is put back, and the findings say what the line holds in the end.
    pub(super) async fn probe_write(&self, findings: &mut Findings, at: WriteBack) -> Result<(), BmsError> {
        let untold = |findings: &mut Findings, why: &str| {
            for id in ["v1-write", "v1-write-date", "v1-write-back"] {
                findings.untold(id, why);
            }
        };
        let before = self.lines(at.contract).await?;
        let Some(line) = before.iter().find(|line| line.id == at.line) else {
            untold(findings, "the contract has no such line: nothing was written");
            return Ok(());
        };
        let whole = line.units.fract() == 0.0 && (0.0..1_000_000.0).contains(&line.units);
        let (true, Some(effective)) = (whole, line.effective_date) else {
            untold(findings, "the line has no whole units or no effective date: nothing was written");
            return Ok(());
        };
        // Checked to be whole and small.
        let units = line.units as u32;
        let today = self.shared.clock.now().to_zoned(TimeZone::UTC).date();
        let day = if today == effective { today.saturating_add(1.day()) } else { today };

        let written = self.write_units(at.contract, line, units + 1, day).await;
        if let Err(WriteError::NotSent(error)) = &written {
            untold(findings, &format!("nothing was sent: {error}"));
            return Ok(());
        }
        let shown = self.lines(at.contract).await;
        let found = |lines: &[ContractLine]| lines.iter().find(|line| line.id == at.line).map(held);
        let answer = match &written {
            Ok(()) => "taken".to_owned(),
            Err(error) => error.to_string(),
        };
        let is_as_before = shown.as_ref().is_ok_and(|lines| found(lines) == Some(held(line)));
        let put_back = match &written {
            Err(WriteError::Refused { .. } | WriteError::Limited(_)) if is_as_before => None,
            // As it stands now: a profile may compare it with what is there.
            _ => {
                let now = shown.as_ref().ok().and_then(|lines| lines.iter().find(|line| line.id == at.line));
                Some(self.write_units(at.contract, now.unwrap_or(line), units, effective).await)
            }
        };
        let left = self.lines(at.contract).await;

        match &shown {
            Ok(lines) => {
                let now = found(lines);
                let evidence = format!(
                    "{answer}; the line held {}, {} were sent, and it then showed {}",
                    said(Some(held(line))),
                    said(Some((f64::from(units + 1), Some(day)))),
                    said(now)
                );
                let has_units = now.is_some_and(|(shown, _)| shown == f64::from(units + 1));
                let others = |lines: &[ContractLine]| -> Vec<ContractLine> {
                    lines.iter().filter(|line| line.id != at.line).cloned().collect()
                };
                let same_others = others(&before) == others(lines);
                let evidence =
                    if same_others { evidence } else { format!("{evidence}; other lines changed") };
                findings.judge("v1-write", has_units && same_others, evidence.clone());
                if has_units {
                    let has_day = now.is_some_and(|(_, shown)| shown == Some(day));
                    findings.judge("v1-write-date", has_day, evidence);
                } else {
                    findings.untold("v1-write-date", evidence);
                }
            }
            Err(error) => {
                let why = format!("{answer}; the line could not be read afterwards: {error}");
                findings.untold("v1-write", why.clone());
                findings.untold("v1-write-date", why);
            }
        }
        let sent_back = match &put_back {
            None => "nothing was to be put back".to_owned(),
            Some(Ok(())) => "put back, taken".to_owned(),
            Some(Err(error)) => format!("put back, {error}"),
        };
        let by_hand = format!("set it by hand to {}", said(Some(held(line))));
        match &left {
            Ok(lines) if found(lines) == Some(held(line)) => {
                let evidence = format!("{sent_back}: the line holds {} again", said(found(lines)));
                match put_back {
                    Some(_) => findings.judge("v1-write-back", true, evidence),
                    None => findings.untold("v1-write-back", evidence),
                }
            }
            Ok(lines) => {
                let evidence = format!("{sent_back}: the line now holds {}: {by_hand}", said(found(lines)));
                findings.judge("v1-write-back", false, evidence);
            }
            Err(error) => {
                let evidence = format!(
                    "{sent_back}, and the line could not be read ({error}): look at it, and {by_hand}"
                );
                findings.judge("v1-write-back", false, evidence);
            }
        }
        Ok(())
    }
}

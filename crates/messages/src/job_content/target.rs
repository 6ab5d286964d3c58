//! One service on a contract, and what is wanted of it.

use std::collections::BTreeMap;

use domain::{
    Addend, Brake, CompanyId, DecidedChange, DriftPolicy, FieldChange, HoldId, PairId, Pending, ProductId,
    Remembered, SeenLine, SeenService, SeenShares, ServiceId, Share, TargetShares, Undated, Wanted,
};
use jiff::{Timestamp, civil::Date};

use crate::{
    FieldError,
    field::{self, required, wire_instant},
    v1,
};

/// One service on the contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Id of the service in Kaseya.
    pub service: ServiceId,
    /// Its name when it was mapped.
    pub service_name: String,
    /// Kaseya's name for it, if it was seen.
    pub known_service_name: Option<String>,
    /// Whether another partner of this installation writes the line.
    pub other_writer: bool,
    /// The addends of the wanted units.
    pub addends: Vec<Addend>,
    /// The sum of the addends.
    pub wanted: Wanted,
    /// Effective date of a change; `None` if it cannot be determined.
    pub effective_date: Option<Date>,
    /// Until when the line is left alone.
    pub unsure_until: Option<Timestamp>,
    /// The change a person approved.
    pub approved: Option<(HoldId, DecidedChange)>,
    /// The change a person dismissed.
    pub dismissed: Option<DecidedChange>,
    /// Units on the line at the last invoice, or approved by a person since; set only if we have changed the line
    /// since.
    pub invoiced: Option<f64>,
    /// What the ledger remembers of our changes.
    pub remembered: Remembered,
    /// The fields of its line that our changes of a period not yet invoiced have changed.
    pub fields_changed: Vec<FieldChange>,
    /// What happens if the line was edited.
    pub drift: DriftPolicy,
    /// Its line as last read; `None` before its first reading.
    pub last_known: Option<SeenLine>,
    /// The shares in the number that the line was last seen to hold; for a leftover, those of the companies that
    /// left it.
    pub shares: Option<TargetShares>,
    /// The plan switch with this target as its rise, if an earlier attempt started its fall.
    pub begun_pair: Option<PairId>,
    /// Its service in the catalogue, from this run's survey.
    pub service_seen: Option<SeenService>,
    /// A person's approval for a line that is no longer mapped: it has no addends, and 0 is wanted.
    pub leftover: Option<Leftover>,
    /// Whether one of its counts uses another basis than the partner bills.
    pub other_basis: bool,
}

/// A line that was ours and that a person approved to be set to 0 (D-13).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leftover {
    /// Units the person saw on the line.
    pub seen: f64,
}

impl Target {
    /// The wanted units, if known.
    pub fn wanted_units(&self) -> Option<u32> {
        match self.wanted {
            Wanted::Units(units) => Some(units),
            Wanted::Unknown => None,
        }
    }

    /// Each company's units in the wanted number; `None` if one is missing.
    pub fn shares_now(&self) -> Option<BTreeMap<CompanyId, u32>> {
        let mut shares = BTreeMap::new();
        for addend in &self.addends {
            let share: &mut u32 = shares.entry(addend.company.clone()).or_default();
            *share = share.saturating_add(addend.billed?);
        }
        Some(shares)
    }

    /// Each company's units in the number that the line was last seen to hold. What companies left behind does not
    /// indicate a plan switch: a person has decided about it on its own.
    pub fn shares_before(&self) -> Option<SeenShares> {
        self.mapped_shares().map(TargetShares::by_company)
    }

    /// The first share of a company and product that was above 0 and is 0 now, with its units when the line was last
    /// seen. If a person has removed the mapping, nothing is counted and no share ends by itself.
    pub fn share_that_ends(&self) -> Option<(CompanyId, u32)> {
        let seen = self.mapped_shares()?;
        self.addends.iter().filter(|addend| addend.billed == Some(0)).find_map(|addend| {
            let is_its = |share: &&Share| share.company == addend.company && share.product == addend.product;
            let before = seen.shares.iter().filter(is_its).find(|share| share.units > 0)?;
            Some((addend.company.clone(), before.units))
        })
    }

    /// The companies and products with users on a leftover before.
    pub fn left_by(&self) -> impl Iterator<Item = (&CompanyId, &ProductId)> {
        let shares = self.shares.as_ref().filter(|_| self.leftover.is_some());
        shares.into_iter().flat_map(|seen| &seen.shares).map(|share| (&share.company, &share.product))
    }

    fn mapped_shares(&self) -> Option<&TargetShares> {
        self.shares.as_ref().filter(|_| self.leftover.is_none())
    }
}

impl TryFrom<v1::TargetWork> for Target {
    type Error = FieldError;

    fn try_from(work: v1::TargetWork) -> Result<Self, FieldError> {
        let addend = |addend: v1::Addend| Addend::try_from(addend).map_err(|error| error.within("addends"));
        let addends = work.addends.into_iter().map(addend).collect::<Result<Vec<_>, _>>()?;
        // The sum is computed again here: a number that does not match its addends is the sender's error. For a
        // line that is no longer mapped and that a person decided about, there is no sum, and only 0 is possible.
        let leftover = work.leftover.map(leftover).transpose()?;
        let wanted = match &leftover {
            Some(_) if addends.is_empty() => Wanted::Units(0),
            Some(_) => return Err(FieldError::new("leftover", "a target with addends is none")),
            None => domain::wanted_units(&addends),
        };
        let said = work.wanted_units.map_or(Wanted::Unknown, Wanted::Units);
        if wanted != said {
            return Err(FieldError::new(
                "wanted_units",
                format!("it says {said:?}, and its addends make {wanted:?}"),
            ));
        }
        let approved = work.approval.map(approval).transpose()?.flatten();
        let dismissed = match (work.dismissal, work.dismissed_units) {
            (Some(said), Some(units)) => decided(said.brake, said.from_units, units, said.effective_date)
                .map_err(|error| error.within("dismissal"))?,
            (Some(_) | None, _) => None,
        };
        Ok(Self {
            service: ServiceId(required("service_id", work.service_id)?),
            service_name: work.service_name,
            known_service_name: work.known_service_name,
            other_writer: work.other_writer.unwrap_or(false),
            addends,
            wanted,
            effective_date: field::optional_day("effective_date", work.effective_date.as_deref())?,
            unsure_until: field::optional_instant("unsure_until", work.unsure_until)?,
            approved,
            dismissed,
            invoiced: work
                .invoiced_units
                .map(|units| field::decimal("invoiced_units", Some(units)))
                .transpose()?,
            remembered: Remembered {
                pending: work.pending.map(pending).transpose().map_err(|error| error.within("pending"))?,
                last_confirmed: work.last_confirmed_units,
                rewritten_for: field::optional_day("rewritten_for", work.rewritten_for.as_deref())?,
                unanswered: work.unanswered_units,
                undated: work.undated.map(undated).transpose().map_err(|error| error.within("undated"))?,
            },
            fields_changed: work.fields_changed.into_iter().map(FieldChange::from).collect(),
            drift: work.drift_policy.map_or(Ok(DriftPolicy::Ask), |policy| {
                field::named("drift_policy", &policy, DriftPolicy::parse)
            })?,
            last_known: work
                .last_known
                .map(|line| SeenLine::try_from(line).map_err(|error| error.within("last_known")))
                .transpose()?,
            service_seen: work
                .service_seen
                .map(|seen| SeenService::try_from(seen).map_err(|error| error.within("service_seen")))
                .transpose()?,
            shares: work.shares.map(shares).transpose().map_err(|error| error.within("shares"))?,
            begun_pair: work
                .begun_pair_id
                .map(|pair| field::id("begun_pair_id", PairId::parse(&pair)))
                .transpose()?,
            leftover,
            other_basis: work.other_basis.unwrap_or(false),
        })
    }
}

impl From<Target> for v1::TargetWork {
    fn from(target: Target) -> Self {
        let remembered = target.remembered;
        Self {
            wanted_units: target.wanted_units(),
            service_id: Some(target.service.0),
            service_name: target.service_name,
            addends: target.addends.iter().map(v1::Addend::from).collect(),
            effective_date: target.effective_date.map(|day| day.to_string()),
            last_known: target.last_known.map(v1::LineSeen::from),
            unsure_until: target.unsure_until.map(wire_instant),
            approval: target.approved.map(|(hold, change)| v1::Approval {
                hold_id: hold.to_string(),
                units: Some(change.to),
                from_units: Some(change.from),
                effective_date: Some(change.effective_date.to_string()),
                brake: Some(change.brake.as_str().to_owned()),
            }),
            dismissed_units: target.dismissed.map(|change| change.to),
            dismissal: target.dismissed.map(|change| v1::Dismissal {
                from_units: Some(change.from),
                effective_date: Some(change.effective_date.to_string()),
                brake: Some(change.brake.as_str().to_owned()),
            }),
            invoiced_units: target.invoiced,
            known_service_name: target.known_service_name,
            other_writer: target.other_writer.then_some(true),
            pending: remembered.pending.map(|pending| v1::PendingChange {
                from_units: Some(pending.from),
                to_units: Some(pending.to),
                effective_date: pending.effective_date.to_string(),
                due: Some(pending.due),
            }),
            last_confirmed_units: remembered.last_confirmed,
            rewritten_for: remembered.rewritten_for.map(|day| day.to_string()),
            unanswered_units: remembered.unanswered,
            undated: remembered.undated.map(|change| v1::UndatedChange {
                units: Some(change.units),
                effective_date: change.effective_date.to_string(),
            }),
            fields_changed: target.fields_changed.into_iter().map(v1::FieldChange::from).collect(),
            drift_policy: Some(target.drift.as_str().to_owned()),
            shares: target.shares.map(|seen| v1::SharesSeen {
                shares: seen
                    .shares
                    .into_iter()
                    .map(|share| v1::Share {
                        company_id: share.company.to_string(),
                        product_id: share.product.to_string(),
                        units: Some(share.units),
                    })
                    .collect(),
                run_number: Some(seen.run_number),
            }),
            leftover: target.leftover.map(|left| v1::Leftover { seen_units: Some(left.seen) }),
            begun_pair_id: target.begun_pair.map(|pair| pair.to_string()),
            service_seen: target.service_seen.map(v1::ServiceSeen::from),
            other_basis: target.other_basis.then_some(true),
        }
    }
}

fn approval(said: v1::Approval) -> Result<Option<(HoldId, DecidedChange)>, FieldError> {
    let hold = field::id("approval.hold_id", HoldId::parse(&said.hold_id))?;
    let units = required("approval.units", said.units)?;
    let decided = decided(said.brake, said.from_units, units, said.effective_date)
        .map_err(|error| error.within("approval"))?;
    Ok(decided.map(|decided| (hold, decided)))
}

/// A person's decision; `None` if an older scheduler does not say what it was about.
fn decided(
    brake: Option<String>,
    from: Option<f64>,
    to: u32,
    day: Option<String>,
) -> Result<Option<DecidedChange>, FieldError> {
    let (Some(brake), Some(from), Some(day)) = (brake, from, day) else { return Ok(None) };
    Ok(Some(DecidedChange {
        brake: field::named("brake", &brake, Brake::parse)?,
        from: field::decimal("from_units", Some(from))?,
        to,
        effective_date: field::day("effective_date", &day)?,
    }))
}

fn leftover(left: v1::Leftover) -> Result<Leftover, FieldError> {
    Ok(Leftover { seen: field::decimal("leftover.seen_units", left.seen_units)? })
}

fn shares(seen: v1::SharesSeen) -> Result<TargetShares, FieldError> {
    let share = |share: v1::Share| {
        Ok(Share {
            company: field::id("company_id", CompanyId::new(share.company_id))?,
            product: field::id("product_id", ProductId::new(share.product_id))?,
            units: required("units", share.units)?,
        })
    };
    Ok(TargetShares {
        shares: seen.shares.into_iter().map(share).collect::<Result<_, FieldError>>()?,
        run_number: required("run_number", seen.run_number)?,
    })
}

fn undated(change: v1::UndatedChange) -> Result<Undated, FieldError> {
    Ok(Undated {
        units: required("units", change.units)?,
        effective_date: field::day("effective_date", &change.effective_date)?,
    })
}

fn pending(pending: v1::PendingChange) -> Result<Pending, FieldError> {
    Ok(Pending {
        from: field::decimal("from_units", pending.from_units)?,
        to: required("to_units", pending.to_units)?,
        effective_date: field::day("effective_date", &pending.effective_date)?,
        due: required("due", pending.due)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_13_zero_from_nothing_is_wanted_only_of_a_leftover_and_a_leftover_has_no_counts() {
        let seen = |seen_units| Some(v1::Leftover { seen_units });
        let of = |leftover, wanted_units, addends| {
            let work = v1::TargetWork {
                service_id: Some(701),
                wanted_units: Some(wanted_units),
                leftover,
                addends,
                ..v1::TargetWork::default()
            };
            Target::try_from(work).map(|target| target.wanted)
        };
        assert_eq!(of(seen(Some(12.0)), 0, Vec::new()).ok(), Some(Wanted::Units(0)));
        assert!(of(None, 0, Vec::new()).is_err());
        assert!(of(seen(Some(12.0)), 3, Vec::new()).is_err());
        assert!(of(seen(None), 0, Vec::new()).is_err());
        let zero = v1::Addend {
            company_id: "acme".to_owned(),
            product_id: "standard".to_owned(),
            mapping_version: Some(1),
            users: Some(0),
            count_day: Some("2026-11-30".to_owned()),
            counted_at: Some(wire_instant(Timestamp::UNIX_EPOCH)),
            billed_units: Some(0),
        };
        assert_eq!(of(None, 0, vec![zero.clone()]).ok(), Some(Wanted::Units(0)));
        assert!(of(seen(Some(12.0)), 0, vec![zero]).is_err());
    }
}

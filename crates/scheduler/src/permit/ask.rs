//! A worker's request to write, read field by field.

use std::collections::BTreeSet;

use domain::{CompanyId, ContractId, HoldId, IntentId, LineId, PairId, ProductId, ServiceId};
use jiff::civil::Date;
use messages::{
    FieldError,
    field::{day, decimal, id, optional_day, optional_instant, required},
    v1,
};

use crate::claimed_attempt::ClaimedAttempt;

/// The most changes of one request.
const MOST_CHANGES: usize = 100;

/// What a worker is about to write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PermitAsk {
    pub(super) of: ClaimedAttempt,
    pub(super) credentials_version: i32,
    pub(super) changes: Vec<AskedChange>,
    pub(super) login_accepted: bool,
    /// Whether a write sends all lines of its contract.
    pub(super) whole_contracts: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct AskedChange {
    pub(super) id: IntentId,
    pub(super) contract: ContractId,
    pub(super) service: ServiceId,
    pub(super) line: LineId,
    pub(super) from_units: f64,
    pub(super) to_units: u32,
    pub(super) effective_date: Date,
    pub(super) addends: Vec<AskedAddend>,
    pub(super) approved_hold: Option<HoldId>,
    pub(super) rewrite: bool,
    pub(super) pair: Option<PairId>,
}

/// A count in the form in which it is compared with the job's content: company, product, users and billed units.
pub(super) type Count<'a> = (&'a str, &'a str, Option<u32>, Option<u32>);

/// One count in the number. The journal keeps it: without it the reason for this number would be lost.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(super) struct AskedAddend {
    pub(super) company: CompanyId,
    product: ProductId,
    users: u32,
    billed: u32,
    count_day: Option<Date>,
    pub(super) mapping_version: u32,
}

impl AskedAddend {
    /// The count as the worker states it.
    pub(super) fn count(&self) -> Count<'_> {
        (self.company.as_str(), self.product.as_str(), Some(self.users), Some(self.billed))
    }

    pub(super) fn key(&self) -> (CompanyId, ProductId) {
        (self.company.clone(), self.product.clone())
    }
}

impl AskedChange {
    /// Whether it sets a line to 0 that nothing is mapped to any more (D-13).
    pub(super) fn is_leftover(&self) -> bool {
        self.addends.is_empty()
    }

    pub(super) fn companies(&self) -> BTreeSet<CompanyId> {
        self.addends.iter().map(|addend| addend.company.clone()).collect()
    }
}

impl PermitAsk {
    /// The attempt that sent the request.
    pub(crate) fn of(&self) -> &ClaimedAttempt {
        &self.of
    }

    /// Reads the request. An incomplete change makes the whole message unusable: half a change is never written.
    pub(crate) fn read(ask: v1::PermitWrites) -> Result<Self, FieldError> {
        let of = ClaimedAttempt::read(&ask.partner_id, &ask.job_id, ask.attempt, &ask.worker_id)?;
        if ask.changes.len() > MOST_CHANGES {
            return Err(FieldError::new(
                "changes",
                format!("at most {MOST_CHANGES} may be asked for at once"),
            ));
        }
        let version = required("credentials_version", ask.credentials_version)?;
        let changes = ask.changes.into_iter().enumerate();
        Ok(Self {
            of,
            credentials_version: i32::try_from(version).map_err(|_| {
                FieldError::new("credentials_version", "it is larger than any version can be")
            })?,
            changes: changes
                .map(|(index, change)| {
                    read_change(change).map_err(|error| error.within(&format!("changes[{index}]")))
                })
                .collect::<Result<_, _>>()?,
            login_accepted: ask.login_accepted.unwrap_or(false),
            whole_contracts: ask.whole_contracts.unwrap_or(false),
        })
    }
}

fn read_change(change: v1::IntendedChange) -> Result<AskedChange, FieldError> {
    let to_units = required("to_units", change.to_units)?;
    if to_units > domain::MAX_UNITS {
        return Err(FieldError::new("to_units", "it is larger than Kaseya's number can be"));
    }
    // An approval for a line that nothing is mapped to any more is no sum (D-13).
    let is_leftover = to_units == 0 && change.approved_hold_id.is_some();
    if change.addends.is_empty() && !is_leftover {
        return Err(FieldError::new("addends", "a number that is the sum of nothing is never sent"));
    }
    let addends = change.addends.into_iter().enumerate();
    Ok(AskedChange {
        id: id("intent_id", IntentId::parse(&change.intent_id))?,
        contract: ContractId(required("contract_id", change.contract_id)?),
        service: ServiceId(required("service_id", change.service_id)?),
        line: LineId(required("line_id", change.line_id)?),
        from_units: decimal("from_units", change.from_units)?,
        to_units,
        effective_date: day("effective_date", &change.effective_date)?,
        addends: addends
            .map(|(index, addend)| {
                read_addend(addend).map_err(|error| error.within(&format!("addends[{index}]")))
            })
            .collect::<Result<_, _>>()?,
        approved_hold: change
            .approved_hold_id
            .map(|text| id("approved_hold_id", HoldId::parse(&text)))
            .transpose()?,
        rewrite: change.rewrite.unwrap_or(false),
        pair: change.pair_id.map(|text| id("pair_id", PairId::parse(&text))).transpose()?,
    })
}

fn read_addend(addend: v1::Addend) -> Result<AskedAddend, FieldError> {
    optional_instant("counted_at", addend.counted_at)?;
    let users = required("users", addend.users)?;
    Ok(AskedAddend {
        company: id("company_id", CompanyId::new(addend.company_id))?,
        product: id("product_id", ProductId::new(addend.product_id))?,
        users,
        billed: addend.billed_units.unwrap_or(users),
        count_day: optional_day("count_day", addend.count_day.as_deref())?,
        mapping_version: required("mapping_version", addend.mapping_version)?,
    })
}

//! One contract and what is wanted on it.

use std::collections::BTreeSet;

use domain::{
    AccountId, CompanyId, ContractId, ErrorCode, LineId, ProductId, Remark, SeenContract, ServiceId,
    ShownContract,
};
use jiff::{Timestamp, civil::Date};

use super::Target;
use crate::{
    FieldError,
    field::{self, required, wire_instant},
    v1,
};

/// One contract and what is wanted on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// Id of the contract in Kaseya.
    pub id: ContractId,
    /// The account it was mapped with.
    pub account: AccountId,
    /// Its name when it was mapped.
    pub name: String,
    /// Its targets.
    pub targets: Vec<Target>,
    /// Products of its companies without a target.
    pub notes: Vec<Note>,
    /// Products of its companies that are not billed.
    pub unbilled: Vec<Unbilled>,
    /// Products of its companies that had users on a line, and now have neither users nor a service there.
    pub left_behind: Vec<LeftBehindProduct>,
    /// What the run's survey showed of it; `None` if it must be looked up.
    pub seen: Option<SeenContract>,
    /// Name of the account it was mapped with.
    pub account_name: Option<String>,
    /// Its account's name when the contract was last found to belong to the mapped account.
    pub owner_name: Option<String>,
    /// What an earlier run's survey saw, if this run's has not shown it.
    pub last_seen: Option<SeenContract>,
    /// Whether a person has chosen how this contract is billed.
    pub billing_chosen: bool,
    /// Kaseya's name for the contract, if it was seen.
    pub known_name: Option<String>,
    /// Kaseya's name for the account, if it was seen.
    pub known_account_name: Option<String>,
    /// The account the contract was last found to belong to.
    pub owner_account: Option<AccountId>,
    /// Whether another account has the same name.
    pub account_name_shared: bool,
    /// Two mappings that cannot both be right.
    pub contradiction: Option<Remark>,
    /// Services that were ours and are no longer mapped: a reading looks for them as well.
    pub also_look_for: BTreeSet<ServiceId>,
    /// Whether to check its account even if nothing changes.
    pub ask_account: bool,
    /// Whether to check its owner even if the survey leaves it open and nothing changes.
    pub ask_owner: bool,
    /// Changes of its lines, for any service and any partner, that may not be visible yet.
    pub waiting: Vec<WaitingChange>,
}

/// A change that was sent to a line and that no reading has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingChange {
    /// The line.
    pub line: LineId,
    /// Units sent.
    pub to: u32,
    /// Effective date.
    pub effective_date: Date,
    /// When it can no longer land; `None` if Kaseya accepted it.
    pub lands_until: Option<Timestamp>,
}

/// A product of a company without a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// The reason.
    pub code: ErrorCode,
    /// Number of users not billed because of it, if known.
    pub users: Option<u32>,
}

/// A product that has lost its users to another product and no longer has a service on the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehindProduct {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// The service of the line that held its users.
    pub service: ServiceId,
    /// Number of the run that last saw the line hold our number.
    pub run_number: u64,
}

/// A product that its company's rule excludes from billing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbilled {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// Number of users, if known.
    pub users: Option<u32>,
    /// The day of the count.
    pub count_day: Option<Date>,
    /// The reason, in the partner's words.
    pub note: String,
}

impl Contract {
    /// What an earlier run's survey showed, if this run's has not shown it.
    pub fn last_shown(&self) -> Option<&ShownContract> {
        self.last_seen.as_ref()?.shown.as_ref()
    }
}

impl TryFrom<v1::ContractWork> for Contract {
    type Error = FieldError;

    fn try_from(work: v1::ContractWork) -> Result<Self, FieldError> {
        Ok(Self {
            id: ContractId(required("contract_id", work.contract_id)?),
            account: AccountId(required("account_id", work.account_id)?),
            name: work.contract_name,
            targets: work.targets.into_iter().map(Target::try_from).collect::<Result<_, _>>()?,
            notes: work.notes.into_iter().map(note).collect::<Result<_, _>>()?,
            unbilled: work.unbilled.into_iter().map(unbilled).collect::<Result<_, _>>()?,
            left_behind: work.left_behind.into_iter().map(left_behind).collect::<Result<_, _>>()?,
            seen: work
                .seen
                .map(|seen| SeenContract::try_from(seen).map_err(|error| error.within("seen")))
                .transpose()?,
            account_name: work.account_name,
            owner_name: work.owner_name,
            last_seen: work
                .last_seen
                .map(|seen| SeenContract::try_from(seen).map_err(|error| error.within("last_seen")))
                .transpose()?,
            billing_chosen: work.billing_chosen.unwrap_or(false),
            known_name: work.known_contract_name,
            known_account_name: work.known_account_name,
            owner_account: work.owner_account_id.map(AccountId),
            account_name_shared: work.account_name_shared.unwrap_or(false),
            contradiction: work
                .contradiction
                .map(Remark::try_from)
                .transpose()
                .map_err(|error| error.within("contradiction"))?,
            also_look_for: work.also_look_for.into_iter().map(ServiceId).collect(),
            ask_account: work.ask_account.unwrap_or(false),
            ask_owner: work.ask_owner.unwrap_or(false),
            waiting: work
                .waiting
                .into_iter()
                .map(|change| waiting(change).map_err(|error| error.within("waiting")))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<Contract> for v1::ContractWork {
    fn from(contract: Contract) -> Self {
        Self {
            contract_id: Some(contract.id.0),
            account_id: Some(contract.account.0),
            contract_name: contract.name,
            account_name: contract.account_name,
            targets: contract.targets.into_iter().map(v1::TargetWork::from).collect(),
            notes: contract.notes.into_iter().map(v1::ProductNote::from).collect(),
            unbilled: contract.unbilled.into_iter().map(v1::UnbilledProduct::from).collect(),
            left_behind: contract.left_behind.into_iter().map(v1::LeftBehindProduct::from).collect(),
            seen: contract.seen.map(v1::ContractSeen::from),
            last_seen: contract.last_seen.map(v1::ContractSeen::from),
            owner_name: contract.owner_name,
            owner_account_id: contract.owner_account.map(|account| account.0),
            billing_chosen: Some(contract.billing_chosen),
            known_contract_name: contract.known_name,
            known_account_name: contract.known_account_name,
            account_name_shared: Some(contract.account_name_shared),
            contradiction: contract.contradiction.map(v1::Remark::from),
            also_look_for: contract.also_look_for.into_iter().map(|service| service.0).collect(),
            ask_account: Some(contract.ask_account),
            ask_owner: Some(contract.ask_owner),
            waiting: contract.waiting.into_iter().map(v1::WaitingChange::from).collect(),
        }
    }
}

impl From<WaitingChange> for v1::WaitingChange {
    fn from(change: WaitingChange) -> Self {
        Self {
            line_id: Some(change.line.0),
            to_units: Some(change.to),
            effective_date: change.effective_date.to_string(),
            lands_until: change.lands_until.map(wire_instant),
        }
    }
}

impl From<Note> for v1::ProductNote {
    fn from(note: Note) -> Self {
        Self {
            company_id: note.company.to_string(),
            product_id: note.product.to_string(),
            code: note.code.to_string(),
            users: note.users,
        }
    }
}

impl From<Unbilled> for v1::UnbilledProduct {
    fn from(unbilled: Unbilled) -> Self {
        Self {
            company_id: unbilled.company.to_string(),
            product_id: unbilled.product.to_string(),
            users: unbilled.users,
            count_day: unbilled.count_day.map(|day| day.to_string()),
            note: unbilled.note,
        }
    }
}

impl From<LeftBehindProduct> for v1::LeftBehindProduct {
    fn from(left: LeftBehindProduct) -> Self {
        Self {
            company_id: left.company.to_string(),
            product_id: left.product.to_string(),
            service_id: Some(left.service.0),
            run_number: Some(left.run_number),
        }
    }
}

fn left_behind(left: v1::LeftBehindProduct) -> Result<LeftBehindProduct, FieldError> {
    Ok(LeftBehindProduct {
        company: field::id("left_behind.company_id", CompanyId::new(left.company_id))?,
        product: field::id("left_behind.product_id", ProductId::new(left.product_id))?,
        service: ServiceId(required("left_behind.service_id", left.service_id)?),
        run_number: required("left_behind.run_number", left.run_number)?,
    })
}

fn waiting(change: v1::WaitingChange) -> Result<WaitingChange, FieldError> {
    Ok(WaitingChange {
        line: LineId(required("line_id", change.line_id)?),
        to: required("to_units", change.to_units)?,
        effective_date: field::day("effective_date", &change.effective_date)?,
        lands_until: field::optional_instant("lands_until", change.lands_until)?,
    })
}

fn unbilled(unbilled: v1::UnbilledProduct) -> Result<Unbilled, FieldError> {
    Ok(Unbilled {
        company: field::id("unbilled.company_id", CompanyId::new(unbilled.company_id))?,
        product: field::id("unbilled.product_id", ProductId::new(unbilled.product_id))?,
        users: unbilled.users,
        count_day: field::optional_day("unbilled.count_day", unbilled.count_day.as_deref())?,
        note: unbilled.note,
    })
}

fn note(note: v1::ProductNote) -> Result<Note, FieldError> {
    Ok(Note {
        company: field::id("notes.company_id", CompanyId::new(note.company_id))?,
        product: field::id("notes.product_id", ProductId::new(note.product_id))?,
        code: field::named("notes.code", &note.code, |code| code.parse().ok())?,
        users: note.users,
    })
}

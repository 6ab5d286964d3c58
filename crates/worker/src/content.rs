//! What a job needs, fully validated.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    AccountId, Addend, Brake, Brakes, CompanyId, ContractId, DecidedChange, DriftPolicy, ErrorCode, HoldId,
    LineId, PairId, PartnerId, Pending, ProductId, Remark, Remembered, RunId, RunMode, SeenContract,
    SeenService, SeenShares, ServiceId, ShownContract, Trigger, Undated, UserCount, Wanted,
};
use jiff::{Timestamp, civil::Date};
use messages::{
    FieldError,
    field::{self, required},
    v1,
};

/// The Kaseya to call and the user to call it as; the password is still sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Host name as the customer entered it, cleaned.
    pub host: String,
    /// The V2 base address, if it differs from the host's own.
    pub v2_base: Option<String>,
    /// The V1 base address, if it differs from the host's own.
    pub v1_base: Option<String>,
    /// The text of the line profile, if it differs from the built-in one.
    pub line_profile: Option<String>,
    /// The tenant (company name) of the login.
    pub tenant: String,
    /// The user name of the login.
    pub user_name: String,
    /// The password, sealed by the vault.
    pub sealed_password: String,
    /// Version of the credentials; a permit names it.
    pub credentials_version: u32,
}

/// A job as of the scheduler's response.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: u64,
    /// Whether the run writes units.
    pub mode: RunMode,
    /// What triggered the run.
    pub trigger: Trigger,
    /// Where to call and as whom.
    pub integration: Integration,
    /// Number of V2 calls allowed.
    pub v2_calls: u32,
    /// Number of V1 calls allowed.
    pub v1_calls: u32,
    /// Duration of the lease, unless renewed.
    pub lease: Duration,
    /// Duration of the slice. What is not done by then is handed back.
    pub slice: Duration,
    /// The partner's brakes.
    pub brakes: Brakes,
    /// Whether this attempt probes a host that failed before.
    pub probing: bool,
    /// Number of consecutive attempts before this one without progress.
    pub setbacks: u32,
    /// The contracts of the slice; empty for a survey.
    pub contracts: Vec<Contract>,
    /// The work of a survey; `None` for every other job.
    pub survey: Option<SurveyWork>,
    /// Whether the next survey confirms the changes of contracts that came with a total.
    pub confirm_by_total: bool,
    /// The installation's time when the scheduler wrote this.
    pub issued_at: Option<Timestamp>,
    /// Contracts with lines that were read before. If the job's own do not fit the line profile, these show where
    /// the fault lies.
    pub fitting: Vec<ContractId>,
}

/// The work of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyWork {
    /// The page to continue with, from 1.
    pub from_page: usize,
    /// The run's contracts that no page has shown yet.
    pub contracts: BTreeSet<ContractId>,
    /// The services mapped on the run's contracts, with their names when they were mapped.
    pub services: BTreeMap<ServiceId, String>,
}

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
    /// What an earlier run's survey showed, if this run's has not shown it.
    pub last_shown: Option<ShownContract>,
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
    /// The share of the number that falls to 0, with its units when the line was last seen.
    pub share_that_ends: Option<(CompanyId, u32)>,
    /// What the ledger remembers of our changes.
    pub remembered: Remembered,
    /// What happens if the line was edited.
    pub drift: DriftPolicy,
    /// Whether its line was ever read before.
    pub read_before: bool,
    /// The line's price at the last reading.
    pub known_price: Option<f64>,
    /// Each company's units in the number that the line was last seen to hold.
    pub shares: Option<SeenShares>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Leftover {
    /// Units the person saw on the line.
    pub seen: f64,
    /// The companies and products with users on it before.
    pub left_by: Vec<(CompanyId, ProductId)>,
}

impl Target {
    /// The wanted units, if known.
    pub(crate) fn wanted_units(&self) -> Option<u32> {
        match self.wanted {
            Wanted::Units(units) => Some(units),
            Wanted::Unknown => None,
        }
    }

    /// Each company's units in the wanted number; `None` if one is missing.
    pub(crate) fn shares_now(&self) -> Option<BTreeMap<CompanyId, u32>> {
        let mut shares = BTreeMap::new();
        for addend in &self.addends {
            let share: &mut u32 = shares.entry(addend.company.clone()).or_default();
            *share = share.saturating_add(addend.billed?);
        }
        Some(shares)
    }
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

impl TryFrom<v1::JobContent> for Content {
    type Error = FieldError;

    fn try_from(content: v1::JobContent) -> Result<Self, FieldError> {
        let allowance = required("allowance", content.allowance)?;
        let brakes = required("brakes", content.brakes)?;
        let integration = required("integration", content.integration)?;
        let seconds =
            |name: &str, value| required(name, value).map(|value: u32| Duration::from_secs(value.into()));
        Ok(Self {
            run: field::id("run_id", RunId::parse(&content.run_id))?,
            run_number: required("run_number", content.run_number)?,
            mode: field::run_mode("mode", content.mode)?,
            trigger: field::named("trigger", &content.trigger, Trigger::parse)?,
            integration: Integration {
                host: integration.host,
                v2_base: integration.v2_base,
                v1_base: integration.v1_base,
                line_profile: integration.line_profile,
                tenant: integration.tenant,
                user_name: integration.user_name,
                sealed_password: integration.sealed_password,
                credentials_version: required("credentials_version", integration.credentials_version)?,
            },
            v2_calls: required("allowance.v2", allowance.v2)?,
            v1_calls: required("allowance.v1", allowance.v1)?,
            issued_at: field::optional_instant("issued_at", content.issued_at)?,
            lease: seconds("lease_seconds", content.lease_seconds)?,
            slice: seconds("slice_seconds", content.slice_seconds)?,
            brakes: Brakes {
                units: required("brakes.units", brakes.units)?,
                percent: required("brakes.percent", brakes.percent)?,
                units_alone: required("brakes.units_alone", brakes.units_alone)?,
            },
            probing: required("probing", content.probing)?,
            setbacks: required("setbacks", content.setbacks)?,
            contracts: content.contracts.into_iter().map(contract).collect::<Result<_, _>>()?,
            survey: content.survey.map(survey).transpose().map_err(|error| error.within("survey"))?,
            confirm_by_total: content.confirm_by_total.unwrap_or(false),
            fitting: content.fitting_contract_ids.into_iter().map(ContractId).collect(),
        })
    }
}

fn survey(work: v1::SurveyWork) -> Result<SurveyWork, FieldError> {
    let from_page = usize::try_from(required("from_page", work.from_page)?).ok().filter(|page| *page > 0);
    Ok(SurveyWork {
        from_page: from_page.ok_or_else(|| FieldError::new("from_page", "pages are counted from 1"))?,
        contracts: work.contract_ids.into_iter().map(ContractId).collect(),
        services: work
            .services
            .into_iter()
            .map(|mapped| {
                let service = ServiceId(required("services.service_id", mapped.service_id)?);
                Ok((service, mapped.service_name))
            })
            .collect::<Result<_, FieldError>>()?,
    })
}

fn contract(work: v1::ContractWork) -> Result<Contract, FieldError> {
    Ok(Contract {
        id: ContractId(required("contract_id", work.contract_id)?),
        account: AccountId(required("account_id", work.account_id)?),
        name: work.contract_name,
        targets: work.targets.into_iter().map(target).collect::<Result<_, _>>()?,
        notes: work.notes.into_iter().map(note).collect::<Result<_, _>>()?,
        unbilled: work.unbilled.into_iter().map(unbilled).collect::<Result<_, _>>()?,
        left_behind: work.left_behind.into_iter().map(left_behind).collect::<Result<_, _>>()?,
        seen: work
            .seen
            .map(|seen| SeenContract::try_from(seen).map_err(|error| error.within("seen")))
            .transpose()?,
        account_name: work.account_name,
        owner_name: work.owner_name,
        last_shown: match work.last_seen {
            Some(seen) => SeenContract::try_from(seen).map_err(|error| error.within("last_seen"))?.shown,
            None => None,
        },
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
        waiting: work
            .waiting
            .into_iter()
            .map(|change| waiting(change).map_err(|error| error.within("waiting")))
            .collect::<Result<_, _>>()?,
    })
}

fn target(work: v1::TargetWork) -> Result<Target, FieldError> {
    let addends = work.addends.into_iter().map(addend).collect::<Result<Vec<_>, _>>()?;
    // The sum is computed again here: a number that does not match its addends is the sender's error. For a line
    // that is no longer mapped and that a person decided about, there is no sum, and only 0 is possible.
    let leftover = work.leftover.map(|left| leftover(&left, work.shares.as_ref())).transpose()?;
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
    // What companies left behind does not indicate a plan switch: a person has decided about it on its own.
    let shares_seen = work.shares.filter(|_| leftover.is_none());
    let share_that_ends = shares_seen.as_ref().and_then(|seen| share_that_ends(seen, &addends));
    let approved = work.approval.map(approval).transpose()?.flatten();
    let dismissed = match (work.dismissal, work.dismissed_units) {
        (Some(said), Some(units)) => decided(said.brake, said.from_units, units, said.effective_date)
            .map_err(|error| error.within("dismissal"))?,
        (Some(_) | None, _) => None,
    };
    Ok(Target {
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
        share_that_ends,
        remembered: Remembered {
            pending: work.pending.map(pending).transpose().map_err(|error| error.within("pending"))?,
            last_confirmed: work.last_confirmed_units,
            rewritten_for: field::optional_day("rewritten_for", work.rewritten_for.as_deref())?,
            unanswered: work.unanswered_units,
            undated: work.undated.map(undated).transpose().map_err(|error| error.within("undated"))?,
        },
        drift: work.drift_policy.map_or(Ok(DriftPolicy::Ask), |policy| {
            field::named("drift_policy", &policy, DriftPolicy::parse)
        })?,
        read_before: work.last_known.is_some(),
        known_price: work.last_known.and_then(|line| line.unit_price),
        service_seen: work
            .service_seen
            .map(|seen| SeenService::try_from(seen).map_err(|error| error.within("service_seen")))
            .transpose()?,
        shares: shares_seen.map(shares).transpose().map_err(|error| error.within("shares"))?,
        begun_pair: work
            .begun_pair_id
            .map(|pair| field::id("begun_pair_id", PairId::parse(&pair)))
            .transpose()?,
        leftover,
        other_basis: work.other_basis.unwrap_or(false),
    })
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

/// The first share of a company and product that was above 0 and is 0 now. If a person has removed the mapping,
/// nothing is counted and no share ends by itself.
fn share_that_ends(seen: &v1::SharesSeen, addends: &[Addend]) -> Option<(CompanyId, u32)> {
    addends.iter().filter(|addend| addend.billed == Some(0)).find_map(|addend| {
        let (company, product) = (addend.company.as_str(), addend.product.as_str());
        let before = seen.shares.iter().find(|share| {
            share.company_id == company && share.product_id == product && share.units > Some(0)
        })?;
        Some((addend.company.clone(), before.units?))
    })
}

fn leftover(left: &v1::Leftover, shares: Option<&v1::SharesSeen>) -> Result<Leftover, FieldError> {
    let left_by = shares.into_iter().flat_map(|seen| &seen.shares).map(|share| {
        Ok((
            field::id("shares.company_id", CompanyId::new(share.company_id.as_str()))?,
            field::id("shares.product_id", ProductId::new(share.product_id.as_str()))?,
        ))
    });
    Ok(Leftover {
        seen: field::decimal("leftover.seen_units", left.seen_units)?,
        left_by: left_by.collect::<Result<_, FieldError>>()?,
    })
}

fn shares(seen: v1::SharesSeen) -> Result<SeenShares, FieldError> {
    let mut units: BTreeMap<CompanyId, u32> = BTreeMap::new();
    for share in seen.shares {
        let company = field::id("company_id", CompanyId::new(share.company_id))?;
        let of_company = units.entry(company).or_default();
        *of_company = of_company.saturating_add(required("units", share.units)?);
    }
    Ok(SeenShares { units, run_number: required("run_number", seen.run_number)? })
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

fn addend(addend: v1::Addend) -> Result<Addend, FieldError> {
    let count = addend
        .users
        .map(|users| {
            let day = required("addends.count_day", addend.count_day.as_deref())?;
            Ok(UserCount {
                users,
                day: field::day("addends.count_day", day)?,
                counted_at: field::instant("addends.counted_at", addend.counted_at)?,
            })
        })
        .transpose()?;
    Ok(Addend {
        company: field::id("addends.company_id", CompanyId::new(addend.company_id))?,
        product: field::id("addends.product_id", ProductId::new(addend.product_id))?,
        mapping_version: required("addends.mapping_version", addend.mapping_version)?,
        billed: count.map(|count| addend.billed_units.unwrap_or(count.users)),
        count,
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

pub(crate) fn wire_addend(addend: &Addend) -> v1::Addend {
    v1::Addend {
        company_id: addend.company.to_string(),
        product_id: addend.product.to_string(),
        mapping_version: Some(addend.mapping_version),
        users: addend.count.map(|count| count.users),
        count_day: addend.count.map(|count| count.day.to_string()),
        counted_at: addend.count.map(|count| field::wire_instant(count.counted_at)),
        billed_units: addend.billed,
    }
}

/// A ticket, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The partner.
    pub partner: PartnerId,
    /// The job.
    pub job: domain::JobId,
    /// The attempt.
    pub attempt: u32,
}

impl TryFrom<v1::JobReady> for Ticket {
    type Error = FieldError;

    fn try_from(ready: v1::JobReady) -> Result<Self, FieldError> {
        Ok(Self {
            partner: field::id("partner_id", PartnerId::new(ready.partner_id))?,
            job: field::id("job_id", domain::JobId::parse(&ready.job_id))?,
            attempt: required("attempt", ready.attempt)?,
        })
    }
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
            target(work).map(|target| target.wanted)
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
            counted_at: Some(field::wire_instant(Timestamp::UNIX_EPOCH)),
            billed_units: Some(0),
        };
        assert_eq!(of(None, 0, vec![zero.clone()]).ok(), Some(Wanted::Units(0)));
        assert!(of(seen(Some(12.0)), 0, vec![zero]).is_err());
    }
}

//! Checks messages from external senders: portals' requests and decisions, and the provider's counts.
//!
//! A missing or unusable field is an error that names it. Nothing that decides about units is ever filled in.

use std::collections::BTreeSet;

use domain::{CompanyId, CountBasis, HoldId, PartnerId, ProductId, ReportId, RequestId, RunMode};
use jiff::{Timestamp, civil::Date};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::{
    DecodeError, FieldError, Message as _, encode,
    envelope::decode_strangers,
    field::{chosen, day, decimal, id, instant, optional_instant, required, run_mode, text, wire_instant},
    v1,
};

/// The maximum number of companies that a request may list.
pub const MAX_LISTED: usize = 10_000;
/// The maximum number of users in one count.
pub const MAX_USERS: u32 = 10_000_000;
/// The most parts of a report.
const MAX_PARTS: u32 = 10_000;

/// A number of users, at most [`MAX_USERS`].
pub fn users(users: u32) -> Result<u32, FieldError> {
    if users > MAX_USERS {
        return Err(FieldError::new("users", format!("it is {users}; at most {MAX_USERS} are allowed")));
    }
    Ok(users)
}

/// The companies that a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Companies {
    /// Every company of the partner, stated explicitly.
    All,
    /// These companies; at least one.
    Only(BTreeSet<CompanyId>),
}

/// A checked `SyncRequested`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRequest {
    /// Chosen by the sender.
    pub request: RequestId,
    /// The partner with the integration to sync.
    pub partner: PartnerId,
    /// The companies to sync.
    pub companies: Companies,
    /// Whether units are written.
    pub mode: RunMode,
    /// The requester, as the sender names them.
    pub requested_by: String,
    /// Nothing is synced after this instant; `None` does not expire.
    pub expires_at: Option<Timestamp>,
    /// The report that the synced counts must include, if any.
    pub must_include: Option<ReportId>,
}

impl TryFrom<v1::SyncRequested> for SyncRequest {
    type Error = FieldError;

    fn try_from(wire: v1::SyncRequested) -> Result<Self, FieldError> {
        Ok(Self {
            request: id("request_id", RequestId::new(wire.request_id))?,
            partner: id("partner_id", PartnerId::new(wire.partner_id))?,
            companies: companies(wire.companies)?,
            mode: run_mode("mode", wire.mode)?,
            requested_by: text("requested_by", wire.requested_by)?,
            expires_at: optional_instant("expires_at", wire.expires_at)?,
            must_include: wire
                .must_include_report_id
                .map(|report| id("must_include_report_id", ReportId::new(report)))
                .transpose()?,
        })
    }
}

fn companies(wire: Option<v1::CompanySelection>) -> Result<Companies, FieldError> {
    use v1::company_selection::Selection;
    let selection = wire.and_then(|companies| companies.selection);
    match selection {
        None => Err(FieldError::new(
            "companies",
            "it does not say which: give {\"all\":{}} or {\"only\":{\"companyIds\":[...]}}",
        )),
        Some(Selection::All(v1::AllCompanies {})) => Ok(Companies::All),
        Some(Selection::Only(list)) => {
            let count = list.company_ids.len();
            if count == 0 || count > MAX_LISTED {
                return Err(FieldError::new(
                    "companies.only.company_ids",
                    format!("it lists {count}; list 1 to {MAX_LISTED}, or say all"),
                ));
            }
            list.company_ids
                .into_iter()
                .enumerate()
                .map(|(n, company)| id(&format!("companies.only.company_ids[{n}]"), CompanyId::new(company)))
                .collect::<Result<_, _>>()
                .map(Companies::Only)
        }
    }
}

/// A checked `UserCountsReported`: one part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountsReport {
    /// The partner that the counted companies belong to.
    pub partner: PartnerId,
    /// The report; all its parts carry the same id.
    pub report: ReportId,
    /// The counted day, in the provider's zone; never later than the instant of counting.
    pub day: Date,
    /// The instant of counting.
    pub counted_at: Timestamp,
    /// This part, from 1 to `parts`.
    pub part: u32,
    /// The number of parts in the report.
    pub parts: u32,
    /// Whether the provider will no longer change this day's counts.
    pub is_final: bool,
    /// The companies of this part, each at most once.
    pub companies: Vec<CompanyCounts>,
}

/// All counts of one company: an unlisted product counts as 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyCounts {
    /// The company.
    pub company: CompanyId,
    /// Its name, if it was sent.
    pub name: Option<String>,
    /// Its products, each at most once.
    pub products: Vec<ProductCount>,
}

/// The count of one product at one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductCount {
    /// The product.
    pub product: ProductId,
    /// Its name, if it was sent.
    pub name: Option<String>,
    /// The number of users; `None` if the count could not be taken, which never means 0.
    pub users: Option<u32>,
    /// What was counted; present whenever `users` is.
    pub basis: Option<CountBasis>,
}

impl TryFrom<v1::UserCountsReported> for CountsReport {
    type Error = FieldError;

    fn try_from(wire: v1::UserCountsReported) -> Result<Self, FieldError> {
        let day = day("day", &wire.day)?;
        let counted_at = instant("counted_at", wire.counted_at)?;
        // Otherwise a day that no zone had reached yet would stay the newest for ever.
        if day.saturating_sub(jiff::Span::new().days(1)) > counted_at.to_zoned(jiff::tz::TimeZone::UTC).date()
        {
            return Err(FieldError::new("day", "it is later than counted_at; one of the two is wrong"));
        }
        let parts = required("parts", wire.parts)?;
        if !(1..=MAX_PARTS).contains(&parts) {
            return Err(FieldError::new("parts", format!("it is {parts}; 1 to {MAX_PARTS} are allowed")));
        }
        let part = required("part", wire.part)?;
        if !(1..=parts).contains(&part) {
            return Err(FieldError::new(
                "part",
                format!("it is {part}; 1 to {parts}, the number of parts, are allowed"),
            ));
        }
        Ok(Self {
            partner: id("partner_id", PartnerId::new(wire.partner_id))?,
            report: id("report_id", ReportId::new(wire.report_id))?,
            day,
            counted_at,
            part,
            parts,
            is_final: required("final", wire.r#final)?,
            companies: each_once("companies", wire.companies, CompanyCounts::try_from, |counts| {
                &counts.company
            })?,
        })
    }
}

impl TryFrom<v1::CompanyCounts> for CompanyCounts {
    type Error = FieldError;

    fn try_from(wire: v1::CompanyCounts) -> Result<Self, FieldError> {
        Ok(Self {
            company: id("company_id", CompanyId::new(wire.company_id))?,
            name: wire.company_name.and_then(name),
            products: each_once("products", wire.products, ProductCount::try_from, |count| &count.product)?,
        })
    }
}

impl TryFrom<v1::ProductCount> for ProductCount {
    type Error = FieldError;

    fn try_from(wire: v1::ProductCount) -> Result<Self, FieldError> {
        let basis = match wire.users.map(users).transpose()? {
            None => None,
            Some(_) => Some(match chosen("basis", wire.basis)? {
                v1::CountBasis::Users => CountBasis::Users,
                v1::CountBasis::Licences => CountBasis::Licences,
                v1::CountBasis::Unspecified => return Err(FieldError::new("basis", "say what was counted")),
            }),
        };
        Ok(Self {
            product: id("product_id", ProductId::new(wire.product_id))?,
            name: wire.product_name.and_then(name),
            users: wire.users,
            basis,
        })
    }
}

/// Checks every element and refuses a second one with the same identity: we could not know which of the two counts
/// applies.
fn each_once<W, T, K: Ord + Clone + std::fmt::Display>(
    field: &str,
    wire: Vec<W>,
    check: impl Fn(W) -> Result<T, FieldError>,
    identity: impl Fn(&T) -> &K,
) -> Result<Vec<T>, FieldError> {
    let mut seen = BTreeSet::new();
    let mut checked = Vec::with_capacity(wire.len());
    for (n, element) in wire.into_iter().enumerate() {
        let path = format!("{field}[{n}]");
        let element = check(element).map_err(|error| error.within(&path))?;
        if !seen.insert(identity(&element).clone()) {
            return Err(FieldError::new(
                path,
                format!("{} is listed twice; list it once", identity(&element)),
            ));
        }
        checked.push(element);
    }
    Ok(checked)
}

/// A name for people. It decides nothing, so an invalid name is made to fit and not refused.
fn name(text: String) -> Option<String> {
    let short = domain::fit_text(text.trim(), domain::MAX_NAME);
    Some(short.trim().to_owned()).filter(|name| !name.is_empty())
}

/// A person's decision on a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send these units.
    Approve,
    /// Leave Kaseya as it is.
    Dismiss,
}

/// A checked `HoldDecided`.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldDecision {
    /// Chosen by the sender, unique per partner.
    pub decision: RequestId,
    /// The partner.
    pub partner: PartnerId,
    /// The hold that was decided.
    pub hold: HoldId,
    /// What was decided.
    pub verdict: Verdict,
    /// The units that the person saw and decided on: a number other than the hold's is a different question.
    pub units: u32,
    /// The units of the plan switch's other half, if the person was shown them.
    pub other_units: Option<u32>,
    /// The units that Kaseya showed the person.
    pub from: Option<f64>,
    /// The units that Kaseya showed for the plan switch's other half.
    pub other_from: Option<f64>,
    /// The person who decided, as the sender names them.
    pub decided_by: String,
}

impl TryFrom<v1::HoldDecided> for HoldDecision {
    type Error = FieldError;

    fn try_from(wire: v1::HoldDecided) -> Result<Self, FieldError> {
        Ok(Self {
            decision: id("decision_id", RequestId::new(wire.decision_id))?,
            partner: id("partner_id", PartnerId::new(wire.partner_id))?,
            hold: id("hold_id", HoldId::parse(&wire.hold_id))?,
            verdict: match chosen("decision", wire.decision)? {
                v1::HoldDecision::Approve => Verdict::Approve,
                v1::HoldDecision::Dismiss => Verdict::Dismiss,
                v1::HoldDecision::Unspecified => {
                    return Err(FieldError::new("decision", "approve or dismiss it"));
                }
            },
            units: required("units", wire.units)?,
            other_units: wire.other_units,
            from: wire.from_units.map(|units| decimal("from_units", Some(units))).transpose()?,
            other_from: wire
                .other_from_units
                .map(|units| decimal("other_from_units", Some(units)))
                .transpose()?,
            decided_by: text("decided_by", wire.decided_by)?,
        })
    }
}

impl CountsReport {
    /// The part's statements about its companies, in a form independent of their order: two parts with the same
    /// statements have the same content.
    pub fn content(&self) -> String {
        let mut lines: Vec<String> = self
            .companies
            .iter()
            .map(|company| {
                let mut products: Vec<_> = company
                    .products
                    .iter()
                    .map(|count| {
                        let basis = count.basis.map(CountBasis::as_str);
                        (count.product.as_str(), count.name.as_deref(), count.users, basis)
                    })
                    .collect();
                products.sort_unstable();
                // Debug text quotes its values, so no name can look like two.
                format!("{:?} {:?} {products:?}", company.company.as_str(), company.name)
            })
            .collect();
        lines.sort_unstable();
        lines.join("\n")
    }

    /// Reads a message of the queue `counts`.
    pub fn decode(kind: Option<&str>, body: &[u8]) -> Result<Self, DecodeError> {
        Ok(decode_strangers::<v1::UserCountsReported>(kind, body)?.try_into()?)
    }
}

/// A portal's message on the queue `sync.requests`.
#[derive(Debug, Clone, PartialEq)]
pub enum PortalMessage {
    /// Sync now.
    Sync(SyncRequest),
    /// A person decided on a held change.
    Hold(HoldDecision),
}

impl PortalMessage {
    /// Decodes a message of the queue. Without a type it is a decision if it has a decision id.
    pub fn decode(kind: Option<&str>, body: &[u8]) -> Result<Self, DecodeError> {
        let is_decision = match kind {
            Some(v1::HoldDecided::KIND) => true,
            // The error for a short name of one of our types states the full name.
            Some(kind) => kind.ends_with("HoldDecided"),
            None => is_decision(&members(body)),
        };
        Ok(if is_decision {
            Self::Hold(decode_strangers::<v1::HoldDecided>(kind, body)?.try_into()?)
        } else {
            Self::Sync(decode_strangers::<v1::SyncRequested>(kind, body)?.try_into()?)
        })
    }
}

impl SyncRequest {
    /// The request as bytes that do not depend on its spelling: they show whether an id came with this content
    /// before.
    pub fn content(&self) -> bytes::Bytes {
        use v1::company_selection::Selection;
        let selection = match &self.companies {
            Companies::All => Selection::All(v1::AllCompanies {}),
            Companies::Only(companies) => Selection::Only(v1::CompanyList {
                company_ids: companies.iter().map(ToString::to_string).collect(),
            }),
        };
        encode(&v1::SyncRequested {
            request_id: self.request.to_string(),
            partner_id: self.partner.to_string(),
            companies: Some(v1::CompanySelection { selection: Some(selection) }),
            mode: v1::SyncMode::from(self.mode).into(),
            requested_by: self.requested_by.clone(),
            expires_at: self.expires_at.map(wire_instant),
            must_include_report_id: self.must_include.as_ref().map(ToString::to_string),
        })
    }
}

/// The origin of an unreadable message, and the id under which its sender knows it: enough for a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// A `SyncRequested`.
    Request(PartnerId, RequestId),
    /// A `HoldDecided`, with the hold that it names, as received.
    Decision(PartnerId, RequestId, String),
    /// A `UserCountsReported`.
    Report(PartnerId, ReportId),
}

impl Unreadable {
    /// Of a message on the queue `sync.requests`.
    pub fn of_portal(kind: Option<&str>, body: &[u8]) -> Option<Self> {
        let members = members(body);
        let partner = PartnerId::new(member(&members, "partnerId", "partner_id")?).ok()?;
        if kind.map_or_else(|| is_decision(&members), |kind| kind.ends_with("HoldDecided")) {
            let decision = RequestId::new(member(&members, "decisionId", "decision_id")?).ok()?;
            let hold = member(&members, "holdId", "hold_id").unwrap_or_default();
            return Some(Self::Decision(partner, decision, domain::fit_text(&hold, domain::MAX_NAME)));
        }
        let request = RequestId::new(member(&members, "requestId", "request_id")?).ok()?;
        Some(Self::Request(partner, request))
    }

    /// Of a message on the queue `counts`.
    pub fn of_counts(body: &[u8]) -> Option<Self> {
        let members = members(body);
        let partner = PartnerId::new(member(&members, "partnerId", "partner_id")?).ok()?;
        let report = ReportId::new(member(&members, "reportId", "report_id")?).ok()?;
        Some(Self::Report(partner, report))
    }

    /// The partner named in the message.
    pub fn partner(&self) -> &PartnerId {
        match self {
            Self::Request(partner, _) | Self::Decision(partner, ..) | Self::Report(partner, _) => partner,
        }
    }
}

/// The fields of an object.
pub type Members = serde_json::Map<String, Value>;

/// The fields of a body as far as it can be read: those before the place where it is cut off or stops being JSON, and
/// those around bytes that are not UTF-8.
pub fn members(body: &[u8]) -> Members {
    let text = String::from_utf8_lossy(body);
    let mut found = Members::new();
    // The reader of the message itself reports the mistake that ends it.
    AsFarAsItGoes(&mut found).deserialize(&mut serde_json::Deserializer::from_str(&text)).ok();
    found
}

/// Reads an object's fields up to the first error.
struct AsFarAsItGoes<'a>(&'a mut Members);

impl<'de> DeserializeSeed<'de> for AsFarAsItGoes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AsFarAsItGoes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            self.0.insert(name, value);
        }
        Ok(())
    }
}

fn member(members: &Members, json: &str, name: &str) -> Option<String> {
    let value = members.get(json).or_else(|| members.get(name))?;
    value.as_str().map(str::to_owned)
}

fn is_decision(members: &Members) -> bool {
    members.contains_key("decisionId") || members.contains_key("decision_id")
}

#[cfg(test)]
mod tests;

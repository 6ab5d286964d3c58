//! The services' database, in the test's memory: changes and their results, the numbers last seen on lines, and
//! people's decisions. The rules are those of the store's statements, in their shortest form.

use std::collections::BTreeMap;

use domain::{
    Brake, CompanyId, ContractId, DecidedChange, HoldId, PairId, Pending, ProductId, Remembered, ServiceId,
    Share, TargetShares,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use messages::{
    field,
    v1::{self, ChangeResult},
};
use store::targets::{
    Decided,
    permits::{LateWrite, TargetStanding},
};
use uuid::Uuid;

pub type Target = (ContractId, ServiceId);

const PERMIT: SignedDuration = SignedDuration::from_secs(30);
/// How long a line is left alone after a write without a response.
const UNSURE_FOR: SignedDuration = SignedDuration::from_mins(10);
/// For this long a later landing is told apart from an edit.
const LANDS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The standing of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Confirmed,
    Sent,
    Unsure,
    NotApplied,
    WithoutEffect,
}

/// A change with a permit.
#[derive(Debug, Clone)]
pub struct Intent {
    id: String,
    target: Target,
    from: f64,
    pub to: u32,
    effective_date: Date,
    rewrite: bool,
    pair: Option<PairId>,
    attempt: u32,
    granted_at: Timestamp,
    standing: Standing,
    settled_at: Option<Timestamp>,
    taken: bool,
}

impl Intent {
    /// The instant of the last news about it.
    fn last_sign(&self) -> Timestamp {
        self.settled_at.filter(|_| self.standing == Standing::Unsure).unwrap_or(self.granted_at + PERMIT)
    }
}

#[derive(Debug, Default)]
pub struct Ledger {
    pub intents: Vec<Intent>,
    confirmed: BTreeMap<Target, (u32, Timestamp)>,
    /// The held changes.
    pub held: BTreeMap<Target, DecidedChange>,
    decided: BTreeMap<Target, Decided>,
    shares: BTreeMap<Target, TargetShares>,
    holds: u128,
}

impl Ledger {
    /// Stores the intents of a permit.
    pub fn permit(&mut self, asked: &v1::PermitWrites, now: Timestamp) {
        for change in &asked.changes {
            let target = (
                ContractId(change.contract_id.expect("a contract")),
                ServiceId(change.service_id.expect("a service")),
            );
            self.intents.push(Intent {
                id: change.intent_id.clone(),
                target,
                from: change.from_units.expect("units"),
                to: change.to_units.expect("units"),
                effective_date: change.effective_date.parse().expect("a day"),
                rewrite: change.rewrite == Some(true),
                pair: change.pair_id.as_deref().map(|pair| PairId::parse(pair).expect("an id")),
                attempt: asked.attempt.expect("an attempt"),
                granted_at: now,
                standing: Standing::Open,
                settled_at: None,
                taken: false,
            });
        }
    }

    /// Stores what an attempt has done and seen.
    pub fn take_in(&mut self, done: &v1::JobDone) {
        for change in &done.changes {
            let at = field::instant("at", change.at).expect("an instant");
            let intent =
                self.intents.iter_mut().find(|intent| intent.id == change.intent_id).expect("granted before");
            intent.settled_at = Some(at);
            intent.standing = match change.result() {
                ChangeResult::Confirmed => Standing::Confirmed,
                ChangeResult::Sent => Standing::Sent,
                ChangeResult::Unsure => Standing::Unsure,
                _ => Standing::WithoutEffect,
            };
            intent.taken = matches!(intent.standing, Standing::Confirmed | Standing::Sent);
            if intent.standing == Standing::Confirmed {
                self.confirmed.insert(intent.target, (intent.to, at));
            }
        }
        let own: Vec<&str> = done.changes.iter().map(|change| change.intent_id.as_str()).collect();
        for line in &done.lines {
            let target = (
                ContractId(line.contract_id.expect("a contract")),
                ServiceId(line.service_id.expect("a service")),
            );
            let seen_at = field::instant("seen_at", line.seen_at).expect("an instant");
            self.settle(target, line.units.expect("units"), seen_at, &own);
        }
        self.remember_shares(done);
        for outcome in &done.companies {
            let contract = ContractId(outcome.contract_id.expect("a mapped company"));
            for product in &outcome.products {
                let Some(service) = product.service_id else { continue };
                let target = (contract, ServiceId(service));
                match product.state.as_str() {
                    "held" => {
                        self.held.insert(target, held_change(product));
                    }
                    _ => {
                        self.held.remove(&target);
                    }
                }
                if matches!(product.state.as_str(), "changed" | "unchanged" | "sent") {
                    self.decided.remove(&target);
                }
                let at = field::instant("finished_at", done.finished_at).expect("an instant");
                if product.state == "unchanged" && product.from_units.is_some() {
                    self.confirmed.insert(target, (product.to_units.expect("a number"), at));
                }
            }
        }
    }

    /// Stores the shares in the lines that hold our number.
    fn remember_shares(&mut self, done: &v1::JobDone) {
        let run_number = done.run_number.expect("a number");
        let mut seen: BTreeMap<Target, Vec<Share>> = BTreeMap::new();
        for outcome in &done.companies {
            let in_order = |product: &&v1::ProductOutcome| {
                matches!(product.state.as_str(), "changed" | "unchanged" | "sent")
            };
            for product in outcome.products.iter().filter(in_order) {
                let (Some(service), Some(units)) = (product.service_id, product.billed_units) else {
                    continue;
                };
                let target = (ContractId(outcome.contract_id.expect("a mapped company")), ServiceId(service));
                seen.entry(target).or_default().push(Share {
                    company: CompanyId::new(outcome.company_id.as_str()).expect("an id"),
                    product: ProductId::new(product.product_id.as_str()).expect("an id"),
                    units,
                });
            }
        }
        let seen = seen.into_iter().map(|(target, shares)| (target, TargetShares { shares, run_number }));
        self.shares.extend(seen);
    }

    pub fn shares(&self, target: Target) -> Option<&TargetShares> {
        self.shares.get(&target)
    }

    /// The plan switch with its fall made and its rise still due here.
    pub fn begun_pair(&self, target: Target) -> Option<PairId> {
        let newest = self.intents.iter().rfind(|intent| intent.target == target)?;
        let is_rise = f64::from(newest.to) > newest.from;
        let open = !matches!(newest.standing, Standing::Sent | Standing::Confirmed);
        let fell = self.intents.iter().any(|fall| {
            let begun = !matches!(fall.standing, Standing::NotApplied | Standing::WithoutEffect);
            fall.pair == newest.pair && f64::from(fall.to) < fall.from && begun
        });
        newest.pair.filter(|_| is_rise && open && fell)
    }

    /// Settles open changes by what a line shows.
    fn settle(&mut self, target: Target, units: f64, seen_at: Timestamp, own: &[&str]) {
        let of_target: Vec<usize> =
            (0..self.intents.len()).filter(|at| self.intents[*at].target == target).collect();
        for (place, at) in of_target.iter().enumerate() {
            let intent = &self.intents[*at];
            let open = matches!(intent.standing, Standing::Open | Standing::Sent | Standing::Unsure);
            if !open || own.contains(&intent.id.as_str()) || intent.granted_at >= seen_at {
                continue;
            }
            // A later change is evidence by what it found.
            let next = of_target[place + 1..]
                .iter()
                .map(|at| &self.intents[*at])
                .find(|next| next.standing != Standing::WithoutEffect);
            let (shown, shown_at) = next.map_or((units, seen_at), |next| (next.from, next.granted_at));
            let repeated = next.is_some_and(|next| next.to == intent.to);
            let landed = shown == f64::from(intent.to);
            let late = intent.settled_at.unwrap_or(intent.granted_at + PERMIT) + UNSURE_FOR <= shown_at
                && (intent.standing != Standing::Sent || intent.effective_date <= day(shown_at));
            if landed || repeated || late {
                let to = intent.to;
                let intent = &mut self.intents[*at];
                intent.standing = if landed { Standing::Confirmed } else { Standing::NotApplied };
                intent.settled_at = Some(shown_at);
                intent.taken |= landed;
                if landed {
                    self.confirmed.insert(target, (to, shown_at));
                }
            }
        }
    }

    /// The memory of a target that is sent at start.
    pub fn remembered(&self, target: Target, today: Date) -> Remembered {
        let of_target = || self.intents.iter().filter(move |intent| intent.target == target);
        let confirmed = self.confirmed.get(&target);
        let pending = of_target().rfind(|intent| intent.taken).filter(|newest| {
            newest.standing != Standing::Confirmed && confirmed.is_none_or(|(_, at)| newest.granted_at > *at)
        });
        let unanswered = of_target().rfind(|intent| {
            let open = matches!(intent.standing, Standing::Open | Standing::Unsure | Standing::NotApplied);
            open && confirmed.is_none_or(|(_, at)| intent.granted_at + PERMIT > *at - LANDS_WITHIN)
        });
        Remembered {
            pending: pending.map(|intent| Pending {
                from: intent.from,
                to: intent.to,
                effective_date: intent.effective_date,
                due: intent.effective_date <= today,
            }),
            last_confirmed: confirmed.map(|(units, _)| *units),
            rewritten_for: of_target()
                .filter(|intent| intent.taken && intent.rewrite)
                .map(|intent| intent.effective_date)
                .max(),
            unanswered: unanswered.map(|intent| intent.to),
            // This simulator stores each date as it is sent.
            undated: None,
        }
    }

    /// The writes that may still land on a target, for an attempt.
    pub fn standing(&self, target: Target, attempt: u32, now: Timestamp) -> TargetStanding {
        let late = self.intents.iter().filter(|intent| {
            let may_land =
                matches!(intent.standing, Standing::Open | Standing::Unsure | Standing::NotApplied);
            intent.target == target
                && intent.attempt != attempt
                && may_land
                && intent.last_sign() > now - UNSURE_FOR
        });
        let late = late.map(|intent| LateWrite {
            to_units: intent.to,
            unanswered: intent.standing == Standing::Unsure,
            until: intent.last_sign() + UNSURE_FOR,
        });
        TargetStanding { newest_run_number: None, late: late.collect() }
    }

    pub fn decided(&self, target: Target) -> Option<Decided> {
        self.decided.get(&target).copied()
    }

    /// A person decides on all holds.
    pub fn decide(&mut self, approved: bool) {
        for (target, change) in std::mem::take(&mut self.held) {
            self.holds += 1;
            let hold = HoldId(Uuid::from_u128(self.holds));
            let decided = if approved { Decided::Approved(hold, change) } else { Decided::Dismissed(change) };
            self.decided.insert(target, decided);
        }
    }
}

/// The change that waits for a person.
fn held_change(product: &v1::ProductOutcome) -> DecidedChange {
    let brake = product.brake.as_deref().and_then(Brake::parse);
    let day = product.effective_date.as_deref().and_then(|day| day.parse().ok());
    DecidedChange {
        brake: brake.expect("a brake"),
        from: product.from_units.expect("a number"),
        to: product.to_units.expect("a number"),
        effective_date: day.expect("a day"),
    }
}

fn day(instant: Timestamp) -> Date {
    instant.to_zoned(jiff::tz::TimeZone::UTC).date()
}

//! The oracles. At each invoice, the charge is the last day's count, or the row says with a code why not; and a
//! company shown as ready is charged correctly. At every step, the line in Kaseya of a row that shows *unchanged* or
//! *changed* held the row's number at its "last sync", and a waiting row says what it waits for and until when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use domain::{CompanyState, Month, PartnerId, ProductOutcome, Remark};
use jiff::{Timestamp, civil::Date};
use kaseya_simulator::{Line, UnitWrite};
use proptest::test_runner::TestCaseError;
use store::statuses::CompanyStatus;

use crate::{
    partner::{ACCOUNT, PARTNER, Partner, SECOND, Target},
    services::Services,
    story::Story,
};

/// The results of the targets at their invoices.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Charged correctly, and green.
    pub right: u32,
    /// Not green, by the state and code of the rows, whatever the charge.
    pub said: BTreeMap<String, u32>,
    /// The green rows checked.
    pub green: u32,
    /// The companies shown as ready for an invoice.
    pub ready: usize,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.right += other.right;
        self.green += other.green;
        self.ready += other.ready;
        for (said, times) in &other.said {
            *self.said.entry(said.clone()).or_default() += times;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: u32 = self.said.values().sum();
        write!(f, "{} green rows seen; {} companies ready; ", self.green, self.ready)?;
        write!(f, "{} charges right and green, {said} said:", self.right)?;
        self.said.iter().try_for_each(|(said, times)| write!(f, " {said} {times}"))
    }
}

/// The units of each line of a service on a contract.
type Lines = BTreeMap<Target, Vec<f64>>;

pub struct Judge {
    pub tally: Tally,
    contracts: BTreeSet<i32>,
    /// The contents of the lines with the instant from which they held, newest last.
    held: Vec<(Timestamp, Lines)>,
    edits: Vec<(i32, Timestamp)>,
    /// The changes already checked.
    granted: BTreeSet<String>,
    /// The contents of each line when the story began, or as a person approved since; no invoice lies in between.
    /// Without lines that were edited by hand.
    invoiced: Lines,
    log: Vec<String>,
    shown: BTreeMap<String, String>,
}

impl Judge {
    pub fn new(story: &Story) -> Self {
        Self {
            tally: Tally::default(),
            contracts: Partner::contracts(story),
            held: Vec::new(),
            edits: Vec::new(),
            granted: BTreeSet::new(),
            invoiced: Lines::new(),
            log: Vec::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Logs an event.
    pub fn note(&mut self, at: Timestamp, what: String) {
        self.log.push(format!("{at} {what}"));
    }

    /// Records an edit of a contract in Kaseya; 0 means all contracts.
    pub fn edited(&mut self, contract: i32, at: Timestamp) {
        self.edits.push((contract, at));
        self.invoiced.retain(|(of, _), _| ![0, *of].contains(&contract));
    }

    /// Clears the invoiced units: earlier invoices no longer count.
    pub fn starts_over(&mut self) {
        self.invoiced.clear();
    }

    pub fn log(&self) -> String {
        self.log.join("\n")
    }

    pub fn log_lines(&self) -> usize {
        self.log.len()
    }

    /// Records the current contents of the lines.
    pub fn observe(&mut self, services: &Services) {
        let state = services.kaseya.state();
        let today = services.now().in_tz(&state.time_zone).expect("a zone").date();
        let waits = state.behaviour.lines.waits_for_effective_date;
        let mut lines = Lines::new();
        for contract in self.contracts.iter().filter_map(|contract| state.contract(*contract)) {
            for line in &contract.lines {
                lines.entry((contract.id, line.service)).or_default().push(if waits {
                    in_force(line, today)
                } else {
                    line.units
                });
            }
        }
        if self.held.is_empty() {
            self.invoiced.clone_from(&lines);
        }
        if self.held.last().is_none_or(|(_, last)| *last != lines) {
            self.held.push((services.now(), lines));
        }
    }

    /// Checks every row, after a step.
    pub async fn look(&mut self, services: &Services) -> Result<(), TestCaseError> {
        self.observe(services);
        let now = services.now();
        if let Some(letter) = services.dead_letters.first() {
            return Err(TestCaseError::fail(format!("{now}: a dead letter: {letter}")));
        }
        self.check_changes(services).await?;
        let writes = services.kaseya.history();
        for partner in [PARTNER, SECOND] {
            let partner = PartnerId::new(partner).expect("an id");
            for row in services.rows(&partner).await {
                self.note_row(&partner, &row, now);
                says_what_for(&row, now)?;
                self.check_row(services, &row, &writes, now).await?;
            }
        }
        Ok(())
    }

    /// Checks that a change held by a brake was approved from exactly the number that Kaseya showed (G-12), also if
    /// it is far only from the last invoice (A11); and that no change was sent for an expired request (A21).
    async fn check_changes(&mut self, services: &Services) -> Result<(), TestCaseError> {
        let changes = services
            .query(
                "select intent_id::text as intent, intents.contract_id, intents.service_id, intents.from_units,
                        intents.to_units, holds.from_units as approved_from, granted_at, expires_at
                 from intents left join holds on hold_id = approved_hold_id
                      join runs on runs.run_id = intents.run_id
                 where result not in ('not_begun', 'refused')
                 order by granted_at",
            )
            .await;
        for row in &changes {
            if !self.granted.insert(row.get("intent").expect("an id")) {
                continue;
            }
            let target: Target =
                (row.get("contract_id").expect("an id"), row.get("service_id").expect("an id"));
            let from: f64 = row.get("from_units").expect("units");
            let to = f64::from(row.get::<i32>("to_units").expect("units"));
            let approved: Option<f64> = row.get("approved_from").expect("units or none");
            let granted_at: Timestamp = row.get("granted_at").expect("an instant");
            let expires_at: Option<Timestamp> = row.get("expires_at").expect("an instant or none");
            let wrong = |words: String| {
                Err(TestCaseError::fail(format!(
                    "{granted_at}: {from} → {to} was sent for {target:?}, {words}"
                )))
            };
            if is_far(from, to) && approved != Some(from) {
                return wrong(format!("approved from {approved:?}"));
            }
            if expires_at.is_some_and(|expires_at| granted_at >= expires_at) {
                return wrong(format!("for a request whose time was over at {expires_at:?}"));
            }
            let invoiced = self.invoiced.get_mut(&target).map(|units| units.as_mut_slice());
            match (invoiced, approved) {
                (Some(invoiced), Some(_)) => invoiced.fill(to),
                (Some([invoiced]), None) if is_far(*invoiced, to) => {
                    return wrong(format!("unapproved; the last invoice says {invoiced}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn note_row(&mut self, partner: &PartnerId, row: &CompanyStatus, now: Timestamp) {
        let contract = row.contract.as_ref().map(|(contract, _)| contract.0);
        let name = format!("{partner} {} on {}", row.company, contract.unwrap_or_default());
        let said = described(row);
        if self.shown.get(&name) != Some(&said) {
            self.log.push(format!("{now}   {name}: {said}"));
            self.shown.insert(name, said);
        }
    }

    async fn check_row(
        &mut self,
        services: &Services,
        row: &CompanyStatus,
        writes: &[UnitWrite],
        now: Timestamp,
    ) -> Result<(), TestCaseError> {
        let Some((contract, _)) = &row.contract else { return Ok(()) };
        if !is_green(row.state.as_str()) {
            return Ok(());
        }
        for product in row.products.iter().filter(|product| is_green(&product.state)) {
            let (Some(service), Some(number)) = (product.service, product.to) else { continue };
            let target = (contract.0, service);
            let Some(at) = row.last_sync else {
                return Err(wrong(now, row, target, "it never was seen"));
            };
            if at > now {
                return Err(wrong(now, row, target, "its last sync has yet to come"));
            }
            self.tally.green += 1;
            let held = self.held_at(target, at, writes);
            if !held.iter().any(|units| holds(units, number))
                && !self.no_total_tells(services, target.0).await
            {
                let words = format!("{number} was not there at its last sync: the lines held {held:?}");
                return Err(wrong(now, row, target, &words));
            }
        }
        Ok(())
    }

    /// Everything that a target's lines held at an instant; at the instant of a change, before and after it.
    fn held_at(&self, target: Target, at: Timestamp, writes: &[UnitWrite]) -> Vec<Vec<f64>> {
        let of = |lines: &Lines| lines.get(&target).cloned().unwrap_or_default();
        let before = self.held.iter().rfind(|(since, _)| *since < at);
        let since = before.map_or(Timestamp::MIN, |(since, _)| *since);
        let mut held: Vec<Vec<f64>> = before.map(|(_, lines)| of(lines)).into_iter().collect();
        held.extend(self.held.iter().filter(|(then, _)| *then == at).map(|(_, lines)| of(lines)));
        // Numbers written and overwritten between two checks.
        let line = crate::partner::line_of(target);
        let written = writes.iter().filter(|write| write.line == line && (since..=at).contains(&write.at));
        held.extend(written.map(|write| vec![write.to]));
        held
    }

    /// Whether a hand in Kaseya's pages edited the contract since its last reading, and its total does not show it.
    async fn no_total_tells(&self, services: &Services, contract: i32) -> bool {
        let sql = format!(
            "select read_at, expected_total from contracts where contract_id = {contract} and partner_id = '{PARTNER}'"
        );
        let rows = services.query(&sql).await;
        let Some(row) = rows.first() else { return false };
        let read_at = row.get::<Option<Timestamp>>("read_at").expect("an instant or none");
        let expected = row.get::<Option<f64>>("expected_total").expect("a number or none");
        let edited = self
            .edits
            .iter()
            .any(|(of, at)| [0, contract].contains(of) && read_at.is_none_or(|read_at| *at >= read_at));
        let state = services.kaseya.state();
        let total = state.contract(contract).map(kaseya_simulator::Contract::billing_price);
        edited && expected.zip(total).is_some_and(|(expected, total)| (expected - total).abs() < 0.006)
    }

    /// Judges a month's invoices by the rows as they were before.
    pub async fn invoice(
        &mut self,
        services: &Services,
        month: Month,
        owed: &BTreeMap<Target, u32>,
        charged: &BTreeMap<Target, f64>,
    ) -> Result<(), TestCaseError> {
        let partner = PartnerId::new(PARTNER).expect("an id");
        let (rows, ready) = (services.rows(&partner).await, services.ready(&partner).await);
        self.tally.ready += ready.len();
        // The time of day of the invoices is unknown.
        self.starts_over();
        for (target, owed) in owed {
            let of_target: Vec<(&CompanyStatus, &ProductOutcome)> = rows
                .iter()
                .filter(|row| row.contract.as_ref().is_some_and(|(contract, _)| contract.0 == target.0))
                .flat_map(|row| row.products.iter().map(move |product| (row, product)))
                .filter(|(_, product)| product.service == Some(target.1))
                .collect();
            let green = !of_target.is_empty()
                && of_target.iter().all(|(row, product)| says_all_is_well(row, product));
            let is_ready = of_target.iter().any(|(row, _)| ready.contains(&row.company));
            let charged = charged.get(target).copied().unwrap_or_default();
            let right = (charged - f64::from(*owed)).abs() < 1e-6;
            let shown: Vec<String> = of_target.iter().map(|(row, _)| described(row)).collect();
            let fail = |words: &str| {
                Err(TestCaseError::fail(format!(
                    "{month}: {target:?} is charged with {charged}, {owed} is owed, {words}: {shown:#?}"
                )))
            };
            if is_ready && !right {
                return fail("and it is said to be ready");
            }
            if green {
                if !right {
                    return fail("and its rows are green");
                }
                let state = services.kaseya.state();
                let lines = state.lines(target.0).unwrap_or_default();
                if *owed > 0 && lines.iter().any(|line| line.service == target.1 && line.unit_price == 0.0) {
                    return fail("for nothing, and its rows are green");
                }
                if state.contract(target.0).is_some_and(|contract| contract.account != ACCOUNT)
                    && !self.no_total_tells(services, target.0).await
                {
                    return fail("to another account, and its rows are green");
                }
                self.tally.right += 1;
                continue;
            }
            let states: BTreeSet<String> =
                of_target.iter().map(|(row, product)| said(row, product)).collect();
            let without_code = of_target.iter().any(|(row, product)| {
                let state = row.state.as_str();
                let waits_or_fails = ["held", "not_sent", "deferred"].contains(&state);
                waits_or_fails && row.code.is_none() && product.code.is_none()
            });
            if without_code {
                return fail("and a row has no code");
            }
            *self.tally.said.entry(states.into_iter().collect::<Vec<_>>().join("+")).or_default() += 1;
        }
        Ok(())
    }
}

/// A waiting row says what it waits for and until when (G-04), a product that is not sent has a code, and only what
/// Kaseya showed is green (G-01).
fn says_what_for(row: &CompanyStatus, now: Timestamp) -> Result<(), TestCaseError> {
    let code = row.code.is_some() || row.products.iter().any(|product| product.code.is_some());
    let words = match row.state {
        CompanyState::Held | CompanyState::NotSent if !code => "has no code",
        CompanyState::Deferred if row.code.is_none() && row.wait.is_none() => {
            "does not say what it waits for"
        }
        CompanyState::Deferred
            if row.deferred_until.is_none() && row.wait.is_none_or(|wait| wait.until.is_none()) =>
        {
            "does not say until when it waits"
        }
        CompanyState::Changed | CompanyState::Unchanged
            if !row.evidence.is_some_and(|evidence| evidence.is_shown() && evidence.at() <= now) =>
        {
            "is green, and nobody has seen it"
        }
        _ => return Ok(()),
    };
    Err(TestCaseError::fail(format!("{now}: {} {words}: {:?} {}", row.company, row.evidence, described(row))))
}

/// The units that a line waiting for its effective date shows on a day.
fn in_force(line: &Line, day: Date) -> f64 {
    let before = line.until_then.filter(|_| day < line.effective_date);
    before.map_or(line.units, |before| before.units)
}

/// Whether a brake holds a change, by the story's settings.
fn is_far(from: f64, to: f64) -> bool {
    let moved = (to - from).abs();
    moved >= 25.0 || moved >= 5.0 && moved * 5.0 >= from || to == 0.0 && from > 0.0
}

fn is_green(state: &str) -> bool {
    [CompanyState::Changed.as_str(), CompanyState::Unchanged.as_str()].contains(&state)
}

/// One line with this number; no line charges nothing.
fn holds(units: &[f64], number: u32) -> bool {
    match units {
        [] => number == 0,
        [units] => *units == f64::from(number),
        _ => false,
    }
}

/// Whether nothing on the row points a person to this product; another product's code does not.
fn says_all_is_well(row: &CompanyStatus, product: &ProductOutcome) -> bool {
    let later = row.remarks.iter().any(|remark| matches!(remark, Remark::CountsLater { .. }));
    let of_another = |code: &str| {
        row.products
            .iter()
            .any(|other| other.product != product.product && other.code.as_deref() == Some(code))
    };
    let code = product.code.is_some() || row.code.is_some_and(|code| !of_another(code.as_str()));
    let waits = ["off", "queued", "running", "never", "deferred"].contains(&row.state.as_str());
    is_green(&product.state) && !waits && !code && !later
}

fn said(row: &CompanyStatus, product: &ProductOutcome) -> String {
    let code = product.code.clone().or_else(|| row.code.map(|code| code.as_str().to_owned()));
    match code {
        Some(code) => format!("{}:{code}", row.state.as_str()),
        None => row.state.as_str().to_owned(),
    }
}

fn described(row: &CompanyStatus) -> String {
    let mut text = row.state.as_str().to_owned();
    if let Some(code) = row.code {
        // Writing to a String cannot fail.
        let _ = write!(text, " {}", code.as_str());
    }
    for product in &row.products {
        let code = product.code.as_deref().unwrap_or_default();
        let (from, to) = (product.from, product.to);
        let _ = write!(
            text,
            "; {} {}{code} {} → {}",
            product.product,
            product.state,
            from.map_or("?".to_owned(), |from| from.to_string()),
            to.map_or("?".to_owned(), |to| to.to_string())
        );
    }
    let kinds = serde_json::to_value(&row.remarks).unwrap_or_default();
    for kind in kinds.as_array().into_iter().flatten() {
        let _ = write!(text, "; {}", kind["kind"].as_str().unwrap_or_default());
    }
    if let Some(at) = row.last_sync {
        let _ = write!(text, "; last sync {at}");
    }
    text
}

fn wrong(now: Timestamp, row: &CompanyStatus, target: Target, words: &str) -> TestCaseError {
    TestCaseError::fail(format!(
        "{now}: {} of {target:?} is green and {words}: {}",
        row.company,
        described(row)
    ))
}

//! Sequences of edits, deletions, prices, mappings and lost writes: nothing is *unchanged*, and no change is
//! *confirmed*, without evidence (G-01, G-03).
//!
//! The rules under test are the real ones. Next to them are a Kaseya with one contract, and the records that
//! scheduler, worker and store keep of it. Kaseya may accept a change for a later day, accept it without effect, or
//! lose the response.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Brakes, Decision, DriftPolicy, Evidence, ExpectedTotal, Found, Glance, KnownContract, KnownLine,
    KnownTarget, Line, LineId, Pending, PlanContext, Remembered, Seen, UnconfirmedChange, Wanted, glance,
    is_same_total, plan_target, total_tells,
};
use jiff::{SignedDuration, Timestamp, civil::date};
use proptest::{collection::vec, prelude::*};

const SERVICES: usize = 4;
/// Brakes are tested elsewhere: none applies here.
const NO_BRAKES: Brakes = Brakes { units: u32::MAX, percent: u32::MAX, units_alone: u32::MAX };

/// An event between two nights, in Kaseya or in the wanted numbers.
#[derive(Debug, Clone)]
enum Event {
    /// A person sets a line's units in Kaseya.
    Edit(usize, u32),
    /// A person deletes a line.
    Delete(usize),
    /// A person adds a line of a service, or a second one.
    Add(usize, u32, Price),
    /// A person changes a line's price.
    Reprice(usize, Price),
    /// A number of users is counted.
    Count(usize, u32),
    /// A count goes missing.
    Miss(usize),
    /// A product is mapped to the service, or no longer.
    Map(usize, bool),
    /// Users move between two products: a plan switch, recognised as one or not.
    Switch(usize, usize, u32),
    /// The days come from which earlier changes count.
    DaysCome,
    /// Another host is saved.
    StartOver,
}

/// The price of one unit, in cents.
type Price = i64;

/// The fate of a write.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Taken,
    /// Response 200; shown once its day has come.
    TakenForLater,
    /// Response 200 without effect.
    TakenWithoutEffect,
    LostAndLanded,
    Lost,
}

/// What a night's survey shows.
#[derive(Debug, Clone, Copy)]
enum Survey {
    Total,
    LookedUp,
    Nothing,
}

#[derive(Debug, Clone)]
struct Night {
    events: Vec<Event>,
    survey: Survey,
    read_due: bool,
    /// The fates of the night's first write, second write, and so on.
    fates: Vec<Fate>,
    /// Whether the worker may leave changes to be confirmed by the next total.
    confirm_by_total: bool,
    /// Whether the halves of a plan switch are recognised.
    pairs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct KaseyaLine {
    service: usize,
    units: u32,
    price: Price,
}

/// What a contract's total is made of.
#[derive(Debug, Clone, Copy)]
enum TotalIs {
    Sum,
    /// The lines and something else.
    SumAnd(Price),
    AlwaysZero,
}

struct Kaseya {
    lines: BTreeMap<i32, KaseyaLine>,
    newest: i32,
    later: Vec<(i32, u32)>,
    total_is: TotalIs,
    /// How often a person has changed lines.
    edits: u32,
}

impl Kaseya {
    fn total(&self) -> f64 {
        let lines: Price = self.lines.values().map(|line| i64::from(line.units) * line.price).sum();
        (match self.total_is {
            TotalIs::Sum => lines,
            TotalIs::SumAnd(more) => lines + more,
            TotalIs::AlwaysZero => 0,
        }) as f64
            / 100.0
    }

    fn of_service(&self, service: usize) -> Vec<(i32, KaseyaLine)> {
        self.lines.iter().filter(|(_, line)| line.service == service).map(|(id, line)| (*id, *line)).collect()
    }

    /// Whether a service is billed with exactly this many units.
    fn holds(&self, service: usize, units: u32) -> bool {
        match &self.of_service(service)[..] {
            [] => units == 0,
            [(_, line)] => line.units == units,
            _ => false,
        }
    }

    fn a_line(&mut self, which: usize) -> Option<(i32, &mut KaseyaLine)> {
        let count = self.lines.len();
        self.lines.iter_mut().nth(which.checked_rem(count)?).map(|(id, line)| (*id, line))
    }

    /// A line has one number and one day: a newer change replaces one that has not come into effect.
    fn forget_later(&mut self, id: i32) {
        self.later.retain(|(line, _)| *line != id);
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Edit(which, units) => {
                if let Some((id, line)) = self.a_line(which) {
                    line.units = units;
                    self.edits += 1;
                    self.forget_later(id);
                }
            }
            Event::Reprice(which, price) => {
                if let Some((_, line)) = self.a_line(which) {
                    line.price = price;
                    self.edits += 1;
                }
            }
            Event::Delete(which) => {
                let id = self.lines.keys().nth(which.checked_rem(self.lines.len()).unwrap_or(0)).copied();
                if let Some(id) = id {
                    self.lines.remove(&id);
                    self.edits += 1;
                }
            }
            Event::Add(service, units, price) => {
                self.newest += 1;
                self.lines.insert(self.newest, KaseyaLine { service, units, price });
                self.edits += 1;
            }
            Event::DaysCome => {
                for (id, units) in std::mem::take(&mut self.later) {
                    if let Some(line) = self.lines.get_mut(&id) {
                        line.units = units;
                    }
                }
            }
            // Another Kaseya.
            Event::StartOver => self.later.clear(),
            Event::Count(..) | Event::Miss(_) | Event::Map(..) | Event::Switch(..) => {}
        }
    }

    fn write(&mut self, id: i32, units: u32, fate: Fate) {
        match fate {
            Fate::Taken | Fate::LostAndLanded => {
                self.forget_later(id);
                if let Some(line) = self.lines.get_mut(&id) {
                    line.units = units;
                }
            }
            Fate::TakenForLater => {
                self.forget_later(id);
                self.later.push((id, units));
            }
            Fate::TakenWithoutEffect | Fate::Lost => {}
        }
    }
}

/// A change that no reading has shown yet.
#[derive(Debug, Clone, Copy)]
struct Underway {
    service: usize,
    from: u32,
    to: u32,
    is_sent: bool,
    is_half: bool,
    night: usize,
    /// Whether its day has come.
    due: bool,
}

/// The records that scheduler, worker and store keep of the contract.
#[derive(Default)]
struct Books {
    read_at: Option<Timestamp>,
    read_in: Option<usize>,
    looked_for: BTreeSet<usize>,
    lines: BTreeMap<usize, (KnownLine, bool)>,
    expected: Option<ExpectedTotal>,
    /// Whether a reading showed that the lines add up to the total.
    total_is_sum: bool,
    implied_at: Option<Timestamp>,
    code_stands: bool,
    underway: Vec<Underway>,
    confirmed: BTreeMap<usize, u32>,
    ours: BTreeSet<usize>,
}

impl Books {
    fn unconfirmed(&self) -> Vec<UnconfirmedChange> {
        let change = |change: &Underway| {
            let price = self.lines.get(&change.service).and_then(|(line, _)| line.unit_price);
            UnconfirmedChange {
                moves: price
                    .filter(|_| change.is_sent)
                    .map(|price| (f64::from(change.to) - f64::from(change.from)) * price),
                is_half: change.is_half,
                read_since: self.read_in != Some(change.night),
            }
        };
        self.underway.iter().map(change).collect()
    }

    fn evidence(&self) -> Option<Evidence> {
        let read = self.read_at?;
        Some(
            self.implied_at
                .filter(|implied| *implied > read)
                .map_or(Evidence::Read(read), Evidence::ImpliedByTotal),
        )
    }

    fn target(&self, service: usize, wanted: Wanted) -> KnownTarget {
        let mut of_target = self.underway.iter().filter(|change| change.service == service);
        let unclear = of_target.clone().any(|change| !change.is_sent);
        let sent = of_target.next_back().filter(|change| change.is_sent && !unclear);
        let found = match self.lines.get(&service) {
            None if !self.looked_for.contains(&service) => Found::NotLookedFor,
            None => Found::None,
            Some((_, true)) => Found::Several,
            Some((line, false)) => Found::One(KnownLine {
                units: sent.map_or(line.units, |sent| f64::from(sent.to)),
                unit_price: line.unit_price,
            }),
        };
        KnownTarget { wanted, found, unclear, barred: false }
    }

    fn remembered(&self, service: usize) -> Remembered {
        let mut of_target = self.underway.iter().filter(|change| change.service == service);
        let unanswered = of_target.clone().find(|change| !change.is_sent).map(|change| change.to);
        let pending = of_target.rfind(|change| change.is_sent).map(|change| Pending {
            from: f64::from(change.from),
            to: change.to,
            effective_date: date(2026, 6, 1),
            due: change.due,
        });
        Remembered {
            pending,
            last_confirmed: self.confirmed.get(&service).copied(),
            rewritten_for: None,
            unanswered,
            undated: None,
        }
    }

    /// Records a reading's result and settles the changes that it shows.
    fn read(&mut self, kaseya: &Kaseya, services: &BTreeSet<usize>, now: Timestamp, night: usize) {
        (self.read_at, self.read_in) = (Some(now), Some(night));
        self.looked_for = services.union(&self.ours).copied().collect();
        let of = |service: &usize| {
            let lines = kaseya.of_service(*service);
            let (_, line) = lines.first()?;
            let price = line.price as f64 / 100.0;
            let known = KnownLine { units: f64::from(line.units), unit_price: Some(price) };
            Some((*service, (known, lines.len() > 1)))
        };
        self.lines = self.looked_for.iter().filter_map(of).collect();
        let shows = |change: &Underway| kaseya.holds(change.service, change.to);
        for change in self.underway.iter().filter(|change| shows(change)) {
            self.confirmed.insert(change.service, change.to);
        }
        // A write without a response that is not shown has not landed: nothing lands late here.
        self.underway.retain(|change| !shows(change) && change.is_sent);
        self.confirmed.retain(|service, _| !kaseya.of_service(*service).is_empty());
        self.underway.retain(|change| !kaseya.of_service(change.service).is_empty());
    }
}

/// One contract's story.
struct Story {
    kaseya: Kaseya,
    books: Books,
    wanted: BTreeMap<usize, Wanted>,
    /// The person's edits that the newest reading has seen.
    edits_read: u32,
    /// What the newest reading saw: its total, and whether each service held this many units.
    read: Option<(Timestamp, f64, BTreeMap<usize, Vec<u32>>)>,
    /// What we stated at each instant at which a total implied something, and what Kaseya held then.
    implied: BTreeMap<Timestamp, BTreeMap<usize, Vec<u32>>>,
    greens: u32,
}

impl Story {
    fn holdings(&self) -> BTreeMap<usize, Vec<u32>> {
        let of = |service| {
            let lines = self.kaseya.of_service(service);
            (service, lines.iter().map(|(_, line)| line.units).collect())
        };
        (0..SERVICES).map(of).collect()
    }

    fn night(&mut self, number: usize, night: &Night) {
        for event in &night.events {
            self.kaseya.happens(event);
            match *event {
                Event::Count(service, users) if self.wanted.contains_key(&service) => {
                    self.wanted.insert(service, Wanted::Units(users));
                }
                Event::Miss(service) if self.wanted.contains_key(&service) => {
                    self.wanted.insert(service, Wanted::Unknown);
                }
                Event::Map(service, true) => {
                    self.wanted.entry(service).or_insert(Wanted::Units(0));
                }
                Event::Map(service, false) => {
                    self.wanted.remove(&service);
                }
                Event::Switch(from, to, users) if from != to => self.switch(from, to, users),
                Event::DaysCome => self.books.underway.iter_mut().for_each(|change| change.due = true),
                Event::StartOver => {
                    self.books = Books::default();
                    self.read = None;
                }
                _ => {}
            }
        }
        let now = instant(number, 0);
        let contract = KnownContract {
            seen: match night.survey {
                Survey::Total => Seen::WithTotal { total: self.kaseya.total(), at: now },
                Survey::LookedUp => Seen::LookedUp,
                Survey::Nothing => Seen::Not,
            },
            in_order: true,
            evidence: self.books.evidence(),
            expected: self.books.expected,
            unconfirmed: self.books.unconfirmed(),
            read_due: night.read_due,
            fresh_since: None,
            code_stands: self.books.code_stands,
        };
        let targets: Vec<KnownTarget> =
            self.wanted.iter().map(|(service, wanted)| self.books.target(*service, *wanted)).collect();
        match glance(&contract, &targets) {
            Glance::Holds(evidence) => self.holds(evidence, now),
            Glance::Read if self.wanted.values().any(|wanted| *wanted != Wanted::Unknown) => {
                self.read_and_write(number, night);
            }
            Glance::Read => {}
        }
    }

    fn switch(&mut self, from: usize, to: usize, users: u32) {
        let (Some(Wanted::Units(one)), Some(Wanted::Units(other))) =
            (self.wanted.get(&from).copied(), self.wanted.get(&to).copied())
        else {
            return;
        };
        let moved = users.min(one);
        self.wanted.insert(from, Wanted::Units(one - moved));
        self.wanted.insert(to, Wanted::Units(other + moved));
    }

    /// The rows are green without a reading: checks what that must rest on.
    fn holds(&mut self, evidence: Evidence, now: Timestamp) {
        let (read_at, total_read, read) = self.read.as_ref().expect("green before any reading");
        let shown = match evidence {
            Evidence::Read(at) => {
                assert_eq!(at, *read_at, "not the newest reading");
                read.clone()
            }
            Evidence::ImpliedByTotal(at) if at == now => {
                let moved: f64 = self
                    .books
                    .unconfirmed()
                    .iter()
                    .map(|change| change.moves.expect("a change of which nobody knows"))
                    .sum();
                let shown = self.kaseya.total();
                // Everything sent since the reading is in the total; changes confirmed by an earlier total were in
                // that total.
                let confirmed_since = self.implied.keys().any(|implied| implied > read_at);
                assert!(
                    confirmed_since || is_same_total(total_read + moved, shown),
                    "another total than the reading's"
                );
                self.implied.insert(now, self.holdings());
                self.holdings()
            }
            Evidence::ImpliedByTotal(at) => {
                self.implied.get(&at).expect("an instant that implied it").clone()
            }
            Evidence::Remembered(_) => panic!("green from memory"),
        };
        // Edits that cancel each other do not show in a total. Without such edits, a green row is true.
        if self.kaseya.edits == self.edits_read || matches!(evidence, Evidence::Read(_)) {
            for (service, wanted) in &self.wanted {
                let Wanted::Units(wanted) = *wanted else { continue };
                let lines = &shown[service];
                assert!(
                    *lines == [wanted] || lines.is_empty() && wanted == 0,
                    "*unchanged {wanted}* of {lines:?}, service {service}, {evidence:?}"
                );
                self.greens += 1;
            }
        }
        // Implied changes are confirmed.
        if evidence == Evidence::ImpliedByTotal(now) {
            self.books.implied_at = Some(now);
            for change in std::mem::take(&mut self.books.underway) {
                if self.kaseya.edits == self.edits_read {
                    assert!(
                        self.kaseya.holds(change.service, change.to),
                        "confirmed, and not there: {change:?}"
                    );
                }
                if let Some((line, _)) = self.books.lines.get_mut(&change.service) {
                    line.units = f64::from(change.to);
                }
                self.books.confirmed.insert(change.service, change.to);
            }
        } else {
            assert!(self.books.underway.is_empty(), "a change that no total tells is not read");
        }
    }

    fn reading(&mut self, now: Timestamp, number: usize) {
        let services = self.wanted.keys().copied().collect();
        self.books.read(&self.kaseya, &services, now, number);
        self.read = Some((now, self.kaseya.total(), self.holdings()));
        self.edits_read = self.kaseya.edits;
    }

    fn read_and_write(&mut self, number: usize, night: &Night) {
        let remembered: BTreeMap<usize, Remembered> =
            self.wanted.keys().map(|service| (*service, self.books.remembered(*service))).collect();
        self.reading(instant(number, 1), number);
        let total = matches!(night.survey, Survey::Total).then(|| self.kaseya.total());
        let lines_total: f64 =
            self.kaseya.lines.values().map(|line| f64::from(line.units) * line.price as f64 / 100.0).sum();
        if let Some(total) = total {
            self.books.total_is_sum = is_same_total(lines_total, total);
        }
        let is_sum = self.books.total_is_sum;
        let mut code = false;
        let mut writes = Vec::new();
        for (service, wanted) in &self.wanted {
            let same: Vec<Line> = self.kaseya.of_service(*service).into_iter().map(line).collect();
            match plan_target(&same, &context(*wanted, remembered[service])) {
                Decision::Unchanged { .. } => {
                    let Wanted::Units(wanted) = *wanted else { panic!("unchanged of what is not known") };
                    assert!(self.kaseya.holds(*service, wanted));
                    self.greens += 1;
                }
                Decision::Write(change) => writes.push((*service, change)),
                Decision::Awaited(..) => {}
                _ => code = true,
            }
        }
        let rises = writes.iter().any(|(_, change)| f64::from(change.to) > change.from);
        let falls = writes.iter().any(|(_, change)| f64::from(change.to) < change.from);
        let mut moved = Some(0.0);
        let mut changes = self.books.unconfirmed();
        changes.iter_mut().for_each(|change| change.read_since = true);
        for (place, (service, change)) in writes.iter().enumerate() {
            let fate = night.fates.get(place).copied().unwrap_or(Fate::Taken);
            let price = self.kaseya.lines[&change.line.0].price as f64 / 100.0;
            self.kaseya.write(change.line.0, change.to, fate);
            self.books.underway.retain(|other| other.service != *service);
            let is_sent = !matches!(fate, Fate::LostAndLanded | Fate::Lost);
            let moves = (f64::from(change.to) - change.from) * price;
            let is_half = night.pairs && rises && falls;
            self.books.underway.push(Underway {
                service: *service,
                from: change.from as u32,
                to: change.to,
                is_sent,
                is_half,
                night: number,
                due: fate != Fate::TakenForLater,
            });
            self.books.ours.insert(*service);
            changes.push(UnconfirmedChange { moves: is_sent.then_some(moves), is_half, read_since: false });
            moved = moved.filter(|_| is_sent).map(|moved| moved + moves);
        }
        let expected = total.zip(moved).map(|(total, moved)| ExpectedTotal { total: total + moved, is_sum });
        let told = night.confirm_by_total
            && expected.is_some_and(|expected| expected.tells())
            && total_tells(&changes);
        if !writes.is_empty() && !told {
            self.reading(instant(number, 2), number);
        }
        let read_total = total.or_else(|| is_sum.then_some(lines_total));
        self.books.expected =
            read_total.zip(moved).map(|(total, moved)| ExpectedTotal { total: total + moved, is_sum });
        self.books.code_stands = code;
    }
}

fn line((id, line): (i32, KaseyaLine)) -> Line {
    Line { id: LineId(id), units: f64::from(line.units), effective_date: None }
}

fn context(wanted: Wanted, remembered: Remembered) -> PlanContext {
    PlanContext {
        wanted,
        effective_date: Some(date(2026, 6, 1)),
        contract_start: None,
        contract_end: None,
        cycle_to_choose: false,
        brakes: NO_BRAKES,
        invoiced: None,
        share_ends: false,
        approved: None,
        dismissed: None,
        unsure: false,
        remembered,
        drift: DriftPolicy::SendOurs,
    }
}

/// An instant of a night.
fn instant(night: usize, hour: i64) -> Timestamp {
    let days = SignedDuration::from_hours(24 * night as i64 + hour);
    Timestamp::constant(1_780_000_000, 0) + days
}

fn any_event() -> impl Strategy<Value = Event> {
    let service = || 0..SERVICES;
    // Few numbers and few prices, so that changes often cancel each other.
    let units = || 0..5_u32;
    prop_oneof![
        1 => (service(), units()).prop_map(|(line, units)| Event::Edit(line, units)),
        1 => service().prop_map(Event::Delete),
        1 => (service(), units(), any_price()).prop_map(|(service, units, price)| Event::Add(service, units, price)),
        1 => (service(), any_price()).prop_map(|(line, price)| Event::Reprice(line, price)),
        6 => (service(), units()).prop_map(|(service, users)| Event::Count(service, users)),
        1 => service().prop_map(Event::Miss),
        2 => (service(), any::<bool>()).prop_map(|(service, mapped)| Event::Map(service, mapped)),
        4 => (service(), service(), 1..4_u32).prop_map(|(from, to, users)| Event::Switch(from, to, users)),
        2 => Just(Event::DaysCome),
        1 => Just(Event::StartOver),
    ]
}

fn any_price() -> impl Strategy<Value = Price> {
    prop_oneof![6 => Just(300), 2 => Just(150), 1 => Just(0), 1 => Just(1), 1 => -300..300_i64]
}

fn any_night() -> impl Strategy<Value = Night> {
    let survey =
        prop_oneof![8 => Just(Survey::Total), 1 => Just(Survey::LookedUp), 1 => Just(Survey::Nothing)];
    let fate = prop_oneof![
        4 => Just(Fate::Taken),
        2 => Just(Fate::TakenForLater),
        2 => Just(Fate::TakenWithoutEffect),
        1 => Just(Fate::LostAndLanded),
        1 => Just(Fate::Lost),
    ];
    let night = (vec(any_event(), 0..3), survey, prop::bool::weighted(0.1), vec(fate, 0..4));
    (night, prop::bool::weighted(0.8), any::<bool>()).prop_map(
        |((events, survey, read_due, fates), confirm_by_total, pairs)| Night {
            events,
            survey,
            read_due,
            fates,
            confirm_by_total,
            pairs,
        },
    )
}

fn any_total() -> impl Strategy<Value = TotalIs> {
    prop_oneof![
        8 => Just(TotalIs::Sum),
        1 => (1..1000_i64).prop_map(TotalIs::SumAnd),
        1 => Just(TotalIs::AlwaysZero),
    ]
}

/// Plays a story, and counts its green rows.
fn play(total_is: TotalIs, lines: &[(u32, Price)], nights: &[Night]) -> u32 {
    let of = |(place, (units, price)): (usize, &(u32, Price))| {
        (place as i32, KaseyaLine { service: place, units: *units, price: *price })
    };
    let lines: BTreeMap<i32, KaseyaLine> = lines.iter().enumerate().map(of).collect();
    let wanted = lines.values().map(|line| (line.service, Wanted::Units(line.units))).collect();
    let mut story = Story {
        kaseya: Kaseya { lines, newest: 100, later: Vec::new(), total_is, edits: 0 },
        books: Books::default(),
        wanted,
        edits_read: 0,
        read: None,
        implied: BTreeMap::new(),
        greens: 0,
    };
    for (number, night) in nights.iter().enumerate() {
        story.night(number, night);
    }
    story.greens
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn g_01_no_sequence_shows_unchanged_or_confirmed_without_evidence(
        total_is in any_total(),
        lines in vec((0..5_u32, any_price()), 1..SERVICES),
        nights in vec(any_night(), 1..12),
    ) {
        play(total_is, &lines, &nights);
    }
}

fn quiet() -> Night {
    Night {
        events: Vec::new(),
        survey: Survey::Total,
        read_due: false,
        fates: Vec::new(),
        confirm_by_total: true,
        pairs: true,
    }
}

#[test]
fn quiet_nights_are_green_so_the_property_is_not_empty() {
    let nights = [quiet(), quiet(), quiet()];
    assert_eq!(play(TotalIs::Sum, &[(3, 300), (2, 150)], &nights), 6);
}

#[test]
fn g_03_a_change_that_a_reading_did_not_show_is_not_implied_by_a_total_that_did_not_move() {
    // Accepted for a later day, or without effect. The second night's reading shows the old number, and so does its
    // total.
    for fate in [Fate::TakenForLater, Fate::TakenWithoutEffect] {
        let change = Night { events: vec![Event::Count(0, 4)], fates: vec![fate], ..quiet() };
        let again = Night { fates: vec![fate], ..quiet() };
        play(TotalIs::Sum, &[(3, 300), (2, 150)], &[quiet(), change, again.clone(), again.clone(), again]);
    }
}

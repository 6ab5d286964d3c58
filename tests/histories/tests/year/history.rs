//! The events of a partner in a year: pure data, generated at random.

use domain::{Billing, BillingRule, DriftPolicy};
use kaseya_simulator::{Endpoint, Fault};
use proptest::prelude::*;

/// The products of every history, with their services.
pub const PRODUCTS: [(&str, i32); 2] = [("advanced", 702), ("standard", 701)];

/// A year of one partner.
#[derive(Debug, Clone)]
pub struct History {
    pub billing: Billing,
    /// The day of the month on which Kaseya invoices.
    pub invoice_day: i8,
    pub drift: DriftPolicy,
    pub companies: Vec<CompanyStart>,
    /// Twelve months, in order.
    pub months: Vec<Month>,
}

/// A company when the year begins. Kaseya's lines hold its users at that time.
#[derive(Debug, Clone)]
pub struct CompanyStart {
    /// Users of each of [`PRODUCTS`].
    pub users: [u32; 2],
    /// Whether it is also billed on the first company's contract.
    pub shares_the_first_contract: bool,
    /// The billing rule of the first of [`PRODUCTS`].
    pub rule: BillingRule,
}

/// The events of a month.
#[derive(Debug, Clone)]
pub struct Month {
    /// Day 1 to 28 with its event; a sync follows in the night after it.
    pub events: Vec<(i8, Event)>,
    /// What a person does about holds, a day after they open.
    pub person: Person,
}

/// What a person does about holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    Approves,
    Dismisses,
    Waits,
}

/// An event.
#[derive(Debug, Clone)]
pub enum Event {
    /// Sets its users of a product from now on.
    Users { company: usize, product: usize, users: u32 },
    /// Moves users over to the other product.
    Switch { company: usize, from: usize, users: u32 },
    /// A person edits its line in Kaseya.
    Edit { company: usize, product: usize, units: f64, from_today: bool },
    /// Its users cannot be counted until this day of the month.
    Uncounted { company: usize, until: i8 },
    /// Its line is deleted in Kaseya.
    LineGone { company: usize, product: usize },
    /// Its contract is deactivated in Kaseya, or activated again.
    Active { company: usize, active: bool },
    /// A call fails in the next sync.
    Fails { endpoint: Endpoint, nth: u32, fault: Fault },
    /// In the next sync the worker dies with this write, which is applied, before it can report.
    WorkerDies { writes: u32 },
    /// Its line is set to count itself in Kaseya.
    CountsItself { company: usize, product: usize, units: u32 },
    /// It leaves: nothing is counted for it from the next day on.
    Closes { company: usize },
}

fn company() -> impl Strategy<Value = usize> {
    0_usize..4
}

fn product() -> impl Strategy<Value = usize> {
    0_usize..2
}

fn users() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0_u32..12, 3 => 5_u32..40, 1 => Just(0), 1 => 40_u32..300]
}

/// Changes by people and their users.
fn change() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (company(), product(), users())
            .prop_map(|(company, product, users)| Event::Users { company, product, users }),
        3 => (company(), product(), 1_u32..20)
            .prop_map(|(company, from, users)| Event::Switch { company, from, users }),
        1 => company().prop_map(|company| Event::Closes { company }),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::BadGateway),
        Just(Fault::NoSuccess("Something is wrong".to_owned())),
        Just(Fault::Truncated),
        Just(Fault::DropBeforeApply),
        Just(Fault::ApplyThenDrop),
        (1_i64..40).prop_map(|minutes| Fault::ApplyLater(jiff::SignedDuration::from_mins(minutes))),
    ]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    prop_oneof![
        4 => Just(Endpoint::WriteLine),
        2 => Just(Endpoint::ContractLines),
        1 => Just(Endpoint::ContractsLookup),
    ]
}

/// Failures.
fn trouble() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (company(), product(), 0_u32..60, any::<bool>(), any::<bool>()).prop_map(
            |(company, product, units, half, from_today)| {
                let units = f64::from(units) + if half { 0.5 } else { 0.0 };
                Event::Edit { company, product, units, from_today }
            }),
        2 => (company(), 2_i8..=28).prop_map(|(company, until)| Event::Uncounted { company, until }),
        1 => (company(), product()).prop_map(|(company, product)| Event::LineGone { company, product }),
        2 => (company(), any::<bool>()).prop_map(|(company, active)| Event::Active { company, active }),
        6 => (endpoint(), 1_u32..4, fault())
            .prop_map(|(endpoint, nth, fault)| Event::Fails { endpoint, nth, fault }),
        2 => (1_u32..=3).prop_map(|writes| Event::WorkerDies { writes }),
        1 => (company(), product(), 0_u32..60)
            .prop_map(|(company, product, units)| Event::CountsItself { company, product, units }),
    ]
}

fn month(
    event: impl Strategy<Value = Event>,
    person: impl Strategy<Value = Person>,
) -> impl Strategy<Value = Month> {
    (prop::collection::vec((1_i8..=28, event), 0..4), person).prop_map(|(mut events, person)| {
        events.sort_by_key(|(day, _)| *day);
        Month { events, person }
    })
}

fn rule() -> impl Strategy<Value = BillingRule> {
    prop_oneof![
        4 => Just(BillingRule::default()),
        1 => Just(BillingRule::NotBilled),
        1 => (0_u32..10, 0_u32..5).prop_map(|(minimum, included_free)| BillingRule::Billed { minimum, included_free }),
    ]
}

prop_compose! {
    fn company_start()(users in [users(), users()], shares in any::<bool>(), rule in rule()) -> CompanyStart {
        CompanyStart { users, shares_the_first_contract: shares, rule }
    }
}

fn history(
    event: impl Strategy<Value = Event> + Clone,
    person: impl Strategy<Value = Person> + Clone,
) -> impl Strategy<Value = History> {
    (
        prop::sample::select(vec![Billing::Arrears, Billing::Advance]),
        1_i8..=12,
        prop::sample::select(vec![DriftPolicy::Ask, DriftPolicy::SendOurs]),
        prop::collection::vec(company_start(), 1..4),
        prop::collection::vec(month(event, person), 12),
    )
        .prop_map(|(billing, invoice_day, drift, companies, months)| History {
            billing,
            invoice_day,
            drift,
            companies,
            months,
        })
}

/// A year without failures, with a person who approves every hold.
pub fn untroubled() -> impl Strategy<Value = History> {
    history(change().boxed(), Just(Person::Approves).boxed())
}

/// Any year.
pub fn any_history() -> impl Strategy<Value = History> {
    let person = prop::sample::select(vec![Person::Approves, Person::Dismisses, Person::Waits]);
    history(prop_oneof![change(), trouble()].boxed(), person.boxed())
}

/// Any year with a person who approves every hold.
pub fn with_an_attentive_person() -> impl Strategy<Value = History> {
    history(prop_oneof![change(), trouble()].boxed(), Just(Person::Approves).boxed())
}

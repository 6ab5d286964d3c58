//! What happens to a partner in a year: data alone, made by chance.

use domain::{Billing, BillingRule, DriftPolicy};
use kaseya_simulator::{Endpoint, Fault};
use proptest::prelude::*;

/// The products of every history, and their services.
pub const PRODUCTS: [(&str, i32); 2] = [("advanced", 702), ("standard", 701)];

/// A year of one partner.
#[derive(Debug, Clone)]
pub struct History {
    pub billing: Billing,
    /// The day of the month on which Kaseya invoices.
    pub invoice_day: i8,
    pub drift: DriftPolicy,
    pub companies: Vec<CompanyStart>,
    /// Twelve; what happens in each, in order.
    pub months: Vec<Month>,
}

/// A company as the year begins. Kaseya's lines hold its users then.
#[derive(Debug, Clone)]
pub struct CompanyStart {
    /// Users of each of [`PRODUCTS`].
    pub users: [u32; 2],
    /// Whether it is billed on the first company's contract too.
    pub shares_the_first_contract: bool,
    /// How the first of [`PRODUCTS`] is billed.
    pub rule: BillingRule,
}

/// What happens in a month.
#[derive(Debug, Clone)]
pub struct Month {
    /// Day 1 to 28 and what happens then; the night after it is synced.
    pub events: Vec<(i8, Event)>,
    /// What a person does about what is held, a day after it was.
    pub person: Person,
}

/// What a person does about holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    Approves,
    Dismisses,
    Waits,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// From now on it has so many users of a product.
    Users { company: usize, product: usize, users: u32 },
    /// So many users go over to the other product.
    Switch { company: usize, from: usize, users: u32 },
    /// Somebody edits its line in Kaseya.
    Edit { company: usize, product: usize, units: f64, from_today: bool },
    /// Its users cannot be counted, until the month's day.
    Uncounted { company: usize, until: i8 },
    /// Its line is deleted in Kaseya.
    LineGone { company: usize, product: usize },
    /// Its contract is deactivated in Kaseya, or activated again.
    Active { company: usize, active: bool },
    /// A call goes wrong in the next sync.
    Fails { endpoint: Endpoint, nth: u32, fault: Fault },
    /// In the next sync the worker dies with its so manieth write, which is made, before anybody is told.
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

/// What people and their users do.
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

/// What goes wrong.
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

/// A year in which nothing goes wrong and a person approves whatever is held.
pub fn untroubled() -> impl Strategy<Value = History> {
    history(change().boxed(), Just(Person::Approves).boxed())
}

/// Any year.
pub fn any_history() -> impl Strategy<Value = History> {
    let person = prop::sample::select(vec![Person::Approves, Person::Dismisses, Person::Waits]);
    history(prop_oneof![change(), trouble()].boxed(), person.boxed())
}

/// Any year in which a person approves whatever is held.
pub fn with_an_attentive_person() -> impl Strategy<Value = History> {
    history(prop_oneof![change(), trouble()].boxed(), Just(Person::Approves).boxed())
}

//! The events of a partner around a month's end: pure data, generated from a seed.

use domain::{Billing, BillingRule, DriftPolicy};
use kaseya_simulator::{Endpoint, Fault};
use proptest::prelude::*;

use crate::kind::Kind;

/// A few weeks of one partner.
#[derive(Debug, Clone)]
pub struct Story {
    pub billing: Billing,
    /// The month of 2026 with the counted last day.
    pub month: i8,
    /// The day of that month on which the story begins.
    pub first_day: i8,
    /// The number of months invoiced.
    pub months: usize,
    pub invoice_day: i8,
    /// 1 is Monday; `None` is daily.
    pub weekly: Option<i8>,
    pub drift: DriftPolicy,
    /// The number of further contracts that nothing is mapped to; beyond a page, only totals are read.
    pub other_contracts: i32,
    pub one_price: bool,
    /// Hours from the end of a month's last day to its final report; `None` leaves it to the cut-off.
    pub final_after: Option<i64>,
    pub person: Person,
    /// The second product is mapped only by an event.
    pub mapped_later: bool,
    pub zones: Zones,
    /// Kaseya shows one line per page, and no total of them.
    pub full_pages: bool,
    /// Kaseya shows units with a future effective date only from that day on.
    pub shows_from_its_day: bool,
    /// The index of its line profile among those of the tests; `None` is the default profile.
    pub form: Option<usize>,
    pub companies: Vec<CompanyStart>,
    /// The day of the story, the hour, and the event.
    pub events: Vec<(i64, i64, Event)>,
}

/// The time zones that days begin in.
#[derive(Debug, Clone, Copy)]
pub struct Zones {
    pub counts: &'static str,
    pub tenant: &'static str,
}

/// A company when the story begins. Kaseya's lines hold its users at that time.
#[derive(Debug, Clone)]
pub struct CompanyStart {
    /// Users of each product.
    pub users: [u32; 2],
    /// Whether it is also billed on the first company's contract.
    pub shares_the_first_contract: bool,
    /// The billing rule of its first product.
    pub rule: BillingRule,
}

/// What a person does each morning about holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    Approves,
    Dismisses,
    Waits,
}

/// An event.
#[derive(Debug, Clone)]
pub enum Event {
    Users { company: usize, product: usize, users: u32 },
    Switch { company: usize, from: usize, users: u32 },
    Grows { company: usize, product: usize, by: u32, days: i64 },
    Edited { company: usize, product: usize, units: u32 },
    LineGoes { company: usize, product: usize },
    LineComesBack { company: usize, product: usize },
    LineTwice { company: usize, product: usize },
    Price { company: usize, product: usize, price: f64 },
    Contract { company: usize, active: bool },
    Account { active: bool },
    AccountRenamed { number: u8 },
    CountsItself { company: usize, product: usize, units: u32 },
    ProductMapped,
    Remapped { company: usize },
    Unmapped { company: usize },
    WriteFails { nth: u32, how: Fault },
    ReadFails { endpoint: Endpoint, nth: u32, how: Fault },
    Down { hours: i64 },
    Off { hours: i64 },
    SyncNow { expires: Option<i64> },
    WorkerDies { writes: u32 },
    PasswordChanged { hours: i64 },
    Uncounted { company: usize, days: i64 },
    Empty { company: usize, days: i64 },
    Licences { company: usize, days: i64 },
    Part,
    LateFinal { company: usize, product: usize, users: u32 },
    Joins { company: usize, users: u32 },
    SecondPartner { company: usize, users: u32 },
    ContractMoves { company: usize, away: bool },
    AnotherKaseya { more: u32 },
    EarlyFinal { users: u32 },
    StrayFinal { company: usize, users: u32 },
    WrongClock { hours: i64 },
    AddressMoves { during: Endpoint, more: u32 },
    Expires { minutes: i64, down_hours: i64 },
    OldFile { company: usize, users: u32 },
}

fn company() -> impl Strategy<Value = usize> {
    0_usize..3
}

fn product() -> impl Strategy<Value = usize> {
    0_usize..2
}

fn users() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0_u32..12, 3 => 5_u32..40, 1 => Just(0), 1 => 40_u32..300]
}

/// A write with a success response and no effect.
pub fn yes_without_effect() -> Fault {
    let body = serde_json::json!(
        {"ResponseCode": 200, "Status": "OK", "Error": "None", "Result": null, "TotalRecords": 0}
    );
    Fault::Answer { status: 200, body }
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

fn reading() -> impl Strategy<Value = Endpoint> {
    prop::sample::select(vec![
        Endpoint::ContractLines,
        Endpoint::ContractsSummary,
        Endpoint::ContractsLookup,
        Endpoint::AccountsLookup,
    ])
}

fn event(kind: Kind) -> BoxedStrategy<Event> {
    let line = || (company(), product());
    match kind {
        Kind::Users => (line(), users())
            .prop_map(|((company, product), users)| Event::Users { company, product, users })
            .boxed(),
        Kind::Switch => (line(), 1_u32..20)
            .prop_map(|((company, from), users)| Event::Switch { company, from, users })
            .boxed(),
        Kind::Grows => (line(), 3_u32..5, 3_i64..12)
            .prop_map(|((company, product), by, days)| Event::Grows { company, product, by, days })
            .boxed(),
        Kind::Edited => (line(), 0_u32..60)
            .prop_map(|((company, product), units)| Event::Edited { company, product, units })
            .boxed(),
        Kind::LineGoes => line().prop_map(|(company, product)| Event::LineGoes { company, product }).boxed(),
        Kind::LineComesBack => {
            line().prop_map(|(company, product)| Event::LineComesBack { company, product }).boxed()
        }
        Kind::LineTwice => {
            line().prop_map(|(company, product)| Event::LineTwice { company, product }).boxed()
        }
        Kind::Price => (line(), prop::sample::select(vec![0.0, 0.0, 4.25]))
            .prop_map(|((company, product), price)| Event::Price { company, product, price })
            .boxed(),
        Kind::Contract => (company(), any::<bool>())
            .prop_map(|(company, active)| Event::Contract { company, active })
            .boxed(),
        Kind::Account => any::<bool>().prop_map(|active| Event::Account { active }).boxed(),
        Kind::AccountRenamed => any::<u8>().prop_map(|number| Event::AccountRenamed { number }).boxed(),
        Kind::CountsItself => (line(), 0_u32..60)
            .prop_map(|((company, product), units)| Event::CountsItself { company, product, units })
            .boxed(),
        Kind::ProductMapped => Just(Event::ProductMapped).boxed(),
        Kind::Remapped => company().prop_map(|company| Event::Remapped { company }).boxed(),
        Kind::Unmapped => company().prop_map(|company| Event::Unmapped { company }).boxed(),
        Kind::WriteFails => (1_u32..4, fault()).prop_map(|(nth, how)| Event::WriteFails { nth, how }).boxed(),
        Kind::WriteWithoutEffect => {
            (1_u32..4).prop_map(|nth| Event::WriteFails { nth, how: yes_without_effect() }).boxed()
        }
        Kind::ReadFails => (reading(), 1_u32..3, fault())
            .prop_map(|(endpoint, nth, how)| Event::ReadFails { endpoint, nth, how })
            .boxed(),
        Kind::Down => (1_i64..16).prop_map(|hours| Event::Down { hours }).boxed(),
        Kind::Off => (1_i64..40).prop_map(|hours| Event::Off { hours }).boxed(),
        Kind::SyncNow => prop::option::of(1_i64..120).prop_map(|expires| Event::SyncNow { expires }).boxed(),
        Kind::WorkerDies => (1_u32..=3).prop_map(|writes| Event::WorkerDies { writes }).boxed(),
        Kind::PasswordChanged => (1_i64..40).prop_map(|hours| Event::PasswordChanged { hours }).boxed(),
        Kind::Uncounted => {
            (company(), 1_i64..9).prop_map(|(company, days)| Event::Uncounted { company, days }).boxed()
        }
        Kind::Empty => {
            (company(), 1_i64..4).prop_map(|(company, days)| Event::Empty { company, days }).boxed()
        }
        Kind::Licences => {
            (company(), 1_i64..4).prop_map(|(company, days)| Event::Licences { company, days }).boxed()
        }
        Kind::Part => Just(Event::Part).boxed(),
        Kind::LateFinal => (line(), users())
            .prop_map(|((company, product), users)| Event::LateFinal { company, product, users })
            .boxed(),
        Kind::Joins => {
            (company(), 1_u32..9).prop_map(|(company, users)| Event::Joins { company, users }).boxed()
        }
        Kind::SecondPartner => {
            (company(), users()).prop_map(|(company, users)| Event::SecondPartner { company, users }).boxed()
        }
        Kind::ContractMoves => (company(), any::<bool>())
            .prop_map(|(company, away)| Event::ContractMoves { company, away })
            .boxed(),
        Kind::AnotherKaseya => (0_u32..4).prop_map(|more| Event::AnotherKaseya { more }).boxed(),
        Kind::EarlyFinal => users().prop_map(|users| Event::EarlyFinal { users }).boxed(),
        Kind::StrayFinal => {
            (company(), users()).prop_map(|(company, users)| Event::StrayFinal { company, users }).boxed()
        }
        Kind::WrongClock => (-9_i64..=9).prop_map(|hours| Event::WrongClock { hours }).boxed(),
        Kind::AddressMoves => {
            let during = [Endpoint::WriteLine, Endpoint::ContractLines, Endpoint::ContractsSummary];
            (prop::sample::select(during.to_vec()), 0_u32..4)
                .prop_map(|(during, more)| Event::AddressMoves { during, more })
                .boxed()
        }
        Kind::Expires => (5_i64..90, 1_i64..5)
            .prop_map(|(minutes, down_hours)| Event::Expires { minutes, down_hours })
            .boxed(),
        Kind::OldFile => {
            (company(), users()).prop_map(|(company, users)| Event::OldFile { company, users }).boxed()
        }
        // These change the story from its beginning.
        Kind::OtherZones | Kind::FullPages | Kind::ShowsFromItsDay | Kind::OtherForm => {
            Just(Event::SyncNow { expires: None }).boxed()
        }
    }
}

fn rule() -> impl Strategy<Value = BillingRule> {
    prop_oneof![
        5 => Just(BillingRule::default()),
        1 => Just(BillingRule::NotBilled),
        1 => (0_u32..10, 0_u32..5)
            .prop_map(|(minimum, included_free)| BillingRule::Billed { minimum, included_free }),
    ]
}

prop_compose! {
    fn company_start()(users in [users(), users()], shares in any::<bool>(), rule in rule()) -> CompanyStart {
        CompanyStart { users, shares_the_first_contract: shares, rule }
    }
}

/// Mostly around the month's end, where it matters; some days before.
fn day() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 0_i64..9, 3 => 9_i64..20, 1 => 20_i64..45]
}

fn zones(others: bool) -> impl Strategy<Value = Zones> {
    let here = Zones { counts: "UTC", tenant: "UTC" };
    let of = |counts, tenant| Zones { counts, tenant };
    let mut zones = vec![here];
    if others {
        zones.extend([
            of("Europe/Rome", "Europe/Rome"),
            of("Europe/Rome", "Pacific/Honolulu"),
            of("UTC", "Pacific/Auckland"),
            of("America/Los_Angeles", "Europe/Rome"),
        ]);
    }
    prop::sample::select(zones)
}

/// Any story with these kinds of events.
pub fn stories(kinds: &[Kind]) -> impl Strategy<Value = Story> + use<> {
    let weighted = kinds.iter().map(|kind| (kind.weight(), event(*kind)));
    let events = prop::strategy::Union::new_weighted(weighted.collect());
    let may_map_later = kinds.contains(&Kind::ProductMapped);
    let may_fill_pages = kinds.contains(&Kind::FullPages);
    let may_wait = kinds.contains(&Kind::ShowsFromItsDay);
    let forms = if kinds.contains(&Kind::OtherForm) { testkit::line_profiles().len() } else { 0 };
    // Half of the stories have the default.
    let forms: Vec<Option<usize>> = (0..forms).map(Some).chain((0..=forms).map(|_| None)).collect();
    (
        (
            prop::sample::select(vec![Billing::Arrears, Billing::Advance]),
            1_i8..=11,
            prop_oneof![4 => Just(1_usize), 1 => Just(2_usize)],
            prop_oneof![1_i8..=4, 1_i8..=12],
            prop::option::of(1_i8..=7),
            prop::sample::select(vec![DriftPolicy::Ask, DriftPolicy::SendOurs]),
            prop::sample::select(vec![0, 0, 120]),
        ),
        (
            any::<bool>(),
            prop::option::of(0_i64..5),
            prop::sample::select(vec![Person::Approves, Person::Approves, Person::Dismisses, Person::Waits]),
            any::<bool>().prop_map(move |later| later && may_map_later),
            zones(kinds.contains(&Kind::OtherZones)),
            prop::sample::select(vec![false, false, may_fill_pages]),
            prop::sample::select(vec![false, false, may_wait]),
            prop::collection::vec(company_start(), 1..4),
            prop::collection::vec((day(), 0_i64..24, events), 1..8),
            prop::sample::select(forms),
        ),
    )
        .prop_map(|(first, second)| {
            let (billing, month, months, invoice_day, weekly, drift, other_contracts) = first;
            let (one_price, final_after, person, mapped_later, zones, full_pages, ..) = second;
            let (.., shows_from_its_day, companies, mut events, form) = second;
            // If the tenant's day begins first, its invoices of day 1 come before the month is counted.
            let elsewhere = zones.counts != zones.tenant;
            let invoice_day = if elsewhere { invoice_day.max(2) } else { invoice_day };
            events.sort_by_key(|(day, hour, _)| (*day, *hour));
            Story {
                billing,
                month,
                first_day: 18,
                months,
                invoice_day,
                weekly,
                drift,
                other_contracts,
                one_price,
                final_after,
                person,
                mapped_later,
                zones,
                full_pages,
                shows_from_its_day,
                form,
                companies,
                events,
            }
        })
}

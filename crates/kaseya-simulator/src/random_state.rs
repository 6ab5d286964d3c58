//! Random states for property tests.

use jiff::{ToSpan, civil::date};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use crate::{ContractStatus, State};

impl State {
    /// A small random tenant, the same for the same seed: accounts with no, one or several contracts; contracts of
    /// any status and end; services twice on a contract, missing from the catalogue or inactive; and now and then
    /// fractional units, as a person can enter them.
    pub fn random(seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let chance = &mut chance;
        let services = chance.random_range(1..=5);
        let mut builder = Self::builder();
        for service in 0..services {
            let price = f64::from(chance.random_range(0..2000)) / 100.0;
            builder = builder.service(700 + service, &format!("Service {service}"), price);
        }
        let (mut contract, mut line) = (5000, 90_000);
        for account in 300..300 + chance.random_range(0..=6) {
            builder = builder.account(account, &format!("Account {account}"));
            for _ in 0..chance.random_range(0..=3) {
                contract += 1;
                builder = builder.contract(contract, account, &format!("Contract {contract}"));
                for _ in 0..chance.random_range(0..=4) {
                    line += 1;
                    // One number beyond the catalogue: a deleted service.
                    let service = 700 + chance.random_range(0..=services);
                    builder = builder.line(line, service, units(chance));
                }
                builder = builder.with(|state| vary(state, contract, chance));
            }
        }
        let inactive = chance.random_range(0..=services);
        builder
            .with(|state| {
                state.services.iter_mut().for_each(|service| service.active = service.id != 700 + inactive);
            })
            .build()
    }
}

fn units(chance: &mut impl Rng) -> f64 {
    let whole = f64::from(chance.random_range(0..60));
    if chance.random_ratio(1, 20) { whole + 0.5 } else { whole }
}

fn vary(state: &mut State, contract: i32, chance: &mut impl Rng) {
    let Some(contract) = state.contract_mut(contract) else { return };
    if chance.random_ratio(1, 6) {
        contract.status = ContractStatus::Inactive;
    }
    if chance.random_ratio(1, 2) {
        contract.end = Some(date(2025, 1, 1).saturating_add(chance.random_range(0_i64..1500).days()));
    }
    if chance.random_ratio(1, 8) {
        contract.contract_type = "Time and Material".to_owned();
    }
    if chance.random_ratio(1, 6) {
        contract.billing_cycle = "Yearly".to_owned();
    }
}

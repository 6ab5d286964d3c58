//! The event that a change waits for a person, sent by the program that opened its hold.

use domain::{HeldChange, PartnerId};
use jiff::Timestamp;

use crate::{field::wire_instant, v1};

impl v1::HoldOpened {
    /// The event of a hold opened at `now`; its number is assigned when it is stored.
    pub fn of(partner: &PartnerId, hold: &HeldChange, now: Timestamp) -> Self {
        Self {
            number: None,
            partner_id: partner.to_string(),
            hold_id: hold.new_hold.to_string(),
            contract_id: Some(hold.contract.0),
            service_id: Some(hold.service.0),
            from_units: Some(hold.from_units),
            to_units: u32::try_from(hold.to_units).ok(),
            brake: hold.brake.as_str().to_owned(),
            at: Some(wire_instant(now)),
            pair_id: hold.pair.map(|pair| pair.to_string()),
        }
    }
}

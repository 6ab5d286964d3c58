//! Lines that an edit leaves over (D-13). The transaction that stores the edit opens a hold for each.

use bus::EventTopic;
use domain::{CompanyId, ContractId, Entropy, HoldId, PartnerId};
use jiff::{Timestamp, civil::Date};
use messages::{Message as _, v1};
use store::{StoreError, Transaction, jobs::runs, messages::events::NewEvent, targets::leftovers};

/// A line that an edit leaves over. Approving its hold sets the line to 0; dismissing it leaves the line as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Leftover {
    /// The hold for the line.
    pub hold: HoldId,
    /// The companies with users on the line.
    pub companies: Vec<CompanyId>,
    /// The contract, with its name.
    pub contract: (ContractId, String),
    /// The service's name.
    pub service: String,
    /// The line's units.
    pub units: f64,
    /// The day from which the line would be 0.
    pub from_day: Date,
}

/// Opens a hold for each line now left over, and ends the holds of lines that are mapped again. The caller holds
/// the partner.
pub async fn ask(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Vec<Leftover>, StoreError> {
    let run_number = runs::newest_number(tx, partner).await?;
    let held = leftovers::bring_up_to_date(tx, partner, run_number, entropy, now).await?;
    let events = held
        .iter()
        .map(|hold| {
            let opened = v1::HoldOpened::of(partner, hold, now);
            NewEvent::new(EventTopic::HoldOpened.routing_key(), v1::HoldOpened::KIND, &opened)
        })
        .collect();
    store::messages::events::store_events(tx, partner, events, now).await?;
    let contracts: Vec<ContractId> = held.iter().map(|hold| hold.contract).collect();
    let names = leftovers::names(tx, partner, &contracts).await?;
    let left = held.into_iter().filter_map(|hold| {
        let names = names.get(&(hold.contract, hold.service))?;
        Some(Leftover {
            hold: hold.new_hold,
            companies: hold
                .companies
                .into_iter()
                .filter_map(|company| CompanyId::new(company).ok())
                .collect(),
            contract: (hold.contract, names.contract_name.clone()),
            service: names.service_name.clone(),
            units: hold.from_units,
            from_day: hold.effective_date,
        })
    });
    Ok(left.collect())
}

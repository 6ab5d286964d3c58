//! Lines that an edit has left behind (D-13): asked about in the transaction that stores the edit, and told with both answers.

use domain::{ContractId, Entropy, HoldId, PartnerId};
use jiff::{Timestamp, civil::Date};
use store::{StoreError, Transaction, leftovers, runs, settings::PartnerSettings};

use crate::settings_file::SettingsFile;

/// A line that an edit has left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftoverNote {
    /// The hold that asks about it.
    pub hold: HoldId,
    /// The names of the companies whose users were in it.
    pub companies: Vec<String>,
    /// The contract, with its name.
    pub contract: (ContractId, String),
    /// The service's name.
    pub service: String,
    /// Its units.
    pub units: f64,
    /// From which day they would be 0.
    pub from_day: Date,
}

impl LeftoverNote {
    /// What a person is told of it, with the commands of both answers.
    pub fn told(&self, partner: &PartnerId) -> String {
        let Self { hold, companies, contract: (contract, name), service, units, from_day } = self;
        let companies = companies.join(", ");
        format!(
            "{companies}: nothing is mapped any more to \"{service}\" on contract {contract} \"{name}\", which has {units} units \
             of ours\n  to 0 from {from_day}: kaseya-sync holds {partner} approve {hold}\n  leave it as it is: kaseya-sync \
             holds {partner} dismiss {hold}"
        )
    }
}

/// Opens a hold for each line that is left over by now, and ends those of lines that something is mapped to again. The
/// partner is held by the caller.
pub(crate) async fn ask(
    tx: &Transaction<'_>,
    file: &SettingsFile,
    stored: Option<&PartnerSettings>,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Vec<LeftoverNote>, StoreError> {
    let partner = &file.partner;
    let run_number = runs::newest_number(tx, partner).await?;
    let held = leftovers::bring_up_to_date(tx, partner, run_number, entropy, now).await?;
    let events = held.iter().map(|hold| results::hold_opened(partner, hold, now)).collect();
    store::events::store_events(tx, partner, events, now).await?;
    let contracts: Vec<ContractId> = held.iter().map(|hold| hold.contract).collect();
    let names = leftovers::names(tx, partner, &contracts).await?;
    let company = |id: &String| {
        let listed = file.companies.iter().find(|company| company.company.as_str() == id);
        let known = stored.and_then(|stored| stored.companies.iter().find(|(known, _)| known.as_str() == id));
        let name = listed.map(|company| &company.name).or(known.map(|(_, known)| &known.name));
        name.unwrap_or(id).clone()
    };
    let notes = held.iter().filter_map(|hold| {
        let names = names.get(&(hold.contract, hold.service))?;
        Some(LeftoverNote {
            hold: hold.new_hold,
            companies: hold.companies.iter().map(company).collect(),
            contract: (hold.contract, names.contract_name.clone()),
            service: names.service_name.clone(),
            units: hold.from_units,
            from_day: hold.effective_date,
        })
    });
    Ok(notes.collect())
}

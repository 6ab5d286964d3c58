//! A hold as text.

use domain::PartnerId;
use operations::Advising;
use store::holds::HoldRow;

use crate::output::instant;

/// The columns of a hold.
pub(crate) fn row(hold: &HoldRow, advising: &Advising<'_>) -> [String; 10] {
    let service = advising.service_of(hold).unwrap_or_else(|| hold.service.to_string());
    [
        hold.hold.to_string(),
        advising.names(hold).join(", "),
        hold.contract.to_string(),
        service,
        hold.from_units.to_string(),
        hold.to_units.to_string(),
        hold.effective_date.to_string(),
        hold.brake.as_str().replace('_', " "),
        hold.state.clone(),
        instant(Some(hold.opened_at), advising.zone()),
    ]
}

/// The command that decides a hold with the numbers it shows.
pub(crate) fn command(partner: &PartnerId, verb: &str, hold: &HoldRow) -> String {
    let HoldRow { hold: id, from_units, to_units, .. } = hold;
    format!("kaseya-sync holds {partner} {verb} {id} --from {from_units} --to {to_units}")
}

//! Lines as Kaseya showed them: decoding and encoding.

use domain::{ContractId, LineId, SeenLine, ServiceId};

use crate::{
    FieldError,
    field::{decimal, instant, optional_day, required, wire_instant},
    v1,
};

impl TryFrom<v1::LineSeen> for SeenLine {
    type Error = FieldError;

    fn try_from(seen: v1::LineSeen) -> Result<Self, FieldError> {
        Ok(Self {
            contract: ContractId(required("contract_id", seen.contract_id)?),
            line: LineId(required("line_id", seen.line_id)?),
            service: ServiceId(required("service_id", seen.service_id)?),
            units: decimal("units", seen.units)?,
            unit_price: seen.unit_price.map(|price| decimal("unit_price", Some(price))).transpose()?,
            effective_date: optional_day("effective_date", seen.effective_date.as_deref())?,
            seen_at: instant("seen_at", seen.seen_at)?,
            is_implied: seen.implied_by_total.unwrap_or(false),
        })
    }
}

impl From<SeenLine> for v1::LineSeen {
    fn from(line: SeenLine) -> Self {
        Self {
            contract_id: Some(line.contract.0),
            service_id: Some(line.service.0),
            line_id: Some(line.line.0),
            units: Some(line.units),
            unit_price: line.unit_price,
            effective_date: line.effective_date.map(|day| day.to_string()),
            seen_at: Some(wire_instant(line.seen_at)),
            implied_by_total: line.is_implied.then_some(true),
        }
    }
}

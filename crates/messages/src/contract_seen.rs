//! A contract as Kaseya showed it: decoding and encoding.

use domain::{ContractId, SeenContract, ShownContract};

use crate::{
    FieldError,
    field::{decimal, instant, optional_day, required, wire_instant},
    v1,
};

impl TryFrom<v1::ContractSeen> for SeenContract {
    type Error = FieldError;

    fn try_from(seen: v1::ContractSeen) -> Result<Self, FieldError> {
        let shown = ShownContract {
            name: plain(&seen.name),
            account_name: seen.account_name.as_deref().map(plain),
            contract_type: seen.contract_type.as_deref().map(plain),
            active: seen.active,
            billing_cycle: seen.billing_cycle.as_deref().map(plain),
            start: optional_day("start_date", seen.start_date.as_deref())?,
            end: optional_day("end_date", seen.end_date.as_deref())?,
            total: seen.total.map(|total| decimal("total", Some(total))).transpose()?,
        };
        Ok(Self {
            contract: ContractId(required("contract_id", seen.contract_id)?),
            seen_at: instant("seen_at", seen.seen_at)?,
            shown: required("shown", seen.shown)?.then_some(shown),
        })
    }
}

/// Kaseya's words, fit to be stored and shown.
fn plain(text: &str) -> String {
    domain::fit_text(text, domain::MAX_NOTE)
}

impl From<SeenContract> for v1::ContractSeen {
    fn from(seen: SeenContract) -> Self {
        let not_shown = Self {
            contract_id: Some(seen.contract.0),
            shown: Some(seen.shown.is_some()),
            seen_at: Some(wire_instant(seen.seen_at)),
            ..Self::default()
        };
        let Some(shown) = seen.shown else { return not_shown };
        Self {
            name: shown.name,
            account_name: shown.account_name,
            contract_type: shown.contract_type,
            active: shown.active,
            billing_cycle: shown.billing_cycle,
            start_date: shown.start.map(|day| day.to_string()),
            end_date: shown.end.map(|day| day.to_string()),
            total: shown.total,
            ..not_shown
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn any_shown()(
            names in proptest::array::uniform4("[ -~À-ž]{0,12}"),
            told: bool,
            active in proptest::option::of(any::<bool>()),
            days in proptest::array::uniform2(proptest::option::of(1_i8..=28)),
            total in proptest::option::of(-1e9_f64..1e9),
        ) -> ShownContract {
            let [name, account, kind, cycle] = names;
            let [start, end] = days.map(|day| day.map(|day| date(2026, 2, day)));
            ShownContract {
                name,
                account_name: told.then_some(account),
                contract_type: told.then_some(kind),
                active,
                billing_cycle: told.then_some(cycle),
                start,
                end,
                total,
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_seen_comes_back_as_it_went(
            shown in proptest::option::of(any_shown()), contract: i32, second in 0_i64..4_000_000_000,
        ) {
            let seen_at = Timestamp::from_second(second).expect("an instant");
            let seen = SeenContract { contract: ContractId(contract), seen_at, shown };
            prop_assert_eq!(SeenContract::try_from(v1::ContractSeen::from(seen.clone())), Ok(seen));
        }
    }

    #[test]
    fn what_must_be_there_is_named() {
        let seen = SeenContract { contract: ContractId(5), seen_at: Timestamp::UNIX_EPOCH, shown: None };
        let whole = v1::ContractSeen::from(seen);
        for (field, lacking) in [
            ("contract_id", v1::ContractSeen { contract_id: None, ..whole.clone() }),
            ("shown", v1::ContractSeen { shown: None, ..whole.clone() }),
            ("seen_at", v1::ContractSeen { seen_at: None, ..whole.clone() }),
            ("total", v1::ContractSeen { total: Some(f64::NAN), ..whole.clone() }),
            ("start_date", v1::ContractSeen { start_date: Some("soon".to_owned()), ..whole }),
        ] {
            assert_eq!(SeenContract::try_from(lacking).map_err(|error| error.field), Err(field.to_owned()));
        }
    }
}

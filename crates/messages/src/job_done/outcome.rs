//! Outcomes of companies and their products: decoding and encoding.

use domain::{
    AccountId, Brake, CompanyId, CompanyOutcome, CompanyState, ContractId, ErrorCode, Evidence, PairId,
    ProductOutcome, Remark,
};

use crate::{
    FieldError,
    field::{self, each, error_code, required, wire_instant},
    v1,
};

impl TryFrom<v1::CompanyOutcome> for CompanyOutcome {
    type Error = FieldError;

    fn try_from(outcome: v1::CompanyOutcome) -> Result<Self, FieldError> {
        Ok(Self {
            company: field::id("company_id", CompanyId::new(outcome.company_id))?,
            contract: outcome.contract_id.map(ContractId),
            account: outcome.account_id.map(AccountId),
            state: field::named("state", &outcome.state, CompanyState::parse)?,
            code: outcome.code.map(|code| error_code("code", &code)).transpose()?,
            kaseya_says: outcome.kaseya_says.map(|said| domain::fit_text(&said, usize::MAX)),
            // An unknown remark is dropped alone; the rest of the outcome stays.
            remarks: outcome.remarks.into_iter().filter_map(|remark| Remark::try_from(remark).ok()).collect(),
            products: each("products", outcome.products, ProductOutcome::try_from)?,
            seen_equal: required("seen_equal", outcome.seen_equal)?,
            evidence: outcome
                .evidence
                .map(Evidence::try_from)
                .transpose()
                .map_err(|error| error.within("evidence"))?,
            deferred_until: field::optional_instant("deferred_until", outcome.deferred_until)?,
        })
    }
}

impl From<CompanyOutcome> for v1::CompanyOutcome {
    fn from(outcome: CompanyOutcome) -> Self {
        Self {
            company_id: outcome.company.to_string(),
            contract_id: outcome.contract.map(|contract| contract.0),
            account_id: outcome.account.map(|account| account.0),
            state: outcome.state.as_str().to_owned(),
            code: outcome.code.map(|code| code.as_str().to_owned()),
            remarks: outcome.remarks.into_iter().map(v1::Remark::from).collect(),
            kaseya_says: outcome.kaseya_says,
            seen_equal: Some(outcome.seen_equal),
            deferred_until: outcome.deferred_until.map(wire_instant),
            evidence: outcome.evidence.map(v1::Evidence::from),
            products: outcome.products.into_iter().map(v1::ProductOutcome::from).collect(),
        }
    }
}

impl TryFrom<v1::ProductOutcome> for ProductOutcome {
    type Error = FieldError;

    fn try_from(outcome: v1::ProductOutcome) -> Result<Self, FieldError> {
        let state = field::named("state", &outcome.state, CompanyState::parse)?;
        let code = outcome.code.map(|code| error_code("code", &code)).transpose()?;
        let brake = outcome.brake.map(|brake| field::named("brake", &brake, Brake::parse)).transpose()?;
        Ok(Self {
            product: outcome.product_id,
            service: outcome.service_id,
            state: state.as_str().to_owned(),
            code: code.map(ErrorCode::as_str).map(str::to_owned),
            users: outcome.users,
            billed: outcome.billed_units,
            count_day: field::optional_day("count_day", outcome.count_day.as_deref())?,
            from: outcome.from_units.map(|units| field::decimal("from_units", Some(units))).transpose()?,
            to: outcome.to_units,
            effective: field::optional_day("effective_date", outcome.effective_date.as_deref())?,
            brake: brake.map(|brake| brake.as_str().to_owned()),
            note: outcome.note,
            pair: outcome.pair_id.map(|pair| field::id("pair_id", PairId::parse(&pair))).transpose()?,
        })
    }
}

impl From<ProductOutcome> for v1::ProductOutcome {
    fn from(outcome: ProductOutcome) -> Self {
        Self {
            product_id: outcome.product,
            service_id: outcome.service,
            state: outcome.state,
            code: outcome.code,
            users: outcome.users,
            billed_units: outcome.billed,
            count_day: outcome.count_day.map(|day| day.to_string()),
            from_units: outcome.from,
            to_units: outcome.to,
            effective_date: outcome.effective.map(|day| day.to_string()),
            brake: outcome.brake,
            note: outcome.note,
            pair_id: outcome.pair.map(|pair| pair.to_string()),
        }
    }
}

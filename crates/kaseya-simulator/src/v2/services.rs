//! The catalogue: search, look-up, single service, and the lines that sell a service.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{midnight, page, success, with_nulls};
use crate::{
    Contract, IdsBinding, Line, Service, State,
    call::Call,
    refusal::Refusal,
    rows::{Paging, holds},
};

/// POST /v2/admin/finance/services/search.
pub(crate) fn search(state: &State, call: &Call) -> Result<Value, Refusal> {
    let body = call.json()?;
    let paging = Paging::of_body(state, call, &body)?;
    let filter = body.object("Filter")?;
    let (name, description) = (filter.text("Name")?, filter.text("Description")?);
    let (active, taxable) = (filter.integer("IsActive")?, filter.integer("IsTaxable")?);
    // No service here has a category, a unit of measure or an account of its own.
    let none_has = ["CategoryIds", "SubCategoryIds", "UnitOfMeasureIds"]
        .iter()
        .any(|name| filter.raw(name).and_then(Value::as_array).is_some_and(|ids| !ids.is_empty()))
        || ["IncomeAccount", "ExpenseAccount"]
            .iter()
            .any(|name| filter.raw(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
    let asked = |service: &&Service| {
        !none_has
            && holds(Some(&service.name), name.as_deref())
            && holds(service.description.as_deref(), description.as_deref())
            && active.is_none_or(|active| (active != 0) == service.active)
            && taxable.is_none_or(|taxable| (taxable != 0) == service.taxable)
    };
    let services = state.services.iter().filter(asked).collect();
    Ok(page(services, &paging, |service| service.id, row))
}

fn row(service: &Service) -> Value {
    let known = json!({
        "id": service.id,
        "name": service.name,
        "description": service.description,
        "unitCost": service.unit_cost,
        "unitPrice": service.unit_price,
        "margin": service.unit_price - service.unit_cost,
        "marginType": 1,
        "isActive": service.active,
        "isTaxable": service.taxable,
        "createdOn": "2024-01-01T00:00:00",
        "createdBy": 1,
        "modifiedOn": "2024-01-01T00:00:00",
        "modifiedBy": 1,
    });
    let unknown = [
        "categoryId",
        "category",
        "subCategoryId",
        "subCategory",
        "unitOfMeasureId",
        "unitOfMeasure",
        "incomeAccountCode",
        "incomeAccountName",
        "expenseAccountCode",
        "expenseAccountName",
    ];
    with_nulls(known, &unknown)
}

/// GET /v2/admin/finance/services/lookup.
pub(crate) fn lookup(state: &State, call: &Call) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let id = call.query.integer("Filter.Id")?;
    let id = id.filter(|_| state.behaviour.lists.ids != IdsBinding::Ignored);
    let name = call.query.text("Filter.Name");
    let asked = |service: &&Service| id.is_none_or(|id| service.id == id) && holds(Some(&service.name), name);
    let row = |service: &Service| json!({ "id": service.id, "name": service.name, "description": service.description });
    Ok(page(state.services.iter().filter(asked).collect(), &paging, |service| service.id, row))
}

/// GET /v2/admin/finance/services/{serviceId}.
pub(crate) fn one(state: &State, call: &Call) -> Result<Value, Refusal> {
    let service = state.service(call.id("serviceId")?).ok_or(Refusal::Unknown)?;
    // Two fields more than in a list.
    Ok(success(with_nulls(row(service), &["incomeAccountId", "expenseAccountId"])))
}

/// POST /v2/admin/finance/services/{serviceId}/relatedservices/search.
pub(crate) fn related(state: &State, call: &Call) -> Result<Value, Refusal> {
    let service = state.service(call.id("serviceId")?).ok_or(Refusal::Unknown)?.id;
    let body = call.json()?;
    let paging = Paging::of_body(state, call, &body)?;
    let filter = body.object("Filter")?;
    let (contract_name, account_name) = (filter.text("ContractName")?, filter.text("AccountName")?);
    let (name, description) = (filter.text("ServiceName")?, filter.text("ServiceDescription")?);
    let (cost, price) = (filter.number("UnitCost")?, filter.number("UnitPrice")?);
    let between = |field: &str| -> Result<(Option<Date>, Option<Date>), Refusal> {
        Ok((filter.date(&format!("{field}From"))?, filter.date(&format!("{field}To"))?))
    };
    let within = |day: Date, (from, to): (Option<Date>, Option<Date>)| {
        from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
    };
    let effective = between("EffectiveDate")?;
    let (start, end) = (between("ContractStartDate")?, between("ContractEndDate")?);
    let asked = |(contract, line): &(&Contract, &Line)| {
        line.service == service
            && holds(line.service_name.as_deref(), name.as_deref())
            && holds(line.service_description.as_deref(), description.as_deref())
            && holds(Some(&contract.name), contract_name.as_deref())
            && holds(state.account_name(contract), account_name.as_deref())
            && cost.is_none_or(|cost| cost == line.unit_cost)
            && price.is_none_or(|price| price == line.unit_price)
            && within(line.effective_date, effective)
            && within(contract.start, start)
            && within(contract.shown_end(), end)
    };
    let lines =
        state.contracts.iter().flat_map(|contract| contract.lines.iter().map(move |line| (contract, line)));
    let found: Vec<(&Contract, &Line)> = lines.filter(asked).collect();
    let row = |(contract, line): &(&Contract, &Line)| {
        json!({
            "id": line.id,
            "serviceId": line.service,
            "contractId": contract.id,
            "accountId": contract.account,
            "serviceName": line.service_name,
            "serviceDescription": line.service_description,
            "contractName": contract.name,
            "accountName": state.account_name(contract),
            "effectiveDate": midnight(line.effective_date),
            "contractStartDate": midnight(contract.start),
            "contractEndDate": midnight(contract.shown_end()),
            "unitCost": line.unit_cost,
            "unitPrice": line.unit_price,
            "marginType": 1,
            "margin": line.unit_price - line.unit_cost,
            "excludeFromContractBulkUpdates": false,
        })
    };
    Ok(page(found.iter().collect(), &paging, |(_, line)| line.id, row))
}

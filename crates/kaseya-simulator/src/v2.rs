//! The V2 calls: logins, and lists of contracts, services and accounts.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    Account, Contract, ContractStatus, Login, Right, Service, State,
    call::{Call, Fields, Refusal},
    rows::{Paging, holds},
    sessions::{Sessions, Tokens},
};

/// The success envelope.
fn success(result: Value) -> Value {
    json!({ "success": true, "error": null, "result": result })
}

fn page<T>(
    items: Vec<&T>,
    paging: &Paging,
    id_of: impl Fn(&T) -> i32,
    row_of: impl Fn(&T) -> Value,
) -> Value {
    let total = items.len();
    let rows = paging.cut(items, id_of, row_of);
    let mut answer = success(Value::Array(rows));
    if !paging.lists.without_totals {
        answer["totalRecords"] = json!(total);
    }
    answer
}

/// A calendar date as a date-time: local midnight without an offset.
pub(crate) fn midnight(date: Date) -> String {
    format!("{date}T00:00:00")
}

/// POST /v2/security/authenticate.
pub(crate) fn authenticate(
    state: &State,
    sessions: &mut Sessions,
    form: &Fields,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let tenant = form.text("Tenant").ok_or(Refusal::TenantMissing)?;
    if form.text("GrantType") != Some("password") {
        return Err(Refusal::Bad("GrantType is not valid".to_owned()));
    }
    let text = |name| form.text(name).unwrap_or_default().to_owned();
    let given = Login { user: text("UserName"), password: text("Password"), tenant: tenant.to_owned() };
    let tokens = sessions.log_in_v2(state, &given, form.text("MFACode"), now).map_err(Refusal::Login)?;
    Ok(issued(&tokens))
}

/// POST /v2/security/refreshtoken.
pub(crate) fn refresh(
    state: &State,
    sessions: &mut Sessions,
    form: &Fields,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let (access, refresh) = (form.text("AccessToken"), form.text("RefreshToken"));
    sessions
        .refresh(access.unwrap_or_default(), refresh.unwrap_or_default(), &state.behaviour.login, now)
        .map(|tokens| issued(&tokens))
        .ok_or(Refusal::Token)
}

fn issued(tokens: &Tokens) -> Value {
    success(json!({
        "accessToken": tokens.access,
        "refreshToken": tokens.refresh,
        "accessTokenExpireOn": tokens.access_until.to_string(),
        "refreshTokenExpireOn": tokens.refresh_until.to_string(),
    }))
}

/// GET /v2/security/userinfo.
pub(crate) fn user_info(state: &State, now: Timestamp) -> Value {
    let offset = zone(state).to_offset(now).seconds();
    let modifies = !state.behaviour.role.lacks_on_v2.contains(&Right::ModifyContracts);
    let right = |menu: i32, modify: bool| {
        json!({
            "canView": true,
            "canModify": modify,
            "canDelete": false,
            "mainMenuId": menu,
            "menuCategoryId": 1,
            "listingIDEnum": menu,
        })
    };
    success(json!({
        "userId": 31,
        "fullName": "Sync User",
        "emailAddress": state.login.user,
        "timeStamp": now.to_string(),
        "timeZoneValue": f64::from(offset) / 3600.0,
        "timeZoneName": state.time_zone,
        "olsonTimeZoneName": state.time_zone,
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        "timeFormatWithSeconds": "HH:mm:ss",
        "tenantId": 4,
        "accountId": null,
        "locationId": null,
        "contactId": null,
        "businessName": state.login.tenant,
        "userAccessRights": [right(2, false), right(5, modifies), right(9, false)],
        "specialFeatures": [{ "id": 1 }],
        "viewsMenus": [],
        "queuesMenus": [],
        "currencyCode": "EUR",
        "cultureCode": "it-IT",
        "filesVersionNumber": null,
        "newTicketingUI": false,
        "isUserSystemAdmin": false,
        "productName": "BMS",
        "pictureUrl": null,
        "openIdRealmId": null,
    }))
}

/// GET /v2/finance/contracts/lookup.
pub(crate) fn contracts_lookup(state: &State, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let ids = call.query.integers("Ids")?;
    let account = call.query.integer("AccountId")?;
    let name = call.query.text("Name");
    let running_only = call.query.flag("ExcludeExpiredContracts")?;
    let today = state.day(now);
    let asked = |contract: &&Contract| {
        (ids.is_empty() || ids.contains(&contract.id))
            && account.is_none_or(|account| contract.account == account)
            && holds(Some(&contract.name), name)
            && !(running_only && contract.end.is_some_and(|end| end < today))
    };
    let rows = state.contracts.iter().filter(asked).map(|contract| {
        json!({
            "id": contract.id,
            "name": contract.name,
            "isDefault": contract.default,
            "slaId": null,
            "slaName": null,
            "isActive": contract.status == ContractStatus::Active,
            "endDate": contract.end.map(midnight),
        })
    });
    Ok(success(rows.collect()))
}

/// GET /v2/finance/contracts/summary.
pub(crate) fn contracts_summary(state: &State, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let today = state.day(now);
    let filter = |name: &str| call.query.text(&format!("Filter.{name}"));
    let account = |contract: &Contract| state.account(contract.account).map(|account| account.name.as_str());
    let asked = |contract: &&Contract| {
        holds(Some(&contract.contract_type), filter("ContractType"))
            && holds(Some(&contract.name), filter("ContractName"))
            && holds(Some(&contract.billing_cycle), filter("BillingCycle"))
            && filter("AccountName").is_none_or(|asked| holds(account(contract), Some(asked)))
            // By a part of the text, "Active" would find "Inactive" too.
            && filter("Status").is_none_or(|asked| asked.eq_ignore_ascii_case(contract.status.words()))
    };
    let row = |contract: &Contract| {
        json!({
            "id": contract.id,
            "contractName": contract.name,
            "accountName": account(contract),
            "contractType": contract.contract_type,
            "contractBillingPrice": state.billing_price(contract, today),
            "status": contract.status.words(),
            "contractNumber": format!("C-{}", contract.id),
            "billingCycle": contract.billing_cycle,
            "startDate": midnight(contract.start),
            // Declared as always there, so an absent end is the first date there is.
            "endDate": contract.end.map_or_else(|| "0001-01-01T00:00:00".to_owned(), midnight),
        })
    };
    let contracts = state.contracts.iter().filter(asked).collect();
    Ok(page(contracts, &paging, |contract| contract.id, row))
}

/// POST /v2/admin/finance/services/search.
pub(crate) fn services_search(state: &State, call: &Call) -> Result<Value, Refusal> {
    let body = call.json()?;
    let integer = |value: Option<&Value>, name: &str| match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .and_then(|number| i32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| Refusal::Bad(format!("The value {value} is not valid for {name}"))),
    };
    let paging = Paging {
        number: integer(body.get("pagenumber"), "PageNumber")?,
        size: integer(body.get("pagesize"), "PageSize")?,
        sort: body.get("sort").and_then(Value::as_str).map(str::to_owned),
        lists: state.behaviour.lists.clone(),
        turn: call.turn,
    };
    let filter = body.get("filter").and_then(Value::as_object);
    let field = |name: &str| filter.and_then(|filter| filter.get(name));
    let text = |name: &str| field(name).and_then(Value::as_str);
    let (active, taxable) =
        (integer(field("isactive"), "IsActive")?, integer(field("istaxable"), "IsTaxable")?);
    // No service here has a category, a unit of measure or an account of its own.
    let none_has = ["categoryids", "subcategoryids", "unitofmeasureids"]
        .iter()
        .any(|name| field(name).and_then(Value::as_array).is_some_and(|ids| !ids.is_empty()))
        || ["incomeaccount", "expenseaccount"]
            .iter()
            .any(|name| text(name).is_some_and(|text| !text.is_empty()));
    let asked = |service: &&Service| {
        !none_has
            && holds(Some(&service.name), text("name"))
            && holds(service.description.as_deref(), text("description"))
            && active.is_none_or(|active| (active != 0) == service.active)
            && taxable.is_none_or(|taxable| (taxable != 0) == service.taxable)
    };
    let services = state.services.iter().filter(asked).collect();
    Ok(page(services, &paging, |service| service.id, service_row))
}

fn service_row(service: &Service) -> Value {
    json!({
        "id": service.id,
        "name": service.name,
        "description": service.description,
        "unitCost": service.unit_cost,
        "unitPrice": service.unit_price,
        "categoryId": null,
        "category": null,
        "margin": service.unit_price - service.unit_cost,
        "marginType": 1,
        "subCategoryId": null,
        "subCategory": null,
        "unitOfMeasureId": null,
        "unitOfMeasure": null,
        "incomeAccountCode": null,
        "incomeAccountName": null,
        "expenseAccountCode": null,
        "expenseAccountName": null,
        "isActive": service.active,
        "isTaxable": service.taxable,
        "createdOn": "2024-01-01T00:00:00",
        "createdBy": 1,
        "modifiedOn": "2024-01-01T00:00:00",
        "modifiedBy": 1,
    })
}

/// GET /v2/admin/finance/services/lookup.
pub(crate) fn services_lookup(state: &State, call: &Call) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let id = call.query.integer("Filter.Id")?;
    let name = call.query.text("Filter.Name");
    let asked = |service: &&Service| id.is_none_or(|id| service.id == id) && holds(Some(&service.name), name);
    let row = |service: &Service| json!({ "id": service.id, "name": service.name, "description": service.description });
    Ok(page(state.services.iter().filter(asked).collect(), &paging, |service| service.id, row))
}

/// GET /v2/crm/accounts/lookup.
pub(crate) fn accounts_lookup(state: &State, call: &Call) -> Result<Value, Refusal> {
    let paging = Paging::of_query(state, call)?;
    let ids = call.query.integers("Filter.Ids")?;
    let name = call.query.text("Filter.Name");
    let inactive_too = call.query.flag("Filter.WithInactiveAccounts")?;
    let asked = |account: &&Account| {
        (ids.is_empty() || ids.contains(&account.id))
            && holds(Some(&account.name), name)
            && (account.active || inactive_too)
            && !state.behaviour.role.hidden_accounts.contains(&account.id)
    };
    let row = |account: &Account| {
        json!({
            "id": account.id,
            "name": account.name,
            "tenantName": state.login.tenant,
            "isActive": account.active,
        })
    };
    let accounts = state.accounts.iter().filter(asked).collect();
    Ok(success(Value::Array(paging.cut(accounts, |account| account.id, row))))
}

/// The tenant's zone; a name that no zone has counts as UTC.
fn zone(state: &State) -> TimeZone {
    TimeZone::get(&state.time_zone).unwrap_or(TimeZone::UTC)
}

//! The V1 calls: its own login, and the lines of a contract, whose routes and names are guesses.

use jiff::{Span, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    Contract, InForce, Line, Login, State, StoredDate,
    call::{Call, Fields},
    refusal::Refusal,
    sent::{Sent, not_valid, required},
    sessions::{Sessions, V1_SECONDS},
    v2::midnight,
};

fn success(result: Value, total: usize) -> Value {
    json!({ "ResponseCode": 0, "Status": "OK", "Error": "None", "Result": result, "TotalRecords": total })
}

/// POST /api/token.
pub(crate) fn token(
    state: &State,
    sessions: &mut Sessions,
    form: &Fields,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let text = |name| form.text(name).unwrap_or_default().to_owned();
    if text("grant_type") != "password" {
        return Err(Refusal::Bad("unsupported_grant_type".to_owned()));
    }
    let given = Login { user: text("username"), password: text("password"), tenant: text("tenant") };
    let token = sessions.log_in_v1(state, &given, now).map_err(Refusal::Login)?;
    Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": V1_SECONDS }))
}

/// GET /api/finance/contracts/{contractId}/services.
pub(crate) fn lines(state: &State, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let asked = contract(state, call)?;
    let (today, rules) = (state.day(now), &state.behaviour.lines);
    let row = |contract: &Contract, line: &Line| {
        let mut row = shown(contract.id, line, state.shown(line, today));
        if rules.without_contract_ids {
            row.remove("ContractId");
        }
        Value::Object(row)
    };
    let contracts: Vec<&Contract> =
        if rules.of_all_contracts { state.contracts.iter().collect() } else { vec![asked] };
    let all =
        contracts.into_iter().flat_map(|contract| contract.lines.iter().map(move |line| (contract, line)));
    let rows: Vec<Value> = all.map(|(contract, line)| row(contract, line)).collect();
    let total = rows.len();
    let paging =
        |name| call.query.integer(name).map(|number| number.and_then(|number| usize::try_from(number).ok()));
    let (top, skip) = match rules.ignores_paging {
        true => (None, None),
        false => (paging("$top")?, paging("$skip")?),
    };
    let most = rules.largest_page.map_or(usize::MAX, usize::from);
    let page = rows.into_iter().skip(skip.unwrap_or(0)).take(top.unwrap_or(usize::MAX).min(most));
    let mut answer = success(page.collect(), total);
    if rules.without_totals
        && let Some(fields) = answer.as_object_mut()
    {
        fields.remove("TotalRecords");
    }
    Ok(answer)
}

/// PUT /api/finance/contracts/{contractId}/services/{lineId}.
pub(crate) fn write_line(
    state: &mut State,
    call: &Call,
    at: Timestamp,
    user: &str,
) -> Result<Value, Refusal> {
    let owner = contract(state, call)?;
    let (contract, id) = (owner.id, call.id("lineId")?);
    let present = owner.lines.iter().find(|line| line.id == id).ok_or(Refusal::Unknown)?;
    let mut line = whole_line(&call.json()?, state, contract, present)?;
    let written = InForce { units: line.units, effective_date: line.effective_date };
    let mut answer = success(Value::Object(shown(contract, &line, written)), 1);
    let rules = &state.behaviour.lines;
    answer["Status"] = json!(rules.success_status);
    answer["Error"] = json!(rules.success_error);
    match rules.stored_date {
        StoredDate::AsSent => {}
        StoredDate::AsBefore => line.effective_date = present.effective_date,
        StoredDate::NextMonth => {
            line.effective_date = line.effective_date.last_of_month().saturating_add(Span::new().days(1));
        }
    }
    if !rules.without_effect {
        state.write_line(contract, line, at, user)?;
    }
    Ok(answer)
}

fn contract<'a>(state: &'a State, call: &Call) -> Result<&'a Contract, Refusal> {
    state.contract(call.id("contractId")?).ok_or(Refusal::Unknown)
}

fn shown(contract: i32, line: &Line, in_force: InForce) -> Map<String, Value> {
    let mut fields = Map::from_iter([
        ("Id".to_owned(), json!(line.id)),
        ("ServiceId".to_owned(), json!(line.service)),
        ("ServiceName".to_owned(), json!(line.service_name)),
        ("ServiceDescription".to_owned(), json!(line.service_description)),
        ("ContractId".to_owned(), json!(contract)),
        ("Units".to_owned(), json!(in_force.units)),
        ("UnitPrice".to_owned(), json!(line.unit_price)),
        ("UnitCost".to_owned(), json!(line.unit_cost)),
        ("EffectiveDate".to_owned(), json!(midnight(in_force.effective_date))),
        ("SortOrder".to_owned(), json!(line.sort_order)),
    ]);
    fields.extend(line.extras.clone());
    fields
}

/// The whole line in the place of the present one: every field that a read shows must have come.
fn whole_line(sent: &Sent, state: &State, contract: i32, present: &Line) -> Result<Line, Refusal> {
    let integer = |name| sent.field(name).and_then(|_| sent.integer(name)).and_then(|sent| valid(name, sent));
    let number = |name| sent.field(name).and_then(|_| sent.number(name)).and_then(|sent| valid(name, sent));
    let text = |name| sent.field(name).and_then(|_| sent.text(name));
    let names_contract = !state.behaviour.lines.without_contract_ids;
    if integer("Id")? != present.id || names_contract && integer("ContractId")? != contract {
        return Err(Refusal::Bad("Id and ContractId are not those of the route".to_owned()));
    }
    let mut extras = Map::new();
    for name in present.extras.keys() {
        extras.insert(name.clone(), sent.field(name)?.clone());
    }
    sent.field("EffectiveDate")?;
    sent.field("SortOrder")?;
    Ok(Line {
        id: present.id,
        service: integer("ServiceId")?,
        service_name: text("ServiceName")?,
        service_description: text("ServiceDescription")?,
        units: required("Units", sent.units(state)?)?,
        unit_price: number("UnitPrice")?,
        unit_cost: number("UnitCost")?,
        effective_date: valid("EffectiveDate", sent.date("EffectiveDate")?)?,
        sort_order: sent.integer("SortOrder")?,
        extras,
        until_then: None,
        counts_itself: present.counts_itself,
    })
}

/// Null where a value must be.
fn valid<T>(name: &str, sent: Option<T>) -> Result<T, Refusal> {
    sent.ok_or_else(|| not_valid(name))
}

//! The V1 calls: its own login, and the lines of a contract, whose routes and names are guesses.

use jiff::{Span, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    Contract, InForce, Line, LineForm, Login, State, StoredDate, WriteBody,
    call::{Call, Fields},
    refusal::Refusal,
    sent::{Sent, not_valid, required},
    sessions::{Sessions, V1_SECONDS},
    v2::midnight,
};

fn success(result: Value, total: usize, form: &LineForm) -> Value {
    if form.without_status {
        return json!({ "Result": result, "TotalRecords": total });
    }
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

/// GET /api/finance/contracts/{contractId}/services, or in the form that the tenant has.
pub(crate) fn lines(state: &State, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let (today, rules) = (state.day(now), &state.behaviour.lines);
    let form = &rules.form;
    let asked = if form.filtered { filtered(state, call)? } else { contract(state, call)? };
    let row = |contract: &Contract, line: &Line| {
        let mut row = shown(contract.id, line, state.shown(line, today), form);
        if rules.without_contract_ids {
            row.remove(form.name("ContractId"));
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
    let most = rules.largest_page.map_or(usize::MAX, usize::from);
    let (top, skip) = match (rules.ignores_paging, form.numbered_pages) {
        (true, _) => (None, None),
        (false, false) => (paging("$top")?, paging("$skip")?),
        (false, true) => {
            let (size, number) = (paging("PageSize")?.unwrap_or(100), paging("PageNumber")?.unwrap_or(1));
            let size = size.min(most);
            (Some(size), Some(size * number.saturating_sub(1)))
        }
    };
    let page = rows.into_iter().skip(skip.unwrap_or(0)).take(top.unwrap_or(usize::MAX).min(most));
    let result = match &form.inside {
        Some(inside) => whole_contract(asked, inside, page.collect()),
        None => page.collect(),
    };
    let mut answer = success(result, total, form);
    if rules.without_totals
        && let Some(fields) = answer.as_object_mut()
    {
        fields.remove("TotalRecords");
    }
    Ok(answer)
}

/// PUT /api/finance/contracts/{contractId}/services/{lineId}, or in the form that the tenant has.
pub(crate) fn write_line(
    state: &mut State,
    call: &Call,
    at: Timestamp,
    user: &str,
) -> Result<Value, Refusal> {
    let (contract, written) = sent_lines(state, call, at)?;
    let rules = state.behaviour.lines.clone();
    let row = |line: &Line| {
        let written = InForce { units: line.units, effective_date: line.effective_date };
        Value::Object(shown(contract, line, written, &rules.form))
    };
    let result = match (rules.form.write_body, written.as_slice()) {
        (WriteBody::Contract, lines) => {
            let owner = state.contract(contract).ok_or(Refusal::Unknown)?;
            let inside = rules.form.inside.as_deref().unwrap_or("Services");
            whole_contract(owner, inside, lines.iter().map(row).collect())
        }
        (WriteBody::Array, lines) => lines.iter().map(row).collect(),
        (_, [line]) => row(line),
        (_, _) => return Err(Refusal::Bad("one line is written".to_owned())),
    };
    let mut answer = success(result, 1, &rules.form);
    if !rules.form.without_status {
        answer["Status"] = json!(rules.success_status);
        answer["Error"] = json!(rules.success_error);
    }
    for mut line in written {
        let present =
            state.contract(contract).and_then(|owner| owner.lines.iter().find(|one| one.id == line.id));
        let present = present.ok_or(Refusal::Unknown)?;
        let shows = state.shown(present, state.day(at));
        let as_shown = (shows.units, shows.effective_date) == (line.units, line.effective_date);
        if rules.form.write_body == WriteBody::Contract && as_shown {
            continue;
        }
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
    }
    Ok(answer)
}

/// The lines that a write sends, each whole, and their contract.
fn sent_lines(state: &State, call: &Call, at: Timestamp) -> Result<(i32, Vec<Line>), Refusal> {
    let form = &state.behaviour.lines.form;
    let line_id = call.id("lineId").ok();
    let owner = match (call.path.contains_key("contractId"), line_id) {
        (true, _) => contract(state, call)?,
        (false, Some(line)) => owner_of(state, line)?,
        // Without an id in the path the rows say which line they are.
        (false, None) => {
            let rows = call.json_array()?;
            let id = rows.first().map(|row| row.integer(form.name("Id"))).transpose()?.flatten();
            owner_of(state, id.ok_or(Refusal::Unknown)?)?
        }
    };
    let present = |id: i32| owner.lines.iter().find(|line| line.id == id).ok_or(Refusal::Unknown);
    let whole = |sent: Sent| {
        let sent = usual(sent, form);
        sent.field("Id")?;
        let id = sent.integer("Id")?.ok_or_else(|| not_valid("Id"))?;
        whole_line(&sent, state, owner.id, present(line_id.unwrap_or(id))?)
    };
    let lines = match form.write_body {
        WriteBody::Line => vec![whole(call.json()?)?],
        WriteBody::Array => call.json_array()?.into_iter().map(whole).collect::<Result<_, _>>()?,
        WriteBody::Contract => {
            let inside = form.inside.as_deref().unwrap_or("Services");
            call.json()?.objects(inside)?.into_iter().map(whole).collect::<Result<_, _>>()?
        }
        WriteBody::JsonPatch => {
            let line = present(line_id.ok_or(Refusal::Unknown)?)?;
            let shown = state.shown(line, state.day(at));
            let mut row = Sent(self::shown(owner.id, line, shown, form));
            for change in call.json_array()? {
                let path = change.text("path")?.unwrap_or_default();
                let name = path.trim_start_matches('/').to_owned();
                let replaces = change.text("op")?.as_deref() == Some("replace") && row.raw(&name).is_some();
                if !replaces {
                    return Err(Refusal::Bad(format!("{path} cannot be replaced")));
                }
                let value = change.field("value")?.clone();
                row.0.retain(|known, _| !known.eq_ignore_ascii_case(&name));
                row.0.insert(name, value);
            }
            vec![whole(row)?]
        }
    };
    Ok((owner.id, lines))
}

fn owner_of(state: &State, line: i32) -> Result<&Contract, Refusal> {
    let owns = |contract: &&Contract| contract.lines.iter().any(|one| one.id == line);
    state.contracts.iter().find(owns).ok_or(Refusal::Unknown)
}

/// The contract that `$filter` names.
fn filtered<'a>(state: &'a State, call: &Call) -> Result<&'a Contract, Refusal> {
    let filter = call.query.text("$filter").unwrap_or_default();
    let wanted = filter.strip_prefix("ContractId eq ").and_then(|id| id.trim().parse().ok());
    state.contract(wanted.ok_or_else(|| not_valid("$filter"))?).ok_or(Refusal::Unknown)
}

fn whole_contract(contract: &Contract, inside: &str, lines: Vec<Value>) -> Value {
    let mut shown =
        json!({ "Id": contract.id, "ContractName": contract.name, "AccountId": contract.account });
    shown[inside] = Value::Array(lines);
    shown
}

/// Fields under their usual names.
fn usual(sent: Sent, form: &LineForm) -> Sent {
    Sent(sent.0.into_iter().map(|(name, value)| (form.usual(&name).to_owned(), value)).collect())
}

fn contract<'a>(state: &'a State, call: &Call) -> Result<&'a Contract, Refusal> {
    state.contract(call.id("contractId")?).ok_or(Refusal::Unknown)
}

fn shown(contract: i32, line: &Line, in_force: InForce, form: &LineForm) -> Map<String, Value> {
    let day = in_force.effective_date;
    let date = if form.plain_days { day.to_string() } else { midnight(day) };
    let usual = [
        ("Id", json!(line.id)),
        ("ServiceId", json!(line.service)),
        ("ServiceName", json!(line.service_name)),
        ("ServiceDescription", json!(line.service_description)),
        ("ContractId", json!(contract)),
        ("Units", json!(in_force.units)),
        ("UnitPrice", json!(line.unit_price)),
        ("UnitCost", json!(line.unit_cost)),
        ("EffectiveDate", json!(date)),
        ("SortOrder", json!(line.sort_order)),
    ];
    let mut fields: Map<String, Value> =
        usual.into_iter().map(|(name, value)| (form.name(name).to_owned(), value)).collect();
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

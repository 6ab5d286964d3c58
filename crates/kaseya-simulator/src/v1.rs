//! The V1 calls: its own login, and the lines of a contract. Their routes and names are guesses.

use jiff::{Span, Timestamp, civil::Date};
use serde_json::{Map, Value, json};

use crate::{
    Contract, InForce, Line, LineForm, Login, Prorations, State, StoredDate, UnitWrite, WriteBody,
    call::Call,
    fields::Fields,
    refusal::Refusal,
    sent::{Sent, not_valid, required},
    sessions::{Sessions, V1_SECONDS},
    v2::midnight,
};

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

/// GET /api/finance/contracts/{contractId}/services, or in the tenant's form.
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
    let of_contract = |contract: &Contract| {
        let lines = contract.lines.iter().flat_map(|line| {
            prorations(state, contract.id, line, today).into_iter().chain([row(contract, line)])
        });
        lines.collect::<Vec<Value>>()
    };
    let rows: Vec<Value> = contracts.into_iter().flat_map(of_contract).collect();
    let total = rows.len();
    let paging =
        |name| call.query.integer(name).map(|number| number.and_then(|number| usize::try_from(number).ok()));
    let most = rules.largest_page.map_or(usize::MAX, usize::from);
    let (top, skip) = match (rules.ignores_paging, form.numbered_pages) {
        (true, _) => (None, None),
        (false, false) => (paging("$top")?, paging("$skip")?),
        (false, true) => {
            let (size, number) = (paging("PageSize")?.unwrap_or(100), paging("PageNumber")?.unwrap_or(1));
            let step = if rules.pages_by_asked_size { size } else { size.min(most) };
            (Some(size.min(most)), Some(step * number.saturating_sub(1)))
        }
    };
    let page = rows.into_iter().skip(skip.unwrap_or(0)).take(top.unwrap_or(usize::MAX).min(most));
    let page: Vec<Value> = page.collect();
    let total = if rules.totals_of_page { page.len() } else { total };
    let result = match &form.inside {
        Some(inside) => whole_contract(asked, inside, page),
        None => page.into(),
    };
    let total = (!rules.without_totals).then_some(total);
    Ok(form.success(result, total, (&form.done, &form.no_error)))
}

/// PUT /api/finance/contracts/{contractId}/services/{lineId}, or in the tenant's form.
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
    let words = (rules.success_status.as_str(), rules.success_error.as_str());
    let answer = rules.form.success(result, Some(1), words);
    let is_list = replaces_all(&rules.form);
    if is_list && !rules.without_effect {
        let sent: Vec<i32> = written.iter().map(|line| line.id).collect();
        let owner = state.contract_mut(contract).ok_or(Refusal::Unknown)?;
        owner.lines.retain(|line| sent.contains(&line.id));
    }
    for mut line in written {
        if rules.forgets_extras && !rules.without_effect {
            line.extras.clear();
            let owner = state.contract_mut(contract).ok_or(Refusal::Unknown)?;
            owner.lines.iter_mut().filter(|one| one.id == line.id).for_each(|one| one.extras.clear());
        }
        let present =
            state.contract(contract).and_then(|owner| owner.lines.iter().find(|one| one.id == line.id));
        let present = present.ok_or(Refusal::Unknown)?;
        // Units that wait for their day are not shown: sending back the shown line would undo that change.
        let same = (present.units, present.effective_date) == (line.units, line.effective_date);
        if is_list && same {
            continue;
        }
        match rules.stored_date {
            StoredDate::AsSent => {}
            StoredDate::AsBefore => line.effective_date = present.effective_date,
            StoredDate::NextMonth => {
                line.effective_date = line.effective_date.last_of_month().saturating_add(Span::new().days(1));
            }
        }
        if rules.resets_prices {
            let price = state.service(line.service).map(|service| service.unit_price);
            (line.unit_price, line.unit_cost) = (price.unwrap_or(line.unit_price), 0.0);
        }
        if !rules.without_effect {
            state.write_line(contract, line, at, user)?;
        }
    }
    Ok(answer)
}

/// Whether a write sends all lines of its contract, so that a line it leaves out is deleted (a guess).
fn replaces_all(form: &LineForm) -> bool {
    match form.write_body {
        WriteBody::Contract => true,
        WriteBody::Array => form.write_method == "PUT",
        WriteBody::Line | WriteBody::JsonPatch => false,
    }
}

/// The rows that past changes of a line have left next to it, if they are shown.
fn prorations(state: &State, contract: i32, line: &Line, today: Date) -> Vec<Value> {
    let rules = &state.behaviour.lines;
    if rules.prorations == Prorations::Hidden {
        return Vec::new();
    }
    let changes = state.history.iter().enumerate().filter(|(_, change)| {
        let inside = change.effective_date.day() > 1 && change.effective_date <= today;
        change.line == line.id && change.contract == contract && change.from != change.to && inside
    });
    let row = |(place, change): (usize, &UnitWrite)| {
        let id = FIRST_PRORATION.saturating_add(i32::try_from(place).unwrap_or(i32::MAX));
        let part = InForce { units: change.to - change.from, effective_date: change.effective_date };
        let mut row = shown(contract, &Line { id, ..line.clone() }, part, &rules.form);
        if rules.prorations == Prorations::Marked {
            row.insert(rules.form.name("ProrationOf").to_owned(), json!(line.id));
        }
        Value::Object(row)
    };
    changes.map(row).collect()
}

/// The ids of prorations begin here, above those of lines.
const FIRST_PRORATION: i32 = 2_000_000_000;

/// The lines that a write sends, each in full, and their contract.
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
            let sent = call.json()?.objects(inside)?;
            // A proration is sent back with the lines and changes nothing.
            let is_line = |sent: &Sent| {
                let id = sent.integer(form.name("Id")).ok().flatten();
                id.is_none_or(|id| id < FIRST_PRORATION)
            };
            sent.into_iter().filter(is_line).map(whole).collect::<Result<_, _>>()?
        }
        WriteBody::JsonPatch => {
            let line = present(line_id.ok_or(Refusal::Unknown)?)?;
            let shown = state.shown(line, state.day(at));
            let mut row = Sent(self::shown(owner.id, line, shown, form));
            for change in call.json_array()? {
                let path = change.text("path")?.unwrap_or_default();
                let name = path.trim_start_matches('/').to_owned();
                let known = row.raw(&name).is_some();
                let replaces = change.text("op")?.is_some_and(|op| op == "add" || op == "replace" && known);
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
    let (before, after) = state.behaviour.lines.form.filter.split_once("{contractId}").unwrap_or_default();
    let wanted = filter.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let wanted = wanted.and_then(|id| id.trim().parse().ok());
    state.contract(wanted.ok_or_else(|| not_valid("$filter"))?).ok_or(Refusal::Unknown)
}

fn whole_contract(contract: &Contract, inside: &str, lines: Vec<Value>) -> Value {
    let mut shown =
        json!({ "Id": contract.id, "ContractName": contract.name, "AccountId": contract.account });
    shown[inside] = Value::Array(lines);
    shown
}

/// Renames fields to their usual names.
fn usual(sent: Sent, form: &LineForm) -> Sent {
    Sent(sent.0.into_iter().map(|(name, value)| (form.usual(&name).to_owned(), value)).collect())
}

fn contract<'a>(state: &'a State, call: &Call) -> Result<&'a Contract, Refusal> {
    state.contract(call.id("contractId")?).ok_or(Refusal::Unknown)
}

fn shown(contract: i32, line: &Line, in_force: InForce, form: &LineForm) -> Map<String, Value> {
    let day = in_force.effective_date;
    let date = match (form.plain_days, form.utc_dates) {
        (true, _) => day.to_string(),
        (false, true) => format!("{}Z", midnight(day)),
        (false, false) => midnight(day),
    };
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

/// The whole line that replaces the present one: every field that a read shows must be sent.
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

/// A value is required; null is invalid.
fn valid<T>(name: &str, sent: Option<T>) -> Result<T, Refusal> {
    sent.ok_or_else(|| not_valid(name))
}

//! The V1 calls: its own login, and the lines of a contract, whose routes and names are guesses.

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value, json};

use crate::{
    Contract, InForce, Line, Login, State, WriteRefused,
    call::{Call, Fields, Refusal},
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
    let contract = contract(state, call)?;
    let today = state.day(now);
    let rows: Vec<Value> = contract
        .lines
        .iter()
        .map(|line| Value::Object(shown(contract.id, line, state.shown(line, today))))
        .collect();
    let total = rows.len();
    Ok(success(Value::Array(rows), total))
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
    let line = Sent(call.json()?).line(contract, present, state.behaviour.lines.truncates_fractions)?;
    let written = InForce { units: line.units, effective_date: line.effective_date };
    let answer = success(Value::Object(shown(contract, &line, written)), 1);
    state.write_line(contract, line, at, user).map_err(|refused| match refused {
        WriteRefused::UnknownContract | WriteRefused::UnknownLine => Refusal::Unknown,
        WriteRefused::OtherService | WriteRefused::Fraction | WriteRefused::Zero | WriteRefused::Negative => {
            Refusal::Bad(refused.to_string())
        }
    })?;
    Ok(answer)
}

fn contract<'a>(state: &'a State, call: &Call) -> Result<&'a Contract, Refusal> {
    if state.behaviour.lines.off {
        return Err(Refusal::Unknown);
    }
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

/// A line as it was sent, its names in lower case.
struct Sent(Map<String, Value>);

impl Sent {
    /// The whole line in the place of the present one: every field that a read shows must have come.
    fn line(&self, contract: i32, present: &Line, truncates: bool) -> Result<Line, Refusal> {
        if self.integer("Id")? != present.id || self.integer("ContractId")? != contract {
            return Err(Refusal::Bad("Id and ContractId are not those of the route".to_owned()));
        }
        let mut extras = Map::new();
        for name in present.extras.keys() {
            extras.insert(name.clone(), self.field(name)?.clone());
        }
        let units = self.field("Units")?;
        let units = units
            .as_i64()
            .or_else(|| units.as_f64().filter(|_| truncates).map(|units| units.trunc() as i64))
            .and_then(|units| i32::try_from(units).ok())
            .ok_or_else(|| Refusal::Bad(WriteRefused::Fraction.to_string()))?;
        Ok(Line {
            id: present.id,
            service: self.integer("ServiceId")?,
            service_name: self.text("ServiceName")?,
            service_description: self.text("ServiceDescription")?,
            units: f64::from(units),
            unit_price: self.number("UnitPrice")?,
            unit_cost: self.number("UnitCost")?,
            effective_date: self.date("EffectiveDate")?,
            sort_order: match self.field("SortOrder")? {
                Value::Null => None,
                _ => Some(self.integer("SortOrder")?),
            },
            extras,
            until_then: None,
            counts_itself: present.counts_itself,
        })
    }

    fn field(&self, name: &str) -> Result<&Value, Refusal> {
        self.0.get(&name.to_lowercase()).ok_or_else(|| Refusal::Bad(format!("{name} is missing")))
    }

    fn integer(&self, name: &str) -> Result<i32, Refusal> {
        let value = self.field(name)?.as_i64().and_then(|number| i32::try_from(number).ok());
        value.ok_or_else(|| not_valid(name))
    }

    fn number(&self, name: &str) -> Result<f64, Refusal> {
        self.field(name)?.as_f64().ok_or_else(|| not_valid(name))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.field(name)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(not_valid(name)),
        }
    }

    /// The calendar date that the text begins with, whatever time follows.
    fn date(&self, name: &str) -> Result<Date, Refusal> {
        let text = self.field(name)?.as_str().ok_or_else(|| not_valid(name))?;
        let day = text.split_once('T').map_or(text, |(day, _)| day);
        day.parse().map_err(|_| not_valid(name))
    }
}

fn not_valid(name: &str) -> Refusal {
    Refusal::Bad(format!("{name} is not valid"))
}

//! The V2 calls: envelope, pages, and one module per part of the product.

pub(crate) mod accounts;
pub(crate) mod contract_writes;
pub(crate) mod contracts;
pub(crate) mod invoices;
pub(crate) mod security;
pub(crate) mod services;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::rows::Paging;

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

/// Adds declared fields that the simulator has no values for, as nulls.
fn with_nulls(mut object: Value, unknown: &[&str]) -> Value {
    for name in unknown {
        object[*name] = Value::Null;
    }
    object
}

/// A calendar date as a date-time: local midnight without an offset.
pub(crate) fn midnight(date: Date) -> String {
    format!("{date}T00:00:00")
}

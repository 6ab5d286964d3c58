//! Lists as the calls show them: filtered by a part of a text, sorted, and cut into pages.

use std::cmp::Ordering;

use serde_json::Value;

use crate::call::{Fields, Refusal};

const LARGEST_PAGE: usize = 100;

/// Whether a text holds what is looked for, without regard to case; an absent filter lets everything through.
pub(crate) fn holds(text: Option<&str>, looked_for: Option<&str>) -> bool {
    looked_for.is_none_or(|part| text.unwrap_or_default().to_lowercase().contains(&part.to_lowercase()))
}

/// Which part of a list is asked for, and in which order.
#[derive(Debug)]
pub(crate) struct Paging {
    pub number: Option<i32>,
    pub size: Option<i32>,
    pub sort: Option<String>,
}

impl Paging {
    pub fn of_query(query: &Fields) -> Result<Self, Refusal> {
        Ok(Self {
            number: query.integer("PageNumber")?,
            size: query.integer("PageSize")?,
            sort: query.text("Sort").map(str::to_owned),
        })
    }

    /// The asked page. Pages start at 1, and 0 is 1; a size that is absent, 0 or too large is the largest.
    pub fn cut(&self, mut rows: Vec<Value>) -> Vec<Value> {
        if let Some(sort) = &self.sort {
            order(&mut rows, sort);
        }
        let at_least_one =
            |number: Option<i32>| number.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let size = at_least_one(self.size).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
        let before = (at_least_one(self.number).unwrap_or(1) - 1).saturating_mul(size);
        rows.into_iter().skip(before).take(size).collect()
    }
}

/// Sorts by `Field` or `Field desc`; a field that the rows do not have changes nothing.
fn order(rows: &mut [Value], sort: &str) {
    let (field, direction) = sort.trim().split_once(' ').unwrap_or((sort.trim(), "asc"));
    let descending = direction.trim().eq_ignore_ascii_case("desc");
    let key = |row: &Value| {
        row.as_object()
            .and_then(|fields| fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)))
            .map_or(Value::Null, |(_, value)| value.clone())
    };
    rows.sort_by(|one, other| {
        let ordering = match (key(one), key(other)) {
            (Value::Number(a), Value::Number(b)) => {
                a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
            }
            (a, b) => a.as_str().unwrap_or_default().cmp(b.as_str().unwrap_or_default()),
        };
        if descending { ordering.reverse() } else { ordering }
    });
}

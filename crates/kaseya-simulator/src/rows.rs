//! Lists as the calls show them: filtered by part of a text, sorted and paged.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{IdsBinding, ListBehaviour, State, call::Call, refusal::Refusal, sent::Sent};

const LARGEST_PAGE: usize = 100;

/// Whether a text contains the search text, case-insensitively; an absent filter lets everything through.
pub(crate) fn holds(text: Option<&str>, looked_for: Option<&str>) -> bool {
    looked_for.is_none_or(|part| text.unwrap_or_default().to_lowercase().contains(&part.to_lowercase()))
}

/// The ids with this name in a query, as the tenant reads them; no id lets everything through.
pub(crate) fn ids(state: &State, call: &Call, name: &str) -> Result<Vec<i32>, Refusal> {
    match state.behaviour.lists.ids {
        IdsBinding::Repeated => call.query.integers(name),
        IdsBinding::Comma => {
            let first = call.query.text(name).unwrap_or_default();
            Ok(first.split(',').filter_map(|id| id.trim().parse().ok()).collect())
        }
        IdsBinding::Ignored => Ok(Vec::new()),
    }
}

/// The requested part of a list, and its order.
#[derive(Debug)]
pub(crate) struct Paging {
    pub number: Option<i32>,
    pub size: Option<i32>,
    /// An empty text requests no order.
    pub sort: Option<String>,
    pub lists: ListBehaviour,
    /// The number of this call among its endpoint's calls.
    pub turn: u64,
}

impl Paging {
    pub fn of_query(state: &State, call: &Call) -> Result<Self, Refusal> {
        let query = &call.query;
        Ok(Self {
            number: query.integer("PageNumber")?,
            size: query.integer("PageSize")?,
            sort: query.text("Sort").map(str::to_owned),
            lists: state.behaviour.lists.clone(),
            turn: call.turn,
        })
    }

    pub fn of_body(state: &State, call: &Call, body: &Sent) -> Result<Self, Refusal> {
        Ok(Self {
            number: body.integer("PageNumber")?,
            size: body.integer("PageSize")?,
            sort: body.text("Sort")?,
            lists: state.behaviour.lists.clone(),
            turn: call.turn,
        })
    }

    /// The requested page. Pages start at 1, and 0 means 1; a size that is absent, 0 or too large means the
    /// maximum. Only the content of the page is made into rows, unless it is sorted by a field other than the id.
    pub fn cut<T>(
        &self,
        mut items: Vec<&T>,
        id_of: impl Fn(&T) -> i32,
        row_of: impl Fn(&T) -> Value,
    ) -> Vec<Value> {
        let mut rows: Vec<Value> = match self.sort.as_deref().filter(|sort| !sort.is_empty()).map(sorting) {
            None => {
                if self.lists.shifting_order && !items.is_empty() {
                    let by = self.turn % items.len() as u64;
                    items.rotate_left(by as usize);
                }
                self.page(items).map(row_of).collect()
            }
            Some((field, descending)) if field.eq_ignore_ascii_case("id") => {
                items.sort_by_key(|item| id_of(item));
                if descending {
                    items.reverse();
                }
                self.page(items).map(row_of).collect()
            }
            Some((field, descending)) => {
                let mut rows: Vec<Value> = items.into_iter().map(row_of).collect();
                order(&mut rows, field, descending);
                self.page(rows).collect()
            }
        };
        if self.lists.duplicate_rows {
            rows.extend(rows.last().cloned());
        }
        rows
    }

    fn page<T>(&self, rows: Vec<T>) -> impl Iterator<Item = T> {
        let at_least_one =
            |number: Option<i32>| number.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let largest =
            self.lists.largest_page.map_or(LARGEST_PAGE, |most| usize::from(most).clamp(1, LARGEST_PAGE));
        let size = at_least_one(self.size).unwrap_or(LARGEST_PAGE).min(largest);
        let before = if self.lists.pages_from_zero {
            at_least_one(self.number).unwrap_or(0).saturating_mul(size)
        } else {
            (at_least_one(self.number).unwrap_or(1) - 1).saturating_mul(size)
        };
        rows.into_iter().skip(before).take(size)
    }
}

/// Parses `Field` or `Field desc`: the field, and whether the largest comes first.
fn sorting(sort: &str) -> (&str, bool) {
    let (field, direction) = sort.trim().split_once(' ').unwrap_or((sort.trim(), "asc"));
    (field, direction.trim().eq_ignore_ascii_case("desc"))
}

/// Sorts by a field; an unknown field changes nothing.
fn order(rows: &mut [Value], field: &str, descending: bool) {
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

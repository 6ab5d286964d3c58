//! The tabs of the integration Kaseya BMS. Before its first save there is the connection alone (S-19).

use crate::{frame::Frame, words};

/// Where a page stands among the tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// The connection's form.
    Connection,
    /// Product mappings.
    Products,
    /// The schedule.
    Schedule,
    /// Company mapping.
    Companies,
}

/// A tab, as it is shown.
pub(crate) struct Tab {
    /// Its page.
    pub path: String,
    /// Its name.
    pub name: &'static str,
    /// Whether the page is this one.
    pub is_current: bool,
}

/// The tabs of a page.
pub(crate) fn of(frame: &Frame, at: At, is_connected: bool) -> Vec<Tab> {
    let words = words::Connection::of(frame.language);
    let all = [
        (At::Connection, "integrations/kaseya-bms", words.tab_connection),
        (At::Products, "integrations/kaseya-bms/products", words.tab_products),
        (At::Schedule, "integrations/kaseya-bms/schedule", words.tab_schedule),
        (At::Companies, "companies", words.tab_companies),
    ];
    let shown = all.into_iter().filter(|(tab, _, _)| is_connected || *tab == At::Connection);
    shown.map(|(tab, page, name)| Tab { path: frame.path(page), name, is_current: tab == at }).collect()
}

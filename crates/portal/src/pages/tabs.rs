//! The tabs of the integration Kaseya BMS. Before the first save only the connection exists (S-19).

use crate::{frame::Frame, words};

/// The tab of a page.
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

/// A tab, as shown.
pub(crate) struct Tab {
    /// The path of its page.
    pub path: String,
    pub name: &'static str,
    /// Whether it is the current page's tab.
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

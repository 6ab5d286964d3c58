//! A profile with one part changed, as a text that a person can store.

use std::fmt::Write as _;

use toml::Value;

use super::profile::{LineFields, LineProfile, LineRead, LineWrite, Outcome, Paging};

/// The suffix of a profile's name after the probe has changed it.
const CHANGED: &str = "-probed";

impl LineProfile {
    /// The same profile with another paging.
    pub(crate) fn with_paging(&self, paging: Paging) -> Self {
        let mut changed = self.clone();
        changed.read.paging = paging;
        changed.rendered(self)
    }

    /// The same profile with another way to write a line.
    pub(crate) fn with_write(&self, write: LineWrite) -> Self {
        let mut changed = self.clone();
        changed.write = write;
        changed.rendered(self)
    }

    /// An equivalent built-in profile, the original profile if nothing changed, or a profile with a new text.
    fn rendered(self, of: &Self) -> Self {
        let same = |known: &&Self| self.says_the_same(known);
        if let Some(known) = Self::shipped().iter().find(same).or(Some(of).filter(same)) {
            return known.clone();
        }
        let base = self.name().trim_end_matches(CHANGED);
        let name = format!("{}{CHANGED}", base.get(..60 - CHANGED.len()).unwrap_or(base));
        Self::parse(&self.toml(&name)).expect("parts of checked profiles are right together")
    }

    /// Whether two profiles differ only in name and text.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        (&self.read, &self.write, &self.fields, &self.outcome)
            == (&other.read, &other.write, &other.fields, &other.outcome)
    }

    /// Whether its fields have the names of the default.
    pub(crate) fn says_the_same_fields_as_default(&self) -> bool {
        self.fields == Self::shipped()[0].fields
    }

    fn toml(&self, name: &str) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let list = |words: &[String]| Value::from(words.to_vec()).to_string();
        // Every field by name, so that the compiler reports one added later.
        let LineRead { route, filter, rows, total, paging } = &self.read;
        let LineWrite { method, route: write_route, body } = &self.write;
        let LineFields {
            line: id,
            service,
            contract,
            units,
            unit_price,
            effective_date,
            proration,
            sort,
            date_form,
        } = &self.fields;
        let Outcome { status, success, no, error, no_error } = &self.outcome;
        let mut text = format!("# Written by kaseya-sync probe.\n\nname = {}\n\n[read]\n", quoted(name));
        let mut line = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                writeln!(text, "{key} = {value}").expect("a text takes all that is written");
            }
        };
        let (paging, size) = match paging {
            Paging::None => ("none", None),
            Paging::Skip(size) => ("skip", Some(size)),
            Paging::Page(size) => ("page", Some(size)),
        };
        line("route", Some(quoted(route)));
        line("filter", filter.as_deref().map(quoted));
        line("rows", Some(quoted(&rows.join("."))));
        line("total", total.as_ref().map(|path| quoted(&path.join("."))));
        line("paging", Some(quoted(paging)));
        line("page_size", size.map(|size| size.to_string()));
        line("\n[write]\nmethod", Some(quoted(method.as_str())));
        line("route", Some(quoted(write_route)));
        line("body", Some(quoted(body.as_str())));
        line("\n[fields]\nline", Some(quoted(id)));
        line("service", Some(quoted(service)));
        line("contract", Some(quoted(contract)));
        line("units", Some(quoted(units)));
        line("unit_price", Some(quoted(unit_price)));
        line("effective_date", Some(quoted(effective_date)));
        line("proration", proration.as_deref().map(quoted));
        // A list that arrives whole needs no order.
        line("sort", sort.as_deref().filter(|_| size.is_some()).map(quoted));
        line("date_form", Some(quoted(date_form.as_str())));
        line("\n[outcome]\nsuccess", Some(list(success)));
        line("status", status.as_deref().map(quoted));
        line("no", Some(list(no)));
        line("error", error.as_deref().map(quoted));
        line("no_error", Some(list(no_error)));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::profile::{WriteBody, WriteMethod};

    #[test]
    fn a_changed_profile_is_read_as_what_it_says() {
        let patched = LineWrite {
            method: WriteMethod::Patch,
            route: "/finance/contracts/services/{lineId}".to_owned(),
            body: WriteBody::JsonPatch,
        };
        for profile in LineProfile::shipped() {
            let written = profile.with_write(patched.clone());
            assert_eq!(written.write, patched);
            let again = LineProfile::parse(written.text()).expect("it is read");
            assert!(again.says_the_same(&written) && again.read == profile.read, "{}", profile.name());
            assert!(again.fields == profile.fields && again.outcome == profile.outcome);
            let paged = written.with_paging(Paging::Page(25));
            assert_eq!((paged.read.paging, &paged.write), (Paging::Page(25), &patched));
            assert_eq!(paged.name(), written.name());
        }
        // A profile equivalent to a built-in one becomes that one, with its comments.
        let first = &LineProfile::shipped()[0];
        let back = first.with_paging(Paging::None).with_paging(first.read.paging);
        assert_eq!(back.text(), first.text());
    }
}

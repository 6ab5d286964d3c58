//! A choice of something in Kaseya: its id, with the name that the page showed.

use std::fmt;

/// An id and a name as one form value: `701:Standard`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named<T> {
    /// Kaseya's id.
    pub id: T,
    /// The name that the person saw.
    pub name: String,
}

impl<T> Named<T> {
    /// Parses a value; `None` if no page of ours produces it.
    pub fn read(text: &str, id: impl FnOnce(i32) -> T) -> Option<Self> {
        let (number, name) = text.split_once(':')?;
        Some(Self { id: id(number.parse().ok()?), name: name.to_owned() })
    }

    /// The same, where an empty value means no choice.
    #[expect(clippy::option_option, reason = "nothing chosen is not the same as a value that cannot be read")]
    pub fn read_or_none(text: &str, id: impl FnOnce(i32) -> T) -> Option<Option<Self>> {
        if text.is_empty() { Some(None) } else { Self::read(text, id).map(Some) }
    }
}

impl<T: fmt::Display> fmt::Display for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.name)
    }
}

#[cfg(test)]
mod tests {
    use domain::ServiceId;

    use super::*;

    #[test]
    fn a_value_is_read_as_it_was_written() {
        let named = Named { id: ServiceId(701), name: "Standard: per user".to_owned() };
        assert_eq!(Named::read(&named.to_string(), ServiceId), Some(named));
        assert_eq!(Named::read_or_none("", ServiceId), Some(None));
        for wrong in ["701", "x:Standard", ":Standard"] {
            assert_eq!(Named::read_or_none(wrong, ServiceId), None, "{wrong}");
        }
    }
}

//! Named texts of a query or a form.

use crate::refusal::Refusal;

/// Named texts in the order received, with the names in lower case.
#[derive(Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    pub fn decode(text: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(text)
                .map(|(name, value)| (name.to_lowercase(), value.into_owned()))
                .collect(),
        )
    }

    /// The first non-empty value of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Result<Option<i32>, Refusal> {
        self.text(name).map(|text| parse_integer(name, text)).transpose()
    }

    /// All whole numbers of this name.
    pub fn integers(&self, name: &str) -> Result<Vec<i32>, Refusal> {
        self.all(name).map(|text| parse_integer(name, text)).collect()
    }

    /// True or false, if one was sent.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) => Err(Refusal::Bad(format!("The value '{text}' is not valid for {name}"))),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let wanted = name.to_lowercase();
        self.0
            .iter()
            .filter(move |(name, value)| *name == wanted && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

fn parse_integer(name: &str, text: &str) -> Result<i32, Refusal> {
    text.parse().map_err(|_| Refusal::Bad(format!("The value '{text}' is not valid for {name}")))
}

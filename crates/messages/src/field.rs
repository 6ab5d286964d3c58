//! Reads the fields of a message: absence is an error or stays absence, and never becomes a value. Also writes domain
//! values as fields.

use domain::{ErrorCode, FailureClass, IdError, MAX_NAME, RunMode, Text};
use jiff::{Timestamp, civil::Date};

use crate::v1;

/// A field without a usable value, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct FieldError {
    /// The field with its path, e.g. `companies[2].company_id`.
    pub field: String,
    /// What is wrong and what would be valid.
    pub fix: String,
}

impl FieldError {
    /// An error about one field.
    pub fn new(field: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { field: field.into(), fix: fix.into() }
    }

    /// The same error with the path from the message that holds `parent`.
    pub fn within(self, parent: &str) -> Self {
        Self { field: format!("{parent}.{}", self.field), fix: self.fix }
    }

    /// The same error with the field's JSON name: `companies[2].companyId`.
    pub fn in_json(&self) -> Self {
        let mut field = String::with_capacity(self.field.len());
        let mut capital = false;
        for letter in self.field.chars() {
            match letter {
                '_' => capital = true,
                letter if std::mem::take(&mut capital) => field.extend(letter.to_uppercase()),
                letter => field.push(letter),
            }
        }
        Self { field, fix: self.fix.clone() }
    }

    /// The failure class: the message itself is invalid.
    pub fn class(&self) -> FailureClass {
        FailureClass::Poison
    }
}

/// The value of a required field.
pub fn required<T>(field: &str, value: Option<T>) -> Result<T, FieldError> {
    value.ok_or_else(|| FieldError::new(field, "it is missing and must be given"))
}

/// An identifier, e.g. `id("partner_id", PartnerId::new(text))`.
pub fn id<T>(field: &str, read: Result<T, IdError>) -> Result<T, FieldError> {
    read.map_err(|error| FieldError::new(field, error.to_string()))
}

/// A name, checked by the rule for texts.
pub fn text(field: &str, value: String) -> Result<String, FieldError> {
    let text = Text::<MAX_NAME>::new(value);
    text.map(String::from).map_err(|error| FieldError::new(field, error.to_string()))
}

/// One of a closed list of stable texts, e.g. `named("trigger", &text, Trigger::parse)`.
pub fn named<T>(field: &str, value: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, FieldError> {
    parse(value).ok_or_else(|| FieldError::new(field, format!("{value:?} is not one of the known words")))
}

/// Every element of a list; an error names its place.
pub fn each<A, B>(
    field: &str,
    list: Vec<A>,
    read: impl Fn(A) -> Result<B, FieldError>,
) -> Result<Vec<B>, FieldError> {
    list.into_iter()
        .enumerate()
        .map(|(index, item)| read(item).map_err(|error| error.within(&format!("{field}[{index}]"))))
        .collect()
}

/// A number in the tables' type.
pub fn number<A, B: TryFrom<A>>(field: &str, value: A) -> Result<B, FieldError> {
    B::try_from(value).map_err(|_| FieldError::new(field, "it is larger than the tables hold"))
}

/// A code of the error catalogue.
pub fn error_code(field: &str, text: &str) -> Result<ErrorCode, FieldError> {
    named(field, text, |text| text.parse().ok())
}

/// An enum value other than 0.
pub fn chosen<E>(field: &str, value: i32) -> Result<E, FieldError>
where
    E: TryFrom<i32>,
{
    match E::try_from(value) {
        Ok(choice) if value != 0 => Ok(choice),
        _ => Err(FieldError::new(field, "it is missing or unspecified; give one of its named values")),
    }
}

/// Whether a run writes.
pub fn run_mode(field: &str, value: i32) -> Result<RunMode, FieldError> {
    match chosen(field, value)? {
        v1::SyncMode::Apply => Ok(RunMode::Apply),
        v1::SyncMode::Plan => Ok(RunMode::Plan),
        v1::SyncMode::Unspecified => Err(FieldError::new(field, "give SYNC_MODE_APPLY or SYNC_MODE_PLAN")),
    }
}

impl From<RunMode> for v1::SyncMode {
    fn from(mode: RunMode) -> Self {
        match mode {
            RunMode::Apply => Self::Apply,
            RunMode::Plan => Self::Plan,
        }
    }
}

/// An optional instant.
pub fn optional_instant(
    field: &str,
    value: Option<pbjson_types::Timestamp>,
) -> Result<Option<Timestamp>, FieldError> {
    value
        .map(|stamp| {
            Timestamp::new(stamp.seconds, stamp.nanos)
                .map_err(|error| FieldError::new(field, format!("it is no instant: {error}")))
        })
        .transpose()
}

/// A required instant.
pub fn instant(field: &str, value: Option<pbjson_types::Timestamp>) -> Result<Timestamp, FieldError> {
    required(field, optional_instant(field, value)?)
}

/// An instant as a field.
pub fn wire_instant(instant: Timestamp) -> pbjson_types::Timestamp {
    // The wire requires nanoseconds that count forwards; jiff's count backwards before 1970.
    let seconds = instant.as_nanosecond().div_euclid(1_000_000_000);
    let nanos = instant.as_nanosecond().rem_euclid(1_000_000_000);
    pbjson_types::Timestamp {
        seconds: i64::try_from(seconds).expect("an instant of the years -9999 to 9999 has seconds that fit"),
        nanos: i32::try_from(nanos).expect("a remainder below 1000000000 fits"),
    }
}

/// A duration as a field: whole seconds.
pub fn whole_seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// A day as yyyy-mm-dd. As a field a day is written with `to_string`.
pub fn day(field: &str, value: &str) -> Result<Date, FieldError> {
    value
        .parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == value)
        .ok_or_else(|| FieldError::new(field, "it is no day; write it as yyyy-mm-dd"))
}

/// An optional day, as yyyy-mm-dd.
pub fn optional_day(field: &str, value: Option<&str>) -> Result<Option<Date>, FieldError> {
    value.map(|value| day(field, value)).transpose()
}

/// Units or money as Kaseya shows them: a required finite number.
pub fn decimal(field: &str, value: Option<f64>) -> Result<f64, FieldError> {
    let value = required(field, value)?;
    if value.is_finite() { Ok(value) } else { Err(FieldError::new(field, "it is no finite number")) }
}

#[cfg(test)]
mod tests {
    use domain::{PartnerId, Trigger};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn absence_is_an_error_that_names_the_field() {
        assert_eq!(required::<u32>("attempt", None).unwrap_err().field, "attempt");
        assert_eq!(required("attempt", Some(0_u32)), Ok(0));
        assert!(instant("counted_at", None).is_err());
        assert!(decimal("units", None).is_err());
        assert_eq!(optional_instant("not_before", None), Ok(None));
        assert_eq!(optional_day("count_day", None), Ok(None));
    }

    #[test]
    fn a_path_leads_to_the_field() {
        let error = id("partner_id", PartnerId::new("")).unwrap_err().within("start").within("calls[2]");
        assert_eq!(error.to_string(), "calls[2].start.partner_id: partner id is empty");
    }

    #[test]
    fn zero_and_unknown_enum_values_are_refused() {
        for value in [0, 99, -1] {
            assert!(run_mode("mode", value).is_err());
            assert!(chosen::<v1::RefusalReason>("reason", value).is_err());
        }
        assert_eq!(run_mode("mode", v1::SyncMode::from(RunMode::Plan) as i32), Ok(RunMode::Plan));
        assert_eq!(run_mode("mode", v1::SyncMode::from(RunMode::Apply) as i32), Ok(RunMode::Apply));
        assert_eq!(chosen("reason", 2), Ok(v1::RefusalReason::Held));
    }

    #[test]
    fn days_have_one_form() {
        assert_eq!(day("day", "2028-02-29"), Ok(jiff::civil::date(2028, 2, 29)));
        for text in [
            "",
            "2027-02-29",
            "20270101",
            "2027-1-1",
            "2027-01-01T00:00",
            " 2027-01-01",
            "01.01.2027",
            "heute",
        ] {
            assert!(day("day", text).is_err(), "{text:?} was taken for a day");
        }
    }

    #[test]
    fn words_come_from_closed_lists() {
        assert_eq!(named("trigger", "month_end", Trigger::parse), Ok(Trigger::MonthEnd));
        assert!(named("trigger", "", Trigger::parse).is_err());
    }

    #[test]
    fn texts_are_checked() {
        assert!(text("requested_by", "Anna, 1st line".into()).is_ok());
        for bad in [String::new(), "  ".into(), "a\nb".into(), "a".repeat(201)] {
            assert!(text("requested_by", bad).is_err());
        }
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        assert!(decimal("units", Some(f64::NAN)).is_err());
        assert!(decimal("units", Some(f64::INFINITY)).is_err());
        assert_eq!(decimal("units", Some(0.0)), Ok(0.0));
    }

    #[test]
    fn an_instant_out_of_range_is_refused() {
        let far = pbjson_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert!(instant("at", Some(far)).is_err());
    }

    proptest! {
        #[test]
        fn instants_come_back_as_they_went(second in -377_705_023_201_i64..=253_402_207_200, nano in 0..=999_999_999) {
            let instant = Timestamp::new(second, nano).expect("in range");
            let wire = wire_instant(instant);
            prop_assert!((0..1_000_000_000).contains(&wire.nanos));
            prop_assert_eq!(super::instant("at", Some(wire)), Ok(instant));
        }
    }
}

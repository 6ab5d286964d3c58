//! The reader and the time of reading: dates and times in the reader's format.

use jiff::{Timestamp, Zoned, civil::Date};

use crate::{Language, number::with_article};

/// A reader: texts are in this language, days and times in the zone of `now`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    /// The language.
    pub language: Language,
    /// The instant of reading, with the reader's zone.
    pub now: Zoned,
}

impl Reader {
    /// A day: `31/12`, `31 Dec`; with its year if it is half a year away or more.
    pub(crate) fn day(&self, day: Date) -> String {
        let far = (day - self.now.date()).get_days().abs() > 180;
        let form = match (self.language, far) {
            (Language::English, false) => "%-d %b",
            (Language::English, true) => "%-d %b %Y",
            (Language::Italian, false) => "%-d/%m",
            (Language::Italian, true) => "%-d/%m/%Y",
        };
        day.strftime(form).to_string()
    }

    /// A day after its article or preposition: `il 30/11`, `l'8/11`; `dell'11/11`. English has one form.
    pub(crate) fn day_after(&self, italian: &str, day: Date) -> String {
        match self.language {
            Language::English => self.day(day),
            Language::Italian => with_article(italian, day.day(), &self.day(day)),
        }
    }

    /// An instant: `at 14:10`, `alle 14:10`; with its day if that is not today.
    pub(crate) fn at(&self, at: Timestamp) -> String {
        let local = self.now.time_zone().to_datetime(at);
        let time = local.strftime("%H:%M");
        let other_day = local.date() != self.now.date();
        // One o'clock is the only hour in the singular.
        let italian = if local.hour() == 1 { "all'" } else { "alle " };
        match self.language {
            Language::English if other_day => format!("on {} at {time}", self.day(local.date())),
            Language::English => format!("at {time}"),
            Language::Italian if other_day => {
                format!("{} {italian}{time}", self.day_after("il", local.date()))
            }
            Language::Italian => format!("{italian}{time}"),
        }
    }

    /// The start of a state: `since 14:10`, `dalle 14:10`; with its day if that is not today.
    pub(crate) fn since(&self, at: Timestamp) -> String {
        let local = self.now.time_zone().to_datetime(at);
        let time = local.strftime("%H:%M");
        let other_day = local.date() != self.now.date();
        let italian = if local.hour() == 1 { "dall'" } else { "dalle " };
        match self.language {
            Language::English if other_day => format!("since {}, {time}", self.day(local.date())),
            Language::English => format!("since {time}"),
            Language::Italian if other_day => format!("{}, {time}", self.day_after("dal", local.date())),
            Language::Italian => format!("{italian}{time}"),
        }
    }

    /// The end of a deferral: `until 14:10`; `alle 14:10`, `al 29/11 alle 06:00`.
    pub(crate) fn until(&self, at: Timestamp) -> String {
        let local = self.now.time_zone().to_datetime(at);
        let time = local.strftime("%H:%M");
        match self.language {
            Language::English if local.date() != self.now.date() => {
                format!("until {}, {time}", self.day(local.date()))
            }
            Language::English => format!("until {time}"),
            Language::Italian if local.date() != self.now.date() => {
                format!("{}, {time}", self.day_after("al", local.date()))
            }
            Language::Italian => self.at(at),
        }
    }
}

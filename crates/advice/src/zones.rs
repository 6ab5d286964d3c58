//! What it means for the invoice day if Kaseya is in another zone (A13).

use jiff::tz::TimeZone;

use crate::{Language, Reader};

/// One or two sentences if Kaseya's day and the reader's begin at different instants; `None` otherwise.
pub fn zones(kaseya: &TimeZone, reader: &Reader) -> Option<String> {
    let ours = reader.now.time_zone();
    let today = reader.now.date();
    let begins = ours.to_datetime(kaseya.to_timestamp(today.at(0, 0, 0, 0)).ok()?);
    if begins == today.at(0, 0, 0, 0) {
        return None;
    }
    let time = begins.strftime("%H:%M");
    let day_before = begins.date() < today;
    let (theirs, ours) = (kaseya.iana_name()?, ours.iana_name()?);
    Some(match reader.language {
        Language::English => {
            let day = if day_before { " of the day before" } else { "" };
            format!(
                "Kaseya is in the zone {theirs}, your schedule in {ours}: Kaseya's invoice day begins at {time}{day} by \
                 your clock. Last month's counts are sent until the invoice day is over in both zones."
            )
        }
        Language::Italian => {
            let hour = if begins.hour() == 1 { "all'" } else { "alle " };
            let day = if day_before { " del giorno prima" } else { "" };
            format!(
                "Kaseya è nel fuso orario {theirs}, la tua pianificazione in {ours}: per il tuo orologio il giorno di \
                 fatturazione di Kaseya comincia {hour}{time}{day}. I conteggi del mese scorso vengono inviati finché quel \
                 giorno non è finito in entrambi i fusi."
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_a13_another_zone_is_said_with_when_its_invoice_day_begins() {
        let zone = |name: &str| TimeZone::get(name).unwrap();
        let now = "2026-11-29T12:00:00Z".parse::<jiff::Timestamp>().unwrap().to_zoned(zone("Europe/Rome"));
        for (kaseya, english, italian) in [
            ("Pacific/Honolulu", "begins at 11:00 by", "comincia alle 11:00."),
            (
                "Pacific/Auckland",
                "begins at 12:00 of the day before by",
                "comincia alle 12:00 del giorno prima.",
            ),
            ("Europe/London", "begins at 01:00 by", "comincia all'01:00."),
        ] {
            for (language, words) in [(Language::English, english), (Language::Italian, italian)] {
                let said = zones(&zone(kaseya), &Reader { language, now: now.clone() }).unwrap();
                assert!(
                    said.contains(words) && said.contains(kaseya) && said.contains("Europe/Rome"),
                    "{said}"
                );
            }
        }
        // Another name for the same time gives no sentence.
        for same in ["Europe/Rome", "Europe/Berlin"] {
            assert_eq!(zones(&zone(same), &Reader { language: Language::English, now: now.clone() }), None);
        }
    }
}

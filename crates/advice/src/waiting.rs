//! The wait of a row, a run or a request, in a sentence.

use domain::{Wait, WaitReason};

use crate::{Language, Reader};

/// The reason, the start and the end of a wait: `Waiting since 13:02: the hour's calls to Kaseya are used up
/// (LIM-01). Next try at 14:10.`
pub fn wait(wait: &Wait, reader: &Reader) -> String {
    if wait.reason == WaitReason::Edited {
        return edited(wait, reader);
    }
    let (english, italian) = reason(wait.reason);
    let code = wait.code.map_or_else(String::new, |code| format!(" ({code})"));
    let since = reader.since(wait.since);
    match reader.language {
        Language::English => {
            let next = wait.until.map_or_else(
                || "It goes on by itself as soon as it can.".to_owned(),
                |until| format!("Next try {}.", reader.at(until)),
            );
            let next =
                if goes_on(wait.reason) { next } else { "It goes on when that has changed.".to_owned() };
            format!("Waiting {since}: {english}{code}. {next}")
        }
        Language::Italian => {
            let next = wait.until.map_or_else(
                || "Riprende da sola appena possibile.".to_owned(),
                |until| format!("Prossimo tentativo {}.", reader.at(until)),
            );
            let next = if goes_on(wait.reason) { next } else { "Riprende quando cambia.".to_owned() };
            format!("In attesa {since}: {italian}{code}. {next}")
        }
    }
}

/// What has not been synced since an edit: `Not synced since 12:58: a mapping … was edited after that.`
fn edited(wait: &Wait, reader: &Reader) -> String {
    let (english, italian) = reason(wait.reason);
    let since = reader.since(wait.since);
    match reader.language {
        Language::English => {
            let next =
                wait.until.map_or_else(String::new, |until| format!("It is synced {}; ", reader.at(until)));
            format!("Not synced {since}: {english}. {next}to sync it at once, press Sync now.")
        }
        Language::Italian => {
            let next = wait.until.map_or_else(String::new, |until| {
                format!("Prossima sincronizzazione {}; ", reader.at(until))
            });
            format!("Non sincronizzata {since}: {italian}. {next}per non aspettare, premi Sincronizza ora.")
        }
    }
}

/// Whether no person needs to act.
fn goes_on(reason: WaitReason) -> bool {
    !matches!(reason, WaitReason::Credentials | WaitReason::WritesStopped)
}

fn reason(reason: WaitReason) -> (&'static str, &'static str) {
    match reason {
        WaitReason::Logins => (
            "logins of the Kaseya user wait, because earlier ones were refused or had no answer",
            "gli accessi dell'utente Kaseya attendono, perché altri sono stati rifiutati o sono rimasti senza risposta",
        ),
        WaitReason::UserLocked => ("Kaseya has locked the user", "Kaseya ha bloccato l'utente"),
        WaitReason::Credentials => {
            ("Kaseya refuses the saved credentials", "Kaseya rifiuta le credenziali salvate")
        }
        WaitReason::CallLimit => {
            ("the hour's calls to Kaseya are used up", "le chiamate a Kaseya di quest'ora sono esaurite")
        }
        WaitReason::KaseyaDown => ("Kaseya does not answer", "Kaseya non risponde"),
        WaitReason::HostUnreachable => (
            "the host cannot be reached, or does not answer as Kaseya does",
            "il nome host non è raggiungibile, o non risponde come Kaseya",
        ),
        WaitReason::LineUnsure => (
            "the answer to a change was lost; the line is read again first",
            "la risposta a una modifica è andata persa; prima viene riletta la riga",
        ),
        WaitReason::UnclearAnswer => {
            ("Kaseya gave an answer that makes no sense", "Kaseya ha dato una risposta che non si capisce")
        }
        WaitReason::Count => ("a user count is missing", "manca un conteggio degli utenti"),
        WaitReason::KaseyaBusy => {
            ("another job is using this Kaseya", "un'altra operazione sta usando questo Kaseya")
        }
        WaitReason::HostBusy => (
            "the host is used by as many other jobs as it may be",
            "il nome host è già usato dal numero massimo di operazioni",
        ),
        WaitReason::WritesStopped => (
            "all writes of this installation are stopped by its operator",
            "tutte le scritture di questa installazione sono state fermate dal gestore",
        ),
        WaitReason::Restored => (
            "the database was restored: all lines are read before anything is written",
            "la base dati è stata ripristinata: prima di scrivere vengono rilette tutte le righe",
        ),
        WaitReason::Edited => (
            "a mapping, a billing rule or what is counted was edited after that",
            "dopo sono stati modificati una mappatura, una regola di fatturazione o il tipo di conteggio",
        ),
        WaitReason::Worker => ("no worker has taken it yet", "nessun processo l'ha ancora presa in carico"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_c1_every_reason_is_a_sentence_with_code_and_instants_in_both_languages() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let zone = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
        let now = at("2026-11-20T12:00:00Z").to_zoned(zone);
        for (language, since, until) in
            [(Language::English, "since 12:58", "at 14:10"), (Language::Italian, "dalle 12:58", "alle 14:10")]
        {
            let reader = Reader { language, now: now.clone() };
            for reason in WaitReason::ALL.iter().copied() {
                let waiting = Wait::of(reason, at("2026-11-20T11:58:00Z"), Some(at("2026-11-20T13:10:00Z")));
                let said = wait(&waiting, &reader);
                assert!(said.contains(since), "{said}");
                assert_eq!(said.contains(until), goes_on(reason), "{said}");
                assert_eq!(said.contains('('), waiting.code.is_some(), "{said}");
            }
        }
    }
}

//! Why an invoice is not ready, in a few words.

use domain::NotReady;

use crate::Language;

/// Why an invoice is not ready: `waits for approval`. The text follows the number of companies.
pub fn not_ready(reason: NotReady, language: Language) -> &'static str {
    let (english, italian) = match reason {
        NotReady::NotConnected => ("Kaseya BMS is not connected yet", "Kaseya BMS non è ancora collegato"),
        NotReady::Off => ("the integration is off", "l'integrazione è disattivata"),
        NotReady::WritesStopped => {
            ("all writes of this installation are stopped", "le scritture di questa installazione sono ferme")
        }
        NotReady::CredentialsRefused => {
            ("Kaseya refuses the saved credentials", "Kaseya rifiuta le credenziali salvate")
        }
        NotReady::Restored => (
            "the database was restored, and all lines are read again first",
            "la base dati è stata ripristinata e prima vengono rilette tutte le righe",
        ),
        NotReady::NotMapped => ("not mapped", "non mappate"),
        NotReady::NotSent => ("not sent", "non inviate"),
        NotReady::Held => ("waiting for approval", "da approvare"),
        NotReady::NeverSynced => ("never synced", "mai sincronizzate"),
        NotReady::Deferred => ("deferred: they go on by themselves", "rinviate: riprendono da sole"),
        NotReady::UnderWay => ("being synced now", "in corso di sincronizzazione"),
        NotReady::Unconfirmed => ("sent, to be confirmed", "inviate, da confermare"),
        NotReady::CountsLater => (
            "a line counts in Kaseya only from a later day",
            "in Kaseya una riga vale solo da un giorno successivo",
        ),
        NotReady::Unread => (
            "not seen in Kaseya since the last scheduled sync",
            "non viste in Kaseya dall'ultima pianificazione",
        ),
        NotReady::MonthNotPushed => (
            "the month's final count is not in Kaseya yet",
            "il conteggio definitivo del mese non è ancora in Kaseya",
        ),
        NotReady::ScheduleMisses => (
            "the month's final count comes after the invoices",
            "il conteggio definitivo del mese arriva dopo le fatture",
        ),
    };
    match language {
        Language::English => english,
        Language::Italian => italian,
    }
}

//! The facts that accompany a code, in the reader's language.

use domain::{AnswerFault, FieldChange, OldLine, Remark};

use crate::{Language, Reader, number, vocabulary};

/// A remark as a sentence.
pub fn remark(remark: &Remark, reader: &Reader) -> String {
    let say = |english: String, italian: String| match reader.language {
        Language::English => english,
        Language::Italian => italian,
    };
    let plain = |english: &str, italian: &str| say(english.to_owned(), italian.to_owned());
    // Kaseya's units are a finite number; anything else is written as received.
    let shown = |units: f64| number::units(units, reader.language).unwrap_or_else(|| units.to_string());
    let counted = |units: f64| number_of_units(units, reader.language);
    let (day, from) = (|day| reader.day_after("il", day), |day| reader.day_after("dal", day));
    match remark {
        Remark::ServiceInactive { service } => say(
            format!("The service \"{service}\" is inactive in Kaseya's catalogue."),
            format!("Il servizio \"{service}\" è inattivo nel catalogo di Kaseya."),
        ),
        Remark::ServiceNotShown { service } => say(
            format!(
                "Kaseya's catalogue no longer shows the service \"{service}\": it is deleted, or \
                 hidden from our user by its role."
            ),
            format!(
                "Il catalogo di Kaseya non mostra più il servizio \"{service}\": è stato eliminato, \
                 o il ruolo lo nasconde al nostro utente."
            ),
        ),
        Remark::AccountInactive { account } => {
            let name = quoted(account.as_deref());
            say(
                format!("The account{name} is inactive in Kaseya."),
                format!("L'account{name} è inattivo in Kaseya."),
            )
        }
        Remark::AccountNotShown { account } => {
            let name = quoted(account.as_deref());
            say(
                format!(
                    "Kaseya does not show the account{name}: it is deleted, or hidden from our user \
                     by its role."
                ),
                format!(
                    "Kaseya non mostra l'account{name}: è stato eliminato, o il ruolo lo nasconde \
                     al nostro utente."
                ),
            )
        }
        Remark::ContractNotShown { contract } => say(
            format!("Kaseya no longer shows the contract \"{contract}\"."),
            format!("Kaseya non mostra più il contratto \"{contract}\"."),
        ),
        Remark::ContractNotActive { contract } => say(
            format!("The contract \"{contract}\" is not active in Kaseya."),
            format!("Il contratto \"{contract}\" non è attivo in Kaseya."),
        ),
        Remark::ContractOfType { contract, contract_type } => say(
            format!(
                "The contract \"{contract}\" is of type \"{contract_type}\", and units live on \
                 Recurring Services."
            ),
            format!(
                "Il contratto \"{contract}\" è di tipo \"{contract_type}\", e le unità stanno nei \
                 Recurring Services."
            ),
        ),
        Remark::ContractEnded { contract, end, count_day } => {
            let (end, count) = (day(*end), reader.day_after("del", *count_day));
            say(
                format!("The contract \"{contract}\" ended on {end}, before the count of {count}."),
                format!("Il contratto \"{contract}\" è terminato {end}, prima del conteggio {count}."),
            )
        }
        Remark::ContractEndsBefore { contract } => say(
            format!("The contract \"{contract}\" ends before the period to be billed."),
            format!("Il contratto \"{contract}\" termina prima del periodo da fatturare."),
        ),
        Remark::ContractOfOther { contract } => say(
            format!("The contract \"{contract}\" is not one of the account it was mapped with."),
            format!("Il contratto \"{contract}\" non è dell'account con cui è stato mappato."),
        ),
        Remark::CycleToChoose { contract, billing_cycle } => say(
            format!(
                "The contract \"{contract}\" is billed \"{billing_cycle}\" in Kaseya, not monthly: \
                 choose whether it is billed in arrears or in advance, or approve this one change."
            ),
            format!(
                "In Kaseya il contratto \"{contract}\" è fatturato \"{billing_cycle}\", non ogni \
                 mese: scegli se è fatturato in via posticipata o anticipata, oppure approva questa \
                 sola modifica."
            ),
        ),
        Remark::LineMissing { service, contract } => say(
            format!("The service \"{service}\" is not on the contract \"{contract}\"."),
            format!("Il servizio \"{service}\" non è presente nel contratto \"{contract}\"."),
        ),
        Remark::LineTwice { service, contract } => say(
            format!("The service \"{service}\" is on the contract \"{contract}\" more than once."),
            format!(
                "Il servizio \"{service}\" è presente più di una volta nel contratto \
                 \"{contract}\"."
            ),
        ),
        Remark::LineSetElsewhere { service, shown: units } => {
            let units = shown(*units);
            say(
                format!(
                    "The line \"{service}\" was sent our number a second time in this period, and \
                     shows {units} once more: Kaseya counts it itself, or somebody sets it there."
                ),
                format!(
                    "Abbiamo inviato il nostro numero alla riga \"{service}\" per la seconda volta \
                     in questo periodo, e mostra di nuovo {units}: la conta Kaseya, o qualcuno la \
                     imposta lì."
                ),
            )
        }
        Remark::LineBeginsTooLate { service, contract } => say(
            format!(
                "The line \"{service}\" or its contract \"{contract}\" begins only after the \
                 contract's last day."
            ),
            format!(
                "La riga \"{service}\" o il suo contratto \"{contract}\" inizia solo dopo l'ultimo \
                 giorno del contratto."
            ),
        ),
        Remark::LineEdited { left, shown: units } => {
            let (left, units) = (counted((*left).into()), shown(*units));
            say(
                format!("The line was edited in Kaseya: we had left {left}, and it showed {units}."),
                format!(
                    "La riga è stata modificata in Kaseya: avevamo lasciato {left}, e ne mostrava \
                     {units}."
                ),
            )
        }
        Remark::SentOnceMore { sent, shown: units } => {
            let (sent, units) = (counted((*sent).into()), shown(*units));
            say(
                format!("Kaseya took {sent} before, and the line still showed {units}: sent once more."),
                format!(
                    "Kaseya aveva accettato {sent}, e la riga ne mostrava ancora {units}: inviate \
                     un'altra volta."
                ),
            )
        }
        Remark::Awaited { sent, from_day, shown: units } => {
            let (sent, units, from) = (counted((*sent).into()), shown(*units), from(*from_day));
            say(
                format!("Kaseya took {sent} from {from} on and shows {units} until then."),
                format!(
                    "Kaseya ha accettato {sent} a partire {from} e fino ad allora ne mostra \
                     {units}."
                ),
            )
        }
        Remark::CountsLater { service, from_day } => {
            let from = from(*from_day);
            say(
                format!(
                    "In Kaseya the units of \"{service}\" count only from {from} on: days before it \
                     are charged with what the line held then."
                ),
                format!(
                    "In Kaseya le unità di \"{service}\" valgono solo {from}: i giorni precedenti \
                     sono addebitati con quelle che la riga aveva allora."
                ),
            )
        }
        Remark::UnitsNotWhole { service, shown: units } => {
            let units = counted(*units);
            say(
                format!(
                    "The line \"{service}\" shows {units}. Users are whole and nothing is rounded: \
                     set the line to a whole number in Kaseya."
                ),
                format!(
                    "La riga \"{service}\" mostra {units}. Gli utenti sono interi e nulla viene \
                     arrotondato: imposta in Kaseya un numero intero."
                ),
            )
        }
        Remark::PriceChanged { service, before, now } => {
            let (before, now) = (shown(*before), shown(*now));
            say(
                format!("The price of \"{service}\" in Kaseya is now {now}; it was {before}."),
                format!("In Kaseya il prezzo di \"{service}\" ora è {now}; era {before}."),
            )
        }
        Remark::ChangeInWait { from_day } => {
            let from = from(*from_day);
            say(
                format!("The other line's change counts from {from} on."),
                format!("La modifica dell'altra riga vale {from}."),
            )
        }
        Remark::FieldsChanged { service, fields } => {
            let fields: Vec<String> = fields.iter().map(field_change).collect();
            let fields = fields.join("; ");
            say(
                format!(
                    "With our change of \"{service}\" other fields of its line changed in Kaseya: {fields}."
                ),
                format!(
                    "Con la nostra modifica di \"{service}\" in Kaseya sono cambiati altri campi della sua riga: \
                     {fields}."
                ),
            )
        }
        Remark::OtherLinesChanged { contract, lines } => say(
            format!(
                "Since our change of the contract \"{contract}\" other lines are not as they were: {lines}. Look at \
                 the contract's history in Kaseya."
            ),
            format!(
                "Dopo la nostra modifica del contratto \"{contract}\" altre righe non sono più come prima: {lines}. \
                 Guarda la cronologia del contratto in Kaseya."
            ),
        ),
        Remark::CountMissing { service } => say(
            format!("The user count for \"{service}\" is missing or too old."),
            format!("Il conteggio degli utenti per \"{service}\" manca o è troppo vecchio."),
        ),
        Remark::MonthInvoiced { count_day } => {
            let count = reader.day_after("del", *count_day);
            say(
                format!("The month of the count of {count} has already been invoiced."),
                format!("Il mese del conteggio {count} è già stato fatturato."),
            )
        }
        Remark::PlanSwitch { falls, rises } => say(
            format!("Plan switch: \"{falls}\" falls, \"{rises}\" rises."),
            format!("Cambio di piano: \"{falls}\" scende, \"{rises}\" sale."),
        ),
        Remark::OldLinesStay { rises, old_lines } => {
            let lines: Vec<String> = old_lines.iter().map(|line| old_line(line, reader)).collect();
            let lines = lines.join(", ");
            say(
                format!("The users have moved to \"{rises}\", and an old line does not fall: {lines}."),
                format!("Gli utenti sono passati a \"{rises}\", e una vecchia riga non scende: {lines}."),
            )
        }
        Remark::RiseNotSent { falls, rises } => say(
            format!(
                "The users have moved from \"{falls}\" to \"{rises}\", whose line cannot be written now: \
                 with the fall alone nobody would be billed for them."
            ),
            format!(
                "Gli utenti sono passati da \"{falls}\" a \"{rises}\", la cui riga ora non si può \
                 scrivere: con la sola riduzione non verrebbero fatturati a nessuno."
            ),
        ),
        Remark::FarFromInvoiced { invoiced } => {
            let invoiced = counted(*invoiced);
            say(
                format!("The last invoice, or the last approval since, was for {invoiced}."),
                format!("L'ultima fattura, o l'ultima approvazione successiva, era per {invoiced}."),
            )
        }
        Remark::ShareEnds { company, left } => {
            let left = counted((*left).into());
            say(
                format!("Inside this number the share of company \"{company}\" falls from {left} to 0."),
                format!("Dentro questo numero la quota dell'azienda \"{company}\" scende da {left} a 0."),
            )
        }
        Remark::OtherName { id, told, named } => say(
            format!("Kaseya calls what has the id {id} \"{named}\", and the mapping calls it \"{told}\"."),
            format!("Kaseya chiama \"{named}\" ciò che ha l'id {id}, e la mappatura lo chiama \"{told}\"."),
        ),
        Remark::TwoNames { id, told, named } => say(
            format!("One mapping calls what has the id {id} \"{told}\", another calls it \"{named}\"."),
            format!("Una mappatura chiama \"{told}\" ciò che ha l'id {id}, un'altra lo chiama \"{named}\"."),
        ),
        Remark::TwoAccounts { id, told, named } => say(
            format!(
                "One mapping says that the contract {id} is of the account \"{told}\", another says of \"{named}\"."
            ),
            format!(
                "Per una mappatura il contratto {id} è dell'account \"{told}\", per un'altra è dell'account \"{named}\"."
            ),
        ),
        Remark::RequestExpired { expired_at } => {
            let at = reader.at(*expired_at);
            say(
                format!("The request expired {at}, before this company's turn."),
                format!("La richiesta è scaduta {at}, prima del turno di questa azienda."),
            )
        }
        Remark::BrokeOff => plain(
            "It broke off: five attempts in a row ended without word of the program that worked on it.",
            "Si è interrotto: cinque tentativi di seguito sono finiti senza notizie del programma che ci lavorava.",
        ),
        Remark::TooLarge => plain(
            "It is too large: what the work needs does not fit into one message. Shorter notes or fewer companies on \
             one contract help.",
            "È troppo grande: ciò che serve per il lavoro non entra in un solo messaggio. Aiutano note più brevi o meno \
             aziende su un contratto.",
        ),
        Remark::FallRefused => plain(
            "Kaseya refused to lower the old line of the plan switch: the new one is left as it is.",
            "Kaseya ha rifiutato di abbassare la vecchia riga del cambio di piano: la nuova resta \
             com'è.",
        ),
        Remark::RiseRefused => plain(
            "Kaseya lowered the old line of the plan switch and refused to raise the new one: nobody is billed for \
             these users until it takes the rise. The next sync tries again.",
            "Kaseya ha abbassato la vecchia riga del cambio di piano e ha rifiutato di alzare la nuova: questi \
             utenti non sono fatturati a nessuno finché non accetta l'aumento. La prossima sincronizzazione riprova.",
        ),
        Remark::ShownOtherwise { sent, shown: units } => {
            let (sent, units) = (counted((*sent).into()), shown(*units));
            say(
                format!("Kaseya took {sent} and shows {units}."),
                format!("Kaseya ha accettato {sent} e ne mostra {units}."),
            )
        }
        Remark::LineGone { sent } => {
            let sent = counted((*sent).into());
            say(
                format!("Kaseya took {sent} and no longer shows the line."),
                format!("Kaseya ha accettato {sent} e non mostra più la riga."),
            )
        }
        Remark::AnswerUnusable { endpoint, fault } => say(
            format!(
                "We did not use Kaseya's answer to {endpoint}: {}.",
                answer_fault(*fault, Language::English)
            ),
            format!(
                "Non abbiamo usato la risposta di Kaseya a {endpoint}: {}.",
                answer_fault(*fault, Language::Italian)
            ),
        ),
        Remark::ChangeRefused { sent, status } => {
            let sent = counted((*sent).into());
            say(
                format!("We sent {sent} and Kaseya refused the change (HTTP {status})."),
                format!("Abbiamo inviato {sent} e Kaseya ha rifiutato la modifica (HTTP {status})."),
            )
        }
        Remark::DateShownOtherwise { sent, from_day, shown_day } => {
            let sent = counted((*sent).into());
            let (ours, theirs) = (from(*from_day), day(*shown_day));
            say(
                format!("We sent {sent} from {ours} on; the effective date that Kaseya holds is {theirs}."),
                format!(
                    "Abbiamo inviato {sent} a partire {ours}; la decorrenza che risulta in Kaseya è {theirs}."
                ),
            )
        }
        Remark::PasswordSealed => plain(
            "The stored password cannot be opened: the key that sealed it is missing. This is our \
             fault; nothing was asked of Kaseya.",
            "La password salvata non si può aprire: manca la chiave con cui è stata sigillata. È \
             colpa nostra; a Kaseya non è stato chiesto nulla.",
        ),
        Remark::HostUnusable => plain(
            "The stored address of Kaseya cannot be used: correct it in the connection. Nothing was \
             asked of Kaseya.",
            "L'indirizzo di Kaseya salvato non è utilizzabile: correggilo nella connessione. A \
             Kaseya non è stato chiesto nulla.",
        ),
        Remark::HostNotAllowed { host } => say(
            format!(
                "The connection has an address of its own at {host}, which this installation does not allow: remove the \
                 address, or ask the operator to add {host} to allowed_hosts in [kaseya]. Nothing was asked of Kaseya."
            ),
            format!(
                "La connessione ha un indirizzo API personalizzato su {host}, che questa installazione non consente: togli \
                 l'indirizzo, oppure chiedi al gestore di aggiungere {host} ad allowed_hosts in [kaseya]. A Kaseya non è \
                 stato chiesto nulla."
            ),
        ),
        Remark::LineProfileUnusable => plain(
            "The stored line profile cannot be used: ask the operator to set it again with \
             kaseya-sync line-profile. Nothing was asked of Kaseya.",
            "Il profilo delle righe salvato non è utilizzabile: chiedi al gestore di impostarlo di nuovo con \
             kaseya-sync line-profile. A Kaseya non è stato chiesto nulla.",
        ),
    }
}

/// What is wrong with a response from Kaseya, as part of a sentence.
pub fn answer_fault(fault: AnswerFault, language: Language) -> String {
    match language {
        Language::English => fault.to_string(),
        Language::Italian => in_italian(fault).to_owned(),
    }
}

fn in_italian(fault: AnswerFault) -> &'static str {
    match fault {
        AnswerFault::NotAnObject => "la risposta non è un oggetto JSON",
        AnswerFault::NoOutcome => "la risposta non dice se è andata a buon fine",
        AnswerFault::NoList => "la risposta non contiene un elenco",
        AnswerFault::RowNotAnObject => "una voce dell'elenco non è un oggetto",
        AnswerFault::NoUser => "la risposta non indica l'utente",
        AnswerFault::RowWithoutId => "una voce non ha un id",
        AnswerFault::RowWithoutActive => "una voce non dice se è attiva",
        AnswerFault::StartDate => "la data di inizio di un contratto non è una data",
        AnswerFault::EndDate => "la data di fine di un contratto non è una data",
        AnswerFault::TotalNotANumber => "il totale di un contratto non è un numero",
        AnswerFault::LineWithoutId => "una riga non ha un id",
        AnswerFault::LineWithoutService => "una riga non ha un servizio",
        AnswerFault::LineWithoutUnits => "una riga non ha unità",
        AnswerFault::LineWithoutContract => {
            "una riga non indica il suo contratto: non si può sapere se il filtro è stato applicato"
        }
        AnswerFault::LineEffectiveDate => "la data di decorrenza di una riga non è una data",
        AnswerFault::LineFieldTwice => "una riga ha due volte lo stesso campo",
        AnswerFault::LineFieldUnreadable => "un campo di una riga non si può leggere",
        AnswerFault::LineTwice => "lo stesso id di riga compare due volte con contenuti diversi",
        AnswerFault::OtherContract => "una voce indica un contratto diverso da quello richiesto",
        AnswerFault::OtherAccount => "una voce indica un account diverso da quello richiesto",
        AnswerFault::LineOfOtherContract => "un id di riga era già comparso in un altro contratto",
        AnswerFault::LineChanged => "la riga è cambiata dopo la lettura",
        AnswerFault::PartOfList => "la risposta è solo una parte dell'elenco",
        AnswerFault::EmptyPage => "una pagina è vuota, ma secondo il totale dovrebbe avere voci",
        AnswerFault::PartOfIds => {
            "la ricerca per id ne ha tralasciati alcuni senza mostrare se esistono: non sappiamo se ci siano"
        }
        AnswerFault::FilterIgnored => "Kaseya ha ignorato il filtro e ha mostrato altre voci",
        AnswerFault::NoWords => "Kaseya ha rifiutato la chiamata senza dire perché",
        AnswerFault::TooLarge => "la risposta è troppo grande",
        AnswerFault::NotSendable => "la richiesta non si può scrivere in HTTP",
    }
}

fn number_of_units(units: f64, language: Language) -> String {
    vocabulary::units(units, language).unwrap_or_else(|| units.to_string())
}

/// A field's old and new values as JSON: the same in every language.
fn field_change(field: &FieldChange) -> String {
    let value = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    format!("{} {} → {}", field.name, value(&field.before), value(&field.now))
}

fn quoted(name: Option<&str>) -> String {
    name.map(|name| format!(" \"{name}\"")).unwrap_or_default()
}

fn old_line(line: &OldLine, reader: &Reader) -> String {
    let units = number_of_units(line.shown, reader.language);
    match (&line.service, reader.language) {
        (Some(service), Language::English) => format!("\"{service}\" with {units}"),
        (Some(service), Language::Italian) => format!("\"{service}\" con {units}"),
        (None, Language::English) => format!("service {} with {units}", line.service_id),
        (None, Language::Italian) => format!("servizio {} con {units}", line.service_id),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    fn examples() -> Vec<Remark> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto-schemas/remarks.json");
        let text = std::fs::read_to_string(path).expect("the examples");
        serde_json::from_str(&text).expect("remarks")
    }

    fn in_language(of: &Remark, language: Language) -> String {
        let now: Timestamp = "2026-11-29T04:30:00Z".parse().expect("an instant");
        remark(of, &Reader { language, now: now.to_zoned(TimeZone::UTC) })
    }

    /// Each kind has an example; the tests of the messages ensure that.
    #[test]
    fn each_kind_is_a_sentence_of_its_own_in_each_language() {
        for example in examples() {
            let [english, italian] =
                [Language::English, Language::Italian].map(|language| in_language(&example, language));
            for said in [&english, &italian] {
                assert!(said.ends_with('.') && !said.contains("  "), "{said}");
                assert!(said.starts_with(char::is_uppercase), "{said}");
            }
            assert_ne!(english, italian);
        }
    }

    #[test]
    fn case_e13_every_fault_of_an_answer_has_words_in_both_languages() {
        let said = |fault: AnswerFault| {
            let of = Remark::AnswerUnusable { endpoint: "GET /x".to_owned(), fault };
            [Language::English, Language::Italian].map(|language| in_language(&of, language))
        };
        let all: std::collections::BTreeSet<String> = AnswerFault::ALL.into_iter().flat_map(said).collect();
        assert_eq!(all.len(), 2 * AnswerFault::ALL.len());
        let [english, italian] = said(AnswerFault::LineWithoutUnits);
        assert_eq!(english, "We did not use Kaseya's answer to GET /x: a line has no units.");
        assert_eq!(italian, "Non abbiamo usato la risposta di Kaseya a GET /x: una riga non ha unità.");
    }

    #[test]
    fn every_fact_is_said_in_the_readers_way() {
        let said: Vec<[String; 2]> = examples()
            .iter()
            .map(|example| {
                [Language::English, Language::Italian].map(|language| in_language(example, language))
            })
            .collect();
        let says = |english: &str, italian: &str| {
            assert!(said.iter().any(|[one, other]| one == english && other == italian), "{said:#?}");
        };
        says(
            "The account \"Acme S.r.l.\" is inactive in Kaseya.",
            "L'account \"Acme S.r.l.\" è inattivo in Kaseya.",
        );
        says(
            "Kaseya does not show the account: it is deleted, or hidden from our user by its role.",
            "Kaseya non mostra l'account: è stato eliminato, o il ruolo lo nasconde al nostro utente.",
        );
        says(
            "Kaseya took 14 units from 8 Nov on and shows 12.5 until then.",
            "Kaseya ha accettato 14 unità a partire dall'8/11 e fino ad allora ne mostra 12,5.",
        );
        says(
            "The users have moved to \"Password Boss Advanced\", and an old line does not fall: \"Password Boss Standard\" \
             with 31 units, service 78 with 1 unit.",
            "Gli utenti sono passati a \"Password Boss Advanced\", e una vecchia riga non scende: \"Password Boss \
             Standard\" con 31 unità, servizio 78 con 1 unità.",
        );
        says(
            "We sent 14 units from 1 Nov on; the effective date that Kaseya holds is 1 Dec.",
            "Abbiamo inviato 14 unità a partire dall'1/11; la decorrenza che risulta in Kaseya è l'1/12.",
        );
        says(
            "The contract \"Managed services\" ended on 31 Oct, before the count of 25 Nov.",
            "Il contratto \"Managed services\" è terminato il 31/10, prima del conteggio del 25/11.",
        );
    }
}

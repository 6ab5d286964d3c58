//! Our own work.

use super::sentences::{NOT_CHANGED, NOTHING_SENT_FOR_ANY};
use crate::text::{Text, both, brief, detail};

pub(super) const JOB_01: Text = Text {
    title: both("Dropped before its turn", "Scartata prima del suo turno"),
    happened: brief(
        "The integration was switched off, or the request expired, before this company's turn.",
        "L'integrazione è stata disattivata, o la richiesta è scaduta, prima del turno di questa azienda.",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: detail(
        "What was queued is dropped; while it is off, nothing is sent.",
        "Ciò che era in coda è stato scartato; finché è disattivata non inviamo nulla.",
    ),
    to_do: brief(
        "Switch the integration on if it is off, then press Sync now.",
        "Attiva l'integrazione se è disattivata, poi premi Sincronizza ora.",
    )
    .more("There is nothing to do in Kaseya.", "In Kaseya non c'è nulla da fare."),
};

pub(super) const JOB_02: Text = Text {
    title: both("A sync is going already", "Sincronizzazione già in corso"),
    happened: brief(
        "A sync was going already: yours has joined it.",
        "Una sincronizzazione era già in corso: la tua si è unita a quella.",
    ),
    invoice: brief(
        "The invoice gets what this sync sends.",
        "In fattura andrà ciò che invia questa sincronizzazione.",
    ),
    done: detail(
        "What was changed before you asked is in it, or in the one that follows.",
        "Ciò che hai cambiato prima della richiesta è compreso, in questa o in quella che segue.",
    ),
    to_do: detail("Nothing: wait for its end.", "Nulla: aspetta che finisca."),
};

pub(super) const JOB_03: Text = Text {
    title: both("Given up", "Abbandonata"),
    happened: brief(
        "The work on [{company}|this company] broke off five times, or is too large for one message.",
        "Il lavoro su [{company}|questa azienda] si è interrotto cinque volte, o è troppo grande per un solo messaggio.",
    )
    .more(
        "That is a fault of ours, or of the machines it runs on.[ Our reference: {trace_id}.]",
        "È un difetto nostro, o delle macchine su cui gira.[ Il nostro riferimento: {trace_id}.]",
    ),
    invoice: brief(
        "The invoice keeps [the units of {last_sent_day}|the units that Kaseya shows now], unless an attempt \
         sent a change.",
        "In fattura restano [le unità {of_last_sent_day}|le unità che Kaseya mostra ora], salvo che un tentativo \
         abbia inviato una modifica.",
    )
    .more(
        "What was sent is in the journal.[ We last sent {last_sent_units}.]",
        "Ciò che è stato inviato è nel registro.[ L'ultimo invio era di {last_sent_units}.]",
    ),
    done: brief(
        "We begin again with the next sync; the other companies went on.",
        "Ricominciamo alla prossima sincronizzazione; le altre aziende sono andate avanti.",
    ),
    to_do: detail(
        "Press Check again. If it comes back, tell the people who run this program; if the invoices are due, set the units in \
         Kaseya by hand: Finance > Contracts[ > {contract}].",
        "Premi Verifica di nuovo. Se si ripete, avvisa chi gestisce questo programma; se le fatture sono vicine, imposta le \
         unità a mano in Kaseya: Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const UNK_01: Text = Text {
    title: both("Kaseya said something that we do not know", "Risposta di Kaseya sconosciuta"),
    happened: brief(
        "Kaseya gave an answer that we cannot place[: «{kaseya_says}»].",
        "Kaseya ha dato una risposta che non sappiamo interpretare[: «{kaseya_says}»].",
    )
    .more("[Our reference: {trace_id}.]", "[Il nostro riferimento: {trace_id}.]"),
    invoice: NOT_CHANGED,
    done: brief("[We try again {at_next_try}.]", "[Riproviamo {at_next_try}.]").more(
        "After a few tries we leave it until the next sync.",
        "Dopo qualche tentativo lasciamo stare fino alla prossima sincronizzazione.",
    ),
    to_do: brief(
        "Look at the contract in Kaseya, then press Check again.",
        "Guarda il contratto in Kaseya, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}]. If it stays, send us Kaseya's words and our code.",
        "In Kaseya: Finance > Contracts[ > {contract}]. Se rimane, mandaci le parole di Kaseya e il nostro codice.",
    ),
};

/// The same code if Kaseya accepted the change and then shows something else.
pub(super) const UNK_01_SENT: Text = Text {
    title: both("Kaseya took the change and shows something else", "Kaseya ha accettato la modifica ma mostra altro"),
    happened: brief(
        "Kaseya took our change[ ({change})], and shows something else when it is read again.",
        "Kaseya ha accettato la nostra modifica[ ({change})], ma alla rilettura mostra altro.",
    )
    .more("[What was found: «{found}»]", "[Che cosa è stato trovato: «{found}»]"),
    invoice: brief(
        "The invoice may have the old or the new units, or charge them from another day.",
        "In fattura possono esserci le unità vecchie o quelle nuove, o una decorrenza diversa.",
    ),
    done: detail(
        "It stays to be confirmed, and the line is read again with the next sync.",
        "Resta da confermare, e la riga verrà riletta alla prossima sincronizzazione.",
    ),
    to_do: brief(
        "Look at the line in Kaseya, then press Check again.",
        "Guarda la riga in Kaseya, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}]; the contract's history shows who changed what.",
        "In Kaseya: Finance > Contracts[ > {contract}]; lo storico del contratto mostra chi ha cambiato che cosa.",
    ),
};

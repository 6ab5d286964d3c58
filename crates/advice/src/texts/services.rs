//! The service, and its line on the contract.

use super::sentences::NOTHING_SENT;
use crate::text::{Text, both, brief, detail};

pub(super) const SVC_01: Text = Text {
    title: both("The service is not on the contract", "Servizio assente dal contratto"),
    happened: brief(
        "The service[ \"{service}\"] is not on the contract[ \"{contract}\"]",
        "Il servizio[ \"{service}\"] non è presente nel contratto[ \"{contract}\"]",
    ),
    invoice: brief(
        "[{users_not_billed}|its users will not be billed].",
        "[{users_not_billed}|i suoi utenti non verranno fatturati].",
    ),
    done: detail(
        "We sent nothing. We never add a service to a contract ourselves: its price is yours to set.",
        "Non abbiamo inviato nulla. Non aggiungiamo mai noi un servizio a un contratto: il prezzo lo decidi tu.",
    ),
    to_do: brief(
        "Add it in Kaseya with 0 units, then press Check again.",
        "Aggiungilo in Kaseya con 0 unità, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the services. If the product is billed as another service, change \
         the product mapping.",
        "In Kaseya: Finance > Contracts[ > {contract}], i servizi. Se il prodotto si fattura con un altro servizio, cambia \
         la mappatura del prodotto.",
    ),
};

pub(super) const SVC_02: Text = Text {
    title: both("The service is inactive or deleted", "Servizio inattivo o eliminato"),
    happened: brief(
        "The service[ \"{service}\"] is inactive or deleted in Kaseya's catalogue.",
        "Il servizio[ \"{service}\"] è inattivo o eliminato nel catalogo di Kaseya.",
    ),
    invoice: NOTHING_SENT.more(
        "Every company with this service is concerned.",
        "Riguarda ogni azienda che ha questo servizio.",
    ),
    done: detail(
        "We check it again at each sync; it stays until somebody fixes it.",
        "Lo riguardiamo a ogni sincronizzazione; da solo non si risolve.",
    ),
    to_do: brief(
        "Activate the service in Kaseya, or map the product to another one, then press Check again.",
        "Riattiva il servizio in Kaseya, oppure mappa il prodotto a un altro, poi premi Verifica di nuovo.",
    )
    .more("In Kaseya: Admin > Finance > Services.", "In Kaseya: Admin > Finance > Services."),
};

pub(super) const SVC_03: Text = Text {
    title: both("The service is twice on the contract", "Servizio presente due volte nel contratto"),
    happened: brief(
        "The service[ \"{service}\"] is more than once on the contract[ \"{contract}\"]: we cannot know which line is \
         meant.",
        "Il servizio[ \"{service}\"] è presente più di una volta nel contratto[ \"{contract}\"]: non possiamo sapere quale \
         riga si intende.",
    ),
    invoice: NOTHING_SENT.more(
        "The invoice shows the units of all these lines together.",
        "In fattura ci sono le unità di tutte queste righe insieme.",
    ),
    done: detail(
        "We change none of the lines: a wrong one would bill twice.",
        "Non tocchiamo nessuna delle righe: quella sbagliata farebbe fatturare due volte.",
    ),
    to_do: brief(
        "Leave one line of this service on the contract, then press Check again.",
        "Lascia nel contratto una sola riga di questo servizio, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the services. If both are wanted, use two services. If that page shows \
         one line, the other is a proration of a past change: leave it there, and tell the operator of this program.",
        "In Kaseya: Finance > Contracts[ > {contract}], i servizi. Se servono entrambe, usa due servizi diversi. Se la pagina \
         mostra una sola riga, l'altra è il conguaglio di una modifica passata: lasciala e avvisa chi gestisce questo programma.",
    ),
};

pub(super) const SVC_04: Text = Text {
    title: both("The line counts itself in Kaseya", "La riga si conta da sola in Kaseya"),
    happened: brief(
        "Our number on the line of [\"{service}\"|the service] was changed back again[: Kaseya shows {units_from}]. Send it \
         once more?",
        "Il nostro numero sulla riga [di \"{service}\"|del servizio] è stato di nuovo cambiato[: Kaseya mostra \
         {units_from}]. Inviarlo un'altra volta?",
    )
    .more(
        "Probably Kaseya counts this line itself every night (Bill by RMM agent, device, contact or user, or Integrated \
         Customer Billing), or somebody changes it by hand.",
        "Probabilmente Kaseya conta questa riga da sola ogni notte (Bill by RMM agent, device, contact o user, oppure \
         Integrated Customer Billing), o qualcuno la cambia a mano.",
    ),
    invoice: brief(
        "The invoice has Kaseya's number[: {units_from}][, not ours ({units_to})].",
        "In fattura c'è il numero di Kaseya[: {units_from}][, non il nostro ({units_to})].",
    ),
    done: brief(
        "We do not write over it again unless you approve it.",
        "Non lo sovrascriviamo più, se non lo approvi.",
    ),
    to_do: brief(
        "Switch the line's own counting off in Kaseya, then press Approve to send our number once more, or Dismiss to keep \
         Kaseya's.",
        "Disattiva in Kaseya il conteggio proprio della riga, poi premi Approva per inviare un'altra volta il nostro \
         numero, o Scarta per tenere quello di Kaseya.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the line. Kaseya advises not to convert such a line: set its price \
         to 0 and add a new one.",
        "In Kaseya: Finance > Contracts[ > {contract}], la riga. Kaseya consiglia di non convertire una riga così: metti il \
         prezzo a 0 e aggiungine una nuova.",
    ),
};

pub(super) const DRF_01: Text = Text {
    title: both("The units were edited in Kaseya", "Unità modificate in Kaseya"),
    happened: brief(
        "Somebody or something has edited the units in Kaseya since we last wrote them[: there are {units_from} now][, \
         and we would send {units_to}].",
        "Qualcuno o qualcosa ha modificato le unità in Kaseya dopo il nostro ultimo invio[: ora sono {units_from}][, noi \
         ne invieremmo {units_to}].",
    )
    .more("[We last sent {last_sent_units}.]", "[L'ultimo invio era di {last_sent_units}.]"),
    invoice: brief(
        "We sent nothing[; on the invoice {units_stay} until you decide].",
        "Non abbiamo inviato nulla[; finché non decidi, in fattura {units_stay}].",
    ),
    done: detail(
        "The line waits for a person, as your setting for edited lines says.",
        "La riga aspetta una persona, come dice la tua impostazione per le righe modificate.",
    ),
    to_do: brief(
        "Approve to send our number, or Dismiss to keep Kaseya's.",
        "Premi Approva per inviare il nostro numero, o Scarta per tenere quello di Kaseya.",
    )
    .more(
        "Who edited it stands in Kaseya in the contract's history: Finance > Contracts[ > {contract}].",
        "Chi l'ha modificata è scritto in Kaseya nello storico del contratto: Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const SVC_04_SENT: Text = Text {
    title: both(
        "Sent once more to a line that counts itself",
        "Inviato un'altra volta a una riga che si conta da sola",
    ),
    happened: brief(
        "Our number on the line of [\"{service}\"|the service] was changed back before. As approved, we sent it once \
         more[ ({change})].",
        "Il nostro numero sulla riga [di \"{service}\"|del servizio] era stato cambiato. Come approvato, lo abbiamo inviato \
         un'altra volta[ ({change})].",
    ),
    invoice: brief(
        "The invoice has our number, unless Kaseya changes it back again tonight.",
        "In fattura c'è il nostro numero, se Kaseya non lo cambia di nuovo stanotte.",
    ),
    done: detail(
        "The next sync reads the line and says whether our number stayed.",
        "La prossima sincronizzazione rilegge la riga e dice se il nostro numero è rimasto.",
    ),
    to_do: brief(
        "Switch the line's own counting off in Kaseya, and look here again tomorrow.",
        "Disattiva in Kaseya il conteggio proprio della riga, e guarda di nuovo qui domani.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the line.",
        "In Kaseya: Finance > Contracts[ > {contract}], la riga.",
    ),
};

pub(super) const DRF_01_SENT: Text = Text {
    title: both("Edited in Kaseya, and sent again", "Modificato in Kaseya, e inviato di nuovo"),
    happened: brief(
        "Somebody or something had edited the units in Kaseya[: there were {units_from}]. We sent our number again[ \
         ({change})].",
        "Qualcuno o qualcosa aveva modificato le unità in Kaseya[: erano {units_from}]. Abbiamo inviato di nuovo il nostro \
         numero[ ({change})].",
    ),
    invoice: brief(
        "The invoice has our number, unless somebody edits it again.",
        "In fattura c'è il nostro numero, se nessuno lo modifica di nuovo.",
    ),
    done: detail(
        "It was sent as your setting for edited lines says, or because a person approved it. The next sync reads the line \
         again.",
        "È stato inviato come dice la tua impostazione per le righe modificate, o perché una persona lo ha approvato. La \
         prossima sincronizzazione rilegge la riga.",
    ),
    to_do: brief(
        "Nothing, if our number is right. If Kaseya's was, correct the count.",
        "Nulla, se il nostro numero è giusto. Se era giusto quello di Kaseya, correggi il conteggio.",
    )
    .more(
        "Who edited it stands in Kaseya in the contract's history: Finance > Contracts[ > {contract}].",
        "Chi l'ha modificata è scritto in Kaseya nello storico del contratto: Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const PRC_01: Text = Text {
    title: both("Units at a price of 0", "Unità a prezzo 0"),
    happened: brief(
        "The line of the service[ \"{service}\"] has a price of 0 in Kaseya.",
        "La riga del servizio[ \"{service}\"] ha prezzo 0 in Kaseya.",
    ),
    invoice: brief(
        "[{users}|its users] are on the invoice, and nothing is charged for them.",
        "[{users}|i suoi utenti] compaiono in fattura, ma senza alcun importo.",
    ),
    done: detail(
        "We keep the units up to date. We never change a price: it is yours to set.",
        "Teniamo aggiornate le unità. Non modifichiamo mai un prezzo: lo decidi tu.",
    ),
    to_do: brief(
        "Set the price in Kaseya, then press Check again.",
        "Imposta il prezzo in Kaseya, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the services. If nothing is to be charged, mark the product as not \
         billed.",
        "In Kaseya: Finance > Contracts[ > {contract}], i servizi. Se non si deve addebitare nulla, segna il prodotto come \
         non fatturato.",
    ),
};

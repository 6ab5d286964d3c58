//! The texts for correcting a frozen number.

super::words! {
    Correction {
        title: "Correct {month}: {company}", "Correggi {month}: {company}";
        explained: "The count of the month's last day is frozen. A correction becomes a second row with its reason; the first stays on record. It is sent like the frozen number, through the same approvals, while the month's invoice is not made.",
            "Il conteggio dell'ultimo giorno del mese è definitivo. Una correzione diventa una seconda riga con il suo motivo; la prima resta registrata. Viene inviata come il numero definitivo, con le stesse approvazioni, finché la fattura del mese non è emessa.";
        not_frozen: "The counts of {month} are not frozen yet: there is nothing to correct. A new report of its last day still counts.",
            "I conteggi di {month} non sono ancora definitivi: non c'è nulla da correggere. Un nuovo conteggio dell'ultimo giorno vale ancora.";
        product: "Product", "Prodotto";
        now: "{product}, now {users}", "{product}, ora {users}";
        missing: "missing", "mancante";
        users: "Users on the month's last day", "Utenti nell'ultimo giorno del mese";
        reason: "Reason", "Motivo";
        reason_help: "It stands beside the number, with your name.", "Resta accanto al numero, con il tuo nome.";
        already: "{month} has this number already.", "{month} ha già questo numero.";
        gone: "The company or the product is not known any more.", "L'azienda o il prodotto non esiste più.";
        save: "Correct", "Correggi";
        cancel: "Cancel", "Annulla";
    }
}

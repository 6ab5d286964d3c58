//! The texts of every page's frame, and of the pages that say why a page cannot be shown.

super::words! {
    Frame {
        product: "Kaseya BMS sync", "Sincronizzazione Kaseya BMS";
        skip: "Skip to the content", "Vai al contenuto";
        overview: "Overview", "Riepilogo";
        integrations: "Integrations", "Integrazioni";
        companies: "Companies", "Aziende";
        activity: "Activity", "Attività";
        holds: "Holds", "Da approvare";
        journal: "Journal", "Registro";
        access: "Access", "Accesso";
        navigation: "Main menu", "Menu principale";
        language: "Language", "Lingua";
        sign_out: "Sign out", "Esci";
        partner: "Partner", "Partner";
        not_found: "There is no such page", "Questa pagina non esiste";
        not_found_text: "The address may be misspelt, or what it showed belongs to somebody else or is gone.",
            "L'indirizzo può essere errato, oppure ciò che mostrava appartiene ad altri o non c'è più.";
        home: "Go to the start page", "Vai alla pagina iniziale";
        unavailable: "Our database cannot be reached right now", "Il nostro database non è raggiungibile in questo momento";
        unavailable_text: "Nothing is lost: your settings are kept, and syncs go on as soon as it is back. This page tries again by itself.",
            "Nulla è andato perso: le impostazioni restano e le sincronizzazioni riprendono appena torna. Questa pagina riprova da sola.";
        forbidden: "Your role does not allow this", "Il tuo ruolo non lo permette";
        forbidden_text: "You can look at everything here. To change something, ask an administrator of this partner for a role that may.",
            "Puoi consultare tutto. Per modificare qualcosa chiedi a un amministratore di questo partner un ruolo che lo permetta.";
        unconfirmed: "Confirm first that it is you", "Conferma prima che sei tu";
        unconfirmed_text: "You signed in a while ago, and nothing is changed. Open the page again: it asks who you are, and then the form can be sent.",
            "Hai effettuato l'accesso da un po', e nulla è cambiato. Riapri la pagina: ti chiede chi sei, poi il modulo si può inviare.";
        sessions: "Your sessions", "Le tue sessioni";
        bad_request: "This form could not be taken", "Questo modulo non è stato accettato";
        bad_request_text: "It may have been open for too long, or was sent from another page. Nothing is changed: go back, reload the page, and send it once more.",
            "Forse è rimasto aperto troppo a lungo, o è stato inviato da un'altra pagina. Nulla è cambiato: torna indietro, ricarica la pagina e invialo di nuovo.";
        too_large: "This form is too large", "Questo modulo è troppo grande";
        too_large_text: "Some field has far more text than it may have. Nothing is changed: go back and shorten it.",
            "Un campo contiene molto più testo del consentito. Nulla è cambiato: torna indietro e accorcialo.";
        bad_text: "A field cannot be taken as it is", "Un campo non può essere accettato così com'è";
        bad_text_field: "{field}: {fix} Nothing is changed.", "{field}: {fix} Nulla è cambiato.";
        broker_away: "The message broker cannot be reached right now: syncs wait, and nothing is lost.",
            "Il broker dei messaggi non è raggiungibile: le sincronizzazioni attendono e nulla è andato perso.";
    }
}

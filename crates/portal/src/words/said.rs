//! The texts of form outcomes.

super::words! {
    Said {
        asked: "The sync is under way. It is through within a couple of minutes.",
            "La sincronizzazione è partita. Si conclude entro un paio di minuti.";
        asked_waits: "The sync cannot begin yet: the run says what it waits for, and goes on by itself.",
            "La sincronizzazione non può ancora partire: l'esecuzione dice cosa attende, e riprende da sola.";
        saved_and_syncs: "Saved. A sync of all companies follows by itself with the new credentials.",
            "Salvato. Segue da sola una sincronizzazione di tutte le aziende con le nuove credenziali.";
        joined: "A sync is already going and does this too (JOB-02).",
            "Una sincronizzazione è già in corso e comprende anche questa (JOB-02).";
        refused_off: "Nothing is synced: the integration is off (JOB-01). Switch it on first.",
            "Nulla viene sincronizzato: l'integrazione è disattivata (JOB-01). Prima attivala.";
        refused: "Nothing is synced: the request was refused. The overview says what stands in the way.",
            "Nulla viene sincronizzato: la richiesta è stata rifiutata. Il riepilogo dice cosa lo impedisce.";
        unanswered: "The sync is asked for. The scheduler has not answered yet; it will be done as soon as it does.",
            "La sincronizzazione è richiesta. Il pianificatore non ha ancora risposto; partirà appena lo fa.";
        too_many_companies: "Nothing was asked for: these companies are more than one request has room for. Choose fewer, or sync all of them.",
            "Nulla è stato richiesto: le aziende sono più di quante ne stiano in una richiesta. Scegline meno, o sincronizzale tutte.";
        not_published: "The message broker cannot be reached: nothing was asked for. Try again in a moment.",
            "Il broker dei messaggi non è raggiungibile: nulla è stato richiesto. Riprova tra poco.";
        saved: "Saved.", "Salvato.";
        saved_first: "Saved. Next: map your products and companies, then press Sync now.",
            "Salvato. Ora associa prodotti e aziende, poi premi Sincronizza ora.";
        saved_stripped: "Saved. Of what was typed as host only the name is kept, as it stands below: a scheme, path, port or blank is no part of it.",
            "Salvato. Di quanto scritto come host viene tenuto solo il nome, come appare sotto: protocollo, percorso, porta o spazi non ne fanno parte.";
        saved_mapping: "Saved. Press Sync now, or Check again for one company, to send it at once.",
            "Salvato. Premi Sincronizza ora, o Verifica di nuovo per una sola azienda, per inviarlo subito.";
        saved_unknown: "Saved. Kaseya has not shown every service, contract and account of the mappings yet: nothing is sent for those before a sync has found them there under their names.",
            "Salvato. Kaseya non ha ancora mostrato tutti i servizi, i contratti e gli account delle mappature: per quelli non viene inviato nulla finché una sincronizzazione non li trova con il loro nome.";
        left_over: "Saved. Nothing is mapped any more to some lines that have units of ours: under Holds you are asked whether they go to 0.",
            "Salvato. Ad alcune righe con unità nostre non è più associato nulla: in Da approvare ti viene chiesto se portarle a 0.";
        corrected: "The number is corrected. It is sent while the month's invoice is not made.",
            "Il numero è corretto. Viene inviato finché la fattura del mese non è emessa.";
        decided: "Your decision is taken.", "La decisione è stata registrata.";
        decided_waits: "Your decision is taken, and the units cannot be sent yet: the run says what it waits for.",
            "La decisione è stata registrata, ma le unità non si possono ancora inviare: la sincronizzazione dice che cosa attende.";
        decided_off: "Your decision is taken. Nothing is sent while the integration is off.",
            "La decisione è stata registrata. Finché l'integrazione è disattivata non si invia nulla.";
        decided_in_part: "Not every decision could be taken: some numbers are others by now. Look again at what is listed.",
            "Non tutte le decisioni sono state registrate: alcuni numeri sono cambiati nel frattempo. Ricontrolla l'elenco.";
        nothing_chosen: "Choose at least one line first.", "Scegli prima almeno una riga.";
        last_admin: "Nothing is changed: nobody else could say who may come in. Let another administrator in first; a member counts from the first sign-in on.",
            "Non è cambiato nulla: nessun altro potrebbe decidere chi può accedere. Autorizza prima un altro amministratore; un membro conta dal suo primo accesso.";
    }
}

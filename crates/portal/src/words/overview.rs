//! The texts of a partner's first page.

super::words! {
    Overview {
        invoices: "{month} invoices", "Fatture di {month}";
        ready: "{number} ready", "{number} pronte";
        to_fix_one: "1 to fix", "1 da correggere";
        to_fix: "{number} to fix", "{number} da correggere";
        held_one: "1 to approve", "1 da approvare";
        held: "{number} to approve", "{number} da approvare";
        not_set_up: "Kaseya BMS is not connected yet", "Kaseya BMS non è ancora collegato";
        not_set_up_text: "Connect it, map products and companies, and the units on your clients' contracts follow the user counts by themselves.",
            "Collegalo, associa prodotti e aziende, e le unità sui contratti dei clienti seguiranno da sole il numero di utenti.";
        connect: "Connect Kaseya BMS", "Collega Kaseya BMS";
        is_off: "The integration is off", "L'integrazione è disattivata";
        is_off_text: "Nothing is sent to Kaseya. Settings and mappings can be edited all the same.",
            "Non viene inviato nulla a Kaseya. Impostazioni e mappature restano modificabili.";
        switching_off: "Switching off", "Disattivazione in corso";
        switching_off_text: "No new write begins. One that began before may take up to 30 seconds.",
            "Non inizia più alcuna scrittura; una già iniziata può essere ancora in corso, al massimo per 30 secondi.";
        refused: "Kaseya refuses the login ({code}), since {when}", "Kaseya rifiuta l'accesso ({code}) dal {when}";
        refused_text: "Nothing is sent until the credentials are corrected. We do not try again, so that Kaseya does not lock the user.",
            "Non viene inviato nulla finché le credenziali non sono corrette. Non riproviamo, per non bloccare l'utente.";
        fix_connection: "Fix the connection", "Correggi la connessione";
        at_risk: "{money} a month at risk", "{money} al mese a rischio";
        units_at_risk: "{units} units at risk", "{units} unità a rischio";
        last_run: "Last run", "Ultima esecuzione";
        running: "A sync is going", "Sincronizzazione in corso";
        see_progress: "see how far it is", "vedi a che punto è";
        unmapped_product: "{product}: no service is mapped, {users} users are billed nowhere (MAP-02).",
            "{product}: nessun servizio associato, {users} utenti non vengono fatturati (MAP-02).";
        incomplete_report: "Report {report} of {day} is incomplete: {received} of {parts} parts since {when}. Older user counts are sent until the provider sends the rest.",
            "Il rapporto {report} del {day} è incompleto: {received} parti su {parts} dal {when}. Finché il fornitore non invia il resto, valgono i conteggi precedenti.";
        map_products: "Map the products", "Associa i prodotti";
        writes_stopped: "All writes of this installation are stopped by its operator: nothing is sent to Kaseya.",
            "Tutte le scritture di questa installazione sono state fermate dal gestore: non viene inviato nulla a Kaseya.";
        attention: "Needs your attention", "Cosa richiede attenzione";
        nothing_waits: "Nothing needs your attention now.", "Ora nulla richiede attenzione.";
        company: "Company", "Azienda";
        contract: "Contract", "Contratto";
        state: "Status", "Stato";
        more: "and {number} more", "e altre {number}";
        all_companies: "All companies", "Tutte le aziende";
        next_run: "Next sync", "Prossima sincronizzazione";
        overdue: "overdue since {when}", "in ritardo: era prevista per il {when}";
        not_ready: "Not ready, and why:", "Non pronte, e perché:";
        none_while_off: "none while the integration is off", "nessuna finché l'integrazione è disattivata";
        no_schedule: "no schedule yet", "nessuna pianificazione";
        times: "Times are those of {zone}.", "Orari del fuso {zone}.";
        look: "See what to do", "Vedi cosa fare";
        map: "Map it", "Associa";
        decide: "Decide", "Decidi";
    }
}

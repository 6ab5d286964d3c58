//! The texts of runs.

super::words! {
    Activity {
        title: "Activity", "Attività";
        none: "No sync has run yet.", "Nessuna sincronizzazione eseguita finora.";
        run: "Run", "Esecuzione";
        by: "Asked by", "Avviata da";
        schedule: "schedule", "pianificazione";
        month_end: "month end", "fine mese";
        request: "request", "richiesta";
        full_read: "reading of all lines", "lettura di tutte le righe";
        probe: "probe", "verifica";
        plan: "plan: nothing is written", "piano: nulla viene scritto";
        state: "Status", "Stato";
        running: "running", "in corso";
        finished: "finished", "conclusa";
        superseded: "superseded by a newer run", "sostituita da un'esecuzione più recente";
        switched_off: "ended: switched off", "terminata: integrazione disattivata";
        started: "Started", "Inizio";
        ended: "Ended", "Fine";
        companies: "Companies", "Aziende";
        changed: "Changed", "Aggiornate";
        unchanged: "Equal", "Già allineate";
        held: "Held", "Da approvare";
        failed: "Not sent", "Non inviate";
        skipped: "Skipped", "Saltate";
        progress: "{done} of {all} companies and contracts so far", "{done} di {all} aziende e contratti finora";
        company: "Company", "Azienda";
        contract: "Contract", "Contratto";
        units: "Units", "Unità";
        effective: "From", "Dal";
        sync_now: "Sync now", "Sincronizza ora";
        plan_now: "Show what would change", "Mostra cosa cambierebbe";
        sync_help: "All companies, at once. Nothing is sent that waits for a person.",
            "Tutte le aziende, subito. Non viene inviato nulla che attende una persona.";
        would_change: "What would change", "Cosa cambierebbe";
        product: "Product", "Prodotto";
        money: "Money, a month", "Importo mensile";
        total: "All together", "In totale";
        nothing_yet: "Nothing has come out of this run yet.", "Questa esecuzione non ha ancora prodotto risultati.";
    }
}

//! The texts of a company's page.

super::words! {
    Company {
        ready: "ready", "pronta";
        not_ready: "not ready", "non pronta";
        account: "Account in Kaseya", "Account in Kaseya";
        contract: "Contract", "Contratto";
        no_contract: "No contract is chosen", "Nessun contratto scelto";
        not_mapped: "This company is not mapped: its users are billed nowhere.",
            "Questa azienda non è mappata: i suoi utenti non vengono fatturati.";
        map: "Map it", "Associa";
        decide: "Approve or dismiss", "Approva o scarta";
        edit: "Edit the mapping", "Modifica la mappatura";
        last_sync: "Last sync", "Ultima sincronizzazione";
        last_sync_help: "when Kaseya was last seen to hold our number", "quando Kaseya è stato visto l'ultima volta con il nostro numero";
        evidence: "What this rests on", "Su cosa si basa";
        evidence_read: "seen in Kaseya, {at}", "visto in Kaseya, {at}";
        evidence_implied: "implied by the contract's total, {at}", "risulta dal totale del contratto, {at}";
        evidence_remembered: "last known, {at}", "ultimo dato noto, {at}";
        last_change: "Last change", "Ultima modifica";
        never: "never", "mai";
        closed: "Closed from", "Chiusa dal";
        product: "Product", "Prodotto";
        users: "Users", "Utenti";
        basis: "Users are", "Gli utenti sono";
        billed: "Billed as", "Fatturati come";
        units: "Units on the line", "Unità sulla riga";
        counted: "Counted on", "Conteggio del";
        effective: "From", "Dal";
        state: "Status", "Stato";
        missing: "missing", "mancante";
        happened: "What happened", "Cosa è successo";
        next_invoice: "On the next invoice", "Nella prossima fattura";
        done: "What we did", "Cosa abbiamo fatto";
        to_do: "What to do", "Cosa fare";
        detail: "In detail", "In dettaglio";
        kaseya_says: "In Kaseya's own words", "Con le parole di Kaseya";
        trace: "Trace id", "Id traccia";
        check_again: "Check again", "Verifica di nuovo";
        plan: "Show what would change", "Mostra cosa cambierebbe";
        rules: "Billing rules", "Regole di fatturazione";
        not_billed: "not billed", "non fatturato";
        minimum: "at least {number}", "minimo {number}";
        included: "{number} free", "{number} inclusi";
    }
}

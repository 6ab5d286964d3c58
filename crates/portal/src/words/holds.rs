//! The texts of changes that wait for a person.

super::words! {
    Holds {
        title: "Changes that wait for you", "Modifiche da approvare";
        explained: "These numbers are far from what Kaseya shows now or from the last invoice, so nothing is sent before a person has looked. An approval stands this month, while Kaseya shows the same and the number stays about the same.",
            "Questi numeri sono lontani da quelli che Kaseya mostra ora o dall'ultima fattura: non viene inviato nulla prima che una persona li abbia guardati. Un'approvazione vale per questo mese, finché Kaseya mostra lo stesso numero e il nostro resta più o meno lo stesso.";
        none: "Nothing waits for you.", "Nulla da approvare.";
        choose: "Choose", "Scegli";
        companies: "Company", "Azienda";
        service: "Service", "Servizio";
        change: "Units", "Unità";
        reason: "Why it waits", "Perché attende";
        a_month: "{money} a month", "{money} al mese";
        fall_to_zero: "it, or a company's share of it, falls to 0", "scende a 0, o scende a 0 la quota di un'azienda";
        large_change: "far from what Kaseya shows now or from the last invoice", "lontano da ciò che Kaseya mostra ora o dall'ultima fattura";
        many_companies: "many companies at once", "molte aziende insieme";
        plan_switch: "plan switch", "cambio di piano";
        leftover: "nothing is mapped to this line any more", "a questa riga non è più associato nulla";
        drift: "the line was edited in Kaseya", "la riga è stata modificata in Kaseya";
        billing_cycle: "the contract is not billed monthly", "il contratto non è fatturato mensilmente";
        later_final: "a later final count differs from the frozen one", "un conteggio definitivo successivo è diverso da quello del mese";
        set_elsewhere: "the line changed back: send once more?", "la riga è tornata com'era: inviare un'altra volta?";
        from_day: "From", "Dal";
        since: "Since", "In attesa da";
        state: "Status", "Stato";
        open: "open", "da approvare";
        approved: "approved, not sent yet", "approvata, non ancora inviata";
        dismissed: "dismissed", "scartata";
        approve: "Approve", "Approva";
        dismiss: "Dismiss", "Scarta";
        chosen: "For all that are ticked:", "Per tutte quelle selezionate:";
        pair: "plan switch: both lines are decided together", "cambio di piano: le due righe si decidono insieme";
    }
}

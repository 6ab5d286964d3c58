//! The texts of the journal.

super::words! {
    Journal {
        title: "Journal", "Registro";
        explained: "Every change that was sent to Kaseya, with its cause.", "Ogni modifica inviata a Kaseya, con la sua causa.";
        none: "Nothing was changed in Kaseya yet.", "In Kaseya non è stato ancora modificato nulla.";
        csv: "Download as CSV", "Scarica come CSV";
        older: "Older entries", "Voci precedenti";
        when: "When", "Quando";
        companies: "Companies", "Aziende";
        contract: "Contract", "Contratto";
        units: "Units", "Unità";
        effective: "From", "Dal";
        other_date: "in Kaseya: {day}", "in Kaseya: {day}";
        cause: "Cause", "Causa";
        approved: "approved by a person", "approvata da una persona";
        pair: "half of a plan switch", "metà di un cambio di piano";
        standing: "In Kaseya", "In Kaseya";
        sent: "sent, to be confirmed", "inviata, da confermare";
        confirmed: "confirmed", "confermata";
        seen: "seen in Kaseya, {at}", "vista in Kaseya, {at}";
        implied: "implied by the contract's total, {at}", "risulta dal totale del contratto, {at}";
        unsure: "no answer: it is read again before anything else", "senza risposta: verrà riletta prima di ogni altra cosa";
        not_applied: "did not land", "non applicata";
        trace: "Trace id", "Id traccia";
        history: "Changes sent to Kaseya", "Modifiche inviate a Kaseya";
        no_history: "Nothing was changed for this company yet.", "Per questa azienda non è stato ancora modificato nulla.";
    }
}

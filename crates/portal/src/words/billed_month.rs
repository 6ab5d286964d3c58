//! The texts of a billed month.

super::words! {
    BilledMonth {
        title: "Last month: {month}", "Mese scorso: {month}";
        product: "Product", "Prodotto";
        counted: "Counted on its last day", "Contati l'ultimo giorno";
        charged: "Charged to you by Password Boss", "Addebitati a te da Password Boss";
        difference: "Difference", "Differenza";
        correct: "Correct a number", "Correggi un numero";
        missing: "missing", "mancante";
        help: "What you are charged is shown for comparison: your clients are billed by the count.",
            "Quanto ti viene addebitato è mostrato per confronto: i tuoi clienti sono fatturati in base al conteggio.";
    }
}

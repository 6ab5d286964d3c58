//! The words of the schedule.

super::words! {
    /// The words of the schedule.
    Schedule {
        frequency: "How often", "Frequenza";
        daily: "every day", "ogni giorno";
        weekly: "every week", "ogni settimana";
        weekday: "Weekday, if weekly", "Giorno, se settimanale";
        hour: "Hour", "Ora";
        zone: "Time zone", "Fuso orario";
        zone_help: "Begin to type a city, for example Rome.", "Inizia a scrivere una città, per esempio Rome.";
        ask_zone: "Take the one that Kaseya has for the user", "Usa quello che Kaseya ha per l'utente";
        save: "Save", "Salva";
        next: "The next three syncs", "Le prossime tre sincronizzazioni";
        none: "No schedule is set: nothing is synced by itself.", "Nessuna pianificazione: nulla viene sincronizzato automaticamente.";
        count: "The count that is billed", "Il conteggio che viene fatturato";
        count_text: "Password Boss takes the month's count on its last day ({zone}), and charges you for it on the first of the next month.",
            "Password Boss calcola il conteggio mensile l'ultimo giorno del mese ({zone}) e te lo addebita il primo del mese successivo.";
        advice: "Sync before Kaseya makes its invoices, so that they show the right number of users.",
            "Sincronizza prima che Kaseya emetta le fatture, così mostreranno il numero corretto di utenti.";
        invoices: "Your invoices are made on day {day} of each month.", "Le tue fatture vengono emesse il giorno {day} di ogni mese.";
        in_time: "The last sync before the invoices of {invoices} is on {sync}: in time.",
            "L'ultima sincronizzazione prima delle fatture del {invoices} è il {sync}: in tempo.";
        too_late: "This schedule misses the invoices of {invoices}: after the month's count is final ({final_at}), its first sync is only on {sync}.",
            "Questa pianificazione non arriva in tempo per le fatture del {invoices}: dopo che il conteggio del mese è definitivo ({final_at}), la prima sincronizzazione è solo il {sync}.";
        month_end: "The month-end run pushes the final count all the same, as soon as it is final.",
            "L'esecuzione di fine mese invia comunque il conteggio definitivo appena disponibile.";
        no_month_end: "The month-end run is off: choose another day or hour, or switch it on under Connection.",
            "L'esecuzione di fine mese è disattivata: scegli un altro giorno o un'altra ora, oppure attivala in Connessione.";
        monday: "Monday", "lunedì";
        tuesday: "Tuesday", "martedì";
        wednesday: "Wednesday", "mercoledì";
        thursday: "Thursday", "giovedì";
        friday: "Friday", "venerdì";
        saturday: "Saturday", "sabato";
        sunday: "Sunday", "domenica";
        zone_wrong: "This is no time zone of the IANA database. Choose one, such as Europe/Rome.",
            "Questo non è un fuso orario del database IANA. Scegline uno, per esempio Europe/Rome.";
    }
}

//! The texts of the schedule.

super::words! {
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
        too_late: "Missed: Kaseya's invoices may be made from {invoices} on, and the month's count is final only at {final_at}; the month-end run pushes it then.",
            "In ritardo: le fatture di Kaseya possono essere emesse dal {invoices}, e il conteggio del mese è definitivo solo il {final_at}; l'esecuzione di fine mese lo invia allora.";
        too_late_without: "Missed: Kaseya's invoices may be made from {invoices} on. After the month's count is final ({final_at}), the first sync is only on {sync}.",
            "In ritardo: le fatture di Kaseya possono essere emesse dal {invoices}. Dopo che il conteggio del mese è definitivo ({final_at}), la prima sincronizzazione è solo il {sync}.";
        other_day: "No schedule can be earlier. Make the invoices on day {day} or later, and set that day under Connection.",
            "Nessuna pianificazione può arrivare prima. Emetti le fatture il giorno {day} o più tardi, e imposta quel giorno in Connessione.";
        other_day_or_run: "Switch the month-end run on under Connection, or make the invoices on day {day} or later and set that day there.",
            "Attiva l'esecuzione di fine mese in Connessione, oppure emetti le fatture il giorno {day} o più tardi e imposta lì quel giorno.";
        month_end: "In time by the month-end run: it pushes the final count as soon as it is final, at {final_at} at the latest, before the invoices of {invoices}. The schedule's own next sync is only on {sync}.",
            "In tempo con l'esecuzione di fine mese: invia il conteggio appena è definitivo, al più tardi il {final_at}, prima delle fatture del {invoices}. La sincronizzazione pianificata è solo il {sync}.";
        no_month_end: "Choose another day or hour, or switch the month-end run on under Connection.",
            "Scegli un altro giorno o un'altra ora, oppure attiva l'esecuzione di fine mese in Connessione.";
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

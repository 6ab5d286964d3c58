//! The texts of the mapping file.

super::words! {
    MappingFile {
        title: "Mapping file", "File delle mappature";
        explained: "All mappings as one file for a spreadsheet: services of products, accounts and contracts of companies, billing rules. What you leave out of it stays as it is; an emptied cell takes the mapping away.",
            "Tutte le mappature in un file per un foglio di calcolo: servizi dei prodotti, account e contratti delle aziende, regole di fatturazione. Ciò che ometti resta com'è; una cella svuotata toglie la mappatura.";
        download: "Download the file", "Scarica il file";
        upload: "Take a file", "Carica un file";
        file: "CSV file", "File CSV";
        file_help: "UTF-8, at most 5 MB and 50,000 rows. Nothing is stored yet: first you see what it would change.",
            "UTF-8, al massimo 5 MB e 50.000 righe. Nulla viene ancora salvato: prima vedi cosa cambierebbe.";
        look: "See what it would change", "Vedi cosa cambierebbe";
        bad_rows: "Rows to fix ({number})", "Righe da correggere ({number})";
        bad_explained: "Nothing in the file is applied until all of them are fixed: change them in your spreadsheet and upload the file again.",
            "Nulla del file viene applicato finché non sono tutte corrette: modificale nel foglio di calcolo e carica di nuovo il file.";
        line: "Row", "Riga";
        column: "Column", "Colonna";
        fix: "What to fix", "Cosa correggere";
        differences: "What changes ({number})", "Cosa cambia ({number})";
        what: "Of what", "Di cosa";
        from: "Now", "Ora";
        to: "Then", "Poi";
        first_shown: "The first {number} are shown.", "Sono mostrate le prime {number}.";
        no_difference: "The file changes nothing: all is stored as it says.", "Il file non cambia nulla: è già tutto salvato così.";
        leftovers: "To these lines nothing would be mapped any more: {names}. Under Holds you will be asked whether they go to 0.",
            "A queste righe non sarebbe più associato nulla: {names}. In Da approvare ti verrà chiesto se portarle a 0.";
        not_yet_known: "Not yet known to Kaseya: {names}. You can apply the file all the same; nothing is sent for them before a sync has found them there under these names.",
            "Non ancora noti a Kaseya: {names}. Puoi comunque applicare il file; non verrà inviato nulla finché una sincronizzazione non li avrà trovati con questi nomi.";
        unknown_service: "service {id} {name}", "servizio {id} {name}";
        unknown_contract: "contract {id} {name}", "contratto {id} {name}";
        unknown_account: "account {id} {name}", "account {id} {name}";
        and_more: "and {number} more", "e altri {number}";
        leftover: "{contract}, {service}: {units} units", "{contract}, {service}: {units} unità";
        together_companies: "The users of these companies would be added together on one line: {names}. Is that what you want?",
            "Gli utenti di queste aziende verrebbero sommati su una sola riga: {names}. È quello che vuoi?";
        together_products: "These products would be billed as one service, their users added together: {names}. Is that what you want?",
            "Questi prodotti verrebbero fatturati come un solo servizio, sommando gli utenti: {names}. È quello che vuoi?";
        together: "Yes, add them together", "Sì, sommali";
        apply: "Apply all of it", "Applica tutto";
        changed_meanwhile: "Something was changed meanwhile: nothing of the file was applied. Here is what it would change now.",
            "Nel frattempo qualcosa è stato modificato: nulla del file è stato applicato. Ecco cosa cambierebbe ora.";
        answer: "Nothing was applied: first say whether users are to be added together.",
            "Nulla è stato applicato: prima indica se gli utenti vanno sommati.";
        nothing: "none", "nessuno";
        rule_of: "Billing rule of {product}", "Regola di fatturazione di {product}";
        as_counted: "as counted", "come contati";
        not_billed: "not billed: {note}", "non fatturato: {note}";
        billed: "at least {minimum}, {included_free} free", "almeno {minimum}, {included_free} gratuiti";
        no_file: "Choose a file first.", "Scegli prima un file.";
        too_large: "The file is larger than 5 MB: split it, what is left out stays as it is.",
            "Il file supera 5 MB: dividilo, ciò che manca resta com'è.";
        too_many_rows: "The file has more than 50,000 rows: split it, what is left out stays as it is.",
            "Il file ha più di 50.000 righe: dividilo, ciò che manca resta com'è.";
        not_utf8: "The file is not UTF-8: save it in your spreadsheet as \"CSV UTF-8\".",
            "Il file non è UTF-8: salvalo nel foglio di calcolo come \"CSV UTF-8\".";
        no_column: "The first row names no column {column}: begin with the downloaded file.",
            "La prima riga non contiene la colonna {column}: parti dal file scaricato.";
        missing: "It is empty, and must not be.", "È vuota e non deve esserlo.";
        out_of_range: "Write a whole number from {least} to {most}.", "Scrivi un numero intero da {least} a {most}.";
        not_one_of: "Write one of: {words}.", "Scrivi uno di questi: {words}.";
        unknown: "There is no {id}.", "{id} non esiste.";
        other_name: "The one of this id is called {name}: your spreadsheet may have changed the id. Correct it, or empty the name.",
            "Quello con questo id si chiama {name}: il foglio di calcolo potrebbe aver cambiato l'id. Correggilo, o svuota il nome.";
        not_its_name: "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05): correct the id or the name.",
            "Kaseya chiama \"{named}\" ciò che ha l'id {id}, non \"{told}\" (MAP-05): correggi l'id o il nome.";
        twice: "Row {line} is about the same: leave one.", "La riga {line} riguarda lo stesso: lasciane una.";
        no_effect: "Nothing is done with this cell in a row of this kind: empty it.",
            "In una riga di questo tipo questa cella non ha effetto: svuotala.";
        no_effect_without: "Nothing is done with this cell as it is: empty it, or fill in {column}.",
            "Così questa cella non ha effetto: svuotala, oppure compila {column}.";
        strange_column: "The column \"{column}\" is not read, or named twice: remove it.",
            "La colonna \"{column}\" non viene letta o compare due volte: toglila.";
        not_mapped: "The company is not mapped: give it an account and a contract first.",
            "L'azienda non è mappata: prima assegnale un account e un contratto.";
        other_account: "Other companies have this contract under another account: {names}.",
            "Altre aziende hanno questo contratto sotto un altro account: {names}.";
        too_many_cells: "The row has more cells than the first row: put quotes around a name with a separator in it.",
            "La riga ha più celle della prima: metti tra virgolette un nome che contiene un separatore.";
    }
}

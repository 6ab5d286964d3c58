//! The texts of the connection to Kaseya: the tiles, the form and its outcomes.

super::words! {
    Connection {
        available: "Available integrations", "Integrazioni disponibili";
        tile: "Counts your clients' users and keeps the units on their Kaseya contracts equal.",
            "Conta gli utenti dei tuoi clienti e mantiene uguali le unità sui loro contratti Kaseya.";
        not_set_up: "not connected", "non collegato";
        on: "on", "attiva";
        off: "off", "disattivata";
        switching_off: "switching off", "in disattivazione";
        title: "Kaseya BMS", "Kaseya BMS";
        explained: "Password Boss counts; the numbers go from here to Kaseya, never back.",
            "Password Boss conta; i numeri vanno da qui a Kaseya, mai al contrario.";
        tab_connection: "Connection", "Connessione";
        tab_products: "Product mappings", "Mappature dei prodotti";
        tab_schedule: "Sync schedule", "Programma di sincronizzazione";
        tab_companies: "Company Mapping", "Mappatura aziendale";
        ready: "Have these four things ready", "Tieni pronte queste quattro cose";
        ready_host: "the host name of your Kaseya instance", "il nome host della tua istanza Kaseya";
        ready_user: "the user name of a user who works unattended", "il nome utente di un utente che lavora senza presidio";
        ready_password: "the password of that user", "la password di quell'utente";
        ready_company: "the name of your company in Kaseya", "il nome della tua azienda in Kaseya";
        recipe: "How to make that user in Kaseya", "Come creare quell'utente in Kaseya";
        recipe_1: "In Kaseya: Admin > HR > Employees > Add, type API Employee. It uses no licence and is asked for no second factor, as an ordinary administrator is.",
            "In Kaseya: Admin > HR > Employees > Add, tipo API Employee. Non usa licenze e non gli viene chiesto un secondo fattore, come invece a un amministratore ordinario.";
        recipe_2: "Give it a role of type Internal with the special feature Has API Access (Admin > Security > Roles).",
            "Assegnagli un ruolo di tipo Internal con la funzione speciale Has API Access (Admin > Security > Roles).";
        recipe_3: "The role's rights: CRM > Accounts: View; Finance > Contracts: View and Modify; Admin > Finance > Services: View.",
            "Diritti del ruolo: CRM > Accounts: View; Finance > Contracts: View e Modify; Admin > Finance > Services: View.";
        recipe_4: "Log in once with it in a browser, so that the first password is changed, and enter the new one here.",
            "Accedi una volta con questo utente dal browser, così la prima password viene cambiata, e inserisci qui quella nuova.";
        host: "Host name", "Nome host";
        host_help: "The host of your Kaseya, without https:// and without a path: for example bms.kaseya.com, bmsemea.kaseya.com, bmsapac.kaseya.com, vorexlogin.com, or your own.",
            "L'host del tuo Kaseya, senza https:// e senza percorso: per esempio bms.kaseya.com, bmsemea.kaseya.com, bmsapac.kaseya.com, vorexlogin.com, o il tuo.";
        user_name: "User name", "Nome utente";
        password: "Password", "Password";
        password_help: "It is sealed, and never shown again.", "Viene sigillata e non viene più mostrata.";
        password_stored: "One is stored. Leave this empty to keep it; type it again when host, user or company name change.",
            "Ce n'è una salvata. Lascia vuoto per mantenerla; reinseriscila se cambiano host, utente o nome dell'azienda.";
        company_name: "Company name", "Nome dell'azienda";
        company_name_help: "The name of your company in Kaseya, exactly as it is written on Kaseya's login page.",
            "Il nome della tua azienda in Kaseya, esattamente come è scritto nella pagina di accesso di Kaseya.";
        addresses: "Custom API addresses", "Indirizzi API personalizzati";
        addresses_help: "Only if Kaseya's API is not at the host's usual address.",
            "Solo se l'API di Kaseya non si trova all'indirizzo abituale dell'host.";
        v2_base: "Address of V2", "Indirizzo di V2";
        v1_base: "Address of V1", "Indirizzo di V1";
        billing: "Your contracts are invoiced", "I tuoi contratti vengono fatturati";
        arrears: "in arrears: for the month that ended", "posticipati: per il mese concluso";
        advance: "in advance: for the month to come", "anticipati: per il mese che inizia";
        invoice_day: "Day of the month on which Kaseya makes your invoices", "Giorno del mese in cui Kaseya emette le tue fatture";
        invoice_day_help: "From 1 to 28. Syncs are checked against it, and the month's last count is there before it.",
            "Da 1 a 28. Le sincronizzazioni vengono confrontate con questo giorno, e prima di esso l'ultimo conteggio del mese è già inviato.";
        month_end_run: "Push the month's last count as soon as it is final", "Invia l'ultimo conteggio del mese appena è definitivo";
        status: "Integration status", "Stato integrazione";
        enable: "Enable the integration", "Abilita l'integrazione";
        enable_help: "Off, nothing is sent to Kaseya; settings and mappings can be edited all the same.",
            "Se disattivata non viene inviato nulla a Kaseya; impostazioni e mappature restano modificabili.";
        authenticate: "Authenticate", "Autentica";
        authenticate_help: "Tries the values on screen. It stores nothing and changes nothing in Kaseya.",
            "Prova i valori sullo schermo. Non salva nulla e non modifica nulla in Kaseya.";
        save: "Save", "Salva";
        fixed: "I have fixed this in Kaseya: try the same values again", "Ho corretto in Kaseya: riprova gli stessi valori";
        shared_tenant: "This installation already uses this company name in Kaseya. Two integrations must not write the same line. Nothing is stored yet.",
            "Questa installazione usa già questo nome dell'azienda in Kaseya. Due integrazioni non devono scrivere la stessa riga. Nulla è stato ancora salvato.";
        share_tenant: "Use it here too", "Usalo anche qui";
        works: "The connection works.", "La connessione funziona.";
        works_not: "The connection does not work yet. Nothing is stored.", "La connessione non funziona ancora. Nulla è stato salvato.";
        not_stored: "Nothing is stored yet.", "Nulla è stato ancora salvato.";
        check_log_in_v2: "Login", "Accesso";
        check_api_access: "API access (Has API Access)", "Accesso API (Has API Access)";
        check_view_accounts: "Accounts can be read", "Gli account sono leggibili";
        check_view_contracts: "Contracts can be read", "I contratti sono leggibili";
        check_view_services: "Services can be read", "I servizi sono leggibili";
        check_log_in_v1: "Login to the older API (V1)", "Accesso all'API precedente (V1)";
        check_view_lines: "A contract's lines can be read", "Le righe di un contratto sono leggibili";
        check_modify_contracts: "A contract's lines can be changed", "Le righe di un contratto sono modificabili";
        not_reached: "not tried", "non provato";
        unknown: "no read can prove it; the first sync will show it", "nessuna lettura può provarlo; lo mostrerà la prima sincronizzazione";
        kaseya_said: "Kaseya said: {words}", "Kaseya ha risposto: {words}";
        right: "The right is given in {menu}.", "Il diritto si assegna in {menu}.";
        stripped: "Only the host is kept: {host}", "Viene tenuto solo l'host: {host}";
        refused_before: "Kaseya refused the same values on {when} ({code}). We do not try them again, so that Kaseya does not lock the user. Change them, or confirm that you have fixed the cause in Kaseya.",
            "Kaseya ha rifiutato proprio questi valori il {when} ({code}). Non vengono riprovati, per non bloccare l'utente. Modificali, oppure indica che hai corretto in Kaseya.";
        not_before: "Logins of this user wait until {when} (AUTH-08): earlier ones were refused or had no answer, and another might lock it in Kaseya. The saved credentials do not wait.",
            "Gli accessi di questo utente attendono fino al {when} (AUTH-08): altri sono stati rifiutati o sono rimasti senza risposta, e un altro potrebbe bloccarlo in Kaseya. Le credenziali salvate non attendono.";
        too_often: "Too many tries. The next one is made from {when} on, so that the user is not locked.",
            "Troppi tentativi. Il prossimo è possibile dal {when}, per non bloccare l'utente.";
        last_try: "One try is left. If Kaseya refuses it too, new values can be tried again only from {when} on (AUTH-08): Kaseya locks a user after 5 refusals. Saved credentials that work go on.",
            "Resta un solo tentativo. Se Kaseya rifiuta anche quello, nuovi valori si potranno provare solo dal {when} (AUTH-08): Kaseya blocca un utente dopo 5 rifiuti. Le credenziali salvate che funzionano continuano.";
        no_try_left: "No try is left: new values can be tried again from {when} on (AUTH-08). Kaseya locks a user after 5 refusals. Saved credentials that work go on.",
            "Non restano tentativi: nuovi valori si potranno provare dal {when} (AUTH-08). Kaseya blocca un utente dopo 5 rifiuti. Le credenziali salvate che funzionano continuano.";
        sync_follows: "Kaseya takes the saved credentials again: a sync of all companies follows by itself.",
            "Kaseya accetta di nuovo le credenziali salvate: segue da sola una sincronizzazione di tutte le aziende.";
        call_limit: "This hour's calls to Kaseya are used up (LIM-01). Try again later.",
            "Le chiamate a Kaseya di quest'ora sono esaurite (LIM-01). Riprova più tardi.";
        not_proven: "The new credentials do not prove right: nothing of the form is stored, and credentials in force stay.",
            "Le nuove credenziali non risultano valide: nulla del modulo è stato salvato e restano quelle in vigore, se ci sono.";
        mistakes: "Nothing is stored yet: see the fields that are marked.", "Nulla è stato ancora salvato: controlla i campi indicati.";
        missing: "This must be filled in.", "Questo campo è obbligatorio.";
        host_wrong: "This is no host name. Write only the name, such as bms.kaseya.com.",
            "Questo non è un nome host. Scrivi solo il nome, per esempio bms.kaseya.com.";
        host_fix: "This is no host name. Write only: {fix}", "Questo non è un nome host. Scrivi solo: {fix}";
        address_wrong: "Write it like https://api.bms.kaseya.com, without user, query or fragment.",
            "Scrivilo come https://api.bms.kaseya.com, senza utente, query o frammento.";
        address_not_allowed: "{host} is not under {domain}, and this installation does not allow it. Leave the field empty, or ask the operator to add {host} to allowed_hosts in [kaseya].",
            "{host} non è sotto {domain} e questa installazione non lo consente. Lascia vuoto il campo, oppure chiedi al gestore di aggiungere {host} ad allowed_hosts in [kaseya].";
        type_again: "Type the password again: host, user, company name or address are others than those it was stored for.",
            "Reinserisci la password: host, utente, nome dell'azienda o indirizzo sono diversi da quelli per cui era salvata.";
        out_of_range: "Write a whole number from {least} to {most}.", "Scrivi un numero intero da {least} a {most}.";
    }
}

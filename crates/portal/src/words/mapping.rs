//! The texts of mappings: products to services, companies to accounts and contracts.

super::words! {
    Mapping {
        products_help: "Each product's users are billed as a service that you have made in Kaseya under Administration > Finance > Services. A product without a service is billed nowhere.",
            "Gli utenti di ogni prodotto vengono fatturati come un servizio creato in Kaseya da Amministrazione > Finanza > Servizi. Un prodotto senza servizio non viene fatturato.";
        product: "Password Boss product", "Prodotto Password Boss";
        service: "Kaseya service", "Servizio Kaseya";
        not_yet_known: "not yet known to Kaseya", "non ancora noto a Kaseya";
        no_service: "no service", "nessun servizio";
        no_products: "There are no products yet. They appear here as soon as Password Boss reports them.",
            "Non ci sono ancora prodotti. Compaiono qui appena Password Boss li segnala.";
        mapping_file: "Mapping file", "File delle mappature";
        edit: "Edit", "Modifica";
        cancel: "Cancel", "Annulla";
        save: "Save", "Salva";
        search_services: "Search the services in Kaseya", "Cerca i servizi in Kaseya";
        search_help: "Part of the name is enough. Inactive services are left out.", "Basta una parte del nome. I servizi non attivi sono esclusi.";
        search: "Search", "Cerca";
        found_service: "1 active service found", "1 servizio attivo trovato";
        found_services: "{number} active services found", "{number} servizi attivi trovati";
        found_none: "No active service of that name is in Kaseya. Make it there under Administration > Finance > Services, then search again.",
            "In Kaseya non c'è alcun servizio attivo con questo nome. Crealo da Amministrazione > Finanza > Servizi, poi cerca di nuovo.";
        together_products: "These products would be billed as one service, their users added together: {names}. Is that what you want?",
            "Questi prodotti verrebbero fatturati come un solo servizio, sommando gli utenti: {names}. È quello che vuoi?";
        together_companies: "On this contract and service are the users of other companies too: {names}. Their users would be added together. Is that what you want?",
            "Su questo contratto e servizio ci sono anche gli utenti di altre aziende: {names}. Gli utenti verrebbero sommati. È quello che vuoi?";
        together: "Yes, add them together", "Sì, sommali";
        title_company: "Mapping of {company}", "Mappatura di {company}";
        step_account: "1. The account in Kaseya", "1. L'account in Kaseya";
        step_contract: "2. Its contract", "2. Il suo contratto";
        search_accounts: "Search the accounts in Kaseya", "Cerca gli account in Kaseya";
        suggested: "Suggested by the name", "Suggeriti in base al nome";
        score: "{score} % alike", "somiglianza {score} %";
        accounts: "Accounts", "Account";
        no_accounts: "No account of that name is in Kaseya, or the user's role does not show it.",
            "In Kaseya non c'è alcun account con questo nome, oppure il ruolo dell'utente non lo mostra.";
        active: "active", "attivo";
        inactive: "inactive", "non attivo";
        other_account: "Choose another account", "Scegli un altro account";
        no_contracts: "This account has no contract. Make one of the type Recurring Services in Kaseya: Finance > Contracts.",
            "Questo account non ha contratti. Creane uno di tipo Recurring Services in Kaseya: Finance > Contracts.";
        ends: "ends on {day}", "termina il {day}";
        ends_soon: "ends soon, on {day}", "termina presto, il {day}";
        refused_con_01: "cannot be chosen: it has ended (CON-01)", "non selezionabile: è terminato (CON-01)";
        refused_con_02: "cannot be chosen: it is not active (CON-02)", "non selezionabile: non è attivo (CON-02)";
        refused_con_03: "cannot be chosen: it is not of the type Recurring Services (CON-03)",
            "non selezionabile: non è di tipo Recurring Services (CON-03)";
        own_contract: "Contract of {product}", "Contratto di {product}";
        same_contract: "the same contract", "lo stesso contratto";
        own_contracts: "A product on another contract of the account", "Un prodotto su un altro contratto dell'account";
        remove: "Remove the mapping", "Rimuovi la mappatura";
        remove_help: "What stands in Kaseya stays there; of each line that is left over you are asked under Holds.",
            "Ciò che è in Kaseya vi rimane; per ogni riga lasciata indietro ti verrà chiesto in Da approvare.";
        contract_missing: "Choose a contract: a mapping without one is not saved.",
            "Scegli un contratto: senza contratto la mappatura non viene salvata.";
        account_missing: "Choose an account.", "Scegli un account.";
        not_its_name: "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05). Choose it again from the list.",
            "Kaseya chiama \"{named}\" ciò che ha l'id {id}, non \"{told}\" (MAP-05). Sceglilo di nuovo dall'elenco.";
        other_account_of: "Other companies have this contract under another account. Choose a contract of this account.",
            "Altre aziende hanno questo contratto sotto un altro account. Scegli un contratto di questo account.";
        unknown: "There is no such product or company any more: reload the page.",
            "Questo prodotto o questa azienda non esiste più: ricarica la pagina.";
        stale: "Somebody else has changed this mapping meanwhile. Here is what is stored now; nothing of yours was saved.",
            "Qualcun altro ha modificato questa mappatura nel frattempo. Ecco cosa è salvato ora; nulla di tuo è stato salvato.";
        not_read: "Kaseya cannot be asked right now ({code}).", "Kaseya non è interrogabile in questo momento ({code}).";
        not_read_before: "Kaseya is not asked before {when}, so that the user is not locked.",
            "Kaseya non viene interrogato prima del {when}, per non bloccare l'utente.";
        not_read_now: "Too many look-ups: the next is possible from {when} on.",
            "Troppe ricerche: la prossima è possibile dal {when}.";
        host_not_allowed: "The connection has an address of its own at {host}, which this installation does not allow: nothing was asked of Kaseya.",
            "La connessione ha un indirizzo API personalizzato su {host}, che questa installazione non consente: a Kaseya non è stato chiesto nulla.";
        fix_connection: "See the connection", "Vedi la connessione";
    }
}

//! The texts of suggestions.

super::words! {
    Suggestions {
        title: "Suggested mappings", "Mappature suggerite";
        explained: "Companies that are not mapped, those with most users first, each with the accounts in Kaseya whose names are alike. Nothing is mapped before you confirm it.",
            "Aziende non mappate, prima quelle con più utenti, ciascuna con gli account di Kaseya dal nome simile. Nulla viene mappato prima della tua conferma.";
        company: "Company", "Azienda";
        users: "Users", "Utenti";
        account: "Account", "Account";
        contract: "Contract", "Contratto";
        choose: "Choose", "Scegli";
        choose_account: "Several are as alike: choose one", "Più account sono ugualmente simili: scegline uno";
        account_of: "Account of {company}", "Account di {company}";
        contract_of: "Contract of {company}", "Contratto di {company}";
        scored: "{name} ({score} % alike)", "{name} (somiglianza {score} %)";
        no_suggestion: "no account of a like name", "nessun account dal nome simile";
        see_contracts: "See the contracts of the chosen ones", "Vedi i contratti delle aziende scelte";
        not_now: "do not map now", "non mappare ora";
        no_contract: "no contract of this account can be chosen", "nessun contratto di questo account è selezionabile";
        ends_soon: "{contract}, ends on {day}", "{contract}, termina il {day}";
        confirm: "Map these companies", "Mappa queste aziende";
        nothing_chosen: "Choose at least one company.", "Scegli almeno un'azienda.";
        none: "No company is left to map.", "Non resta alcuna azienda da mappare.";
        refused: "Not mapped: {names}. Map them one by one: each page says why.",
            "Non mappate: {names}. Mappale una per una: ogni pagina dice perché.";
        together: "Add users together where several companies come to one contract and service",
            "Somma gli utenti quando più aziende finiscono sullo stesso contratto e servizio";
        together_asked: "On the same contract and service as other companies would be: {names}. Their users would be added together. Is that what you want?",
            "Sullo stesso contratto e servizio di altre aziende finirebbero: {names}. Gli utenti verrebbero sommati. È quello che vuoi?";
        more: "Next companies", "Aziende successive";
    }
}

//! The texts of the table of companies.

use domain::CountBasis;

super::words! {
    Companies {
        title: "Company Mapping", "Mappatura aziendale";
        search: "Search a company, account or contract", "Cerca un'azienda, un account o un contratto";
        search_button: "Search", "Cerca";
        show: "Show", "Mostra";
        all: "all", "tutte";
        needs_person: "needs you", "da guardare";
        unmapped: "not mapped", "non mappate";
        failed: "not sent", "non inviate";
        held: "to approve", "da approvare";
        changed: "changed", "aggiornate";
        not_billed: "not billed", "non fatturate";
        closed: "closed", "chiuse";
        never: "never synced", "mai sincronizzate";
        company: "Company", "Azienda";
        account: "Account", "Account";
        contract: "Contract", "Contratto";
        users: "Users", "Utenti";
        last_month: "Last month", "Mese scorso";
        charged: "Charged to you", "Addebitati a te";
        charged_otherwise: "(not the month's count)", "(diverso dal conteggio del mese)";
        state: "Status", "Stato";
        last_sync: "Last sync", "Ultima sincronizzazione";
        never_synced: "never", "mai";
        seen: "seen in Kaseya", "visto in Kaseya";
        implied: "by the contract's total", "dal totale del contratto";
        remembered: "last known", "ultimo dato noto";
        missing: "missing", "mancante";
        edit: "Edit", "Modifica";
        suggestions: "Suggested mappings", "Mappature suggerite";
        mapping_file: "Mapping file", "File delle mappature";
        map: "Map", "Associa";
        found_one: "1 company", "1 azienda";
        found: "{number} companies", "{number} aziende";
        none: "No company is found. Change the search, or show all.", "Nessuna azienda trovata. Modifica la ricerca o mostra tutte.";
        empty: "There are no companies yet. They appear here by themselves as soon as Password Boss reports them.",
            "Non ci sono ancora aziende. Compaiono qui da sole appena Password Boss le segnala.";
        page: "Page {page} of {pages}", "Pagina {page} di {pages}";
        earlier: "Previous page", "Pagina precedente";
        later: "Next page", "Pagina successiva";
        sheet: "Download these companies with their status (CSV)", "Scarica queste aziende con il loro stato (CSV)";
        pages: "Pages", "Pagine";
        times: "Times are those of {zone}. Users: {basis}, as of the newest complete report.", "Orari del fuso {zone}. Utenti: {basis}, secondo il rapporto completo più recente.";
        active_users: "active users, without those pending approval", "utenti attivi, esclusi quelli in attesa di approvazione";
        licences: "assigned licences", "licenze assegnate";
    }
}

impl Companies {
    /// What the numbers of users count (D-09).
    pub(crate) fn basis(&self, basis: CountBasis) -> &'static str {
        match basis {
            CountBasis::Users => self.active_users,
            CountBasis::Licences => self.licences,
        }
    }
}

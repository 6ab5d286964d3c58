//! The texts of the access page.

super::words! {
    Access {
        title: "Access", "Accesso";
        members: "Members", "Membri";
        members_explained: "People sign in with {provider}, by their verified e-mail address.",
            "Le persone accedono con {provider}, con il loro indirizzo e-mail verificato.";
        no_provider: "Members cannot sign in yet: whoever runs this installation has not configured an identity provider.",
            "I membri non possono ancora accedere: chi gestisce l'installazione non ha configurato un provider di identità.";
        email: "E-mail", "E-mail";
        member_role: "Role of the member", "Ruolo del membro";
        add: "Add", "Aggiungi";
        added_at: "Added", "Aggiunto";
        here: "Signed in", "Ha effettuato l'accesso";
        was_here: "yes", "sì";
        not_yet: "not yet", "non ancora";
        remove: "Remove", "Rimuovi";
        no_members: "Nobody yet.", "Ancora nessuno.";
        email_wrong: "Enter one e-mail address.", "Inserisci un indirizzo e-mail.";
        email_known: "This address is a member already. To change the role, remove it and add it again.",
            "Questo indirizzo è già un membro. Per cambiare il ruolo, rimuovilo e aggiungilo di nuovo.";
        explained: "A token lets a person sign in here, or a program use the API under /v1.",
            "Un token permette a una persona di accedere qui, o a un programma di usare l'API /v1.";
        tokens: "Access tokens", "Token di accesso";
        name: "Name", "Nome";
        name_help: "Who or what uses it.", "Chi o cosa lo usa.";
        role: "Role", "Ruolo";
        viewer: "viewer: sees everything", "viewer: vede tutto";
        editor: "editor: maps, syncs and decides too", "editor: inoltre associa, sincronizza e decide";
        admin: "admin: sets the connection and access too", "admin: inoltre imposta connessione e accessi";
        make: "Make a token", "Crea un token";
        made: "The new token. It is shown this once: copy it now.", "Il nuovo token. Viene mostrato solo ora: copialo.";
        made_at: "Made", "Creato";
        by: "By", "Da";
        last_used: "Last used", "Ultimo uso";
        never: "never", "mai";
        revoked: "revoked on {when}", "revocato il {when}";
        over: "expired", "scaduto";
        ends: "Ends", "Scade";
        days: "Valid for", "Valido per";
        days_of: "{days} days", "{days} giorni";
        revoke: "Revoke", "Revoca";
        name_missing: "Give it a name.", "Assegna un nome.";
    }
}

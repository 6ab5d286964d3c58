//! The words of who may come in.

super::words! {
    /// The words of who may come in.
    Access {
        title: "Access", "Accesso";
        explained: "A token lets a person sign in here, or a program use the interface under /v1.",
            "Un token permette a una persona di accedere qui, o a un programma di usare l'interfaccia /v1.";
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
        revoke: "Revoke", "Revoca";
        name_missing: "Give it a name.", "Assegna un nome.";
    }
}

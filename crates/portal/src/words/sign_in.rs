//! The words of the sign-in page.

super::words! {
    /// The words of the sign-in page.
    SignIn {
        title: "Sign in", "Accedi";
        token: "Access token", "Token di accesso";
        token_help: "It begins with ks_. Whoever runs this installation makes the first one with: kaseya-sync token new PARTNER --name NAME --role admin",
            "Inizia con ks_. Chi gestisce l'installazione crea il primo con: kaseya-sync token new PARTNER --name NOME --role admin";
        submit: "Sign in", "Accedi";
        empty: "Enter an access token.", "Inserisci un token di accesso.";
        unknown: "This token is not known, or it was revoked. Check that it was copied whole.",
            "Questo token non è noto o è stato revocato. Controlla di averlo copiato per intero.";
        too_often: "Too many tries from this address. Wait a minute, then try again.",
            "Troppi tentativi da questo indirizzo. Attendi un minuto e riprova.";
        choose: "Choose a partner", "Scegli un partner";
    }
}

//! The texts of the identity confirmation.

super::words! {
    Confirm {
        title: "Confirm that it is you", "Conferma che sei tu";
        explained: "Credentials, tokens and members are changed only by somebody who has just proven who they are.",
            "Credenziali, token e membri vengono modificati solo da chi ha appena dimostrato la propria identità.";
        token: "Your access token", "Il tuo token di accesso";
        token_help: "The one you signed in with.", "Quello con cui hai effettuato l'accesso.";
        submit: "Confirm", "Conferma";
        empty: "Enter your access token.", "Inserisci il tuo token di accesso.";
        another: "This is not the token you signed in with.", "Non è il token con cui hai effettuato l'accesso.";
        too_often: "Too many tries from this address. Wait a minute, then try again.",
            "Troppi tentativi da questo indirizzo. Attendi un minuto e riprova.";
        with_provider: "Confirm with {provider}", "Conferma con {provider}";
        no_provider: "Whoever runs this installation has taken away the identity provider you signed in with. Sign out, and sign in another way.",
            "Chi gestisce l'installazione ha rimosso il provider di identità con cui hai effettuato l'accesso. Esci e accedi in un altro modo.";
        needed: "To change anything here, confirm first that it is you.",
            "Per modificare qualcosa qui, conferma prima che sei tu.";
        needed_for_credentials: "To change host, user, password, company name or own addresses, confirm first that it is you.",
            "Per modificare host, utente, password, nome dell'azienda o indirizzi propri, conferma prima che sei tu.";
    }
}

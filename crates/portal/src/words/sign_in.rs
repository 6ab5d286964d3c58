//! The texts of the sign-in page.

super::words! {
    SignIn {
        title: "Sign in", "Accedi";
        token: "Access token", "Token di accesso";
        token_help: "It begins with ks_. Whoever runs this installation makes the first one with: kaseya-sync token new PARTNER --name NAME --role admin",
            "Inizia con ks_. Chi gestisce l'installazione crea il primo con: kaseya-sync token new PARTNER --name NOME --role admin";
        submit: "Sign in", "Accedi";
        empty: "Enter an access token.", "Inserisci un token di accesso.";
        unknown: "This token is not known, was revoked or has expired. Check that it was copied whole; an administrator makes a new one on the page Access.",
            "Questo token non è noto, è stato revocato o è scaduto. Controlla di averlo copiato per intero; un amministratore ne crea uno nuovo alla pagina Accesso.";
        too_often: "Too many tries from this address. Wait a minute, then try again.",
            "Troppi tentativi da questo indirizzo. Attendi un minuto e riprova.";
        with_provider: "Sign in with {provider}", "Accedi con {provider}";
        out_here: "You are signed out here. {provider} still knows this browser: whoever uses it next may come in without being asked.",
            "Sei uscito da qui. {provider} riconosce ancora questo browser: chi lo usa dopo potrebbe entrare senza che gli venga chiesto nulla.";
        out_there: "Sign out of {provider} too", "Esci anche da {provider}";
        out_unknown: "{provider} does not say where one signs out of it. Do it on its own pages.",
            "{provider} non indica dove uscire. Fallo dalle sue pagine.";
        another_person: "{provider} has named somebody else than who is signed in here. Nothing is confirmed.",
            "{provider} ha indicato una persona diversa da quella che ha effettuato l'accesso qui. Nulla è confermato.";
        not_fresh: "{provider} did not say that it has just asked who you are. Sign out of it, then try again; if it stays so, an access token of an administrator still works.",
            "{provider} non ha confermato di averti appena chiesto chi sei. Esci da lì e riprova; se non cambia nulla, un token di accesso di un amministratore funziona comunque.";
        or_token: "Or with an access token", "Oppure con un token di accesso";
        not_completed: "The sign-in was not completed there. Try again, or sign in in another way.",
            "L'accesso non è stato completato. Riprova o accedi in un altro modo.";
        stale: "This sign-in was not begun in this browser, or it was too long ago. Begin again.",
            "Questo accesso non è iniziato in questo browser, o è passato troppo tempo. Ricomincia.";
        provider_failed: "Who you are could not be learned from {provider}. Try again; if it stays so, tell whoever runs this installation.",
            "Non è stato possibile sapere da {provider} chi sei. Riprova; se continua, avvisa chi gestisce l'installazione.";
        unverified: "{provider} has not verified your e-mail address, so it cannot show that you are the person who was let in. Have it verified there, then sign in again.",
            "{provider} non ha verificato il tuo indirizzo e-mail, quindi non può dimostrare che sei la persona autorizzata. Fallo verificare lì, poi accedi di nuovo.";
        no_member: "You are a member of no company here", "Non fai parte di nessuna azienda qui";
        no_member_text: "You are signed in at {provider} as {email}, but nobody has let this address in here. Ask an administrator of your company to add it on the page Access, or whoever runs this installation.",
            "Hai effettuato l'accesso a {provider} come {email}, ma nessuno ha autorizzato qui questo indirizzo. Chiedi a un amministratore della tua azienda di aggiungerlo alla pagina Accesso, o a chi gestisce l'installazione.";
        choose: "Choose a partner", "Scegli un partner";
    }
}

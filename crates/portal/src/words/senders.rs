//! The texts about the senders of counts and charges.

super::words! {
    Senders {
        counts: "Users reported", "Utenti comunicati";
        reported: "for {day}, received {at}; sent by {senders}", "per il {day}, ricevuti il {at}; inviati da: {senders}";
        frozen: "{products}: received {at}; sent by {senders}", "{products}: ricevuti il {at}; inviati da: {senders}";
        corrected: "{products}: corrected {at}: {reason}", "{products}: corretto il {at}: {reason}";
        charged: "Charges: received {at}; sent by {senders}", "Addebiti: ricevuti il {at}; inviati da: {senders}";
        token: "token “{name}”", "token “{name}”";
        user: "broker user “{user}”", "utente del broker “{user}”";
        app: "{sender}, which calls itself “{app}”", "{sender}, che si presenta come “{app}”";
        message: "a message that names no sender", "un messaggio senza mittente";
        file: "a settings file", "un file di impostazioni";
        unknown: "a sender that was not recorded", "un mittente non registrato";
    }
}

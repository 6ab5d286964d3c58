//! Kaseya refuses our login, or grants too few rights.
//!
//! Kaseya publishes no responses for a wrong user, password or company name, or for a locked user: we assume that one
//! response covers all of them, and AUTH-01 names them all. Finer codes are used only where Kaseya's words allow it.

use super::sentences::{NOT_CHANGED, NOTHING_SENT_FOR_ANY};
use crate::text::{Text, both, brief};

pub(super) const AUTH_01: Text = Text {
    title: both("Kaseya refused the login", "Accesso a Kaseya rifiutato"),
    happened: brief(
        "Kaseya refused the login: user name, password or company name are not right.",
        "Kaseya ha rifiutato l'accesso: nome utente, password o nome dell'azienda non corretti.",
    )
    .more(
        "Its answer does not say which, and may be the same when the user is locked or the password has expired.\
         [ The password is {password_age} old.][ Kaseya says: «{kaseya_says}»]",
        "La risposta non dice quale dei tre, e può essere la stessa quando l'utente è bloccato o la password è \
         scaduta.[ La password ha {password_age}.][ Kaseya dice: «{kaseya_says}»]",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "To keep the user from being locked we do not try again.",
        "Per non bloccare l'utente non faremo altri tentativi.",
    ),
    to_do: brief("Correct the values and press Authenticate.", "Correggi i dati e premi Autentica.").more(
        "The company name is the one under My Settings in Kaseya, with the same capitals and blanks. If all three are \
         right, see in Admin/HR > Employees whether the user is locked or its password has expired: by default Kaseya \
         locks a user for 30 minutes after 5 failed logins.",
        "Il nome dell'azienda è quello in My Settings di Kaseya, con le stesse maiuscole e gli stessi spazi. Se tutti e \
         tre sono giusti, controlla in Admin/HR > Employees se l'utente è bloccato o la password è scaduta: di norma \
         Kaseya blocca un utente per 30 minuti dopo 5 accessi falliti.",
    ),
};

pub(super) const AUTH_02: Text = Text {
    title: both("The password has expired", "Password scaduta"),
    happened: brief(
        "The password of the Kaseya user has expired[: it is {password_age} old].",
        "La password dell'utente Kaseya è scaduta[: ha {password_age}].",
    )
    .more(
        "That is how we read Kaseya's words[: «{kaseya_says}»].",
        "Così leggiamo le parole di Kaseya[: «{kaseya_says}»].",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "To keep the user from being locked we do not try again.",
        "Per non bloccare l'utente non faremo altri tentativi.",
    ),
    to_do: brief(
        "Set a new password in Kaseya, type it here and press Authenticate.",
        "Imposta una nuova password in Kaseya, scrivila qui e premi Autentica.",
    )
    .more(
        "In Kaseya: Admin/HR > Employees, the user, reset the password: an API Employee gets an e-mail with a link. The \
         expiry after some number of days also concerns API Employees.",
        "In Kaseya: Admin/HR > Employees, l'utente, reimposta la password: un API Employee riceve un'e-mail con un link. \
         La scadenza dopo un certo numero di giorni vale anche per gli API Employee.",
    ),
};

pub(super) const AUTH_03: Text = Text {
    title: both("The Kaseya user is locked", "Utente Kaseya bloccato"),
    happened: brief(
        "Kaseya has locked the user after failed logins.",
        "Kaseya ha bloccato l'utente dopo alcuni accessi falliti.",
    )
    .more(
        "By default that is for 30 minutes after 5 failures; another program with an old password may be the cause.\
         [ Kaseya says: «{kaseya_says}»]",
        "Di norma per 30 minuti dopo 5 errori; la causa può essere un altro programma con una vecchia password.\
         [ Kaseya dice: «{kaseya_says}»]",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "We try once more[ {at_next_try}| after 35 minutes], and then not again.",
        "Facciamo un solo altro tentativo[ {at_next_try}| dopo 35 minuti], poi nessun altro.",
    ),
    to_do: brief(
        "Unlock the user in Kaseya, or wait.",
        "Sblocca l'utente in Kaseya, oppure aspetta.",
    )
    .more(
        "In Kaseya: Admin/HR > Employees, the user. Look for other programs that sign in as this user, and give each \
         program a user of its own.",
        "In Kaseya: Admin/HR > Employees, l'utente. Cerca altri programmi che accedono con questo utente e dai a ogni \
         programma un utente suo.",
    ),
};

pub(super) const AUTH_08: Text = Text {
    title: both("Logins of the Kaseya user wait", "Accessi dell'utente Kaseya in attesa"),
    happened: brief(
        "Earlier logins of this user were refused or had no answer; another one might lock it in Kaseya.",
        "Alcuni accessi di questo utente sono stati rifiutati o sono rimasti senza risposta; un altro potrebbe bloccarlo in \
         Kaseya.",
    )
    .more(
        "Kaseya locks a user after 5 failures. We stop at 3 in 30 minutes, whoever tried: a person, a sync, a look-up.",
        "Kaseya blocca un utente dopo 5 errori. Noi ci fermiamo a 3 in 30 minuti, chiunque abbia provato: una persona, una \
         sincronizzazione, una ricerca.",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief("We log in again by ourselves[ {at_next_try}].", "Accediamo di nuovo da soli[ {at_next_try}].").more(
        "Credentials that Kaseya has accepted before do not wait for mistyped ones.",
        "Le credenziali già accettate da Kaseya non aspettano per quelle digitate male.",
    ),
    to_do: brief(
        "Nothing, if the saved password is right; then wait.",
        "Nulla, se la password salvata è giusta: basta aspettare.",
    )
    .more(
        "If it was changed in Kaseya, save the new one under Connection. To be sure, sign in to Kaseya as this user in a \
         browser.",
        "Se è stata cambiata in Kaseya, salva quella nuova in Connessione. Per esserne certo, accedi a Kaseya con questo \
         utente dal browser.",
    ),
};

pub(super) const AUTH_04: Text = Text {
    title: both("Kaseya asks for a second factor", "Kaseya chiede un secondo fattore"),
    happened: brief(
        "Kaseya asks this user for a second factor, which an unattended program cannot give.",
        "Kaseya chiede a questo utente un secondo fattore, che un programma non presidiato non può dare.",
    )
    .more("[Kaseya says: «{kaseya_says}»]", "[Kaseya dice: «{kaseya_says}»]"),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief("We do not try again with this user.", "Con questo utente non faremo altri tentativi."),
    to_do: brief(
        "Use a user of type API Employee, then press Authenticate.",
        "Usa un utente di tipo API Employee, poi premi Autentica.",
    )
    .more(
        "In Kaseya: Admin/HR > Employees, new employee of type API Employee. The type cannot be changed afterwards, and \
         the role must be of type Internal. Such a user is never asked for a second factor.",
        "In Kaseya: Admin/HR > Employees, nuovo dipendente di tipo API Employee. Il tipo non si può cambiare dopo, e il \
         ruolo deve essere di tipo Internal. A un utente così non viene mai chiesto un secondo fattore.",
    ),
};

pub(super) const AUTH_05: Text = Text {
    title: both("The role has no API access", "Il ruolo non ha accesso alle API"),
    happened: brief(
        "The role of the Kaseya user lacks the right \"Has API Access\".",
        "Il ruolo dell'utente Kaseya non ha il diritto \"Has API Access\".",
    )
    .more("[Kaseya says: «{kaseya_says}»]", "[Kaseya dice: «{kaseya_says}»]"),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "We do not try again before you press Authenticate.",
        "Non faremo altri tentativi finché non premi Autentica.",
    ),
    to_do: brief(
        "Tick \"Has API Access\" in the user's role, then press Authenticate.",
        "Spunta \"Has API Access\" nel ruolo dell'utente, poi premi Autentica.",
    )
    .more(
        "In Kaseya: Admin > Security > Roles, the role, Admin > Special Features > Has API Access.",
        "In Kaseya: Admin > Security > Roles, il ruolo, Admin > Special Features > Has API Access.",
    ),
};

pub(super) const AUTH_06: Text = Text {
    title: both("The role lacks a right", "Al ruolo manca un diritto"),
    happened: brief(
        "Kaseya let the user in, but its role lacks [the right {right}|a right that a sync needs].",
        "Kaseya ha fatto entrare l'utente, ma al suo ruolo manca [il diritto {right}|un diritto necessario].",
    )
    .more(
        "Which right belongs to which call is not published.[ Kaseya says: «{kaseya_says}»]",
        "Quale diritto serva a quale chiamata non è pubblicato.[ Kaseya dice: «{kaseya_says}»]",
    ),
    invoice: NOT_CHANGED,
    done: brief(
        "We do not try again before you press Authenticate.",
        "Non faremo altri tentativi finché non premi Autentica.",
    ),
    to_do: brief(
        "Give the role [the right {right}|the missing right], then press Authenticate.",
        "Dai al ruolo [il diritto {right}|il diritto mancante], poi premi Autentica.",
    )
    .more(
        "In Kaseya: Admin > Security > Roles, the role. As far as we know a sync needs: CRM > Accounts (view), Finance > \
         Contracts (view and modify), Admin > Finance > Services (view), and Has API Access.",
        "In Kaseya: Admin > Security > Roles, il ruolo. Per quanto ne sappiamo servono: CRM > Accounts (View), Finance > \
         Contracts (View e Modify), Admin > Finance > Services (View) e Has API Access.",
    ),
};

pub(super) const AUTH_07: Text = Text {
    title: both("Only one of Kaseya's two APIs accepts the login", "Accesso riuscito solo a metà"),
    happened: brief(
        "Kaseya's newer API (V2) accepts user and password, the older one (V1) refuses them.",
        "L'API nuova di Kaseya (V2) accetta utente e password, quella vecchia (V1) li rifiuta.",
    )
    .more(
        "Units can be changed over V1 only.[ Kaseya says: «{kaseya_says}»]",
        "Le unità si possono cambiare solo tramite V1.[ Kaseya dice: «{kaseya_says}»]",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "To keep the user from being locked we do not try again.",
        "Per non bloccare l'utente non faremo altri tentativi.",
    ),
    to_do: brief(
        "Check the host[ {host}] and the company name, then press Authenticate.",
        "Controlla il nome host[ {host}] e il nome dell'azienda, poi premi Autentica.",
    )
    .more(
        "The host is the one in the browser's address when you use Kaseya. If it is right, ask Kaseya whether API version \
         1 is open for your tenant and for users of type API Employee.",
        "Il nome host è quello nell'indirizzo del browser quando usi Kaseya. Se è giusto, chiedi a Kaseya se le API \
         versione 1 sono aperte per la tua azienda e per gli utenti di tipo API Employee.",
    ),
};

pub(super) const TEN_01: Text = Text {
    title: both("The company name is not known to Kaseya", "Nome dell'azienda sconosciuto a Kaseya"),
    happened: brief(
        "Kaseya does not know the company name that you sign in with.",
        "Kaseya non conosce il nome dell'azienda con cui accedi.",
    )
    .more("[Kaseya says: «{kaseya_says}»]", "[Kaseya dice: «{kaseya_says}»]"),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "To keep the user from being locked we do not try again.",
        "Per non bloccare l'utente non faremo altri tentativi.",
    ),
    to_do: brief(
        "Copy the company name from My Settings in Kaseya and press Authenticate.",
        "Copia il nome dell'azienda da My Settings di Kaseya e premi Autentica.",
    )
    .more(
        "Capitals and blanks count. The name also stands in the welcome e-mail of a new user. If it is right, the host \
         may be that of another region.",
        "Maiuscole e spazi contano. Il nome si trova anche nell'e-mail di benvenuto di un nuovo utente. Se è giusto, il \
         nome host può essere quello di un'altra regione.",
    ),
};

//! Kaseya cannot be reached, is slow, or limits our calls.

use super::sentences::{NOT_CHANGED, NOTHING_SENT, NOTHING_SENT_FOR_ANY};
use crate::text::{Text, both, brief, detail};

pub(super) const HOST_01: Text = Text {
    title: both("The host does not answer as Kaseya does", "Il nome host non risponde come Kaseya"),
    happened: brief(
        "[The host {host}|The host] cannot be reached, or does not answer as Kaseya BMS does.",
        "[Il nome host {host}|Il nome host] non è raggiungibile, o non risponde come Kaseya BMS.",
    )
    .more(
        "It may be misspelt, of another region, or an address of its own whose API stands elsewhere; a host of another \
         region may even take the login.[ The answer: «{kaseya_says}»]",
        "Può essere scritto male, di un'altra regione, o un indirizzo proprio con le API altrove; il nome host di \
         un'altra regione può persino accettare l'accesso.[ La risposta: «{kaseya_says}»]",
    ),
    invoice: NOTHING_SENT_FOR_ANY,
    done: brief(
        "We do not try again before the host is changed or checked.",
        "Non faremo altri tentativi finché il nome host non viene corretto o verificato.",
    ),
    to_do: brief("Correct the host and press Authenticate.", "Correggi il nome host e premi Autentica.").more(
        "It is the one in the browser's address when you use Kaseya, such as bms.kaseya.com, bmsemea.kaseya.com or \
         bmsapac.kaseya.com; My Settings shows it as Gateway URL. For a domain of your own, give the API's address too.",
        "È quello nell'indirizzo del browser quando usi Kaseya, per esempio bms.kaseya.com, bmsemea.kaseya.com o \
         bmsapac.kaseya.com; in My Settings è la Gateway URL. Per un dominio proprio indica anche l'indirizzo delle API.",
    ),
};

pub(super) const NET_01: Text = Text {
    title: both("Kaseya does not answer for now", "Kaseya per ora non risponde"),
    happened: brief(
        "Kaseya did not answer in time, or answered with a fault of its own.",
        "Kaseya non ha risposto in tempo, o ha risposto con un suo errore.",
    )
    .more("[Its answer: «{kaseya_says}»]", "[La sua risposta: «{kaseya_says}»]"),
    invoice: NOTHING_SENT,
    done: brief(
        "We try again by ourselves[ {at_next_try}].",
        "Riproviamo da soli[ {at_next_try}].",
    )
    .more("The pause grows with each try.", "La pausa cresce a ogni tentativo."),
    to_do: brief("Nothing for now.", "Per ora nulla.").more(
        "If it lasts for more than a few hours, see status.kaseya.com, and see to it that it is over before the invoices \
         are made.",
        "Se dura più di qualche ora, guarda status.kaseya.com e controlla che si risolva prima di fare le fatture.",
    ),
};

pub(super) const NET_02: Text = Text {
    title: both("The answer to a change was lost", "Risposta a una modifica andata persa"),
    happened: brief(
        "We sent a change [({change}) |]and got no answer: Kaseya may have made it, or may still make it.",
        "Abbiamo inviato una modifica [({change}) |]senza avere risposta: Kaseya può averla fatta, o farla ancora.",
    ),
    invoice: brief(
        "The invoice has the old or the new units; the next reading shows which.",
        "In fattura ci sono le unità vecchie o nuove: lo dirà la prossima lettura.",
    ),
    done: brief(
        "We leave the line alone for 10 minutes, then read it before anything else[: {at_next_try}].",
        "Lasciamo stare la riga per 10 minuti, poi la leggiamo prima di tutto il resto[: {at_next_try}].",
    )
    .more("It is never sent again blindly.", "Non viene mai inviata di nuovo alla cieca."),
    to_do: detail(
        "Nothing, unless the invoices are made before that: then look at the line in Finance > Contracts[ > {contract}].",
        "Nulla, a meno che le fatture non si facciano prima: allora guarda la riga in Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const LIM_01: Text = Text {
    title: both("Kaseya's hourly limit is reached", "Limite orario di Kaseya raggiunto"),
    happened: brief(
        "The calls that Kaseya allows per hour are used up.",
        "Le chiamate che Kaseya ammette in un'ora sono esaurite.",
    )
    .more(
        "Kaseya allows 1500 calls an hour on each V2 endpoint and 500 on V1. Other programs that use your Kaseya seem to \
         count too.",
        "Kaseya ammette 1500 chiamate all'ora per ogni funzione V2 e 500 per V1. Sembra che contino anche quelle degli \
         altri programmi che usano il tuo Kaseya.",
    ),
    invoice: brief(
        "Nothing is lost: what is not sent yet follows.",
        "Non si perde nulla: ciò che manca verrà inviato dopo.",
    )
    .more(
        "Until then the invoice would keep [the units of {last_sent_day}|the units that Kaseya shows now].",
        "Fino ad allora in fattura resterebbero [le unità {of_last_sent_day}|le unità che Kaseya mostra ora].",
    ),
    done: brief(
        "We continue by ourselves[ {at_next_try}, or a little later].",
        "Riprendiamo da soli[ {at_next_try} circa].",
    ),
    to_do: detail(
        "Nothing. If it happens often, let other programs call Kaseya less, or at other hours.",
        "Nulla. Se succede spesso, fai in modo che gli altri programmi chiamino Kaseya meno, o in altri orari.",
    ),
};

pub(super) const LIN_01: Text = Text {
    title: both("Kaseya's lines do not fit the line profile", "Le righe di Kaseya non corrispondono al profilo"),
    happened: brief(
        "Kaseya does not show or take contract lines in the way that the line profile describes.",
        "Kaseya non mostra o non accetta le righe dei contratti come descritto nel profilo delle righe.",
    )
    .more(
        "The line profile says at which address lines are read and written, and what their fields are called.\
         [ What was found: «{found}»][ Kaseya says: «{kaseya_says}»]",
        "Il profilo delle righe dice a quale indirizzo si leggono e si scrivono le righe, e come si chiamano i loro campi.\
         [ Che cosa è stato trovato: «{found}»][ Kaseya dice: «{kaseya_says}»]",
    ),
    invoice: NOT_CHANGED.more(
        "It is so for every company of this integration.",
        "Vale per tutte le aziende di questa integrazione.",
    ),
    done: brief(
        "[We try again by ourselves {at_next_try}, or a little later.|We do not try again before the next sync.]",
        "[Riproviamo da soli {at_next_try} circa.|Non faremo altri tentativi prima della prossima sincronizzazione.]",
    ),
    to_do: brief(
        "Ask the operator to run kaseya-sync probe and to set the profile that it names with kaseya-sync line-profile, then \
         press Check again.",
        "Chiedi al gestore di eseguire kaseya-sync probe e di impostare con kaseya-sync line-profile il profilo che indica, \
         poi premi Verifica di nuovo.",
    )
    .more(
        "The probe only reads. There is nothing to do in Kaseya.",
        "Il comando probe si limita a leggere. In Kaseya non c'è nulla da fare.",
    ),
};

pub(super) const LIN_02: Text = Text {
    title: both("A change of another line waits for its day", "La modifica di un'altra riga attende la sua decorrenza"),
    happened: brief(
        "Kaseya took a change of another line of this contract, and shows it only from its day on. The line profile writes \
         whole contracts: our change would take that one back.",
        "Kaseya ha accettato la modifica di un'altra riga di questo contratto e la mostra solo dalla sua decorrenza. Il profilo \
         delle righe scrive contratti interi: la nostra modifica annullerebbe quella.",
    )
    .more(
        "Nothing is mapped to the service of that line any more, or another partner of this installation changed it: so we \
         cannot send that change again with ours.",
        "Al servizio di quella riga non è più mappato nulla, oppure l'ha modificata un altro partner di questa installazione: \
         perciò non possiamo inviare di nuovo quella modifica insieme alla nostra.",
    ),
    invoice: NOTHING_SENT,
    done: brief(
        "Each sync looks at the contract again, and sends the number once Kaseya shows that change.",
        "Ogni sincronizzazione rilegge il contratto e invia il numero appena Kaseya mostra quella modifica.",
    ),
    to_do: brief(
        "Nothing, if that day comes before the invoice. Else map that service again, or ask the operator for a line profile \
         that writes one line: kaseya-sync probe --write finds it.",
        "Nulla, se quel giorno viene prima della fattura. Altrimenti mappa di nuovo quel servizio, oppure chiedi al gestore un \
         profilo delle righe che scriva una sola riga: lo trova kaseya-sync probe --write.",
    ),
};

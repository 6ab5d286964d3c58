//! The number itself.

use crate::text::{Text, both, brief, detail};

pub(super) const QTY_01: Text = Text {
    title: both("A change waits for approval", "Modifica da approvare"),
    happened: brief(
        "To be approved: [{change}|the change][ ({money_change} per month)].",
        "Da approvare: [{change}|la modifica][ ({money_change} al mese)].",
    )
    .more("[The reason: {brake}.]", "[Il motivo: {brake}.]"),
    invoice: brief(
        "We sent nothing. Without approval[ by {deadline}], on the invoice [{units_stay}|the units will stay as they are].",
        "Non abbiamo inviato nulla. Senza approvazione[ entro {deadline}], in fattura [{units_stay}|le unità resteranno \
         come sono].",
    ),
    done: detail(
        "The change waits for a person, and is calculated again at each sync.",
        "La modifica aspetta una persona e viene ricalcolata a ogni sincronizzazione.",
    ),
    to_do: detail(
        "See whether the number is right[: {users} were counted]. Press Approve to send it, or Dismiss to leave Kaseya as \
         it is[: Finance > Contracts > {contract}].",
        "Controlla se il numero è giusto[: conteggio di {users}]. Premi Approva per inviarlo, o Scarta per lasciare Kaseya \
         com'è[: Finance > Contracts > {contract}].",
    ),
};

/// The same code if a person has dismissed exactly this number.
pub(super) const QTY_01_DISMISSED: Text = Text {
    title: both("A change was dismissed", "Modifica scartata"),
    happened: brief(
        "Dismissed: [{change}|the change][ ({money_change} per month)].",
        "Scartata: [{change}|la modifica][ ({money_change} al mese)].",
    )
    .more("A person has said no to this number.", "Una persona ha detto no a questo numero."),
    invoice: brief(
        "We sent nothing; on the invoice [{units_stay}|the units will stay as they are].",
        "Non abbiamo inviato nulla; in fattura [{units_stay}|le unità resteranno come sono].",
    ),
    done: detail(
        "We do not ask about this number again; we ask about any other number.",
        "Su questo numero non chiediamo più; un numero diverso verrà chiesto di nuovo.",
    ),
    to_do: detail(
        "Nothing, if that is still meant. Else set the units in Kaseya by hand: Finance > Contracts[ > {contract}].",
        "Nulla, se va ancora bene. Altrimenti imposta le unità a mano in Kaseya: Finance > Contracts[ > {contract}].",
    ),
};

/// The same code for a line that was ours and that nothing is mapped to any more (D-13).
pub(super) const QTY_01_LEFTOVER: Text = Text {
    title: both("A line is left over", "Riga rimasta senza mappatura"),
    happened: brief(
        "Nothing is mapped any more to the line[ of \"{service}\"][ on the contract \"{contract}\"][, which has {units_from}][ \
         ({money_change} per month if it falls to 0)].",
        "Alla riga[ di \"{service}\"][ del contratto \"{contract}\"] non è più mappato nulla[: contiene {units_from}][ \
         ({money_change} al mese se scende a 0)].",
    )
    .more(
        "We sent these units before a mapping was changed or removed, or a product was no longer billed.",
        "Abbiamo inviato noi queste unità, prima che una mappatura cambiasse o venisse tolta, o che un prodotto non fosse più \
         fatturato.",
    ),
    invoice: brief(
        "We sent nothing. Without a decision[ by {deadline}], on the invoice [{units_stay}|the units will stay as they are].",
        "Non abbiamo inviato nulla. Senza una decisione[ entro {deadline}], in fattura [{units_stay}|le unità resteranno come \
         sono].",
    ),
    done: detail(
        "We set no line to 0 by ourselves: no count says so. If something is mapped to it again, the question is gone.",
        "Non portiamo nessuna riga a 0 da soli: nessun conteggio lo dice. Se le si mappa di nuovo qualcosa, la domanda decade.",
    ),
    to_do: detail(
        "Press Approve to set it to 0[ {from_effective_day}], or Dismiss to leave it as it is[: Finance > Contracts > \
         {contract}].",
        "Premi Approva per portarla a 0[ {from_effective_day}], o Scarta per lasciarla com'è[: Finance > Contracts > \
         {contract}].",
    ),
};

/// The same if a person has decided to leave the line as it is.
pub(super) const QTY_01_LEFTOVER_DISMISSED: Text = Text {
    title: both("A line is left as it is", "Riga lasciata com'è"),
    happened: brief(
        "The line[ of \"{service}\"][ on the contract \"{contract}\"] is left as it is[, with {units_from}].",
        "La riga[ di \"{service}\"][ del contratto \"{contract}\"] resta com'è[, con {units_from}].",
    )
    .more(
        "Nothing is mapped to it any more, and a person has said that it stays.",
        "Non le è più mappato nulla, e una persona ha detto di lasciarla.",
    ),
    invoice: brief(
        "We sent nothing; on the invoice [{units_stay}|the units will stay as they are].",
        "Non abbiamo inviato nulla; in fattura [{units_stay}|le unità resteranno come sono].",
    ),
    done: detail(
        "We do not ask about it again, unless something is mapped to it and taken away once more.",
        "Non lo chiediamo più, a meno che le si mappi qualcosa e lo si tolga di nuovo.",
    ),
    to_do: detail(
        "Nothing, if that is still meant. Else set the units in Kaseya by hand: Finance > Contracts[ > {contract}].",
        "Nulla, se va ancora bene. Altrimenti imposta le unità a mano in Kaseya: Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const QTY_02: Text = Text {
    title: both("The user count is missing", "Conteggio utenti mancante"),
    happened: brief(
        "User count not available[ (the last: {last_count}, of {of_last_count_day})].",
        "Conteggio utenti non disponibile[ (ultimo: {last_count}, {of_last_count_day})].",
    )
    .more(
        "It is missing, not complete, or too old, for this company or for another one on the same line of the contract.",
        "Manca, non è completo o è troppo vecchio, per questa azienda o per un'altra sulla stessa riga del contratto.",
    ),
    invoice: brief(
        "The units in Kaseya stay as they are: a missing count is never worth 0.",
        "Le unità in Kaseya restano invariate: un conteggio mancante non vale mai 0.",
    ),
    done: brief("[Next try {at_next_try}.]", "[Nuovo tentativo {at_next_try}.]").more(
        "We try again with each sync, until the count is there or a person decides.",
        "Riproviamo a ogni sincronizzazione, finché il conteggio non arriva o una persona non decide.",
    ),
    to_do: detail(
        "Nothing for now. If the count is still missing on the day before the invoices, look for this company in Password \
         Boss; if need be set the units in Kaseya by hand: Finance > Contracts[ > {contract}].",
        "Per ora nulla. Se il giorno prima delle fatture manca ancora, controlla l'azienda in Password Boss; se serve, \
         imposta le unità a mano in Kaseya: Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const QTY_03: Text = Text {
    title: both("A fraction where units are whole", "Frazione al posto di unità intere"),
    happened: brief(
        "Units are whole numbers, and the line[ of \"{service}\"] is not[: Kaseya shows {units_from}].",
        "Le unità sono numeri interi, e la riga[ di \"{service}\"] non lo è[: Kaseya mostra {units_from}].",
    )
    .more(
        "We send whole numbers only: a count of users is never rounded. Kaseya refuses a fraction, or cuts it off: which is \
         not known.",
        "Inviamo solo numeri interi: un conteggio di utenti non viene mai arrotondato. Kaseya rifiuta una frazione, o la \
         tronca: quale delle due non è noto.",
    ),
    invoice: brief(
        "We sent nothing; on the invoice [{units_stay}|the units will stay as they are].",
        "Non abbiamo inviato nulla; in fattura [{units_stay}|le unità resteranno come sono].",
    ),
    done: detail(
        "We check it again at each sync; it stays until somebody fixes it.",
        "Lo riguardiamo a ogni sincronizzazione; da solo non si risolve.",
    ),
    to_do: brief(
        "Set a whole number on the line in Kaseya, then press Check again.",
        "Imposta un numero intero sulla riga in Kaseya, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the line's Units.",
        "In Kaseya: Finance > Contracts[ > {contract}], Units della riga.",
    ),
};

pub(super) const QTY_04: Text = Text {
    title: both("Counted by another basis", "Conteggio di altro tipo"),
    happened: brief(
        "The count is of another kind than the one you bill: users and licences are not the same number.",
        "Il conteggio è di un tipo diverso da quello che fatturi: utenti e licenze non sono lo stesso numero.",
    ),
    invoice: brief(
        "We sent nothing; on the invoice [{units_stay}|the units will stay as they are].",
        "Non abbiamo inviato nulla; in fattura [{units_stay}|le unità resteranno come sono].",
    ),
    done: detail(
        "Such a count is treated as missing, and a missing count is never worth 0.",
        "Un conteggio di questo tipo vale come mancante, e un conteggio mancante non vale mai 0.",
    ),
    to_do: brief(
        "Ask Password Boss for counts of the kind that you bill, or change what you bill: count_basis in the settings.",
        "Chiedi a Password Boss conteggi del tipo che fatturi, o cambia ciò che fatturi: count_basis nelle impostazioni.",
    ),
};

pub(super) const QTY_05: Text = Text {
    title: both("A later count waits for approval", "Conteggio successivo da approvare"),
    happened: brief(
        "To be approved: the provider's later final count differs from the frozen one[, {change}][ ({money_change} per \
         month)].",
        "Da approvare: il conteggio definitivo successivo è diverso da quello del mese[, {change}][ ({money_change} al \
         mese)].",
    )
    .more(
        "It counts the month's last day and came in after that day's number was frozen.",
        "Riguarda l'ultimo giorno del mese ed è arrivato quando il numero di quel giorno era già stato fissato.",
    ),
    invoice: brief(
        "Without approval[ by {deadline}], the frozen number is on the invoice.",
        "Senza approvazione[ entro {deadline}], in fattura resta il numero già fissato.",
    ),
    done: detail(
        "We keep sending the frozen number; of the later one we sent nothing.",
        "Continuiamo a inviare il numero già fissato; di quello successivo non abbiamo inviato nulla.",
    ),
    to_do: detail(
        "See which number is right. Press Approve to send the later one, or Dismiss to keep the frozen one[: Finance > \
         Contracts > {contract}].",
        "Controlla quale numero è giusto. Premi Approva per inviare quello successivo, o Scarta per tenere quello già \
         fissato[: Finance > Contracts > {contract}].",
    ),
};

//! The number itself.

use super::Text;
use crate::text::{both, brief, detail};

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
        "The change waits for a person, and is worked out anew with each sync.",
        "La modifica aspetta una persona e viene ricalcolata a ogni sincronizzazione.",
    ),
    to_do: detail(
        "See whether the number is right[: {users} were counted]. Press Approve to send it, or Dismiss to leave Kaseya as \
         it is[: Finance > Contracts > {contract}].",
        "Controlla se il numero è giusto[: conteggio di {users}]. Premi Approva per inviarlo, o Scarta per lasciare Kaseya \
         com'è[: Finance > Contracts > {contract}].",
    ),
};

/// The same code where a person has said no to this very number.
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
        "We do not ask about this number again; another number is asked about anew.",
        "Su questo numero non chiediamo più; un numero diverso verrà chiesto di nuovo.",
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
        "We look at it again with each sync; it does not mend by itself.",
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

//! The account, the contract, and the period.

use super::sentences::NOTHING_SENT;
use crate::text::{Part, Text, both, brief, detail};

const NOT_BY_ITSELF: Part = detail(
    "We check it again at each sync; it stays until somebody fixes it.",
    "Lo riguardiamo a ogni sincronizzazione; da solo non si risolve.",
);

pub(super) const ACC_01: Text = Text {
    title: both("The account is not there any more", "Account non più disponibile"),
    happened: brief(
        "The account[ \"{account}\"] is inactive or deleted in Kaseya, or hidden from our user by its role.",
        "L'account[ \"{account}\"] è inattivo o eliminato in Kaseya, oppure il ruolo lo nasconde al nostro utente.",
    )
    .more("Kaseya does not say which of the three.", "Kaseya non dice quale delle tre cose."),
    invoice: NOTHING_SENT,
    done: NOT_BY_ITSELF,
    to_do: brief(
        "Activate the account, or map the company to another one, then press Check again.",
        "Riattiva l'account, oppure mappa l'azienda a un altro, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: CRM > Accounts[ > {account}]; whether the role hides it: Admin > Security > Roles.",
        "In Kaseya: CRM > Accounts[ > {account}]; se lo nasconde il ruolo: Admin > Security > Roles.",
    ),
};

pub(super) const CON_01: Text = Text {
    title: both("The contract has ended", "Contratto scaduto"),
    happened: brief(
        "The contract[ \"{contract}\"] has ended[ ({contract_end})], or ends before the period that is to be billed[ \
         (from {from_effective_day})]",
        "Il contratto[ \"{contract}\"] è scaduto[ ({contract_end})], o finisce prima del periodo da fatturare[ \
         ({from_effective_day})]",
    ),
    invoice: brief(
        "[{users_not_billed}|its users will not be billed].",
        "[{users_not_billed}|i suoi utenti non verranno fatturati].",
    )
    .more(
        "What Kaseya shows on the old contract stays as it is.",
        "Ciò che Kaseya mostra sul vecchio contratto resta com'è.",
    ),
    done: NOT_BY_ITSELF,
    to_do: brief(
        "Renew the contract in Kaseya, or map the company to its new contract, then press Check again.",
        "Rinnova il contratto in Kaseya, oppure mappa l'azienda al nuovo contratto, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], the end date.",
        "In Kaseya: Finance > Contracts[ > {contract}], la data di fine.",
    ),
};

pub(super) const CON_02: Text = Text {
    title: both("The contract is not active", "Contratto non attivo"),
    happened: brief(
        "The contract[ \"{contract}\"] is not active in Kaseya, or is not shown to us any more.",
        "Il contratto[ \"{contract}\"] non è attivo in Kaseya, oppure non ci viene più mostrato.",
    )
    .more(
        "A contract that is deleted and one that the role hides look the same to us.",
        "Un contratto eliminato e uno nascosto dal ruolo per noi sono uguali.",
    ),
    invoice: brief(
        "We sent nothing; Kaseya invoices a contract only when it is active[: {users_not_billed}].",
        "Non abbiamo inviato nulla; Kaseya fattura un contratto solo se è attivo[: {users_not_billed}].",
    ),
    done: NOT_BY_ITSELF,
    to_do: brief(
        "Activate the contract in Kaseya, or map the company to another one, then press Check again.",
        "Attiva il contratto in Kaseya, oppure mappa l'azienda a un altro, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}] > Activate. If it is active: Admin > Security > Roles.",
        "In Kaseya: Finance > Contracts[ > {contract}] > Activate. Se è attivo: Admin > Security > Roles.",
    ),
};

pub(super) const CON_03: Text = Text {
    title: both(
        "The contract is not of type Recurring Services",
        "Il contratto non è di tipo Recurring Services",
    ),
    happened: brief(
        "The contract[ \"{contract}\"] is not of type Recurring Services, so it has no units.",
        "Il contratto[ \"{contract}\"] non è di tipo Recurring Services, quindi non ha unità.",
    ),
    invoice: brief(
        "[{users_not_billed}|Its users will not be billed].",
        "[{users_not_billed}|I suoi utenti non verranno fatturati].",
    ),
    done: detail(
        "We sent nothing. A contract's type does not change by itself.",
        "Non abbiamo inviato nulla. Il tipo di un contratto non cambia da solo.",
    ),
    to_do: brief(
        "Map the company to a contract of type Recurring Services, then press Check again.",
        "Mappa l'azienda a un contratto di tipo Recurring Services, poi premi Verifica di nuovo.",
    )
    .more(
        "If the account has none, make one in Kaseya: Finance > Contracts.",
        "Se l'account non ne ha, creane uno in Kaseya: Finance > Contracts.",
    ),
};

pub(super) const CON_04: Text = Text {
    title: both("The contract belongs to another account", "Il contratto è di un altro account"),
    happened: brief(
        "The contract[ \"{contract}\"] now belongs to [the account \"{other_account}\"|another account][, not to \
         \"{account}\" any more].",
        "Il contratto[ \"{contract}\"] ora è [dell'account \"{other_account}\"|di un altro account][, non più di \
         \"{account}\"].",
    ),
    invoice: NOTHING_SENT.more(
        "Otherwise the users of one company would stand on the invoice of another.",
        "Altrimenti gli utenti di un'azienda finirebbero sulla fattura di un'altra.",
    ),
    done: NOT_BY_ITSELF,
    to_do: brief(
        "Map the company to a contract of its own account, then press Check again.",
        "Mappa l'azienda a un contratto del suo account, poi premi Verifica di nuovo.",
    )
    .more(
        "If the contract was moved by mistake: Finance > Contracts[ > {contract}] in Kaseya.",
        "Se il contratto è stato spostato per errore: Finance > Contracts[ > {contract}] in Kaseya.",
    ),
};

pub(super) const PER_01: Text = Text {
    title: both("The period is already invoiced", "Periodo già fatturato"),
    happened: brief(
        "The period of this count is already invoiced[: {change}, {from_effective_day}].",
        "Il periodo di questo conteggio è già fatturato[: {change}, {from_effective_day}].",
    )
    .more(
        "We go by the day on which you make your invoices: a period that is posted and not yet invoiced cannot be seen in \
         Kaseya.",
        "Ci basiamo sul giorno in cui fai le fatture: un periodo registrato (posted) e non ancora fatturato in Kaseya non \
         si vede.",
    ),
    invoice: brief(
        "We sent nothing: a change in an invoiced period would give an extra line on the next invoice, or a credit.",
        "Non abbiamo inviato nulla: una modifica in un periodo fatturato darebbe una riga in più sulla prossima fattura, \
         o uno storno.",
    ),
    done: detail(
        "The change waits for a person; the next period's count is sent as usual.",
        "La modifica aspetta una persona; il conteggio del prossimo periodo verrà inviato come sempre.",
    ),
    to_do: brief(
        "If the difference is to be invoiced, enter it in Kaseya by hand; else nothing.",
        "Se la differenza va fatturata, inseriscila a mano in Kaseya; altrimenti nulla.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}]. If the invoices are not made yet, correct the invoice day in the \
         settings and press Check again.",
        "In Kaseya: Finance > Contracts[ > {contract}]. Se le fatture non sono ancora fatte, correggi il giorno di \
         fatturazione nelle impostazioni e premi Verifica di nuovo.",
    ),
};

/// The same code for a contract that is not billed monthly if no person has chosen how its changes count.
pub(super) const PER_01_CYCLE: Text = Text {
    title: both("The billing cycle needs a choice", "Ciclo di fatturazione da scegliere"),
    happened: brief(
        "The contract[ \"{contract}\"] is not billed monthly[; to be approved: {change}, {from_effective_day}].",
        "Il contratto[ \"{contract}\"] non è fatturato ogni mese[; da approvare: {change}, {from_effective_day}].",
    )
    .more(
        "From which day a change counts on such a contract is not ours to guess.",
        "Da che giorno vale una modifica su un contratto così non possiamo indovinarlo.",
    ),
    invoice: brief(
        "We sent nothing. Until you choose[, by {deadline} at the latest], on the invoice [{units_stay}|the units will stay \
         as they are].",
        "Non abbiamo inviato nulla. Finché non scegli[, al più tardi entro {deadline}], in fattura [{units_stay}|le unità \
         resteranno come sono].",
    ),
    done: detail(
        "The change waits for a person, and is calculated again at each sync.",
        "La modifica aspetta una persona e viene ricalcolata a ogni sincronizzazione.",
    ),
    to_do: brief(
        "Choose in the settings whether this contract is billed in arrears or in advance, then press Check again; or press \
         Approve to send this one change from the day shown.",
        "Scegli nelle impostazioni se questo contratto è fatturato in via posticipata o anticipata, poi premi Verifica di \
         nuovo; oppure premi Approva per inviare solo questa modifica dal giorno indicato.",
    )
    .more(
        "In Kaseya the billing cycle stands under Finance > Contracts[ > {contract}].",
        "In Kaseya il ciclo di fatturazione si trova in Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const PER_03: Text = Text {
    title: both("The change falls outside the contract", "La modifica cade fuori dal contratto"),
    happened: brief(
        "The change would count [from {from_effective_day}|from a day] outside the contract[ \"{contract}\"][, which ends \
         on {contract_end}].",
        "La modifica varrebbe [{from_effective_day}|da un giorno] fuori dal contratto[ \"{contract}\"][, che finisce \
         {contract_end}].",
    ),
    invoice: NOTHING_SENT,
    done: NOT_BY_ITSELF,
    to_do: brief(
        "Correct the contract's dates in Kaseya, then press Check again.",
        "Correggi le date del contratto in Kaseya, poi premi Verifica di nuovo.",
    )
    .more(
        "In Kaseya: Finance > Contracts[ > {contract}], start and end; or see in the settings whether this contract is \
         billed in arrears or in advance.",
        "In Kaseya: Finance > Contracts[ > {contract}], inizio e fine; oppure controlla nelle impostazioni se questo \
         contratto è fatturato in via posticipata o anticipata.",
    ),
};

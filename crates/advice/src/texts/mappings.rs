//! Missing and removed mappings.

use super::sentences::NOTHING_SENT;
use crate::text::{Text, both, brief, detail};

pub(super) const MAP_01: Text = Text {
    title: both("The company is not mapped", "Azienda non mappata"),
    happened: brief("Company not mapped", "Azienda non mappata"),
    invoice: brief(
        "[{users}, about {money} per month, {not_billed}|{users} {not_billed}|its users are not billed].",
        "[{users}, circa {money} al mese {not_billed}|{users} {not_billed}|i suoi utenti non vengono fatturati].",
    ),
    done: detail(
        "We skipped this company; all others are synced as usual.",
        "Abbiamo saltato questa azienda; tutte le altre vengono sincronizzate come sempre.",
    ),
    to_do: brief("Choose account and contract.", "Scegli account e contratto.").more(
        "The contract must be of type Recurring Services; if there is none, make it in Kaseya: Finance > Contracts. Is the \
         company not to be billed, exclude it from billing.",
        "Il contratto deve essere di tipo Recurring Services; se non c'è, crealo in Kaseya: Finance > Contracts. Se \
         l'azienda non va fatturata, escludila dalla fatturazione.",
    ),
};

pub(super) const MAP_02: Text = Text {
    title: both("A product is not mapped", "Prodotto non mappato"),
    happened: brief(
        "The product[ \"{product}\"] has no service in Kaseya",
        "Il prodotto[ \"{product}\"] non ha un servizio in Kaseya",
    ),
    invoice: brief(
        "[{users} {not_billed}|its users are not billed].",
        "[{users} {not_billed}|i suoi utenti non vengono fatturati].",
    )
    .more("The company's other products are sent.", "Gli altri prodotti dell'azienda vengono inviati."),
    done: detail("We skipped this product.", "Abbiamo saltato questo prodotto."),
    to_do: brief(
        "Choose a service for the product, if it is to be billed.",
        "Scegli un servizio per il prodotto, se va fatturato.",
    )
    .more(
        "Services are made in Kaseya: Admin > Finance > Services; then add it to the contract with 0 units.",
        "I servizi si creano in Kaseya: Admin > Finance > Services; poi aggiungilo al contratto con 0 unità.",
    ),
};

pub(super) const MAP_03: Text = Text {
    title: both("The users have moved to another product", "Gli utenti sono passati a un altro prodotto"),
    happened: brief(
        "The users have moved from one product to another, and the old line still has units.[ To be approved: {change}.]",
        "Gli utenti sono passati da un prodotto a un altro, e la vecchia riga ha ancora unità.[ Da approvare: {change}.]",
    )
    .more("[The line is that of \"{service}\".]", "[La riga è quella di \"{service}\".]"),
    invoice: brief(
        "Kaseya has changed nothing. Without approval[ by {deadline}], on the invoice [{units_stay}|the units will stay as they are].",
        "Kaseya non ha modificato nulla. Senza approvazione[ entro {deadline}], in fattura [{units_stay}|le unità resteranno \
         come sono].",
    )
    .more(
        "With the new line alone the same users would be invoiced twice; with the old one alone, not at all.",
        "Con la sola nuova riga gli stessi utenti verrebbero fatturati due volte; con la sola vecchia, per niente.",
    ),
    done: detail(
        "Where both lines can be changed they wait as one approval; where one cannot, the other waits alone.",
        "Se si possono cambiare entrambe le righe, aspettano come una sola approvazione; se una non si può cambiare, l'altra \
         aspetta da sola.",
    ),
    to_do: detail(
        "Press Approve to send the switch. If the other line cannot be changed from here, set it in Kaseya first: Finance > \
         Contracts[ > {contract}].",
        "Premi Approva per inviare il passaggio. Se l'altra riga non si può cambiare da qui, impostala prima in Kaseya: \
         Finance > Contracts[ > {contract}].",
    ),
};

pub(super) const MAP_04: Text = Text {
    title: both("Somebody else writes this line", "Un altro scrive questa riga"),
    happened: brief(
        "Another partner of this installation writes the line[ of \"{service}\"]",
        "Un altro partner di questa installazione scrive la riga[ di \"{service}\"]",
    ),
    invoice: brief(
        "We sent nothing; the invoice has the other's number.",
        "Non abbiamo inviato nulla; in fattura c'è il numero dell'altro.",
    ),
    done: detail(
        "We leave the line alone: two numbers would write over each other.",
        "Non tocchiamo la riga: due numeri si sovrascriverebbero a vicenda.",
    ),
    to_do: brief(
        "Choose a line of your own, then press Check again.",
        "Scegli una riga tua, poi premi Verifica di nuovo.",
    )
    .more(
        "Give the company a contract of its own in Kaseya: Finance > Contracts; or have the other mapping removed.",
        "Dai all'azienda un contratto proprio in Kaseya: Finance > Contracts; oppure fai togliere l'altra mappatura.",
    ),
};

pub(super) const MAP_05: Text = Text {
    title: both("Id and name do not belong together", "Id e nome non corrispondono"),
    happened: brief(
        "The mapping names one thing by its id and another by its name",
        "La mappatura indica una cosa con l'id e un'altra con il nome",
    ),
    invoice: NOTHING_SENT,
    done: detail(
        "We believe neither: the one or the other would be billed wrongly.",
        "Non crediamo a nessuno dei due: con l'uno o con l'altro la fattura potrebbe essere sbagliata.",
    ),
    to_do: brief(
        "Choose service, account and contract again from Kaseya's own list, then press Check again.",
        "Scegli di nuovo servizio, account e contratto dall'elenco di Kaseya, poi premi Verifica di nuovo.",
    )
    .more(
        "Names and ids are in Kaseya: Admin > Finance > Services, Finance > Contracts and CRM > Accounts.",
        "Nomi e id sono in Kaseya: Admin > Finance > Services, Finance > Contracts e CRM > Accounts.",
    ),
};

//! What is not mapped, or not any more.

use super::Text;
use crate::text::{both, brief, detail};

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
    title: both(
        "The product changed, the old line still has units",
        "Prodotto cambiato, vecchia riga ancora con unità",
    ),
    happened: brief(
        "The users have moved to another product, and the old service[ \"{service}\"] still has units[: {units_from}].",
        "Gli utenti sono passati a un altro prodotto, e il vecchio servizio[ \"{service}\"] ha ancora unità[: {units_from}].",
    ),
    invoice: brief(
        "If it stays so, the same users are invoiced twice.",
        "Se resta così, gli stessi utenti vengono fatturati due volte.",
    ),
    done: detail(
        "We offer both lines as one approval, and change neither of them alone.",
        "Proponiamo le due righe come una sola approvazione, e non ne cambiamo una da sola.",
    ),
    to_do: brief("Approve the switch of both lines.", "Approva il passaggio delle due righe.").more(
        "The lines stand in Kaseya in Finance > Contracts[ > {contract}].",
        "Le righe si trovano in Kaseya in Finance > Contracts[ > {contract}].",
    ),
};

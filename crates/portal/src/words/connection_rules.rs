//! The texts of an integration's rules: what holds a change back, and the sync's own limits.

use domain::NumberSetting;

super::words! {
    ConnectionRules {
        title: "Rules of the sync", "Regole della sincronizzazione";
        explained: "What waits for you before it is sent, and how old a count may be. An empty field keeps the number in force.",
            "Cosa attende la tua approvazione prima dell'invio, e quanto può essere vecchio un conteggio. Un campo vuoto mantiene il numero in vigore.";
        range: "{help} From {least} to {most}; usually {usual}.", "{help} Da {least} a {most}; di solito {usual}.";
        drift: "When a line was edited in Kaseya", "Quando una riga è stata modificata in Kaseya";
        ask: "ask me before our number is sent again", "chiedi a me prima di inviare di nuovo il nostro numero";
        send_ours: "send our number again", "invia di nuovo il nostro numero";
        freeze_hour: "Hour by which a month's last count is fixed", "Ora entro cui viene fissato l'ultimo conteggio del mese";
        freeze_hour_help: "Hour of the first day of the next month, in the time zone of your counts.",
            "Ora del primo giorno del mese successivo, nel fuso orario dei tuoi conteggi.";
        max_count_age: "Oldest count that is still sent, in days", "Conteggio più vecchio ancora inviato, in giorni";
        max_count_age_help: "An older count is treated as missing, and nothing is sent for it.",
            "Un conteggio più vecchio vale come mancante e non viene inviato nulla.";
        call_share: "Share of Kaseya's hourly calls for this sync, in percent", "Quota delle chiamate orarie a Kaseya per questa sincronizzazione, in percentuale";
        call_share_help: "The rest is left to your other programs.", "Il resto rimane agli altri tuoi programmi.";
        brake_units: "Large change: units", "Modifica grande: unità";
        brake_units_help: "A change waits for you if it has at least this many units and the percent of a large change.",
            "Una modifica attende la tua approvazione se ha almeno queste unità e la percentuale di una modifica grande.";
        brake_percent: "Large change: percent", "Modifica grande: percentuale";
        brake_percent_help: "Percent of the units that Kaseya shows. A change waits only if it also has the units of a large change.",
            "Percentuale delle unità mostrate da Kaseya. Una modifica attende solo se ha anche le unità di una modifica grande.";
        brake_units_alone: "Large change in any case: units", "Modifica grande in ogni caso: unità";
        brake_units_alone_help: "A change of at least this many units waits for you, whatever its percent.",
            "Una modifica di almeno queste unità attende la tua approvazione, qualunque sia la percentuale.";
        run_percent: "Many companies at once: percent of your companies", "Molte aziende insieme: percentuale delle tue aziende";
        run_percent_help: "A sync that changes more waits for you, if it also reaches the number of companies.",
            "Una sincronizzazione che ne modifica di più attende la tua approvazione, se raggiunge anche il numero di aziende.";
        run_companies: "Many companies at once: companies", "Molte aziende insieme: aziende";
        run_companies_help: "A sync that changes fewer companies never waits for this reason.",
            "Una sincronizzazione che modifica meno aziende non attende mai per questo motivo.";
    }
}

impl ConnectionRules {
    /// A number's label and help.
    pub(crate) fn number(&self, setting: NumberSetting) -> (&'static str, &'static str) {
        match setting {
            NumberSetting::FreezeHour => (self.freeze_hour, self.freeze_hour_help),
            NumberSetting::MaxCountAgeDays => (self.max_count_age, self.max_count_age_help),
            NumberSetting::CallSharePercent => (self.call_share, self.call_share_help),
            NumberSetting::BrakeUnits => (self.brake_units, self.brake_units_help),
            NumberSetting::BrakePercent => (self.brake_percent, self.brake_percent_help),
            NumberSetting::BrakeUnitsAlone => (self.brake_units_alone, self.brake_units_alone_help),
            NumberSetting::RunBrakePercent => (self.run_percent, self.run_percent_help),
            NumberSetting::RunBrakeCompanies => (self.run_companies, self.run_companies_help),
        }
    }
}

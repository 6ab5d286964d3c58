//! The integration of a partner with its Kaseya: where and as whom it logs in, and the settings that people choose.

use std::ops::RangeInclusive;

use crate::{
    brake::{Brakes, RunBrake},
    drift::DriftPolicy,
    effective_date::Billing,
    invoice_day::InvoiceDay,
    kaseya_identity::KaseyaAddress,
    run::names,
};

names! {
    /// Where the switch of an integration stands.
    IntegrationState {
        /// Syncing.
        On = "on",
        /// No permit is given any more; one given before may still be out.
        SwitchingOff = "switching_off",
        /// No write is begun.
        Off = "off",
    }
}

/// Where and as whom an integration logs in to Kaseya. `P` is the password, in clear or sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials<P> {
    /// Kaseya's host, normalised.
    pub host: String,
    /// The V2 base address, if it is not the host's usual one.
    pub v2_base: Option<String>,
    /// The V1 base address, if it is not the host's usual one.
    pub v1_base: Option<String>,
    /// The company name in Kaseya, exactly as entered.
    pub tenant: String,
    /// The user name in Kaseya.
    pub user_name: String,
    /// The user's password.
    pub password: P,
}

impl<P> Credentials<P> {
    /// The addresses that are called.
    pub fn address(&self) -> KaseyaAddress {
        KaseyaAddress::new(&self.host, self.v2_base.as_deref(), self.v1_base.as_deref(), &self.tenant)
    }

    /// Whether both name the same user of the same host and tenant.
    pub fn is_same_user<Q>(&self, other: &Credentials<Q>) -> bool {
        (&self.host, &self.tenant, &self.user_name) == (&other.host, &other.tenant, &other.user_name)
    }

    /// Whether both have the same base addresses.
    pub fn has_same_bases<Q>(&self, other: &Credentials<Q>) -> bool {
        (&self.v2_base, &self.v1_base) == (&other.v2_base, &other.v1_base)
    }

    /// Whether both name the same host, tenant and base addresses, for any user.
    pub fn has_same_place<Q>(&self, other: &Credentials<Q>) -> bool {
        (&self.host, &self.tenant) == (&other.host, &other.tenant) && self.has_same_bases(other)
    }

    /// The same with the password in another form.
    pub fn with_password<Q>(&self, password: Q) -> Credentials<Q> {
        Credentials {
            host: self.host.clone(),
            v2_base: self.v2_base.clone(),
            v1_base: self.v1_base.clone(),
            tenant: self.tenant.clone(),
            user_name: self.user_name.clone(),
            password,
        }
    }
}

/// The settings of an integration. [`NumberSetting`] has the range and the default of each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegrationSettings {
    /// When contracts are invoiced, unless set for a single contract.
    pub billing: Billing,
    /// The day of the month on which invoices are made.
    pub invoice_day: InvoiceDay,
    /// Whether the frozen month-end count is pushed by a run of its own. Default true.
    pub month_end_run: bool,
    /// The hour on day 1 by which a month is frozen, in the provider's time zone.
    pub freeze_hour: u32,
    /// Maximum age of a count in days; an older count is missing.
    pub max_count_age_days: u32,
    /// Our share of Kaseya's hourly calls, in percent.
    pub call_share_percent: u32,
    /// The brakes on one line.
    pub brakes: Brakes,
    /// The brake on one run.
    pub run_brake: RunBrake,
    /// What to do with a line that was edited in Kaseya. Default [`DriftPolicy::Ask`].
    pub drift: DriftPolicy,
}

impl IntegrationSettings {
    /// The two answers that only the partner knows, and the defaults of everything else.
    pub const fn new(billing: Billing, invoice_day: InvoiceDay) -> Self {
        Self {
            billing,
            invoice_day,
            month_end_run: true,
            freeze_hour: 6,
            max_count_age_days: 3,
            call_share_percent: 50,
            brakes: Brakes::USUAL,
            run_brake: RunBrake::USUAL,
            drift: DriftPolicy::Ask,
        }
    }
}

/// No brake needs a larger number.
const BRAKES_MOST: u32 = 1_000_000;

macro_rules! number_settings {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $unit:literal, $range:expr, $($place:ident).+;)*) => {
        names! {
            /// A setting that is a whole number, under the name that the settings file, the API and the form share.
            /// Before the dot stands its section.
            NumberSetting {
                $($(#[$doc])* $variant = $name,)*
            }
        }

        impl NumberSetting {
            /// The numbers that are allowed.
            pub const fn range(self) -> RangeInclusive<u32> {
                match self { $(Self::$variant => $range,)* }
            }

            /// What the number counts, such as `days`.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// The number in these settings.
            pub const fn of(self, settings: &IntegrationSettings) -> u32 {
                match self { $(Self::$variant => settings.$($place).+,)* }
            }

            fn place(self, settings: &mut IntegrationSettings) -> &mut u32 {
                match self { $(Self::$variant => &mut settings.$($place).+,)* }
            }
        }
    };
}

number_settings! {
    /// The hour on day 1 by which a month is frozen.
    FreezeHour = "freeze_hour", "an hour", 0..=23, freeze_hour;
    /// The maximum age of a count, in days.
    MaxCountAgeDays = "max_count_age_days", "days", 1..=31, max_count_age_days;
    /// Our share of Kaseya's hourly calls, in percent.
    CallSharePercent = "call_share_percent", "percent", 1..=100, call_share_percent;
    /// The brake on one line: units, combined with the percent.
    BrakeUnits = "brakes.units", "units", 1..=BRAKES_MOST, brakes.units;
    /// The brake on one line: percent, combined with the units.
    BrakePercent = "brakes.percent", "percent", 1..=BRAKES_MOST, brakes.percent;
    /// The brake on one line: units, whatever percent they are.
    BrakeUnitsAlone = "brakes.units_alone", "units", 1..=BRAKES_MOST, brakes.units_alone;
    /// The brake on one run: percent of the mapped companies.
    RunBrakePercent = "brakes.run_percent", "percent", 1..=100, run_brake.percent;
    /// The brake on one run: changed companies.
    RunBrakeCompanies = "brakes.run_companies", "companies", 1..=BRAKES_MOST, run_brake.companies;
}

/// A number outside its setting's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number from {least} to {most}")]
pub struct NumberOutOfRange {
    /// The minimum.
    pub least: u32,
    /// The maximum.
    pub most: u32,
}

impl NumberSetting {
    /// The default.
    pub const fn usual(self) -> u32 {
        self.of(&IntegrationSettings::new(Billing::Arrears, InvoiceDay::FIRST))
    }

    /// The section and the name in it, such as `brakes` and `units`; without a section the name alone.
    pub fn path(self) -> (Option<&'static str>, &'static str) {
        self.as_str().split_once('.').map_or((None, self.as_str()), |(section, name)| (Some(section), name))
    }

    /// Sets the number, if it is in the range.
    pub fn set(self, settings: &mut IntegrationSettings, number: i64) -> Result<(), NumberOutOfRange> {
        let range = self.range();
        let out_of_range = NumberOutOfRange { least: *range.start(), most: *range.end() };
        let number = u32::try_from(number).ok().filter(|number| range.contains(number));
        *self.place(settings) = number.ok_or(out_of_range)?;
        Ok(())
    }
}

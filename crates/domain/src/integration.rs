//! The integration of a partner with its Kaseya.

use crate::run::names;

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

//! The broker of a program.

use std::sync::Arc;

use bus::{Bus as _, SharedBus};
use bus_rabbitmq::{ConnectError, RabbitMq};
use secrecy::ExposeSecret as _;

use crate::config_error::ConfigError;
use crate::context::Context;
use crate::measured_bus::MeasuredBus;
use crate::settings::BusSection;

/// The broker's address is missing or invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// `[bus]` is invalid, or its file cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file does not hold an address.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

impl Context {
    /// The same bus, with its messages counted on `/metrics`.
    pub fn measured(&self, bus: SharedBus) -> SharedBus {
        Arc::new(MeasuredBus::new(bus, Arc::clone(&self.clock), &self.meter))
    }

    /// The bus on the broker of `[bus]`. It connects by itself, also when the broker comes later, and is shown on
    /// `/readyz`.
    ///
    /// # Errors
    /// If the section is invalid, or its file holds no address.
    pub fn broker(&self) -> Result<SharedBus, BrokerError> {
        let section: BusSection = self.config.section("bus")?;
        // Read once here to report an error, and again for each connection, so that a rotated password applies.
        section.uri_file.read()?;
        let read = move || section.uri_file.read().ok().map(|uri| uri.expose_secret().to_owned());
        let bus = RabbitMq::connect_by(Arc::new(read), self.name, self.entropy.clone())?;
        self.health.dependency("rabbitmq", bus.connected());
        Ok(self.measured(bus))
    }
}

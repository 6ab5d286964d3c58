//! What every program shares: configuration, telemetry, health, shutdown in two steps.

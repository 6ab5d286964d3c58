//! The bus inside one process fulfils the contract.

use std::sync::Arc;

testkit::bus_contract!(async { Arc::new(bus::InProcess::new()) as bus::SharedBus });

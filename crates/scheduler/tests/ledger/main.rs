//! The ledger at work: real schedulers on a real Postgres and the bus inside the process. The tests play the workers.

mod calls;
mod credentials;
mod due_schedules;
mod dying_bus;
mod emitting;
mod forged;
mod glances;
mod late_writes;
mod leases;
mod leftovers;
mod local;
mod permits;
mod plan_switches;
mod remapped;
mod run_brake;
mod shared_addresses;
mod starting;
mod surveys;
mod switching;
mod waiting;
mod waiting_changes;
mod world;

//! All services in one process, from counts to Kaseya's lines and back to statuses.

mod evidence;
mod few_calls;
mod late_writes;
mod leftovers;
mod line_profiles;
mod misfits;
mod run_brake;
mod sizes;
mod unmapped;
mod waiting;
mod world;

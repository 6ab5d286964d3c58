//! The real worker on the in-process bus, with a scripted scheduler and the real simulator over HTTP.

mod answers;
mod brakes;
mod codes;
mod drift;
mod failures;
mod halting;
mod happy;
mod in_use;
mod job;
mod leftovers;
mod line_profile;
mod permits;
mod plan_switches;
mod plans;
mod probe;
mod secrets;
mod survey;
mod terms;
mod tickets;
mod whole_contracts;
mod world;
mod writes;

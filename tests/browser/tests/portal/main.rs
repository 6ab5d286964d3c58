//! The portal as people use it, and the browser that shows it.
//!
//! The table shows which step checks which sentence of the vendor's page. `newcomer` follows the page in its order,
//! in both languages.
//!
//! | requirement | step |
//! |---|---|
//! | S-01 to S-05 | `newcomer::connecting::reaches_the_form` |
//! | S-03, S-10 | `newcomer::connecting::is_told_what_is_wrong` |
//! | S-08, S-12 to S-14 | `newcomer::connecting::authenticates`; without scripts: `without_scripts` |
//! | S-10, S-15 | `newcomer::connecting::saves_as_off`; without scripts: `without_scripts` |
//! | S-16, S-17 | `newcomer::connecting::sets_a_schedule`, `newcomer::syncing::switches_off` |
//! | S-18 | `newcomer::mapping` (all of it while off), `newcomer::syncing::switches_off` |
//! | S-19 | `newcomer::connecting::reaches_the_form`, `newcomer::connecting::saves_as_off` |
//! | S-20 | `newcomer::syncing::switches_on_and_syncs` |
//! | S-21 to S-25 | `newcomer::mapping::maps_products` |
//! | S-26, S-29 | `newcomer::connecting::sets_a_schedule` |
//! | S-31 to S-33 | `newcomer::syncing::switches_on_and_syncs`, `walk` |
//! | S-34 | `newcomer::mapping::sees_all_companies` |
//! | S-35 to S-38, S-43 | `newcomer::mapping::maps_companies`; without scripts: `without_scripts` |
//! | S-39 | `newcomer::mapping::sees_all_companies`, `newcomer::syncing::switches_on_and_syncs`, `walk` |
//! | S-40 | `newcomer::mapping::maps_products`, `newcomer::mapping::maps_companies` |
//! | S-41, S-42 | `newcomer::syncing::sees_what_failed`, `walk` |
//! | B-01, B-04 | `newcomer::syncing::approves_what_is_held`, `walk`, `without_scripts` |
//! | B-09 | `newcomer::mapping::maps_companies` |
//!
//! `tests/requirements.md` names the tests of requirements that no page alone can show.

mod browser;
mod looks;
mod newcomer;
mod people;
mod person;
mod walk;
mod without_scripts;

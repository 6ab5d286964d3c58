//! The system from outside: what goes in by the broker and the tables, and what comes out in Kaseya and the tables.

mod bad_answers;
mod crowd;
mod dead_letters;
mod ending;
mod killed_worker;
mod lock_out;
mod neighbours;
mod older_run;
mod operator;
mod outages;
mod secrets;
mod switching_off;
mod syncing;

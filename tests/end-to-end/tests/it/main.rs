//! The system from outside: input by the broker and the tables, output in Kaseya and the tables.

mod bad_answers;
mod crowd;
mod dead_letters;
mod ending;
mod killed_worker;
mod lock_out;
mod measured;
mod neighbours;
mod older_run;
mod operator;
mod outages;
mod secrets;
mod switching_off;
mod syncing;

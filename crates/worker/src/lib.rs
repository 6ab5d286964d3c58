//! The worker: one job at a time per Kaseya, from the ticket to JobDone, keeping nothing.

//! The results service: JobDone becomes statuses, journal, ledger and events.

//! The scheduler: what is due or asked for becomes runs, jobs, tickets, permits.

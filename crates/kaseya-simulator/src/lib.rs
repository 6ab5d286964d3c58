//! A Kaseya BMS that can be run: accounts, services, contracts, lines, history, and faults on demand.

//! A private Postgres from the machine's own programs, kept or throwaway.

//! Sealing of secrets: a data key per record, wrapped by a key ring kept outside the database.

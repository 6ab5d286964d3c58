//! Postgres: pool, named transactions, migrations, one module per group of tables.

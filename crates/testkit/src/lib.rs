//! Real parts for tests: throwaway Postgres and RabbitMQ, databases cloned from a template, a proxy that breaks connections, a clock to turn.

-- From this version on a sealed password is bound to the addresses that it may be sent to. `kaseya-sync migrate` seals those
-- of former versions again before it comes here, and never afterwards.
comment on column integrations.sealed_password is 'Bound to partner, host, v2_base, v1_base, tenant and user_name.';

-- The time zone that Kaseya told of the tenant that a partner has saved; null while it has not been told.
create or replace function kaseya_zone(whose text) returns text stable language sql as $$
    select time_zone from kaseya_zones join integrations using (partner_id)
    where partner_id = whose and kaseya_zones.host = called_hosts and plain_name(kaseya_zones.tenant) = plain_tenant
    order by told_at desc limit 1
$$;

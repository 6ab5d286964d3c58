-- The zone that Kaseya tells for the user of a tenant: by its clock the invoices are made.
create table kaseya_zones (
    -- Told by a form too, before the partner has saved a connection.
    partner_id text not null,
    host text not null check (host = lower(host)),
    tenant text not null,
    time_zone text not null check (time_zone <> ''),
    told_at timestamptz not null,
    primary key (partner_id, host, tenant)
);

-- Of the tenant that a partner has saved; null while it has not been told.
create function kaseya_zone(whose text) returns text stable language sql as $$
    select time_zone from kaseya_zones join integrations using (partner_id)
    where partner_id = whose and kaseya_zones.host = lower(integrations.host)
      and kaseya_zones.tenant = integrations.tenant
$$;

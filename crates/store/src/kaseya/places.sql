-- Whether Kaseya has let a partner in at these hosts, in this tenant, as whichever user: empty, or else the partner. Where V2 and
-- V1 are two hosts, the one proves nothing of the other.
create or replace function alone_at(whose text, hosts text, in_tenant text) returns text language sql stable parallel safe as
$$ select case when position(' ' in hosts) = 0
                    and exists (select from login_tries
                                where partner_id = whose and host = hosts and tenant = in_tenant and outcome = 'accepted')
               then '' else whose end $$;

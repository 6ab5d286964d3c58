-- What partners share is kept by what is really called, and shared by those alone whom Kaseya has let in (F1). In all these
-- tables `host` is `called_hosts` and `tenant` is `plain_name(tenant)`; `alone` is the partner for which a row counts, or empty
-- where it counts for every partner that Kaseya has let in.

-- Which address a former login was for is known only of jobs since the settings were saved. No other proves anything: who has
-- logged in at a server of its own has not logged in at the one that it typed.
delete from login_tries
where outcome = 'accepted'
  and (job_id is null
       or not exists (select from integrations
                      where integrations.partner_id = login_tries.partner_id and login_tries.begun_at >= saved_at
                        and lower(integrations.host) = login_tries.host and integrations.tenant = login_tries.tenant));
update login_tries set
    host = coalesce((select called_hosts from integrations
                     where integrations.partner_id = login_tries.partner_id and lower(integrations.host) = login_tries.host
                       and integrations.tenant = login_tries.tenant), host),
    tenant = plain_name(tenant), user_name = plain_name(user_name);
comment on column login_tries.host is 'The hosts that are called: of V2 and, where it is another, of V1.';
drop index login_tries_of_user;
create index login_tries_of_user on login_tries (tenant, user_name, begun_at);
drop index login_tries_of_partner;
create index login_tries_of_partner on login_tries (partner_id, host, tenant, user_name) where outcome = 'accepted';
-- Who has been let in at a host.
create index login_tries_at_host on login_tries (host, partner_id) where outcome = 'accepted';

-- A refusal that is known of a typed host is one of the host that is called only for whoever has these credentials.
create table refused_by_called_host as
select distinct on (host, tenant, user_name, mark)
       coalesce(called.called_hosts, refused.host) as host, plain_name(refused.tenant) as tenant,
       plain_name(refused.user_name) as user_name, mark, code, refused_at, tried_again
from refused_logins as refused
     left join lateral (select called_hosts from integrations
                        where refused.mark = any(password_marks) limit 1) as called on true
order by host, tenant, user_name, mark, refused_at desc;
delete from refused_logins;
insert into refused_logins select * from refused_by_called_host;
drop table refused_by_called_host;

-- Whether Kaseya has let a partner in at these hosts, in this tenant, as whichever user: empty, or else the partner. Where V2 and
-- V1 are two hosts, the one proves nothing of the other.
create function alone_at(whose text, hosts text, in_tenant text) returns text language sql stable parallel safe as
$$ select case when position(' ' in hosts) = 0
                    and exists (select from login_tries
                                where partner_id = whose and host = hosts and tenant = in_tenant and outcome = 'accepted')
               then '' else whose end $$;

alter table jobs add column alone text not null default '';
drop index one_started_job_per_kaseya;
update jobs set host = called_hosts, tenant = plain_tenant,
                alone = alone_at(jobs.partner_id, called_hosts, plain_tenant)
from integrations
where integrations.partner_id = jobs.partner_id and jobs.state <> 'done' and jobs.host is not null;
-- Of two jobs that called one Kaseya under two names, both may be at work now; they end side by side.
update jobs set alone = jobs.partner_id || ' ' || jobs.job_id
where state = 'started' and exists (
    select from jobs as other
    where other.state = 'started' and other.job_id < jobs.job_id
      and (other.host, other.tenant, other.alone) = (jobs.host, jobs.tenant, jobs.alone));
create unique index one_started_job_per_kaseya on jobs (host, tenant, alone) where state = 'started';

-- An hour's calls: `host` is the one that was called, by version of the interface.
alter table calls_made add column alone text not null default '';
alter table calls_made drop constraint calls_made_pkey;
create table calls_by_plain_tenant as
select called_host(host) as host, plain_name(tenant) as tenant, endpoint, minute, sum(calls)::integer as calls
from calls_made group by 1, 2, 3, 4;
delete from calls_made;
insert into calls_made (host, tenant, endpoint, minute, calls) select * from calls_by_plain_tenant;
drop table calls_by_plain_tenant;
alter table calls_made add primary key (host, tenant, alone, endpoint, minute);

alter table call_debits add column alone text not null default '';
update call_debits set host = jobs.host, tenant = jobs.tenant, alone = jobs.alone
from jobs where jobs.job_id = call_debits.job_id and jobs.host is not null;
drop index call_debits_of_kaseya;
create index call_debits_of_kaseya on call_debits (tenant);

-- Breakers by typed hosts say nothing of the hosts that are called. One is each partner's own, one everybody's.
delete from breakers;
alter table breakers add column alone text not null default '';
alter table breakers drop constraint breakers_pkey;
alter table breakers add primary key (host, alone);

update kaseya_zones set host = called_hosts
from integrations
where integrations.partner_id = kaseya_zones.partner_id and lower(integrations.host) = kaseya_zones.host
  and integrations.tenant = kaseya_zones.tenant;
create or replace function kaseya_zone(whose text) returns text stable language sql as $$
    select time_zone from kaseya_zones join integrations using (partner_id)
    where partner_id = whose and kaseya_zones.host = called_hosts and plain_name(kaseya_zones.tenant) = plain_tenant
    order by told_at desc limit 1
$$;

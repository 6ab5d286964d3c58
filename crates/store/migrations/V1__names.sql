-- Names as they are searched, ordered and compared, and at which version the definitions of `src/**/*.sql` are.

-- Names are searched and ordered by rules of our own, whatever the database's: it may be made with any, and then finds no "Caffè"
-- for "CAFFÈ" and puts Écrins behind Zorro.
create collation names (provider = icu, locale = 'und');

-- Functions of generated columns, indexes and statistics name everything by its schema: a restore, like automatic analyze, goes by
-- pg_catalog alone.
do $migration$
begin
    execute format($functions$
-- A name as it is searched: in small letters, without accents. Letters that are no other with an accent are listed.
create function %1$I.folded(name text) returns text language sql immutable strict parallel safe as
$$ select replace(replace(replace(
    translate(
        normalize(lower(normalize(name, NFC) collate %1$I.names), NFD),
        U&'\00F8\0142\0111\0131\00F0\0300\0301\0302\0303\0304\0306\0307\0308\030A\030B\030C\0323\0326\0327\0328',
        'oldid'
    ),
    U&'\00E6', 'ae'), U&'\0153', 'oe'), U&'\00DF', 'ss') $$;

-- Which Kaseya an integration really calls, and as whom (F1): a typed host is a label, and any partner's admin chooses it. All
-- that partners share is kept by this. The rules are the domain's (`KaseyaAddress`, `plain_name`); a test compares both.

-- The host of an address in one spelling, with a port that is not the usual one and without `api.` in front.
create function %1$I.called_host(address text) returns text language sql immutable strict parallel safe as
$$ select regexp_replace(
       case when host ~ ':[^:]+$' then regexp_replace(host, '\.+(:[^:]+)$', '\1') else rtrim(host, '.:') end,
       '^api\.', '')
   from (select regexp_replace(
             regexp_replace(regexp_replace(small, '^.*?://', ''), '[/?#].*$', ''),
             case when small like 'http://%%' then ':80$' else ':443$' end, '') as host
         from (select lower(btrim(address, E' \t\r\n') collate "C") as small) as spelled) as named $$;

-- Where one version of the interface is called: the host, and a path that is not the usual one.
create function %1$I.called_place(host text, base text, usual_path text) returns text language sql immutable parallel safe as
$$ select case when base is null then %1$I.called_host(host)
               else %1$I.called_host(base) || case when path = usual_path then '' else path end end
   from (select regexp_replace(coalesce(substring(
             regexp_replace(btrim(base, E' \t\r\n'), '^.*?://', '') from '^[^/?#]*(/[^?#]*)'), ''), '/+$', '') as path) as split $$;

-- Where V2 and V1 are called: one, or both with a blank between.
create function %1$I.called_hosts(host text, v2_base text, v1_base text) returns text language sql immutable parallel safe as
$$ select case when v2 = v1 then v2 else v2 || ' ' || v1 end
   from (select %1$I.called_place(host, v2_base, '') as v2, %1$I.called_place(host, v1_base, '/api') as v1) as called $$;

-- A name as Kaseya compares it: without regard to case, to the number of blanks, to what is not seen.
create function %1$I.plain_name(name text) returns text language sql immutable strict parallel safe as
$$ select normalize(lower(btrim(
       regexp_replace(
           regexp_replace(normalize(name, NFC), '[\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff]', '', 'g'),
           '[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g')
       ) collate %1$I.names), NFC) $$;
$functions$, current_schema());
end
$migration$;

-- At which migration the views, functions and triggers are that stand beside the modules that use them, and what they are.
create table definitions (
    only_row boolean default true primary key check (only_row),
    version integer not null,
    checksum bytea not null
);

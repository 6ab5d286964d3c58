-- The same function, with its collation by its full name: automatic analyze goes by pg_catalog alone, did not find it, and so
-- company_mappings and company_product_contracts never had statistics.
do $migration$
begin
    execute format(
        $function$
        create or replace function folded(name text) returns text language sql immutable strict parallel safe as
        $$ select replace(replace(replace(
            translate(
                normalize(lower(normalize(name, NFC) collate %1$I.names), NFD),
                U&'\00F8\0142\0111\0131\00F0\0300\0301\0302\0303\0304\0306\0307\0308\030A\030B\030C\0323\0326\0327\0328',
                'oldid'
            ),
            U&'\00E6', 'ae'), U&'\0153', 'oe'), U&'\00DF', 'ss') $$
        $function$,
        current_schema()
    );
end
$migration$;

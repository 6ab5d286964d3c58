-- Names are searched and ordered by rules of our own, whatever the database's: it may be made with any, and then finds no "Caffè"
-- for "CAFFÈ" and puts Écrins behind Zorro.
create collation names (provider = icu, locale = 'und');

-- A name as it is searched: in small letters, without accents. Letters that are no other with an accent are listed.
create function folded(name text) returns text language sql immutable strict parallel safe as
$$ select replace(replace(replace(
    translate(
        normalize(lower(normalize(name, NFC) collate "names"), NFD),
        U&'\00F8\0142\0111\0131\00F0\0300\0301\0302\0303\0304\0306\0307\0308\030A\030B\030C\0323\0326\0327\0328',
        'oldid'
    ),
    U&'\00E6', 'ae'), U&'\0153', 'oe'), U&'\00DF', 'ss') $$;

drop index companies_by_name;
create index companies_by_name on companies (partner_id, name collate "names", company_id);

-- How many companies a search in these names will find.
drop statistics company_mappings_account, company_mappings_contract, company_product_contracts_contract;
create statistics company_mappings_account on folded(account_name) from company_mappings;
create statistics company_mappings_contract on folded(contract_name) from company_mappings;
create statistics company_product_contracts_contract on folded(contract_name) from company_product_contracts;

-- How many companies a search in these names will find.
create statistics company_mappings_account on lower(account_name) from company_mappings;
create statistics company_mappings_contract on lower(contract_name) from company_mappings;
create statistics company_product_contracts_contract on lower(contract_name) from company_product_contracts;

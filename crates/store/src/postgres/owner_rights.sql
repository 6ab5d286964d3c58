-- Triggers that keep other rows than those written run with the rights of the tables' owner: whoever edits a mapping needs no
-- right on the rows that then wait for the next sync. All functions with these rights have a fixed search_path, so that they find
-- our tables alone; who may call them is set with the roles.
do $owner_rights$
declare
    trigger_function text;
    with_owners_rights regprocedure;
begin
    foreach trigger_function in array array[
        'keep_standings_of_written', 'keep_all_standings', 'wait_after_mapping', 'wait_after_edit',
        'wait_after_own_contract', 'wait_after_product', 'wait_after_all_were_edited']
    loop
        execute format('alter function %I.%I() security definer', current_schema(), trigger_function);
    end loop;
    for with_owners_rights in
        select oid from pg_proc
        where prosecdef and pronamespace = current_schema()::regnamespace and proowner = current_user::regrole
    loop
        execute format('alter function %s set search_path = %I, pg_temp', with_owners_rights, current_schema());
    end loop;
end
$owner_rights$;
